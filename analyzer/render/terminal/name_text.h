/* SPDX-License-Identifier: Apache-2.0 */
/* Makes names of functions and source files fit into a number of columns. It first drops the parts that a reader misses
 * least: template arguments ("<...>"), parameters ("(...)"), the return type, several of these, outer namespaces; at
 * last the middle of the class. A lambda is "function::{lambda}". */
#ifndef SEEP_TERMINAL_NAME_TEXT_H
#define SEEP_TERMINAL_NAME_TEXT_H

#include "base/buffer.h"
#include "profile/profile.h"

/* Appends a demangled name in at most `columns` columns (4 or more). False: without namespaces, or cut. */
bool name_append(struct buffer *out, const char *name, unsigned columns);

/* The same for the name alone, without return type and parameters. False: what is left of class and
 * function does not tell which they are. */
bool name_append_bare(struct buffer *out, const char *name, unsigned columns);

/* The same, after the name's last template arguments, for a name that differs from another only by these: "<int>
 * Cache::add". */
void name_append_apart(struct buffer *out, const char *name, unsigned columns);

/* Appends the end of a text in at most `columns` columns (4 or more), with ".." in front if something was cut. */
void path_append(struct buffer *out, const char *path, unsigned columns);

/* The same, but keeps the beginning, with ".." at the end. */
void beginning_append(struct buffer *out, const char *text, unsigned columns);

#endif
