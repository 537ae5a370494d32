/* SPDX-License-Identifier: Apache-2.0 */
/* All that the server knows. One thread does everything; pages are made by a process beside it. */
#ifndef SEEP_SERVE_STATE_H
#define SEEP_SERVE_STATE_H

#include "serve/cached.h"
#include "serve/recordings.h"
#include "serve/worker.h"

struct server_state { /* zero-initialise */
	struct recordings recordings;
	struct page_request request;
	struct cached page, list; /* the page of every recording, which asks for its data; and the list of recordings */
	uint64_t list_made_ns;
	struct task worker;
	struct served *worked_on; /* what the worker is about */
	double share;             /* of a core, for pages that somebody looks at: pace.h */
	struct pace list_pace;    /* of what is made for the list alone */
	uint64_t now_ns;
};

#endif
