/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin that loads another by its bare name: only the RUNPATH of this very
 * library leads there, and only while dlopen is called from here.
 *
 * link: -Wl,-rpath,$ORIGIN
 */
#include <dlfcn.h>
#include <stdlib.h>

void *neighbour_allocate(size_t size)
{
	void *plugin = dlopen("plain.so", RTLD_NOW);
	void *(*allocate)(size_t) = plugin ? (void *(*)(size_t))dlsym(plugin, "plugin_allocate") : NULL;
	return allocate ? allocate(size) : NULL;
}
