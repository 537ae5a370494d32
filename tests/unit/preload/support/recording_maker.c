/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings on disk: see recording_maker.h. */
#include "support/recording_maker.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/live.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/sites.h"
#include "keeper/heap/stacks.h"
#include "keeper/program/process.h"
#include "keeper/snapshot/build.h"
#include "shim/recording/describe.h"
#include "support/snapshot_parser.h"

/* Like assert(), but also if NDEBUG is set: the calls have effects. */
#define must(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

const char *directory_make(void)
{
	static char path[256];
	const char *base = getenv("TMPDIR");
	snprintf(path, sizeof path, "%s/seep-test-XXXXXX", base && strlen(base) < 200 ? base : "/tmp");
	must(mkdtemp(path));
	return path;
}

void directory_remove(const char *directory)
{
	DIR *opened = opendir(directory);
	for (struct dirent *entry; opened && (entry = readdir(opened));) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(opened), entry->d_name, 0);
	}
	if (opened)
		closedir(opened);
	rmdir(directory);
}

char test_directory[256];

int directory_setup(void **state)
{
	(void)state;
	snprintf(test_directory, sizeof test_directory, "%s", directory_make());
	return 0;
}

int directory_teardown(void **state)
{
	(void)state;
	directory_remove(test_directory);
	return 0;
}

int directory_count(const char *directory, const char *suffix)
{
	int count = 0;
	DIR *opened = opendir(directory);
	must(opened);
	for (struct dirent *entry; (entry = readdir(opened));) {
		size_t length = strlen(entry->d_name), end = strlen(suffix);
		bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		count += !dots && length >= end && strcmp(entry->d_name + length - end, suffix) == 0;
	}
	closedir(opened);
	return count;
}

void recording_make(struct heap *heap, const char *directory, uint64_t rate)
{
	char path[300];
	struct seep_fault fault;
	static struct seep_heap_header header;
	memset(&header, 0, sizeof header);
	heap_header_begin(&header, rate);
	describe_process(&header);
	area_plan(&header, rate, 0);
	atomic_init(&header.pid_namespace, process_namespace());
	atomic_init(&header.phase, SEEP_HEAP_RECORDING);
	snprintf(path, sizeof path, "%s/heap", directory);
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must(file >= 0 && posix_fallocate(file, 0, (off_t)header.file_bytes) == 0);
	void *map = mmap(NULL, header.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	must(map != MAP_FAILED);
	close(file);
	memcpy(map, &header, sizeof header);
	must(heap_bind(heap, map, header.file_bytes, &fault));
}

static void push(const struct heap *heap, const struct event *event)
{
	if (!ring_push(heap, event))
		site_fold(heap, event);
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void recording_allocate(const struct heap *heap, unsigned site, uint64_t size, unsigned count, uint64_t first_address)
{
	uintptr_t stack[4] = {0x1000 + site, 0x2000 + site / 2, 0x3000, 0x4000};
	uint32_t number = stack_site(heap, stack, 4, false);
	must(number);
	for (unsigned i = 0; i < count; i++) {
		struct live_entry entry = {
		    .address = first_address + 16 * i, .size = size, .birth_ns = now_ns(), .site = number, .thread = 1};
		struct event event = {
		    .kind = SEEP_EVENT_ALLOCATED, .size = size, .site = number, .thread = 1, .time_ns = entry.birth_ns};
		must(live_insert(heap, &entry));
		push(heap, &event);
	}
}

void recording_free(const struct heap *heap, unsigned count, uint64_t first_address, uint64_t lifetime_ns)
{
	for (unsigned i = 0; i < count; i++) {
		struct live_entry entry;
		must(live_remove(heap, first_address + 16 * i, &entry));
		struct event event = {.kind = SEEP_EVENT_FREED,
				      .size = entry.size,
				      .rate_index = entry.rate_index,
				      .site = entry.site,
				      .thread = 1,
				      .time_ns = lifetime_ns};
		push(heap, &event);
	}
}

void work_of_20_sites(const struct heap *heap, const char *where)
{
	(void)where;
	for (unsigned site = 0; site < 20; site++) {
		recording_allocate(heap, site, 100, 1000, 0x100000 * (site + 1));
		recording_free(heap, 500, 0x100000 * (site + 1), 3000);
		if (site % 7 == 3)
			ring_fold(heap, 1500, false);
	}
}

const char *path_of(const char *name)
{
	static char path[400];
	snprintf(path, sizeof path, "%s/%s", test_directory, name);
	return path;
}

void file_put(const char *name, const void *data, size_t bytes)
{
	FILE *file = fopen(path_of(name), "wb");
	must(file && fwrite(data, 1, bytes, file) == bytes && fclose(file) == 0);
}

pid_t child_fork(void)
{
	fflush(NULL);
	pid_t child = fork();
	must(child >= 0);
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

void recording_by_dead_process(const char *directory, uint64_t rate, recording_work *work)
{
	int status;
	pid_t child = child_fork();
	if (child == 0) {
		struct heap heap;
		recording_make(&heap, directory, rate);
		work(&heap, directory);
		raise(SIGKILL);
	}
	must(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

struct seep_image snapshot_made(const struct heap *heap, const struct build_options *options, struct snapshot *snapshot)
{
	struct seep_image image;
	struct seep_fault fault = {0};
	const char *wrong = snapshot_build(heap, options, &image, &fault) ? NULL : fault.text;

	if (!wrong)
		wrong = snapshot_parse(image.data, image.bytes, snapshot);
	if (wrong) {
		fprintf(stderr, "invalid snapshot: %s\n", wrong);
		abort();
	}
	return image;
}
