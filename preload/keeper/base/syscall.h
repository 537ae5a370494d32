/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw system calls: they return a value or -errno and never touch errno, so
 * they can be used in hooks, in signal handlers and in the keeper's thread,
 * which has no C library state of its own. x86-64 Linux.
 */
#ifndef SEEP_BASE_SYSCALL_H
#define SEEP_BASE_SYSCALL_H

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline int system_open_at(int directory, const char *path, int flags, int mode)
{
	return (int)system_call(SYS_openat, directory, (long)path, flags, mode, 0, 0);
}

static inline int system_open(const char *path, int flags, int mode)
{
	return system_open_at(AT_FDCWD, path, flags, mode);
}

static inline int system_close(int descriptor)
{
	return (int)system_call(SYS_close, descriptor, 0, 0, 0, 0, 0);
}

static inline long system_read(int descriptor, void *data, size_t bytes)
{
	return system_call(SYS_read, descriptor, (long)data, (long)bytes, 0, 0, 0);
}

static inline long system_pread(int descriptor, void *data, size_t bytes, uint64_t offset)
{
	return system_call(SYS_pread64, descriptor, (long)data, (long)bytes, (long)offset, 0, 0);
}

static inline long system_write(int descriptor, const void *data, size_t bytes)
{
	return system_call(SYS_write, descriptor, (long)data, (long)bytes, 0, 0, 0);
}

/* An address, or a value in [-4095, -1]: see system_failed(). */
static inline void *system_map(void *address, size_t bytes, int protection, int flags, int descriptor, uint64_t offset)
{
	return (void *)system_call(SYS_mmap, (long)address, (long)bytes, protection, flags, descriptor, (long)offset);
}

static inline int system_failed(const void *address)
{
	return (unsigned long)address > -4096UL;
}

static inline int system_unmap(void *address, size_t bytes)
{
	return (int)system_call(SYS_munmap, (long)address, (long)bytes, 0, 0, 0, 0);
}

/* Zeroed memory of ours, which takes no pages until it is touched; `bytes` may be 0. NULL: there is no memory. */
static inline void *scratch_map(size_t bytes)
{
	void *scratch = system_map(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return system_failed(scratch) ? NULL : scratch;
}

/* May be NULL. */
static inline void scratch_unmap(void *scratch, size_t bytes)
{
	if (scratch)
		system_unmap(scratch, bytes ? bytes : 1);
}

static inline int system_protect(void *address, size_t bytes, int protection)
{
	return (int)system_call(SYS_mprotect, (long)address, (long)bytes, protection, 0, 0, 0);
}

static inline int system_unlock(void *address, size_t bytes)
{
	return (int)system_call(SYS_munlock, (long)address, (long)bytes, 0, 0, 0, 0);
}

static inline int system_advise(void *address, size_t bytes, int advice)
{
	return (int)system_call(SYS_madvise, (long)address, (long)bytes, advice, 0, 0, 0);
}

/* Not private: the words lie in a file that several processes map. timeout may be NULL. */
static inline long system_futex_wait(const void *word, uint32_t expected, const struct timespec *timeout)
{
	return system_call(SYS_futex, (long)word, FUTEX_WAIT, expected, (long)timeout, 0, 0);
}

static inline long system_futex_wake(const void *word, int waiters)
{
	return system_call(SYS_futex, (long)word, FUTEX_WAKE, waiters, 0, 0, 0);
}

static inline int system_getpid(void)
{
	return (int)system_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline int system_gettid(void)
{
	return (int)system_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static inline int system_kill(int pid, int signal)
{
	return (int)system_call(SYS_kill, pid, signal, 0, 0, 0, 0);
}

static inline int system_allocate(int descriptor, int mode, uint64_t offset, uint64_t bytes)
{
	return (int)system_call(SYS_fallocate, descriptor, mode, (long)offset, (long)bytes, 0, 0);
}

static inline int system_truncate(int descriptor, uint64_t bytes)
{
	return (int)system_call(SYS_ftruncate, descriptor, (long)bytes, 0, 0, 0, 0);
}

static inline int system_synchronize(int descriptor)
{
	return (int)system_call(SYS_fsync, descriptor, 0, 0, 0, 0, 0);
}

static inline int system_stat_descriptor(int descriptor, struct stat *status)
{
	return (int)system_call(SYS_fstat, descriptor, (long)status, 0, 0, 0, 0);
}

static inline int system_change_mode(int descriptor, int mode)
{
	return (int)system_call(SYS_fchmod, descriptor, mode, 0, 0, 0, 0);
}

static inline unsigned system_effective_user(void)
{
	return (unsigned)system_call(SYS_geteuid, 0, 0, 0, 0, 0, 0);
}

static inline int system_make_directory(const char *path, int mode)
{
	return (int)system_call(SYS_mkdirat, AT_FDCWD, (long)path, mode, 0, 0, 0);
}

static inline int system_unlink_at(int directory, const char *path, int flags)
{
	return (int)system_call(SYS_unlinkat, directory, (long)path, flags, 0, 0, 0);
}

static inline int system_rename_at(int from_directory, const char *from, int to_directory, const char *to,
				   unsigned flags)
{
	return (int)system_call(SYS_renameat2, from_directory, (long)from, to_directory, (long)to, flags, 0);
}

static inline int system_link_at(int from_directory, const char *from, int to_directory, const char *to)
{
	return (int)system_call(SYS_linkat, from_directory, (long)from, to_directory, (long)to, 0, 0);
}

static inline long system_list_directory(int directory, void *entries, size_t bytes)
{
	return system_call(SYS_getdents64, directory, (long)entries, (long)bytes, 0, 0, 0);
}

static inline long system_read_link(const char *path, char *target, size_t bytes)
{
	return system_call(SYS_readlinkat, AT_FDCWD, (long)path, (long)target, (long)bytes, 0, 0);
}

static inline int64_t system_seek(int descriptor, int64_t offset, int whence)
{
	return system_call(SYS_lseek, descriptor, offset, whence, 0, 0, 0);
}

/* May move the mapping. As system_map(). */
static inline void *system_remap(void *address, size_t old_bytes, size_t new_bytes)
{
	return (void *)system_call(SYS_mremap, (long)address, (long)old_bytes, (long)new_bytes, MREMAP_MAYMOVE, 0, 0);
}

/* The same file on the lowest free descriptor from `lowest` on, close-on-exec. */
static inline int system_duplicate(int descriptor, int lowest)
{
	return (int)system_call(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, lowest, 0, 0, 0);
}

/* The soft limit of this process; a value of enum __rlimit_resource. */
static inline int system_limit(int resource, struct rlimit *limit)
{
	return (int)system_call(SYS_prlimit64, 0, resource, 0, (long)limit, 0, 0);
}

#define SIGNAL_BIT(number) (UINT64_C(1) << ((number)-1))
#define SIGNALS_ALL UINT64_MAX
/* A fault whose signal is blocked would kill the program. */
#define SIGNALS_BUT_FAULTS                                                                                             \
	~(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGTRAP) |   \
	  SIGNAL_BIT(SIGSYS))

/* Blocks these signals, too, in this thread. The mask as it was before. */
static inline uint64_t system_block_signals(uint64_t signals)
{
	uint64_t before = 0;
	system_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&signals, (long)&before, sizeof signals, 0, 0);
	return before;
}

static inline void system_restore_signals(uint64_t before)
{
	system_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
}

#endif
