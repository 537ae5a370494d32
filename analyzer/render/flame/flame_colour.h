/* SPDX-License-Identifier: Apache-2.0 */
/* The colours of a flame graph. A frame's colour follows from its module's and function's names alone, so it is the
 * same in every picture. In a differential graph it shows whether the frame grew or shrank, and by what share of the
 * larger of before and now. Dark text is legible on all of them. */
#ifndef SEEP_FLAME_FLAME_COLOUR_H
#define SEEP_FLAME_FLAME_COLOUR_H

#include "tree/call_tree.h"

enum {
	FLAME_HUES = 12,
	FLAME_SHADES = 3,
	FLAME_COLOURS = FLAME_HUES * FLAME_SHADES + 1, /* the last one is for frames that are not functions */
	FLAME_CHANGE_STEPS = 10,
	FLAME_CHANGE_COLOURS = 2 * FLAME_CHANGE_STEPS + 1, /* from all vanished, through no change, to all new */
};

/* "#rrggbb" and a NUL. */
struct flame_colour {
	char text[8];
};

struct flame_colour flame_colour(unsigned index);        /* index < FLAME_COLOURS */
struct flame_colour flame_change_colour(unsigned index); /* index < FLAME_CHANGE_COLOURS */

/* The hues of a module's functions, by its path; and a frame's colour among them. */
unsigned flame_module_band(const char *path);
unsigned flame_frame_colour(const struct call_frame *frame, unsigned band);
unsigned flame_change_index(double now, double base);

#endif
