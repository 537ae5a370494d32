/* SPDX-License-Identifier: Apache-2.0 */
/* See filter.h. */
#include "tracing/filter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <seep/process.h>

#include "keeper/base/text.h"

enum { FILTERS_MAX = 128, STATUS_BYTES = 8192, STOP_TRIES = 20, STOP_NAPS = 50 };

#define CODE_PAGE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define NEW_FILE (O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC)

/* The calls that the borrowed thread and libseep.so make, with typical arguments. */
static const struct call {
	const char *name;
	int number;
	uint64_t arguments[6];
} calls[] = {
    {"mmap", SYS_mmap, {0, 1 << 19, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX}},
    {"mmap of code", SYS_mmap, {0, 1 << 18, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3}},
    {"mmap of a shared file", SYS_mmap, {0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, 3}},
    {"mprotect", SYS_mprotect, {0x10000, 4096, PROT_READ}},
    {"mmap of a page of code", SYS_mmap, {0x10000, 4096, PROT_READ | PROT_EXEC, CODE_PAGE, UINT64_MAX}},
    {"munmap", SYS_munmap, {0x10000, 4096}},
    {"madvise", SYS_madvise, {0x10000, 4096, MADV_RANDOM}},
    {"memfd_create", SYS_memfd_create, {0x10000, MFD_CLOEXEC}},
    {"openat", SYS_openat, {(uint64_t)AT_FDCWD, 0x10000, O_RDONLY | O_CLOEXEC}},
    {"openat of a new file", SYS_openat, {(uint64_t)AT_FDCWD, 0x10000, NEW_FILE, 0600}},
    {"read", SYS_read, {3, 0x10000, 832}},
    {"pread64", SYS_pread64, {3, 0x10000, 832}},
    {"write", SYS_write, {3, 0x10000, 832}},
    {"lseek", SYS_lseek, {3}},
    {"fstat", SYS_fstat, {3, 0x10000}},
    {"newfstatat", SYS_newfstatat, {3, 0x10000, 0x10000}},
    {"fstatfs", SYS_fstatfs, {3, 0x10000}},
    {"faccessat", SYS_faccessat, {3, 0x10000}},
    {"readlink", SYS_readlink, {0x10000, 0x10000, 64}},
    {"getdents64", SYS_getdents64, {3, 0x10000, 4096}},
    {"mkdirat", SYS_mkdirat, {3, 0x10000, 0700}},
    {"symlinkat", SYS_symlinkat, {0x10000, 3, 0x10000}},
    {"linkat", SYS_linkat, {3, 0x10000, 3, 0x10000}},
    {"unlinkat", SYS_unlinkat, {3, 0x10000}},
    {"fchmod", SYS_fchmod, {3, 0600}},
    {"ftruncate", SYS_ftruncate, {3, 1 << 20}},
    {"fallocate", SYS_fallocate, {3, 0, 0, 1 << 20}},
    {"fcntl", SYS_fcntl, {3, F_OFD_SETLK, 0x10000}},
    {"close", SYS_close, {3}},
    {"close_range", SYS_close_range, {1, 0}},
    {"prlimit64", SYS_prlimit64, {0, 1}},
    {"getpid", SYS_getpid, {0}},
    {"gettid", SYS_gettid, {0}},
    {"geteuid", SYS_geteuid, {0}},
    {"tgkill", SYS_tgkill, {1, 1, 0}},
    {"futex", SYS_futex, {0x10000, 129, 1}},
    {"rt_sigprocmask", SYS_rt_sigprocmask, {0, 0x10000, 0, 8}},
    {"rt_sigpending", SYS_rt_sigpending, {0x10000, 8}},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait, {0x10000, 0, 0x10000, 8}},
    {"rt_sigreturn", SYS_rt_sigreturn, {0}},
    {"select", SYS_select, {0, 0, 0, 0, 0x10000}},
    {"socket", SYS_socket, {AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC}},
    {"connect", SYS_connect, {3, 0x10000, 110}},
    {"sendto", SYS_sendto, {3, 0x10000, 64}},
    {"recvmsg", SYS_recvmsg, {3, 0x10000}},
};

static uint32_t computed(uint16_t code, uint32_t left, uint32_t right)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return left + right;
	case BPF_SUB:
		return left - right;
	case BPF_MUL:
		return left * right;
	case BPF_DIV:
		return right ? left / right : 0;
	case BPF_OR:
		return left | right;
	case BPF_AND:
		return left & right;
	case BPF_XOR:
		return left ^ right;
	case BPF_LSH:
		return right < 32 ? left << right : 0;
	case BPF_RSH:
		return right < 32 ? left >> right : 0;
	case BPF_NEG:
		return -left;
	default:
		return 0;
	}
}

static bool jumps(uint16_t code, uint32_t left, uint32_t right)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return left == right;
	case BPF_JGT:
		return left > right;
	case BPF_JGE:
		return left >= right;
	default:
		return left & right; /* BPF_JSET */
	}
}

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const struct seccomp_data *data;
};

static uint32_t loaded(const struct machine *machine, const struct sock_filter *step)
{
	uint32_t word = 0;

	switch (BPF_MODE(step->code)) {
	case BPF_IMM:
		return step->k;
	case BPF_MEM:
		return machine->memory[step->k % BPF_MEMWORDS];
	case BPF_LEN:
		return sizeof *machine->data;
	default: /* BPF_ABS */
		if (step->k <= sizeof *machine->data - sizeof word)
			memcpy(&word, (const char *)machine->data + step->k, sizeof word);
		return word;
	}
}

/* A filter's answer to a call, computed as the kernel would. */
static uint32_t filter_answer(const struct sock_filter *steps, size_t count, const struct seccomp_data *data)
{
	struct machine machine = {.data = data};

	for (size_t at = 0; at < count; at++) {
		const struct sock_filter *step = &steps[at];
		uint32_t right = BPF_SRC(step->code) == BPF_X ? machine.x : step->k;
		switch (BPF_CLASS(step->code)) {
		case BPF_LD:
			machine.a = loaded(&machine, step);
			break;
		case BPF_LDX:
			machine.x = loaded(&machine, step);
			break;
		case BPF_ST:
			machine.memory[step->k % BPF_MEMWORDS] = machine.a;
			break;
		case BPF_STX:
			machine.memory[step->k % BPF_MEMWORDS] = machine.x;
			break;
		case BPF_ALU:
			machine.a = computed(step->code, machine.a, right);
			break;
		case BPF_JMP:
			at += BPF_OP(step->code) == BPF_JA          ? step->k
			      : jumps(step->code, machine.a, right) ? step->jt
								    : step->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(step->code) == BPF_A ? machine.a : step->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(step->code) == BPF_TAX)
				machine.x = machine.a;
			else
				machine.a = machine.x;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* libseep.so can live with an answer that is an error; but not with one that ends the process or hands the call to
 * somebody. */
static bool is_harmless(uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_ERRNO;
}

/* The first call to which this filter's answer is not harmless, or NULL. */
static const char *call_not_allowed(const struct sock_filter *steps, size_t count)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct seccomp_data data = {.nr = calls[i].number, .arch = AUDIT_ARCH_X86_64};
		memcpy(data.args, calls[i].arguments, sizeof data.args);
		if (!is_harmless(filter_answer(steps, count, &data)))
			return calls[i].name;
	}
	return NULL;
}

bool thread_filters_allow(pid_t pid, pid_t tid, struct error *error)
{
	struct sock_filter steps[BPF_MAXINSNS];
	long count = 0;

	for (long i = 0; i < FILTERS_MAX && (count = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)i, NULL)) > 0;
	     i++) {
		if (count > BPF_MAXINSNS || ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)i, steps) != count)
			break;
		const char *name = call_not_allowed(steps, (size_t)count);
		if (name)
			return error_set(error, "%d can't be joined: its seccomp filter does not let it call %s",
					 (int)pid, name);
	}
	if (count < 0 && errno == ENOENT)
		return true;
	return error_set(
	    error, "%d can't be joined: its seccomp filters can't be read (%s); ask as root, outside of containers",
	    (int)pid, strerror(errno));
}

bool thread_is_confined(pid_t pid, pid_t tid)
{
	char name[48], status[STATUS_BYTES];
	uint64_t mode = 0;

	snprintf(name, sizeof name, "task/%d/status", (int)tid);
	return seep_process_read((uint64_t)pid, name, status, sizeof status) > 0 &&
	       text_line_number(status, "Seccomp:", &mode) && mode != SECCOMP_MODE_DISABLED;
}

bool process_is_confined(pid_t pid)
{
	char path[32];
	bool is_confined = false;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *threads = opendir(path);
	for (struct dirent *entry; threads && !is_confined && (entry = readdir(threads)) != NULL;)
		is_confined = thread_is_confined(pid, (pid_t)atoi(entry->d_name));
	if (threads)
		closedir(threads);
	return is_confined;
}

/* On a loaded machine, a thread may not reach its stop in time. */
static bool patient_stop(struct tracees *tracees, struct tracee *tracee, double pause_ms, struct error *error)
{
	for (int i = 0; i < STOP_TRIES; i++) {
		if (tracee_stop(tracees, tracee, pause_ms, error))
			return true;
		for (int naps = 0; naps < STOP_NAPS && tracee->state == TRACEE_ASKED; naps++) {
			tracing_nap(1);
			tracees_serve(tracees);
		}
		if (tracee->state != TRACEE_FREE)
			return false;
	}
	return false;
}

bool process_filters_allow(struct tracees *tracees, double pause_ms, struct error *error)
{
	if (!process_is_confined(tracees->pid))
		return true;
	if (!tracees_look(tracees, error))
		return false;
	for (size_t i = 0; i < tracees->count; i++) {
		struct tracee *tracee = &tracees->items[i];
		if (!thread_is_confined(tracees->pid, tracee->tid))
			continue;
		if (!patient_stop(tracees, tracee, pause_ms, error))
			return false;
		bool allowed = thread_filters_allow(tracees->pid, tracee->tid, error);
		tracee_resume(tracees, tracee);
		return allowed;
	}
	return true;
}
