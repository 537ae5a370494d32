/* SPDX-License-Identifier: Apache-2.0 */
/* massif's tree of a snapshot: which functions asked for the memory in use, and below each who called it. Places with
 * less than a hundredth of everything are summed up, so that a tree has at most a hundred places at each depth. */
#ifndef SEEP_EXPORT_MASSIF_TREE_H
#define SEEP_EXPORT_MASSIF_TREE_H

#include "base/buffer.h"
#include "profile/profile.h"

void massif_tree_render(struct buffer *out, const struct profile *profile);

#endif
