# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Forked workers sample independently of each other and of who forked them: by fork(), by a raw clone(), and their
# children. Each keeps 8,192 blocks of 64 bytes, so that at 64K it has a binomial number of samples with a mean of 8. Of
# each kind the sum must be near enough to what it should be (else estimates are not right on average), and the variance,
# too: copies of one another have none, and all or nothing has far more. Chance is outside of these bounds once in several
# million runs.
cat >workers.c <<'END'
#include "torture.h"
#include <sys/prctl.h>
#include <sys/syscall.h>
static void keep(const char *name, int blocks)
{
	prctl(PR_SET_NAME, name);
	for (int i = 0; i < blocks; i++)
		torture_hold = malloc(64);
}
static void end_of(pid_t child)
{
	int status = 0;
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		printf("a worker ended by %d\n", status);
}
static void work(int kind)
{
	static const char *const names[] = {"forked", "cloned", "parent"};
	keep(names[kind], 8192);
	if (kind == 2) {
		pid_t child = fork();
		if (child == 0) {
			keep("grandchild", 8192);
			_exit(0);
		}
		end_of(child);
	}
	_exit(0);
}
int main(void)
{
	keep("master", 32768);
	for (int i = 0; i < 120; i++) {
		int kind = i % 4 > 1 ? i % 4 - 1 : 0; /* half of them by fork() */
		pid_t child = kind == 1 ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
		if (child == 0)
			work(kind);
		end_of(child);
	}
	puts("done");
	return 0;
}
END
cat >judge.py <<'END'
import glob, read_snapshot
BOUNDS = {"forked": (60, 355, 615, 18, 150), "cloned": (30, 150, 345, 4.5, 93), "parent": (30, 150, 345, 4.5, 93),
          "grandchild": (30, 150, 345, 4.5, 93)}
def live(path):
    return len(read_snapshot.read(open(path, "rb").read())[1].get(7, []))
for name, (workers, least, most, even, uneven) in BOUNDS.items():
    counts = [live(sorted(glob.glob(directory + "/*.seep"))[-1]) for directory in glob.glob(f"recordings/{name}.*")]
    counts += [0] * (workers - len(counts))  # no sample, no recording
    total, mean = sum(counts), sum(counts) / workers
    spread = sum((count - mean) ** 2 for count in counts) / (mean or 1)
    if len(counts) > workers or not least <= total <= most or not even <= spread <= uneven:
        print(f"{name}: {sorted(counts)} samples, {total} in all, spread {spread:.1f}")
END
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/workers workers.c
mkdir recordings
observe "$SEEP" run -r 64K --heap=memory -o "$WORK/recordings/%c.%p" -- "$WORK/bin/workers"
check_equal "120 workers and 30 of their children end as they should" "0 done" "$(ended)"
check_equal "their samples are their own" "" "$(PYTHONPATH=$ROOT/tests/e2e/support PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 judge.py 2>&1)"
