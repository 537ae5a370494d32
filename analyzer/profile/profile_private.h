/* SPDX-License-Identifier: Apache-2.0 */
/* The storage that a profile owns besides its public arrays, and the functions that analyzer/profile/ alone calls. */
#ifndef SEEP_PROFILE_PROFILE_PRIVATE_H
#define SEEP_PROFILE_PROFILE_PRIVATE_H

#include <seep/keeper.h>

#include "base/buffer.h"
#include "profile/profile.h"
#include "reader/foreign_profile.h"
#include "reader/snapshot_reader.h"
#include "symbols/perf_map.h"

enum { LABELS_A_CHUNK = 1024 };

struct profile_storage {
	struct profile_lifetime *lifetimes; /* all sites' lifetimes, one behind the other */
	struct source_line *lines;          /* of all locations; NULL before symbolization */
	struct source_line *given_lines;    /* those that the source itself had; NULL: none */
	struct source_line **label_chunks;  /* lines of labels, LABELS_A_CHUNK in each */
	size_t label_count, label_chunk_count, label_chunk_capacity;
	struct profile_part *parts; /* that it was added up from; NULL: none */
	const char **recordings;    /* directories that it is from: names may be kept there; NULL: none */
	uint32_t recording_count;
	struct symbol_process *processes; /* that it is from; NULL: none */
	uint32_t process_count;
	uint32_t freed_capacity;
	struct snapshot_view *live; /* samples that nobody has asked for yet; NULL: none are missing */
	uint32_t *live_site;        /* of those, by the snapshot's site: the profile's; NULL: the same */
	const char **module_paths;  /* as they are in the file system; modules[].path is made fit to print */
};

/* The sums of sites that the recorder's tables had no more room for. */
static inline bool site_is_retired(uint32_t site_flags, uint32_t node)
{
	return site_flags & SEEP_SITE_RETIRED && node == 0;
}

/* Says that names of its addresses may be kept in this recording. */
void profile_add_recording(struct profile *profile, const char *directory);

/* Says that its addresses are, too, those of the process that `from` is of. */
void profile_add_process(struct profile *profile, const struct profile *from);

/* From a snapshot that is verified but for its stacks. Copies all that it needs, so that the view's bytes may go
 * afterwards. NULL: the error says what is wrong with the stacks. */
struct profile *profile_from_snapshot(const struct snapshot_view *view, struct error *error);

/* The same without locations, sites and samples. `canonical`: by module the first one that is the same code; the caller
 * frees it. */
struct profile *profile_head_from_snapshot(const struct snapshot_view *view, uint32_t **canonical);

/* From what a reader of another tool's format found in the file `name`. Takes texts and lines over: `foreign` has
 * neither afterwards, and the rest of it may be freed. Never fails. */
struct profile *profile_from_foreign(struct foreign_profile *foreign, const char *name);

/* Opens the recorded process's map of code that was made at run time; NULL: there is none to be used. `said` receives its
 * path or why there is none; nothing where the profile is of no process. */
struct perf_map *jit_map_open(const struct profile *profile, struct buffer *said);

/* The function at an address, or before it where that is a return address. NULL: the map does not know it, or is NULL. */
const char *jit_map_find(const struct perf_map *map, uint64_t address, bool exact, struct string_pool *strings);

/* A lifetime on its way to its site. */
struct filed_lifetime {
	uint32_t site;
	struct profile_lifetime lifetime;
};
/* Gives the sites theirs, those of one bin added up. Sorts `filed`. */
void profile_file_lifetimes(struct profile *profile, struct filed_lifetime *filed, size_t count);
void profile_sort_samples(struct profile *profile);

/* Adds the samples of one site to those of another, but for how they were freed. */
void profile_site_add(struct profile_site *site, const struct profile_site *more);
/* NULL: nothing is added. */
void profile_freed_add(struct profile *profile, struct profile_site *site, const struct profile_freed *more);

/* Makes a snapshot of a recording's heap file, if that knows more than the last snapshot: the process died before it could
 * write one. Freed with seep_snapshot_free(). */
bool recording_fold_heap(const char *directory, struct seep_image *image);

/* The directory of the recording that the path is a snapshot of, by its name; to be freed. NULL: it has none. */
char *recording_of_snapshot(const char *path);

#endif
