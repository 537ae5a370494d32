/* SPDX-License-Identifier: Apache-2.0 */
/* Why a place leaks, in one sentence that needs no manual. */
#ifndef SEEP_WORDS_LEAK_SENTENCE_H
#define SEEP_WORDS_LEAK_SENTENCE_H

#include "base/buffer.h"
#include "leaks/leaks.h"
#include "series/series.h"

/* "all 136 sampled blocks older than 2 s are still alive, born evenly": for a leak. */
void leak_sentence_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row);

/* What the row's ages are of: "sampled blocks", or "mappings". */
const char *leak_blocks(const struct leaks *leaks);

/* "12.0 % of it takes up memory, the rest was never touched", behind `before`. False: nearly all of it does, or that is not known. */
bool leak_absent_append(struct buffer *out, const char *before, const struct leak_row *row);

/* "a cache that is still filling looks the same": what the verdict can't exclude; nothing for a sure one. */
void leak_caution_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row);

/* "at least 96 % [93, 98] of its bytes are referenced by nobody: lost memory", or "all (at least 98 %)". Nothing if
 * nobody looked, or if it hardly matters for the verdict. True: it has appended something. */
bool leak_references_append(struct buffer *out, const struct leak_row *row);

/* "spread over 212 stacks in 34 places, none of which alone is proven". */
void spread_sentence_append(struct buffer *out, const struct spread_place *spread);

/* "2 snapshots by the timer, 3 are needed: possible in 10 s": why there are no verdicts, and what to do about that. */
void leak_want_append(struct buffer *out, const struct leaks *leaks, const struct series *series);

#endif
