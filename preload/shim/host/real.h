/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next allocator in lookup order, to which every hook forwards. It is never
 * libc's by name, so that a program's own choice of allocator stays in place.
 *
 * The pointer of each entry point starts at a function of our own that looks
 * everything up on the first call, and stays there where nobody behind us has
 * the name (stand_in.c), so that hooks never test for NULL. Calls that arrive
 * while the look-up itself runs (dlsym allocates) are served by the arena.
 * The pointers are constant once real_prepare() has returned.
 */
#ifndef SEEP_HOST_REAL_H
#define SEEP_HOST_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <seep/entry_points.h>

#include "keeper/base/entry.h"

#define REAL_POINTER(returns, name, parameters, ...) returns(*name) parameters;
#define REAL_POINTER_OF(...) REAL_POINTER(__VA_ARGS__)
#define REAL_ENTRY_POINT(name, kind, hook, takes, traits) REAL_POINTER_OF(SEEP_RETURNS_##kind, name, SEEP_TAKES_##takes)

/* An area of a heap, as mimalloc tells of it: the part of the struct that all versions have in common. */
struct real_area {
	void *blocks;
	size_t reserved, committed, used;
};
typedef bool real_area_visitor(const void *heap, const struct real_area *area, void *block, size_t size, void *mine);

/* X(returns, name, parameters) for functions that are called and not hooked as allocations. NULL: nobody has it. */
#define REAL_OTHERS(X)                                                                                                 \
	X(int, mallctl, (const char *, void *, size_t *, void *, size_t))                                              \
	X(int, mallctlbymib, (const size_t *, size_t, void *, size_t *, void *, size_t))                               \
	X(int, mallctlnametomib, (const char *, size_t *, size_t *))                                                   \
	X(struct mallinfo2, mallinfo2, (void))                                                                         \
	X(int, MallocExtension_GetNumericProperty, (const char *, size_t *))                                           \
	X(bool, mi_heap_visit_blocks, (const void *, bool, real_area_visitor *, void *))                               \
	X(void *, mi_heap_get_backing, (void))                                                                         \
	X(int, prctl, (int, ...))                                                                                      \
	X(long, syscall, (long, ...))                                                                                  \
	X(int, fanotify_init, (unsigned, unsigned))                                                                    \
	X(int, unshare, (int))                                                                                         \
	X(int, setns, (int, int))                                                                                      \
	X(int, setuid, (uid_t))                                                                                        \
	X(int, seteuid, (uid_t))                                                                                       \
	X(int, setreuid, (uid_t, uid_t))                                                                               \
	X(int, setresuid, (uid_t, uid_t, uid_t))                                                                       \
	X(int, chroot, (const char *))                                                                                 \
	X(void *, mmap, (void *, size_t, int, int, int, off_t))                                                        \
	X(int, mprotect, (void *, size_t, int))                                                                        \
	X(int, pkey_mprotect, (void *, size_t, int, int))                                                              \
	X(int, madvise, (void *, size_t, int))                                                                         \
	X(int, munmap, (void *, size_t))                                                                               \
	X(void *, mremap, (void *, size_t, size_t, int, ...))                                                          \
	X(int, mlockall, (int))                                                                                        \
	X(int, setrlimit, (int, const void *))                                                                         \
	X(int, prlimit, (pid_t, int, const void *, void *))                                                            \
	X(int, brk, (void *))                                                                                          \
	X(void *, sbrk, (intptr_t))                                                                                    \
	X(void *, shmat, (int, const void *, int))                                                                     \
	X(int, shmdt, (const void *))

struct real {
	SEEP_ENTRY_POINTS(REAL_ENTRY_POINT)
	REAL_OTHERS(REAL_POINTER)
};

extern __attribute__((visibility("hidden"))) struct real real;

/* Looks everything up. Idempotent; any thread, but not from a signal handler. */
ENTRY void real_prepare(void);

/* Takes back the message that a look-up without a result has left for the program's dlerror(). */
ENTRY void real_forget_error(void);

/* True while a look-up runs: allocations come from the arena. */
bool real_is_resolving(void);

/* "glibc", "jemalloc", "tcmalloc", "mimalloc" or "other", and the path of the module that defines the next malloc. */
const char *real_name(void);
const char *real_path(void);

#endif
