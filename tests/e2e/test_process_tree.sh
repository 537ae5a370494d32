#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A shell script that runs and execs other programs: each process has its own recording, none is overwritten, and
# the biggest is named first at the end. Some processes live on when the script has ended.
. "$(dirname "$0")/lib.sh"

compile holder <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* holder MEGABYTES [PROGRAM ARG...]: holds that much, then execs. */
int main(int argc, char **argv) {
	for (int i = atoi(argv[1]) * 1024; i > 0; i--) memset(malloc(1024), 1, 1024);
	if (argc > 2) execvp(argv[2], argv + 2);
	return 0;
}
END
cat >tree.sh <<'END'
#!/bin/bash
./holder 2
./holder 16 ./holder 4
( ./holder 3 & ./holder 5; wait )
exec ./holder 8
END
chmod +x tree.sh
"$SEEP" run -r 16K -- ./tree.sh 2>seep.log
check_equal "the script's status comes back" 0 $?
recordings=$(ls -d seep.holder.* | wc -l)
check_equal "six processes' worth of holder, six recordings" 6 "$recordings"
check_equal "exec keeps the number, so the second has .2" 1 "$(ls -d seep.holder.*.2 | wc -l)"
truth() { # wanted MB, in the order of the list at the end
	for recording in $(sed -n 's/^seep: .* allocated  \(seep\.holder[^ ]*\).*/\1/p' seep.log); do
		"$SEEP" report --json "$recording" >report.json || return
		json_get report.json "round(d['totals']['inuse_bytes'] / (1 << 20))"
	done | paste -sd' '
}
check_match "the end says how many and that the largest comes first" '^seep: [0-9]+ recordings, the largest' "$(cat seep.log)"
seen=$(truth)
check_equal "the list is sorted by bytes in use" "$(tr ' ' '\n' <<<"$seen" | sort -rn | paste -sd' ')" "$seen"
within() { # each figure within four standard deviations of its truth (rate 16K: 0.125 MB a square root of a MB)
	/usr/bin/python3 -c '
import sys
seen, wanted = [list(map(float, t.split())) for t in sys.argv[1:3]]
sys.exit(len(seen) != len(wanted) or any(abs(s - w) > 1 + 4 * 0.125 * w ** 0.5 for s, w in zip(seen, wanted)))' "$1" "$2"
}
check "each recording holds its own process's bytes: $seen" within "$seen" "16 8 5 4 3 2"
first=$(sed -n 's/^seep: .* allocated  \(seep\.[^ ]*\).*/\1/p' seep.log | head -n 1)
check_match "the next command names the first of the list" "^seep: next: seep (diff|report) $first\$" "$(cat seep.log)"

mkdir none && cd none || exit 1
"$SEEP" run -r 16K --follow=none -- bash -c '../holder 16; ../holder 8; true' 2>../none.log
cd ..
check_equal "--follow=none records no child" 0 "$(ls -d none/seep.holder.* 2>/dev/null | wc -l)"

# More processes at a time than there may be keepers: each waits for its turn, oldest first, and loses nothing.
compile waits <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <unistd.h>
	int main(int argc, char **argv) { /* waits END READY */
		for (int i = 0; i < 100; i++)
			if (!malloc(10000))
				return 1;
		fclose(fopen(argv[2], "w"));
		while (argc && access(argv[1], F_OK))
			usleep(20000);
	}
END
cat >queue.py <<-'END'
	import os, time
	def until(path):
	    while not os.path.exists(path): time.sleep(0.01)
	pids = []
	for i in range(5):
	    pids.append(os.posix_spawn("../waits", ["waits", "end.%d" % i, "ready.%d" % i], os.environ))
	    until("ready.%d" % i)
	    open("pid.%d" % i, "w").write(str(pids[i]))
	open("all", "w")
	os._exit(max(os.waitpid(pid, 0)[1] for pid in pids) or 6)
END
mkdir queue && cd queue || exit 1
SEEP_KEEPERS=3 "$SEEP" run -r 1 -i 50ms -o "$PWD/%p" -- /usr/bin/python3 -S ../queue.py 2>../queue.log &
runner=$!
wait_until 30 test -e all
is_kept() { ls "$(cat pid.$1)" | grep -q '[0-9]\.seep$'; } # NUMBER
check "the first has snapshots" wait_until 20 is_kept 0
check "and so has the second, beside the driver's" wait_until 20 is_kept 1
sleep 1.2 # a process that waits longer than a second is named
check_equal "the others have none yet" "" "$(for i in 2 3 4; do ! is_kept $i || echo $i; done)"
check "one that waits answers all the same" "$SEEP" snapshot "$(cat pid.4)"
touch end.0
check "the first ends: it is the third's turn" wait_until 20 is_kept 2
check_equal "and not the fourth's" 1 "$(is_kept 3; echo $?)"
touch end.1
check "then the fourth's" wait_until 20 is_kept 3
touch end.2 end.3 end.4
wait $runner
check_equal "the status comes back" 6 $?
cd ..
check_match "those that waited are told of" '^seep: [2-5] recordings waited up to [0-9]+ s for a keeper, as there were too many at a time' "$(cat queue.log)"
for i in 0 1 2 3 4; do
	"$SEEP" report --json "queue/$(cat queue/pid.$i)" >queue.json 2>&1
	check_equal "$i has all of its blocks" 100 "$(json_get queue.json "sum(s['inuse_objects'] for s in d['sites'] if s['inuse_bytes'] == 1000000)")"
done

mkdir many && cd many || exit 1
"$SEEP" run -r 64K -- bash -c 'for i in $(seq 30); do ../holder 1; done' 2>../many.log
cd ..
check_equal "thirty children, thirty recordings" 30 "$(ls -d many/seep.holder.* | wc -l)"
check "the list at the end stays short" test "$(wc -l <many.log)" -le 14
check_match "and says how many more there are" '^seep:   and 2[0-9] smaller$' "$(cat many.log)"

# A server's process overwrites its arguments by its present state, after its recording has begun.
compile titled <<'SOURCE'
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
	size_t room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
	if (argc > 2 && fork() == 0) {
		for (int i = 0; i < 20000; i++) memset(malloc(100), 1, 100);
		memset(argv[0], 0, room);
		memcpy(argv[0], "titled: worker", 14);
		sleep(2);
		_exit(execl("/bin/sleep", "sleep", "1.5", NULL));
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
SOURCE
"$SEEP" run -r 16K -o titled.%p -- ./titled with room enough for a title 2>/dev/null
check_match "a process is named by the title that it took" 'titled: worker \(pid' "$("$SEEP" report "$(ls -d titled.* | head -n 1)" 2>&1)"

# A daemon outlives the program: it is named and left alone.
cat >daemon.py <<'END'
import os, sys, time
if os.fork() == 0:
    os.setsid()
    hold = [bytes(1000) for _ in range(20000)]
    open("daemon.pid", "w").write(str(os.getpid()))
    time.sleep(60)
while not os.path.exists("daemon.pid"): time.sleep(0.02)
END
PYTHONMALLOC=malloc "$SEEP" run -r 64K -- /usr/bin/python3 daemon.py 2>daemon.log </dev/null
daemon=$(cat daemon.pid)
pids+=("$daemon")
check_match "what still runs is said" 'still run' "$(cat daemon.log)"
check "and still runs" kill -0 "$daemon"
check_match "and can be marked" '/[0-9]+\.seep$' "$("$SEEP" snapshot "$daemon" 2>&1)"
# A program that executes another has ended, although its process lives on.
background "$SEEP" run -r 16K -o executed -- ./holder 3 sleep 100 2>/dev/null
is_over() { "$SEEP" list executed | grep -q ' ended '; }
check "a recording ends when its program executes another" wait_until 10 is_over
check_equal "with what the program had" 1 "$("$SEEP" report --json executed >report.json && json_get report.json "int(d['totals']['inuse_bytes'] > 2 << 20)")"
check_match "while the process lives on" sleep "$(cat "/proc/$(child_of "$background_pid")/comm")"

exit $cases_failed
