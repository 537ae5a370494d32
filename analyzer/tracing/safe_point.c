/* SPDX-License-Identifier: Apache-2.0 */
/* See safe_point.h. */
#include "tracing/safe_point.h"

#include <elf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seep/entry_points.h>
#include <seep/process.h>

#include "base/memory.h"
#include "tracing/frame.h"

enum { FRAMES_MAX = 4096, FORBIDDEN_MAX = 160, WAITING_MAX = 64 };

struct safe_point {
	const struct loaded *loaded;
	const struct loaded_module *libc, *loader, *allocator, *shim;
	struct code_range forbidden[FORBIDDEN_MAX], waiting[WAITING_MAX];
	size_t forbidden_count, waiting_count, own_count;
	const struct code_range *own; /* ranges of an allocator in the program */
	Dwfl *dwfl;
	/* of the present walk */
	size_t frames;
	const char *why;
	bool waits; /* the innermost frame is at a system call that waits */
	/* that call is futex(), by which everything waits: one of the allowed functions must be on the stack */
	bool must_be_seen;
};

/* Calls that wait for others or for time, and that neither allocators nor the loader make. */
static bool is_wait(long number)
{
	static const short waits[] = {
	    SYS_epoll_wait,      SYS_epoll_pwait,     SYS_poll,   SYS_ppoll,         SYS_select,          SYS_pselect6,
	    SYS_nanosleep,       SYS_clock_nanosleep, SYS_pause,  SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_accept,
	    SYS_accept4,         SYS_wait4,           SYS_waitid, SYS_recvfrom,      SYS_recvmsg,         SYS_read,
	    SYS_restart_syscall, SYS_semtimedop,      SYS_semop,  SYS_msgrcv,        SYS_io_getevents};

	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
		if (number == waits[i])
			return true;
	return false;
}

static long call_of(pid_t pid, pid_t tid)
{
	char path[64];
	long number = -1;

	snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
	FILE *file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1; /* the kernel says "running" */
	fclose(file);
	return number;
}

int safe_point_rank(pid_t pid, pid_t tid)
{
	long number = call_of(pid, tid);

	/* who waits for children had better not be traced for long: see tracees.h */
	if (is_wait(number) && number != SYS_wait4 && number != SYS_waitid)
		return 0;
	return is_wait(number) || number == SYS_futex ? 1 : 2;
}

static int debug_find(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
		      const char *link, GElf_Word checksum, char **found)
{
	(void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)checksum, (void)found;
	return -1; /* unwind tables are in the modules themselves, so memory need not be read */
}

static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf, .find_debuginfo = debug_find};

/* Adds the places of all versions of that function in the C library. */
static void ranges_add(const struct loaded_module *libc, const char *name, struct code_range *ranges, size_t *count,
		       size_t most)
{
	for (uint32_t i = 1; libc && i < libc->symbol_count; i++) {
		const Elf64_Sym *symbol = &libc->symbols[i];
		if (symbol->st_value && symbol->st_size && *count < most &&
		    strcmp(loaded_symbol_name(libc, i), name) == 0)
			ranges[(*count)++] = (struct code_range){libc->bias + symbol->st_value,
								 libc->bias + symbol->st_value + symbol->st_size};
	}
}

static void forbid(struct safe_point *safe, const char *name)
{
	ranges_add(safe->libc, name, safe->forbidden, &safe->forbidden_count, FORBIDDEN_MAX);
}

static int tables_load(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, void *argument)
{
	Dwarf_Addr bias;

	(void)data, (void)name, (void)base, (void)argument;
	dwfl_module_eh_cfi(module, &bias);
	return DWARF_CB_OK;
}

/* Functions that wait for other threads by futex(), and hold nothing of the C library meanwhile. */
static const char *const waiting[] = {"pthread_cond_wait",      "pthread_cond_timedwait",
				      "pthread_cond_clockwait", "pthread_join",
				      "pthread_timedjoin_np",   "pthread_clockjoin_np",
				      "pthread_barrier_wait",   "sem_wait",
				      "sem_timedwait",          "sem_clockwait",
				      "pthread_mutex_lock",     "pthread_rwlock_rdlock",
				      "pthread_rwlock_wrlock",  "syscall"};

struct safe_point *safe_point_begin(pid_t pid, const struct loaded *loaded, const struct loaded_module *allocator)
{
#define NAME(name, ...) #name,
	static const char *const names[] = {SEEP_ENTRY_POINTS_OF_C(NAME) "fork",
					    "_Fork",
					    "vfork",
					    "posix_spawn",
					    "posix_spawnp",
					    "system",
					    "popen",
					    "exit",
					    "quick_exit",
					    "_exit",
					    "abort",
					    "dlopen",
					    "dlclose",
					    "dlsym",
					    "dlvsym",
					    "dlmopen",
					    "dl_iterate_phdr",
					    "pthread_create",
					    "pthread_exit",
					    "malloc_trim",
					    "mallinfo",
					    "mallinfo2",
					    "malloc_info",
					    "malloc_stats",
					    "mallopt",
					    "__libc_freeres"};
	struct safe_point *safe = memory_allocate(1, sizeof *safe);

	*safe = (struct safe_point){.loaded = loaded,
				    .libc = loaded_find(loaded, "libc.so.6"),
				    .loader = loaded_find(loaded, "ld-linux-x86-64.so.2"),
				    .allocator = allocator,
				    .shim = loaded_find(loaded, "libseep.so")};
	if (safe->allocator == safe->libc)
		safe->allocator = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		forbid(safe, names[i]);
	for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
		ranges_add(safe->libc, waiting[i], safe->waiting, &safe->waiting_count, WAITING_MAX);
	safe->dwfl = dwfl_begin(&callbacks);
	if (safe->dwfl &&
	    (dwfl_linux_proc_report(safe->dwfl, pid) != 0 || dwfl_report_end(safe->dwfl, NULL, NULL) != 0 ||
	     dwfl_linux_proc_attach(safe->dwfl, pid, true) != 0)) {
		dwfl_end(safe->dwfl);
		safe->dwfl = NULL;
	}
	if (safe->dwfl) /* now, while nothing stands still for it */
		dwfl_getmodules(safe->dwfl, tables_load, NULL, 0);
	return safe;
}

void safe_point_forbid(struct safe_point *safe, const struct code_range *ranges, size_t count)
{
	safe->own = ranges;
	safe->own_count = count;
}

void safe_point_end(struct safe_point *safe)
{
	if (safe && safe->dwfl)
		dwfl_end(safe->dwfl);
	free(safe);
}

static bool is_in_one(const struct code_range *ranges, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (address >= ranges[i].start && address < ranges[i].end)
			return true;
	return false;
}

static bool lies_in(const struct loaded_module *module, uint64_t address)
{
	return module && address >= module->start && address < module->end;
}

/* The address is the next instruction: an interrupted thread may be anywhere in the C library, in the middle of
 * something that does not show. */
static int frame_look(Dwfl_Frame *frame, void *argument)
{
	struct safe_point *safe = argument;
	Dwarf_Addr address;
	bool interrupted;

	if (!dwfl_frame_pc(frame, &address, &interrupted) || safe->frames++ == FRAMES_MAX) {
		safe->why = "its stack can't be walked";
		return DWARF_CB_ABORT;
	}
	bool innermost = safe->frames == 1;
	if (!interrupted)
		address--; /* within the call instruction */
	if (lies_in(safe->loader, address))
		safe->why = "it is in the loader";
	else if (lies_in(safe->allocator, address) || is_in_one(safe->forbidden, safe->forbidden_count, address) ||
		 is_in_one(safe->own, safe->own_count, address))
		safe->why = "it is in the allocator, fork() or exit()";
	else if (lies_in(safe->shim, address)) /* threads of libseep.so are unknown to the C library */
		safe->why = "it is in libseep.so";
	else if (interrupted && !(innermost && safe->waits) && lies_in(safe->libc, address))
		safe->why = "it is in the middle of the C library";
	if (is_in_one(safe->waiting, safe->waiting_count, address))
		safe->must_be_seen = false;
	return safe->why ? DWARF_CB_ABORT : DWARF_CB_OK;
}

bool safe_point_in_sequence(const struct tracee *tracee)
{
	struct __ptrace_rseq_configuration sequence = {0};
	uint64_t under_way = 0;

	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, tracee->tid, (void *)sizeof sequence, &sequence) <= 0 ||
	    !sequence.rseq_abi_pointer)
		return false;
	long word = ptrace(PTRACE_PEEKDATA, tracee->tid, (void *)(uintptr_t)(sequence.rseq_abi_pointer + 8), NULL);
	memcpy(&under_way, &word, sizeof under_way);
	return under_way != 0;
}

/* The system call with which the thread will continue: it was interrupted in it, or stands before its instruction to
 * make it again. -1: none. */
static long call_under_way(pid_t tid, const struct user_regs_struct *registers)
{
	if ((long)registers->orig_rax >= 0)
		return (long)registers->orig_rax;
	long code = ptrace(PTRACE_PEEKTEXT, tid, (void *)(uintptr_t)registers->rip, NULL);
	return (code & 0xffff) == 0x050f ? (long)registers->rax : -1;
}

/* Finds the mapping of a thread's stack pointer. */
struct stack_search {
	uint64_t stack, thread; /* the C library keeps its data about the thread at the stack's end */
	bool is_own, has_room;
};

static bool mapping_look(const struct seep_mapping *mapping, void *context)
{
	struct stack_search *search = context;

	if (search->stack < mapping->start || search->stack >= mapping->end)
		return true;
	search->is_own = strcmp(mapping->label, "[stack]") == 0 ||
			 (search->thread >= mapping->start && search->thread < mapping->end);
	search->has_room = search->stack - mapping->start >= frame_room();
	return false;
}

/* A frame goes below the stack that the C library has given the thread, if that is long enough. Below a coroutine's
 * stack (Go's have 2 KiB) there may be another's memory, and so there may behind a thread's guard, which does not keep
 * us from writing. */
static const char *stack_complaint(pid_t pid, const struct user_regs_struct *registers)
{
	struct stack_search search = {.stack = registers->rsp, .thread = registers->fs_base};

	if (seep_process_visit_mappings((uint64_t)pid, mapping_look, &search) != 0 || !search.is_own)
		return "it is on a stack of the program's own";
	return search.has_room ? NULL : "its stack is nearly full";
}

bool safe_point_is_here(struct safe_point *safe, const struct tracee *tracee, const char **why)
{
	struct user_regs_struct registers;

	*why = "it can't be read";
	if (!safe->dwfl || ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) != 0)
		return false;
	long number = call_under_way(tracee->tid, &registers);
	safe->waits = is_wait(number) || number == SYS_futex;
	safe->must_be_seen = number == SYS_futex;
	safe->frames = 0;
	safe->why = NULL;
	int ended = dwfl_getthread_frames(safe->dwfl, tracee->tid, frame_look, safe);
	*why = safe->why;
	if (!*why && (safe->must_be_seen || (ended != 0 && safe->frames < 2)))
		*why = safe->must_be_seen ? "it waits for a lock" : "its stack can't be walked";
	if (*why)
		return false;
	if (!safe->waits && safe_point_in_sequence(tracee)) {
		*why = "it is in a restartable sequence";
		return false;
	}
	*why = stack_complaint(dwfl_pid(safe->dwfl), &registers);
	return !*why;
}
