#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s
# seep attach --all NAME and seep detach --all NAME: the processes of a service, including those that appear later.
. "$(dirname "$0")/lib.sh"

compile "worker" <<'END'
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
	(void)argc;
	for (int i = 0; i < 60000 && access(argv[1], F_OK) != 0; i++) { /* a few minutes, should nobody end it */
		*(volatile char *)malloc(1000) = 1;
		usleep(2000);
	}
	return 0;
}
END
name=seep-e2e-worker-of-$$ # longer than the 15 bytes of a process's own name, and nobody else has it
mv worker "$name"
ln "$name" "other-$$"
similar=$name-not

begin() { # EXECUTABLE: starts it; $begun is its number
	"./$1" stop &
	begun=$!
	pids+=("$begun")
	wait_until 10 test "$(readlink "/proc/$begun/exe")" = "$PWD/$1"
}
says() { grep -qE "$1" said; }

cp "$name" "$similar"
begin "$name"
first=$begun
begin "$name"
second=$begun
begin "other-$$"
other=$begun
begin "$similar"
not_that=$begun

"$SEEP" attach --all "$name" -r 1K -i 100ms -o "$WORK/%c.%p" 2>said &
staying=$!
pids+=("$staying")
wait_until 60 says "joined .*pid $first\)" && wait_until 60 says "joined .*pid $second\)" # which has the smaller number?
check_equal "all of the name are joined" 2 "$(grep -cE "joined .* \(pid ($first|$second)\)" said)"
begin "$name"
third=$begun
wait_until 60 says "joined .*pid $third\)"
check "and one that appears later" says "joined .*pid $third\)"
check_equal "others are left alone" 0 "$(grep -cE "pid ($other|$not_that)\)" said)"
kill -INT "$staying"
wait "$staying"
check_equal "Ctrl-C ends the looking" "0 1" "$? $(grep -c "joined 3 named $name, and goes on recording them" said)"
"$SEEP" report "$third" >report 2>&1
check_match "and they are recorded on" "main" "$(cat report)"
"$SEEP" detach --all "$name" >/dev/null 2>left
check_equal "detach --all leaves them" "0 3" "$? $(grep -cE "^seep: left ($first|$second|$third), " left)"
"$SEEP" detach --all "$name" >/dev/null 2>left
check_equal "which it can once" "3 seep: no process named $name is recorded" "$? $(cat left)"

# It stays for one that appears after the refusal, and looks twice before it joins that: a second line would have come meanwhile.
cp "$name" "$name-refused"
"$SEEP" run -r 1K -o recorded -- "./$name-refused" stop 2>/dev/null &
pids+=("$!")
recorded=$(child_of $!)
wait_until 10 test -e recorded/heap
"$SEEP" attach --all "$name-refused" --for 600s -r 1K -o "$WORK/late.%p" 2>said &
staying=$!
pids+=("$staying")
wait_until 60 says "$recorded.* recorded"
begin "$name-refused"
wait_until 60 says "joined .*pid $begun\)"
check_equal "one that is refused is named once" 1 "$(grep -cE "\b$recorded\b" said)"
kill -TERM "$staying"
wait "$staying"
check_equal "with --for, its end leaves those that it joined" "0 1" \
	"$? $(grep -c "joined 1 named $name-refused, and left them" said)"
check_match "which are recorded no more" "is no longer recorded" "$("$SEEP" report "$begun" 2>&1)"
# Children forked meanwhile are left, too: one with its parent, one without, and one that has sampled nothing.
compile forks <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void work(const char *stop) {
	for (int i = 0; i < 60000 && access(stop, F_OK) != 0; i++) {
		*(volatile char *)malloc(1000) = 1;
		usleep(2000);
	}
	_exit(0);
}
int main(int argc, char **argv) {
	if (argc > 2) work(argv[1]);
	while (access("joined", F_OK) != 0) usleep(2000);
	pid_t first = fork();
	if (!first) work(argv[1]);
	dprintf(open("first", O_CREAT | O_WRONLY | O_TRUNC, 0600), "%d\n", first);
	if (!fork()) { if (!fork()) work(argv[1]); _exit(0); }
	if (!fork()) for (int i = 0; i < 60000 && access(argv[1], F_OK) != 0; i++) usleep(2000);
	else if (!fork()) execl(argv[0], argv[0], argv[1], "on", NULL);
	else work(argv[1]);
}
END
forks() { pgrep -f "^$WORK/forks stop"; }
records() { "$SEEP" list 2>/dev/null | grep -c 'running .*forks\.rec'; }
forks_begin() { # OPTION...: starts the server and joins it, with all its children
	rm -f joined && : >said # of the one before
	"$WORK/forks" stop &
	begun=$!
	pids+=("$begun")
	wait_until 10 grep -q forks "/proc/$begun/comm"
	"$SEEP" attach "$@" -r 1K -i 1h -o "$WORK/forks.rec" "$begun" 2>said &
	staying=$!
	pids+=("$staying")
	wait_until 60 says joined
	touch joined
	wait_until 60 eval '[ "$(records)" = 4 ]'
}
forks_begin --for 600s
kill -TERM "$staying"
wait "$staying"
check_equal "with --for, what it forked and executed is left, too" "0 0" "$? $(records)"
touch stop
wait_until 60 eval '[ -z "$(forks)" ]'
rm stop
forks_begin
"$SEEP" detach "$begun" 2>left
read -ra children < <(sed -n 's/.*seep goes on recording what it forked: seep detach //p' left)
check_equal "seep detach names what it forked and leaves alone" "2 3" "${#children[@]} $(records)"
"$SEEP" detach --all forks 2>left
check_equal "which detach --all leaves, also what has sampled nothing" "0 4 0" "$? $(grep -c "left [0-9]*, " left) $(records)"
# A child that was joined by itself is not left with its parent.
rm first
"$WORK/forks" stop &
begun=$!
pids+=("$begun")
wait_until 20 test -s first
"$SEEP" attach -r 1K -i 1h -o own.rec "$(cat first)" 2>err
: >said
"$SEEP" attach --for 600s -r 1K -i 1h -o parent.rec "$begun" 2>said &
staying=$!
pids+=("$staying")
wait_until 60 says joined
kill -TERM "$staying"
wait "$staying"
check_match "a child that was joined by itself is not left with its parent" "ended .*parent.rec .*running .*own.rec" \
	"$? $("$SEEP" list parent.rec | tail -1) $("$SEEP" list own.rec | tail -1)"
touch stop
ended=
for each in "$first" "$second" "$third" "$other" "$not_that" "$begun"; do
	wait "$each"
	ended="$ended $?"
done
check_equal "the processes ran on, and end well" " 0 0 0 0 0 0" "$ended"

exit "$cases_failed"
