/* SPDX-License-Identifier: Apache-2.0 */
/* The flame graph that `seep check --flame` draws. */
#include "check/values/sums.h"
#include "render/check/outputs.h"
#include "render/flame/flame.h"
#include "tree/call_tree.h"

void check_flame_render(struct buffer *out, const struct check *check)
{
	static const enum call_value values[CHECK_MEASURES] = {[CHECK_OBJECTS] = CALL_INUSE_OBJECTS,
							       [CHECK_ALLOCATED] = CALL_ALLOC_SPACE,
							       [CHECK_ALLOCATIONS] = CALL_ALLOC_OBJECTS};
	const struct check_runs *runs = check->runs;
	const enum check_measure measure = check->rows[0].budget->measure;
	const struct profile *now = run_profile(runs, &runs->items[SIDE_AFTER][0], measure_moment(measure));
	const struct profile *base =
	    runs->count[SIDE_BASE] ? run_profile(runs, &runs->items[SIDE_BASE][0], measure_moment(measure)) : NULL;
	const enum call_value value = call_value_instead(values[measure], now->lacks | (base ? base->lacks : 0));
	struct call_tree *tree = call_tree_build(now, base, value);
	struct flame_caption caption = {0};

	flame_caption_fill(&caption, tree, now, base);
	flame_svg_render(out, tree, &caption);
	flame_caption_free(&caption);
	call_tree_free(tree);
}
