# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# seep run, in which the keeper is, is killed or stopped while the program works: the program does not
# notice, and its recording, up to its last moment, is read from what it left.
build "$torture/workload_program_for_scripts.c"
program=$WORK/bin/workload_program_for_scripts
for signal in KILL STOP; do
	"$SEEP" run -r 1 -i 20ms -o "$WORK/kept.$signal" -- "$program" "$WORK/go.$signal" >program.out 2>/dev/null &
	runner=$!
	wait_until 30 test -e "kept.$signal/000001.seep"
	child=$(child_of $runner)
	kill -$signal $runner
	[ $signal = STOP ] || wait $runner 2>/dev/null
	touch "go.$signal"
	wait_until 30 grep -q "done" program.out
	check_equal "the keeper gets SIG$signal: the program ends as ever" "done as root" "$(cat program.out)"
	wait_until 30 sh -c "! kill -0 $child 2>/dev/null || grep -q '^State:.Z' /proc/$child/status"
	check "and it has ended" sh -c "! kill -0 $child 2>/dev/null || grep -q '^State:.Z' /proc/$child/status"
	"$SEEP" report --last --json "kept.$signal" >report.json
	check_equal "its recording holds what was alive at its end" 100 \
		"$(json_get report.json "sum(s['inuse_objects'] for s in d['sites'] if s['inuse_bytes'] == 10000)")"
	check "and can be finished" "$SEEP" snapshot "kept.$signal"
	kill -CONT $runner 2>/dev/null
	kill -KILL $runner 2>/dev/null
	wait $runner 2>/dev/null
done
