/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a recording: its name, from the user's pattern, and the
 * directories above it. `seep run` makes those whose names do not depend on the
 * process; if it can't, it says so before it starts the program. The program
 * makes the others itself, and all of them without `seep run`.
 */
#ifndef SEEP_FILES_OUTPUT_H
#define SEEP_FILES_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <seep/heap.h>

/* DIR from a template with %c (command), %p (pid), %h (host), %% ; "" means seep.%c.%p. False: too long. */
bool recording_name(char *name, size_t bytes, const char *pattern, const struct seep_heap_header *header);

/* Length of the name's directories that are the same for every process of that pattern, the slash behind included. */
size_t output_constant_part(const char *pattern, const char *name);

/* Relative to the current directory. False: too long, or there is none. */
bool output_make_absolute(char *directory, size_t bytes);

/* Makes the directories above it, from that offset of its path on, as mkdir -p does. True: all of them are there. */
bool output_parents_make(char *directory, size_t from);

/* The program's umask may have taken rights from its own directory: gives them back through a descriptor, since the
 * name may be another's by now. */
void output_mode_set(const char *directory, unsigned mode);

#endif
