/* SPDX-License-Identifier: Apache-2.0 */
/* Of each recording, this reads the names of its snapshots, and then only the first, the last, and those that a binary
 * search needs: a month of a service has tens of thousands. */
#include "target/service.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>
#include <seep/service.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "keeper/program/process.h"
#include "profile/moment.h"
#include "profile/profile.h"
#include "reader/snapshot_reader.h"

#define TOGETHER_NS UINT64_C(10000000000) /* when a service is stopped, all of its processes stop within this time */
enum { NEIGHBOURS = 8 }; /* how many snapshots around a time are tried to find one that was not taken at a peak */

struct head {
	struct seep_snapshot_header header;
	struct seep_section first;
};

static char *snapshot_path(const struct service_process *process, size_t index)
{
	struct buffer path = {0};

	buffer_printf(&path, "%s/%06" PRIu64 SEEP_SNAPSHOT_SUFFIX, process->path, process->numbers[index]);
	return path.data;
}

/* `about` may be NULL. PROCESS is the first section of every snapshot. */
static bool head_read(const struct service_process *process, size_t index, struct head *head,
		      struct seep_process *about)
{
	char *path = snapshot_path(process, index);
	const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);

	free(path);
	if (descriptor < 0)
		return false;
	bool is_read = pread(descriptor, head, sizeof *head, 0) == (ssize_t)sizeof *head &&
		       snapshot_header_is_valid(&head->header) && head->header.number == process->numbers[index];
	if (is_read && about)
		is_read = head->first.type == SEEP_SECTION_PROCESS && head->first.offset <= INT64_MAX &&
			  pread(descriptor, about, sizeof *about, (off_t)head->first.offset) == (ssize_t)sizeof *about;
	close(descriptor);
	return is_read;
}

static int number_compare(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void numbers_collect(struct service_process *process)
{
	DIR *listing = opendir(process->path);
	size_t capacity = 0;

	for (struct dirent *found; listing && (found = readdir(listing));) {
		uint64_t number;
		int end = 0;
		if (sscanf(found->d_name, "%18" SCNu64 SEEP_SNAPSHOT_SUFFIX "%n", &number, &end) != 1 || !end ||
		    found->d_name[end] || found->d_name[0] < '0' || found->d_name[0] > '9')
			continue;
		ARRAY_RESERVE(process->numbers, process->count, capacity);
		process->numbers[process->count++] = number;
	}
	if (listing)
		closedir(listing);
	if (process->count)
		qsort(process->numbers, process->count, sizeof *process->numbers, number_compare);
}

/* Drops a snapshot that is damaged, or was thinned out meanwhile. */
static void number_drop(struct service_process *process, size_t index)
{
	process->count--;
	memmove(&process->numbers[index], &process->numbers[index + 1],
		(process->count - index) * sizeof *process->numbers);
}

static uint64_t unix_time(const struct service_process *process, uint64_t time_ns)
{
	return process->start_unix_ns + (time_ns > process->start_ns ? time_ns - process->start_ns : 0);
}

uint64_t service_process_time(const struct service_process *process, uint64_t unix_ns)
{
	uint64_t time_ns;

	if (unix_ns < process->start_unix_ns)
		return 0;
	return __builtin_add_overflow(process->start_ns, unix_ns - process->start_unix_ns, &time_ns) ? UINT64_MAX
												     : time_ns;
}

static bool runs(const struct seep_process *about)
{
	return process_boot_is(about->boot_id) && about->start_ticks && process_exists(about->pid, about->start_ticks);
}

/* False: none of its snapshots can be read. */
static bool process_read(struct service_process *process)
{
	struct seep_process about;
	struct head head;

	numbers_collect(process);
	while (process->count && !head_read(process, process->count - 1, &head, &about))
		process->count--;
	if (!process->count)
		return false;
	process->start_ns = about.start_ns;
	process->start_unix_ns = about.start_unix_ns;
	const uint32_t trigger = head.header.trigger;
	const bool has_ended = trigger == SEEP_TRIGGER_EXIT || trigger == SEEP_TRIGGER_POSTMORTEM;
	process->end_unix_ns = !has_ended && runs(&about) ? SERVICE_NOW : unix_time(process, head.header.time_ns);
	return true;
}

void service_visit(const char *name, service_visitor *visit, void *context)
{
	struct seep_stores stores;
	struct buffer path = {0};

	seep_stores_find(&stores, getenv("SEEP_STORE"), getenv("XDG_STATE_HOME"), getenv("HOME"));
	for (size_t i = 0; i < SEEP_STORES && stores.of[i][0]; i++) {
		DIR *listing = opendir(stores.of[i]);
		for (struct dirent *found; listing && (found = readdir(listing));) {
			struct stat status;
			if (!seep_service_name_is_valid(found->d_name, strlen(found->d_name)) ||
			    (name && strcmp(name, found->d_name) != 0))
				continue;
			path.length = 0;
			buffer_printf(&path, "%s/%s", stores.of[i], found->d_name);
			if (lstat(path.data, &status) == 0 && S_ISDIR(status.st_mode))
				visit(found->d_name, path.data, context);
		}
		if (listing)
			closedir(listing);
	}
	buffer_free(&path);
}

struct opening {
	struct service *service;
	size_t capacity;
};

static void directory_read(const char *name, const char *directory, void *context)
{
	struct opening *opening = context;
	struct service *service = opening->service;
	DIR *listing = opendir(directory);

	(void)name;
	for (struct dirent *found; listing && (found = readdir(listing));) {
		struct buffer path = {0};
		buffer_printf(&path, "%s/%s", directory, found->d_name);
		struct service_process process = {.path = path.data};
		if (found->d_name[0] == '.' || !path_is_recording(path.data)) {
			buffer_free(&path);
		} else if (process_read(&process)) {
			ARRAY_RESERVE(service->processes, service->count, opening->capacity);
			service->processes[service->count++] = process;
		} else {
			free(process.numbers);
			buffer_free(&path);
			service->left_out++;
		}
	}
	if (listing)
		closedir(listing);
}

static int process_compare(const void *left, const void *right)
{
	const struct service_process *a = left, *b = right;

	if (a->start_unix_ns != b->start_unix_ns)
		return a->start_unix_ns < b->start_unix_ns ? -1 : 1;
	return strcmp(a->path, b->path);
}

bool service_say_missing(const char *name, struct error *error)
{
	struct seep_stores stores;

	seep_stores_find(&stores, getenv("SEEP_STORE"), getenv("XDG_STATE_HOME"), getenv("HOME"));
	return error_set(error, "there is no service %s in %s%s%s: 'seep list --services' shows those that there are",
			 name, stores.of[0], *stores.of[1] ? " and " : "", stores.of[1]);
}

bool service_open(struct service *service, const char *name, struct error *error)
{
	struct opening opening = {.service = service};

	*service = (struct service){.name = name};
	service_visit(name, directory_read, &opening);
	if (service->count) {
		qsort(service->processes, service->count, sizeof *service->processes, process_compare);
		return true;
	}
	if (service->left_out)
		return error_set(error, "the service %s has no snapshot that can be read yet", name);
	return service_say_missing(name, error);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* The first snapshot that is not before that time; if all are, the last one. */
static size_t search(struct service_process *process, uint64_t time_ns)
{
	size_t low = 0, high = process->count - 1;
	struct head head;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (!head_read(process, middle, &head, NULL)) {
			number_drop(process, middle);
			high--;
		} else if (head.header.time_ns < time_ns) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* The nearest snapshot; one taken because much was in use only if there are no others. */
static size_t nearest_search(struct service_process *process, uint64_t time_ns, uint64_t *nearest_ns)
{
	size_t at = search(process, time_ns), best = at;
	bool found = false, best_is_peak = false;

	*nearest_ns = 0;
	for (size_t i = at > NEIGHBOURS ? at - NEIGHBOURS : 0; i < process->count && i <= at + NEIGHBOURS; i++) {
		struct head head;
		if (!head_read(process, i, &head, NULL))
			continue;
		const bool is_peak = trigger_follows_use(head.header.trigger);
		const bool is_nearer = distance(head.header.time_ns, time_ns) < distance(*nearest_ns, time_ns);
		if (found && (is_peak == best_is_peak ? !is_nearer : is_peak))
			continue;
		found = true;
		best = i;
		*nearest_ns = head.header.time_ns;
		best_is_peak = is_peak;
	}
	return best;
}

/* Also behind its header, which is all that a search reads. */
static bool is_whole(struct moment_reader *reader, const char *path, struct passed_over *damaged)
{
	struct moment moment;
	struct error error;

	const bool is_read = moment_read_file(reader, path, &moment, &error);
	if (!is_read && access(path, F_OK) == 0)
		passed_over_add(damaged, &error);
	return is_read;
}

/* Chooses the nearest snapshot that can be read. The last one stands for its recording, whose reader passes over what it
 * can't read. */
static void nearest_choose(struct service_process *process, uint64_t unix_ns, struct moment_reader *reader,
			   struct passed_over *damaged, struct service_choice *choice)
{
	const uint64_t time_ns = service_process_time(process, unix_ns);
	uint64_t best_ns;
	size_t best;
	char *path = NULL;

	while ((best = nearest_search(process, time_ns, &best_ns)) + 1 < process->count) {
		path = snapshot_path(process, best);
		if (is_whole(reader, path, damaged))
			break;
		free(path);
		number_drop(process, best);
	}
	const bool is_last = best + 1 == process->count;
	*choice = (struct service_choice){
	    .process = process,
	    .path = is_last ? memory_copy_text(process->path) : path,
	    .unix_ns = is_last && process->end_unix_ns == SERVICE_NOW && best_ns < time_ns
			   ? SERVICE_NOW
			   : unix_time(process, best_ns),
	};
}

/* How far a time is from the time in which the process ran. `nearest`: the nearest moment of that. */
static uint64_t process_distance(const struct service_process *process, uint64_t unix_ns, uint64_t *nearest)
{
	*nearest = unix_ns < process->start_unix_ns ? process->start_unix_ns
		   : unix_ns > process->end_unix_ns ? process->end_unix_ns
						    : unix_ns;
	return distance(*nearest, unix_ns);
}

static bool ran_together(const struct service_process *a, const struct service_process *b)
{
	return a->start_unix_ns <= b->end_unix_ns && b->start_unix_ns <= a->end_unix_ns;
}

/* Whether the process stands for the service at that time. If none ran then, those count that stopped or began together
 * with the nearest. */
static bool belongs(const struct service_process *process, const struct service_process *nearest, uint64_t unix_ns)
{
	uint64_t at;
	const uint64_t far = process_distance(process, unix_ns, &at);

	return process == nearest || far == 0 || (far <= TOGETHER_NS && ran_together(process, nearest));
}

void service_at(const struct service *service, uint64_t unix_ns, struct service_moment *moment)
{
	const struct service_process *first = NULL;
	struct moment_reader *reader = moment_reader_create();
	struct passed_over damaged = {0};
	uint64_t least = UINT64_MAX, nearest;

	*moment = (struct service_moment){.choices = memory_allocate(service->count, sizeof *moment->choices)};
	for (size_t i = 0; i < service->count; i++) {
		const uint64_t far = process_distance(&service->processes[i], unix_ns, &nearest);
		if (!first || far < least) {
			first = &service->processes[i];
			least = far;
			moment->unix_ns = nearest;
		}
	}
	for (size_t i = 0; i < service->count; i++)
		if (least ? belongs(&service->processes[i], first, moment->unix_ns)
			  : process_distance(&service->processes[i], unix_ns, &nearest) == 0)
			nearest_choose(&service->processes[i], moment->unix_ns, reader, &damaged,
				       &moment->choices[moment->count++]);
	moment_reader_free(reader);
	passed_over_say(&damaged);
}
