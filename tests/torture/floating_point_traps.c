/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that look at the flags of floating point, trap all of them, or
 * round and flush as they like: allocating raises nothing and changes nothing.
 *
 * torture: rate=2K
 */
#include <fenv.h>
#include <xmmintrin.h>

#include "torture.h"

int main(void)
{
	feclearexcept(FE_ALL_EXCEPT);
	allocate_and_free(3000);
	printf("raised: %x\n", fetestexcept(FE_ALL_EXCEPT));
	_mm_setcsr(0x0000 | 0x6000 | 0x8000 | 0x0040); /* traps all; to zero; flushes denormals */
	allocate_and_free(30000);
	for (int i = 0; i < 3; i++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			allocate_and_free(2000);
			exit(i);
		}
		wait_for(child, "child");
	}
	printf("mode: %x\n", _mm_getcsr());
	return 0;
}
