#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A recording with snapshots that are cut, emptied or changed: every command reads the others, as if the damaged ones
# had never been there, and one line says which were left out.
. "$(dirname "$0")/lib.sh"

compile leaker <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((noinline)) void leak_here(void) { for (int i = 0; i < 60; i++) memset(malloc(4000), 1, 4000); }
int main(int argc, char **argv) {
	(void)argc;
	for (int i = 0; i < 5000 && access(argv[1], F_OK) != 0; i++) { leak_here(); usleep(20000); }
	_exit(0);
}
END
"$SEEP" run -r 16K -i 200ms -o good -- ./leaker good/000012.seep 2>err
last=$(basename "$(ls good/*.seep | tail -n 1)")
# The one that `seep diff good` compares with.
"$SEEP" diff --json good >diff.json
before=$(basename "$(json_get diff.json "d['before']['source']")")

damage() { # NAME SNAPSHOT...: a copy in which these are cut, and one without them
	local name=$1 file
	shift
	cp -r good "$name"
	cp -r good "without_$name"
	for file; do
		rm "without_$name/$file"
		head -c "$bytes" "good/$file" >"$name/$file"
	done
}
bytes=2000
damage middle 000006.seep
damage before "$before"
damage end "$last"
damage three 000004.seep 000007.seep 000008.seep
bytes=50
damage headless 000005.seep
damage headless_end "$last"
bytes=0
damage empty 000001.seep

# Makes outputs comparable: removes the names of the two directories, and which of massif's snapshots are detailed.
said() { grep -vE '^(heap_tree| *n[0-9])' | sed -e 's/without_//g' -e 's/"damaged_snapshots":[0-9]*/"damaged_snapshots":0/g'; }
for name in middle before end three headless headless_end empty; do
	for command in "leaks --json" "report --json" "diff --json" "export --format=massif" "memory --json" "annotate --json"; do
		# shellcheck disable=SC2086
		check_equal "$command: $name is read as without it" \
			"$("$SEEP" $command "without_$name" 2>/dev/null | said | md5sum)" "$("$SEEP" $command $name 2>err.all | said | md5sum)"
		check_equal "$command: $name takes one line at most" "" "$(sed -n 2p err.all)"
	done
	"$SEEP" html "$name" -o "$name.html" >/dev/null 2>err
	check_equal "html: $name" 0 $?
	check_match "and says it" '^seep: [a-z_]+/[0-9]+\.seep: .*it is left out' "$(head -n 1 err)"
	"$SEEP" bundle "$name" -o "$name.bundle" >/dev/null 2>err
	check_equal "bundle: $name" "0 0" "$? $("$SEEP" leaks "$name.bundle" >/dev/null 2>&1; echo $?)"
	check_match "and says it, too" '^seep: [a-z_]+/[0-9]+\.seep: .*it is left out' "$(head -n 1 err)"
done
check_match "a cut snapshot is named" '^seep: middle/000006.seep: offset 2000: truncated: .*; it is left out$' \
	"$("$SEEP" leaks middle 2>&1 >/dev/null)"
check_match "of several the first, and how many more" '^seep: three/000004.seep: .*; it is left out, and so are 2 more$' \
	"$("$SEEP" leaks three 2>&1 >/dev/null)"
check_match "the head counts them" 'snapshots, 3 more damaged' "$("$SEEP" leaks three 2>/dev/null)"
check_match "and so does JSON" '"damaged_snapshots":3,' "$("$SEEP" leaks --json three 2>/dev/null)"
check_match "of a report those that its last one was looked for behind" '"damaged_snapshots":1,' "$("$SEEP" report --json end 2>/dev/null)"
"$SEEP" diff --json before 2>/dev/null >diff.json
check_equal "of a difference each side has its own" "1 0" \
	"$(json_get diff.json "'%d %d' % (d['before']['damaged_snapshots'], d['after']['damaged_snapshots'])")"
"$SEEP" flame -o end.svg end 2>/dev/null
check_match "and so does a flame graph" '; 1 damaged snapshot left out' "$(cat end.svg)"
# A program that a loaded machine keeps waiting at its end has stopped.
check_match "what leaks is found" 'LEAKING  1 place|grew and stopped: 1 ' "$("$SEEP" leaks three 2>/dev/null)"
check_match "the snapshot itself is refused" '^3 seep: middle/000006.seep: offset 2000: truncated' \
	"$(output=$("$SEEP" report middle/000006.seep 2>&1); echo "$? $output")"
echo '{"schema": "seep.budgets/1", "budgets": [{"name": "grown", "measure": "growth", "most": "1G"}]}' >budget.json
"$SEEP" check end --budget budget.json >/dev/null 2>err
check_match "check reads the rest" '^0 seep: end/' "$? $(head -n 1 err)"
"$SEEP" list >list.out 2>err
check_match "list shows the rest" 'left +end  leaker' "$(cat list.out)"
check_match "and says what it left out" "^seep: end/$last: .*; it is left out" "$(cat err)"

# Nothing is left.
cp -r good nothing
for file in nothing/*.seep; do
	head -c 2000 "good/$(basename "$file")" >"$file"
done
for command in leaks report diff "html -o x.html" "bundle -o x.bundle" "export --format=massif"; do
	# shellcheck disable=SC2086
	"$SEEP" $command nothing >out 2>err
	check_equal "$command: where all are damaged that is bad input, in one line" "3 1 0" "$? $(wc -l <err) $(stat -c %s out)"
done
exit $cases_failed
