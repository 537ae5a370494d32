# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Program and keeper are killed together, in our pid namespace and in one of their own: whoever starts next finishes what
# they left in memory, many at once, and touches nothing that lives. A file whose name was removed under its program is
# written from its mapping.
build "$torture/workload_program_for_scripts.c"
program=$WORK/bin/workload_program_for_scripts
memory_of() { readlink "$1/heap"; }
# COMMAND... : starts a recording "$name" of a program that runs for long; its session's number is in $background_pid
started() {
	background setsid "$@" >/dev/null 2>&1
	wait_until 20 test -L "$name/heap" -a -e "$name/heap"
	wait_until 20 "$SEEP" snapshot "$name"
}
# A process that has been killed may hold the lock for a moment longer. The kernel lists the lock by the file's number.
is_held() { grep -qs ":$(stat -c %i "$1" 2>/dev/null || echo none) " /proc/locks; } # MEMORY
finished() { test -f "$1/heap" -a ! -L "$1/heap" -a ! -e "$2"; } # RECORDING MEMORY
left_alone() { # RECORDING MEMORY
	test -f "$2" -a -L "$1/heap" ||
		{ ls -la /dev/shm "$1"; cat living.log; echo "$((SECONDS - begun)) s: $(triggers "$1")" && pgrep -af "[-]o $1" && false; }
}

ways=plain
! unshare -rpf --mount-proc true 2>/dev/null || ways="plain outside inside"
for way in $ways; do
	name=$WORK/killed.$way
	case $way in
	plain) started "$SEEP" run -r 64K -o "$name" -- "$program" 600000 ;;
	outside) started "$SEEP" run -r 64K -o "$name" -- unshare -rpf --kill-child --mount-proc "$program" 600000 ;;
	inside) started unshare -rpf --kill-child --mount-proc "$SEEP" run -r 64K -o "$name" -- "$program" 600000 ;;
	esac
	recording=$(find "$WORK" -maxdepth 1 -name "killed.$way*" | sort | tail -n 1)
	memory=$(memory_of "$recording")
	living=$WORK/living.$way
	begun=$SECONDS
	background "$SEEP" run -r 64K -o "$living" -- "$program" 600000 >living.log 2>&1
	check "$way: another lives, and answers" wait_until 20 "$SEEP" snapshot "$living"
	theirs=$(memory_of "$living")
	check_match "$way: with its heap file in memory" '^/dev/shm/seep\.' "$theirs after $((SECONDS - begun)) s"
	kill -KILL -- "-$(pgrep -f -o -- "[-]o $name")" 2>/dev/null
	wait_until 10 eval '! is_held "$memory"'
	# /dev/shm is the machine's: another test's run may have finished it by now
	check "$way: all are killed, and memory is left" eval 'test -f "$memory" || finished "$recording" "$memory"'
	for _ in 1 2 3 4 5 6; do
		"$SEEP" run -o "$WORK/next.%p" -- /bin/true 2>/dev/null &
		starters+=($!)
	done
	wait "${starters[@]}"
	starters=()
	# or another test's run, which may be doing so now
	check "$way: who starts next finishes it" wait_until 10 finished "$recording" "$memory"
	check "$way: and what was recorded can be read" "$SEEP" report "$recording"
	check "$way: what lives is left alone" left_alone "$living" "$theirs"
	check "$way: and goes on" "$SEEP" snapshot "$living"
done

name=$WORK/nameless
"$SEEP" run -r 64K -o "$name" -- "$program" "$WORK/go.nameless" >nameless.out 2>nameless.err &
runner=$!
wait_until 20 "$SEEP" snapshot "$name"
rm "$(memory_of "$name")"
touch go.nameless
wait $runner
check_equal "its name is removed: the program ends as ever" "3" "$?"
check "and its recording is complete all the same" test -f "$name/heap" -a ! -L "$name/heap"
check "it can be read" "$SEEP" report "$name"
check_match "with the last snapshot" '\bexit$' "$(triggers "$name")"

name=$WORK/moving
"$SEEP" run -r 64K -o "$name" -- "$program" "$WORK/go.moving" >moving.out 2>moving.err &
runner=$!
wait_until 20 "$SEEP" snapshot "$name"
memory=$(memory_of "$name")
mv "$name" "$WORK/moved"
touch go.moving
wait $runner
check "it is moved while it runs: its memory goes with it" finished "$WORK/moved" "$memory"
