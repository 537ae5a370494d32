/* SPDX-License-Identifier: Apache-2.0 */
/* What the shim looked up in vain is not what the program's dlerror() tells; what the program's own look-ups left is.
 */
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
