/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where stderr was, a daemon has its data; then its first sample finds that
 * no recording can be made. There is nobody to tell it to.
 *
 * torture: recordings=any
 * torture: because=their directory is gone before the first sample
 */
#include "torture.h"

int main(void)
{
	rmdir("recordings");
	close(2);
	EXPECT(open("result", O_RDWR | O_CREAT | O_TRUNC, 0600) == 2);
	EXPECT(write(2, "data", 4) == 4);
	allocate_and_free(100);
	EXPECT(write(2, "more", 4) == 4);
	puts("done");
	return 0;
}
