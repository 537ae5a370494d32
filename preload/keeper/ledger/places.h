/* SPDX-License-Identifier: Apache-2.0 */
/* Places of the address space, in order. */
#ifndef SEEP_LEDGER_PLACES_H
#define SEEP_LEDGER_PLACES_H

#include <stdint.h>

struct place {
	uint64_t address, value;
};

/* Heapsort: works in place, and no order of the input makes it slow. */
void places_sort(struct place *places, uint32_t count);

#endif
