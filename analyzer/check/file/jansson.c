/* SPDX-License-Identifier: Apache-2.0 */
#include "check/file/jansson.h"

#include "files/library.h"

struct jansson jansson;

bool jansson_load(struct error *error)
{
#define JANSSON_NAME(name) {#name, &jansson.name},
	static const struct library_name names[] = {JANSSON_FUNCTIONS(JANSSON_NAME){0}};

	return library_load("libjansson.so.4", "seep check", "libjansson4", names, error);
}
