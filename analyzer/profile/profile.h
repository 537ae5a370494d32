/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one in-memory model. Every reader fills a struct profile; everything above (statistics, comparison, trees,
 * renderers, exporters) reads it.
 *
 * Sites with the same stack of (module, address) are one site here, whatever the source called them; equal stacks have
 * equal keys in different profiles, even across processes and load addresses.
 */
#ifndef SEEP_PROFILE_PROFILE_H
#define SEEP_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seep/snapshot.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/source_line.h"
#include "base/string_pool.h"
#include "symbols/symbols.h"

struct profile_module {
	const char *path; /* "" for module 0: "no module" */
	uint8_t build_id[32];
	uint32_t build_id_bytes;
	uint64_t start, end, bias;
	uint32_t flags;      /* enum seep_module_flags */
	const char *symbols; /* after symbolization: where names came from, or why there are none; else NULL */
	bool has_lines;      /* DWARF line tables were found */
	bool names_kept;     /* the names are those kept with the recording */
	const char *label;   /* the beginning of its addresses' labels, "server+0x"; NULL: no address needs one */
};

/* The four values of a site, as pprof knows them. */
enum call_value { CALL_INUSE_SPACE, CALL_INUSE_OBJECTS, CALL_ALLOC_SPACE, CALL_ALLOC_OBJECTS, CALL_VALUE_COUNT };

static inline bool call_value_is_space(enum call_value value)
{
	return value == CALL_INUSE_SPACE || value == CALL_ALLOC_SPACE;
}

static inline bool call_value_is_in_use(enum call_value value)
{
	return value == CALL_INUSE_SPACE || value == CALL_INUSE_OBJECTS;
}

/* One address in one module. All stacks through it share it. */
struct profile_location {
	uint32_t module;
	uint32_t line_count : 28; /* 0 before symbolization, unless `given`; >= 1 after it */
	bool exact : 1;
	bool given : 1;            /* the source itself gave the lines: symbolization leaves them alone */
	bool allocator : 1;        /* after symbolization: it belongs to the allocator or is operator new */
	bool labelled : 1;         /* after symbolization: it has only a label, which no other location has */
	struct source_line *lines; /* the innermost inlined call first; read them by profile_lines() */
	uint64_t address;          /* as in the snapshot: an ELF virtual address; a return address unless `exact` */
};

struct profile_lifetime {
	uint32_t bin; /* [2^bin, 2^(bin+1)) ns */
	uint64_t samples;
	double objects, bytes, objects_squared, bytes_squared;
};

/* What a site freed: by another thread than had allocated, after less than 1 ms, by a realloc that asked for more. */
struct profile_freed {
	struct seep_measure remotely, shortly, grown;
};

/* An address in stacks; stacks with the same callers may share it. */
struct profile_node {
	uint32_t parent; /* index of the caller's node, smaller than this one's; 0: there is none */
	uint32_t location;
};

struct profile_site {
	uint64_t key; /* hash of the stack; equal across profiles */
	/* the leaf of its stack, 0 if unknown; symbolization trims allocator frames (profile_symbolize) */
	uint32_t node;
	uint32_t depth;
	uint32_t freed_how; /* index into profile.freed; 0: it freed none of these kinds, like most sites */
	uint32_t label;     /* what its threads worked on: the module that stands for the label; 0: none */
	const struct profile_lifetime *lifetimes; /* ascending bin, sparse */
	uint32_t lifetime_count;
	bool truncated; /* the callers above the last frame are unknown */
	bool retired;   /* without a stack: the sums of all sites for which the recorder had no room any more */
	struct seep_measure allocated, freed, in_use;
};

struct profile_sample { /* a live sample */
	uint64_t address, size, birth_ns, rate;
	uint32_t site; /* index into sites */
	uint32_t thread;
};

struct profile_ledger_row {    /* in bytes; as in struct seep_ledger_row */
	uint32_t ledger_class; /* enum seep_ledger_class */
	uint32_t mappings;
	const char *name;
	uint64_t virtual_bytes, anonymous_bytes, file_bytes, swapped_bytes, huge_bytes, unread_bytes;
};

struct profile_content { /* the contents of a live sample */
	uint64_t address, birth_ns;
	uint64_t zero_bytes, tail_bytes; /* bytes that are zero, and those of them at its end */
	uint64_t hash;                   /* of all its bytes */
	uint32_t looks;                  /* how many looks in a row found these bytes */
};

/* Parts of the heap that are not in use. */
enum kept_part { KEPT_CACHED, KEPT_FREE_PAGES, KEPT_PINNED, KEPT_METADATA, KEPT_PARTS };

/* How much of each class is in memory. All but HUGE add up to RSS; UNEXPLAINED takes what pages lack of it. */
struct class_sums {
	bool is_known; /* somebody looked at the process's mappings */
	double rss;
	double resident[SEEP_LEDGER_CLASSES];
	bool has_kept; /* the heap is taken apart: `kept` has its parts */
	double kept[KEPT_PARTS];
};

/* Completes the sums from each class's pages, and RSS just before and just after they were counted. */
void class_sums_close(struct class_sums *sums, double rss_before, double rss_after);
/* Takes a value from a snapshot's section MEMORY, by key. */
void class_sums_take_kept(struct class_sums *sums, uint64_t known, const uint64_t memory[static 64]);

/* One of the processes that were added up to a profile. */
struct profile_part {
	const char *source, *command;
	uint64_t pid, number, rate;
	uint64_t rss_bytes; /* as its pages were counted; 0: nobody did */
	struct seep_measure in_use;
};

struct profile {
	struct string_pool *strings;
	const char *source;   /* the file it came from */
	uint64_t input_bytes; /* size of that file, which bounds what is made of it (base/budget.h) */
	uint32_t trigger;     /* enum seep_trigger */
	uint64_t number;      /* number of the snapshot in its recording; 0: none */
	uint64_t time_ns;     /* CLOCK_MONOTONIC; 0 if unknown */
	uint64_t start_ns;    /* of the recording */
	uint64_t start_unix_ns;
	uint64_t interval_ns;
	uint64_t rate;  /* 0: the source has no rate, so there are no intervals */
	uint32_t lacks; /* bit v: the source lacks enum call_value v, which is then 0 in every site */
	uint64_t pid, parent_pid, start_ticks;
	uint64_t identity; /* instead of a pid, for a file with several moments or a sum over processes; else 0 */
	uint8_t boot_id[16];
	const char *command, *executable, *arguments, *host, *allocator, *allocator_path, *unwinder, *bypassed;
	uint32_t status;        /* enum seep_status */
	uint32_t flags;         /* enum seep_snapshot_flags */
	bool is_of_mappings;    /* sites and samples are what was mapped, exactly: snapshot_show_mappings() */
	bool shutdown_left_out; /* counts as its recording's last, since later ones show the program's shutdown */
	uint64_t damaged; /* snapshots of its recording that can't be read, of those that were opened to find it */

	struct profile_module *modules;
	uint32_t module_count; /* at least 1 */
	struct profile_location *locations;
	uint32_t location_count;
	struct profile_node *nodes; /* the first one is not a node */
	uint32_t node_count;
	struct profile_site *sites;
	uint32_t site_count;
	struct profile_freed *freed; /* NULL: no site has any; otherwise the first one is all zero */
	uint32_t freed_count;
	struct profile_sample *samples; /* NULL: not unpacked yet; read them by profile_samples() */
	uint32_t sample_count;
	bool has_samples; /* false: in_use comes from totals alone, and diffs can't match samples */
	bool has_lifetimes;

	uint64_t memory[64];               /* by enum seep_memory_key */
	uint64_t memory_known;             /* bit k set: memory[k] was measured */
	uint64_t losses[64];               /* by enum seep_loss_key */
	struct profile_ledger_row *ledger; /* the process's mappings; NULL: nobody looked */
	uint32_t ledger_count;
	struct class_sums earlier_classes; /* without a ledger: of the nearest snapshot before (ledger_borrow()) */
	uint64_t earlier_ns;               /* its time */
	struct seep_absence *absences; /* live samples that were not all in memory, by address; only with `ledger` */
	uint32_t absence_count;
	struct seep_referenced *references; /* live samples, by address; NULL: nobody looked for references to them */
	uint32_t reference_count;
	struct profile_content *contents; /* of live samples, by address; NULL: nobody read any (target/contents.h) */
	uint32_t content_count;
	uint32_t content_looks; /* how often they were read, and how long that took from first to last */
	uint64_t content_ns;
	const char *const *wrappers; /* functions that the user calls wrappers of malloc; not owned */
	size_t wrapper_count;
	const struct profile_part *parts; /* for a sum over processes (profile/merge.h); else NULL */
	uint32_t part_count;
	void *storage; /* owns the arrays above */
};

/* Opens whatever the path names. The content decides what it is: a snapshot file, a recording directory (then its last
 * snapshot; where the process died without one, its state is folded from the heap file), a bundle (likewise), a heap
 * dump by jemalloc or gperftools, a pprof profile, heaptrack's file). NULL: one line in error, naming file, offset and
 * fault. */
struct profile *profile_open(const char *path, struct error *error);
/* Opens a recording as of now: if its program runs, from its heap file, without taking a snapshot; otherwise as
 * above. */
struct profile *profile_open_now(const char *directory, struct error *error);
/* The same, and appends the bytes of the snapshot that the profile was made of; none if the program does not run. */
struct profile *profile_open_now_keep(const char *directory, struct buffer *bytes, struct error *error);
/* The same as profile_open(), from bytes in memory; `name` is for messages. */
struct profile *profile_open_snapshot(const void *data, size_t bytes, const char *name, struct error *error);
/* While this is on, snapshot files of one recording that are opened one after the other share their stacks, which takes
 * less time and memory. Such profiles are symbolized and freed together: what one shows may be held by the other. */
void profile_share_stacks(bool shares);
/* An empty profile with its pool but no arrays, for whoever fills it. */
struct profile *profile_create(void);
void profile_free(struct profile *profile);

/* A location's lines. A program without symbols has millions of labels, most of which nobody sees, so labels are made
 * when they are first asked for. */
struct source_line *profile_label_make(const struct profile *profile, const struct profile_location *location);
static inline struct source_line *profile_lines(const struct profile *profile, const struct profile_location *location)
{
	return location->lines || !location->labelled ? location->lines : profile_label_make(profile, location);
}

/* Writes the label of a `labelled` location; returns its length. */
enum { PROFILE_LABEL_ROOM = 640 };
size_t profile_label_write(const struct profile *profile, const struct profile_location *location, char *label);

/* The live samples, sorted by site, then birth. They are unpacked when they are first asked for: a report does not need
 * them. */
const struct profile_sample *profile_samples(const struct profile *profile);

/* A live sample's bytes in memory, and swapped out. Requires `ledger`. */
struct seep_absence profile_residence(const struct profile *profile, const struct profile_sample *sample);

/* Fills locations[].lines and modules[].symbols, and trims allocator frames from the leaf of every stack; a stack of
 * nothing else keeps its outermost frame. Never fails: an unknown address is named by module and address, or by where
 * its function starts ("server+0x1230"). Sites whose stacks became equal by trimming stay apart, with their own keys;
 * whoever folds by stack adds them up. */
void profile_symbolize(struct profile *profile, const struct symbol_search *search);

/* Call it before profile_symbolize(): names functions that count as wrappers of malloc. Not owned. */
static inline void profile_use_wrappers(struct profile *profile, const char *const *names, size_t count)
{
	profile->wrappers = names;
	profile->wrapper_count = count;
}

/* Keeps the names of a recording's addresses with it, as far as there is room (symbols/records.h). */
struct records_summary;
bool recording_keep_names(const char *directory, struct records_summary *summary, struct error *error);

/* Whether the source has this value at all. */
static inline bool profile_has(const struct profile *profile, enum call_value value)
{
	return !(profile->lacks >> value & 1);
}

/* The value itself unless it is among `lacks`; else bytes that are not, else objects. */
enum call_value call_value_instead(enum call_value value, uint32_t lacks);

/* Whether a line names its function. False: "module+0x1234" or "0x1234" stands for it. */
bool profile_line_is_named(const struct profile_module *module, const struct source_line *line);
/* The same of a location's innermost line. */
bool profile_location_is_named(const struct profile *profile, const struct profile_location *location);

/* The address of a call whose line names, at most, where its function begins; 0: the line says more, or is this
 * address. */
uint64_t profile_call_address(const struct profile *profile, const struct profile_location *location,
			      const struct source_line *line);

/* NULL: the site has no stack. */
static inline const struct profile_location *profile_leaf(const struct profile *profile,
							  const struct profile_site *site)
{
	return site->node ? &profile->locations[profile->nodes[site->node].location] : NULL;
}

/* What the site's threads said they worked on (seep_label()); NULL: nothing. */
static inline const char *profile_site_label(const struct profile *profile, const struct profile_site *site)
{
	return site->label ? profile->modules[site->label].path + sizeof SEEP_LABEL_PREFIX - 1 : NULL;
}

/* The text for the stack of a site that has no frames. */
static inline const char *profile_site_stand_in(const struct profile_site *site)
{
	return site->retired ? "[retired]" : "[no stack]";
}

/* ---- a walk over a stack's calls from the leaf outwards; inlined calls are calls, too ---- */

/* One call: the line'th line of the node's address; node 0: none. */
struct frame_walk {
	uint32_t node, line;
};

static inline struct frame_walk frame_walk_leaf(const struct profile_site *site)
{
	return (struct frame_walk){site->node, 0};
}

static inline bool frame_walk_has(struct frame_walk at)
{
	return at.node != 0;
}

static inline bool frame_walk_is(struct frame_walk at, struct frame_walk other)
{
	return at.node == other.node && at.line == other.line;
}

static inline const struct profile_location *frame_walk_location(const struct profile *profile, struct frame_walk at)
{
	return &profile->locations[profile->nodes[at.node].location];
}

static inline const struct source_line *frame_walk_line(const struct profile *profile, struct frame_walk at)
{
	return &profile_lines(profile, frame_walk_location(profile, at))[at.line];
}

/* The caller's call. */
static inline struct frame_walk frame_walk_next(const struct profile *profile, struct frame_walk at)
{
	if (at.line + 1 < frame_walk_location(profile, at)->line_count)
		return (struct frame_walk){at.node, at.line + 1};
	return (struct frame_walk){profile->nodes[at.node].parent, 0};
}

/* ---- keys ---- */

/* Equal for the same module in two profiles: by its build id if it has one, else by its path. */
uint64_t profile_module_identity(const uint8_t *build_id, uint32_t build_id_bytes, const char *path);

/* Whether both come from one recording of one process: same pid, start time, boot, and moment when recording began
 * (exec keeps the others). */
bool profiles_are_same_process(const struct profile *before, const struct profile *after);

/* Whether the process still runs, in any pid namespace. False for a process of another machine, or from before a
 * reboot. */
bool profile_process_runs(const struct profile *profile);

/* NULL: it freed nothing of these kinds. */
static inline const struct profile_freed *profile_freed_of(const struct profile *profile,
							   const struct profile_site *site)
{
	return site->freed_how ? &profile->freed[site->freed_how] : NULL;
}

/* The hash of a stack, made from the root down of values that are the same in every process: first the callers' hash
 * with one more frame below them; then, at the leaf, with everything else that tells sites apart. */
uint64_t stack_key_extend(uint64_t callers, uint64_t module_identity, uint64_t address, bool exact);
uint64_t stack_key_close(uint64_t stack, uint32_t site_flags, uint32_t node);

/* Sums over all sites. */
struct profile_totals {
	struct seep_measure allocated, freed, in_use;
};
void profile_totals(const struct profile *profile, struct profile_totals *totals);

/* Whether a snapshot was taken because much was in use. Such moments are extreme, so others are better to compare
 * with. */
static inline bool trigger_follows_use(uint32_t trigger)
{
	return trigger == SEEP_TRIGGER_PEAK || trigger == SEEP_TRIGGER_LIMIT;
}

/* The snapshots of a recording's directory or of a bundle, in ascending order of number. False: it can't be read, or
 * holds none. Only headers are read: a damaged one has time 0 and no trigger, and is refused when it is opened. */
struct recording_entry {
	char *path;
	uint64_t number, time_ns;
	uint32_t trigger;
	uint64_t header_number; /* the number in its header; 0: none, or it can't be read */
};
struct recording {
	struct recording_entry *entries;
	size_t count;
	bool contradicts; /* listing failed because the snapshots contradict their names */
};

/* Snapshots of a recording that can't be read: if others can be, these are passed over, and a message says so. */
struct passed_over {
	size_t count;
	struct error first;
};
void passed_over_add(struct passed_over *passed_over, const struct error *error);
/* Prints one line on standard error if there are any, unless it has said the same before. */
void passed_over_say(const struct passed_over *passed_over);
/* From now on nothing is printed: for a server, which reads recordings again and again, and for a live screen. */
void passed_over_keep_quiet(void);

bool recording_list(const char *directory, struct recording *recording, struct error *error);
/* Whether no two snapshots have the same number and every name agrees with its header. Call it on the sorted list. */
bool recording_check(const struct recording *recording, struct error *error);
void recording_free(struct recording *recording);
bool path_is_recording(const char *path); /* a recording's directory, or a bundle */
bool path_has_moments(const char *path);  /* heaptrack's file, of which "FILE#peak" and "FILE#90s" are moments */

#endif
