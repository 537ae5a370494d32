/* SPDX-License-Identifier: Apache-2.0 */
/* Jumps over functions' beginnings: how displaced instructions are copied, and which beginnings are refused. */
#include "inline/detour.h"
#include "inline/disassembler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { FUNCTION = 0x401000, AREA = 0x300000, BYTES = 64 };
#define HOOK UINT64_C(0x7f1234567890)

/* A detour of a function with these bytes and `padding` behind them. NULL: it is refused; `refusal` says why. */
static struct detour detour;
static const char *refusal;

static struct detour *detour_of(const char *code, size_t count, size_t padding, uint64_t address)
{
	unsigned char bytes[BYTES];

	memset(bytes, 0x90, sizeof bytes);
	memcpy(bytes, code, count);
	refusal = NULL;
	return detour_make(&detour, bytes, count, padding, address, AREA, HOOK, &refusal) ? &detour : NULL;
}

#define OF(code) detour_of(code, sizeof(code) - 1, 0, FUNCTION)

static int32_t distance_at(const unsigned char *bytes)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof distance);
	return distance;
}

/* Where the jump (or the displacement) of four bytes at this offset of the copy leads. */
static uint64_t leads_to(size_t offset)
{
	return AREA + offset + 4 + (uint64_t)(int64_t)distance_at(detour.bytes + offset);
}

static void whole_instructions_are_copied_and_a_jump_goes_back(void **state)
{
	(void)state;
	/* push %rbp; mov %rsp,%rbp; push %rbx; sub $8,%rsp; ret */
	assert_non_null(OF("\x55\x48\x89\xe5\x53\x48\x83\xec\x08\xc3"));
	assert_int_equal(detour.address, FUNCTION);
	assert_int_equal(detour.displaced, 5);
	assert_memory_equal(detour.bytes + DETOUR_COPY_AT, "\x55\x48\x89\xe5\x53\xe9", 6);
	assert_int_equal(leads_to(DETOUR_COPY_AT + 6), FUNCTION + 5);
	assert_int_equal(detour.jump[0], 0xe9);
	assert_int_equal(FUNCTION + 5 + distance_at(detour.jump + 1), AREA);
	assert_memory_equal(detour.bytes, "\xff\x25\0\0\0\0\x90\x78\x56\x34\x12\x7f\0\0", 14);
	assert_memory_equal(detour.was, "\x55\x48\x89\xe5\x53", 5);
}

static void a_marker_stays_where_it_is(void **state)
{
	(void)state;
	assert_non_null(OF("\xf3\x0f\x1e\xfa\xb8\x01\x00\x00\x00\xc3")); /* endbr64; mov $1,%eax; ret */
	assert_int_equal(detour.address, FUNCTION + 4);
	assert_memory_equal(detour.bytes + DETOUR_COPY_AT, "\xb8\x01\0\0\0\xe9", 6);
}

static void what_is_relative_leads_to_the_same_place(void **state)
{
	(void)state;
	/* mov 0x100(%rip),%rax; ret */
	assert_non_null(OF("\x48\x8b\x05\x00\x01\x00\x00\xc3"));
	assert_int_equal(leads_to(DETOUR_COPY_AT + 3), FUNCTION + 7 + 0x100);
	/* cmpb $7,0x100(%rip), which has a byte behind the distance */
	assert_non_null(OF("\x80\x3d\x00\x01\x00\x00\x07\xc3"));
	assert_int_equal(leads_to(DETOUR_COPY_AT + 2) + 1, FUNCTION + 7 + 0x100);
	/* test %rdi,%rdi; je +0x20; ret */
	assert_non_null(OF("\x48\x85\xff\x74\x20\xc3"));
	assert_memory_equal(detour.bytes + DETOUR_COPY_AT, "\x48\x85\xff\x0f\x84", 5);
	assert_int_equal(leads_to(DETOUR_COPY_AT + 5), FUNCTION + 5 + 0x20);
}

static void a_jump_to_another_function_needs_none_back(void **state)
{
	(void)state;
	assert_non_null(OF("\xe9\x00\x02\x00\x00"));
	assert_int_equal(leads_to(DETOUR_COPY_AT + 1), FUNCTION + 5 + 0x200);
	assert_int_equal(detour.bytes[DETOUR_COPY_AT + 5], 0xcc);
	assert_non_null(detour_of("\xeb\x30", 2, 14, FUNCTION)); /* short, with padding behind it */
	assert_int_equal(leads_to(DETOUR_COPY_AT + 1), FUNCTION + 2 + 0x30);
}

static void a_call_returns_to_the_function_itself(void **state)
{
	uint64_t back;

	(void)state;
	/* push %rbx; call +0x300; pop %rbx; ret: push back; jmp */
	assert_non_null(OF("\x53\xe8\x00\x03\x00\x00\x5b\xc3"));
	assert_memory_equal(detour.bytes + DETOUR_COPY_AT, "\x53\xff\x35", 3);
	memcpy(&back, detour.bytes + (leads_to(DETOUR_COPY_AT + 3) - AREA), sizeof back);
	assert_int_equal(back, FUNCTION + 6);
	assert_int_equal(detour.bytes[DETOUR_COPY_AT + 7], 0xe9);
	assert_int_equal(leads_to(DETOUR_COPY_AT + 8), FUNCTION + 6 + 0x300);
	/* call *0x300(%rip): push back; jmp *x(%rip) */
	assert_non_null(OF("\xff\x15\x00\x03\x00\x00\x5b\xc3"));
	memcpy(&back, detour.bytes + (leads_to(DETOUR_COPY_AT + 2) - AREA), sizeof back);
	assert_int_equal(back, FUNCTION + 6);
	assert_memory_equal(detour.bytes + DETOUR_COPY_AT + 6, "\xff\x25", 2);
	assert_int_equal(leads_to(DETOUR_COPY_AT + 8), FUNCTION + 6 + 0x300);
}

static void what_cannot_be_moved_is_refused_with_the_reason(void **state)
{
	(void)state;
	assert_null(OF("\x31\xc0\xc3")); /* xor %eax,%eax; ret */
	assert_string_equal(refusal, "it is shorter than a jump");
	assert_null(OF("\x48\xff\xc7\x75\xfc\xc3")); /* inc %rdi; jne -4: into the middle */
	assert_string_equal(refusal, "it jumps into its first instructions");
	assert_null(OF("\xe3\x10\x90\x90\x90\x90")); /* jrcxz */
	assert_string_equal(refusal, "a loop is among its first instructions");
	assert_null(OF("\x53\xff\xd0\x90\x90\x90")); /* push %rbx; call *%rax */
	assert_string_equal(refusal, "a call by a register is among its first instructions");
	assert_null(detour_of("\x55\x48\x89\xe5\x53\x90", 6, 0, 0x401ffd));
	assert_string_equal(refusal, "its first instructions lie in two pages");
	assert_null(detour_of("\x55\x48\x89\xe5\x53\x90", 6, 0, UINT64_C(0x555555554000)));
	assert_string_equal(refusal, "what its first instructions refer to is out of reach");
}

static void a_thread_among_the_instructions_goes_on_in_their_copy(void **state)
{
	(void)state;
	assert_non_null(OF("\x55\x48\x89\xe5\x53\x48\x83\xec\x08\xc3"));
	assert_int_equal(detour_carry(&detour, FUNCTION), 0);
	assert_int_equal(detour_carry(&detour, FUNCTION + 1), AREA + DETOUR_COPY_AT + 1);
	assert_int_equal(detour_carry(&detour, FUNCTION + 4), AREA + DETOUR_COPY_AT + 4);
	assert_int_equal(detour_carry(&detour, FUNCTION + 2), 0); /* no instruction begins there */
	assert_int_equal(detour_carry(&detour, FUNCTION + 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_instructions_are_copied_and_a_jump_goes_back),
	    cmocka_unit_test(a_marker_stays_where_it_is),
	    cmocka_unit_test(what_is_relative_leads_to_the_same_place),
	    cmocka_unit_test(a_jump_to_another_function_needs_none_back),
	    cmocka_unit_test(a_call_returns_to_the_function_itself),
	    cmocka_unit_test(what_cannot_be_moved_is_refused_with_the_reason),
	    cmocka_unit_test(a_thread_among_the_instructions_goes_on_in_their_copy),
	};
	struct error error;

	if (!disassembler_prepare(&error))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
