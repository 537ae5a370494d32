/* SPDX-License-Identifier: Apache-2.0 */
/* Storage that a profile owns besides its public arrays, and functions that only analyzer/profile/ calls. */
#ifndef SEEP_PROFILE_PROFILE_PRIVATE_H
#define SEEP_PROFILE_PROFILE_PRIVATE_H

#include <string.h>

#include <seep/keeper.h>

#include "base/buffer.h"
#include "base/map.h"
#include "profile/profile.h"
#include "foreign/foreign_profile.h"
#include "reader/snapshot_reader.h"
#include "symbols/perf_map.h"

enum { LABELS_A_CHUNK = 1024, PROFILE_PATH_BYTES = 4096 };

struct profile_storage {
	struct profile_lifetime *lifetimes; /* the lifetimes of all sites, one after the other */
	struct source_line *lines;          /* the lines of all locations; NULL before symbolization */
	struct source_line *given_lines;    /* lines that the source itself gave; NULL: none */
	struct source_line **label_chunks;  /* lines of labels, LABELS_A_CHUNK in each */
	size_t label_count, label_chunk_count, label_chunk_capacity;
	struct profile_part *parts; /* the processes that were added up; NULL: none */
	const char **recordings;    /* directories of its recordings, where names may be kept; NULL: none */
	uint32_t recording_count;
	struct symbol_process *processes; /* its processes; NULL: none */
	uint32_t process_count;
	uint32_t freed_capacity;
	struct snapshot_view *live; /* samples that are not unpacked yet; NULL: none */
	uint32_t *live_site;        /* for those: the profile's site, by the snapshot's; NULL: the same */
	const char **module_paths;  /* paths as the file system has them; modules[].path is made fit to print */
	struct profile *twin; /* has the same nodes and locations, or some more or fewer of them; NULL: none has */
	bool is_symbolized, has_allocator; /* some location is an allocator's */
};

/* What is known of a snapshot's nodes while it is read. */
struct snapshot_stacks {
	const struct snapshot_view *view;
	struct profile *profile;
	bool shares;          /* with the profile before or after it, if profile_share_stacks() is on */
	uint64_t *identities; /* by module; the same code has the same one, in this process and in others */
	uint32_t *canonical;  /* by module: the first one with its identity */
	struct stack_checks checks;
	uint64_t *node_key;       /* by node: hash of the stack from the root to here */
	uint32_t *labels;         /* by node: the label's module, or 0; NULL: the snapshot has none */
	struct index_table known; /* of locations */
};

/* Fills the profile's nodes and locations, and node_key and labels. */
bool snapshot_stacks_build(struct snapshot_stacks *stacks, struct error *error);
/* `is_read`: the profile is whole, so the next one may share. */
void snapshot_stacks_end(struct snapshot_stacks *stacks, bool is_read);

/* Is the node a label, and no frame? A frame below one is deeper. */
static inline bool snapshot_node_is_label(const struct snapshot_stacks *stacks, uint32_t node)
{
	return stacks->labels && stacks->labels[node] && stacks->checks.depths[node] == 1;
}

/* Frees nodes and locations, unless another profile has them, too. */
void profile_stacks_free(struct profile *profile);
/* Gives the profile nodes and locations of its own. */
void profile_stacks_part(struct profile *profile);

/* Whether the site stands for those for which the recorder's tables had no room any more. */
static inline bool site_is_retired(uint32_t site_flags, uint32_t node)
{
	return site_flags & SEEP_SITE_RETIRED && node == 0;
}

/* Notes that names of its addresses may be kept in this recording. */
void profile_add_recording(struct profile *profile, const char *directory);

/* Notes that its addresses are also those of the process of `from`. */
void profile_add_process(struct profile *profile, const struct profile *from);

/* From a snapshot that is verified except for its stacks. Copies all that it needs, so that the view's bytes may go
 * afterwards. NULL: the error says what is wrong with the stacks. */
struct profile *profile_from_snapshot(const struct snapshot_view *view, bool shares, struct error *error);

/* The same without locations, sites and samples. `canonical`: for each module, the first one with the same code; the
 * caller frees it. */
struct profile *profile_head_from_snapshot(const struct snapshot_view *view, uint32_t **canonical);

/* Parts of those: the header and the process; and its memory, losses, mappings, and what is known of blocks by their
 * addresses. */
void profile_fill_header(struct profile *profile, const struct snapshot_view *view);
void profile_fill_process(struct profile *profile, const struct snapshot_view *view);

/* A text of the snapshot, fit to print. Many entries may share one very long text, so strnlen() stops at the limit, where
 * the text is cut anyway. */
static inline const char *profile_text_from(const struct profile *profile, const struct snapshot_view *view,
					    seep_string offset, size_t limit)
{
	const char *text = snapshot_text(view, offset);

	return string_pool_intern_safe(profile->strings, text, strnlen(text, limit + 1), limit);
}

/* From what a reader of another tool's format found in the file `name`. Takes over texts and lines, which `foreign` no
 * longer has afterwards; the rest of it may be freed. Never fails. */
struct profile *profile_from_foreign(struct foreign_profile *foreign, const char *name);

/* Opens the recorded process's map of code that was made at run time; NULL: no map can be used. `said` receives its
 * path, or the reason; nothing if the profile is of no process. */
struct perf_map *profile_open_perf_map(const struct profile *profile, struct buffer *said);

/* The function at an address, or before it for a return address. NULL: the map does not have it, or is NULL. */
static inline const char *jitted_name(const struct perf_map *map, uint64_t address, bool exact,
				      struct string_pool *strings)
{
	return map ? perf_map_find(map, address - (exact || !address ? 0 : 1), strings) : NULL;
}

/* A lifetime that is yet to be given to its site. */
struct filed_lifetime {
	uint32_t site;
	struct profile_lifetime lifetime;
};
/* Gives the sites their lifetimes, adding up those of one bin. Sorts `filed`. */
void profile_file_lifetimes(struct profile *profile, struct filed_lifetime *filed, size_t count);
void profile_sort_samples(struct profile *profile);

/* Adds one site's samples to another's, except for the ways in which they were freed. */
void profile_site_add(struct profile_site *site, const struct profile_site *more);
/* NULL: nothing is added. */
void profile_freed_add(struct profile *profile, struct profile_site *site, const struct profile_freed *more);

/* Makes a snapshot of a recording's heap file if that knows more than the last snapshot, because the process died
 * before it could write one. Freed by seep_snapshot_free(). */
bool recording_fold_heap(const char *directory, struct seep_image *image);

/* The directory of the recording to which the snapshot at this path belongs, by its name; to be freed. NULL: none. */
char *recording_of_snapshot(const char *path);

#endif
