# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Children of a raw clone() draw their first sample point for themselves, although no fork handler runs: each of 40
# keeps 1,500 blocks, of 1, 2, 3, ... bytes more than 100, so that the smallest one sampled says where the first point
# was.
cat >siblings.c <<'END'
#include "torture.h"
#include <sys/prctl.h>
#include <sys/syscall.h>
int main(void)
{
	for (int i = 0; i < 3000; i++) /* the process has been sampled */
		torture_hold = malloc(100);
	for (int i = 0; i < 40; i++) {
		pid_t child = (pid_t)(i % 2 ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : syscall(SYS_fork));
		if (child == 0) {
			prctl(PR_SET_NAME, "sibling");
			for (int j = 1; j < 1500; j++)
				torture_hold = malloc(100 + j);
			_exit(0);
		}
		wait_for(child, "a sibling");
	}
	return 0;
}
END
cat >first.py <<'END'
import collections, glob, read_snapshot
firsts = []
for directory in glob.glob("recordings/sibling.*"):
    live = read_snapshot.read(open(sorted(glob.glob(directory + "/*.seep"))[-1], "rb").read())[1].get(7)
    if live:
        firsts.append(min(entry["size"] for entry in live))
most = collections.Counter(firsts).most_common(1)[0][1]
print("their own" if len(firsts) >= 30 and most <= 6 else (len(firsts), most))
END
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/siblings siblings.c
mkdir recordings
observe "$SEEP" run -r 64K --heap=memory -o "$WORK/recordings/%c.%p" -- "$WORK/bin/siblings"
check_equal "40 clones end as they should" "0 40" "$(cat status) $(grep -c 'exit 0' out)"
check_equal "their first sample points are" "their own" "$(PYTHONPATH=$ROOT/tests/e2e/support PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 first.py 2>&1)"
