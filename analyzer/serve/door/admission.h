/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request is answered. A heap must not be readable for a page on the web that the user's browser has open, however that
 * page gets at our address:
 *
 * - It may ask us directly. Its browser then says where the page is from (Origin, Sec-Fetch-Site), and no answer of ours allows
 *   another origin to read it. Following a link to us is allowed: the other page sees nothing of what comes.
 * - It may make its own name mean our address (DNS rebinding). Then the browser takes us for that page's server, but still sends
 *   its name as Host. Names that we did not choose are refused; an address as Host is not a name that anybody could turn.
 * - With a token it needs that, too. A browser gets it once by a link, and shows a cookie from then on that holds for this process,
 *   this host and requests from our own pages.
 */
#ifndef SEEP_DOOR_ADMISSION_H
#define SEEP_DOOR_ADMISSION_H

#include <stdbool.h>

#include "serve/door/token.h"

struct admission {
	const char
	    *hosts; /* names that may be in Host, separated by commas, besides addresses and localhost; NULL: none */
	struct token token;   /* its length 0: everybody who can connect is admitted */
	struct token session; /* what the cookie holds */
	char cookie[24];      /* its name: cookies are the same for all ports of a host */
};

/* What a request says of itself; NULL: nothing. */
struct request_marks {
	const char *host, *origin, *fetch_site, *fetch_mode, *fetch_destination, *authorization, *cookie, *query_token;
	bool is_for_page; /* what it asks for is something to look at, at which other pages may link */
};

enum admitted {
	ADMITTED,
	ADMITTED_BY_LINK, /* with the token in the address: the answer gives the cookie, and the address without it */
	REFUSED_HOST,
	REFUSED_ORIGIN,
	REFUSED_TOKEN,
};

/* False: one line in error. */
bool admission_prepare(struct admission *admission, const char *token_file, const char *hosts, struct error *error);
/* Names the cookie after the port. */
void admission_use_port(struct admission *admission, unsigned port);

enum admitted admission_judge(const struct admission *admission, const struct request_marks *request);

/* One line for who is refused. */
const char *admission_refusal(enum admitted refused);

#endif
