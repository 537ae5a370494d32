/* SPDX-License-Identifier: Apache-2.0 */
/* All that the server knows. One thread does everything; pages and profiles are made by processes beside it. */
#ifndef SEEP_SERVE_STATE_H
#define SEEP_SERVE_STATE_H

#include "serve/answers/cached.h"
#include "serve/recordings.h"
#include "serve/scrape/profile_task.h"
#include "serve/worker.h"

enum { JOBS_MOST = 18 };

/* A profile that is being made, or waits for its client. */
struct job {
	struct task task;
	struct served *served; /* NULL: none */
	const struct MHD_Connection *connection;
	enum profile_kind kind;
	bool shows_allocated;
	struct buffer document;
	struct error fault; /* "": none */
};

/* Metrics are made for one recording after the other, while somebody waits for them. */
struct metrics_state {
	struct task task;
	struct served *about;
	uint64_t until_ns; /* who waits gets what there is then; 0: nobody waits */
	uint64_t over_ns;  /* when that was last */
};

struct server_state { /* zero-initialise */
	struct recordings recordings;
	struct page_request request;
	struct cached page, list; /* the page of every recording, which asks for its data; and the list of recordings */
	uint64_t list_made_ns;
	struct task worker;
	struct served *worked_on; /* what the worker is about */
	struct job jobs[JOBS_MOST];
	struct metrics_state metrics;
	double share;          /* of a core, for pages that somebody looks at: pace.h */
	struct pace list_pace; /* of what is made for the list alone */
	uint64_t now_ns, beginning_unix_ns;
};

struct asked {
	struct MHD_Connection *connection;
	struct served *served; /* that the address names; NULL: none */
};

#endif
