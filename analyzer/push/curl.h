/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when something is to be sent. Linked to seep it would bring the library's own dozens of libraries into
 * every command.
 */
#ifndef SEEP_PUSH_CURL_H
#define SEEP_PUSH_CURL_H

#if !__has_include(<curl/curl.h>)
#error "libcurl is missing: tests/deps.sh build installs it (Debian's libcurl4-openssl-dev)"
#endif
#include <curl/curl.h>
#include <stdbool.h>

#include "base/error.h"

#define CURL_FUNCTIONS(each)                                                                                           \
	each(curl_global_init) each(curl_easy_init) each(curl_easy_setopt) each(curl_easy_perform)                     \
	    each(curl_easy_getinfo) each(curl_easy_reset) each(curl_easy_cleanup) each(curl_slist_append)              \
		each(curl_slist_free_all) each(curl_easy_strerror)

#define CURL_MEMBER(name) __typeof__(&name) name;
/* The functions by their own names: curl.curl_easy_perform(handle). In brackets, (curl.curl_easy_setopt)(...), those of
 * which the header makes macros. */
extern struct curl {
	CURL_FUNCTIONS(CURL_MEMBER)
} curl;

/* False: it is not there, and the error says what to install. */
bool curl_load(struct error *error);

#endif
