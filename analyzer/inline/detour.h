/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A jump over the beginning of a function, to a hook, and a copy of the
 * instructions that it is written over, by which the hook calls the function.
 * All that is computed here is bytes; nothing is touched.
 */
#ifndef SEEP_INLINE_DETOUR_H
#define SEEP_INLINE_DETOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DETOUR_JUMP_BYTES = 5, DETOUR_BYTES = 96, DETOUR_COPY_AT = 16, DETOUR_STEPS = 5 };

struct detour {
	uint64_t address; /* where the jump is written: behind the marker that a function may begin with */
	uint64_t at;      /* of `bytes` in the process */
	unsigned char jump[DETOUR_JUMP_BYTES], was[DETOUR_JUMP_BYTES];
	unsigned char bytes[DETOUR_BYTES]; /* a jump to the hook; from DETOUR_COPY_AT on the copy, and a jump back */
	uint8_t displaced;                 /* bytes of the instructions that are copied */
	/* Where each of them begins, and its copy: a thread that stands between them goes on in the copy. */
	struct detour_step {
		uint8_t from, to;
	} steps[DETOUR_STEPS];
	uint8_t step_count;
};

/* A function of `count` bytes that begins at `address`. `padding`: bytes behind it that nobody executes. False: `why` says what
 * forbids it. */
bool detour_make(struct detour *detour, const unsigned char *code, size_t count, size_t padding, uint64_t address,
		 uint64_t at, uint64_t hook, const char **why);

/* Where a thread that stands at `pc` goes on; 0: it is not within the displaced instructions. */
uint64_t detour_carry(const struct detour *detour, uint64_t pc);

#endif
