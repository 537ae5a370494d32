/* SPDX-License-Identifier: Apache-2.0 */
/* shim/record/allocator_account.h: which of an allocator's numbers become which key. The allocators are played by this test,
 * which is the shim's look-up of them, too; tests/e2e/test_triggers.sh asks glibc itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <malloc.h>

#include "keeper/base/atomics.h"
#include "shim/host/real.h"
#include "shim/record/allocator_account.h"
#include "support/heap_maker.h"

struct real real;
static const char *allocator;

const char *real_name(void)
{
	return allocator;
}

static struct heap heap;
static uint64_t epochs; /* the refreshes of its numbers that jemalloc was asked for */

static const struct property {
	const char *name;
	size_t value;
} properties[] = {
    {"stats.allocated", 1},
    {"stats.active", 2},
    {"stats.resident", 3},
    {"stats.mapped", 4},
    {"generic.current_allocated_bytes", 5},
    {"generic.heap_size", 6},
    {"tcmalloc.pageheap_free_bytes", 7},
};

static const struct property *property_of(const char *name)
{
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
		if (strcmp(properties[i].name, name) == 0)
			return &properties[i];
	return NULL;
}

/* An old jemalloc: it does not know "stats.retained". */
static int play_mallctl(const char *name, void *old, size_t *bytes, void *new, size_t new_bytes)
{
	const struct property *property = property_of(name);
	if (strcmp(name, "epoch") == 0) {
		assert_true(new &&new_bytes == sizeof(uint64_t) && *bytes == sizeof(uint64_t));
		epochs++;
		return 0;
	}
	if (!property)
		return 2;
	assert_true(epochs > 0 && *bytes >= sizeof property->value);
	*bytes = sizeof property->value;
	memcpy(old, &property->value, *bytes);
	return 0;
}

static int play_property(const char *name, size_t *value)
{
	const struct property *property = property_of(name);
	if (property)
		*value = property->value;
	return property != NULL;
}

static struct mallinfo2 play_mallinfo2(void)
{
	return (struct mallinfo2){.arena = 1000, .hblkhd = 200, .uordblks = 30, .fordblks = 4};
}

static uint64_t value_of(enum seep_memory_key key)
{
	return load_relaxed(&heap.header->memory[key]);
}

#define BIT(key) (UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_##key)

static void assert_known(uint64_t keys)
{
	const uint64_t all =
	    BIT(IN_USE) | BIT(ACTIVE) | BIT(RESIDENT) | BIT(MAPPED) | BIT(RETAINED) | BIT(FREE) | BIT(TIME);
	assert_int_equal(load_relaxed(&heap.header->memory_known) & all, keys);
}

static int begin(void **state)
{
	(void)state;
	real = (struct real){0};
	epochs = 0;
	heap_make(&heap, 1, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	heap_unmake(&heap);
	return 0;
}

static void jemalloc_is_asked_after_a_new_epoch(void **state)
{
	(void)state;
	allocator = "jemalloc";
	real.mallctl = play_mallctl;
	assert_true(account_take(&heap));
	assert_int_equal(epochs, 1);
	assert_known(BIT(IN_USE) | BIT(ACTIVE) | BIT(RESIDENT) | BIT(MAPPED) | BIT(TIME));
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_IN_USE), 1);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_ACTIVE), 2);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_RESIDENT), 3);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_MAPPED), 4);
}

static void tcmalloc_is_asked_by_the_names_of_its_properties(void **state)
{
	(void)state;
	allocator = "tcmalloc";
	real.MallocExtension_GetNumericProperty = play_property;
	assert_true(account_take(&heap));
	assert_known(BIT(IN_USE) | BIT(MAPPED) | BIT(FREE) | BIT(TIME));
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_IN_USE), 5);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_MAPPED), 6);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_FREE), 7);
}

static void blocks_that_glibc_maps_count_as_in_use(void **state)
{
	(void)state;
	allocator = "glibc";
	real.mallinfo2 = play_mallinfo2;
	assert_true(account_take(&heap));
	assert_known(BIT(IN_USE) | BIT(MAPPED) | BIT(FREE) | BIT(TIME));
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_IN_USE), 230);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_MAPPED), 1200);
	assert_int_equal(value_of(SEEP_MEMORY_ALLOCATOR_FREE), 4);
}

static void others_give_no_account(void **state)
{
	static const char *const names[] = {"mimalloc", "other", "jemalloc", "tcmalloc", "glibc"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		allocator = names[i]; /* the last three without the function that they are asked by */
		assert_false(account_take(&heap));
	}
	assert_known(0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	    TEST(jemalloc_is_asked_after_a_new_epoch),
	    TEST(tcmalloc_is_asked_by_the_names_of_its_properties),
	    TEST(blocks_that_glibc_maps_count_as_in_use),
	    TEST(others_give_no_account),
	};
	return cmocka_run_group_tests_name("allocator_account", tests, NULL, NULL);
}
