/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap file: everything that a recording knows, in one MAP_SHARED file without a process-local pointer in it. What
 * is committed here survives the program, however it ends. docs/CONCURRENCY.md says who may write what and in which
 * order; docs/SNAPSHOT_FORMAT.md has the layout. The format is private to one version of seep (readers refuse any
 * other); snapshots are the format that lasts.
 *
 * Areas are arrays at fixed offsets, aligned to 4096. Entry 0 of SITES,
 * STACKS, LIFETIMES and MODULES means "none".
 */
#ifndef SEEP_HEAP_H
#define SEEP_HEAP_H

#include <stdint.h>

#include <seep/measure.h>
#include <seep/snapshot.h>

#define SEEP_HEAP_MAGIC "SEEPHEAP"
#define SEEP_HEAP_VERSION 9u
#define SEEP_HEAP_PAGE 4096u

typedef _Atomic uint64_t seep_atomic64;
typedef _Atomic uint32_t seep_atomic32;

enum seep_area_id {
	SEEP_AREA_MODULES, /* struct seep_heap_module */
	SEEP_AREA_INDEX0,  /* seep_atomic64: levels of the hash index of stacks; powers of two: see stacks.h */
	SEEP_AREA_INDEX1,
	SEEP_AREA_INDEX2,
	SEEP_AREA_STACKS, /* struct seep_heap_cell, chained from sites; given out as preload/keeper/heap/pool.h says */
	SEEP_AREA_SITES,  /* struct seep_heap_site, one a stack; likewise */
	SEEP_AREA_LIFETIMES,     /* struct seep_heap_lifetime, chained from sites; likewise */
	SEEP_AREA_MAPPINGS,      /* struct seep_heap_mapping; of both states, by turns: see seep_heap_mapping_state */
	SEEP_AREA_MAPPING_SITES, /* struct seep_heap_mapping_site; likewise */
	SEEP_AREA_MAPPING_RING,  /* struct seep_mapping_event; power of two */
	SEEP_AREA_RING,          /* struct seep_event; power of two */
	SEEP_AREA_LIVE0,         /* struct seep_heap_live: the live table's levels; powers of two */
	SEEP_AREA_LIVE1,
	SEEP_AREA_LIVE2,
	SEEP_AREA_HOMES0, /* _Atomic uint8_t a slot of the level: see live.h */
	SEEP_AREA_HOMES1,
	SEEP_AREA_HOMES2,
	SEEP_AREA_COUNT
};
#define SEEP_LIVE_LEVELS 3
#define SEEP_INDEX_LEVELS 3

struct seep_area {
	uint64_t offset;   /* from the start of the file */
	uint64_t capacity; /* entries */
};

/* A double that several threads add to: its bits, changed by compare-and-swap. */
typedef _Atomic uint64_t seep_atomic_double;

struct seep_heap_sum { /* struct seep_sum */
	seep_atomic_double uncertain, variance, largest, certain;
};

struct seep_heap_measure { /* struct seep_measure */
	seep_atomic64 samples;
	struct seep_heap_sum bytes, objects;
};

/* The thread that registers the module writes it, then publishes it by state; a module that comes back gets a new
 * start, end and bias. */
struct seep_heap_module {
	seep_atomic32 state; /* enum seep_module_state, store-release */
	seep_atomic32 flags; /* enum seep_module_flags */
	uint64_t start, end, bias;
	uint64_t identity; /* hash of path and build id */
	uint32_t epoch;
	uint32_t build_id_bytes;
	uint8_t build_id[32];
	char path[432]; /* NUL-terminated, cut to size */
};
/* In flags, beside enum seep_module_flags: the entry gets a new place; the keeper is about to give it up; and how often
 * it was given up. */
#define SEEP_MODULE_MOVING (1u << 31)
#define SEEP_MODULE_CLAIMED (1u << 30)
#define SEEP_MODULE_TENANT (1u << 8) /* 22 bits */
#define SEEP_MODULE_KNOWN (SEEP_MODULE_TENANT - 1)
enum seep_module_state {
	SEEP_MODULE_EMPTY = 0,
	SEEP_MODULE_WRITING = 1,
	SEEP_MODULE_READY = 2,
	SEEP_MODULE_LIMBO = 3, /* given up, but a stack that a thread is filing may still name it */
	SEEP_MODULE_FREE = 4,
};

/* A frame: module index in bits 48..63, bit 47 set for an exact address (no return address), address below. Module 0
 * means that the address is absolute. */
#define SEEP_FRAME_EXACT (UINT64_C(1) << 47)
#define SEEP_FRAME_ADDRESS(frame) ((frame) & (SEEP_FRAME_EXACT - 1))
#define SEEP_FRAME_MODULE(frame) ((uint32_t)((frame) >> 48))

/* A stack is a chain of cells, constant as long as its site is in service. Its first cell has the hash in words[0] and
 * six frames behind it, the others have seven. */
#define SEEP_CELL_WORDS 7
struct seep_heap_cell {
	seep_atomic32 next; /* cell of the same stack, or of those that are free; 0: last */
	uint16_t depth;     /* of the stack, in its first cell: frames, leaf first */
	uint16_t flags;     /* likewise: enum seep_site_flags */
	uint64_t words[SEEP_CELL_WORDS];
};

/* A site's users: the threads that have its number and have not yet told live table and ring. OPEN: the site is in
 * service. CLOSED: the keeper finds out whether anything needs it. Neither: it is free, or a thread is filling it
 * in. */
#define SEEP_SITE_OPEN (1u << 31)
#define SEEP_SITE_CLOSED (1u << 30)

struct seep_heap_site {
	seep_atomic32 stack;     /* its first cell; 0: no stack */
	seep_atomic32 lifetimes; /* first of its chain; 0: none */
	seep_atomic32 users;     /* and SEEP_SITE_OPEN or _CLOSED */
	/* The round of recycling that gave the site up: once `recycled` has reached it, the site counts in `given_up`.
	 * 0: none. */
	seep_atomic32 retired;
	seep_atomic32 next_free;
	uint32_t reserved;
	struct seep_heap_measure allocated, freed, freed_remotely, freed_shortly, freed_grown;
};

struct seep_heap_lifetime {
	seep_atomic32 next; /* of the same site, or of those that are free; 0: last. Constant once chained */
	seep_atomic32 bin;
	seep_atomic64 samples;
	seep_atomic_double objects, bytes, objects_squared, bytes_squared;
};

/* A live slot's address word. No heap object has address 0 or 1, and none uses the upper eight bits. */
#define SEEP_LIVE_FREE UINT64_C(0)
#define SEEP_LIVE_WRITING UINT64_C(1)
#define SEEP_LIVE_ADDRESS ((UINT64_C(1) << 56) - 1)
/* A realloc is at work on the block: bits 56..62 hold the low bits of its thread's number. */
#define SEEP_LIVE_MOVING (UINT64_C(1) << 63)

struct seep_heap_live {
	seep_atomic64 address;   /* SEEP_LIVE_FREE, SEEP_LIVE_WRITING or the object's address, perhaps MOVING */
	seep_atomic64 size_rate; /* size in bits 0..47, index into rates in bits 48..55 */
	seep_atomic64 birth_ns;
	seep_atomic64 site_thread; /* site in bits 0..31, thread in bits 32..63 */
};

#define SEEP_SIZE_LIMIT ((UINT64_C(1) << 48) - 1)

enum seep_event_kind { SEEP_EVENT_ALLOCATED = 1, SEEP_EVENT_FREED = 2, SEEP_EVENT_FREED_REMOTELY = 3 };

/* Set in the kind of a free: it was a realloc that asked for more. */
#define SEEP_EVENT_GROWN 0x80u

/* The commit word: bits 0..31 the low half of position + 1, bits 32..39 enum seep_event_kind, bits 40..63 a check over
 * the other three words and the low 40 bits. Stored last, with release. */
struct seep_event {
	seep_atomic64 commit;
	seep_atomic64 size_rate;   /* as in struct seep_heap_live */
	seep_atomic64 time_ns;     /* ALLOCATED: birth; FREED: lifetime */
	seep_atomic64 site_thread; /* as in struct seep_heap_live */
};

/* A call of mmap or its like that succeeded, with its exact effect on the address space. */
enum seep_mapping_event_kind {
	SEEP_MAPPING_MAPPED = 1,   /* [address, + length) is new, in place of all that was there */
	SEEP_MAPPING_UNMAPPED = 2, /* [address, + length) is gone */
	SEEP_MAPPING_MOVED =
	    3, /* [old_address, + old_length) is [address, + length) now; old_length 0: the old stays */
	SEEP_MAPPING_DETACHED = 4, /* the segment of System V that begins at address is gone */
};

/* The commit word is made as that of struct seep_event. `since`: the ring's head before the call; what was mapped from
 * then on was mapped after this call had done its work, and stays. */
struct seep_mapping_event {
	seep_atomic64 commit;
	seep_atomic64 address, length, old_address;
	seep_atomic64 old_length_sort; /* bits 0..55 the old length, bits 56..63 enum seep_mapping_sort */
	seep_atomic64 since, time_ns, site_thread;
};

/* A piece of the address space that one call mapped. */
struct seep_heap_mapping {
	uint64_t start, end;
	uint64_t birth_ns;
	uint64_t position; /* in the ring, of the event */
	uint32_t site;     /* index into the state's sites */
	uint32_t thread;
};

/* The calls of one stack that map one sort. live pieces = mapped + split - ended. */
struct seep_heap_mapping_site {
	uint32_t stack; /* site of SEEP_AREA_SITES; 0: none */
	uint32_t sort;  /* enum seep_mapping_sort */
	uint64_t mapped, split, ended;
	uint64_t mapped_bytes, unmapped_bytes;
};

/* The consumer folds events by making the next state from the last one. Entry i of state s is 2 * i + s of its area. Site 0
 * has what was given up. */
struct seep_heap_mapping_state {
	uint64_t tail; /* of the ring: the events before are in it */
	uint64_t lost; /* events that are not, since they were never committed or there was no room */
	uint32_t count, site_count;
};

/* The state of a program that stands at its end until its keeper has looked at it. */
enum seep_at_exit { SEEP_EXIT_NONE = 0, SEEP_EXIT_WAITS = 1, SEEP_EXIT_SEEN = 2 };

enum seep_heap_phase { SEEP_HEAP_BUILDING = 0, SEEP_HEAP_RECORDING = 1, SEEP_HEAP_COMPLETE = 2 };

#define SEEP_RATES 64
#define SEEP_KEYS 64

/* The counts of sites that were given up. */
struct seep_heap_given_up {
	uint64_t sites; /* their number */
	struct seep_heap_site sums;
	struct seep_heap_lifetime lifetimes[64]; /* by bin */
};

struct seep_heap_header {
	/* written before phase becomes RECORDING, constant afterwards */
	char magic[8];
	uint32_t version;
	uint32_t header_bytes; /* sizeof(struct seep_heap_header) */
	uint64_t file_bytes;
	struct seep_area areas[SEEP_AREA_COUNT];
	uint64_t pid, parent_pid, start_ticks;
	uint8_t boot_id[16];
	uint64_t start_ns, start_unix_ns;
	uint64_t interval_ns;     /* between timer snapshots; 0: none */
	uint64_t snapshots_limit; /* retention: number and bytes of snapshots kept */
	uint64_t snapshots_bytes_limit;
	uint64_t limit_headroom_bytes; /* bytes: a memory limit that leaves less than that is near */
	uint64_t
	    limit_headroom_percent; /* the same as a share of the limit, unless it is 0; both 0: no limit is ever near */
	char command[64];
	char executable[512];
	char arguments[1024]; /* the keeper's later: programs change theirs. A reader may see half of a change */
	char host[72];
	char allocator[32];
	char allocator_path[256];
	char unwinder[32];
	char bypassed[256];
	char directory[1600]; /* of the recording, absolute; a heap file in memory lies elsewhere */
	uint64_t held;        /* 1: a lock on the file says whether any process has it: preload/keeper/files/life.h */
	uint64_t runner_pid, runner_start_ticks, runner_namespace; /* of the `seep run` that will finish it; 0: none */
	uint64_t mount_namespace; /* inode of the program's: where its directory's path means something; 0: unknown */
	uint64_t
	    program_stack; /* where its first stack began: another, and the process has executed another program; 0: unknown */

	/* who moves what: docs/CONCURRENCY.md */
	_Alignas(64) seep_atomic32 phase; /* enum seep_heap_phase */
	seep_atomic32 status;             /* enum seep_status, bits are only set */
	seep_atomic32 rate_count;
	seep_atomic32 rate_now;                  /* index into rates */
	uint64_t rates[SEEP_RATES];              /* entry i is constant once rate_count > i */
	_Alignas(64) seep_atomic32 module_count; /* entries reserved, entry 0 included */
	seep_atomic32 module_epoch;              /* bumped when a known module has been unloaded */
	seep_atomic32 cell_count;                /* entries of STACKS reserved, entry 0 included */
	seep_atomic32 modules_claimed; /* rounds in which entries of modules were looked at, to give them up */
	/* Entries whose memory is there; only ever raised: see preload/keeper/heap/area_growth.h. */
	seep_atomic64 room[SEEP_AREA_COUNT];
	seep_atomic64
	    may_grow; /* the program may make the system call for more room: 1 + bytes, until the keeper looks */
	seep_atomic32 site_count; /* entries reserved, entry 0 included */
	seep_atomic32 lifetime_count;
	seep_atomic64 free[SEEP_AREA_COUNT]; /* first free entry in bits 0..31, 0: none; changes counted above */
	seep_atomic32 free_count[SEEP_AREA_COUNT];
	seep_atomic32 thread_count; /* threads that took a sample */
	/* a line that every sample writes to: one miss where threads take turns */
	_Alignas(64) seep_atomic64 ring_head; /* positions reserved by producers */
	seep_atomic64 live_inserted;          /* live = inserted - removed, always */
	seep_atomic64 live_removed;
	seep_atomic64 counted_bytes; /* exact bytes that the countdowns have consumed */
	/* and one of the consumer's */
	_Alignas(64) seep_atomic64 ring_tail; /* positions folded by the one consumer */
	seep_atomic64 ring_folding;           /* position + 1 being folded; equals ring_tail when idle */
	seep_atomic_double in_use_bytes;      /* running estimate; only for the high-water mark */
	seep_atomic_double in_use_peak_bytes;
	_Alignas(64) seep_atomic64 losses[SEEP_KEYS]; /* by enum seep_loss_key */
	seep_atomic64 memory[SEEP_KEYS];              /* by enum seep_memory_key */
	seep_atomic64 memory_known;                   /* bit k: memory[k] was measured */

	/* between the program, its keeper and `seep snapshot` */
	_Alignas(64) seep_atomic32 wake; /* futex word: bumped, then woken, to rouse the keeper */
	seep_atomic32 stop;              /* 1: the program is ending, write the exit snapshot and leave */
	seep_atomic32 requested;         /* snapshots asked for, each a bump */
	seep_atomic32 answered;          /* requests answered; futex word for those who wait */
	seep_atomic32 request_trigger;   /* enum seep_trigger of the last request */
	seep_atomic32 answer_error;      /* errno of the last answer, 0: fine */
	seep_atomic64 answer_number;     /* number of the snapshot that answered */
	seep_atomic64 next_number;       /* of the next snapshot; starts at 1 */
	seep_atomic64 lease;             /* consumer: pid in bits 0..31, generation above; pid 0: free */
	seep_atomic64 lease_ns;          /* CLOCK_MONOTONIC of its last sign of life */
	seep_atomic64 lease_namespace;   /* inode of the holder's pid namespace; 0: unknown */
	seep_atomic64 lease_start_ticks;
	seep_atomic64 lease_generation; /* of the holder whom these two describe */
	seep_atomic64 alive_ns;         /* CLOCK_MONOTONIC at which the keeper last saw the program alive */
	seep_atomic64 pid_namespace;    /* inode of the program's pid namespace, by its keeper; 0: unknown */
	seep_atomic64 unused_account;   /* once asked for the allocator's account */
	seep_atomic32 at_exit;          /* enum seep_at_exit; futex word for the program, which waits for the second */
	seep_atomic32 confined;         /* 1: the program makes no system call on our account any more; only ever set */

	/* preload/keeper/mappings/mapping_fold.h */
	_Alignas(64) seep_atomic64 mapping_head; /* positions reserved by producers */
	seep_atomic64 mapping_tail;              /* for producers: that of the state that holds, or an earlier one */
	seep_atomic32 mapping_round;             /* states that were made; of the two, this % 2 is what holds */
	struct seep_heap_mapping_state mapping_states[2];

	/* preload/keeper/snapshot/recycle.h: of the two, recycled % 2 is what holds; the other is being prepared */
	_Alignas(64) seep_atomic32 recycled; /* rounds of recycling that are complete */
	struct seep_heap_given_up given_up[2];
};

#define SEEP_HEAP_AREAS_OFFSET                                                                                         \
	(((uint64_t)sizeof(struct seep_heap_header) + SEEP_HEAP_PAGE - 1) / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE)

_Static_assert(sizeof(struct seep_heap_module) == 512, "layout");
_Static_assert(sizeof(struct seep_heap_cell) == 64, "layout");
_Static_assert(sizeof(struct seep_heap_site) == 384, "layout");
_Static_assert(sizeof(struct seep_heap_lifetime) == 48, "layout");
_Static_assert(sizeof(struct seep_heap_live) == 32, "layout");
_Static_assert(sizeof(struct seep_event) == 32, "layout");
_Static_assert(sizeof(struct seep_mapping_event) == 64, "layout");
_Static_assert(sizeof(struct seep_heap_mapping) == 40, "layout");
_Static_assert(sizeof(struct seep_heap_mapping_site) == 48, "layout");

#endif
