/* SPDX-License-Identifier: Apache-2.0 */
#include "push/curl.h"

#include "files/library.h"

struct curl curl;

bool curl_load(struct error *error)
{
#define CURL_NAME(name) {#name, &curl.name},
	static const struct library_name names[] = {CURL_FUNCTIONS(CURL_NAME){0}};

	return library_load("libcurl.so.4", "seep push", "libcurl4", names, error) &&
	       (curl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK || error_set(error, "libcurl does not start"));
}
