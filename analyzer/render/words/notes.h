/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings, in words, that a reader needs before believing a profile's numbers. */
#ifndef SEEP_WORDS_NOTES_H
#define SEEP_WORDS_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "profile/profile.h"

/* Explains its status and flags, one text for each; the caller frees the array by notes_free(). */
struct buffer *notes_of(const struct profile *profile, size_t *count);
void notes_free(struct buffer *notes, size_t count);

/* Says since when a program that was joined is recorded; nothing for other programs. */
void joined_note_append(struct buffer *out, const struct profile *profile);

/* The note that says how much memory lacks names, of which module, and why; nothing if all names are there. */
void names_note_append(struct buffer *out, const struct profile *profile);

/* "timer", "exit", "request", "signal", "peak", "postmortem", "api", "limit", "unknown". */
const char *trigger_name(uint32_t trigger);

/* How many bytes a site may have allocated and yet be unseen, with a chance of 5 %: exp(-3). 0: nothing is missed, or
 * the rate is unknown. */
double profile_detection_limit(const struct profile *profile);

#endif
