/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A preload library for tests: every so many allocations of a program it
 * captures the stack with the walker and with libunwind's unw_backtrace and
 * compares. Where the two differ, unw_step arbitrates. Every difference is
 * counted under its cause, and those without one are written out.
 *
 *	SEEP_REFERENCE_OUTPUT   file name prefix of the account; the process id is added
 *	SEEP_REFERENCE_EVERY    compare at each Nth allocation (1)
 *	SEEP_REFERENCE_STACKS   stop after so many comparisons (100000)
 *
 * It takes glibc's own allocator; programs that bring another one are not
 * for it.
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/sample/unwinder.h"
#include "shim/walker/walker_modules.h"

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *object, size_t bytes);

enum verdict {
	VERDICT_EQUAL,
	VERDICT_LIBUNWIND_INCONSISTENT, /* unw_step agrees with the walker, unw_backtrace does not */
	VERDICT_UNEXPLAINED,
	VERDICT_COUNT,
};

static const char *const verdict_names[VERDICT_COUNT] = {
    "equal",
    "unw_step agrees with the walker",
    "unexplained",
};

static _Atomic unsigned long allocations, stacks, frames_compared, longest, counts[VERDICT_COUNT], details;
static _Atomic unsigned long ends[3], run_time_code;
static _Atomic bool ready;
static unsigned long every = 1, wanted = 100000;
static char output_name[512];
static _Thread_local bool inside;

static int (*step_context)(unw_context_t *);
static int (*step_init)(unw_cursor_t *, unw_context_t *);
static int (*step)(unw_cursor_t *);
static int (*step_register)(unw_cursor_t *, int, unw_word_t *);

static void output(const char *text, size_t bytes)
{
	int file = open(output_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0)
		return;
	ssize_t ignored = write(file, text, bytes);
	(void)ignored;
	close(file);
}

static void output_stack(const char *title, const uintptr_t *frames, size_t depth, const char *end)
{
	char line[512];
	int bytes = snprintf(line, sizeof line, "# %s: %zu frames, %s\n", title, depth, end);
	output(line, (size_t)bytes);
	for (size_t i = 0; i < depth; i++) {
		Dl_info info = {0};
		uintptr_t address = frames[i] & ~(UNWINDER_EXACT | UNWINDER_NOWHERE);
		dladdr((void *)address, &info);
		bytes = snprintf(line, sizeof line, "#   %2zu %016lx%s %s+0x%lx %s\n", i, address,
				 frames[i] & UNWINDER_EXACT ? "!" : "", info.dli_fname ? info.dli_fname : "?",
				 address - (uintptr_t)info.dli_fbase, info.dli_sname ? info.dli_sname : "");
		output(line, (size_t)bytes);
	}
}

static size_t capture_by_steps(uintptr_t first, uintptr_t *frames, size_t limit)
{
	unw_context_t context;
	unw_cursor_t cursor;
	size_t depth = 0;
	if (step_context(&context) < 0 || step_init(&cursor, &context) < 0)
		return 0;
	for (bool found = false; depth < limit && step(&cursor) > 0;) {
		unw_word_t address = 0;
		if (step_register(&cursor, UNW_REG_IP, &address) < 0 || address == 0)
			break;
		found = found || address == first;
		if (found)
			frames[depth++] = address;
	}
	return depth;
}

static bool same(const uintptr_t *left, size_t left_depth, const uintptr_t *right, size_t right_depth)
{
	if (left_depth != right_depth)
		return false;
	for (size_t i = 0; i < left_depth; i++)
		if ((left[i] & ~(UNWINDER_EXACT | UNWINDER_NOWHERE)) !=
		    (right[i] & ~(UNWINDER_EXACT | UNWINDER_NOWHERE)))
			return false;
	return true;
}

static bool has_run_time_code(const uintptr_t *frames, size_t depth)
{
	const struct module_trust trust = {.guessed = false};
	struct table_module module;
	uint32_t instance;
	for (size_t i = 0; i < depth; i++) {
		uintptr_t address = frames[i] & ~(UNWINDER_EXACT | UNWINDER_NOWHERE);
		if (!module_at(address - 1, &trust, &module, &instance))
			return true;
	}
	return false;
}

static __attribute__((noinline)) void compare(const void *hook_frame)
{
	static const char *const end_names[] = {"complete", "limit", "lost"};
	uintptr_t own[UNWINDER_FRAMES], backtraced[UNWINDER_FRAMES], stepped[UNWINDER_FRAMES];
	struct unwinding walked = unwinder_walker.capture(hook_frame, own, UNWINDER_FRAMES);
	struct unwinding traced = unwinder_libunwind.capture(hook_frame, backtraced, UNWINDER_FRAMES);
	enum verdict verdict = VERDICT_EQUAL;
	if (!same(own, walked.depth, backtraced, traced.depth)) {
		size_t depth = capture_by_steps(backtraced[0], stepped, UNWINDER_FRAMES);
		verdict =
		    same(own, walked.depth, stepped, depth) ? VERDICT_LIBUNWIND_INCONSISTENT : VERDICT_UNEXPLAINED;
		if (details++ < 20) {
			output_stack("walker", own, walked.depth, end_names[walked.end]);
			output_stack("unw_backtrace", backtraced, traced.depth, end_names[traced.end]);
			output_stack("unw_step", stepped, depth, verdict_names[verdict]);
		}
	}
	counts[verdict]++;
	ends[walked.end]++;
	run_time_code += has_run_time_code(own, walked.depth);
	frames_compared += walked.depth;
	if (walked.depth > longest)
		longest = walked.depth;
}

static void account(void)
{
	char text[1024];
	size_t bytes =
	    (size_t)snprintf(text, sizeof text,
			     "program: %s\nstacks: %lu\nframes: %lu\nlongest: %lu\n"
			     "complete: %lu\ncut at the limit: %lu\nlost: %lu\nthrough run-time code: %lu\n",
			     program_invocation_short_name, stacks, frames_compared, longest, ends[UNWINDING_COMPLETE],
			     ends[UNWINDING_LIMIT], ends[UNWINDING_LOST], run_time_code);
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "%s: %lu\n", verdict_names[i], counts[i]);
	output(text, bytes);
}

static void hook(const void *hook_frame)
{
	if (!ready || inside || allocations++ % every != 0)
		return;
	unsigned long number = stacks++;
	if (number >= wanted) {
		stacks--;
		return;
	}
	inside = true;
	int saved_errno = errno;
	compare(hook_frame);
	errno = saved_errno;
	inside = false;
}

__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
	hook(__builtin_frame_address(0));
	return __libc_malloc(bytes);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t bytes)
{
	hook(__builtin_frame_address(0));
	return __libc_calloc(count, bytes);
}

__attribute__((visibility("default"))) void *realloc(void *object, size_t bytes)
{
	hook(__builtin_frame_address(0));
	return __libc_realloc(object, bytes);
}

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("SEEP_REFERENCE_OUTPUT"), *text;
	if (!name)
		return;
	inside = true;
	snprintf(output_name, sizeof output_name, "%s.%d", name, getpid());
	if ((text = getenv("SEEP_REFERENCE_EVERY")))
		every = strtoul(text, NULL, 10);
	if ((text = getenv("SEEP_REFERENCE_STACKS")))
		wanted = strtoul(text, NULL, 10);
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	if (library && every && unwinder_walker.prepare() && unwinder_libunwind.prepare()) {
		*(void **)&step_context = dlsym(library, "_Ux86_64_getcontext");
		*(void **)&step_init = dlsym(library, "_ULx86_64_init_local");
		*(void **)&step = dlsym(library, "_ULx86_64_step");
		*(void **)&step_register = dlsym(library, "_ULx86_64_get_reg");
		ready = step_context && step_init && step && step_register;
	}
	inside = false;
}

__attribute__((destructor)) static void end(void)
{
	if (!ready)
		return;
	ready = false;
	account();
}
