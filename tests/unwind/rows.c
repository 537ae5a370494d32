/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the walker's rules with those of another reader of unwind tables.
 *
 * *       rows LIBRARY <ROWS
 *
 * A line of ROWS is an address in the library's file, then `s` (by rsp) or `b` (by rbp) with the CFA's offset and the
 * saved rbp's (0: not saved), `e` for the outermost frame, or `x` for anything else. Prints the counts; exits 1 if a
 * rule differs.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

#include "shim/walker/walker_modules.h"
#include "shim/walker/walker_tables.h"

static bool agrees(const struct rule *rule, char kind, long cfa, long saved)
{
	switch (kind) {
	case 's':
		return rule->kind == RULE_RSP && rule->cfa == cfa && rule->saved == saved;
	case 'b':
		return rule->kind == RULE_RBP && rule->cfa == cfa && rule->saved == saved;
	case 'e':
		return rule->kind == RULE_END;
	default:
		return rule->kind != RULE_END && rule->kind != RULE_FRAME_POINTER;
	}
}

int main(int count, char **arguments)
{
	static const char *const names[] = {"rsp", "rbp", "realigned", "signal", "frame-pointer", "end", "lost"};
	unsigned long rows = 0, wrong = 0, kinds[RULE_LOST + 1] = {0}, large = 0;
	void *library = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	struct link_map *map;
	if (!library || !modules_bind() || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
		return 2;
	unsigned long address;
	char kind;
	long cfa, saved;
	while (scanf("%lx %c %ld %ld", &address, &kind, &cfa, &saved) == 4) {
		struct table_module module;
		uint32_t instance;
		const struct module_trust trust = {.guessed = false};
		if (module_at(map->l_addr + address, &trust, &module, &instance) != MODULE_FOUND)
			return 2;
		struct rule rule = tables_rule(&module, map->l_addr + address);
		rows++;
		kinds[rule.kind]++;
		large += rule.cfa > UINT16_MAX || rule.saved / 8 >> RULE_SAVED_BITS;
		if (!agrees(&rule, kind, cfa, saved) && wrong++ < 10)
			printf("# %lx: %c %ld %ld, but the walker has %s %ld %ld\n", address, kind, cfa, saved,
			       names[rule.kind], (long)rule.cfa, (long)rule.saved);
	}
	printf("%lu rows, %lu wrong, %lu too large for the cache;", rows, wrong, large);
	for (unsigned i = 0; i <= RULE_LOST; i++)
		printf(" %s %lu%s", names[i], kinds[i], i == RULE_LOST ? "\n" : ",");
	return wrong || !rows;
}
