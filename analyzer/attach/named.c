/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/named.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seep/process.h>

#include "base/memory.h"
#include "base/message.h"
#include "files/path.h"
#include "process/inspect.h"
#include "work/clock.h"

static bool has_name(uint64_t pid, const struct seep_process_stat *stat, const char *name)
{
	static const char deleted[] = " (deleted)";
	char link[48], path[4096];

	if (strcmp(stat->name, name) == 0)
		return true;
	snprintf(link, sizeof link, "/proc/%llu/exe", (unsigned long long)pid);
	const ssize_t length = readlink(link, path, sizeof path - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	char *end = strstr(path, deleted);
	if (end && end[sizeof deleted - 1] == '\0')
		*end = '\0';
	return strcmp(path_base_name(path), name) == 0;
}

static int named_compare(const void *left, const void *right)
{
	const struct named *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void list_add(struct named_list *list, struct named named)
{
	ARRAY_RESERVE(list->each, list->count, list->capacity);
	list->each[list->count++] = named;
}

void named_find(struct named_list *list, const char *name)
{
	DIR *stream = opendir("/proc");
	struct seep_process_stat stat;

	*list = (struct named_list){0};
	for (struct dirent *found = stream ? readdir(stream) : NULL; found; found = readdir(stream)) {
		const int pid = atoi(found->d_name);
		if (pid > 0 && pid != getpid() && seep_process_stat((uint64_t)pid, &stat) && stat.state != 'Z' &&
		    has_name((uint64_t)pid, &stat, name))
			list_add(list, (struct named){pid, stat.start_ticks});
	}
	if (stream)
		closedir(stream);
	if (list->count)
		qsort(list->each, list->count, sizeof *list->each, named_compare);
}

void named_free(struct named_list *list)
{
	free(list->each);
	*list = (struct named_list){0};
}

static bool list_has(const struct named_list *list, const struct named *named)
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
	pid_t *each;
	size_t count, capacity;
};

struct joining {
	named_join *join;
	const void *context;
	uint64_t until_ns;      /* 0: never */
	struct named_list seen; /* those that were joined or refused, or need not be joined */
	struct named_list last; /* found at the last scan */
	struct company company;
	size_t joined;
};

/* A process that appears later may have just been forked and be about to execute another program, so seep looks at it a
 * second later. If it has libseep.so by then, it has that from its parent, which was joined, and is recorded by the
 * parent's attendant. */
static bool is_to_be_joined(const struct named *named, bool is_first)
{
	struct process_facts facts;
	struct error ignored;

	return is_first || (process_inspect(named->pid, &facts, &ignored) && !facts.shim_mapped);
}

static void one_join(struct joining *joining, const struct named *named)
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
	attendant_forget(&attendant);
	ARRAY_RESERVE(joining->company.each, joining->company.count, joining->company.capacity);
	joining->company.each[joining->company.count++] = attendant.pid;
	joining->joined++;
}

static void scan(struct joining *joining, const char *name, bool is_first)
{
	struct named_list found;

	named_find(&found, name);
	for (size_t i = 0; i < found.count && !asked_to_end; i++) {
		const struct named *named = &found.each[i];
		if (list_has(&joining->seen, named) || !(is_first || list_has(&joining->last, named)))
			continue;
		if (is_to_be_joined(named, is_first))
			one_join(joining, named);
		list_add(&joining->seen, *named);
	}
	named_free(&joining->last);
	joining->last = found;
}

static void company_end(struct joining *joining, int signal)
{
	for (size_t i = 0; i < joining->company.count; i++) {
		if (signal)
			kill(joining->company.each[i], signal);
		if (joining->until_ns)
			while (waitpid(joining->company.each[i], NULL, 0) < 0 && errno == EINTR)
				;
	}
	free(joining->company.each);
}

/* Reaps attendants that ended with their programs. */
static void company_reap(struct company *company)
{
	size_t kept = 0;

	for (size_t i = 0; i < company->count; i++)
		if (waitpid(company->each[i], NULL, WNOHANG) == 0)
			company->each[kept++] = company->each[i];
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
	company_end(&joining, joining.until_ns && asked_to_end ? SIGTERM : 0);
	named_free(&joining.seen);
	named_free(&joining.last);
	return joining.joined;
}
