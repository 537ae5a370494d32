/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the backend that captures stacks: the one of that name, or the best
 * that works here.
 */
#include "shim/sample/unwinder.h"

#include <string.h>

/* Best first. */
static const struct unwinder *const unwinders[] = {
    &unwinder_walker,
    &unwinder_libunwind,
    &unwinder_frame_pointers,
};

const struct unwinder *unwinder_select(const char *name)
{
	for (size_t i = 0; i < sizeof unwinders / sizeof *unwinders; i++) {
		if (name && strcmp(name, unwinders[i]->name) != 0)
			continue;
		if (unwinders[i]->prepare())
			return unwinders[i];
	}
	return NULL;
}
