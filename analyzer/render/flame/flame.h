/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flame graphs: one file that needs nothing else. The drawing is made twice: once here, so that it can be read without
 * scripts, and again by analyzer/render/flame/flame_*.js from the data in the file, fitted to the window, on every zoom
 * and search.
 *
 * Callers stand above the functions that they called (an "icicle"): the page opens with the root, the heading and the
 * controls in view, however deep the stacks are. The heaviest branch stands on the left, so branches too narrow to draw
 * lie side by side and are drawn as one grey block.
 *
 * A frame is as wide as its cumulative value. In a differential graph it is as wide as the larger of before and now,
 * summed over the paths through it: so growth, shrinkage and vanished memory each have room of their own.
 */
#ifndef SEEP_FLAME_FLAME_H
#define SEEP_FLAME_FLAME_H

#include "base/buffer.h"
#include "profile/profile.h"
#include "tree/call_tree.h"

/* The texts around the drawing: the tab's title, the heading and the lines below it, the lines at the foot. */
enum { FLAME_LINES_MAX = 6 };
struct flame_caption {
	struct buffer title;
	struct buffer totals[FLAME_LINES_MAX];
	struct buffer foot[FLAME_LINES_MAX];
	unsigned total_count, foot_count;
};

/* Says what the tree shows, how sure its total is, and what was lost. `base` is NULL if it is of one profile. */
void flame_caption_fill(struct flame_caption *caption, const struct call_tree *tree, const struct profile *now,
			const struct profile *base);
void flame_caption_free(struct flame_caption *caption);

/* No browser opens a file with ten times as many frames. */
enum { FLAME_FRAMES_MOST = 200000 };
/* Draws the value by which the tree is arranged. */
void flame_svg_render(struct buffer *out, const struct call_tree *tree, const struct flame_caption *caption);

#endif
