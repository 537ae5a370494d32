/* SPDX-License-Identifier: Apache-2.0 */
/* The backends of the unwinder on ordinary stacks: every kind of frame, every depth, every limit, threads. */
#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/shadow_stack.h"

/* Functions whose frames are laid out in all the ways that compilers have. Each calls the next of a list. */
struct link {
	int (*function)(struct captured *captured, const struct link *next);
};

static void use(void *memory)
{
	__asm__ volatile("" : : "r"(memory) : "memory");
}

static inline __attribute__((always_inline)) int call_next(struct captured *captured, const struct link *next)
{
	if (next->function)
		return next->function(captured, next + 1);
	shadow_capture(captured);
	return 0;
}

#define LINK(name) static __attribute__((noinline)) int name(struct captured *captured, const struct link *next)

LINK(link_plain)
{
	SHADOW_ENTER();
	int value = next->function ? next->function(captured, next + 1) : (shadow_capture(captured), 0);
	SHADOW_LEAVE();
	return value + 1;
}

LINK(link_registers) /* keeps much alive across the call, even rbp if that is not a frame pointer */
{
	SHADOW_ENTER();
	uintptr_t a = (uintptr_t)captured * 3, b = a * 5, c = b * 7, d = c * 11, e = d * 13, f = e * 17;
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	int value = next->function ? next->function(captured, next + 1) : (shadow_capture(captured), 0);
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	SHADOW_LEAVE();
	return value + (int)(a ^ b ^ c ^ d ^ e ^ f) % 2;
}

LINK(link_large) /* 100 KB: more than a cached rule can say */
{
	SHADOW_ENTER();
	char block[100000];
	use(block);
	int value = next->function ? next->function(captured, next + 1) : (shadow_capture(captured), 0);
	use(block);
	SHADOW_LEAVE();
	return value;
}

LINK(link_dynamic)
{
	SHADOW_ENTER();
	char *block = alloca(64 + (size_t)(captured->limit * 8));
	use(block);
	int value = next->function ? next->function(captured, next + 1) : (shadow_capture(captured), 0);
	use(block);
	SHADOW_LEAVE();
	return value;
}

LINK(link_aligned)
{
	SHADOW_ENTER();
	_Alignas(128) char block[256];
	use(block);
	int value = next->function ? next->function(captured, next + 1) : (shadow_capture(captured), 0);
	use(block);
	SHADOW_LEAVE();
	return value;
}

/* Arguments on the stack, an aligned block and a dynamic one: gcc finds the CFA in memory then. */
static __attribute__((noinline)) int realigned(struct captured *captured, const struct link *next, int a, int b, int c,
					       int d, int e, int f, int g)
{
	SHADOW_ENTER();
	_Alignas(64) char block[192];
	char *more = alloca(32 + (size_t)(captured->limit));
	use(block);
	use(more);
	int value = next->function ? next->function(captured, next + 1) : (shadow_capture(captured), 0);
	use(block);
	use(more);
	SHADOW_LEAVE();
	return value + a + b + c + d + e + f + g;
}

LINK(link_realigned)
{
	SHADOW_ENTER();
	int value = realigned(captured, next, 1, 2, 3, 4, 5, 6, 7);
	SHADOW_LEAVE();
	return value;
}

static __attribute__((noinline)) int variadic(struct captured *captured, ...)
{
	SHADOW_ENTER();
	va_list arguments;
	va_start(arguments, captured);
	const struct link *next = va_arg(arguments, const struct link *);
	int value = call_next(captured, next);
	va_end(arguments);
	SHADOW_LEAVE();
	return value;
}

LINK(link_variadic)
{
	SHADOW_ENTER();
	int value = variadic(captured, next, 1.5, 2, "x");
	SHADOW_LEAVE();
	return value;
}

static const struct unwinder *prepared(void **state)
{
	const struct unwinder *unwinder = *state;
	assert_true(unwinder->prepare());
	return unwinder;
}

static __attribute__((noinline)) void run(struct captured *captured, const struct unwinder *unwinder, size_t limit,
					  const struct link *links)
{
	memset(captured, 0, sizeof *captured);
	captured->unwinder = unwinder;
	captured->limit = limit;
	call_next(captured, links);
	assert_int_equal(shadow.depth, 0);
}

static struct captured captured;

static void every_kind_of_frame_leads_to_its_caller(void **state)
{
	const struct unwinder *unwinder = prepared(state);
	static const struct link kinds[] = {{link_plain},   {link_registers}, {link_large},    {link_dynamic},
					    {link_aligned}, {link_realigned}, {link_variadic}, {NULL}};
	for (size_t i = 0; kinds[i].function; i++) {
		for (size_t j = 0; kinds[j].function; j++) {
			const struct link links[] = {kinds[i],     {link_registers}, kinds[j],
						     {link_plain}, kinds[i],         {NULL}};
			for (int round = 0; round < 3; round++) { /* from the tables, then from the cache */
				run(&captured, unwinder, UNWINDER_FRAMES, links);
				assert_int_equal(shadow_agreement(&captured), captured.expected_depth);
				assert_int_equal(captured.unwinding.end, UNWINDING_COMPLETE);
				assert_true(captured.unwinding.depth > captured.expected_depth);
			}
		}
	}
}

static void a_limit_cuts_and_says_so(void **state)
{
	const struct unwinder *unwinder = prepared(state);
	const struct link links[] = {{link_plain}, {link_registers}, {link_dynamic},
				     {link_plain}, {link_registers}, {NULL}};
	run(&captured, unwinder, UNWINDER_FRAMES, links);
	size_t whole = captured.unwinding.depth;
	assert_in_range(whole, 7, 100);
	for (size_t limit = 1; limit <= whole + 1; limit++) {
		run(&captured, unwinder, limit, links);
		assert_int_equal(captured.unwinding.depth, limit < whole ? limit : whole);
		assert_int_equal(captured.unwinding.end, limit < whole ? UNWINDING_LIMIT : UNWINDING_COMPLETE);
		size_t known = limit < captured.expected_depth ? limit : captured.expected_depth;
		assert_int_equal(shadow_agreement(&captured), known);
	}
}

static __attribute__((noinline)) int recurse(unsigned depth, struct captured *into)
{
	SHADOW_ENTER();
	int value = depth ? recurse(depth - 1, into) : (shadow_capture(into), 0);
	SHADOW_LEAVE();
	return value + 1;
}

static void deep_recursion_gives_the_innermost_frames(void **state)
{
	memset(&captured, 0, sizeof captured);
	captured.unwinder = prepared(state);
	captured.limit = UNWINDER_FRAMES;
	for (unsigned depth = 100; depth < SHADOW_DEPTH; depth += 379) {
		recurse(depth, &captured);
		bool cut = depth + 2 > UNWINDER_FRAMES;
		assert_int_equal(shadow_agreement(&captured), cut ? UNWINDER_FRAMES : captured.expected_depth);
		assert_int_equal(captured.unwinding.end, cut ? UNWINDING_LIMIT : UNWINDING_COMPLETE);
	}
}

struct thread_task {
	const struct unwinder *unwinder;
	struct captured captured;
	bool agreed;
};

static void *thread_main(void *argument)
{
	struct thread_task *task = argument;
	static const struct link links[] = {{link_plain}, {link_registers}, {link_realigned}, {NULL}};
	task->agreed = true;
	for (int round = 0; round < 50; round++) {
		task->captured = (struct captured){.unwinder = task->unwinder, .limit = UNWINDER_FRAMES};
		call_next(&task->captured, links);
		task->agreed &= shadow_agreement(&task->captured) == task->captured.expected_depth &&
				task->captured.unwinding.end == UNWINDING_COMPLETE;
	}
	return NULL;
}

static void threads_capture_their_own_stacks_up_to_their_start(void **state)
{
	enum { THREADS = 4 };
	if (SANITIZED &&
	    *state == &unwinder_libunwind) /* the runtime's TLS hides from it that the stack is the thread's */
		skip();
	static struct thread_task tasks[THREADS];
	pthread_t threads[THREADS];
	const struct unwinder *unwinder = prepared(state);
	for (int i = 0; i < THREADS; i++) {
		tasks[i].unwinder = unwinder;
		assert_int_equal(pthread_create(&threads[i], NULL, thread_main, &tasks[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(tasks[i].agreed);
	}
}

static void errno_stays_as_it_was(void **state)
{
	const struct unwinder *unwinder = prepared(state);
	const struct link links[] = {{link_plain}, {NULL}};
	errno = EXDEV;
	run(&captured, unwinder, UNWINDER_FRAMES, links);
	assert_int_equal(errno, EXDEV);
}

static void the_backend_is_chosen_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(unwinder_select("walker"), &unwinder_walker);
	assert_ptr_equal(unwinder_select("libunwind"), &unwinder_libunwind);
	assert_ptr_equal(unwinder_select("frame-pointers"), &unwinder_frame_pointers);
	assert_null(unwinder_select("nonsense"));
	assert_ptr_equal(unwinder_select(NULL), &unwinder_walker); /* glibc 2.35 or later, as Debian 12 has */
}

#define EACH(test, unwinder)                                                                                           \
	{                                                                                                              \
#test " (" #unwinder ")", test, NULL, NULL, (void *)&unwinder                                          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(every_kind_of_frame_leads_to_its_caller, unwinder_walker),
		EACH(every_kind_of_frame_leads_to_its_caller, unwinder_libunwind),
		EACH(a_limit_cuts_and_says_so, unwinder_walker),
		EACH(a_limit_cuts_and_says_so, unwinder_libunwind),
		EACH(deep_recursion_gives_the_innermost_frames, unwinder_walker),
		EACH(deep_recursion_gives_the_innermost_frames, unwinder_libunwind),
		EACH(threads_capture_their_own_stacks_up_to_their_start, unwinder_walker),
#if !SANITIZED /* the runtime's TLS hides from it that the stack is the thread's */
		EACH(threads_capture_their_own_stacks_up_to_their_start, unwinder_libunwind),
#endif
		EACH(errno_stays_as_it_was, unwinder_walker),
		EACH(errno_stays_as_it_was, unwinder_libunwind),
		EACH(errno_stays_as_it_was, unwinder_frame_pointers),
		cmocka_unit_test(the_backend_is_chosen_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
