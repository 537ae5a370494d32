/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that defines and exports operator new and delete itself: a pool that never gives anything back. */
#include <stddef.h>

static char pool[1 << 16];
static size_t used;
int plugin_deleted;

void *_Znwm(size_t size)
{
	size_t begin = used;
	used += (size + 15) & ~(size_t)15;
	return used <= sizeof pool ? pool + begin : NULL;
}

void _ZdlPv(void *address)
{
	plugin_deleted += address >= (void *)pool && address < (void *)(pool + sizeof pool);
}

/* Whether the block that it gets is its own. */
int plugin_new(void)
{
	char *memory = _Znwm(100);
	int own = memory >= pool && memory < pool + sizeof pool;
	_ZdlPv(memory);
	return own;
}
