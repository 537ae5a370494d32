/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unwinder on unusual stacks: signal handlers, small alternate stacks, fibers, code without unwind information,
 * garbage in rbp, a borrowed address space. Stacks are between pages that cannot be touched.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <cmocka.h>

#include "support/shadow_stack.h"

#define PAGE 4096u

static struct captured captured;

static const struct unwinder *prepared(void **state)
{
	const struct unwinder *unwinder = *state;
	assert_true(unwinder->prepare());
	memset(&captured, 0, sizeof captured);
	captured.unwinder = unwinder;
	captured.limit = UNWINDER_FRAMES;
	shadow.depth = 0;
	return unwinder;
}

/* Memory between two pages that fault. */
static char *guarded_memory(size_t bytes, int protection)
{
	char *memory = mmap(NULL, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(mprotect(memory + PAGE, bytes, protection), 0);
	return memory + PAGE;
}

static void guarded_free(char *memory, size_t bytes)
{
	munmap(memory - PAGE, bytes + 2 * PAGE);
}

#if !SANITIZED
/* Signals: the handler captures; the interrupted function is known to the instruction. */

extern const char trap_next[];
__asm__(".text\n"
	".type trap_here, @function\n"
	"trap_here:\n"
	".cfi_startproc\n"
	"int3\n"
	"trap_next:\n" /* where the kernel says that it was interrupted */
	"ret\n"
	".cfi_endproc\n"
	".size trap_here, .-trap_here\n");
extern void trap_here(void);

static void trap_handler(int signal)
{
	(void)signal;
	SHADOW_ENTER(); /* into the trampoline */
	shadow_capture(&captured);
	SHADOW_LEAVE();
}

static __attribute__((noinline)) void trap_caller(void)
{
	SHADOW_ENTER();
	trap_here();
	SHADOW_LEAVE();
}

static void handle_trap(int flags)
{
	struct sigaction action = {.sa_handler = trap_handler, .sa_flags = flags}, before;
	assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
	trap_caller();
	assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
}

/* hook's caller, the trampoline, the interrupted instruction, trap_here's caller, trap_caller's caller, ... */
static void assert_trap_stack(void)
{
	assert_int_equal(captured.unwinding.end, UNWINDING_COMPLETE);
	assert_true(captured.unwinding.depth > 5);
	assert_int_equal(captured.frames[0], captured.expected[0]);
	assert_int_equal(captured.frames[1], captured.expected[1] | UNWINDER_EXACT);
	assert_int_equal(captured.frames[2], (uintptr_t)trap_next | UNWINDER_EXACT);
	assert_in_range(captured.frames[3], (uintptr_t)trap_caller, (uintptr_t)trap_caller + 400);
	assert_int_equal(captured.frames[4], captured.expected[2]);
}

static void a_signal_handler_sees_what_was_interrupted(void **state)
{
	prepared(state);
	for (int round = 0; round < 3; round++) {
		handle_trap(0);
		assert_trap_stack();
	}
}

/* The walker finds the whole stack; libunwind would need more room, and frame pointers are followed instead. */
static void an_alternate_stack_of_8_KiB_is_enough(void **state)
{
	const bool is_walker = prepared(state) == &unwinder_walker;
	size_t bytes = 8192;
	char *memory = guarded_memory(bytes, PROT_READ | PROT_WRITE);
	stack_t stack = {.ss_sp = memory, .ss_size = bytes}, none = {.ss_flags = SS_DISABLE};
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	for (int round = 0; round < 3; round++) {
		handle_trap(SA_ONSTACK);
		assert_true(captured.unwinding.depth >= 1);
		assert_int_equal(captured.frames[0], captured.expected[0]);
		if (is_walker)
			assert_trap_stack();
	}
	assert_int_equal(sigaltstack(&none, NULL), 0);
	guarded_free(memory, bytes);
}

/* A handler on an alternate stack, after the ordinary one has been used up. */
static sigjmp_buf overflow_return;

static void overflow_handler(int signal)
{
	(void)signal;
	shadow_capture(&captured);
	siglongjmp(overflow_return, 1);
}

static __attribute__((noinline)) int overflow(int depth)
{
	volatile char block[512];
	block[0] = (char)depth;
	return depth < 0 ? 0 : overflow(depth + 1) + block[0];
}

static void *overflow_thread(void *argument)
{
	(void)argument;
	char *memory = guarded_memory(8192, PROT_READ | PROT_WRITE);
	stack_t stack = {.ss_sp = memory, .ss_size = 8192}, none = {.ss_flags = SS_DISABLE};
	struct sigaction action = {.sa_handler = overflow_handler, .sa_flags = SA_ONSTACK | SA_NODEFER}, before;
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, &before);
	if (sigsetjmp(overflow_return, 1) == 0)
		overflow(0);
	sigaction(SIGSEGV, &before, NULL);
	sigaltstack(&none, NULL);
	guarded_free(memory, 8192);
	return NULL;
}

static void a_handler_of_stack_overflow_is_walked_without_a_fault(void **state)
{
	prepared(state);
	pthread_t thread;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 << 10);
	assert_int_equal(pthread_create(&thread, &attributes, overflow_thread, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	assert_int_equal(captured.unwinding.depth, UNWINDER_FRAMES);
	assert_int_equal(captured.unwinding.end, UNWINDING_LIMIT);
	assert_in_range(captured.frames[UNWINDER_FRAMES - 1], (uintptr_t)overflow, (uintptr_t)overflow + 400);
}

/* Fibers. */

static ucontext_t fiber_context, main_context;

static __attribute__((noinline)) void fiber_work(int depth)
{
	SHADOW_ENTER();
	if (depth)
		fiber_work(depth - 1);
	else
		shadow_capture(&captured);
	SHADOW_LEAVE();
}

static void fiber_main(void)
{
	SHADOW_ENTER();
	for (int round = 0; round < 3; round++) {
		fiber_work(5 * round);
		swapcontext(&fiber_context, &main_context);
	}
	SHADOW_LEAVE();
}

static void fibers_are_walked_to_their_start(void **state)
{
	prepared(state);
	size_t bytes = 16384;
	char *memory = guarded_memory(bytes, PROT_READ | PROT_WRITE);
	assert_int_equal(getcontext(&fiber_context), 0);
	fiber_context.uc_stack = (stack_t){.ss_sp = memory, .ss_size = bytes};
	fiber_context.uc_link = &main_context;
	makecontext(&fiber_context, fiber_main, 0);
	for (int round = 0; round < 3; round++) {
		swapcontext(&main_context, &fiber_context);
		assert_int_equal(captured.unwinding.end, UNWINDING_COMPLETE);
		assert_int_equal(captured.unwinding.depth, captured.expected_depth);
		captured.expected[captured.expected_depth - 1] |= UNWINDER_EXACT; /* into the C library, never called */
		assert_int_equal(shadow_agreement(&captured), captured.expected_depth);
	}
	guarded_free(memory, bytes);
}

#endif

/* Code that a compiler at run time made: no FDE. */

typedef void jit_function(void *argument, void (*callee)(void *argument));

static char *jit_make(const unsigned char *code, size_t bytes)
{
	char *memory = guarded_memory(PAGE, PROT_READ | PROT_WRITE);
	memcpy(memory, code, bytes);
	assert_int_equal(mprotect(memory, PAGE, PROT_READ | PROT_EXEC), 0);
	return memory;
}

static __attribute__((noinline)) void jit_callee(void *argument)
{
	(void)argument;
	SHADOW_ENTER();
	shadow_capture(&captured);
	SHADOW_LEAVE();
}

static __attribute__((noinline)) void jit_caller(char *code, void *argument)
{
	SHADOW_ENTER();
	jit_function *function;
	memcpy(&function, &code, sizeof function);
	function(argument, jit_callee);
	SHADOW_LEAVE();
}

static void run_time_code_with_a_frame_pointer_is_walked(void **state)
{
	prepared(state);
	static const unsigned char code[] = {
	    0x55,                   /* push %rbp */
	    0x48, 0x89, 0xe5,       /* mov %rsp,%rbp */
	    0x48, 0x83, 0xec, 0x40, /* sub $64,%rsp */
	    0xff, 0xd6,             /* call *%rsi */
	    0xc9,                   /* leave */
	    0xc3,                   /* ret */
	};
	char *memory = jit_make(code, sizeof code);
	for (int round = 0; round < 3; round++) {
		jit_caller(memory, NULL);
		assert_int_equal(captured.unwinding.end, UNWINDING_COMPLETE);
		assert_int_equal(captured.frames[0], captured.expected[0]);
		assert_int_equal(captured.frames[1], (uintptr_t)memory + 10);
		assert_in_range(captured.frames[2], (uintptr_t)jit_caller, (uintptr_t)jit_caller + 400);
		assert_int_equal(captured.frames[3], captured.expected[2]);
	}
	guarded_free(memory, PAGE);
}

static void garbage_in_rbp_ends_the_walk_without_a_fault(void **state)
{
	prepared(state);
	static const unsigned char code[] = {
	    0x55,             /* push %rbp */
	    0x48, 0x89, 0xfd, /* mov %rdi,%rbp */
	    0xff, 0xd6,       /* call *%rsi */
	    0x5d,             /* pop %rbp */
	    0xc3,             /* ret */
	};
	char *memory = jit_make(code, sizeof code);
	char *readable = guarded_memory(PAGE, PROT_READ | PROT_WRITE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t garbage[] = {0,
			       1,
			       8,
			       UINTPTR_MAX,
			       UINTPTR_MAX - 15,
			       (UINT64_C(1) << 47) - 8,
			       UINT64_C(1) << 47,
			       (uintptr_t)readable,
			       (uintptr_t)readable + PAGE - 8,
			       (uintptr_t)readable + PAGE - 4,
			       (uintptr_t)readable + PAGE,
			       here - 100000,
			       here + 3,
			       here + (64 << 20)};
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		jit_caller(memory, (void *)garbage[i]);
		assert_int_equal(captured.unwinding.end, UNWINDING_LOST);
		assert_in_range(captured.unwinding.depth, 2, 4);
		assert_int_equal(captured.frames[1] & ~UNWINDER_NOWHERE, (uintptr_t)memory + 6);
	}
	guarded_free(readable, PAGE);
	guarded_free(memory, PAGE);
}

/* A child that borrows the address space. */
static void a_vfork_child_captures(void **state)
{
	prepared(state);
	pid_t child = vfork();
	if (child == 0) {
		shadow_capture(&captured);
		_exit(0);
	}
	assert_true(child > 0);
	waitpid(child, NULL, 0);
	assert_int_equal(captured.unwinding.end, UNWINDING_COMPLETE);
	assert_int_equal(captured.frames[0], captured.expected[0]);
}

#if !SANITIZED && defined(__OPTIMIZE__)
/* How much stack a capture needs, from the tables and from the cache: a painted alternate stack tells. */
#define PAINT 0xa5

static size_t painted_use(char *memory, size_t bytes)
{
	size_t untouched = 0;
	while (untouched < bytes && (unsigned char)memory[untouched] == PAINT)
		untouched++;
	return bytes - untouched;
}

static uintptr_t hook_stack_pointer;

static __attribute__((noinline)) void measured_hook(uintptr_t *frames)
{
	hook_stack_pointer = (uintptr_t)__builtin_frame_address(0);
	unwinder_walker.capture(__builtin_frame_address(0), frames, UNWINDER_FRAMES);
	__asm__ volatile("" : : : "memory"); /* no jump: the frame is needed */
}

static void measured_fiber(void)
{
	static uintptr_t frames[UNWINDER_FRAMES]; /* the caller's; not counted */
	measured_hook(frames);
	__asm__ volatile("" : : : "memory"); /* no jump, for a rule to be read */
}

static void the_walker_uses_under_1_KiB_of_stack(void **state)
{
	prepared(state);
	size_t bytes = 65536;
	for (int round = 0; round < 2; round++) {
		char *memory = guarded_memory(bytes, PROT_READ | PROT_WRITE);
		memset(memory, PAINT, bytes);
		getcontext(&fiber_context);
		fiber_context.uc_stack = (stack_t){.ss_sp = memory, .ss_size = bytes};
		fiber_context.uc_link = &main_context;
		makecontext(&fiber_context, measured_fiber, 0);
		swapcontext(&main_context, &fiber_context);
		size_t used = painted_use(memory, bytes) - ((uintptr_t)memory + bytes - hook_stack_pointer);
		print_message("# %zu bytes below the hook's frame\n", used);
		assert_in_range(used, 100, 1023);
		guarded_free(memory, bytes);
	}
}

#endif

#define EACH(test, unwinder)                                                                                           \
	{                                                                                                              \
#test " (" #unwinder ")", test, NULL, NULL, (void *)&unwinder                                          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if !SANITIZED
#ifdef __OPTIMIZE__
		EACH(the_walker_uses_under_1_KiB_of_stack, unwinder_walker), /* first, with a cold cache */
#endif
		EACH(a_signal_handler_sees_what_was_interrupted, unwinder_walker),
		EACH(an_alternate_stack_of_8_KiB_is_enough, unwinder_walker),
		EACH(an_alternate_stack_of_8_KiB_is_enough, unwinder_libunwind),
		EACH(a_handler_of_stack_overflow_is_walked_without_a_fault, unwinder_walker),
		EACH(fibers_are_walked_to_their_start, unwinder_walker),
#endif
		EACH(run_time_code_with_a_frame_pointer_is_walked, unwinder_walker),
		EACH(garbage_in_rbp_ends_the_walk_without_a_fault, unwinder_walker),
		EACH(a_vfork_child_captures, unwinder_walker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
