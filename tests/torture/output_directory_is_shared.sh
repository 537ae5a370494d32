# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Somebody else may write to the directory that the recording goes to, and has put links in its way: no file outside is
# touched, nobody else can read a recording, and one that is there already stays as it is.
build "$torture/workload_program_for_scripts.c"
program=$WORK/bin/workload_program_for_scripts
mkdir -m 1777 shared
echo precious >victim
mkdir -m 777 elsewhere
ln -s "$WORK/elsewhere" shared/a-link
mkdir -m 777 shared/a-trap && ln -s "$WORK/victim" shared/a-trap/heap
mkdir shared/a-recording && echo old >shared/a-recording/000001.seep
[ "$(id -u)" -ne 0 ] || chown 65534 shared/a-trap
for name in a-link a-trap a-recording a-new-one; do
	observe env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$WORK/shared/$name" "$program"
	check_equal "$name: the program ends as ever" "3 done as root" "$(ended)"
done
check_equal "a link leads nowhere" "" "$(ls elsewhere)"
check_equal "a file behind a link is as it was" precious "$(cat victim)"
check_equal "a recording that was there is as it was" "000001.seep old" "$(ls shared/a-recording) $(cat shared/a-recording/000001.seep)"
check_equal "each got a name of its own" "a-link.2 a-new-one a-recording.2 a-trap.2" "$(cd shared && ls -d -- */000001.seep | cut -d/ -f1 | grep -v '^a-recording$' | paste -sd' ')"
check_equal "for its owner alone" "600 700" "$(stat -c %a shared/*.2 shared/a-new-one shared/*.2/* shared/a-new-one/* | sort -u | paste -sd' ')"
