/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next allocator in lookup order: what every hook forwards to. Never
 * libc's by name, so that a program's own choice of allocator stays in place.
 *
 * Each pointer starts at a function of our own that looks everything up on
 * the first call, so that hooks never test for NULL. Calls that arrive while
 * the look-up itself runs (dlsym allocates) are served by the arena.
 * The pointers are constant once real_prepare() has returned.
 */
#ifndef SEEP_HOST_REAL_H
#define SEEP_HOST_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "keeper/base/entry.h"

struct real {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*malloc_usable_size)(void *);
	void (*free_sized)(void *, size_t);                 /* NULL where there is none */
	void (*free_aligned_sized)(void *, size_t, size_t); /* NULL where there is none */
	/* jemalloc's own; NULL where there are none */
	void *(*mallocx)(size_t, int);
	void *(*rallocx)(void *, size_t, int);
	size_t (*xallocx)(void *, size_t, size_t, int);
	size_t (*sallocx)(const void *, int);
	void (*dallocx)(void *, int);
	void (*sdallocx)(void *, size_t, int);
	/* the allocator's account of itself; NULL where there is none */
	int (*mallctl)(const char *, void *, size_t *, void *, size_t);
	struct mallinfo2 (*mallinfo2)(void);
	int (*tcmalloc_property)(const char *, size_t *);
	int (*prctl)(int, ...);
	long (*syscall)(long, ...);
	int (*unshare)(int);
	int (*setns)(int, int);
	int (*setuid)(uid_t), (*seteuid)(uid_t);
	int (*setreuid)(uid_t, uid_t), (*setresuid)(uid_t, uid_t, uid_t);
	int (*chroot)(const char *);
	/* the first names of tcmalloc's and mimalloc's own APIs, which tell whether there is one: shim/hooks/allocator_api.h */
	void *tc_malloc, *mi_heap_realloc;
};

extern __attribute__((visibility("hidden"))) struct real real;

/* Looks everything up. Idempotent; any thread, but not from a signal handler. */
ENTRY void real_prepare(void);

/* Takes back what a look-up that found nothing has left for the program's dlerror(). */
ENTRY void real_forget_error(void);

/* True while a look-up runs: allocations come from the arena. */
bool real_is_resolving(void);

/* "glibc", "jemalloc", "tcmalloc", "mimalloc" or "other", and the path of the module that defines the next malloc. */
const char *real_name(void);
const char *real_path(void);

#endif
