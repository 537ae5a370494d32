/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin has an allocator linked into it, under names that the shim has, too,
 * and that nobody else in the program has. It gets its own; and whoever asks for
 * such a name learns the truth.
 *
 * torture: plugins=own_allocator
 */
#include <dlfcn.h>

#include "torture.h"

int main(void)
{
	static const char *const names[] = {"mallocx", "mi_malloc",  "mi_heap_destroy", "tc_new",
					    "tc_free", "free_sized", "malloc",          "_Znwm"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		printf("%s: %s\n", names[i], dlsym(RTLD_DEFAULT, names[i]) ? "there" : "not there");
	void *plugin = dlopen("./own_allocator.so", RTLD_NOW | RTLD_LOCAL);
	EXPECT(plugin);
	if (!plugin)
		return 1;
	void (*works)(int) = (void (*)(int))dlsym(plugin, "plugin_works");
	allocate_and_free(20);
	works(dlsym(RTLD_DEFAULT, "mallocx") != NULL);
	dlclose(plugin);
	allocate_and_free(20);
	return 0;
}
