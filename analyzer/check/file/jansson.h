/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libjansson, loaded when a file of budgets is read. It can't be linked to seep: both have a json_real(), and
 * libjansson would call seep's in place of its own.
 */
#ifndef SEEP_CHECK_FILE_JANSSON_H
#define SEEP_CHECK_FILE_JANSSON_H

#if !__has_include(<jansson.h>)
#error "libjansson is missing: tests/deps.sh build installs it (Debian's libjansson-dev)"
#endif
#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define JANSSON_FUNCTIONS(each)                                                                                        \
	each(json_loadb) each(json_delete) each(json_object_get) each(json_object_iter) each(json_object_iter_next)    \
	    each(json_object_iter_key) each(json_object_iter_value) each(json_array_size) each(json_array_get)         \
		each(json_string_value) each(json_number_value)

#define JANSSON_MEMBER(name) __typeof__(&name) name;
/* The functions under their own names: jansson.json_array_size(array). */
extern struct jansson {
	JANSSON_FUNCTIONS(JANSSON_MEMBER)
} jansson;

/* False: the library is not there, and the error says what to install. */
bool jansson_load(struct error *error);

#endif
