#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files of less than a megabyte that want to become gigabytes in their reader: shared stacks, inlined calls without end,
# long names that every address repeats, compressed sections. Memory is measured, never time: on each of
# these files every command takes at most a hundred times the file and as much as a small tree takes.
. "$(dirname "$0")/lib.sh"
export SEEP_CACHE=off
bombs=$ROOT/tests/e2e/support/bombs.py
mkdir in
/usr/bin/python3 -B "$bombs" make in
/usr/bin/python3 -B "$bombs" check "$SEEP" in || cases_failed=1

check_match "what does not fit into a tree is said" '^seep: the innermost frames of [0-9]+ stacks are left out' \
	"$("$SEEP" report --tree in/inlined.pb 2>&1 >/dev/null)"
check_match "a name that every address would repeat is cut" 'm{100,128}\.\.\.\+0x' "$("$SEEP" report --json in/label.seep)"
for section in info str line; do
	check_match "a .debug_$section of a gigabyte in a megabyte is refused" 'symbols +refused .*/packed-.*\.so: its compressed sections unpack to more than 32 times the file' \
		"$("$SEEP" report --modules "in/packed-$section.seep")"
done
exit $cases_failed
