/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the server knows. One thread does all its work; processes beside it make pages and profiles. */
#ifndef SEEP_SERVE_STATE_H
#define SEEP_SERVE_STATE_H

#include "serve/answers/cached.h"
#include "serve/recordings.h"
#include "serve/scrape/profile_task.h"
#include "serve/worker.h"

enum { JOBS_MOST = 18 };

/* A profile that is being made, or waits for its client to take it. */
struct job {
	struct task task;
	struct served *served; /* NULL: none */
	const struct MHD_Connection *connection;
	enum profile_kind kind;
	bool shows_allocated;
	struct buffer document;
	struct error fault; /* "": none */
};

/* Metrics are made for one recording after the other, as long as somebody waits for them. */
struct metrics_state {
	struct task task;
	struct served *about;
	uint64_t until_ns; /* then those who wait get what there is; 0: nobody waits */
	uint64_t over_ns;  /* when that time was last over */
};

struct server_state { /* zero-initialise */
	struct recordings recordings;
	struct page_request request;
	/* the page of every recording, which then asks for its data; and the list of recordings */
	struct cached page, list;
	uint64_t list_made_ns;
	struct task worker;
	struct served *worked_on; /* the recording whose page the worker makes */
	struct job jobs[JOBS_MOST];
	struct metrics_state metrics;
	double share;          /* of a core, for pages at which somebody looks: pace.h */
	struct pace list_pace; /* for work that only the list needs */
	uint64_t now_ns, beginning_unix_ns;
};

struct asked {
	struct MHD_Connection *connection;
	struct served *served; /* that the address names; NULL: it names none */
};

#endif
