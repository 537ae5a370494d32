/* SPDX-License-Identifier: Apache-2.0 */
/* See image.h. */
#include "copy/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seep/process.h>

#include "base/memory.h"
#include "copy/steps.h"
#include "tracing/filter.h"
#include "tracing/safe_point.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif

#define NAP_MS 0.05

enum {
	VECTORS_MOST = 16 << 10,
	FRAME_ROOM = 24 << 10, /* the most that a frame takes, with the distance that it keeps */
	STACK_ROOM = 48 << 10, /* the room that a thread needs below its stack pointer if the frame goes there */
	STOP_TRIES = 50,
	STOP_NAP_MS = 20,
	REAP_TRIES = 50,
	REAP_NAP_MS = 10,
	SETTLE_WITHIN_MS = 2000, /* while the program stands still */
	END_WITHIN_MS = 10000,   /* until a killed copy of many GiB has ended */
};

/* Field 38 of /proc/PID/stat: the signal that tells a process's parent of its end. */
static int end_signal(pid_t pid)
{
	char stat[1024];
	const char *at = seep_process_read((uint64_t)pid, "stat", stat, sizeof stat) > 0 ? strrchr(stat, ')') : NULL;

	for (int field = 2; at && field < 38; field++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at) : SIGCHLD;
}

/* The number that a process has in its own pid namespace. */
static int64_t own_number(pid_t pid)
{
	char status[4096];
	const char *at =
	    seep_process_read((uint64_t)pid, "status", status, sizeof status) > 0 ? strstr(status, "\nNSpid:") : NULL;
	const char *end = at ? strchr(at + 1, '\n') : NULL;

	while (end && end > at && end[-1] >= '0' && end[-1] <= '9')
		end--;
	return at ? atoll(end) : pid;
}

/* Finds copies that have ended but that nobody has waited for, because the seep that made them was killed. */
static void remains_find(struct imaging *imaging)
{
	const struct tracees *tracees = &imaging->work.tracees;
	char path[64], state;
	int child;

	for (size_t i = 0; i < tracees->count; i++) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)tracees->pid, (int)tracees->items[i].tid);
		FILE *file = fopen(path, "re");
		while (file && imaging->remain_count < REMAINS && fscanf(file, "%d", &child) == 1)
			if (end_signal(child) == 0 && seep_process_shown_as((uint64_t)child, &state) && state == 'Z')
				imaging->remains[imaging->remain_count++] = own_number(child);
		if (file)
			fclose(file);
	}
}

bool imaging_begin(struct imaging *imaging, pid_t pid, double pause_ms, struct error *error)
{
	*imaging = (struct imaging){.leave = 0};
	if (!work_begin(&imaging->work, pid, pause_ms, error))
		return false;
	const struct loaded_module *libc = loaded_find(&imaging->work.loaded, "libc.so.6");
	imaging->leave = libc ? loaded_definition(libc, "_exit") : 0;
	if (imaging->leave &&
	    borrowed_prepare(&imaging->prepared, &imaging->work.remote, &imaging->work.loaded, &imaging->work.tracees,
			     error) &&
	    tracees_look(&imaging->work.tracees, error)) {
		remains_find(imaging);
		return true;
	}
	if (!imaging->leave)
		error_set(error, "%d: its C library is not one that seep knows", (int)pid);
	imaging_end(imaging);
	return false;
}

void imaging_end(struct imaging *imaging)
{
	work_end(&imaging->work, NULL);
}

static const struct ledger_mapping *mapping_of(const struct ledger *mappings, uint64_t address)
{
	for (uint32_t i = 0; i < mappings->count; i++)
		if (address >= mappings->mappings[i].start && address < mappings->mappings[i].end)
			return &mappings->mappings[i];
	return NULL;
}

static bool is_main_stack(const struct ledger *mappings, const struct ledger_mapping *mapping)
{
	return strcmp(mappings->names + mapping->name, "[stack]") == 0;
}

/* Whether a thread is on its own stack (the main thread's, or one with the thread's control block above it) and has
 * room below. A coroutine's stack may have no room. */
static bool stack_has_room(const struct ledger *mappings, const struct user_regs_struct *registers)
{
	const struct ledger_mapping *stack = mapping_of(mappings, registers->rsp);

	return stack && stack->permission & LEDGER_WRITE && registers->rsp - stack->start >= STACK_ROOM &&
	       (is_main_stack(mappings, stack) ||
		(registers->fs_base > registers->rsp && registers->fs_base < stack->end));
}

/* A place at the deep end of the main thread's stack, where no call has been yet. */
static uint64_t clear_place(const struct imaging *imaging, const struct ledger *mappings)
{
	char *bytes = memory_allocate(1, FRAME_ROOM);
	uint64_t place = 0;

	for (uint32_t i = 0; i < mappings->count && !place; i++) {
		const struct ledger_mapping *mapping = &mappings->mappings[i];
		bool is_clear = is_main_stack(mappings, mapping) && mapping->end - mapping->start >= STACK_ROOM &&
				remote_read(&imaging->work.remote, mapping->start, bytes, FRAME_ROOM);
		for (size_t at = 0; is_clear && at < FRAME_ROOM; at++)
			is_clear = bytes[at] == 0;
		place = is_clear ? mapping->start + FRAME_ROOM : 0;
	}
	free(bytes);
	return place;
}

/* Zeroes that place again. */
static void place_clear(const struct imaging *imaging, uint64_t place)
{
	char *zeros = memory_allocate(1, FRAME_ROOM);

	remote_write(&imaging->work.remote, place - FRAME_ROOM, zeros, FRAME_ROOM);
	free(zeros);
}

/* Makes a stopped thread work for us. */
static bool thread_take(const struct imaging *imaging, struct borrowed *borrowed, struct tracee *tracee,
			const struct ledger *mappings, uint64_t place)
{
	struct user_regs_struct registers;
	struct error ignored;

	*borrowed = imaging->prepared;
	if (tracee->state != TRACEE_STOPPED || ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) != 0 ||
	    safe_point_in_sequence(tracee) || thread_is_confined(imaging->work.pid, tracee->tid))
		return false;
	if (!place && !stack_has_room(mappings, &registers))
		return false;
	borrowed->place = place;
	return borrowed_begin(borrowed, tracee, &ignored);
}

/* Gives the thread back as it was. */
static void thread_give_back(const struct imaging *imaging, struct borrowed *borrowed)
{
	borrowed_end(borrowed);
	if (borrowed->place && !borrowed->lost)
		place_clear(imaging, borrowed->place);
}

/* Takes any thread; all of them stand still. Those that wait in a system call come first. */
static bool any_take(struct imaging *imaging, struct borrowed *borrowed, const struct ledger *mappings,
		     struct error *error)
{
	struct tracees *tracees = &imaging->work.tracees;

	for (int round = 0; round < 3; round++) {
		const uint64_t place = round == 2 ? clear_place(imaging, mappings) : 0;
		if (round == 2 && !place)
			break;
		for (size_t i = 0; i < tracees->count; i++)
			if ((round != 0 || safe_point_rank(tracees->pid, tracees->items[i].tid) < 2) &&
			    thread_take(imaging, borrowed, &tracees->items[i], mappings, place))
				return true;
	}
	if (process_is_confined(tracees->pid))
		return error_set(error, "%d has forbidden itself system calls (seccomp)", (int)tracees->pid);
	return error_set(error, "%d: no thread can make a copy of its memory now; try again", (int)tracees->pid);
}

static void registers_take(struct image *image, const struct tracees *tracees)
{
	char *state = memory_allocate(1, VECTORS_MOST);

	image->threads = memory_allocate(tracees->count, sizeof *image->threads);
	for (size_t i = 0; i < tracees->count; i++) {
		struct iovec vectors = {state, VECTORS_MOST};
		struct image_thread *thread = &image->threads[image->thread_count];
		thread->tid = tracees->items[i].tid;
		if (tracees->items[i].state != TRACEE_STOPPED ||
		    ptrace(PTRACE_GETREGS, thread->tid, NULL, &thread->registers) != 0)
			continue;
		image->thread_count++;
		if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_X86_XSTATE, &vectors) == 0)
			buffer_append(&image->vectors, state, vectors.iov_len & ~(size_t)7);
	}
	free(state);
}

/* Has the program wait for a copy that has ended. */
static void copy_reap(struct borrowed *borrowed, int64_t number)
{
	const uint64_t arguments[BORROWED_ARGUMENTS] = {(uint64_t)number, 0, __WALL | WNOHANG, 0};
	struct error ignored;
	int64_t result;

	borrowed_system(borrowed, SYS_wait4, arguments, &result, &ignored);
}

/*
 * The copy's stack is below the frame, and leads to _exit(): if we end, the copy executes only that of the program's
 * code. It shares the program's files until it lets go of them.
 */
static bool copy_make(struct imaging *imaging, struct image *image, struct borrowed *borrowed, struct error *error)
{
	const uint64_t stack = (borrowed->rescue - 256) & ~UINT64_C(15);
	const uint64_t arguments[BORROWED_ARGUMENTS] = {CLONE_FILES, stack};
	const pid_t tid = borrowed->tracee->tid;
	int64_t result = 0;

	if (!remote_write(&imaging->work.remote, stack, &imaging->leave, sizeof imaging->leave) ||
	    ptrace(PTRACE_SETOPTIONS, tid, NULL, (void *)(intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE)) != 0)
		return error_set(error, "%d: its memory can't be copied: %s", (int)imaging->work.pid, strerror(errno));
	bool made = borrowed_system(borrowed, SYS_clone, arguments, &result, error);
	ptrace(PTRACE_SETOPTIONS, tid, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD);
	image->pid = borrowed->copy;
	image->number = result;
	if (made && result < 0)
		return error_set(error, "%d: its memory can't be copied: %s", (int)imaging->work.pid,
				 strerror((int)-result));
	return made && (image->pid || error_set(error, "%d: its memory can't be copied", (int)imaging->work.pid));
}

/* The copy ends when we do, and holds no file: a pipe or a lock of a program that is killed meanwhile must end with it. */
static bool copy_settle(const struct imaging *imaging, const struct image *image, struct error *error)
{
	struct steps steps = {.pid = image->pid, .until_ms = tracing_now_ms() + SETTLE_WITHIN_MS};
	const uint64_t all[BORROWED_ARGUMENTS] = {0, UINT32_MAX, CLOSE_RANGE_UNSHARE};
	const intptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
	struct user_regs_struct registers;
	int status = 0;
	int64_t ignored; /* Linux before 5.9 has no such call */
	pid_t got;

	while ((got = waitpid(image->pid, &status, __WALL | WNOHANG)) == 0 && tracing_now_ms() < steps.until_ms)
		tracing_nap(NAP_MS);
	if (got != image->pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, image->pid, NULL, (void *)options) != 0 ||
	    ptrace(PTRACE_GETREGS, image->pid, NULL, &registers) != 0)
		return error_set(error, "the copy of its memory has ended");
	return steps_system(&steps, &registers, imaging->prepared.call, SYS_close_range, all, &ignored, error);
}

/* Makes the kernel kill the copy before all others if memory runs short. */
static void copy_offer(const struct image *image)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)image->pid);
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file >= 0 && write(file, "1000", 4) != 4)
		errno = 0; /* it may not be the first then: room.c watches */
	if (file >= 0)
		close(file);
}

static bool all_stop(struct imaging *imaging, struct error *error)
{
	for (int i = 0; i < STOP_TRIES; i++) {
		if (tracees_stop(&imaging->work.tracees, imaging->work.pause_ms, error))
			return true;
		for (double until_ms = tracing_now_ms() + STOP_NAP_MS; tracing_now_ms() < until_ms; tracing_nap(1))
			tracees_serve(&imaging->work.tracees);
	}
	return false;
}

bool image_take(struct image *image, struct imaging *imaging, const struct ledger *mappings, struct error *error)
{
	struct borrowed borrowed;

	*image = (struct image){0};
	if (!all_stop(imaging, error))
		return false;
	registers_take(image, &imaging->work.tracees);
	bool made = any_take(imaging, &borrowed, mappings, error);
	if (made) {
		while (imaging->remain_count)
			copy_reap(&borrowed, imaging->remains[--imaging->remain_count]);
		made = copy_make(imaging, image, &borrowed, error) && copy_settle(imaging, image, error);
		thread_give_back(imaging, &borrowed);
	}
	tracees_resume(&imaging->work.tracees);
	if (made)
		copy_offer(image);
	else
		image_drop(image, imaging, mappings);
	return made;
}

bool image_hold(struct image *image, struct imaging *imaging, struct error *error)
{
	*image = (struct image){.pid = imaging->work.pid};
	if (!all_stop(imaging, error))
		return false;
	registers_take(image, &imaging->work.tracees);
	return true;
}

static void image_free(struct image *image)
{
	free(image->threads);
	buffer_free(&image->vectors);
	*image = (struct image){0};
}

void image_let_go(struct image *image, struct imaging *imaging)
{
	tracees_resume(&imaging->work.tracees);
	image_free(image);
}

bool image_is_there(const struct image *image)
{
	siginfo_t ended = {0};

	return waitid(P_PID, (id_t)image->pid, &ended, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && !ended.si_pid;
}

/* Whether the kernel has freed the copy's memory. */
static bool copy_end(pid_t pid)
{
	const double until_ms = tracing_now_ms() + END_WITHIN_MS;
	int status;
	pid_t got;

	kill(pid, SIGKILL);
	while ((got = waitpid(pid, &status, __WALL | WNOHANG)) == 0 || (got == pid && WIFSTOPPED(status))) {
		if (tracing_now_ms() >= until_ms)
			return false;
		tracing_nap(1);
	}
	return true;
}

/* Any thread will do. All are stopped, so that none can forbid the call meanwhile. If the program has forbidden it, the
 * entry stays. */
static void number_free(struct imaging *imaging, const struct ledger *mappings, int64_t number)
{
	struct tracees *tracees = &imaging->work.tracees;
	struct borrowed borrowed;
	struct error ignored;

	for (int tries = 0; tries < REAP_TRIES && all_stop(imaging, &ignored); tries++) {
		const bool taken = any_take(imaging, &borrowed, mappings, &ignored);
		if (taken) {
			copy_reap(&borrowed, number);
			thread_give_back(imaging, &borrowed);
		}
		tracees_resume(tracees);
		if (taken || process_is_confined(tracees->pid))
			return;
		tracees_serve(tracees);
		tracing_nap(REAP_NAP_MS);
	}
}

void image_drop(struct image *image, struct imaging *imaging, const struct ledger *mappings)
{
	if (image->pid && copy_end(image->pid) && image->number > 0)
		number_free(imaging, mappings, image->number);
	image_free(image);
}
