# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# /dev/shm is as small as docker's, and the program uses it: the recording there leaves it what it says (docs/SECURITY.md),
# also while it grows, and what it could not keep is counted. A smaller /dev/shm holds no heap file at all.
cat >filler.c <<'END'
#include "torture.h"
#include <sys/stat.h>
#include <sys/vfs.h>
static int file;
static long size;
/* Says at which part of the file system there is no more space. */
static void fill_to(int percent)
{
	static char block[65536];
	struct stat status;
	while (fstat(file, &status) == 0 && status.st_size < size / 100 * percent) {
		if (write(file, block, sizeof block) != sizeof block) {
			printf("full at %ld%%\n", (long)status.st_size * 100 / size);
			return;
		}
	}
}
static __attribute__((noinline)) void site_b(unsigned path);
static __attribute__((noinline)) void site_a(unsigned path)
{
	if (path > 1)
		(path & 1 ? site_b : site_a)(path >> 1);
	else
		free(memset(malloc(200000), 1, 1));
	torture_hold = &path;
}
static __attribute__((noinline)) void site_b(unsigned path)
{
	if (path > 1)
		(path & 1 ? site_a : site_b)(path >> 1);
	else
		free(memset(malloc(200000), 1, 1));
	torture_hold = &path;
}
int main(void)
{
	struct statfs system;
	statfs("/dev/shm", &system);
	size = (long)system.f_blocks * system.f_bsize;
	file = open("/dev/shm/the.programs", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 400; i++) /* the recording begins while there is room */
		site_a(1);
	fill_to(87);
	for (unsigned path = 1 << 13; path < 1 << 15; path++) { /* so many stacks */
		site_a(path);
		if (path % 256 == 0)
			usleep(20000);
	}
	fill_to(90);
	printf("done\n");
	return 3;
}
END
gcc -O0 -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/filler filler.c
for size in 64m 8m; do
	small=(unshare -m sh -c "mount -t tmpfs -o size=$size tmpfs /dev/shm && exec \"\$@\"" sh)
	if ! "${small[@]}" true 2>mount.err; then
		skip "a small /dev/shm ($size)" "no mount here: $(cat mount.err)"
		continue
	fi
	observe "${small[@]}" "$WORK/bin/filler"
	check_equal "$size, alone: it fills nine tenths" "3 done" "$(ended)"
	[ $size = 64m ] && rates=$(ways_of 64K 512K) || rates=$(ways_of 512K 64K)
	for rate in $rates; do
		name=$WORK/small.$size.$rate
		observe "${small[@]}" "$SEEP" run -r $rate -o "$name" -- "$WORK/bin/filler"
		check_equal "$size at $rate: it fills nine tenths, recorded too" "3 done" "$(ended)"
		"$SEEP" report --last --json "$name" >report.json
		check_equal "and can be read" 0 $?
		[ $size,$rate = 64m,64K ] || continue
		check_match "and says what it gave up for it" "'(stacks_full|stacks_cut|sites_retired)': [1-9]" "$(json_get report.json "d['losses']" 2>&1)"
	done
done
