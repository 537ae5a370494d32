# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A program in a time namespace, whose clocks are ahead of those of `seep run` by days, and one that has its keeper with it: ages,
# totals and the timer's series are as elsewhere.

cat >later.c <<'C'
#include <stdlib.h>
#include <unistd.h>
static void *volatile hold;
int main(void)
{
	for (int i = 0; i < 60; i++) {
		hold = malloc(1000);
		free(hold);
		usleep(20000);
	}
	return 0;
}
C
gcc -g -O1 -o bin/later later.c
shifted=(unshare -r --fork -T --monotonic 400000 --boottime 300000)
if ! "${shifted[@]}" true 2>/dev/null; then
	skip "clocks have an offset" "no time namespaces here"
	return
fi
judge() { # RECORDING: checks that everything about time is plausible
	"$SEEP" report --json "$1" >report.json || return
	/usr/bin/python3 -c '
import json, sys
report = json.load(open("report.json"))
def numbers(value, path=""):
    if isinstance(value, dict):
        for key, each in value.items():
            yield from numbers(each, path + "/" + key)
    elif isinstance(value, list):
        for each in value:
            yield from numbers(each, path)
    elif isinstance(value, (int, float)) and any(word in path for word in ("age", "duration", "lifetime", "uptime", "seconds")):
        yield path, value
wrong = [(path, value) for path, value in numbers(report) if not -1 < value < 60e9]
allocated = sum(site["alloc_bytes"] for site in report["sites"])
if allocated < 60000:
    wrong.append(("allocated", allocated))
print("sane" if not wrong else wrong[:5])'
}
for way in outside inside preload; do
	case $way in
	outside) "$SEEP" run -r 1 -i 200ms -o "runs/$way" -- "${shifted[@]}" "$PWD/bin/later" 2>said ;; # seep run in front
	inside) "${shifted[@]}" "$SEEP" run -r 1 -i 200ms -o "runs/$way" -- "$PWD/bin/later" 2>said ;;
	preload) "${shifted[@]}" env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=200ms SEEP_OUTPUT="$PWD/runs/$way" "$PWD/bin/later" ;;
	esac
	recording= # of those of unshare and the program
	for each in "runs/$way"*/; do
		[ "$("$SEEP" report --json "$each" >report.json && json_get report.json "d['process']['command']")" = later ] && recording=$each
	done
	check_equal "ages in a time namespace, $way" sane "$(judge "$recording")"
	check "the timer's series in a time namespace, $way" test "$(compgen -G "$recording/*.seep" | wc -l)" -ge 4
done
