/* SPDX-License-Identifier: Apache-2.0 */
/* A page on a terminal that is drawn in the same place again and again. */
#ifndef SEEP_TERMINAL_LIVE_SCREEN_H
#define SEEP_TERMINAL_LIVE_SCREEN_H

#include <stdbool.h>

#include "base/buffer.h"

/* Whether a text leaves the last of `rows` rows free for the cursor. */
bool live_screen_fits(const struct buffer *text, unsigned rows);

/* Appends what draws the text over the last one, without flicker. If the text does not fit, its rest is left out, and
 * the last line says so. */
void live_screen_append(struct buffer *out, const struct buffer *text, unsigned rows);

#endif
