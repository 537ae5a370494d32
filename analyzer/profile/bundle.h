/* SPDX-License-Identifier: Apache-2.0 */
/* A recording's snapshots and the names of their addresses in one file, which every command can read on any machine. */
#ifndef SEEP_PROFILE_BUNDLE_H
#define SEEP_PROFILE_BUNDLE_H

#include "base/buffer.h"
#include "profile/moment.h"
#include "profile/profile.h"
#include "reader/input.h"

struct bundle_summary {
	uint32_t snapshots, modules, addresses;
};

/* Appends a whole bundle of the recording or the single snapshot at `path`. */
bool bundle_write(struct buffer *out, const char *path, const struct symbol_search *search,
		  struct bundle_summary *summary, struct error *error);

/* The snapshot with this number in an open bundle (0: the last one), with its names. */
struct profile *bundle_profile(const struct input *input, uint64_t number, struct error *error);

/* A bundle from which several snapshots are read: its table is read once. */
struct bundle_file;
struct bundle_file *bundle_file_open(const char *path, struct error *error);
struct profile *bundle_file_profile(const struct bundle_file *file, uint64_t number, struct error *error);
/* The same without names and stacks. `bytes` owns what the moment points to, and is used again for the next one. */
bool bundle_file_moment(const struct bundle_file *file, uint64_t number, struct moment_reader *reader,
			struct buffer *bytes, struct moment *moment, struct error *error);
void bundle_file_close(struct bundle_file *file); /* NULL: nothing */

/* Lists the bundle's snapshots as recording_list() lists those of a directory; paths are "FILE#NUMBER". */
bool bundle_list(const char *path, struct recording *recording, struct error *error);

bool path_is_bundle(const char *path);

/* The number behind the mark in "FILE#NUMBER". False: it is not a number. */
bool bundle_number_parse(const char *text, uint64_t *number);

#endif
