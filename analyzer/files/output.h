/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The destination of a document: a file, standard output, a pipe. The document is written while it is made, so that
 * memory does not grow with it, and only up to a limit.
 *
 * A regular file appears whole or not at all: it is written without a name, or under another one beside its place,
 * synced, and renamed. If the file system has files without names, Ctrl-C or a kill leaves nothing of it. An existing
 * file is replaced if the user may write to it, and keeps its mode; through a symbolic link, the file that it points to
 * is replaced. A device or pipe gets the bytes as they come.
 */
#ifndef SEEP_FILES_OUTPUT_H
#define SEEP_FILES_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct output {
	struct buffer
	    buffer;       /* takes everything that is written; the first member, so that a buffer leads to its output */
	const char *path; /* the name for messages; NULL: standard output */
	int descriptor;
	char *place, *temporary; /* of a regular file; else NULL */
	uint64_t written, limit;
	pid_t pager; /* 0: none */
	int fault;   /* errno, once there is one; EFBIG: the limit */
	bool owns_descriptor, own_limit_hit;
	bool is_nameless; /* the file has no name while it is written */
};

/* Opens `path`; NULL and "-" are standard output. `limit`: bytes; 0: none. */
bool output_open(struct output *output, const char *path, uint64_t limit, struct error *error);
/* Sends standard output through the user's pager, if there is one (files/pager.h). Call it before anything is
 * written. */
void output_page(struct output *output);
/* Writes the rest, and puts the file into its place. A failure leaves nothing behind. Frees the buffer. */
bool output_close(struct output *output, struct error *error);
/* Whether the last fault was that nobody reads the output any more. */
bool output_is_unread(const struct output *output);

/* Writes all of a buffer to `path`, as one document. */
bool output_write_buffer(const struct buffer *buffer, const char *path, struct error *error);
/* Writes it to standard output, through the pager. */
bool output_page_buffer(const struct buffer *buffer, struct error *error);

#endif
