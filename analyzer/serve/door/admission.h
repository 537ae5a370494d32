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
	    *hosts; /* names that Host may have, separated by commas, besides addresses and localhost; NULL: none */
	struct token token;   /* if its length is 0, everybody who can connect is admitted */
	struct token session; /* the cookie's value */
	char cookie[24];      /* the cookie's name; it has the port, since cookies are shared by all ports of a host */
};

/* What a request says about itself; NULL: nothing. */
struct request_marks {
	const char *host, *origin, *fetch_site, *fetch_mode, *fetch_destination, *authorization, *cookie, *query_token;
	bool is_for_page; /* it asks for a page, to which other pages may link */
};

enum admitted {
	ADMITTED,
	/* the token was in the address: the answer sets the cookie, and leads to the address without the token */
	ADMITTED_BY_LINK,
	REFUSED_HOST,
	REFUSED_ORIGIN,
	REFUSED_TOKEN,
};

/* False: the error has one line. */
bool admission_prepare(struct admission *admission, const char *token_file, const char *hosts, struct error *error);
/* Names the cookie after the port. */
void admission_use_port(struct admission *admission, unsigned port);

enum admitted admission_judge(const struct admission *admission, const struct request_marks *request);

/* One line for those who are refused. */
const char *admission_refusal(enum admitted refused);

#endif
