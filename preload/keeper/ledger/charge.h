/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The charge of the program's control group and of the groups below it. RSS differs from it: it leaves out the kernel's
 * memory for the program and files that the program has read, and counts memory for which another group was charged.
 * The charge is in two or three small files, which take the kernel some 50 us.
 */
#ifndef SEEP_LEDGER_CHARGE_H
#define SEEP_LEDGER_CHARGE_H

#include <stdint.h>

enum { CHARGE_ALL, CHARGE_SWAP, CHARGE_ANON, CHARGE_FILE, CHARGE_SHARED, CHARGE_KERNEL, CHARGE_COUNT };

struct charge {
	uint32_t known; /* bits */
	uint64_t bytes[CHARGE_COUNT];
};

/* `root`: where control groups are mounted (LIMITS_ROOT). */
void charge_read(struct charge *charge, uint64_t pid, const char *root);

#endif
