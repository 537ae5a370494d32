#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep check: a planted defect fails the check, with the right place and exit status; nothing else does; a mistake gets
# one line.
. "$(dirname "$0")/lib.sh"

compile gated -I "$ROOT/include" "$ROOT/tests/e2e/programs/gated.c"
for run in base same bigger leak peak; do
	# What leaks is more than the index had, wherever on a slow machine the first quarter of the time ends.
	case $run in base | same) wish= ;; leak) wish=leak=13000000 ;; *) wish=$run ;; esac
	RECORDING=$run "$SEEP" run -r 4K -i 50ms -o $run -- ./gated 20000 $wish 2>/dev/null
done
cat >budgets.json <<'END'
{"schema": "seep.budgets/1", "budgets": [
	{"name": "a request", "measure": "allocated", "per_work": true, "most": "+10%", "owner": "web", "reason": "malloc is slow"},
	{"name": "every place", "measure": "in_use", "each": "place", "most": "+30%", "floor": "1M"},
	{"name": "parser", "measure": "allocations", "function": "parse_*", "per_work": true, "most": 25},
	{"name": "memory", "measure": "in_use", "most": "40M"},
	{"name": "growth", "measure": "growth", "most": "2M"},
	{"name": "peak", "measure": "peak", "most": "+50%"},
	{"name": "rss", "measure": "rss", "most": "400M"}
]}
END
gate() { # RUN ARGUMENT...: status, then what it prints
	"$SEEP" check "$1" --base base --budget budgets.json --work 20000 "${@:2}" 2>err
	echo "status $?"
}
failing() { # RUN: prints the budgets that fail, each with its place
	gate "$1" --format=json | sed '$d' >check.json
	json_get check.json "sorted(set((r['budget'], (r['place'] or {}).get('function')) for r in d['budgets'] if r['result'] == 'fail'))"
}
same=$(gate same)
check_match "an equal run passes" '^status 0$' "$same"
check_match "and says what passes" '^pass .*memory, growth' "$same"
check_equal "nothing of it fails" "[]" "$(failing same)"
bigger=$(gate bigger)
check_match "30 % more a request fail" '^status 1$' "$bigger"
check_match "the first line says so" '^seep check  1 of 7 budgets fails' "$(head -n 1 <<<"$bigger")"
check_match "with the function that has most of it" 'gated.c:[0-9]+  parse_request has most of it, \+' "$bigger"
check_match "with the owner" 'owner: web; reason: malloc is slow' "$bigger"
check_match "and a command that shows the flame graph" 'seep flame --value=alloc_space bigger --base base -o check.svg' "$bigger"
check "which works" "$SEEP" flame --value=alloc_space bigger --base base -o check.svg
check_equal "nothing else fails" "[('a request', 'parse_request')]" "$(failing bigger)"
check_equal "a leak fails as growth, and as a place" "[('every place', 'remember'), ('growth', 'remember')]" "$(failing leak)"
# It also allocates nearly a tenth more a request.
check_match "a higher peak fails" "\\('peak', 'build_index'\\)\\]$" "$(failing peak)"
if [ "$(gate leak | wc -l)" -le 24 ]; then ok "it fits the first screen of a log"; else not_ok "it fits the first screen of a log" "$(gate leak)"; fi
check_match "a revision is named" '^seep check .*; since 1a2b3c$' "$(gate bigger --since=1a2b3c)"

counted=$("$SEEP" check bigger --base base --budget budgets.json 2>err)
check_match "the program counts its work itself" 'FAIL a request .* allocated for each unit of work' "$(tr -s ' \n' ' ' <<<"$counted")"
several=$("$SEEP" check bigger bigger --base base --base base --budget budgets.json --work 20000)
check_match "runs a side are pooled" '2 runs beside 2 of the base' "$several"
check_match "and still fail" '^FAIL  a request' "$several"
half=$("$SEEP" check bigger --base base --budget budgets.json --work 40000 --base-work 20000 2>err)
check_match "the base may have done another number" '^pass .*a request' "$half"

# Undecided because there is no base, and what to do about it.
alone() { "$SEEP" check same --budget budgets.json --work 20000 "$@" 2>err >out; }
alone
check_equal "what can't be decided does not fail" 0 $?
check_match "but one line tells" '^seep: [0-9] of 7 budgets could not be decided' "$(cat err)"
check_match "and the reason" 'there is no base to compare with' "$(cat out)"
alone --undecided=fail
check_equal "it fails where that is wanted" 1 $?
check_match "and says so" '^seep: [0-9] of 7 budgets could not be decided; that is a failure by' "$(cat err)"
alone --undecided=pass
check_equal "it is silent where that is wanted" "0 " "$? $(cat err)"

sed 's/"function": "parse_\*"/"function": "prase_*"/' budgets.json >misspelt.json
"$SEEP" check same --base base --budget misspelt.json --work 20000 >out 2>err
check_match "a name that nothing has does not pass" 'nothing of that name was seen' "$(tr -s ' \n' ' ' <out)"

# Suppressions hold until their day.
suppress() { sed "s/^]}/], \"suppressions\": [{\"function\": \"remember\", \"reason\": \"known\", \"until\": \"$1\"}]}/" budgets.json >suppressed.json; }
suppress 2199-12-31
check_match "a suppressed place does not fail" "^pass .*every place" \
	"$("$SEEP" check leak --base base --budget suppressed.json --work 20000 2>&1)"
suppress 2020-01-31
expired=$("$SEEP" check leak --base base --budget suppressed.json --work 20000 2>&1)
check_match "when its day is over it counts" '^FAIL  every place' "$expired"
check_match "and that is said" '^expired +the suppression of remember ended on 2020-01-31' "$expired"

# Leaks, from a whole recording.
cat >leaks.json <<'END'
{"schema": "seep.budgets/1", "budgets": [{"name": "leaks", "measure": "leaks", "most": 0}]}
END
compile leaking "$ROOT/tests/e2e/programs/leaking.c"
"$SEEP" check same/000001.seep --budget leaks.json >out 2>err
check_equal "of one moment leaks can't be told" 0 $?
check_match "which is said" 'leaks are found in a recording' "$(tr -s ' \n' ' ' <out)"
/usr/bin/python3 - >many.json <<'END'
import json
print(json.dumps({"schema": "seep.budgets/1", "budgets":
                  [{"name": f"{kind} {i}", "measure": "in_use", "most": most} for i in range(9) for kind, most in (("less", 1000), ("as much", "+1%"))]}))
END
"$SEEP" check leak --base leak --budget many.json >out 2>err
check_equal "many failures and doubts fit the first screen" "1 5 5" \
	"$(($(wc -l <out) <= 24)) $(grep -c '^FAIL' out) $(grep -c 'less [0-8]' out)"
check_match "and those without room are named" '^UNDECIDED  as much 0, as much 1, as much 2 and 6 more' "$(cat out)"

# A first file of budgets.
"$SEEP" check --suggest base same --work 20000 -o suggested.json
check_equal "a first file of budgets is written" 0 $?
"$SEEP" check same --base base --budget suggested.json --work 20000 >out 2>err
check_equal "its runs keep it" "0 0" "$? $(grep -c '^FAIL' out)"
check_match "and are known to" '^pass .*allocated' "$(cat out)"
"$SEEP" check bigger --base base --budget suggested.json --work 20000 >out 2>err
check_equal "a worse one does not" 1 $?
/usr/bin/python3 - <<'END'
import json
budget = next(b for b in json.load(open("suggested.json"))["budgets"] if b["measure"] == "rss")
limit = float(budget["most"][:-1])
most = float(budget["reason"].split(" to ")[1].split(" MiB")[0])
open("room", "w").write(f"{budget['most'][-1]} {limit > 1.08 * most}")
END
check_equal "RSS, which follows the machine, has room" "M True" "$(cat room)"
check_match "each limit has its reason" '2 runs had .* to .*, which their samples explain; one is known to [0-9.]+ %' "$(cat suggested.json)"
"$SEEP" check --suggest base -o one.json
check_match "one run asks for more room, and says why" 'by how much runs differ is not known' "$(cat one.json)"

# A whole test run: the budget holds for every process. The gate is a project's own `make test`.
cat >process.json <<'END'
{"schema": "seep.budgets/1", "budgets": [{"name": "peak", "measure": "peak", "most": "30M"}]}
END
cat >Makefile <<'END'
test:
	./gated 2000
	./gated 2000 $(WORSE)
END
whole_run() { "$SEEP" run -r 4K -o 'run.%p' --check process.json -- "$@" >out 2>err; }
whole_run make test
check_equal "a whole test run is within its budget" 0 $?
check_match "and says how many processes were" '^[0-9]+ process(es)?: 0 over budget, 0 undecided, [2-9] within$' "$(cat err)"
check_equal "standard output is the program's" 0 "$(grep -c 'over budget' out)"
"$SEEP" check run.[0-9]* --budget leaks.json >out 2>err
check_match "of a short recording leaks can't be told, and what to do is said" '(by the timer, 3 are needed: record longer, or with a shorter --interval|one of its [0-9]+ snapshots can be judged)' \
	"$(tr -s ' \n' ' ' <out)"
whole_run make test WORSE=peak
check_equal "one process over its budget fails it" 1 $?
check_match "and is named" '^gated 2000 peak \(pid' "$(cat err)"
check_match "alone" '^[0-9]+ processes: 1 over budget, 0 undecided' "$(cat err)"
whole_run sh -c './gated 2000 peak; exit 7'
check_equal "a program that fails keeps its status" 7 $?
whole_run true
check_match "where nothing was recorded, that is said" 'nothing was recorded that could be held' "$(cat err)"
sed 's/"most": "40M"/"most": "40 M"/' budgets.json >wrong.json
"$SEEP" run --check wrong.json -- touch started 2>err
check_equal "budgets that can't be read are told before it starts" "3 no" "$? $([ -e started ] && echo yes || echo no)"
sed '/"a request"/!{/^\t{/d}; s/"+10%"/32300/; s/},$/}/' budgets.json >request.json
"$SEEP" run -r 4K -o uncounted --check request.json -- /usr/bin/python3 -c 'x = [str(i) for i in range(10000)]' 2>err
check_match "of processes that count no work nothing is known" '^seep: a request: no process counted its units of work' "$(cat err)"
"$SEEP" run -r 4K -o counted --check request.json -- sh -c './gated 2000; true' >out 2>err
check_equal "those that count it are held to it" "0 1" "$? $(grep -c ' 0 over budget, 0 undecided' err)"
"$SEEP" run -r 4K -o counted --check request.json -- sh -c './gated 2000 bigger; true' >out 2>err
check_equal "and fail by it" "1 1" "$? $(grep -c '^FAIL  a request' err)"
"$SEEP" check --each same bigger peak --budget process.json --format=json >out 2>err
check_equal "each process has its document" "1 3" "$? $(grep -c '"schema":"seep.check/1"' out)"
only() { "$SEEP" check --each same bigger peak --budget process.json --only "$1" >out 2>err; }
only 'x,g*ed'
check_equal "processes of a program that is named are held" "1 1" "$? $(grep -c '^3 processes: 1 over budget, 0 undecided, 2 within$' out)"
only gate
check_equal "others are not, which is no pass" "0 1 1" \
	"$? $(grep -c ', 0 within, 3 of other programs$' out) $(grep -c 'no process was of a program that is called gate$' err)"

# A project that is gated in its own make test, beside a recording of the revision that was fine. R is 4 KiB: 20 R are 80.
cat >project.json <<'END'
{"schema": "seep.budgets/1", "budgets": [
	{"name": "a request", "measure": "allocated", "per_work": true, "most": "+15%"},
	{"name": "every place", "measure": "in_use", "each": "place", "most": "+30%", "floor": "8K"},
	{"name": "peak", "measure": "peak", "most": "+50%"}
]}
END
cat >Makefile <<'END'
test:
	rm -rf now
	RECORDING=now "$(SEEP)" run -r 4K -i 50ms -o now -- ./gated 20000 $(WORSE)
	"$(SEEP)" check now --base base --budget project.json --format=json -o now.json
END
export SEEP
for worse in "" leak=81920 bigger=5250 peak=33554432; do
	make -s test WORSE=$worse >out 2>err
	status=$?
	case $worse in
	"") expected="0 []" ;;
	leak*) expected="2 [('every place', 'remember')]" ;;
	bigger*) expected="2 [('a request', 'parse_request')]" ;;
	peak*) expected="2 [('peak', 'build_index')]" ;;
	esac
	check_equal "make test: '$worse' fails for the right reason alone" "$expected" \
		"$status $(json_get now.json "sorted(set((r['budget'], (r['place'] or {}).get('function')) for r in d['budgets'] if r['result'] == 'fail'))")"
done

# Documents.
validates check-1.json "$SEEP" check bigger --base base --budget budgets.json --work 20000 --format=json
validates check-1.json "$SEEP" check same --budget leaks.json --format=json
check "the budgets are what their schema says" python3 - "$ROOT/docs/schema/budgets-1.json" budgets.json suppressed.json leaks.json suggested.json one.json <<'END'
import json, sys
from jsonschema import Draft202012Validator
validator = Draft202012Validator(json.load(open(sys.argv[1])))
for name in sys.argv[2:]:
    validator.validate(json.load(open(name)))
END

# Mistakes.
mistake() { # NAME STATUS PATTERN ARGUMENT...
	local name=$1 status=$2 pattern=$3
	shift 3
	"$SEEP" check "$@" >out 2>err
	check_equal "$name: status $status" "$status" $?
	check_equal "$name: one line" "0 1" "$(wc -c <out) $(wc -l <err)"
	check_match "$name is told" "$pattern" "$(cat err)"
}
sed 's/"most": "40M"/"most": "40 M"/' budgets.json >wrong.json
mistake "a wrong budget" 3 'wrong.json: budgets\[3\].most: ' same --budget wrong.json
mistake "no budget" 2 '--budget FILE is missing' same
mistake "budgets for a suggestion" 2 "makes budgets from runs alone" --suggest same --budget leaks.json
mistake "budgets that are not there" 3 'nowhere.json: No such file' same --budget nowhere.json
mistake "a choice among one run" 2 "it goes with --each" same --budget leaks.json --only gated
mistake "a run that is not there" 3 'nowhere' nowhere --budget leaks.json
mistake "a base that is not there" 3 'nowhere' same --base nowhere --budget leaks.json
mistake "a format that does not exist" 2 "--format" same --budget leaks.json --format=html
exit $cases_failed
