# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `seep run` is killed: it alone, with its whole group, with its guard, or the guard alone. The program goes on, and so do
# the recordings: its own (but where both are dead) and those of the processes that it starts after that, each with
# snapshots while it runs and the last one at its end. What the dead leave in TMPDIR goes at once, or with the next start;
# what the living have stays.
cat >outlives.c <<'SOURCE'
#include <sys/stat.h>
#include "torture.h"
/* Or until the row has removed its directory. */
static void wait_until_there(const char *name)
{
	struct stat here;
	for (int i = 0; i < 30000 && access(name, F_OK) != 0 && stat(".", &here) == 0 && here.st_nlink > 0; i++)
		usleep(10000);
}
static SITE void work(int blocks)
{
	for (int i = 0; i < blocks; i++)
		torture_hold = malloc(1000);
}
/* Starts a worker when "worker" is there, which goes on until "end" is there, as does the program itself. */
int main(int argc, char **argv)
{
	char self[4096];
	work(100);
	if (argc > 1) {
		wait_until_there("end");
		return 0;
	}
	setsid();
	close(open("ready", O_CREAT | O_WRONLY, 0600));
	wait_until_there("worker");
	work(50);
	if (fork() == 0) {
		work(100);
		wait_until_there("end");
		exit(0);
	}
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	self[length > 0 ? length : 0] = 0;
	if (fork() == 0) {
		execl(self, argv[0], "executed", (char *)NULL);
		_exit(127);
	}
	wait_until_there("end");
	while (wait(NULL) > 0)
		;
	return 0;
}
SOURCE
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/outlives outlives.c || exit 1
living=$WORK/living/recording
mkdir "$WORK/living" && (cd "$WORK/living" && background "$SEEP" run -r 1 -o "$living" -- "$WORK/bin/outlives" >/dev/null 2>&1 && echo "$background_pid" >pid)
pids+=("$(cat living/pid)")
wait_until 20 test -e living/ready
living_session=$(ls -d "$TMPDIR"/seep-run-*)

sessions() { for each in "$TMPDIR"/seep-run-*; do [ ! -d "$each" ] || [ "$each" = "$living_session" ] || echo "$each"; done; }
last_is() { # EXIT|POSTMORTEM RECORDING
	local snapshots=("$2"/*.seep)
	[ "$(trigger_of "${snapshots[-1]}")" = "$1" ] && "$SEEP" report "$2"
}
growing() { # RECORDING: checks that snapshots are being made
	local before
	before=$(ls "$1" | grep 'seep$' | tail -n 1)
	wait_until 10 eval "[ \$(ls '$1' | grep 'seep\$' | tail -n 1) != '$before' ]"
}
for way in seep group both guard; do
	rm -rf "killed.$way" && mkdir "killed.$way" && cd "killed.$way" || exit 1
	set -m
	"$SEEP" run -r 1 -i 50ms -o "$PWD/recordings/%p" -- "$WORK/bin/outlives" >/dev/null 2>&1 &
	runner=$!
	set +m
	pids+=("$runner")
	wait_until 20 test -e ready
	program=$(child_of $runner)
	guard=$(process_named $runner seep-guard)
	wait_until 10 test -e "recordings/$program/000001.seep"
	case $way in
	seep) kill -KILL $runner ;;
	group) kill -KILL -- -$runner ;;
	both) kill -STOP $runner && kill -KILL "$guard" && kill -KILL $runner ;; # otherwise seep would make another
	guard) kill -KILL "$guard" ;;
	esac
	[ $way = guard ] || wait $runner 2>/dev/null
	[ $way != both ] || wait_until 10 eval "! kill -0 $guard" # killed, and not yet gone, it would be believed
	touch worker
	check "$way killed: the program goes on" kill -0 "$program"
	wait_until 20 eval '[ $(ls -d recordings/*/ | wc -l) = 3 ]'
	for each in recordings/*/; do
		[ $way = both ] && [ "$(basename "$each")" = "$program" ] && continue # `seep snapshot` takes its place
		check "$way killed: ${each#recordings/} is kept" growing "$each"
	done
	check "$way killed: and answers" "$SEEP" snapshot "$program"
	touch end
	[ $way = guard ] && wait $runner
	wait_until 10 eval "! kill -0 $program"
	[ $way = both ] && "$SEEP" snapshot "recordings/$program" >/dev/null
	for each in recordings/*/; do
		last="exit"
		[ $way = both ] && [ "$(basename "$each")" = "$program" ] && last=postmortem
		check "$way killed: ${each#recordings/} has its last snapshot" wait_until 10 last_is $last "$each"
		check "$way killed: ${each#recordings/} is where it belongs" test -f "$each/heap" -a ! -L "$each/heap"
	done
	[ $way != both ] || check "$way killed: a directory is left" test -n "$(sessions)"
	[ $way != both ] || "$SEEP" run -o "$WORK/next.%p" -- /bin/true 2>/dev/null
	check "$way killed: nothing is left" wait_until 10 eval '[ -z "$(sessions)" ]'
	cd "$WORK" || exit 1
done
check "the living one's is still there" test -f "$living_session/recordings"
touch living/end living/worker
check "and it ends when it is told to" wait_until 20 last_is exit "$living"
