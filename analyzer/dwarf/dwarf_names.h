/* SPDX-License-Identifier: Apache-2.0 */
/* The names of one unit's functions as linkers have them. A C++ function that only one unit has, such as one of a
 * nameless namespace, of a local class, or a lambda's call, gets no linker's name: DWARF then says "add" of Cache::add.
 * Its name is made of those of the namespaces, classes and functions around it. */
#ifndef SEEP_DWARF_DWARF_NAMES_H
#define SEEP_DWARF_DWARF_NAMES_H

#include <elfutils/libdw.h>
#include <stddef.h>

#include "base/map.h"
#include "base/string_pool.h"

/* Every few of an entry's children, so that the one at an offset is found without passing all of them. */
struct dwarf_level {
	Dwarf_Die *marks;
	size_t count, capacity;
};

/* The caller sets the first two, which are its own, and all else to zero. */
struct dwarf_names {
	struct string_pool *texts;
	size_t *passed;           /* entries passed on the way to what is around functions, in all units; limited */
	struct map *known;        /* names that were made, by the function's entry */
	struct numbering parents; /* number the levels, by the entry */
	struct dwarf_level *levels;
	size_t level_count, level_capacity;
};

/* The linker's name of a function or inlined call, or one made like it; if neither is possible, the source's; NULL if
 * it has none. Lives as long as the texts or the debug information. */
const char *dwarf_names_function(struct dwarf_names *names, Dwarf_Die *die);
void dwarf_names_end(struct dwarf_names *names);

#endif
