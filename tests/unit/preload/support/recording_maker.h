/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings on disk, and a process that makes one and dies. */
#ifndef SEEP_TESTS_RECORDING_MAKER_H
#define SEEP_TESTS_RECORDING_MAKER_H

#include <sys/types.h>

#include "keeper/heap/heap.h"

/* Makes a fresh directory under TMPDIR; the name is valid until the next call. directory_remove() removes it with its
 * files. */
const char *directory_make(void);
void directory_remove(const char *directory);
/* The same for cmocka, before and after a test. */
extern char test_directory[256];
int directory_setup(void **state);
int directory_teardown(void **state);
/* The number of entries whose name ends with this; "" for all. */
int directory_count(const char *directory, const char *suffix);

/* The path of a name in test_directory, valid until the next call; and such a file with these bytes. */
const char *path_of(const char *name);
void file_put(const char *name, const void *data, size_t bytes);

/* Creates the heap file of the calling process in that directory and maps it. */
void recording_make(struct heap *heap, const char *directory, uint64_t rate);

/* Samples of `size` bytes each, from a stack that `site` decides: live, and their events pushed (or folded where the
 * ring is full). The addresses go up from first_address in steps of 16. */
void recording_allocate(const struct heap *heap, unsigned site, uint64_t size, unsigned count, uint64_t first_address);
/* Frees some of these again, after `lifetime_ns`. */
void recording_free(const struct heap *heap, unsigned count, uint64_t first_address, uint64_t lifetime_ns);

/* A recording_work: 20 sites, each with 1,000 objects of 100 bytes, half of them freed; part of it folded. */
void work_of_20_sites(const struct heap *heap, const char *where);

/* fork() for tests: nothing buffered is printed twice, and the child does not outlive a parent that fails. */
pid_t child_fork(void);

/* Forks a child that makes a recording there, runs `work` in it and kills itself. Waits for its end. */
typedef void recording_work(const struct heap *heap, const char *directory);
void recording_by_dead_process(const char *directory, uint64_t rate, recording_work *work);

/* Builds a snapshot and parses it; aborts if that fails or the image is not valid. Free it with
 * seep_snapshot_free(). */
struct build_options;
struct snapshot;
struct seep_image snapshot_made(const struct heap *heap, const struct build_options *options,
				struct snapshot *snapshot);

#endif
