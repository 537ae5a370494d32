/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile owns besides its public arrays; private to analyzer/profile/. */
#ifndef SEEP_PROFILE_PROFILE_PRIVATE_H
#define SEEP_PROFILE_PROFILE_PRIVATE_H

#include <seep/keeper.h>

#include "profile/profile.h"

struct profile_storage {
	uint32_t *stacks;                   /* all sites' stacks, one behind the other */
	struct profile_lifetime *lifetimes; /* all sites' lifetimes, one behind the other */
	struct source_line *lines;          /* all locations' lines; NULL before symbolization */
	struct source_line *given_lines;    /* those that the source itself had; NULL: none */
	const char **module_paths;          /* as they are in the file system; modules[].path is made fit to print */
};

/* An empty profile with its pool, storage and no arrays. */
struct profile *profile_create(void);

/* Adds the sums of one set of samples to those of another. */
void profile_measure_add(struct seep_measure *measure, const struct seep_measure *more);

/* Makes a snapshot of a recording's heap file, if that knows more than the last snapshot: the process died before it could
 * write one. Freed with seep_snapshot_free(). */
bool recording_fold_heap(const char *directory, struct seep_image *image);

#endif
