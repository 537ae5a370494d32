#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 60 s
# A server that makes a thousand short children, and one that forks its workers beforehand and makes new ones: the
# programs of tests/torture, which also know what each process's recording must hold (tests/torture/run.sh looks there).
#
# Here their children end by exit: by LD_PRELOAD alone what ends by _exit keeps the space that its recording had reserved
# (95 MB at 4K), and a thousand of them would fill a disk. tests/torture has _exit.
work=$1
shift
tests=$(realpath "$(dirname "$0")/../..")
cd "$work" || exit 1
for program in many_short_children prefork_tree_respawns fork_while_threads_allocate; do
	gcc -std=gnu11 -D_GNU_SOURCE -DCHILDREN=1000 -D_exit=exit -g -pthread -I"$tests/torture" -I"$tests/e2e/programs" \
		-o $program "$tests/torture/$program.c" || exit 1
	"$@" ./$program 2>/dev/null
	echo "$program: $?"
done
