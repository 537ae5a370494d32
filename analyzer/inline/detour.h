/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A detour: a jump over the beginning of a function, which leads to a hook, and a copy of the instructions under the
 * jump, through which the hook calls the function. Everything here only computes bytes; nothing in the process is
 * touched.
 */
#ifndef SEEP_INLINE_DETOUR_H
#define SEEP_INLINE_DETOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DETOUR_JUMP_BYTES = 5, DETOUR_BYTES = 96, DETOUR_COPY_AT = 16, DETOUR_STEPS = 5 };

struct detour {
	uint64_t address; /* where the jump is written: behind the marker with which a function may begin */
	uint64_t at;      /* the address of `bytes` in the process */
	unsigned char jump[DETOUR_JUMP_BYTES], was[DETOUR_JUMP_BYTES];
	unsigned char bytes[DETOUR_BYTES]; /* a jump to the hook; from DETOUR_COPY_AT on, the copy and a jump back */
	uint8_t displaced;                 /* size of the copied instructions */
	/* Where each copied instruction begins, and its copy: a thread that stands between them goes on in the copy. */
	struct detour_step {
		uint8_t from, to;
	} steps[DETOUR_STEPS];
	uint8_t step_count;
};

/* For a function of `count` bytes at `address`. `padding`: bytes behind it that nobody executes. False: `why` says what
 * forbids a detour. */
bool detour_make(struct detour *detour, const unsigned char *code, size_t count, size_t padding, uint64_t address,
		 uint64_t at, uint64_t hook, const char **why);

/* Where a thread at `pc` goes on; 0: it is not within the copied instructions. */
uint64_t detour_carry(const struct detour *detour, uint64_t pc);

#endif
