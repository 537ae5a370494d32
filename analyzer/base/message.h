/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What seep says to people, on standard error: one line each. Names of files, programs and arguments are quoted in it that
 * anybody may have chosen, so all of it is made fit to print here, and nowhere else.
 */
#ifndef SEEP_BASE_MESSAGE_H
#define SEEP_BASE_MESSAGE_H

#include "base/buffer.h"

/* Prints "seep: ...". */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "seep COMMAND: ...". */
void message_of(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a text with what is not fit to print (control characters, newlines, what reorders text, broken UTF-8) as \xNN. */
void text_append_safe(struct buffer *out, const char *text);
/* No more than `limit` bytes of that. */
void text_append_safe_cut(struct buffer *out, const char *text, size_t limit);

#endif
