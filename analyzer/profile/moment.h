/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One snapshot as a series needs it: what every site has in use, and the live samples. It has neither names nor stacks,
 * only keys that tell stacks apart. Its arrays are used again for the next snapshot, so a series costs the memory of
 * one snapshot, however long it is.
 */
#ifndef SEEP_PROFILE_MOMENT_H
#define SEEP_PROFILE_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <seep/snapshot.h>

#include "base/error.h"
#include "profile/profile.h"

struct moment {
	uint32_t trigger; /* enum seep_trigger */
	uint64_t number, time_ns, start_ns, pid, start_ticks, rate;
	uint8_t boot_id[16];
	bool has_samples;
	double in_use, allocated; /* bytes, over all sites */
	double in_use_variance;
	uint64_t memory_known, memory[64]; /* as in the profile */
	struct class_sums classes;
	uint32_t site_count;
	const unsigned char *sites; /* laid out as struct seep_site, except for its last fields */
	size_t site_bytes;          /* distance from one to the next */
	const uint64_t *keys;       /* by site: profile_site.key. Two sites with the same key are one */
	const double *site_in_use;  /* by site: bytes */
	uint32_t live_count;
	const struct seep_live *live;
};

/* Everything that a site has ever allocated. */
static inline struct seep_measure moment_allocated(const struct moment *moment, uint32_t site)
{
	struct seep_measure allocated;

	memcpy(&allocated, moment->sites + site * moment->site_bytes + offsetof(struct seep_site, allocated),
	       sizeof allocated);
	return allocated;
}

struct moment_reader;
struct moment_reader *moment_reader_create(void);
void moment_reader_free(struct moment_reader *reader); /* NULL: nothing */

/* Reads a snapshot's file, or its bytes; `name` is for messages. What the moment points to is valid until the next one
 * is read, and as long as the bytes are. */
bool moment_read_file(struct moment_reader *reader, const char *path, struct moment *moment, struct error *error);
bool moment_read(struct moment_reader *reader, const void *data, size_t bytes, const char *name, struct moment *moment,
		 struct error *error);

#endif
