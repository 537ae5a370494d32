/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's own account of its heap, by site: what it has allocated and what
 * is alive, counted by itself beside each call. Nothing here allocates, so the
 * account is all that the program does.
 *
 * truth_mark() writes the account to DIRECTORY/truth.NAME (one line a site:
 * name, live bytes, live objects, allocated bytes, allocated objects), says
 * "mark NAME" on standard output and waits for a line or the end of standard
 * input: the moment for a snapshot.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SITE __attribute__((noinline, noclone))
#define TRUTH_SITES 256

struct truth_site {
	const char *name;
	long live_bytes, live_objects, allocated_bytes, allocated_objects;
};

static struct truth_site truth_sites[TRUTH_SITES];
static int truth_count;
static const char *truth_directory;

static inline struct truth_site *truth_add(const char *name)
{
	if (truth_count == TRUTH_SITES)
		abort();
	truth_sites[truth_count].name = name;
	return &truth_sites[truth_count++];
}

static inline void truth_allocated(struct truth_site *site, size_t bytes)
{
	__atomic_fetch_add(&site->live_bytes, (long)bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->live_objects, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->allocated_bytes, (long)bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->allocated_objects, 1, __ATOMIC_RELAXED);
}

static inline void truth_freed(struct truth_site *site, size_t bytes)
{
	__atomic_fetch_sub(&site->live_bytes, (long)bytes, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&site->live_objects, 1, __ATOMIC_RELAXED);
}

static inline void truth_write(const char *name)
{
	static char path[4096], unfinished[4096], line[512];
	if (!truth_directory)
		return;
	snprintf(path, sizeof path, "%s/truth.%s", truth_directory, name);
	snprintf(unfinished, sizeof unfinished, "%s/.truth.%s", truth_directory, name);
	int file = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0)
		abort();
	for (int i = 0; i < truth_count; i++) {
		const struct truth_site *site = &truth_sites[i];
		int length = snprintf(line, sizeof line, "%s %ld %ld %ld %ld\n", site->name, site->live_bytes,
				      site->live_objects, site->allocated_bytes, site->allocated_objects);
		if (write(file, line, (size_t)length) != length)
			abort();
	}
	close(file);
	if (rename(unfinished, path) != 0) /* whoever waits for it finds it whole */
		abort();
}

/* A forked child's own account begins empty: what the child inherits is its parent's. Each process's account is
 * truth.PID. */
static inline void truth_begin_child(void)
{
	for (int i = 0; i < truth_count; i++)
		truth_sites[i] = (struct truth_site){.name = truth_sites[i].name};
}

static inline void truth_write_own(void)
{
	char name[24];
	snprintf(name, sizeof name, "%d", (int)getpid());
	truth_write(name);
}

static inline void truth_mark(const char *name)
{
	static char line[128], answer;
	truth_write(name);
	int length = snprintf(line, sizeof line, "mark %s\n", name);
	if (write(1, line, (size_t)length) != length)
		abort();
	while (read(0, &answer, 1) == 1 && answer != '\n')
		;
}

/* A generator with a seed: each thread has its own. */
static inline uint32_t truth_random(uint64_t *state, uint32_t below)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = (*state ^ *state >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)((z ^ z >> 27) >> 32) % below;
}

#endif
