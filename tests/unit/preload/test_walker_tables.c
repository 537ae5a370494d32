/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules from unwind tables: the words of the cache, expressions, and tables
 * that are damaged in every way (under AddressSanitizer a read too far ends
 * the test).
 */
#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shim/walker/walker_expression.h"
#include "shim/walker/walker_rule.h"
#include "shim/walker/walker_tables.h"

static void a_word_gives_back_its_rule_and_its_key(void **state)
{
	(void)state;
	const struct rule rules[] = {{RULE_RSP, 8, 0},           {RULE_RSP, 65528, 248},  {RULE_RSP, 16, 16},
				     {RULE_RBP, 16, 16},         {RULE_REALIGNED, 24, 0}, {RULE_SIGNAL, 0, 0},
				     {RULE_FRAME_POINTER, 0, 0}, {RULE_END, 0, 0},        {RULE_LOST, 0, 0}};
	const uintptr_t keys[] = {65536, 0x555555555555, 0x7ffff7ffffff, RULE_KEY_LIMIT - 1};
	const uint32_t instances[] = {0, 1, RULE_INSTANCES - 1};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		for (size_t j = 0; j < sizeof keys / sizeof *keys; j++) {
			uint32_t instance = instances[(i + j) % 3];
			uint64_t word = rule_word(&rules[i], keys[j], instance);
			assert_int_not_equal(word, 0);
			assert_true(rule_word_is_for(word, keys[j]));
			assert_int_equal(rule_word_instance(word), instance);
			assert_int_equal(rule_word_kind(word), rules[i].kind);
			assert_int_equal(rule_word_cfa(word), rules[i].cfa);
			assert_int_equal(rule_word_saved(word), rules[i].saved);
			for (unsigned bit = 16; bit < 64; bit++)
				assert_false(rule_word_is_for(word, keys[j] ^ UINT64_C(1) << bit));
			assert_false(rule_word_is_for(0, keys[j]));
		}
	}
}

static void what_does_not_fit_has_no_word(void **state)
{
	(void)state;
	const struct rule rules[] = {{RULE_RSP, 65536, 0}, {RULE_RSP, 12, 0},  {RULE_RSP, 0, 0},
				     {RULE_RSP, -8, 0},    {RULE_RSP, 16, 24}, {RULE_RSP, 512, 256},
				     {RULE_RBP, 16, 0},    {RULE_RBP, -16, 16}};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		assert_int_equal(rule_word(&rules[i], 0x555555555555, 0), 0);
	const struct rule fits = {RULE_RSP, 8, 0};
	assert_int_equal(rule_word(&fits, RULE_KEY_LIMIT, 0), 0);
	for (uintptr_t key = 0; key < 65536; key += 97)
		assert_false(rule_word_is_for(0, key));
}

static bool evaluate(const void *code, size_t bytes, uintptr_t address, struct symbol *symbol)
{
	struct table_reader reader = {.at = (uintptr_t)code, .end = (uintptr_t)code + bytes};
	return expression_evaluate(reader, address, symbol);
}

static void expressions_of_compilers_are_understood(void **state)
{
	(void)state;
	struct symbol symbol;
	/* the PLT: breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus */
	static const uint8_t plt[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
	for (uintptr_t address = 0x1000; address < 0x1010; address++) {
		assert_true(evaluate(plt, sizeof plt, address, &symbol));
		assert_int_equal(symbol.base, SYMBOL_RSP);
		assert_int_equal(symbol.offset, address % 16 >= 11 ? 16 : 8);
	}
	static const uint8_t realigned[] = {0x76, 0x78, 0x06}; /* breg6 -8; deref */
	assert_true(evaluate(realigned, sizeof realigned, 0, &symbol));
	assert_int_equal(symbol.base, SYMBOL_AT_RBP);
	assert_int_equal(symbol.offset, -8);
	static const uint8_t signal[] = {0x77, 0xa0, 0x01, 0x06}; /* breg7 160; deref */
	assert_true(evaluate(signal, sizeof signal, 0, &symbol));
	assert_int_equal(symbol.base, SYMBOL_AT_RSP);
	assert_int_equal(symbol.offset, 160);
}

static void other_expressions_are_refused(void **state)
{
	(void)state;
	struct symbol symbol;
	static const uint8_t cases[][6] = {
	    {0x73, 0, 0, 0, 0, 1},       /* rbx */
	    {0x22, 0, 0, 0, 0, 1},       /* plus on nothing */
	    {0x77, 8, 0x77, 8, 0x22, 5}, /* rsp + rsp */
	    {0x77, 8, 0x06, 0x06, 0, 4}, /* twice dereferenced */
	    {0x33, 0x06, 0, 0, 0, 2},    /* a number dereferenced */
	    {0x77, 0x80, 0, 0, 0, 2},    /* cut short */
	    {0x30, 0x31, 0x96, 0, 0, 3}, /* an operator that is not used here */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_false(evaluate(cases[i], cases[i][5], 0, &symbol));
	assert_false(evaluate(cases, 0, 0, &symbol));
	uint8_t deep[64];
	memset(deep, 0x30, sizeof deep);
	assert_false(evaluate(deep, sizeof deep, 0, &symbol));
}

/* The C library's header and tables, copied: they stay right relative to each other, and their code moves along. */
struct tables {
	uint8_t *copy;
	size_t bytes;
	struct table_module module;
	uintptr_t moved; /* add to a code address */
};

static int find_tables(struct dl_phdr_info *info, size_t size, void *result)
{
	(void)size;
	struct tables *tables = result;
	uintptr_t header = 0, end = 0;
	if (!strstr(info->dlpi_name, "libc.so"))
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
			header = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		if (info->dlpi_phdr[i].p_type == PT_LOAD && header >= start &&
		    header < start + info->dlpi_phdr[i].p_filesz)
			end = start + info->dlpi_phdr[i].p_filesz;
	}
	if (!header || !end)
		return 0;
	tables->bytes = end - header;
	tables->copy = malloc(tables->bytes);
	if (!tables->copy)
		return 0;
	memcpy(tables->copy, (const void *)header, tables->bytes);
	tables->moved = (uintptr_t)tables->copy - header;
	tables->module = (struct table_module){.start = (uintptr_t)tables->copy,
					       .end = (uintptr_t)tables->copy + tables->bytes,
					       .eh_frame_header = (uintptr_t)tables->copy};
	return 1;
}

/* A sanitizer has its own of many a function. */
static uintptr_t function_address(void)
{
	return (uintptr_t)dlsym(dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD), "qsort");
}

static void rule_of_a_function_is_found(void **state)
{
	(void)state;
	struct tables tables = {.copy = NULL};
	assert_int_equal(dl_iterate_phdr(find_tables, &tables), 1);
	uintptr_t function = function_address() + tables.moved;
	struct rule rule = tables_rule(&tables.module, function);
	assert_int_equal(rule.kind, RULE_RSP); /* at its first instruction: only the return address */
	assert_int_equal(rule.cfa, 8);
	assert_int_equal(rule.saved, 0);
	rule = tables_rule(&tables.module, tables.module.start + (UINT64_C(1) << 33));
	assert_int_equal(rule.kind, RULE_FRAME_POINTER);
	rule = tables_rule(&(struct table_module){.start = 1, .end = 2}, function);
	assert_int_equal(rule.kind, RULE_FRAME_POINTER);
	free(tables.copy);
}

static uint32_t random_next(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 8;
}

static void damaged_tables_are_read_within_their_bounds(void **state)
{
	(void)state;
	struct tables tables = {.copy = NULL};
	assert_int_equal(dl_iterate_phdr(find_tables, &tables), 1);
	uintptr_t code = function_address() + tables.moved;
	uint8_t *original = malloc(tables.bytes);
	assert_non_null(original);
	memcpy(original, tables.copy, tables.bytes);
	uint32_t random = 1;
	unsigned kinds[RULE_LOST + 1] = {0};
	for (unsigned round = 0; round < 400; round++) {
		for (unsigned damage = 0; damage < 4000; damage++)
			tables.copy[random_next(&random) % tables.bytes] = (uint8_t)random_next(&random);
		if (round % 4) { /* let most searches come to an end */
			memcpy(tables.copy, original, 12 + round % 2 * 4096);
		}
		for (unsigned probe = 0; probe < 500; probe++) {
			uintptr_t address = code - 400000 + random_next(&random) % 1000000;
			kinds[tables_rule(&tables.module, address).kind]++;
		}
		memcpy(tables.copy, original, tables.bytes);
	}
	assert_true(kinds[RULE_RSP] && kinds[RULE_LOST] && kinds[RULE_FRAME_POINTER]);
	for (size_t bytes = 0; bytes < tables.bytes; bytes += 1009) { /* cut short, with nothing behind */
		uint8_t *cut = malloc(bytes + 1);
		assert_non_null(cut);
		memcpy(cut, original, bytes);
		struct table_module module = {
		    .start = (uintptr_t)cut, .end = (uintptr_t)cut + bytes, .eh_frame_header = (uintptr_t)cut};
		tables_rule(&module, code - (uintptr_t)tables.copy + (uintptr_t)cut);
		free(cut);
	}
	free(original);
	free(tables.copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_word_gives_back_its_rule_and_its_key),
	    cmocka_unit_test(what_does_not_fit_has_no_word),
	    cmocka_unit_test(expressions_of_compilers_are_understood),
	    cmocka_unit_test(other_expressions_are_refused),
	    cmocka_unit_test(rule_of_a_function_is_found),
	    cmocka_unit_test(damaged_tables_are_read_within_their_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
