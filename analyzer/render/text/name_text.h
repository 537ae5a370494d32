/* SPDX-License-Identifier: Apache-2.0 */
/* Function names and source files made to fit into so many columns. The parts that a reader misses least go first:
 * template arguments ("<...>"), parameters ("(...)"), the return type, outer namespaces ("..::"); at last the
 * middle. */
#ifndef SEEP_TEXT_NAME_TEXT_H
#define SEEP_TEXT_NAME_TEXT_H

#include "base/buffer.h"
#include "profile/profile.h"

/* Appends a demangled name in at most `columns` columns (4 or more). False where the name itself had to be cut. */
bool name_append(struct buffer *out, const char *name, unsigned columns);

/* Appends the end of a text in at most `columns` columns (4 or more), ".." in front where something was cut. */
void path_append(struct buffer *out, const char *path, unsigned columns);

/* The same with the beginning kept, ".." behind. */
void beginning_append(struct buffer *out, const char *text, unsigned columns);

/* True for names that belong to a language's library or run time, and for well-known functions that do no more than call
 * malloc (xmalloc, zmalloc, g_malloc, ...): their frames tell little about the program. */
bool name_is_library(const char *name);

#endif
