/* SPDX-License-Identifier: Apache-2.0 */
/* The heap's memory in words, as its allocator keeps it: its parts, what fragments it, and what would help. */
#ifndef SEEP_WORDS_HEAP_WORDS_H
#define SEEP_WORDS_HEAP_WORDS_H

#include "account/account.h"
#include "base/buffer.h"

#define HEAP_PARTS_MOST 8

struct heap_part {
	double resident, swapped;
	struct buffer words; /* the caller's */
};

/* Parts that add up to the heap's class, except for those too small to be shown. Returns their number. */
size_t heap_parts(struct heap_part items[HEAP_PARTS_MOST], const struct account *account);

/* The part of its memory that is blocks in use; 0: not known. */
double heap_in_use(const struct account *account);

/* Sentences, each after a blank; nothing if there is nothing to say. */
void heap_sentences(struct buffer *out, const struct account *account);
void heap_asked_sentence(struct buffer *out, const struct account *account); /* how the allocator was asked */

#endif
