/* SPDX-License-Identifier: Apache-2.0 */
/* The program's dlerror() never tells about the shim's own failed look-ups, but still tells about the program's own. */
#include <dlfcn.h>

#include "torture.h"

int main(void)
{
	const char *error = dlerror();
	printf("at start: %s\n", error ? error : "no error");
	EXPECT(dlsym(RTLD_DEFAULT, "a_name_that_nobody_has") == NULL);
	allocate_and_free(100);
	error = dlerror();
	printf("then: %s\n", error && strstr(error, "a_name_that_nobody_has") ? "its own" : "another's or none");
	error = dlerror();
	printf("then: %s\n", error ? error : "no error");
	return 0;
}
