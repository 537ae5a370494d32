# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As in every container the program is process 1 of its own namespace, twice at the same place; /proc may be missing
# altogether, and the root be read-only but for one directory.
build "$torture/workload_program_for_scripts.c"
program=$WORK/bin/workload_program_for_scripts
if ! unshare -pfm --mount-proc true 2>unshare.err; then
	skip "a program that is process 1" "no namespaces here: $(cat unshare.err)"
else
	for round in 1 2; do
		observe "$SEEP" run -r 1 -o "$WORK/container" -- unshare -pf --mount-proc "$program" 30
		check_equal "process 1, round $round: it ends as ever" "3 done as root" "$(ended)"
		check_equal "its end is noticed" '' "$(grep 'still run' said)"
		check "and nothing of seep stays" wait_until 10 sh -c "! pgrep -f '[-]o $WORK/container'"
	done
	found=0
	for recording in container*/; do
		pid=$("$SEEP" report --json "$recording" >report.json && json_get report.json "'%d %s' % (d['process']['pid'], d['process']['command'])")
		[ "$pid" != "1 workload_progra" ] || found=$((found + 1))
	done
	check_equal "each round's process 1 has a recording of its own" 2 $found
	for way in run preload; do
		rm -rf noproc
		if [ $way = run ]; then
			observe unshare -m sh -c "mount -t tmpfs none /proc && SEEP_LIBRARY=$SHIM exec $SEEP run -r 1 -o $WORK/noproc -- $program 30"
		else
			observe unshare -m sh -c "mount -t tmpfs none /proc && LD_PRELOAD=$SHIM SEEP_RATE=1 SEEP_OUTPUT=$WORK/noproc exec $program 30"
		fi
		check_equal "without /proc, by $way: it ends as ever" "3 done as root" "$(ended)"
		[ ! -d noproc ] || check "without /proc, by $way: what was recorded can be read" "$SEEP" report noproc
	done
fi
