/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "base/message.h"
#include "page/recording_page.h"
#include "render/text/place_text.h"
#include "render/words/estimate.h"
#include "render/words/finding.h"
#include "statistics/measure.h"
#include "target/listing.h"

enum {
	DATA_MIB_MOST = 64, /* of one page, packed */
	PLACE_COLUMNS = 60,
};

/* What comes through the pipe: this struct, then the packed data, or the error's line. */
struct result {
	uint64_t bytes; /* of what follows */
	uint32_t is_made;
	struct page_summary summary;
};

#define RESULT_MOST (sizeof(struct result) + ((size_t)DATA_MIB_MOST << 20))

static void text_put(char *field, size_t size, const char *text)
{
	struct buffer safe = {0};

	text_append_safe_cut(&safe, text ? text : "", size - 1);
	snprintf(field, size, "%s", safe.data);
	buffer_free(&safe);
}

static void sentence_append(struct buffer *out, const struct recording_page *page)
{
	const struct leaks *places = page->page.places;

	if (!places) {
		buffer_append_text(out, page->page.unjudged);
		return;
	}
	finding_append(out, places, &page->series);
	if (places->verdicts[LEAK_LEAK]) {
		buffer_append_text(out, "; first of all ");
		place_text_append(out, &places->groups.groups[leaks_rows(places, LEAK_LEAK)->group], PLACE_COLUMNS);
	}
}

static void summary_fill(struct page_summary *summary, const struct recording_page *page)
{
	const struct profile *whole = page->page.whole;
	const struct profile *shown = page->page.places ? page->series.reference : whole;
	struct profile_totals totals;
	struct buffer sentence = {0};

	profile_totals(shown, &totals);
	const struct seep_sum *bytes = &totals.in_use.bytes;
	const struct estimate_text in_use =
	    estimate_bytes(sum_estimate(bytes), sum_interval(bytes, unseen_bytes((double)shown->rate), ALPHA), shown);
	summary->state = listing_state_of(whole);
	summary->finding = page->page.places ? finding_of(page->page.places) : FINDING_NO_VERDICT;
	summary->pid = whole->pid;
	summary->start_ticks = whole->start_ticks;
	summary->start_unix_ns = whole->start_unix_ns;
	summary->newest_unix_ns = whole->start_unix_ns + (whole->time_ns - whole->start_ns);
	summary->seconds = (double)(whole->time_ns - whole->start_ns) / 1e9;
	summary->snapshots = page->page.moment_count;
	text_put(summary->command, sizeof summary->command, whole->command);
	text_put(summary->in_use, sizeof summary->in_use, in_use.value);
	text_put(summary->interval, sizeof summary->interval, in_use.interval);
	sentence_append(&sentence, page);
	text_put(summary->sentence, sizeof summary->sentence, sentence.data);
	buffer_free(&sentence);
}

struct page_work {
	const char *path;
	const struct page_request *request;
};

static void page_make(struct buffer *answer, const void *context)
{
	const struct page_work *work = context;
	const struct page_request *request = work->request;
	const char *path = work->path;
	const struct source_search sources = {request->source_rules, request->source_rule_count, path};
	struct result result = {0};
	struct recording_page page;
	struct buffer out = {0};
	struct error error;

	memory_bound_by_inputs();
	if (recording_page_open(&page, &path, 1, &request->symbols, request->wrappers, request->wrapper_count,
				&error)) {
		if (request->has_sources)
			recording_page_add_sources(&page, &sources);
		page_data_pack(&out, &page.page);
		summary_fill(&result.summary, &page);
		result.is_made = 1;
	} else {
		buffer_append_text(&out, error.text);
	}
	result.bytes = out.length;
	buffer_append(answer, &result, sizeof result);
	buffer_append(answer, out.data, out.length);
}

bool worker_start(struct task *task, const char *path, const struct page_request *request, uint64_t now_ns,
		  struct error *error)
{
	return task_start(task, page_make, &(struct page_work){path, request}, RESULT_MOST, now_ns, error);
}

/* Makes sure that texts end, and that numbers mean something. */
static void summary_check(struct page_summary *summary)
{
	char *const texts[] = {summary->command, summary->in_use, summary->interval, summary->sentence};
	const size_t sizes[] = {sizeof summary->command, sizeof summary->in_use, sizeof summary->interval,
				sizeof summary->sentence};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		texts[i][sizes[i] - 1] = '\0';
	if (summary->state > LISTING_BROKEN)
		summary->state = LISTING_BROKEN;
	if (summary->finding > FINDING_LEAKS)
		summary->finding = FINDING_NO_VERDICT;
}

static bool result_take(struct buffer *got, int status, struct page_summary *summary, struct error *error)
{
	struct result result = {0};

	if (got->length > RESULT_MOST)
		return error_set(error, "the page's data are larger than %d MiB", DATA_MIB_MOST);
	if (got->length >= sizeof result)
		memcpy(&result, got->data, sizeof result);
	if (got->length < sizeof result || got->length - sizeof result != result.bytes)
		return error_set(error, "the page could not be made: the process that makes it %s %d",
				 WIFSIGNALED(status) ? "was ended by signal" : "ended with status",
				 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	memmove(got->data, got->data + sizeof result, result.bytes + 1);
	got->length = result.bytes;
	if (!result.is_made)
		return error_set(error, "%s", got->data);
	summary_check(&result.summary);
	*summary = result.summary;
	return true;
}

bool worker_finish(struct task *task, struct page_summary *summary, double *cpu_s, struct error *error)
{
	int status;

	task_finish(task, &status, cpu_s);
	return result_take(&task->got, status, summary, error);
}
