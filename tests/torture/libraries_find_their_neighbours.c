/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library loads its neighbour by a bare name, along its own RUNPATH: the
 * loader asks who called dlopen. The program itself has no way there.
 *
 * torture: plugins=plain neighbour_user
 */
#include <dlfcn.h>

#include "torture.h"

int main(void)
{
	printf("by the program: %s\n", dlopen("plain.so", RTLD_NOW) ? "found" : "not found");
	void *user = dlopen("./neighbour_user.so", RTLD_NOW);
	EXPECT(user);
	void *(*allocate)(size_t) = (void *(*)(size_t))dlsym(user, "neighbour_allocate");
	for (int i = 0; i < 100; i++) {
		void *memory = allocate(100);
		EXPECT(memory);
		free(memory);
	}
	allocate_and_free(10);
	puts("done");
	return 0;
}
