#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The registry of a run: if somebody else has put a file at its name, nobody waits for that file or writes to it. Tens
# of thousands of lines do not delay the end.
. "$(dirname "$0")/lib.sh"

compile holder -D_GNU_SOURCE "$ROOT/tests/e2e/programs/holder.c"

replace='rm "$SEEP_SESSION"; mkfifo "$SEEP_SESSION"; exit 7'
timeout -k 1 30 "$SEEP" run -- sh -c "$replace" 2>/dev/null
check_equal "a pipe in the registry's place does not hold the run" 7 $?
replace='rm "$SEEP_SESSION"; mkdir "$SEEP_SESSION"; exit 7'
timeout -k 1 30 "$SEEP" run -- sh -c "$replace" 2>/dev/null
check_equal "nor does a directory" 7 $?

# As after a run that has ended: the name exists again, but the file is another one.
(umask 077 && : >taken) && touch elsewhere && chmod 600 elsewhere
for identity in "$(stat -c %d.%i.%u elsewhere)" malformed; do
	: >taken
	[ "$identity" != malformed ] || chmod 622 taken
	LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_KEEPER=outside SEEP_SESSION="$PWD/taken" SEEP_SESSION_FILE=$identity \
		SEEP_OUTPUT="$PWD/rec.$identity" timeout 20 ./holder 2>/dev/null
	check_equal "a registry that is another ($identity): the program ends as ever" 7 $?
	check_equal "and nothing is written to it" "" "$(cat taken)"
	check "and it keeps its recording itself" test -e "rec.$identity/000001.seep"
done
chmod 600 taken && : >taken && identity=$(stat -c %d.%i.%u taken)
LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_KEEPER=outside SEEP_SESSION="$PWD/taken" SEEP_SESSION_FILE=$identity \
	SEEP_OUTPUT="$PWD/rec.own" timeout 20 ./holder 2>/dev/null
check_match "the one that was handed on is written to" "^$PWD/rec.own\$" "$(cat taken)"

# A locked registry has a reader as long as somebody holds the lock.
cat >hold.py <<-'END'
	import fcntl, struct, subprocess, sys
	file = open("taken", "r+")
	fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 1, 0))
	sys.exit(subprocess.run(sys.argv[1:]).returncode)
END
for way in held free; do
	: >taken
	[ $way = held ] && hold="/usr/bin/python3 hold.py" || hold=
	LD_PRELOAD='' SEEP_RATE=1 SEEP_KEEPER=outside SEEP_SESSION="$PWD/taken" SEEP_SESSION_FILE=$identity.1 \
		SEEP_OUTPUT="$PWD/rec.$way" timeout 20 $hold env LD_PRELOAD="$SHIM" ./holder 2>/dev/null
	check_equal "its lock is $way: the program ends as ever" 7 $?
	check_equal "its lock is $way: it is written to if somebody reads it" "$([ $way = free ] || echo "$PWD/rec.held")" "$(grep "$PWD/rec.$way\$" taken)"
	check_equal "and else the recording is kept by itself" "$([ $way = held ] || echo 000001.seep)" "$(ls rec.$way | grep seep)"
done

# Another file takes its place while the run goes on: nobody waits for it or writes to it, and the recordings are kept.
mkdir foreign && touch foreign/file && chmod 600 foreign/file
bind='import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'
for place in 'mkfifo "$SEEP_SESSION"' 'mkdir "$SEEP_SESSION"' "ln -s '$WORK/foreign/file' \"\$SEEP_SESSION\"" \
	"ln '$WORK/foreign/file' \"\$SEEP_SESSION\"" "(umask 077; : >\"\$SEEP_SESSION\")" "/usr/bin/python3 -S -c '$bind' \"\$SEEP_SESSION\""; do
	rm -rf replaced && mkdir replaced
	SEEP_FOLLOW=all timeout -k 1 30 "$SEEP" run -r 1 -o "$WORK/replaced/%c.%p" -- sh -c 'rm "$SEEP_SESSION"; eval "$1"; ./holder;
		status=$?; [ ! -f "$SEEP_SESSION" ] || cat "$SEEP_SESSION"; exit $status' sh "$place" >into 2>err
	check_equal "in its place, while it runs, by ${place%% *}: the status comes back" 7 $?
	check_equal "by ${place%% *}: nothing is written there" "" "$(cat into foreign/file)"
	check "by ${place%% *}: the recording is kept all the same" test -s replaced/holder.*/000001.seep
	rm -rf "$TMPDIR"/seep-run-*
done

"$SEEP" run -r 1024G -- sh -c 'seq -f "/nowhere/seep.program.%.0f" 1 50000 >>"$SEEP_SESSION"; exit 7' 2>run.log
check_equal "50,000 lines: the status comes back" 7 $?
check_match "and they are counted" '^seep: 50000 recordings' "$(cat run.log)"
# Counts work, not time: a line costs no more instructions among many than among few. Most of them are seep's own.
instructions() { # LINES
	rm -rf counted && mkdir counted
	valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=counted/%p "$SEEP" run -r 1024G -o "$WORK/counted/none.%p" -- \
		sh -c 'seq -f "/nowhere/seep.program.%.0f" 1 $1 >>"$SEEP_SESSION"' sh "$1" >/dev/null 2>&1
	sed -n 's/^summary: //p' counted/[0-9]* | sort -n | tail -n 1
}
few=$(instructions 1000) many=$(instructions 4000)
check "four times the lines are about four times the work: $few and $many instructions" \
	test "${few:-0}" -gt 0 -a "$((${many:-0} * 10))" -lt "$((${few:-0} * 44))"

# What is no line is not looked at, however long the file is: a terabyte takes no space on the disk, and took all memory.
(ulimit -v 2000000 && "$SEEP" run -r 1 -o "$WORK/before" -- sh -c './holder; truncate -s 1T "$SEEP_SESSION"; exit 7' 2>long)
check_equal "a list of a terabyte: the status comes back" 7 $?
check_match "what comes before is found" '^seep: .* before' "$(cat long)"
check_match "and the damage is told" '^seep: .*list of this run.s recordings was damaged' "$(cat long)"

# Anybody may have chosen the names in it: they never reach the terminal raw, and a recording is found whatever its
# name.
evil=$'evil\033[31m\u202e\u2066\nnew\xff\\n\'"'
looked() { # FILE
	/usr/bin/python3 -B "$ROOT/tests/e2e/support/hostile.py" look "$1"
	grep -v '^seep: ' "$1" | cat -v
}
"$SEEP" run -o "$WORK/none.%p" -- sh -c 'printf "/nowhere/%s\n! note %s\n" "$1" "$1" "$1" "$1" >>"$SEEP_SESSION"' sh "$evil" 2>claims
check_match "lines with escapes, marks, bytes and newlines in them are told of" '^seep: .*nowhere.*x1b' "$(cat claims)"
check_equal "and nothing raw is" "" "$(looked claims)"
mkdir "$evil" && cp holder "$evil/$evil"
(cd "$evil" && "$SEEP" run -r 1 -- "./$evil" 2>../one; echo $? >../status)
check_equal "a program and a directory of such a name: the status comes back" 7 "$(cat status)"
check_match "the recording is found" '^seep: recorded in ' "$(cat one)"
check_equal "and told of safely" "" "$(looked one)"
"$SEEP" run -r 1 -o "$WORK/$evil/again.%p" -- sh -c './holder; ./holder; exit 7' 2>several
check_equal "several: the status comes back" 7 $?
check_match "the recordings are found" '^seep: 3 recordings' "$(cat several)"
check_equal "and told of safely, each in a line" "5 " "$(wc -l <several) $(looked several)"
next=$(sed -n 's/.*next: seep //p' one)
(cd "$evil" && eval "\"\$SEEP\" $next" >../read 2>&1)
check_equal "what is to be typed next can be typed" 0 $?
LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_OUTPUT="/dev/null/$evil" ./holder 2>alone
check_equal "nor does libseep.so by itself say anything raw" "" "$(looked alone)"

# If 0, 1 or 2 was closed, it is closed in the program, too, and nothing of ours takes its place.
cat >closed.py <<-'END'
	import os, sys
	os.write(9, b"".join(b"open " if os.path.exists("/proc/self/fd/%d" % n) else b"closed " for n in range(3)))
	sys.exit(7)
END
seen=$("$SEEP" run -o "$WORK/std.%p" -- /usr/bin/python3 -S closed.py 9>&1 <&- >&- 2>&-; echo $?)
check_equal "0, 1 and 2 are closed: they are so in the program" "closed closed closed 7" "$seen"
"$SEEP" run -r 1 -o "$WORK/std.seen" -- ./holder <&- >&- 2>&-
check_equal "the status comes back" 7 $?
check "and the recording is whole" "$SEEP" report std.seen
"$SEEP" report std.seen 2>err >&-
check_match "a report that has nowhere to go fails" '^3 seep: standard output: ' "$? $(cat err)"

# Arguments with which seep itself can just be started: what it adds for the program is too much.
cat >large.py <<-'END'
	import resource, subprocess, sys
	resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
	def run(size):
	    words = ["x" * 1000] * (size // 1000) + ["y" * (size % 1000)]
	    try: return subprocess.run([sys.argv[1], "run", "--", "/bin/true", *words], stderr=subprocess.PIPE)
	    except OSError: return None
	fits, large = 100000, 300000
	while large - fits > 1:
	    middle = (fits + large) // 2
	    fits, large = (middle, large) if run(middle) else (fits, middle)
	ended = run(fits)
	print(ended.returncode, ended.stderr.decode().strip())
END
check_equal "arguments that are too many with what seep adds: one line, and the status for it" \
	"126 seep: /bin/true: Argument list too long" "$(/usr/bin/python3 large.py "$SEEP" 2>&1)"

mkdir unwritable && chmod 500 unwritable
for place in "$WORK/missing" /proc unwritable /dev/null "$WORK/$evil/x" ""; do
	TMPDIR=$place "$SEEP" run -r 1 -o "$WORK/tmp.%p" -- ./holder 2>err
	status=$?
	check_match "TMPDIR=$(printf %q "$place"): it records all the same" '^7 seep: recorded in' "$status $(cat err)"
done
exit $cases_failed
