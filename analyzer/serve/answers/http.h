/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd, loaded when a server begins. If seep were linked to it, every command would load the dozen libraries
 * that it needs, and then starting takes ten times as many instructions as all of `seep --version`.
 */
#ifndef SEEP_ANSWERS_HTTP_H
#define SEEP_ANSWERS_HTTP_H

#if !__has_include(<microhttpd.h>)
#error "libmicrohttpd is missing: tests/deps.sh build installs it (Debian's libmicrohttpd-dev)"
#endif
#include <microhttpd.h>
#include <stdbool.h>

#include "base/error.h"

#define HTTP_FUNCTIONS(each)                                                                                           \
	each(MHD_start_daemon) each(MHD_stop_daemon) each(MHD_run) each(MHD_get_timeout) each(MHD_get_daemon_info)     \
	    each(MHD_get_connection_info) each(MHD_lookup_connection_value) each(MHD_suspend_connection)               \
		each(MHD_resume_connection) each(MHD_queue_response) each(MHD_create_response_from_buffer)             \
		    each(MHD_add_response_header) each(MHD_destroy_response)

#define HTTP_MEMBER(name) __typeof__(&name) name;
/* The functions under their own names: http.MHD_run(daemon). */
extern struct http {
	HTTP_FUNCTIONS(HTTP_MEMBER)
} http;

/* False: the library is not there, and the error says what to install. */
bool http_load(struct error *error);

#endif
