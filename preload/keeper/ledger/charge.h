/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program's control group is charged, with the groups below it: RSS leaves out what the kernel keeps for the program and
 * files that it has read, and counts what another group was charged for. Two or three small files, whose making takes the kernel
 * some 50 us.
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
