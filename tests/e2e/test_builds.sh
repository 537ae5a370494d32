#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two builds of a program are compared by the names of its functions: moved lines, another compiler, other optimisation
# and another file name make nothing look new, and a renamed function is found by the rest of its stacks.
. "$(dirname "$0")/lib.sh"

cp "$ROOT/tests/e2e/programs/gated.c" gated.c
{ yes '/* a line */' | head -n 500; cat gated.c; } >moved.c
sed 's/parse_request/read_request/g; s/remember/retain/g' moved.c >renamed.c
build() { # NAME COMPILER OPTION SOURCE
	"$2" "$3" -std=gnu11 -g -fno-builtin -I "$ROOT/include" -o "$1" "$4"
	"$SEEP" run -r 16K -i 50ms -o "$1.now" -- "./$1" 20000 2>/dev/null
	"$SEEP" run -r 16K -i 50ms -o "$1.leak" -- "./$1" 20000 leak 2>/dev/null
}
build gated gcc -O1 gated.c
build moved gcc -O2 moved.c
build by_clang clang -O1 gated.c
build renamed gcc -O1 renamed.c
cat >budgets.json <<'END'
{"schema": "seep.budgets/1", "budgets": [
	{"name": "in use", "measure": "in_use", "each": "place", "most": "+60%", "floor": "1M"},
	{"name": "allocated", "measure": "allocated", "each": "place", "most": "+60%", "floor": "4M"},
	{"name": "by stack", "measure": "allocated", "each": "stack", "most": "+60%", "floor": "4M"}
]}
END
failing() { # RUN
	"$SEEP" check "$1" --base gated.now --budget budgets.json --format=json -o check.json 2>/dev/null
	json_get check.json "sorted(set((r['budget'], r['place']['function']) for r in d['budgets'] if r['result'] == 'fail'))"
}
for build in moved by_clang renamed; do
	check_equal "$build: what is as it was does not fail" "[]" "$(failing $build.now)"
	leaks=remember
	[ $build != renamed ] || leaks=retain
	check_match "$build: what leaks does" "\('in use', '$leaks'\)" "$(failing $build.leak)"
	check_equal "$build: and nothing else" "['$leaks']" "$(json_get check.json "sorted(set(r['place']['function'] for r in d['budgets'] if r['result'] == 'fail'))")"
done
"$SEEP" check renamed.now --base gated.now --budget budgets.json --format=json -o check.json 2>/dev/null
validates diff-1.json "$SEEP" diff --json --by=place gated.now renamed.now
churn="[s['was'] for s in d['churn'] if s['stack'][0]['function'] == 'read_request']"
check_equal "seep diff says what a function was called" "['parse_request']" "$(json_get document.json "$churn")"
check_equal "it has one row for it" 1 "$(json_get document.json "sum(s['stack'][0]['function'] in ('read_request', 'parse_request') for s in d['churn'])")"
check_equal "no other function was renamed" 1 "$(json_get document.json "len(set(s['was'] for s in d['churn'] + d['sites'] if 'was' in s))")"
check_match "and so does its text" 'was parse_request, via serve' "$("$SEEP" diff gated.now renamed.now)"
"$SEEP" run -r 16K -i 0 -o renamed.bigger -- ./renamed 20000 bigger 2>/dev/null
sed 's/+60%/+10%/' budgets.json >strict.json
check_match "and seep check's, where it allocates more than under its old name" 'renamed.c:[0-9]+  read_request .*was parse_request\)' \
	"$("$SEEP" check renamed.bigger --base gated.now --budget strict.json 2>/dev/null)"
"$SEEP" flame --value=alloc_space renamed.now --base gated.now -o builds.folded 2>/dev/null
check_equal "the flame graph has one frame for it" "1 0" "$(grep -c 'read_request' builds.folded) $(grep -c 'parse_request' builds.folded)"
# PAGE NAME...: how often the page's data has each name
page_names() {
	/usr/bin/python3 - "$@" <<'END'
import base64, gzip, re, sys
data = gzip.decompress(base64.b64decode(re.search(r'id="seep-data">([^<]*)<', open(sys.argv[1]).read()).group(1))).decode()
print(*(data.count(f'"{name}"') for name in sys.argv[2:]))
END
}
"$SEEP" flame --value=alloc_space renamed.now --base gated.now -o builds.html 2>/dev/null
check_equal "and so has the page" "1 0" "$(page_names builds.html read_request parse_request)"
export SEEP_STORE=$WORK/store
mkdir store
for run in gated renamed; do
	"$SEEP" run --service web -r 16K -i 50ms -- "./$run" 20000 2>/dev/null
	find store/web/$run.* -name '*.seep' | sort | head -n -1 | xargs -r rm # whatever time is asked for, the last one is the nearest
done
check_match "a service's builds are matched, too" 'was parse_request, via serve' "$("$SEEP" diff --service web --before @1 --after now 2>/dev/null)"
"$SEEP" flame --value=alloc_space --service web --before @1 --after now -o service.html 2>/dev/null
check_equal "on its page as well" "1 0" "$(page_names service.html read_request parse_request)"
check_match "which says that these are two builds" 'two builds' "$("$SEEP" diff gated.now renamed.now | tr '\n' ' ')"
check_match "of one build nothing is said" '^0$' "$("$SEEP" diff gated.now gated.leak | grep -c 'two builds\|(was ')"
strip -o stripped moved
"$SEEP" run -r 16K -i 50ms -o stripped.now -- ./stripped 20000 2>/dev/null
check_equal "a build without names fails nothing" "[]" "$(failing stripped.now)"
check_equal "and passes nothing" "['undecided']" "$(json_get check.json "sorted(set(r['result'] for r in d['budgets']))")"
check_match "which is said" "can't be matched: 'seep report --modules' says why" "$(cat check.json)"
exit $cases_failed
