/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot file (NNNNNN.seep), as docs/SNAPSHOT_FORMAT.md specifies it.
 *
 * Small, immutable, self-contained, checksummed; little-endian, every section starts on a multiple of 8. Structures are
 * of fixed width; compact sections pack them, and unpack to the structures below. A reader skips section types that it
 * does not know and takes `entry_bytes` as the stride, so entries may grow at their end without a new version.
 * Everything in a file is untrusted.
 */
#ifndef SEEP_SNAPSHOT_H
#define SEEP_SNAPSHOT_H

#include <stdint.h>

#include <seep/measure.h>
#include <seep/memory.h>

#define SEEP_SNAPSHOT_MAGIC "SEEPSNAP"
#define SEEP_SNAPSHOT_VERSION 2u
#define SEEP_SNAPSHOT_VERSION_PLAIN 1u /* without compact sections */
#define SEEP_SNAPSHOT_SUFFIX ".seep"

/* Why a snapshot was taken. Only TIMER snapshots may enter a time series. */
enum seep_trigger {
	SEEP_TRIGGER_UNKNOWN = 0,
	SEEP_TRIGGER_TIMER = 1,      /* the interval passed */
	SEEP_TRIGGER_EXIT = 2,       /* the program ended, in whatever way */
	SEEP_TRIGGER_REQUEST = 3,    /* `seep snapshot` */
	SEEP_TRIGGER_SIGNAL = 4,     /* the opt-in signal */
	SEEP_TRIGGER_PEAK = 5,       /* a new high-water mark of in-use bytes */
	SEEP_TRIGGER_POSTMORTEM = 6, /* made from the heap file of a dead process */
	SEEP_TRIGGER_API = 7,        /* the program asked, through <seep/seep.h> */
	SEEP_TRIGGER_LIMIT = 8,      /* a limit of memory is near */
	SEEP_TRIGGER_COUNT
};

struct seep_snapshot_header { /* 64 bytes, at offset 0 */
	char magic[8];
	uint32_t version;       /* readers refuse a newer one */
	uint32_t header_bytes;  /* 64 */
	uint64_t file_bytes;    /* whole file; a shorter one is truncated */
	uint32_t section_count; /* entries of the table that follows the header */
	uint32_t trigger;       /* enum seep_trigger */
	uint64_t number;        /* NNNNNN of the file name; 0 if none */
	uint64_t time_ns;       /* CLOCK_MONOTONIC of the target's machine */
	uint32_t flags;         /* enum seep_snapshot_flags */
	uint32_t reserved;
	uint32_t table_crc;  /* CRC-32 (zlib's) of the section table */
	uint32_t header_crc; /* CRC-32 of these 64 bytes with this field 0 */
};

enum seep_snapshot_flags {
	SEEP_SNAPSHOT_LOWER_BOUND = 1 << 0, /* a table was full: totals are lower bounds */
	SEEP_SNAPSHOT_DOUBTED = 1 << 1,     /* a keeper died: one event may be counted twice */
};

struct seep_section {             /* 32 bytes each, right after the header */
	uint32_t type;            /* enum seep_section_type */
	uint32_t entry_bytes;     /* size of one entry; 1 for STRINGS */
	uint64_t offset;          /* from the start of the file, multiple of 8 */
	uint64_t bytes;           /* a multiple of entry_bytes; padding not included */
	uint32_t crc;             /* CRC-32 of these bytes */
	uint32_t compact_entries; /* 0: entries one behind the other. Otherwise their number, and they are compact */
};

/* All compact sections of a file together unpack to at most so many bytes for each byte of the file, and some. */
#define SEEP_COMPACT_RATIO 32
#define SEEP_COMPACT_LEAST 65536

enum seep_section_type {
	SEEP_SECTION_PROCESS = 1,   /* one struct seep_process */
	SEEP_SECTION_STRINGS = 2,   /* NUL-terminated texts; offset 0 is "" */
	SEEP_SECTION_MODULES = 3,   /* struct seep_module; entry 0 is "no module" */
	SEEP_SECTION_NODES = 4,     /* struct seep_node; entry 0 is the root */
	SEEP_SECTION_SITES = 5,     /* struct seep_site; a site whose node is 0 has no stack */
	SEEP_SECTION_LIFETIMES = 6, /* struct seep_lifetime */
	SEEP_SECTION_LIVE = 7,      /* struct seep_live */
	SEEP_SECTION_MEMORY = 8,    /* struct seep_value, key = enum seep_memory_key */
	SEEP_SECTION_LOSSES = 9,    /* struct seep_value, key = enum seep_loss_key */
	SEEP_SECTION_LEDGER = 10,   /* struct seep_ledger_row; none: nobody has looked */
	SEEP_SECTION_ABSENT = 11,   /* struct seep_absence; none: nobody has looked */
	/* The program's mappings, all of them: as SITES, LIVE and ABSENT are for the heap, with rate 1. */
	SEEP_SECTION_MAPPING_SITES = 12,  /* struct seep_site; its flags have the sort */
	SEEP_SECTION_MAPPINGS = 13,       /* struct seep_live */
	SEEP_SECTION_MAPPING_ABSENT = 14, /* struct seep_absence; with LEDGER alone */
	SEEP_SECTION_REFERENCES = 15,     /* struct seep_referenced; added to a snapshot by whoever has looked */
	SEEP_SECTION_TYPES,               /* how many there are, with 0; not a section */
};

/* A text: byte offset into STRINGS. */
typedef uint32_t seep_string;

struct seep_process {
	uint64_t pid;
	uint64_t parent_pid;
	uint64_t start_ticks;   /* field 22 of /proc/PID/stat: with boot_id, names the process */
	uint8_t boot_id[16];    /* of /proc/sys/kernel/random/boot_id */
	uint64_t start_ns;      /* CLOCK_MONOTONIC when recording began */
	uint64_t start_unix_ns; /* CLOCK_REALTIME at the same moment */
	uint64_t rate;          /* bytes a sample on average, now */
	uint64_t interval_ns;   /* between timer snapshots; 0: none */
	seep_string command;    /* short name */
	seep_string executable; /* path */
	seep_string arguments;  /* separated by blanks, possibly cut */
	seep_string host;
	seep_string allocator;      /* glibc, jemalloc, tcmalloc, mimalloc, other */
	seep_string allocator_path; /* module that defines the next malloc */
	seep_string unwinder;       /* name of the backend */
	seep_string bypassed;       /* module whose malloc bypasses the shim, or "" */
	uint32_t status;            /* enum seep_status */
	uint32_t reserved;
};

/* States of the shim. */
enum seep_status {
	SEEP_STATUS_VALGRIND = 1 << 0,    /* ran under valgrind */
	SEEP_STATUS_ANONYMOUS = 1 << 1,   /* no space for the heap file: dies with the process */
	SEEP_STATUS_FORKED = 1 << 2,      /* began in a forked child: what it inherited is unknown */
	SEEP_STATUS_BYPASSED = 1 << 3,    /* the program's own malloc is not seen */
	SEEP_STATUS_POOLS = 1 << 4,       /* a pool above malloc hides sites (python's pymalloc) */
	SEEP_STATUS_NO_UNWINDER = 1 << 5, /* libunwind is missing: stacks are one frame deep */
	SEEP_STATUS_COARSE_CLOCK =
	    1 << 6,                   /* the program forbade itself clocks: times are those of its keeper's last look */
	SEEP_STATUS_JOINED = 1 << 7,  /* `seep attach` joined the program: what it had allocated before is not here */
	SEEP_STATUS_LEFT = 1 << 8,    /* seep left the program, which runs on */
	SEEP_STATUS_SERVICE = 1 << 9, /* in a service's directory: thinned with all that is there */
	SEEP_STATUS_DUMPED = 1 << 10, /* the kernel wrote its core dump: time ends where that began */
};

struct seep_module {
	uint64_t start; /* lowest and one past highest mapped address */
	uint64_t end;
	uint64_t bias; /* load bias: address in memory - ELF virtual address */
	seep_string path;
	uint32_t build_id_bytes; /* 0: none */
	uint8_t build_id[32];
	uint32_t epoch; /* modules unloaded before this one was first seen */
	uint32_t flags; /* enum seep_module_flags */
};

enum seep_module_flags {
	SEEP_MODULE_EXECUTABLE = 1 << 0, /* the main program */
	SEEP_MODULE_UNLOADED = 1 << 1,   /* was unloaded when the snapshot was taken */
	SEEP_MODULE_VDSO = 1 << 2,
	SEEP_MODULE_LABEL = 1 << 3, /* no module: a label that a thread had, its path SEEP_LABEL_PREFIX and the text */
};

/* A stack that was taken under a label has one frame more, the outermost: address 0 in the label's module. */
#define SEEP_LABEL_PREFIX "[label] "

/* A stack is a path from a leaf node up to node 0; the parent is the caller. */
struct seep_node {
	uint32_t parent;  /* smaller than this node's own index */
	uint32_t module;  /* index into MODULES */
	uint64_t address; /* ELF virtual address in the module; absolute where module is 0.
	                     A return address, unless SEEP_NODE_EXACT is set. */
	uint32_t flags;   /* enum seep_node_flags */
	uint32_t reserved;
};

enum seep_node_flags {
	SEEP_NODE_EXACT = 1 << 0, /* the instruction itself, not the one after a call */
};

struct seep_site {
	uint32_t node;                 /* leaf node of its stack; the shim's own frames are left out */
	uint32_t flags;                /* enum seep_site_flags */
	struct seep_measure allocated; /* since recording began */
	struct seep_measure freed;
	struct seep_measure in_use;         /* sums over LIVE */
	struct seep_measure freed_remotely; /* subset of freed: by another thread */
	struct seep_measure freed_shortly;  /* subset of freed: lifetime under 1 ms */
	struct seep_measure freed_grown;    /* subset of freed: by a realloc that asked for more. All 0 where entries
	                                       are SEEP_SITE_BYTES_LEAST long: it was added later */
};

#define SEEP_SITE_BYTES_LEAST 368

enum seep_site_flags {
	SEEP_SITE_TRUNCATED = 1 << 0, /* callers above the last frame are unknown */
	SEEP_SITE_RETIRED = 1 << 1,   /* not one site: the sums of all sites for which the tables had no more room */
	SEEP_SITE_MAPPING_SORT = 8,   /* in MAPPING_SITES, from this bit on: enum seep_mapping_sort */
};

/* The sort of a mapping; bits. */
enum seep_mapping_sort {
	SEEP_MAPPING_SHARED = 1 << 0,
	SEEP_MAPPING_FILE = 1 << 1,
	SEEP_MAPPING_RESERVED = 1 << 2,  /* without access: in use is what may be accessed by now */
	SEEP_MAPPING_SEGMENT = 1 << 3,   /* System V's */
	SEEP_MAPPING_BREAK = 1 << 4,     /* sbrk's */
	SEEP_MAPPING_ALLOCATOR = 1 << 5, /* by the allocator, for the heap */
};

/* Lifetimes of freed samples in [2^bin, 2^(bin+1)) ns; bin 0 also holds 0 ns. */
struct seep_lifetime {
	uint32_t site;
	uint32_t bin;
	uint64_t samples;
	double objects;         /* sum of 1/p */
	double bytes;           /* sum of s/p */
	double objects_squared; /* sum of (1/p)^2 */
	double bytes_squared;   /* sum of (s/p)^2 */
};

/* A live sample; (address, birth_ns) is its identity across snapshots. */
struct seep_live {
	uint64_t address;
	uint64_t size;     /* bytes asked for */
	uint64_t birth_ns; /* CLOCK_MONOTONIC */
	uint64_t rate;     /* in force when it was taken */
	uint32_t site;
	uint32_t thread; /* small number, not a tid */
};

/* The process's mappings when the snapshot is taken: a row for each class and name. The classes but HUGE add up to RSS,
 * which is SEEP_MEMORY_LEDGER_BEFORE just before the pages are counted, and _AFTER just after. */
struct seep_ledger_row {
	uint32_t ledger_class; /* enum seep_ledger_class */
	uint32_t mappings;     /* their number */
	seep_string name;      /* path, label of the kernel's, or what it is for; "": none */
	uint32_t reserved;
	uint64_t virtual_bytes;
	uint64_t anonymous_bytes; /* in memory, the process's own pages (or shared with forked children) */
	uint64_t file_bytes;      /* in memory, pages of a file or of shared memory */
	uint64_t swapped_bytes;
	uint64_t
	    huge_bytes; /* of the two in memory: huge pages; 0 also if the kernel does not say (before Linux 6.7) */
	uint64_t unread_bytes; /* of virtual_bytes: nobody has looked which pages are in memory */
};

/* A live sample of 8 KiB or more that is not all in memory, or is in huge pages. Its pages are counted, so that the ends of its
 * neighbours in them count, too. */
struct seep_absence {
	uint64_t address;        /* of the sample in LIVE */
	uint64_t resident_bytes; /* at most its size */
	uint64_t swapped_bytes;  /* the rest of its pages has never been touched, or was given back */
	uint64_t huge_bytes; /* of what is resident: in huge pages. 0 where entries are SEEP_ABSENCE_BYTES_LEAST long */
};

#define SEEP_ABSENCE_BYTES_LEAST 24

/* Who refers to a live sample. Nothing is known of samples that are not listed: they were born meanwhile. */
enum seep_reference {
	SEEP_REFERENCE_LIVE = 1,   /* some word outside of sampled blocks, or in one that is itself referenced */
	SEEP_REFERENCE_DEAD = 2,   /* only blocks that are themselves referenced by nobody */
	SEEP_REFERENCE_NOBODY = 3, /* no word at all */
	SEEP_REFERENCE_STATES
};

struct seep_referenced {
	uint64_t address; /* of the sample in LIVE */
	uint32_t state;   /* enum seep_reference */
	uint32_t reserved;
};

/* X(name, type, is_always_there): the sections, the type of their entries, and whether seep writes one without entries. */
#define SEEP_SNAPSHOT_SECTIONS(X)                                                                                      \
	X(PROCESS, struct seep_process, 1)                                                                             \
	X(STRINGS, char, 1)                                                                                            \
	X(MODULES, struct seep_module, 1)                                                                              \
	X(NODES, struct seep_node, 1)                                                                                  \
	X(SITES, struct seep_site, 1)                                                                                  \
	X(LIFETIMES, struct seep_lifetime, 1)                                                                          \
	X(LIVE, struct seep_live, 1)                                                                                   \
	X(MEMORY, struct seep_value, 1)                                                                                \
	X(LOSSES, struct seep_value, 1)                                                                                \
	X(LEDGER, struct seep_ledger_row, 1)                                                                           \
	X(ABSENT, struct seep_absence, 1)                                                                              \
	X(MAPPING_SITES, struct seep_site, 1)                                                                          \
	X(MAPPINGS, struct seep_live, 1)                                                                               \
	X(MAPPING_ABSENT, struct seep_absence, 1)                                                                      \
	X(REFERENCES, struct seep_referenced, 0)

/* Counts, of events since recording began. */
enum seep_loss_key {
	SEEP_LOSS_SAMPLES_SETUP = 1,      /* taken by other threads while the recording was set up */
	SEEP_LOSS_SAMPLES_REENTRY = 2,    /* due inside the shim itself */
	SEEP_LOSS_LIVE_FULL = 3,          /* live table full: not in in-use */
	SEEP_LOSS_STACKS_FULL = 4,        /* stack or site table full: filed under no site */
	SEEP_LOSS_MODULES_FULL = 5,       /* frames left absolute */
	SEEP_LOSS_LIFETIMES_FULL = 6,     /* lifetime not filed */
	SEEP_LOSS_STACKS_TRUNCATED = 7,   /* samples whose stack is too deep, or leads nowhere */
	SEEP_LOSS_STACKS_EMPTY = 8,       /* samples whose stack could not be walked */
	SEEP_LOSS_RING_FOLDED = 9,        /* ring full: folded by the producer (nothing lost) */
	SEEP_LOSS_RING_HOLES = 10,        /* reserved and never committed (killed in between) */
	SEEP_LOSS_RING_CORRUPT = 11,      /* self-check failed */
	SEEP_LOSS_LIVE_TORN = 12,         /* live entries half-written when the process died */
	SEEP_LOSS_SNAPSHOTS_FAILED = 13,  /* could not be written (disk full, ...) */
	SEEP_LOSS_SNAPSHOTS_THINNED = 14, /* removed by retention (nothing lost from totals) */
	SEEP_LOSS_EVENTS_DOUBTED = 15,    /* may be counted twice after a keeper died */
	SEEP_LOSS_SITES_RETIRED = 16, /* tables full: sites without live samples given up; their sums are RETIRED's */
	SEEP_LOSS_STACKS_CUT = 17,    /* tables full: samples whose stack was cut to its leaf frames */
	SEEP_LOSS_MAPPINGS = 18,      /* calls of mmap and its like that are in no number */
	SEEP_LOSS_LABELS_FULL = 19,   /* samples whose label was one too many: filed without it */
	SEEP_LOSS_ARENAS_FREED = 20,  /* arenas freed as a whole: what they held may count as in use */
};

_Static_assert(sizeof(struct seep_snapshot_header) == 64, "file format");
_Static_assert(sizeof(struct seep_section) == 32, "file format");
_Static_assert(sizeof(struct seep_process) == 112, "file format");
_Static_assert(sizeof(struct seep_module) == 72, "file format");
_Static_assert(sizeof(struct seep_node) == 24, "file format");
_Static_assert(sizeof(struct seep_site) == 440, "file format");
_Static_assert(sizeof(struct seep_lifetime) == 48, "file format");
_Static_assert(sizeof(struct seep_live) == 40, "file format");
_Static_assert(sizeof(struct seep_value) == 16, "file format");
_Static_assert(sizeof(struct seep_ledger_row) == 64, "file format");
_Static_assert(sizeof(struct seep_absence) == 32, "file format");

#endif
