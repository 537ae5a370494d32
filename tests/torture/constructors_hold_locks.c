/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first allocation of all is gettext's, which holds its lock then: so nothing may be called there that looks for a
 * translation. Later the program uses gettext itself.
 *
 * torture: libraries=translated
 */
#include <dlfcn.h>
#include <libintl.h>
#include <locale.h>

#include "torture.h"

extern const char *translated_from;

int main(void)
{
	alarm(60);
	setlocale(LC_ALL, "");
	printf("%s\n", translated_from);
	printf("%s\n", bindtextdomain("another", "/nowhere/else"));
	printf("%s\n", textdomain("another"));
	printf("%s\n", gettext("a message"));
	EXPECT(dlsym(RTLD_DEFAULT, "a_name_that_nobody_has") == NULL && dlerror());
	allocate_and_free(100);
	printf("%s\n", bindtextdomain("another", "/nowhere"));
	return 0;
}
