/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program is forbidden to open files before anything was sampled: then
 * there can be no recording, and no harm.
 *
 * torture: recordings=none
 * torture: because=the program may not make a file
 */
#include <linux/seccomp.h>
#define OTHERWISE (SECCOMP_RET_ERRNO | 1)
#define main main_of_filter
#include "strict_seccomp_filter.c"
#undef main

int main(void)
{
	forbid();
	allocate_and_free(2000);
	if (write(1, "alive\n", 6) != 6)
		abort();
	return 13;
}
