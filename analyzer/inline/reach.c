/* SPDX-License-Identifier: Apache-2.0 */
/* See reach.h. */
#include "inline/reach.h"

#include <stdlib.h>

#include "base/memory.h"

struct walk {
	const struct program *program;
	const struct function **queue; /* functions still to be looked at, and those that were */
	size_t looked, count;
	unsigned char *known; /* by the function's number: it is in the queue already */
	program_visitor *visit;
	void *context;
};

static void function_add(struct walk *walk, const struct function *function)
{
	if (!function || walk->known[function - walk->program->functions])
		return;
	walk->known[function - walk->program->functions] = 1;
	walk->queue[walk->count++] = function;
}

static void place_take(uint64_t target, const char *name, void *context)
{
	struct walk *walk = context;

	walk->visit(target, name, walk->context);
	if (!name)
		function_add(walk, program_function(walk->program, target));
}

void reach_visit(const struct program *program, const struct function *const *from, size_t count, unsigned depth,
		 program_visitor *visit, void *context)
{
	struct walk walk = {.program = program, .visit = visit, .context = context};

	walk.queue = memory_allocate(program->count + 1, sizeof *walk.queue);
	walk.known = memory_allocate(program->count + 1, 1);
	for (size_t i = 0; i < count; i++)
		function_add(&walk, program_function(program, from[i]->start));
	for (unsigned step = 0; step <= depth && walk.looked < walk.count; step++)
		for (size_t end = walk.count; walk.looked < end; walk.looked++)
			program_visit(program, walk.queue[walk.looked], place_take, &walk);
	free(walk.queue);
	free(walk.known);
}
