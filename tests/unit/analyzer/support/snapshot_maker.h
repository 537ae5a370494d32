/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes valid snapshot files from a few calls, for tests of everything that
 * reads one. A test says what the program did; sums, tables and checksums
 * follow from it.
 *
 *	struct snapshot_maker *maker = snapshot_maker_create(512 * 1024);
 *	uint32_t program = snapshot_maker_add_module(maker, "/usr/bin/server", "a1b2c3");
 *	uint32_t site = snapshot_maker_add_site(maker, (struct maker_frame[]){{program, 0x1234}, {program, 0x5678}}, 2);
 *	snapshot_maker_allocate(maker, site, 1000, 4096, 20);      // 20 samples of 4096 bytes, born at 1000 ns, 1001
 *ns, ... snapshot_maker_release(maker, site, 2000, 4096, 500, 10);  // 10 more that lived for 500 ns each struct buffer
 *file = snapshot_maker_finish(maker);
 *
 * Asking for the same again gives the same bytes. A later snapshot of the same program is made by going on with the
 * same maker, or by a second maker that repeats the first one's calls.
 */
#ifndef SEEP_TESTS_SNAPSHOT_MAKER_H
#define SEEP_TESTS_SNAPSHOT_MAKER_H

#include <stddef.h>
#include <stdint.h>

#include <seep/snapshot.h>

#include "base/buffer.h"

struct snapshot_maker;

/* One frame of a stack. Module 0: the address is absolute. */
struct maker_frame {
	uint32_t module;
	uint64_t address; /* ELF virtual address; a return address */
};

/* An empty snapshot of process 4242, "server", number 1, by the timer, 10 s after its start. */
struct snapshot_maker *snapshot_maker_create(uint64_t rate);
void snapshot_maker_free(struct snapshot_maker *maker);

/* The future contents of the header and PROCESS, except their texts, counts and checksums; change what the test is
 * about. */
struct seep_snapshot_header *snapshot_maker_header(struct snapshot_maker *maker);
struct seep_process *snapshot_maker_process(struct snapshot_maker *maker);

/* Adds a text to STRINGS, to be set into struct seep_process. */
seep_string snapshot_maker_text(struct snapshot_maker *maker, const char *text);

/* Adds a module at bias 0; build id in hexadecimal digits, or NULL. Gives its index; the entry may be changed until the
 * next one is added. */
uint32_t snapshot_maker_add_module(struct snapshot_maker *maker, const char *path, const char *build_id);
struct seep_module *snapshot_maker_module(struct snapshot_maker *maker, uint32_t module);

/* Adds a site with the given stack, leaf first; depth 0: no stack. Stacks share nodes as the format wants it. Gives its
 * index; the entry may be changed until the next one is added. */
uint32_t snapshot_maker_add_site(struct snapshot_maker *maker, const struct maker_frame *stack, size_t depth);
struct seep_site *snapshot_maker_site(struct snapshot_maker *maker, uint32_t site);

/* Marks the node of the site's leaf as an exact address. */
void snapshot_maker_set_exact(struct snapshot_maker *maker, uint32_t site);

/* `count` samples of `size` bytes each that are alive, taken at the rate in PROCESS by thread 1, born at `birth_ns` and
 * 1 ns apart. Addresses are never used twice. */
void snapshot_maker_allocate(struct snapshot_maker *maker, uint32_t site, uint64_t birth_ns, uint64_t size,
			     unsigned count);

/* `count` samples that were allocated and freed again after `lifetime_ns`, by the thread that allocated them. */
void snapshot_maker_release(struct snapshot_maker *maker, uint32_t site, uint64_t size, uint64_t lifetime_ns,
			    unsigned count);

/* Frees the `count` oldest live samples of a site, `lifetime_ns` after their birth. */
void snapshot_maker_free_oldest(struct snapshot_maker *maker, uint32_t site, uint64_t lifetime_ns, unsigned count);

void snapshot_maker_add_memory(struct snapshot_maker *maker, enum seep_memory_key key, uint64_t value);
void snapshot_maker_add_loss(struct snapshot_maker *maker, enum seep_loss_key key, uint64_t value);
/* A row of class `class` with that many bytes, all of them mapped and in memory. */
void snapshot_maker_add_ledger(struct snapshot_maker *maker, uint32_t class, uint64_t bytes);

/* Lets every entry be this many bytes longer than today's, as a newer writer might; a multiple of 8. */
void snapshot_maker_widen_entries(struct snapshot_maker *maker, uint32_t bytes);
/* Adds a section of a type that no reader knows. */
void snapshot_maker_add_unknown_section(struct snapshot_maker *maker);

/* The file's bytes; the caller frees the buffer. */
struct buffer snapshot_maker_finish(const struct snapshot_maker *maker);
/* The same, written to a file (0600, replaced if there). Fails the test if that can't be done. */
void snapshot_maker_write(const struct snapshot_maker *maker, const char *path);

/* For tests that break a file on purpose: the table's entry of a type, or NULL; and new checksums for the whole file,
 * so that a broken field is found behind valid ones. */
struct seep_section *snapshot_section(struct buffer *file, enum seep_section_type type);
void snapshot_sign(struct buffer *file);

#endif
