#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What seep check writes for other tools, in their own validators: xmllint, Microsoft's SARIF multitool, ajv; with names that
# every format must escape.
modules=$(cd "$(dirname "$0")/../.." && tests/deps.sh --modules tests/ci) # from the user's cache, not the tests'
. "$(dirname "$0")/lib.sh"

compile gated -I "$ROOT/include" "$ROOT/tests/e2e/programs/gated.c"
"$SEEP" run -r 4K -i 0 -o base -- ./gated 20000 2>/dev/null
"$SEEP" run -r 4K -i 0 -o bigger -- ./gated 20000 bigger 2>/dev/null
cat >budgets.json <<'END'
{"schema": "seep.budgets/1", "budgets": [
	{"name": "a <b> & \"c\" | 100%, d: e\n::error::f <!-- ]]> @all `g` [h](i)", "measure": "allocated", "most": "+10%",
	 "owner": "x|y", "reason": "<script>\u0001"},
	{"name": "every place", "measure": "allocated", "each": "place", "most": "+20%", "floor": "1M"},
	{"name": "memory", "measure": "in_use", "most": "400M"},
	{"name": "growth", "measure": "growth", "most": "2M"}
]}
END
after=$(ls bigger/*.seep | tail -n 1) # with one moment growth can't be told
write() { # FORMAT ARGUMENT...
	"$SEEP" check "$after" --base base --budget budgets.json --format="$1" -o "out.$1" "${@:2}" 2>/dev/null
	check_equal "$1: the gate's status is the same" 1 $?
}
for format in json junit sarif github gitlab markdown; do write $format; done

check "junit: xmllint and a schema accept it" xmllint --noout --schema "$ROOT/tests/ci/junit.xsd" out.junit
check_equal "junit: what fails, is undecided, passes" "4 2 1" \
	"$(xmllint --xpath 'concat(//testsuite/@tests, " ", count(//failure), " ", count(//skipped))' out.junit)"
check_equal "junit: the counts are those of the cases" "2 1" \
	"$(xmllint --xpath 'concat(//testsuite/@failures, " ", //testsuite/@skipped)' out.junit)"
check_match "junit: a place is told" 'parse_request' "$(xmllint --xpath 'string(//testcase[starts-with(@name, "every place")]/@name)' out.junit)"
sed 's/ message=/ massage=/' out.junit >wrong.junit
check_equal "junit: another document is refused" 3 "$(xmllint --noout --schema "$ROOT/tests/ci/junit.xsd" wrong.junit 2>/dev/null; echo $?)"

multitool=$modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
sarif_faults() { # FILE: prints the errors that the multitool finds
	DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 timeout 100 "$multitool" validate "$1" --output faults.sarif --log ForceOverwrite >log 2>&1
	grep -c ': error ' log
}
if [ -e "$multitool" ]; then
	[ -x "$multitool" ] || chmod +x "$multitool"
	check_equal "sarif: the multitool finds no error" 0 "$(sarif_faults out.sarif)"
	check_match "sarif: it looked" 'completed successfully' "$(cat log)"
	sed 's/"startLine":[0-9]*/"startLine":0/' out.sarif >wrong.sarif
	check_match "sarif: it finds what is wrong" '^[1-9]' "$(sarif_faults wrong.sarif)"
else
	not_ok "the multitool is there" "tests/deps.sh test installs it: $multitool"
fi
results="d['runs'][0]['results']"
check_equal "sarif: levels by result" "[('fail', 'error'), ('fail', 'error'), ('open', 'none')]" "$(json_get out.sarif "[(r['kind'], r['level']) for r in $results]")"
check_equal "sarif: a code location" "parse_request" \
	"$(json_get out.sarif "${results}[0]['locations'][0]['logicalLocations'][0]['fullyQualifiedName']")"
line=$(grep -n 'memset(malloc' "$ROOT/tests/e2e/programs/gated.c" | head -n 1 | cut -d: -f1)
check_equal "sarif: with its line" "$line" "$(json_get out.sarif "${results}[0]['locations'][0]['physicalLocation']['region']['startLine']")"

schemas=$ROOT/docs/schema
check "json: ajv accepts it" node "$ROOT/tests/ci/validate.mjs" "$modules" "$schemas/check-1.json" out.json "$schemas/common-1.json"
check "budgets: ajv accepts them" node "$ROOT/tests/ci/validate.mjs" "$modules" "$schemas/budgets-1.json" budgets.json
sed 's/"most": "400M"/"most": "400 M"/' budgets.json >wrong.json
check_match "budgets: ajv refuses what seep does" 'budgets/2/most' \
	"$(node "$ROOT/tests/ci/validate.mjs" "$modules" "$schemas/budgets-1.json" wrong.json)"

check_equal "gitlab: what its documentation asks for" "True" "$(json_get out.gitlab "len(d) == 3 and len(set(f['fingerprint'] for f in d)) == 3 and \
	all(f['severity'] in ('info', 'minor', 'major', 'critical', 'blocker') and f['description'] and f['check_name'] and \
	not f['location']['path'].startswith('./') and f['location']['lines']['begin'] > 0 for f in d)")"
write gitlab
cp out.gitlab first.gitlab
write gitlab --since=1a2b3c
check_equal "gitlab: a finding keeps its fingerprint" "$(json_get first.gitlab "[f['fingerprint'] for f in d]")" "$(json_get out.gitlab "[f['fingerprint'] for f in d]")"

check_equal "github: every line is a command" 4 "$(grep -cE '^::(error|warning|notice) (file=[^,:]+,line=[0-9]+,)?title=[^,:]+::.' out.github)"
check_equal "github: and there is no other" 4 "$(wc -l <out.github)"
check_match "github: the place's file is below the repository" "^::error file=[^/]*gated.c,line=$line|^::error file=/.*gated.c,line=$line" "$(cat out.github)"

check_equal "markdown: a row for each, and nothing breaks out of it" "4 0" \
	"$(grep -cE '^\| (\*\*fail\*\*|undecided|pass) \|([^|]*\|){3}$' out.markdown) $(grep -cE '<|@|\]\(|`' out.markdown)"

write markdown --flame=check.svg --since=1a2b3c
check_match "markdown: the flame graph is named" 'flame graph.*check.svg' "$(cat out.markdown)"
check_match "markdown: and the revision" 'since 1a2b3c' "$(cat out.markdown)"
check "the flame graph is one" xmllint --noout check.svg
check_match "of the difference in what was allocated" 'parse_request' "$(cat check.svg)"
"$SEEP" check bigger --budget budgets.json -o budgets.json 2>err
check_equal "no output replaces the budgets" 2 $?
"$SEEP" check bigger --base base --budget budgets.json --flame base/heap 2>err
check_equal "nor a base" 2 $?
exit $cases_failed
