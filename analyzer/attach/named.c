/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/named.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include <seep/process.h>

#include "base/memory.h"
#include "base/message.h"
#include "files/path.h"
#include "process/inspect.h"
#include "work/clock.h"

static bool list_has(const struct process_list *list, const struct process_number *named)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->each[i].pid == named->pid && list->each[i].start_ticks == named->start_ticks)
			return true;
	return false;
}

static volatile sig_atomic_t asked_to_end;

static void end_ask(int signal)
{
	(void)signal;
	asked_to_end = 1;
}

static void end_listen(void)
{
	const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	const struct sigaction action = {.sa_handler = end_ask};

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
}

/* The attendants of joined processes; they are our children. */
struct company {
	struct attendant *each;
	size_t count, capacity;
};

struct joining {
	named_join *join;
	const void *context;
	uint64_t until_ns;        /* 0: never */
	struct process_list seen; /* those that were joined or refused, or need not be joined */
	struct process_list last; /* found at the last scan */
	struct company company;
	size_t joined;
};

/* A process that appears later may have just been forked and be about to execute another program, so seep looks at it a
 * second later. If it has libseep.so by then, it has that from its parent, which was joined, and is recorded by the
 * parent's attendant. */
static bool is_to_be_joined(const struct process_number *named, bool is_first)
{
	struct process_facts facts;
	struct error ignored;

	return is_first || (process_inspect(named->pid, &facts, &ignored) && !facts.shim_mapped);
}

static void one_join(struct joining *joining, const struct process_number *named)
{
	const uint64_t now_ns = clock_monotonic_ns();
	const uint64_t for_ns = joining->until_ns > now_ns ? joining->until_ns - now_ns : joining->until_ns ? 1 : 0;
	struct attendant attendant;
	struct error error;

	if (!joining->join(joining->context, named->pid, for_ns, &attendant, &error)) {
		if (kill(named->pid, 0) == 0 || errno != ESRCH) /* a process that has ended meanwhile was not refused */
			message("%s", error.text);
		return;
	}
	ARRAY_RESERVE(joining->company.each, joining->company.count, joining->company.capacity);
	joining->company.each[joining->company.count++] = attendant;
	joining->joined++;
}

static void scan(struct joining *joining, const char *name, bool is_first)
{
	struct process_list found;

	process_list_named(&found, name);
	for (size_t i = 0; i < found.count && !asked_to_end; i++) {
		const struct process_number *named = &found.each[i];
		if (list_has(&joining->seen, named) || !(is_first || list_has(&joining->last, named)))
			continue;
		if (is_to_be_joined(named, is_first))
			one_join(joining, named);
		ARRAY_RESERVE(joining->seen.each, joining->seen.count, joining->seen.capacity);
		joining->seen.each[joining->seen.count++] = *named;
	}
	process_list_free(&joining->last);
	joining->last = found;
}

/* Attendants without a time stay with their programs. */
static void company_end(struct joining *joining)
{
	const struct company *company = &joining->company;
	struct error error;

	for (size_t i = 0; i < company->count && joining->until_ns && asked_to_end; i++)
		kill(company->each[i].pid, SIGTERM);
	for (size_t i = 0; i < company->count; i++)
		if (!joining->until_ns)
			attendant_forget(&company->each[i]);
		else if (!attendant_await(&company->each[i], &error))
			message("%s", error.text);
	free(company->each);
}

/* Reaps attendants that ended with their programs. */
static void company_reap(struct company *company)
{
	size_t kept = 0;

	for (size_t i = 0; i < company->count; i++)
		if (waitpid(company->each[i].pid, NULL, WNOHANG) == 0)
			company->each[kept++] = company->each[i];
		else
			attendant_forget(&company->each[i]);
	company->count = kept;
}

size_t named_join_all(const char *name, uint64_t for_ns, named_join *join, const void *context)
{
	struct joining joining = {join, context, for_ns ? clock_monotonic_ns() + for_ns : 0, {0}, {0}, {0}, 0};

	end_listen();
	scan(&joining, name, true);
	if (joining.seen.count == 0)
		message("no process is named %s yet: those that appear will be joined", name);
	while (!asked_to_end && !(joining.until_ns && clock_monotonic_ns() >= joining.until_ns)) {
		nanosleep(&(struct timespec){1, 0}, NULL);
		company_reap(&joining.company);
		scan(&joining, name, false);
	}
	company_end(&joining);
	process_list_free(&joining.seen);
	process_list_free(&joining.last);
	return joining.joined;
}
