#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The registry of a run: what somebody else puts at its name keeps nobody waiting and is written to by nobody; tens of
# thousands of lines are no matter at the end.
. "$(dirname "$0")/lib.sh"

compile holder -D_GNU_SOURCE "$ROOT/tests/e2e/programs/holder.c"

replace='rm "$SEEP_SESSION"; mkfifo "$SEEP_SESSION"; exit 7'
timeout -k 1 30 "$SEEP" run -- sh -c "$replace" 2>/dev/null
check_equal "a pipe in the registry's place does not hold the run" 7 $?
replace='rm "$SEEP_SESSION"; mkdir "$SEEP_SESSION"; exit 7'
timeout -k 1 30 "$SEEP" run -- sh -c "$replace" 2>/dev/null
check_equal "nor does a directory" 7 $?

# As of a run that has ended: the name is there again, the file is another.
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

"$SEEP" run -r 1G -- sh -c 'seq -f "/nowhere/seep.program.%.0f" 1 50000 >>"$SEEP_SESSION"; exit 7' 2>run.log
check_equal "50,000 lines: the status comes back" 7 $?
check_match "and they are counted" '^seep: 50000 recordings' "$(cat run.log)"
exit $cases_failed
