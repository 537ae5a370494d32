/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of one function that lie close together are one place: a statement over several lines, or a node and the text
 * that goes into it.
 */
#ifndef SEEP_PLACE_PLACE_LINES_H
#define SEEP_PLACE_PLACE_LINES_H

#include <stddef.h>
#include <stdint.h>

struct place_lines; /* opaque */

struct place_lines *place_lines_create(void);
void place_lines_free(struct place_lines *lines);

/* A line of a function; `function` is any number that is equal only for equal functions. */
struct place_line {
	uint64_t function;
	uint32_t line;
};

/* Learns lines, which it sorts in place: chains of neighbours become a cluster. A line that is in a cluster already
 * stays there. */
void place_lines_add(struct place_lines *lines, struct place_line *array, size_t count);

/* The first line of the cluster that this line is in; the line itself if it is in none. */
uint32_t place_lines_first(const struct place_lines *lines, struct place_line line);

#endif
