/* SPDX-License-Identifier: Apache-2.0 */
/* The losses of a recording in words, on one line beside the totals. */
#ifndef SEEP_WORDS_LOSSES_H
#define SEEP_WORDS_LOSSES_H

#include "base/buffer.h"
#include "profile/profile.h"

/* "none", or "12 stacks without their outer callers, 3 samples not kept as live (table full); totals are lower bounds".
 * False: "none". */
bool losses_append(struct buffer *out, const struct profile *profile);

#endif
