/* SPDX-License-Identifier: Apache-2.0 */
/* Finds function, file and line for many addresses of one module at once, from its DWARF, with every inlined call.
 * Units are found by their own address ranges, not by .debug_aranges, which clang does not write. */
#ifndef SEEP_DWARF_DWARF_LOOKUP_H
#define SEEP_DWARF_DWARF_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdwfl.h>

#include "base/source_line.h"
#include "base/string_pool.h"
#include "dwarf/dwarf_raw.h"

/* The answer for one address: lines, innermost first. Each but the last is inlined into the next. */
struct dwarf_answer {
	size_t first, count; /* in lines; if `count` is 0, nothing is known */
};

struct dwarf_lookup {
	const uint64_t *addresses; /* ascending; borrowed */
	size_t count;
	struct dwarf_answer *answers; /* one for each address */
	bool *claimed;                /* by address: a unit has claimed it */
	size_t left;                  /* how many addresses no unit has claimed yet */
	size_t passed;                /* entries passed on the way to what is around functions: see dwarf_names.h */
	const struct dwarf_raw *raw;  /* what the DWARF lies in; the caller may set it; NULL: libdw reads all */
	struct string_pool *texts;
	struct source_line
	    *lines; /* their texts live as long as the lookup; functions have the linker's names; NULL is possible */
	size_t line_count, line_capacity;
};

/* Begins with `count` addresses in ascending order; each is a byte within its instruction. */
void dwarf_lookup_begin(struct dwarf_lookup *lookup, const uint64_t *addresses, size_t count);

/* Looks up the addresses that no unit has claimed so far. `debug` is the module's DWARF or a part of it, which the
 * caller may close afterwards; DWARF knows an address by its value minus `bias`. */
void dwarf_lookup_add(struct dwarf_lookup *lookup, Dwarf *debug, Dwarf_Addr bias);
void dwarf_lookup_free(struct dwarf_lookup *lookup);

#endif
