/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions on a heap file, for both processes: folding its ring, building
 * snapshots.
 *
 * The code behind this header (build/libkeeper.a) works on the mapping alone.
 * It is linked into libseep.so, where the keeper runs in the target, and into
 * `seep`, which makes the last snapshot of a process that has ended. It calls
 * no allocator, takes no lock, and trusts nothing that it finds in a file:
 * every index is checked against the areas that seep_heap_open() verified.
 */
#ifndef SEEP_KEEPER_H
#define SEEP_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seep/snapshot.h>

#define SEEP_HEAP_NAME "heap" /* the heap file in a recording's directory, or a link to one in memory */
#define SEEP_HEAP_MEMORY_DIRECTORY "/dev/shm"
#define SEEP_HEAP_MEMORY SEEP_HEAP_MEMORY_DIRECTORY "/seep." /* then PID.START.NUMBER */

/* An error, for the one line that the command prints. */
struct seep_fault {
	uint64_t offset; /* in the file, where it applies */
	int error;       /* errno value, or 0 */
	char text[160];  /* what is wrong, without file name */
};

/* An open heap file. Plain data, owned by the caller, zero-initialised by it. */
struct seep_heap_view {
	void *map; /* MAP_SHARED mapping of the whole file */
	size_t bytes;
	bool writable;
	bool abandoned; /* in memory, and neither its program nor a keeper had it when it was opened */
};

/* Maps and verifies the heap file of a recording directory (path of the directory). Read-only unless
 * `writable`. False: fault says why; nothing is held. */
bool seep_heap_open(struct seep_heap_view *heap, const char *directory, bool writable, struct seep_fault *fault);
void seep_heap_close(struct seep_heap_view *heap);

/* The directory of the recording to which a heap file says it belongs. False: the file can't be read, or is not a heap
 * file. */
bool seep_heap_recording_of(const char *heap, char *directory, size_t size);

/* Identity and state, read from the header. */
struct seep_heap_state {
	uint64_t pid;
	uint64_t start_ticks;
	uint8_t boot_id[16];
	uint64_t next_number; /* of the next snapshot */
	uint64_t keeper_pid;  /* 0: no keeper */
	bool complete;        /* a snapshot with trigger EXIT or POSTMORTEM has been written */
	uint32_t status;      /* enum seep_status */
};
void seep_heap_state(const struct seep_heap_view *heap, struct seep_heap_state *state);

/* True while the process that records into it is alive (same pid, start time and boot) and its recording is not complete. */
bool seep_heap_alive(const struct seep_heap_view *heap);

/* Has the last snapshot been written, which has all that is in the heap file? Reads the file's beginning alone: at rate 1 a
 * copy of the whole file takes longer than some reports. */
bool seep_heap_is_complete(const char *directory);

/* A snapshot in memory: an anonymous mapping, freed by seep_snapshot_free(). */
struct seep_image {
	void *data;
	size_t bytes;
	size_t mapped_bytes;
};

/* Folds live table, sites and the ring's unread events into a snapshot image, changing nothing in the heap
 * file. Safe while the target runs. */
bool seep_snapshot_build(const struct seep_heap_view *heap, enum seep_trigger trigger, uint64_t number,
			 struct seep_image *image, struct seep_fault *fault);
void seep_snapshot_free(struct seep_image *image);

/* For a dead process: builds its last snapshot, writes it as the next number into the recording, marks the heap
 * file complete and gives back the unused disk space. `name` receives "NNNNNN.seep". */
bool seep_recording_finish(const char *directory, enum seep_trigger trigger, char name[static 32],
			   struct seep_fault *fault);

/* Ends the recording of a process that seep leaves, which records no more and runs on: its keeper writes the last
 * snapshot. Without a keeper, or one that gives a sign of life, this function does. Waits a minute at most. */
bool seep_recording_leave(const char *directory, struct seep_fault *fault);

/* The name of the calling process, for SEEP_RUNNER: PID.START.NAMESPACE. */
void seep_runner_name(char name[static 64]);

/* Finishes recordings of ours whose program and keeper were killed together, and moves their heap files from memory
 * into them; a heap file of a recording that is gone is removed. Bounded in time. Any number of processes may do so at
 * once. */
void seep_memory_reclaim(void);

/* Asks the keeper of a running process for a snapshot and waits up to timeout_ns for it. `name` receives the
 * file name in the recording directory. */
bool seep_snapshot_request(struct seep_heap_view *heap, uint64_t timeout_ns, char name[static 32],
			   struct seep_fault *fault);

/* Set to true to make seep_keeper_run() return within a second, at once with seep_keeper_wake(). */
typedef _Atomic bool seep_keeper_leave;

/* Files of the program's modules were removed while it runs, as an upgrade does: from now on only the running program
 * has their names. Called in the keeper's thread, and again after pauses, for the stacks that come later. */
typedef void seep_keeper_removal(const char *directory);

/* Called in the keeper's thread while the program stands at its end: its destructors have run. */
typedef void seep_keeper_exit(const char *directory, void *context);

/* Functions of the program that runs a keeper; any may be NULL. */
struct seep_keeper_helper {
	seep_keeper_removal *removal;
	seep_keeper_exit *exit;
	void *context; /* of the second */
};

/* Works as the keeper of a recording from outside its program: folds events and writes snapshots until the program has
 * ended, *leave is true, or another process has the lease. Blocks; one thread a recording; all signals should be
 * blocked in it. `helper` is copied, and may be NULL. The last snapshot is left to seep_recording_finish(). */
bool seep_keeper_run(const char *directory, const seep_keeper_leave *leave, const struct seep_keeper_helper *helper,
		     struct seep_fault *fault);

/* Rouses the keeper of a recording, wherever it runs. */
void seep_keeper_wake(const char *directory);

/* Compact sections of a snapshot (docs/SNAPSHOT_FORMAT.md). The first says whether the section's kind can be packed.
 * The second unpacks compact_entries structures from untrusted bytes; false: *fault is the offset of the byte that is
 * wrong. */
bool seep_section_is_compact(const struct seep_section *section);
bool seep_section_expand(const struct seep_section *section, const void *bytes, void *entries, uint64_t *fault);

/* The same piece by piece. seep_section_next() unpacks up to `most` more entries; `next` says how far it has come. False:
 * something is wrong before the byte `from`, and nothing more can be unpacked. */
struct seep_section_cursor {
	const uint8_t *begin, *from, *end;
	uint32_t type, next, count;
	bool is_bad;
	uint64_t history[20]; /* the values of the entries before */
};
void seep_section_open(struct seep_section_cursor *cursor, const struct seep_section *section, const void *bytes);
bool seep_section_next(struct seep_section_cursor *cursor, void *entries, uint32_t most);

/* The same of NODES whose beginning has been unpacked before: `known` entries of `known_bytes`. */
bool seep_nodes_expand_rest(const struct seep_section *section, const void *bytes, struct seep_node *nodes,
			    uint32_t known, uint64_t known_bytes, uint64_t *fault);

/* The same of SITES for a series, with entries of SEEP_SITE_BYTES_BRIEF, in which `freed` is 0. The sums of what was freed
 * are passed over. */
#define SEEP_SITE_BYTES_BRIEF offsetof(struct seep_site, freed_remotely)
bool seep_sites_expand_brief(const struct seep_section *section, const void *bytes, void *sites, uint64_t *fault);

/* CRC-32 as in zlib, starting from 0. */
uint32_t seep_crc32(uint32_t crc, const void *data, size_t bytes);

#endif
