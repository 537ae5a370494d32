/* SPDX-License-Identifier: Apache-2.0 */
/* The child process that reads ELF and DWARF. If it dies in the middle of a module, another one continues there with
 * less effort, and so gets past it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"
#include "symbols/cache.h"
#include "modules/debuginfod.h"
#include "symbols/label.h"
#include "symbols/records.h"
#include "symbols/resolve.h"
#include "symbols/symbols.h"
#include "symbols/wire.h"

enum {
	RESTARTS_MAX = 16,
	CPU_SECONDS_MAX = 60, /* for one child; a large program needs about a second */
};
#define STACK_BYTES_MAX (UINT64_C(64) << 20) /* that the demangler may need */
#define STREAM_BYTES_MAX (UINT64_C(1) << 30)

struct work {
	struct symbol_module *modules;
	size_t count;
	const struct symbol_search *search;
	size_t next;                /* the first module that is not finished */
	enum resolve_effort effort; /* for that module */
	uint64_t cpu_seconds;       /* that are left for further children */
};

static void limit_set(int resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max ? value : limit.rlim_max;
	setrlimit(resource, &limit);
}

static void child_limit(const struct work *work)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit_set(RLIMIT_CORE, 0);
	limit_set(RLIMIT_CPU, work->cpu_seconds < CPU_SECONDS_MAX ? work->cpu_seconds : CPU_SECONDS_MAX);
	limit_set(RLIMIT_STACK, STACK_BYTES_MAX);
	memory_bound_child();
}

static bool child_send(int descriptor, struct buffer *out)
{
	for (size_t sent = 0; sent < out->length;) {
		ssize_t written = write(descriptor, out->data + sent, out->length - sent);
		if (written < 0 && errno != EINTR)
			return false;
		sent += written > 0 ? (size_t)written : 0;
	}
	out->length = 0;
	return true;
}

static _Noreturn void child_run(const struct work *work, int descriptor)
{
	struct wire wire;
	enum resolve_effort effort = work->effort;

	child_limit(work);
	debuginfod_take_servers();
	wire_open(&wire);
	for (size_t i = work->next; i < work->count; i++) {
		resolve_module(&wire, &work->modules[i], (uint32_t)i, work->search, effort);
		effort = RESOLVE_ALL;
		if (!child_send(descriptor, &wire.out))
			_exit(1);
	}
	_exit(0);
}

/* Reads until the child closes its end, or has sent more than anybody needs. */
static void stream_receive(int descriptor, struct buffer *stream)
{
	char block[65536];

	while (stream->length < STREAM_BYTES_MAX) {
		ssize_t got = read(descriptor, block, sizeof block);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		buffer_append(stream, block, (size_t)got);
	}
}

/* Goes on after a child that finished all modules below `done` (0: none) and then ended, by itself or not. */
static void work_advance(struct work *work, size_t done)
{
	bool progress = done > work->next;

	if (progress)
		work->next = done;
	work->effort = progress ? RESOLVE_SYMBOL_TABLES : work->effort + 1;
	if (work->effort == RESOLVE_EFFORTS) { /* not even the least effort gave an answer */
		work->next++;
		work->effort = RESOLVE_ALL;
	}
}

/* Runs one child, from work->next on; false if no child can be started. */
static bool work_run_child(struct work *work, struct string_pool *strings, struct symbol_lines *lines)
{
	struct buffer stream = {0};
	struct rusage used = {0};
	int ends[2], status;

	if (pipe(ends) < 0)
		return false;
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		child_run(work, ends[1]);
	}
	close(ends[1]);
	if (child > 0)
		stream_receive(ends[0], &stream);
	close(ends[0]);
	if (child < 0)
		return false;
	while (wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
	}
	const uint64_t seconds = (uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec;
	work->cpu_seconds -= seconds < work->cpu_seconds ? seconds : work->cpu_seconds;
	work_advance(work, wire_read(&stream, work->modules, work->count, strings, lines));
	buffer_free(&stream);
	return true;
}

/* Has children resolve the modules that the cache does not know. */
static void resolve_anew(struct symbol_module *modules, size_t count, const struct symbol_search *search,
			 struct string_pool *strings, struct symbol_lines *lines)
{
	struct work work = {
	    .modules = modules, .count = count, .search = search, .cpu_seconds = BUDGET_CHILDREN_CPU_SECONDS};
	const char *why = "not looked up: too many files made the reader crash";

	debuginfod_begin();
	for (int starts = 0; starts <= RESTARTS_MAX && work.next < count; starts++) {
		if (work.cpu_seconds == 0) {
			why = "not looked up: other files took all of the time";
			break;
		}
		if (work_run_child(&work, strings, lines))
			continue;
		why = "not looked up: no process could be started to read it";
		break;
	}
	struct map *names = label_names(modules, count);
	for (size_t i = 0; i < count; i++) {
		if (modules[i].source)
			continue;
		modules[i].source = why; /* no child could finish it */
		modules[i].has_lines = false;
		labels_fill(names, &modules[i], strings, lines);
	}
	map_free(names);
}

void symbols_resolve(struct symbol_module *modules, size_t count, const struct symbol_search *search,
		     struct string_pool *strings, struct symbol_lines *lines)
{
	struct symbol_module *left = memory_allocate(count + 1, sizeof *left);
	size_t left_count = 0, addresses = 0;

	for (size_t i = 0; i < count; i++)
		addresses += modules[i].address_count;
	ARRAY_RESERVE_MORE(lines->lines, lines->count, lines->capacity, addresses);
	for (size_t i = 0; i < count; i++) {
		modules[i].source = modules[i].kept = modules[i].debug_file = NULL;
		if (!symbol_cache_load(&modules[i], search, strings, lines))
			left[left_count++] = modules[i];
	}
	resolve_anew(left, left_count, search, strings, lines);
	for (size_t i = 0, next = 0; i < count; i++) {
		if (modules[i].source)
			continue;
		modules[i] = left[next++];
		symbol_cache_store(&modules[i], search, strings, lines);
	}
	symbol_records_use(modules, count, search, strings, lines);
	free(left);
}
