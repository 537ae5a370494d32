/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmap and its like, and what limits them. The real call comes first and is recorded afterwards, if it has succeeded. libc's own calls
 * (stacks of threads, the loader, malloc) don't come here, because libc calls its own functions. Until libc's functions
 * are known, mmap and mremap ask the kernel, as libc's do; brk and sbrk, which keep books in libc, are looked up in its
 * tables.
 */
#include <stdarg.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "keeper/base/syscall.h"
#include "shim/sample/memory_probe.h"
#include "keeper/elf/build_id.h"
#include "keeper/elf/image.h"
#include "keeper/heap/modules.h"
#include "shim/hooks/hook.h"
#include "shim/record/mapping_recorder.h"
#include "shim/recording/recording.h"
#include "shim/sample/stack_window.h"

EXPORT void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
EXPORT void *mmap64(void *address, size_t length, int protection, int flags, int file, off_t offset);
EXPORT int mprotect(void *address, size_t length, int protection);
EXPORT int pkey_mprotect(void *address, size_t length, int protection, int key);
EXPORT int madvise(void *address, size_t length, int advice);
EXPORT int munmap(void *address, size_t length);
EXPORT void *mremap(void *address, size_t old_length, size_t length, int flags, ...);
EXPORT int mlockall(int flags);
EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit);
EXPORT int prlimit(pid_t process, __rlimit_resource_t resource, const struct rlimit *limit, struct rlimit *before);
EXPORT int prlimit64(pid_t process, __rlimit_resource_t resource, const struct rlimit64 *limit,
		     struct rlimit64 *before);
EXPORT int brk(void *end);
EXPORT void *sbrk(intptr_t increment);
EXPORT void *shmat(int segment, const void *address, int flags);
EXPORT int shmdt(const void *address);

#define PAGE UINT64_C(4096)
#define HUGE_PAGE_SHIFT 26 /* of the flags that say how large huge pages are, by its logarithm */
#define HUGE_PAGE_BITS 21  /* unless they say so */

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_GUARD_INSTALL /* Linux 6.13: its pages fault */
#define MADV_GUARD_INSTALL 102
#endif

static uint64_t round_up(uint64_t length, uint64_t unit)
{
	return (length + unit - 1) / unit * unit;
}

static uint64_t length_of(size_t length, int flags)
{
	const unsigned bits = (unsigned)flags >> HUGE_PAGE_SHIFT & 63;
	return round_up(length, flags & MAP_HUGETLB ? UINT64_C(1) << (bits ? bits : HUGE_PAGE_BITS) : PAGE);
}

static uint32_t sort_of(int protection, int flags)
{
	return (flags & MAP_TYPE & MAP_SHARED ? SEEP_MAPPING_SHARED : 0u) |
	       (flags & MAP_ANONYMOUS ? 0u : SEEP_MAPPING_FILE) |
	       (protection == PROT_NONE ? SEEP_MAPPING_RESERVED : 0u);
}

/* The program is about to make memory unreadable. A program may do so with a part of a module, or of its own stack above where it
 * runs: whoever walks stacks must know. Modules end there where their code does, so one of the two ends is in it. */
static __attribute__((noinline)) void hole_note(const void *address, size_t length, const void *frame)
{
	struct loaded_module module;
	uintptr_t start = (uintptr_t)address, end = start + round_up(length, PAGE);
	if (end <= start)
		return;
	if (module_find_loaded(start, &module) || module_find_loaded(end - 1, &module)) {
		probe_note_hole();
		build_id_check_pages(probe_page_readable);
	}
	stack_window_note_hole(frame, start, end);
}

/* The program asks for memory at an address of its choice. */
static inline void wanted_note(const void *address, size_t length)
{
	if (unlikely((uintptr_t)address))
		stack_window_note_wanted((uintptr_t)address, (uintptr_t)address + length);
}

#define CAN_BE_READ(protection) ((protection) & (PROT_READ | PROT_WRITE))

#define MAP(address, length, protection, flags, file, offset, frame)                                                   \
	const uint64_t since = mapping_recorder_now();                                                                 \
	wanted_note(address, length);                                                                                  \
	if (unlikely((flags)&MAP_FIXED && !CAN_BE_READ(protection)))                                                   \
		hole_note(address, length, frame);                                                                     \
	void *mapped = real.mmap ? real.mmap(address, length, protection, flags, file, offset)                         \
				 : (void *)as_libc(system_call(SYS_mmap, (long)(address), (long)(length), protection,  \
							       flags, file, offset));                                  \
	if (mapped != MAP_FAILED)                                                                                      \
		mapping_recorder_add(&(struct mapping_event){.kind = SEEP_MAPPING_MAPPED,                              \
							     .sort = sort_of(protection, flags),                       \
							     .address = (uintptr_t)mapped,                             \
							     .length = length_of(length, flags),                       \
							     .since = since},                                          \
				     frame);                                                                           \
	return mapped

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
	MAP(address, length, protection, flags, file, offset, HOOK_FRAME());
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
	MAP(address, length, protection, flags, file, offset, HOOK_FRAME());
}

int mprotect(void *address, size_t length, int protection)
{
	if (unlikely(!CAN_BE_READ(protection)))
		hole_note(address, length, HOOK_FRAME());
	return real.mprotect
		   ? real.mprotect(address, length, protection)
		   : (int)as_libc(system_call(SYS_mprotect, (long)address, (long)length, protection, 0, 0, 0));
}

int pkey_mprotect(void *address, size_t length, int protection, int key)
{
	if (unlikely(!CAN_BE_READ(protection)))
		hole_note(address, length, HOOK_FRAME());
	return real.pkey_mprotect
		   ? real.pkey_mprotect(address, length, protection, key)
		   : (int)as_libc(system_call(SYS_pkey_mprotect, (long)address, (long)length, protection, key, 0, 0));
}

int madvise(void *address, size_t length, int advice)
{
	if (unlikely(advice == MADV_GUARD_INSTALL))
		hole_note(address, length, HOOK_FRAME());
	return real.madvise ? real.madvise(address, length, advice)
			    : (int)as_libc(system_call(SYS_madvise, (long)address, (long)length, advice, 0, 0, 0));
}

/* Memory that is moved to an address of the program's choice may be unreadable. */
static void target_note(int flags, const void *wanted, size_t length, const void *frame)
{
	if (!(flags & MREMAP_FIXED))
		return;
	wanted_note(wanted, length);
	hole_note(wanted, length, frame);
}

void memory_watch(long number, const long arguments[5])
{
	const void *address = (const void *)arguments[0];
	const size_t length = (size_t)arguments[1];
	const int protection = (int)arguments[2];
	bool takes_away = number == SYS_munmap || number == SYS_mremap;
	if (number == SYS_mprotect || number == SYS_pkey_mprotect)
		takes_away = !CAN_BE_READ(protection);
	else if (number == SYS_mmap)
		takes_away = arguments[3] & MAP_FIXED && !CAN_BE_READ(protection);
	else if (number == SYS_madvise)
		takes_away = protection == MADV_GUARD_INSTALL;
	if (number == SYS_mmap)
		wanted_note(address, length);
	if (takes_away)
		hole_note(address, length, HOOK_FRAME());
	if (number == SYS_mremap)
		target_note((int)arguments[3], (const void *)arguments[4], (size_t)arguments[2], HOOK_FRAME());
}

int munmap(void *address, size_t length)
{
	const uint64_t since = mapping_recorder_now();
	hole_note(address, length, HOOK_FRAME());
	const int result = real.munmap ? real.munmap(address, length)
				       : (int)as_libc(system_call(SYS_munmap, (long)address, (long)length, 0, 0, 0, 0));
	if (result == 0)
		mapping_recorder_add(&(struct mapping_event){.kind = SEEP_MAPPING_UNMAPPED,
							     .address = (uintptr_t)address,
							     .length = round_up(length, PAGE),
							     .since = since},
				     HOOK_FRAME());
	return result;
}

/* The program gives a new address with some flags only. The real mremap gets whatever the register holds, as it would
 * without us. */
void *mremap(void *address, size_t old_length, size_t length, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	void *wanted = va_arg(list, void *);
	va_end(list);
	const uint64_t since = mapping_recorder_now();
	hole_note(address, old_length, HOOK_FRAME());
	target_note(flags, wanted, length, HOOK_FRAME());
	void *mapped = real.mremap ? real.mremap(address, old_length, length, flags, wanted)
				   : (void *)as_libc(system_call(SYS_mremap, (long)address, (long)old_length,
								 (long)length, flags, (long)wanted, 0));
	if (mapped != MAP_FAILED)
		mapping_recorder_add(
		    &(struct mapping_event){.kind = SEEP_MAPPING_MOVED,
					    .address = (uintptr_t)mapped,
					    .length = round_up(length, PAGE),
					    .old_address = (uintptr_t)address,
					    .old_length = flags & MREMAP_DONTUNMAP ? 0 : round_up(old_length, PAGE),
					    .since = since},
		    HOOK_FRAME());
	return mapped;
}

int mlockall(int flags)
{
	return memory_lock(flags);
}

static int lock_plainly(int flags)
{
	return real.mlockall ? real.mlockall(flags) : (int)as_libc(system_call(SYS_mlockall, flags, 0, 0, 0, 0, 0));
}

/* Without MCL_ONFAULT it brings in all that is mapped by now. A user who may not lock as much as is mapped is refused
 * (ENOMEM), before anything is locked: perhaps by what the recording has mapped. */
int memory_lock(int flags)
{
	const bool held = (flags & MCL_CURRENT) && recording_hold();
	const int before = errno;
	int result = lock_plainly(flags);
	if (held && result < 0 && errno == ENOMEM && recording_shed()) {
		errno = before;
		result = lock_plainly(flags);
	}
	if (held)
		recording_let_go();
	return result;
}

/* Asks the kernel for the limit: by now the caller's structure may hold another one. */
void memory_limit_note(int resource)
{
	struct rlimit limit;
	if (resource == RLIMIT_AS && system_call(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		recording_limit_addresses(limit.rlim_cur);
}

/* Does not call the names that we export: a program may define them itself. */
static int limit_set(__rlimit_resource_t resource, const void *limit)
{
	const int result = real.setrlimit ? real.setrlimit((int)resource, limit)
					  : (int)as_libc(system_call(SYS_setrlimit, resource, (long)limit, 0, 0, 0, 0));
	if (result == 0)
		memory_limit_note((int)resource);
	return result;
}

static int limit_exchange(pid_t process, __rlimit_resource_t resource, const void *limit, void *before)
{
	const int result =
	    real.prlimit ? real.prlimit(process, (int)resource, limit, before)
			 : (int)as_libc(system_call(SYS_prlimit64, process, resource, (long)limit, (long)before, 0, 0));
	if (result == 0 && limit && (process == 0 || process == system_getpid()))
		memory_limit_note((int)resource);
	return result;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return limit_set(resource, limit);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	return limit_set(resource, limit);
}

int prlimit(pid_t process, __rlimit_resource_t resource, const struct rlimit *limit, struct rlimit *before)
{
	return limit_exchange(process, resource, limit, before);
}

int prlimit64(pid_t process, __rlimit_resource_t resource, const struct rlimit64 *limit, struct rlimit64 *before)
{
	return limit_exchange(process, resource, limit, before);
}

static void break_record(uintptr_t before, uintptr_t now, uint64_t since, const void *frame)
{
	if (now > before)
		mapping_recorder_add(&(struct mapping_event){.kind = SEEP_MAPPING_MAPPED,
							     .sort = SEEP_MAPPING_BREAK,
							     .address = before,
							     .length = now - before,
							     .since = since},
				     frame);
	else if (now < before)
		mapping_recorder_add(
		    &(struct mapping_event){
			.kind = SEEP_MAPPING_UNMAPPED, .address = now, .length = before - now, .since = since},
		    frame);
}

static void *sbrk_call(intptr_t increment)
{
	void *(*sbrk_now)(intptr_t) = real.sbrk;
	if (!sbrk_now)
		*(void **)&sbrk_now = image_address(IMAGE_LIBC, "sbrk");
	if (sbrk_now)
		return sbrk_now(increment);
	errno = ENOMEM;
	return (void *)-1;
}

int brk(void *end)
{
	int (*brk_now)(void *) = real.brk;
	const uint64_t since = mapping_recorder_now();
	const uintptr_t before = (uintptr_t)sbrk_call(0);
	if (!brk_now)
		*(void **)&brk_now = image_address(IMAGE_LIBC, "brk");
	if (!brk_now) {
		errno = ENOMEM;
		return -1;
	}
	const int result = brk_now(end);
	if (result == 0)
		break_record(before, (uintptr_t)end, since, HOOK_FRAME());
	return result;
}

void *sbrk(intptr_t increment)
{
	const uint64_t since = mapping_recorder_now();
	void *before = sbrk_call(increment);
	if (before != (void *)-1 && increment)
		break_record((uintptr_t)before, (uintptr_t)before + (uintptr_t)increment, since, HOOK_FRAME());
	return before;
}

/* Asking for a segment's size is a system call of ours, and may be refused. */
static uint64_t segment_length(int segment)
{
	struct shmid_ds status = {0};
	if (recording_is_confined() || system_call(SYS_shmctl, segment, IPC_STAT, (long)&status, 0, 0, 0) != 0)
		return PAGE;
	return round_up(status.shm_segsz, PAGE);
}

void *shmat(int segment, const void *address, int flags)
{
	const uint64_t since = mapping_recorder_now();
	if (address)
		wanted_note(address, segment_length(segment));
	void *mapped = real.shmat ? real.shmat(segment, address, flags)
				  : (void *)as_libc(system_call(SYS_shmat, segment, (long)address, flags, 0, 0, 0));
	if (mapped != MAP_FAILED)
		mapping_recorder_add(&(struct mapping_event){.kind = SEEP_MAPPING_MAPPED,
							     .sort = SEEP_MAPPING_SHARED | SEEP_MAPPING_SEGMENT,
							     .address = (uintptr_t)mapped,
							     .length = segment_length(segment),
							     .since = since},
				     HOOK_FRAME());
	return mapped;
}

int shmdt(const void *address)
{
	const uint64_t since = mapping_recorder_now();
	const int result =
	    real.shmdt ? real.shmdt(address) : (int)as_libc(system_call(SYS_shmdt, (long)address, 0, 0, 0, 0, 0));
	if (result == 0)
		mapping_recorder_add(&(struct mapping_event){.kind = SEEP_MAPPING_DETACHED,
							     .address = (uintptr_t)address,
							     .since = since},
				     HOOK_FRAME());
	return result;
}
