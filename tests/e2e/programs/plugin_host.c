/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A C program that loads a C++ plugin with RTLD_LOCAL: libstdc++ is there, but
 * not where a symbol look-up from the program finds it.
 *
 *	plugin_host DIRECTORY PLUGIN		the account is in truth.end (truth.h)
 */
#include <dlfcn.h>

#include "truth.h"

static void *(*allocate)(size_t);
static void (*release)(void *);

static SITE void site_plugin(struct truth_site *site)
{
	for (int i = 0; i < 200; i++) {
		void *memory = allocate(77);
		truth_allocated(site, 77);
		if (i % 4 == 0)
			continue;
		release(memory);
		truth_freed(site, 77);
	}
}

/* One side allocates what the other frees: libstdc++'s operator new is malloc. */
static SITE void site_host(struct truth_site *site)
{
	for (int i = 0; i < 200; i++) {
		void *memory = malloc(66);
		truth_allocated(site, 66);
		if (i % 4 == 0)
			continue;
		free(memory);
		truth_freed(site, 66);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	truth_directory = argv[1];
	struct truth_site *plugin_site = truth_add("site_plugin"), *host_site = truth_add("site_host");
	for (int round = 0; round < 3; round++) {
		void *plugin = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
		if (!plugin) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		*(void **)&allocate = dlsym(plugin, "plugin_allocate");
		*(void **)&release = dlsym(plugin, "plugin_release");
		int (*throw)(int) = (int (*)(int))dlsym(plugin, "plugin_throw");
		int (*too_much)(void) = (int (*)(void))dlsym(plugin, "plugin_too_much");
		site_plugin(plugin_site);
		site_host(host_site);
		printf("%d %d\n", throw(round), getenv("NO_THROW") ? 1 : too_much());
		dlclose(plugin);
	}
	truth_write("end");
	return 0;
}
