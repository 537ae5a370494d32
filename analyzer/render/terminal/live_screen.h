/* SPDX-License-Identifier: Apache-2.0 */
/* A page on a terminal that is drawn again and again in its place. */
#ifndef SEEP_TERMINAL_LIVE_SCREEN_H
#define SEEP_TERMINAL_LIVE_SCREEN_H

#include <stdbool.h>

#include "base/buffer.h"

/* Whether a text leaves the last of so many rows free, where the cursor then is. */
bool live_screen_fits(const struct buffer *text, unsigned rows);

/* Appends what draws the text over the one before, without a flicker. Of one that does not fit the rest is left out, and
 * the last line says so. */
void live_screen_append(struct buffer *out, const struct buffer *text, unsigned rows);

#endif
