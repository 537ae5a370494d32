/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/answers/http.h"

#include "files/library.h"

struct http http;

bool http_load(struct error *error)
{
#define HTTP_NAME(name) {#name, &http.name},
	static const struct library_name names[] = {HTTP_FUNCTIONS(HTTP_NAME){0}};

	return library_load("libmicrohttpd.so.12", "seep serve", "libmicrohttpd12", names, error);
}
