/* SPDX-License-Identifier: Apache-2.0 */
/* The page of one profile, or of two that are compared, from whatever tool: its flame graph and its table. */
#ifndef SEEP_PAGE_PAIR_PAGE_H
#define SEEP_PAGE_PAIR_PAGE_H

#include "base/buffer.h"
#include "profile/profile.h"

/* `base` is NULL for a single profile. Both must have been symbolized. */
void pair_page_render(struct buffer *out, const struct profile *now, const struct profile *base, enum call_value value);

#endif
