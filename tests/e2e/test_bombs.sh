#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files of less than a megabyte that want to become gigabytes in their reader: shared stacks, inlined calls without end,
# long names that every address repeats, compressed sections. Memory is measured, never time: every command has at most a
# hundred times the file and what a small tree takes, on every one of them.
. "$(dirname "$0")/lib.sh"
bombs=$ROOT/tests/e2e/support/bombs.py
MOST_RATIO=100 ALWAYS_KIB=$((160 * 1024)) # docs/SECURITY.md
mkdir in
/usr/bin/python3 -B "$bombs" make in

# FILE COMMAND...: within its memory, and fine or one line. Its document may be too large to be written.
bounded() {
	local file=$1 peak status most
	shift
	(ulimit -t 100 && /usr/bin/python3 -B "$bombs" peak "$SEEP" "$@") >out 2>err
	read -r peak _ status < <(tail -n 1 err)
	most=$((ALWAYS_KIB + MOST_RATIO * $(stat -c %s "$file") / 1024))
	if [ "${peak:-9999999}" -le $most ] && { [ "$status" -eq 0 ] || [ "$status" -eq 3 ]; } && [ "$(wc -l <err)" -le 3 ] &&
		! grep -q 'out of memory' err; then
		return 0
	fi
	echo "peak ${peak:-?} KiB of at most $most, exit status ${status:-?}, $(head -c 300 err)"
	return 1
}
for file in in/*.seep in/*.pb in/*.gz in/*.heap in/*.gperf; do
	name=$(basename "$file")
	check "report $name" bounded "$file" report "$file"
	check "report --json $name" bounded "$file" report --json "$file"
	check "report --tree $name" bounded "$file" report --tree "$file"
	check "report --by=line $name" bounded "$file" report --by=line --top=99999999 "$file"
	check "report --modules $name" bounded "$file" report --modules "$file"
	check "flame $name" bounded "$file" flame "$file" -o out.svg
	check "flame --base $name" bounded "$file" flame --base "$file" "$file" -o out.html
	check "diff --json $name" bounded "$file" diff --json "$file" "$file"
	for format in folded speedscope pprof gperftools json; do
		check "export --format=$format $name" bounded "$file" export --format=$format "$file" -o out.document
	done
done

check_match "what does not fit into a tree is said" '^seep: the innermost frames of [0-9]+ stacks are left out' \
	"$("$SEEP" report --tree in/inlined.pb 2>&1 >/dev/null)"
check_match "a name that every address would repeat is cut" 'm{100,128}\.\.\.\+0x' "$("$SEEP" report --json in/label.seep)"
for section in info str line; do
	check_match "a .debug_$section of a gigabyte in a megabyte is refused" 'symbols +refused .*/packed-.*\.so: its compressed sections unpack to more than 32 times the file' \
		"$("$SEEP" report --modules "in/packed-$section.seep")"
done
exit $cases_failed
