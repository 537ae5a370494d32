/* SPDX-License-Identifier: Apache-2.0 */
/* Finds which functions and inlined calls of one compilation unit contain given addresses. */
#ifndef SEEP_DWARF_DWARF_SCOPES_H
#define SEEP_DWARF_DWARF_SCOPES_H

#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "dwarf/dwarf_raw.h"

/* A function, or an inlined call, that contains address number `index`. */
struct dwarf_scope {
	size_t index;
	Dwarf_Die die;
};

struct dwarf_scopes {
	const uint64_t *addresses; /* in ascending order, as DWARF has them; borrowed */
	size_t address_count;
	struct dwarf_scope *scopes; /* callers come before the calls inlined into them */
	size_t count, capacity;
};

/* Collects the scopes from the unit. `raw`: what its entries lie in; NULL: libdw reads them. Those of one address are in order; those of several are mixed. */
void dwarf_scopes_collect(struct dwarf_scopes *scopes, const struct dwarf_raw *raw, Dwarf_Die *unit);
void dwarf_scopes_free(struct dwarf_scopes *scopes);

/* The index of the first address that is not below `limit`. */
size_t addresses_lower_bound(const uint64_t *addresses, size_t count, uint64_t limit);

#endif
