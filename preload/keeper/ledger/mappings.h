/* SPDX-License-Identifier: Apache-2.0 */
/* A process's mappings, read from outside while it runs on: mappings come and go meanwhile. */
#ifndef SEEP_LEDGER_MAPPINGS_H
#define SEEP_LEDGER_MAPPINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/snapshot.h>

enum { LEDGER_READ = 1, LEDGER_WRITE = 2, LEDGER_EXECUTE = 4, LEDGER_SHARE = 8 };

enum ledger_owner { LEDGER_OWNER_UNKNOWN, LEDGER_OWNER_ALLOCATOR, LEDGER_OWNER_PROGRAM };

/* A piece of the address space, and who mapped it: a call that was recorded says so. */
struct ledger_piece {
	uint64_t start, end;
	enum ledger_owner owner;
};

struct ledger_mapping {
	uint64_t start, end;
	uint64_t device, inode;
	uint32_t name;         /* in names; 0: none */
	uint8_t permission;    /* LEDGER_* */
	uint8_t class;         /* enum seep_ledger_class */
	uint8_t owner;         /* enum ledger_owner */
	bool has_blocks;       /* live blocks were met in it */
	bool is_module;        /* of a file of which some part is mapped to be executed */
	bool is_behind_module; /* right behind a module's data, and no part of it (module_ends.h) */
};

/* Plain data. Its arrays are mappings of their own, which ledger_free() gives back. */
struct ledger {
	struct ledger_mapping *mappings;
	char *names; /* texts; the first is "" */
	uint32_t count, names_bytes;
	uint64_t cut_bytes; /* mapped beyond LEDGER_MAPPINGS: nothing else is known of them */
};

#define LEDGER_MAPPINGS 65536
#define LEDGER_NAME_BYTES 4096

/* False: no memory, or nobody may look. */
bool ledger_read(struct ledger *ledger, uint64_t pid);

/* The same, with mappings cut where pieces of different owners begin and end: the kernel joins private memory with its
 * neighbours. They are in order of addresses, and don't overlap. */
bool ledger_read_pieces(struct ledger *ledger, uint64_t pid, const struct ledger_piece *pieces, uint32_t count);
void ledger_free(struct ledger *ledger);

/* Finds the first part of [start, end) that is not mapped. Returns its beginning (`end`: all is mapped), and stores its
 * end. */
uint64_t ledger_gap(const struct ledger *ledger, uint64_t start, uint64_t end, uint64_t *gap_end);

/* The mapping that holds the address; NULL: none. */
struct ledger_mapping *ledger_mapping_at(const struct ledger *ledger, uint64_t address);

/* A live block lies at that address. */
void ledger_meet(struct ledger *ledger, uint64_t address);

#endif
