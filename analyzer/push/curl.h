/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when something is to be sent. If seep were linked to it, every command would load the dozens of
 * libraries that it needs.
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
/* The functions under their own names: curl.curl_easy_perform(handle). Those that the header makes macros need
 * brackets: (curl.curl_easy_setopt)(...). */
extern struct curl {
	CURL_FUNCTIONS(CURL_MEMBER)
} curl;

/* False: the library is not there, and the error says what to install. */
bool curl_load(struct error *error);

#endif
