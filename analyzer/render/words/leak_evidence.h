/* SPDX-License-Identifier: Apache-2.0 */
/* Why a site has its verdict, in one line of words. */
#ifndef SEEP_WORDS_LEAK_EVIDENCE_H
#define SEEP_WORDS_LEAK_EVIDENCE_H

#include "base/buffer.h"
#include "leaks/leaks.h"

void leak_evidence_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row);

#endif
