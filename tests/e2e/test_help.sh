#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Help and usage are derived from the table and fit a screen; a command or option that does not exist gives exit status 2.
. "$(dirname "$0")/lib.sh"

help=$("$SEEP" --help)
check_equal "help exits with 0" 0 $?
commands=$(sed -n 's/^  \([a-z]*\)  .*/\1/p' <<<"$help" | grep -v '^seep$')
for wanted in run snapshot report diff leaks flame doctor; do
	check_match "help lists $wanted" "^$wanted\$" "$commands"
done
for command in '' $commands; do
	text=$("$SEEP" $command --help)
	check_equal "seep $command --help exits with 0" 0 $?
	widest=$(awk '{ if (length($0) > w) w = length($0) } END { print w }' <<<"$text")
	lines=$(wc -l <<<"$text")
	if [ "$widest" -le 80 ] && [ "$lines" -le 24 ]; then
		ok "seep $command --help fits a screen of 80 by 24"
	else
		not_ok "seep $command --help fits a screen of 80 by 24" "$lines lines, $widest columns
$text"
	fi
done
check_match "the version is told" '^seep [0-9]+\.[0-9]+\.[0-9]+$' "$("$SEEP" --version)"

usage() { # NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2 output status
	shift 2
	output=$("$SEEP" "$@" 2>&1 >stdout)
	status=$?
	if [ $status -eq 2 ] && [ ! -s stdout ] && [ "$(wc -l <<<"$output")" -eq 1 ] && grep -qE -- "$pattern" <<<"$output"; then
		ok "$name"
	else
		not_ok "$name" "exit status $status, standard error:
$output"
	fi
}
usage "a mistyped command gets a suggestion" "did you mean 'report'" reprot
usage "where half of its letters would be others there is none" "no command 'foo' \(see" foo
usage "an unknown command is usage" "no command 'frobnicate'" frobnicate
usage "an unknown long option is usage" "--no-such-option" report --no-such-option
usage "an unknown short option is usage" "-Z" report -Z x
usage "an option without its value is usage" "needs a value" run -r
usage "a missing operand is usage" "missing" report
usage "a missing program is usage" "missing" run
usage "a rate that is no size is usage" "--rate" run -r 12Q -- true
usage "a rate of 0 is usage" "--rate" run -r 0 -- true
usage "an interval that is no time is usage" "--interval" run -i soon -- true
usage "a follow that is neither is usage" "--follow" run --follow=some -- true
usage "an unwinder that is not there is usage" "--unwinder" run --unwinder=magic -- true
usage "an allocator that is not there is usage" "not known" run --allocator=fastmalloc -- true
usage "an allocator's library that is not there is usage" "No such file" run --allocator=/nonexistent.so -- true

"$SEEP" >/dev/null 2>stderr
check_equal "no command at all is usage" 2 $?
check "and prints the help to standard error" grep -q 'usage: seep' stderr
exit $cases_failed
