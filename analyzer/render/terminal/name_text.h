/* SPDX-License-Identifier: Apache-2.0 */
/* Function names and source files made to fit into so many columns. The parts that a reader misses least go first:
 * template arguments ("<...>"), parameters ("(...)"), the return type, both of these, outer namespaces; at last the middle
 * of the class. A lambda is "function::{lambda}". */
#ifndef SEEP_TERMINAL_NAME_TEXT_H
#define SEEP_TERMINAL_NAME_TEXT_H

#include "base/buffer.h"
#include "profile/profile.h"

/* Appends a demangled name in at most `columns` columns (4 or more). False: the name itself had to be cut. */
bool name_append(struct buffer *out, const char *name, unsigned columns);

/* The same of the name alone, without return type and parameters. */
bool name_append_bare(struct buffer *out, const char *name, unsigned columns);

/* The same behind the last template arguments in it, for a name that these tell from another: "<int> Cache::add". */
void name_append_apart(struct buffer *out, const char *name, unsigned columns);

/* Appends the end of a text in at most `columns` columns (4 or more), ".." in front where something was cut. */
void path_append(struct buffer *out, const char *path, unsigned columns);

/* The same with the beginning kept, ".." behind. */
void beginning_append(struct buffer *out, const char *text, unsigned columns);

#endif
