/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that allocates: in its constructor, when asked, and in its destructor. */
#include <stdlib.h>

static void *kept;

__attribute__((constructor)) static void load(void)
{
	kept = malloc(123);
}

__attribute__((destructor)) static void unload(void)
{
	free(kept);
}

void *plugin_allocate(size_t size)
{
	return malloc(size);
}

void plugin_free(void *memory)
{
	free(memory);
}
