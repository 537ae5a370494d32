/* SPDX-License-Identifier: Apache-2.0 */
/* An interposer whose realloc always copies, and lets the program do something in the middle of it: before the old
 * block is free, and when it is. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void (*slow_copied)(void), (*slow_freed)(void);

void *realloc(void *old, size_t size)
{
	static void *(*next)(void *, size_t);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "realloc");
	if (!old || !size || !(slow_copied || slow_freed))
		return next(old, size);
	void *(*next_malloc)(size_t), (*next_free)(void *);
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&next_free = dlsym(RTLD_NEXT, "free");
	void *memory = next_malloc(size);
	if (!memory)
		return NULL;
	size_t before = malloc_usable_size(old);
	memcpy(memory, old, before < size ? before : size);
	if (slow_copied)
		slow_copied();
	next_free(old);
	if (slow_freed)
		slow_freed();
	return memory;
}
