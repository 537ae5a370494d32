/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a struct seep_fault, without stdio. Always returns false, so that a caller can return it at once. */
#ifndef SEEP_BASE_FAULT_H
#define SEEP_BASE_FAULT_H

#include <seep/keeper.h>

#include "keeper/base/text.h"

/* `error`: errno value or 0; a negative one, as system calls return it, is turned. */
static inline bool fault_fill(struct seep_fault *fault, uint64_t offset, long error, const char *text)
{
	fault->offset = offset;
	fault->error = (int)(error < 0 ? -error : error);
	struct text line = text_begin(fault->text, sizeof fault->text);
	text_add(&line, text);
	return false;
}

#endif
