/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people, on standard error, one line each. They quote names of files, programs and arguments that anybody
 * may have chosen, so this file makes everything fit to print. */
#ifndef SEEP_BASE_MESSAGE_H
#define SEEP_BASE_MESSAGE_H

#include <stddef.h>

#include "base/buffer.h"

/* Prints "seep: ...". */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "seep COMMAND: ...". */
void message_of(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shows on a terminal how far a long task is, "seep: reading snapshot 12 of 64"; nothing within its first second. Any
 * message wipes the line, and so does message_progress_end(), which every such task must call at its end. */
void message_progress(const char *what, size_t done, size_t of);
/* The same for a part of a task, if a task has been begun. */
void message_progress_within(const char *what, size_t done, size_t of);
void message_progress_end(void);

/* Appends a text. Control characters, newlines, characters that reorder text, and broken UTF-8 become \xNN. */
void text_append_safe(struct buffer *out, const char *text);
/* The same, cut to `limit` bytes. */
void text_append_safe_cut(struct buffer *out, const char *text, size_t limit);

/* Appends a text as a word that a shell reads back, fit to print: quoted where that must be. A text with unprintable
 * characters becomes $'...', which bash, zsh and ksh read. */
void text_append_word(struct buffer *out, const char *text);

/* Prints a message for each line of the text, which it cuts up. */
void message_lines(char *text);

#endif
