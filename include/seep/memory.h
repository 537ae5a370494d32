/* SPDX-License-Identifier: Apache-2.0 */
/* What a snapshot says about the memory of the whole process: the keys of section MEMORY, and the classes of LEDGER. */
#ifndef SEEP_MEMORY_H
#define SEEP_MEMORY_H

#include <stdint.h>

struct seep_value {
	uint32_t key; /* of MEMORY: enum seep_memory_key; of LOSSES: enum seep_loss_key (snapshot.h) */
	uint32_t reserved;
	uint64_t value;
};

/* Bytes, unless said otherwise. A key that is not there was not measured. */
enum seep_memory_key {
	SEEP_MEMORY_RSS = 1,
	SEEP_MEMORY_RSS_ANONYMOUS = 2,
	SEEP_MEMORY_RSS_FILE = 3,
	SEEP_MEMORY_RSS_SHARED = 4,
	SEEP_MEMORY_RSS_PEAK = 5,
	SEEP_MEMORY_SWAP = 6,
	SEEP_MEMORY_VIRTUAL = 7,
	SEEP_MEMORY_LIMIT = 8,               /* of the cgroup */
	SEEP_MEMORY_DATA = 9,                /* what RLIMIT_DATA counts */
	SEEP_MEMORY_LIMIT_VIRTUAL = 10,      /* RLIMIT_AS */
	SEEP_MEMORY_LIMIT_DATA = 11,         /* RLIMIT_DATA */
	SEEP_MEMORY_NEAREST = 12,            /* no bytes: the key of the limit that is nearest: 8, 10 or 11 */
	SEEP_MEMORY_NEAREST_LIMIT = 13,      /* that limit; of a group, it may be one above the program's own */
	SEEP_MEMORY_NEAREST_LEFT = 14,       /* what it leaves; of a group, what it holds of files counted as room */
	SEEP_MEMORY_ALLOCATOR_IN_USE = 16,   /* mallinfo2 uordblks+hblkhd, jemalloc stats.allocated */
	SEEP_MEMORY_ALLOCATOR_FREE = 17,     /* mallinfo2 fordblks */
	SEEP_MEMORY_ALLOCATOR_MAPPED = 18,   /* mallinfo2 arena+hblkhd, jemalloc stats.mapped */
	SEEP_MEMORY_ALLOCATOR_ACTIVE = 19,   /* jemalloc stats.active */
	SEEP_MEMORY_ALLOCATOR_RESIDENT = 20, /* jemalloc stats.resident */
	SEEP_MEMORY_ALLOCATOR_RETAINED = 21, /* jemalloc stats.retained */
	SEEP_MEMORY_ALLOCATOR_TIME = 22,     /* CLOCK_MONOTONIC ns at which the account was taken */
	SEEP_MEMORY_LEDGER_BEFORE = 23,      /* RSS just before LEDGER's pages were counted */
	SEEP_MEMORY_LEDGER_AFTER = 24,       /* and just after */
	SEEP_MEMORY_BLOCKS_UNREAD = 25,      /* no bytes: live samples of which ABSENT says nothing, for lack of time */
	SEEP_MEMORY_ALLOCATOR_MAPPINGS =
	    26,                    /* what the allocator has mapped by mmap and its like, in no entry of MAPPINGS */
	SEEP_MEMORY_MAPPINGS = 27, /* the sum of MAPPINGS */
	SEEP_MEMORY_MAPPINGS_RESIDENT = 28, /* of that, in memory; with LEDGER alone */
	SEEP_MEMORY_MAPPINGS_COUNT = 29,    /* no bytes: entries of MAPPINGS */
	SEEP_MEMORY_MAPPINGS_RESERVED = 30, /* addresses that were mapped without access, and are so still */
	SEEP_MEMORY_IN_USE_PEAK = 32,       /* highest estimate of in-use bytes so far */
	SEEP_MEMORY_COUNTED = 33,           /* exact bytes that the countdowns have consumed */
	SEEP_MEMORY_WORK = 34, /* no bytes: units of work that the program has counted itself, by seep_work() */
	/* The allocator's heap, taken apart: bytes in memory. */
	SEEP_MEMORY_HEAP_STATE = 40,  /* no bytes: enum seep_account_state. The others are there where it is KNOWN */
	SEEP_MEMORY_HEAP_IN_USE = 41, /* blocks that the program has, as large as the allocator has made them */
	SEEP_MEMORY_HEAP_CACHED = 42, /* freed, in caches of threads */
	SEEP_MEMORY_HEAP_FREE_PAGES = 43, /* free, whole pages: the allocator could give them back */
	SEEP_MEMORY_HEAP_TOP = 44,        /* of these, at the ends of glibc's arenas of threads */
	SEEP_MEMORY_HEAP_PINNED = 45,     /* free, in pages that hold blocks in use, too */
	SEEP_MEMORY_HEAP_METADATA = 46,   /* the allocator's own */
	SEEP_MEMORY_HEAP_SPREAD = 47, /* half the 95 % interval of IN_USE, of which a part was looked at; 0: all was */
	SEEP_MEMORY_REFERENCES_TIME = 48,   /* CLOCK_MONOTONIC ns of the last look for references */
	SEEP_MEMORY_REFERENCES_APART = 49,  /* ns from the first look to it */
	SEEP_MEMORY_REFERENCES_STOP = 50,   /* ns that the program stood still, at most */
	SEEP_MEMORY_REFERENCES_LOOKED = 51, /* bytes that were looked at */
	SEEP_MEMORY_REFERENCES_UNREAD = 52, /* bytes that could not be read */
	SEEP_MEMORY_REFERENCES_HIDDEN = 53, /* no bytes: 1 where the kernel holds references that can't be seen */
	/* Of the program's control group and those below it, at the time of LEDGER. */
	SEEP_MEMORY_GROUP = 54,        /* what it is charged: memory.current */
	SEEP_MEMORY_GROUP_SWAP = 55,   /* memory.swap.current */
	SEEP_MEMORY_GROUP_ANON = 56,   /* memory.stat: anonymous memory */
	SEEP_MEMORY_GROUP_FILE = 57,   /* file data, shared memory included */
	SEEP_MEMORY_GROUP_SHARED = 58, /* of that, shared memory and tmpfs */
	SEEP_MEMORY_GROUP_KERNEL = 59, /* the kernel's: sockets, page tables, inodes */
	/* Added by the command that has asked the allocator: then HEAP_IN_USE and the keys behind it are the
	 * allocator's figures, in memory or not. */
	SEEP_MEMORY_HEAP_ASKED = 60,      /* no bytes: enum seep_asked */
	SEEP_MEMORY_HEAP_ASKED_STOP = 61, /* ns that the program stood still for that */
};

/* The answer of an allocator that was asked; bits. */
enum seep_asked {
	SEEP_ASKED = 1 << 0,
	SEEP_ASKED_CLEANS_UP = 1 << 1,   /* a thread of its own gives free pages back */
	SEEP_ASKED_NEVER_GIVES = 1 << 2, /* free pages are never given back by themselves */
};

/* Is the heap taken apart, or why not? */
enum seep_account_state {
	SEEP_ACCOUNT_KNOWN = 1,
	SEEP_ACCOUNT_REFUSED = 2,  /* the kernel does not let the keeper read the program's memory */
	SEEP_ACCOUNT_STRANGE = 3,  /* the allocator's structures are not those that seep knows */
	SEEP_ACCOUNT_CHANGING = 4, /* it changed too fast, or no part of it could be read in time */
};

/* What a mapping is. */
enum seep_ledger_class {
	SEEP_LEDGER_UNEXPLAINED = 0, /* private memory of which nothing else is known */
	SEEP_LEDGER_PROGRAM = 1,     /* the executable: code, constants, data */
	SEEP_LEDGER_LIBRARY = 2,     /* another module, likewise */
	SEEP_LEDGER_FILE = 3,        /* any other file */
	SEEP_LEDGER_SHARED = 4,      /* shared memory: tmpfs, memfd, System V, MAP_SHARED without a file */
	SEEP_LEDGER_STACK = 5,       /* stacks of threads */
	SEEP_LEDGER_HEAP = 6,        /* of the allocator */
	SEEP_LEDGER_CODE = 7,        /* may be executed, and is of no file */
	SEEP_LEDGER_KERNEL = 8,      /* the vDSO and its like */
	SEEP_LEDGER_SEEP = 9,        /* libseep.so and its heap file */
	SEEP_LEDGER_RESERVED = 10,   /* addresses that may not be used: takes no memory, as a rule */
	SEEP_LEDGER_HUGE = 11,       /* of hugetlbfs, which RSS does not count */
	SEEP_LEDGER_OWN = 12,        /* private memory that the program or a library has mapped itself, past malloc */
	SEEP_LEDGER_CLASSES
};

#endif
