/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to get from a frame to its caller: a rule, and its form as one word of
 * the walker's cache.
 *
 * A rule belongs to a code address: the byte before a return address, or an
 * interrupted instruction itself. The return address is at CFA - 8 in all of
 * them but SIGNAL. The other callee-saved registers are not followed, since no
 * caller's frame is found by them (but for a handful of hand-written
 * functions, where the walk ends as lost).
 *
 *	word    63 .. 33   32 .. 21   20 .. 16   15 .. 3   2 .. 0
 *	        key >> 16  module     saved rbp  CFA       kind
 *	        + 1        instance   / 8        / 8
 *
 * The key is the code address plus one: a return address as it is found on the
 * stack. Its low 16 bits are the word's place in the cache, so place and word
 * hold the whole key, and a word is never taken for another address's. Code
 * that lies together shares cache lines and pages. Zero is not a rule, whatever
 * the key.
 *
 * From one return address to the next there are two loads, of the low half of a
 * word each, and nothing else: the place is the low half of the return address,
 * and for the most frequent kind, which is 0, the CFA's distance is the low half
 * of the word. That chain is what a frame costs.
 */
#ifndef SEEP_WALKER_WALKER_RULE_H
#define SEEP_WALKER_WALKER_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum rule_kind {
	RULE_RSP,           /* CFA = rsp + cfa; caller's rbp at CFA - saved */
	RULE_RBP,           /* CFA = rbp + cfa; caller's rbp at CFA - saved */
	RULE_REALIGNED,     /* CFA = [rbp - cfa]; caller's rbp at [rbp]: gcc's frame after `and $-32,%rsp` */
	RULE_SIGNAL,        /* the kernel's signal frame at rsp */
	RULE_FRAME_POINTER, /* no unwind information: rbp is taken for a frame pointer, if it can be one */
	RULE_END,           /* the outermost frame */
	RULE_LOST,          /* cannot be followed */
};

struct rule {
	enum rule_kind kind;
	int64_t cfa;   /* bytes */
	int64_t saved; /* bytes below the CFA; 0: rbp is the caller's already */
};

#define RULE_CACHE_PLACES 65536u
#define RULE_INSTANCES 4096u /* module instances that a word can name */

#define RULE_KIND_BITS 3
#define RULE_SAVED_SHIFT 16
#define RULE_SAVED_BITS 5
#define RULE_INSTANCE_SHIFT (RULE_SAVED_SHIFT + RULE_SAVED_BITS)
#define RULE_INSTANCE_BITS 12
#define RULE_KEY_SHIFT (RULE_INSTANCE_SHIFT + RULE_INSTANCE_BITS)
#define RULE_KEY_LIMIT ((UINT64_C(1) << 47) - 65536) /* as the key's bits 16 to 46, plus one, fill the rest */

_Static_assert(RULE_KEY_SHIFT == 33 && RULE_INSTANCES == 1u << RULE_INSTANCE_BITS, "layout");

static inline uint16_t rule_place(uintptr_t key)
{
	return (uint16_t)key;
}

static inline bool rule_word_is_for(uint64_t word, uintptr_t key)
{
	return word >> RULE_KEY_SHIFT == (key >> 16) + 1;
}

static inline uint32_t rule_word_instance(uint64_t word)
{
	return (uint32_t)(word >> RULE_INSTANCE_SHIFT) % (1u << RULE_INSTANCE_BITS);
}

static inline enum rule_kind rule_word_kind(uint64_t word)
{
	return (enum rule_kind)(word % (1u << RULE_KIND_BITS));
}

static inline uint64_t rule_word_cfa(uint64_t word)
{
	return (uint16_t)word & ~((UINT64_C(1) << RULE_KIND_BITS) - 1);
}

static inline uint64_t rule_word_saved(uint64_t word)
{
	return (word >> RULE_SAVED_SHIFT) % (1u << RULE_SAVED_BITS) * 8;
}

/* The word of a rule; 0: the rule does not fit. The CFA may be up to 64 KiB away, and saved rbp up to 248 bytes
 * below the CFA. In a word, RULE_RSP has its saved rbp inside the frame and RULE_RBP always has one, which spares
 * the walk some checks. */
static inline uint64_t rule_word(const struct rule *rule, uintptr_t key, uint32_t instance)
{
	uint64_t cfa = (uint64_t)rule->cfa, saved = (uint64_t)rule->saved;
	if (cfa % 8 || saved % 8 || cfa > UINT16_MAX || saved / 8 >> RULE_SAVED_BITS || key >= RULE_KEY_LIMIT)
		return 0;
	if ((rule->kind == RULE_RSP && (cfa < 8 || saved > cfa)) || (rule->kind == RULE_RBP && saved < 8))
		return 0;
	return (uint64_t)((key >> 16) + 1) << RULE_KEY_SHIFT | (uint64_t)instance << RULE_INSTANCE_SHIFT |
	       saved / 8 << RULE_SAVED_SHIFT | cfa | (uint64_t)rule->kind;
}

#endif
