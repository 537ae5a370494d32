#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Long text on a terminal goes through the user's pager, complete; to a pipe it goes as it is.
. "$(dirname "$0")/lib.sh"
export TERM=xterm

printf 'heap profile: 2: 200 [ 3: 300] @ heap/524288\n 1: 100 [ 1: 100] @ 0x1000 0x2000\n 1: 100 [ 2: 200] @ 0x3000\n\nMAPPED_LIBRARIES:\n' >dump.heap
plain=$("$SEEP" report dump.heap)
# PAGER COMMAND...: on a terminal; carriage returns and colours left out, the status last
on_terminal() {
	local pager=$1
	shift
	NO_COLOR=1 PAGER=$pager timeout 20 script -qec "$*; echo status \$?" /dev/null </dev/null | tr -d '\r'
}
seen=$(on_terminal "sed 's/^/paged: /'" "$SEEP" report dump.heap)
check_equal "every line goes through \$PAGER" "$(sed 's/^/paged: /' <<<"$plain")" "$(sed '$d' <<<"$seen")"
check_equal "and seep waits for it" "status 0" "$(tail -n 1 <<<"$seen")"
for pager in '' cat; do
	check_equal "PAGER='$pager' is none" "$plain" "$(on_terminal "$pager" "$SEEP" report dump.heap | sed '$d')"
done
check_equal "a pager that is not there loses nothing" "$plain" "$(on_terminal no-such-pager "$SEEP" report dump.heap | sed '$d')"
awk 'BEGIN { print "heap profile: 3000: 300000 [ 3000: 300000] @ heap/524288"
	for (i = 1; i <= 3000; i++) printf " 1: 100 [ 1: 100] @ 0x%x000 0x%x000\n", i, i + 5000
	print "\nMAPPED_LIBRARIES:" }' >long.heap # more than a pipe holds
check_equal "one that is left early is no failure" "status 0" "$(on_terminal true "$SEEP" report --top=3000 long.heap | tail -n 1)"
check_equal "a terminal that can do nothing is not paged on" "$plain" \
	"$(TERM=dumb on_terminal false "$SEEP" report dump.heap | sed '$d')"
check_equal "nor is a pipe" "$plain" "$(PAGER=false "$SEEP" report dump.heap)"
exit $cases_failed
