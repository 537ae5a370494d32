/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "page/page_list.h"
#include "render/words/estimate.h"
#include "serve/answers/answers.h"
#include "target/listing.h"

#define SECOND UINT64_C(1000000000)

/* The texts of a row. */
struct row_texts {
	struct buffer link;
	struct quantity recorded;
};

static struct page_list_row row_of(struct served *served, struct row_texts *texts, uint64_t now_ns)
{
	static const char *const findings[] = {"no verdict", "nothing leaks", "leaks"};
	const struct page_summary *summary = &served->summary;

	answer_append_escaped(&texts->link, served->name);
	texts->recorded = quantity_duration(summary->seconds * 1e9);
	return (struct page_list_row){
	    .link = texts->link.data,
	    .name = served->name,
	    .command = served->is_built ? summary->command : NULL,
	    .state = served_state(served, now_ns),
	    .fault = *served->fault.text ? served->fault.text : NULL,
	    .in_use = summary->in_use,
	    .interval = summary->interval,
	    .recorded = texts->recorded.text,
	    .finding = findings[summary->finding],
	    .sentence = summary->sentence,
	    .pid = summary->pid,
	    .snapshots = summary->snapshots,
	};
}

/* Running programs come first, then those that began last; recordings of which nothing is known yet come at the end. */
static int served_compare(const void *left, const void *right)
{
	const struct served *a = *(struct served *const *)left, *b = *(struct served *const *)right;
	const bool a_runs = a->summary.state == LISTING_RUNNING, b_runs = b->summary.state == LISTING_RUNNING;

	if (a->is_built != b->is_built)
		return a->is_built ? -1 : 1;
	if (a->is_built && a_runs != b_runs)
		return a_runs ? -1 : 1;
	if (a->summary.start_unix_ns != b->summary.start_unix_ns)
		return a->summary.start_unix_ns > b->summary.start_unix_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

void list_refresh(struct server_state *server)
{
	struct recordings *recordings = &server->recordings;
	struct buffer out = {0};

	if (server->list.response && server->now_ns - server->list_made_ns < SECOND)
		return;
	server->list_made_ns = server->now_ns;
	recordings_scan(&server->recordings, server->now_ns);
	if (recordings->count)
		qsort(recordings->each, recordings->count, sizeof(struct served *), served_compare);
	struct page_list_row *rows = memory_allocate(recordings->count, sizeof *rows);
	struct row_texts *texts = memory_allocate(recordings->count, sizeof *texts);
	for (size_t i = 0; i < recordings->count; i++) {
		served_look(recordings->each[i], server->now_ns);
		recordings->each[i]->listed_ns = server->now_ns;
		rows[i] = row_of(recordings->each[i], &texts[i], server->now_ns);
	}
	page_list_render(&out, rows, recordings->count, recordings->left_out);
	for (size_t i = 0; i < recordings->count; i++)
		buffer_free(&texts[i].link);
	free(texts);
	free(rows);
	cached_replace(&server->list, &out, ANSWER_LIST);
}
