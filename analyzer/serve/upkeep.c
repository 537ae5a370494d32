/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/upkeep.h"

#include "target/listing.h"

#define SECOND UINT64_C(1000000000)

/* Whoever has asked within this time is still looking: pages ask every 2 s. */
#define INTEREST (15 * SECOND)
#define DATA_MOST ((size_t)128 << 20) /* bytes of pages that are kept, besides those at which somebody looks */

static bool is_recent(uint64_t then_ns, uint64_t now_ns)
{
	return then_ns && now_ns - then_ns < INTEREST;
}

/* Pages come before the list; those that were never made, or whose recordings have ended, come before those that could
 * be newer. */
static int urgency(struct server_state *server, struct served *served)
{
	const bool page = is_recent(served->asked_ns, server->now_ns),
		   list = is_recent(served->listed_ns, server->now_ns);
	const bool lacks_data = page && served->is_built && !served->data.response;

	if (served->is_gone || !(page || list) || (served_is_current(served) && !lacks_data))
		return 0;
	const bool runs = served->is_built && served->summary.state == LISTING_RUNNING && !served->vanished_ns;
	if (!runs || lacks_data)
		return page ? 4 : 2;
	if (page)
		return pace_allows(&served->pace, server->share, server->now_ns) ? 3 : 0;
	return pace_allows(&server->list_pace, server->share, server->now_ns) ? 1 : 0;
}

void upkeep_start(struct server_state *server)
{
	struct served *next = NULL;
	int most = 0;

	for (size_t i = 0; i < server->recordings.count && server->worker.pid == 0; i++) {
		struct served *served = server->recordings.each[i];
		const int this = urgency(server, served);
		if (this > most || (this == most && this && served->seen.changed_ns < next->seen.changed_ns)) {
			most = this;
			next = served;
		}
	}
	if (!next)
		return;
	next->tried = next->seen;
	next->is_tried = true;
	if (worker_start(&server->worker, next->path, &server->request, server->now_ns, &next->fault))
		server->worked_on = next;
}

/* Drops data at which nobody looks, those first for which nobody asked for longest, until the others fit. */
static void data_bound(struct server_state *server)
{
	for (;;) {
		struct served *oldest = NULL;
		size_t bytes = 0;
		for (size_t i = 0; i < server->recordings.count; i++) {
			struct served *served = server->recordings.each[i];
			bytes += served->data.bytes;
			if (served->data.response && !is_recent(served->asked_ns, server->now_ns) &&
			    (!oldest || served->asked_ns < oldest->asked_ns))
				oldest = served;
		}
		if (bytes <= DATA_MOST || !oldest)
			return;
		cached_drop(&oldest->data);
	}
}

struct served *upkeep_take(struct server_state *server)
{
	struct served *served = server->worked_on;
	struct page_summary summary;
	struct error error;
	double cpu_s;

	if (server->worker.pid == 0 || (task_read(&server->worker) && server->now_ns < server->worker.deadline_ns))
		return NULL;
	const bool is_made = worker_finish(&server->worker, &summary, &cpu_s, &error);
	if (is_made) {
		served->summary = summary;
		served->is_built = true;
		served->vanished_ns = 0;
		served->fault.text[0] = '\0';
		cached_replace(&served->data, &server->worker.got, ANSWER_GZIP);
		data_bound(server);
	} else {
		served->fault = error;
		buffer_free(&server->worker.got);
	}
	pace_spend(&served->pace, cpu_s);
	pace_spend(&server->list_pace, cpu_s);
	server->worked_on = NULL;
	return served;
}

void upkeep_stop(struct server_state *server)
{
	struct page_summary summary;
	struct error error;
	double cpu_s;

	if (server->worker.pid == 0)
		return;
	worker_finish(&server->worker, &summary, &cpu_s, &error);
	buffer_free(&server->worker.got);
}
