/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries are loaded and unloaded in turn, each where the one before was:
 * what each allocated stays under its own name.
 *
 * torture: plugins=module_a module_b
 */
#include <dlfcn.h>

#include "torture.h"

static SITE void use(const char *library, const char *function, struct truth_site *site, size_t size)
{
	void *plugin = dlopen(library, RTLD_NOW);
	EXPECT(plugin);
	void *(*allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, function);
	for (int i = 0; i < 20; i++) {
		EXPECT(allocate(size));
		truth_allocated(site, size);
	}
	dlclose(plugin);
}

int main(void)
{
	truth_directory = ".";
	struct truth_site *a = truth_add("allocate_in_a"), *b = truth_add("allocate_in_b");
	for (int i = 0; i < 10; i++) {
		use("./module_a.so", "allocate_in_a", a, 100);
		use("./module_b.so", "allocate_in_b", b, 200);
	}
	truth_write("end");
	puts("done");
	return 0;
}
