/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "page/recording_page.h"
#include "process/signals.h"
#include "render/text/place_text.h"
#include "render/words/estimate.h"
#include "render/words/finding.h"
#include "statistics/measure.h"
#include "target/listing.h"

enum {
	WALL_SECONDS = 300,
	CPU_SECONDS = 120,
	NICENESS = 10,
	DATA_MIB_MOST = 64, /* packed, of one page */
	PLACE_COLUMNS = 60,
};

/* What comes through the pipe: this, then the packed data or the error's line. */
struct result {
	uint64_t bytes; /* behind it */
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

	if (!places) { /* the path stands beside it */
		const char *why = page->page.unjudged;
		const size_t path = strlen(page->page.source);
		const bool begins = strncmp(why, page->page.source, path) == 0 && strncmp(why + path, ": ", 2) == 0;
		buffer_append_text(out, why + (begins ? path + 2 : 0));
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

static bool write_all(int descriptor, const void *data, size_t bytes)
{
	for (const char *at = data, *end = at + bytes; at < end;) {
		const ssize_t done = write(descriptor, at, (size_t)(end - at));
		if (done < 0 && errno != EINTR)
			return false;
		at += done > 0 ? done : 0;
	}
	return true;
}

static void page_make(int pipe, const char *path, const struct page_request *request)
{
	const struct source_search sources = {request->source_rules, request->source_rule_count, path};
	struct result result = {0};
	struct recording_page page;
	struct buffer out = {0};
	struct error error;

	memory_bound_by_inputs();
	if (recording_page_open(&page, path, &request->symbols, request->wrappers, request->wrapper_count, &error)) {
		if (request->has_sources)
			recording_page_add_sources(&page, &sources);
		page_data_pack(&out, &page.page);
		summary_fill(&result.summary, &page);
		result.is_made = 1;
	} else {
		buffer_append_text(&out, error.text);
	}
	result.bytes = out.length;
	if (write_all(pipe, &result, sizeof result))
		write_all(pipe, out.data, out.length);
}

/* Only the pipe is its own; the server's sockets are none of its business. */
static _Noreturn void worker_run(int pipe, const char *path, const struct page_request *request)
{
	const struct rlimit seconds = {CPU_SECONDS, CPU_SECONDS};
	const sigset_t all = signals_all();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	signals_mask(SIG_UNBLOCK, &all, NULL);
	dup2(pipe, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	setpriority(PRIO_PROCESS, 0, NICENESS);
	setrlimit(RLIMIT_CPU, &seconds);
	page_make(STDERR_FILENO + 1, path, request);
	_exit(0);
}

bool worker_start(struct worker *worker, const char *path, const struct page_request *request, uint64_t now_ns,
		  struct error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(error, "no pipe for the page's maker: %s", strerror(errno));
	const pid_t pid = fork();
	if (pid == 0)
		worker_run(ends[1], path, request);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set(error, "the page's maker can't be started: %s", strerror(errno));
	}
	setpgid(pid, pid);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*worker = (struct worker){pid, ends[0], now_ns + WALL_SECONDS * UINT64_C(1000000000), {0}};
	return true;
}

bool worker_read(struct worker *worker)
{
	char block[65536];
	ssize_t got;

	while ((got = read(worker->pipe, block, sizeof block)) > 0) {
		buffer_append(&worker->got, block, (size_t)got);
		if (worker->got.length > RESULT_MOST)
			return false;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Texts end; numbers mean something. */
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
		return error_set(error, "the page could not be made: its maker %s %d",
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

bool worker_finish(struct worker *worker, struct page_summary *summary, double *cpu_s, struct error *error)
{
	struct rusage usage = {0};
	int status = 0;

	/* One that has ended by itself does not feel it. */
	kill(-worker->pid, SIGKILL);
	close(worker->pipe);
	while (wait4(worker->pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	*cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	worker->pid = 0;
	return result_take(&worker->got, status, summary, error);
}
