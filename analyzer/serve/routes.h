/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of the server: one table. "*" in an address stands for the name of a recording. */
#ifndef SEEP_SERVE_ROUTES_H
#define SEEP_SERVE_ROUTES_H

#include <stdbool.h>

#include "serve/answers/answers.h"
#include "serve/state.h"

struct route {
	const char *pattern;
	bool is_page; /* a page, to which others may link */
	struct answer (*answer)(struct server_state *server, const struct asked *asked);
};

/* NULL: there is no such address. */
const struct route *route_find(const char *path);
/* Fills `asked->served`. False: there is no such recording. */
bool route_take_name(const struct route *route, const char *path, const struct recordings *recordings,
		     struct asked *asked);

#endif
