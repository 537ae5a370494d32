# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A limit of processes is the program's: of the user's (RLIMIT_NPROC) and of a control group (pids.max). It makes as many
# children as without us, each recorded; with LD_PRELOAD alone a keeper beside each would take half of them.
cat >children.c <<'END'
#include "torture.h"
#include <sys/resource.h>
int main(int count, char **arguments)
{
	int made = 0, ends[2], wanted = atoi(arguments[1]);
	char byte;
	if (count > 2) { /* a user's that has no other process */
		struct rlimit limit = {atol(arguments[2]), atol(arguments[2])};
		EXPECT(setgid(USER) == 0 && setuid(USER) == 0 && setrlimit(RLIMIT_NPROC, &limit) == 0);
	}
	EXPECT(pipe(ends) == 0);
	for (; made < wanted; made++) {
		struct rlimit limit = {155, 520};
		if (made == 80 && wanted == 84)
			setrlimit(RLIMIT_NPROC, &limit);
		pid_t child = fork();
		if (child < 0)
			break;
		if (child == 0) {
			allocate_and_free(5);
			close(ends[1]);
			_exit(read(ends[0], &byte, 1) != 0);
		}
	}
	printf("%d children (%d)\n", made, made < wanted ? errno : 0);
	close(ends[1]);
	while (wait(NULL) > 0)
		;
	return 5;
}
END
user=$((1000000 + $$)) # nobody else's, not even of a run beside this one
gcc -D_GNU_SOURCE -DUSER=$user -g -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/children children.c
mkdir -m 1777 free
nobody_left() { ! pgrep -u $user; } # keepers end a moment later, and count until then
recorded=(env "LD_PRELOAD=$SHIM" SEEP_RATE=1 SEEP_INTERVAL=50ms "SEEP_OUTPUT=$WORK/free/%c.%p")
if [ "$(id -u)" -ne 0 ]; then
	skip "a limit of the user's processes" "needs root, to be a user without others"
else
	chmod 755 "$WORK" "$WORK/.." "$WORK/bin"
	observe "$WORK/bin/children" 300 40
	alone=$(ended)
	observe "${recorded[@]}" "$WORK/bin/children" 300 40
	check_equal "up to a limit of 40 processes of a user's, by LD_PRELOAD" "$alone" "$(ended)"
	wait_until 10 nobody_left
	observe "$SEEP" run -r 1 -i 50ms -o "$WORK/free/run.%c.%p" -- "$WORK/bin/children" 300 40
	check_equal "by seep run, whose registry another user may not write to" "$alone" "$(ended)"
	wait_until 10 nobody_left
	observe "${recorded[@]}" "$WORK/bin/children" 84 520
	check_equal "of 520 keepers have an eighth: 84 children below 155" "5 84 children (0)" "$(ended)"
fi
group=/sys/fs/cgroup/pids
[ -d $group ] || group=/sys/fs/cgroup
group=$group/seep-torture.$$
if mkdir "$group" 2>/dev/null && echo 40 2>/dev/null >"$group/pids.max"; then
	observe sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "${recorded[@]}" "$WORK/bin/children" 32
	check_equal "32 where a control group may have 40" "5 32 children (0)" "$(ended)"
else
	skip "a limit of a control group" "no control group here"
fi
for _ in $(seq 100); do
	rmdir "$group" 2>/dev/null && break
	[ -d "$group" ] || break
	sleep 0.05 # keepers are ending
done
number=0 unreadable=''
for recording in "$WORK"/free/children.*; do
	[ "${PAIRS:-}" != one ] || [ $(((number += 1) % 5)) -eq 0 ] || continue # a fifth of them
	# of one whose keeper is just ending it says that it is complete
	"$SEEP" snapshot "$recording" >report.out 2>report.err || { unreadable=$(cat report.err) && break; }
done
check_equal "each recording can be read" "" "$unreadable"
