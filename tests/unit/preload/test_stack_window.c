/* SPDX-License-Identifier: Apache-2.0 */
/* The window of readable stack: what it covers, what it refuses, and what is remembered about a thread. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "shim/sample/memory_probe.h"
#include "shim/sample/stack_window.h"

#define PAGE 4096u

/* Three readable pages with none before and behind, as a fiber's stack. */
static char *make_pages(void)
{
	char *pages = mmap(NULL, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + PAGE, 3 * PAGE, PROT_READ | PROT_WRITE), 0);
	for (unsigned i = 0; i < 3 * PAGE / 8; i++)
		((uintptr_t *)(pages + PAGE))[i] = i;
	return pages + PAGE;
}

static void unmake_pages(char *pages)
{
	munmap(pages - PAGE, 5 * PAGE);
}

static void unknown_stack_is_read_up_to_its_end(void **state)
{
	(void)state;
	stack_window_prepare();
	char *pages = make_pages();
	struct stack_window window = stack_window_open(pages + 100);
	assert_int_equal(window.low, (uintptr_t)pages);
	assert_int_equal(window.high, (uintptr_t)pages + PAGE);
	uintptr_t word = 0;
	for (unsigned i = 13; i < 3 * PAGE / 8; i++) {
		assert_true(stack_window_read(&window, (uintptr_t)pages + 8 * i, &word));
		assert_int_equal(word, i);
	}
	assert_false(stack_window_read(&window, (uintptr_t)pages + 3 * PAGE, &word));
	assert_false(stack_window_read(&window, (uintptr_t)pages + 3 * PAGE - 7, &word));
	assert_false(stack_window_read(&window, (uintptr_t)pages - 8, &word));
	assert_true(stack_window_read(&window, (uintptr_t)pages, &word));
	assert_true(stack_window_read(&window, (uintptr_t)pages + PAGE - 4, &word)); /* across two pages */
	unmake_pages(pages);
}

static void impossible_addresses_are_refused(void **state)
{
	(void)state;
	struct stack_window window = {.low = 0};
	const uintptr_t addresses[] = {
	    0, 8, 4095, UINTPTR_MAX, UINTPTR_MAX - 7, UINT64_C(1) << 47, (UINT64_C(1) << 47) - 4, UINT64_C(1) << 63};
	uintptr_t word = 0;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		assert_false(stack_window_read(&window, addresses[i], &word));
}

static void no_page_is_asked_for_out_of_turn(void **state)
{
	(void)state;
	char *first = make_pages(), *second = make_pages();
	struct stack_window window = stack_window_open(first);
	uintptr_t word = 0;
	assert_false(stack_window_read(&window, (uintptr_t)second + PAGE + 16, &word));
	assert_true(stack_window_read(&window, (uintptr_t)first + 2 * PAGE, &word)); /* the one between, too */
	assert_int_equal(window.asked, 2);
	window = stack_window_open(first);
	window.fixed = true;
	assert_false(stack_window_read(&window, (uintptr_t)first + PAGE, &word));
	unmake_pages(first);
	unmake_pages(second);
}

static void own_stack_is_asked_for_from_elsewhere(void **state)
{
	(void)state;
	char *pages = make_pages();
	struct stack_window window = stack_window_open(&window);
	uintptr_t word = 0, here = (uintptr_t)&window;
	assert_true(window.own);
	assert_int_equal(window.asked, 0);
	window = stack_window_open(pages);
	assert_false(window.own);
	window.fixed = true;
	assert_false(stack_window_read(&window, here, &word));
	assert_int_equal(window.low, (uintptr_t)pages);
	window.fixed = false;
	assert_true(stack_window_read(&window, here, &word));
	assert_int_equal(window.low, here & ~(uintptr_t)(PAGE - 1));
	assert_in_range(window.asked, 1, 2);
	unmake_pages(pages);
}

static bool known(const void *address)
{
	struct stack_window window = stack_window_open(address);
	return window.asked == 0 && window.high - window.low > PAGE && window.low <= (uintptr_t)address &&
	       window.high > (uintptr_t)address;
}

static void *own_stack_is_known(void *ignored)
{
	char *verdict = "";
	char here[64];
	char *pages = make_pages();
	uintptr_t word;
	if (known(pages))
		verdict = "another stack is taken for it";
	struct stack_window window = stack_window_open(here);
	if (!known(here))
		verdict = "not known";
	else if (!stack_window_read(&window, window.high - 8, &word) || !stack_window_read(&window, window.low, &word))
		verdict = "not read to its ends";
	else if (stack_window_read(&window, window.high, &word) || window.asked)
		verdict = "asked for";
	unmake_pages(pages);
	(void)ignored;
	return verdict;
}

static void on_a_stack_of(size_t bytes, void *memory)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *verdict;
	pthread_attr_init(&attributes);
	if (memory)
		assert_int_equal(pthread_attr_setstack(&attributes, memory, bytes), 0);
	else
		assert_int_equal(pthread_attr_setstacksize(&attributes, bytes), 0);
	assert_int_equal(pthread_create(&thread, &attributes, own_stack_is_known, NULL), 0);
	pthread_join(thread, &verdict);
	pthread_attr_destroy(&attributes);
	assert_string_equal(verdict, "");
}

static void stacks_of_every_kind_of_thread_are_known_without_asking(void **state)
{
	(void)state;
	stack_window_prepare();
	static char borrowed[1 << 20];   /* ThreadSanitizer wants 932 KiB */
	volatile char between[2 * PAGE]; /* an unknown stack gets a window of one page */
	between[0] = 0;
	assert_string_equal(own_stack_is_known((void *)between), "");
	for (size_t bytes = 65536; bytes <= 16u << 20; bytes *= 4)
		on_a_stack_of(bytes, NULL);
	for (size_t shift = 0; shift < 300; shift += 8)
		on_a_stack_of(sizeof borrowed - 1000 - shift, borrowed + shift);
}

static __attribute__((noinline)) bool known_at_every_depth(int depth)
{
	volatile char block[4000];
	block[0] = 1;
	return known((const void *)block) && (depth == 0 || known_at_every_depth(depth - 1)) && block[0];
}

/* Being deeper than before is no reason to ask, either. */
static void recursion_asks_for_nothing(void **state)
{
	(void)state;
	stack_window_prepare();
	probe_forbid();
	assert_true(known_at_every_depth(500));
}

static void *room_is_what_is_left(void *bytes)
{
	char here[8];
	uintptr_t stack = (uintptr_t)bytes;
	char *pages = make_pages();
	char *verdict = "";
	if (!stack_window_room(here, 4096))
		verdict = "no room for a page";
	else if (stack_window_room(here, stack))
		verdict = "room for more than the whole stack";
	else if (stack_window_room(pages + 2 * PAGE, 16))
		verdict = "room on a stack that is not the thread's";
	unmake_pages(pages);
	return verdict;
}

static void room_ends_at_the_guard_page(void **state)
{
	(void)state;
	pthread_attr_t attributes;
	pthread_t thread;
	void *verdict;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 << 10);
	assert_int_equal(pthread_create(&thread, &attributes, room_is_what_is_left, (void *)(128ul << 10)), 0);
	pthread_join(thread, &verdict);
	pthread_attr_destroy(&attributes);
	assert_string_equal(verdict, "");
}

static void the_kernel_is_asked_what_is_readable(void **state)
{
	(void)state;
	char *pages = make_pages();
	const uintptr_t start = (uintptr_t)pages, end = start + 3 * PAGE;

	assert_true(probe_page_readable(start));
	assert_false(probe_page_readable(end)); /* mapped, but closed */
	assert_false(probe_page_readable(0));
	assert_false(probe_page_readable(PROBE_LIMIT));
	unmake_pages(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_kernel_is_asked_what_is_readable),
	    cmocka_unit_test(unknown_stack_is_read_up_to_its_end),
	    cmocka_unit_test(impossible_addresses_are_refused),
	    cmocka_unit_test(no_page_is_asked_for_out_of_turn),
	    cmocka_unit_test(own_stack_is_asked_for_from_elsewhere),
	    cmocka_unit_test(room_ends_at_the_guard_page), /* before there are larger stacks that could be reused */
	    cmocka_unit_test(stacks_of_every_kind_of_thread_are_known_without_asking),
	    cmocka_unit_test(recursion_asks_for_nothing), /* the last: nothing can be asked afterwards */
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
