/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library is loaded with RTLD_DEEPBIND: where it finds its functions is no
 * business of the shim's. What it allocates it frees; on glibc, whose malloc
 * it finds in any case, blocks cross over in both directions.
 *
 * torture: plugins=plain
 */
#include <dlfcn.h>

#include "torture.h"

/* On glibc the library frees it without the shim. The same address comes back each time: one phantom, not a thousand.
 */
static SITE void site_crossing(void (*plugin_free)(void *), struct truth_site *site)
{
	for (int i = 0; i < 1000; i++) {
		plugin_free(malloc(64));
		truth_allocated(site, 64);
		if (i)
			truth_freed(site, 64);
	}
}

int main(void)
{
	void *plugin = dlopen("./plain.so", RTLD_NOW | RTLD_DEEPBIND);
	EXPECT(plugin);
	void *(*plugin_allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_allocate");
	void (*plugin_free)(void *) = (void (*)(void *))dlsym(plugin, "plugin_free");
	for (int i = 0; i < 1000; i++)
		plugin_free(plugin_allocate((size_t)i));
	if (!dlsym(RTLD_DEFAULT, "mallctl")) {
		for (int i = 0; i < 1000; i++) {
			free(plugin_allocate((size_t)i));
			plugin_free(malloc((size_t)i));
		}
		truth_directory = ".";
		site_crossing(plugin_free, truth_add("site_crossing"));
		truth_write("end");
	}
	dlclose(plugin);
	allocate_and_free(200);
	puts("done");
	return 0;
}
