#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rows are places: in a C++ server that leaks through containers, smart pointers and its own xmalloc, every command
# names the leaking lines, not the library's code or the wrappers. time limit: 120 s
. "$(dirname "$0")/lib.sh"

source=$ROOT/tests/e2e/programs/shop.cpp
g++ -O2 -g -o shop "$source"
leaking=$(grep -n '// leaks' "$source" | cut -d: -f1 | paste -sd' ')
"$SEEP" run -r 64K -i 1s -o shop.recording -- ./shop 4 2>/dev/null

# FILE: prints the functions of the two places with most in use, and whether a leaking line is near theirs
tops() {
	python3 -c '
import json, sys
leaking = [int(line) for line in sys.argv[2].split()]
for site in json.load(open(sys.argv[1]))["sites"][:2]:
    frame = site["stack"][0]
    near = any(abs(line - frame["line"]) <= 3 for line in leaking)
    print(frame["function"].split("(")[0], frame["file"].rsplit("/")[-1], "leaks" if near else frame["line"])
' "$1" "$leaking" | paste -sd,
}
two='PriceCache::look_up shop.cpp leaks,audit_append shop.cpp leaks'
"$SEEP" leaks --json --by=place shop.recording >leaks.json
check_equal "leaks names both places, the larger first" "$two" "$(tops leaks.json)"
check_equal "in the JSON they have an array of their own" 'PriceCache::look_up audit_append' "$("$SEEP" leaks --json shop.recording | python3 -c '
import json, sys
print(*(place["function"].split("(")[0] for place in json.load(sys.stdin)["places"][:2]))')"
"$SEEP" diff --json --by=place shop.recording >diff.json
# Memory that comes and goes may by chance have grown by more than the smaller leak.
check_equal "diff has both grow" "$two" "$(python3 -c '
import json
found = json.load(open("diff.json"))
found["sites"] = [site for site in found["sites"] if site["verdict"] == "growing" and "Shop::" not in site["stack"][0]["function"]]
json.dump(found, open("growing.json", "w"))' && tops growing.json)"
screen=$("$SEEP" leaks shop.recording)
check_match "the screen has the lines of the first" ' shop\.cpp:(29|3[0-5])(-3[0-5])?  PriceCache::look_up' "$screen"
check_match "and the way there" 'via Shop::serve shop\.cpp:[0-9]+ <- main shop\.cpp:[0-9]+' "$screen"
check_equal "no wrapper and no container is a place" "" \
	"$("$SEEP" report --by=place --top=99 --sort=allocated shop.recording | grep -E 'MiB.*(xmalloc|xstrdup|std::|__gnu_cxx)')"
# Much of the memory below Shop::serve comes and goes, so its verdict depends on chance.
check_equal "a wrapper that the user names is passed over" "False True" \
	"$("$SEEP" leaks --json --by=place --wrapper='audit_append*' shop.recording | python3 -c '
import json, sys
places = {site["stack"][0]["function"].split("(")[0] for site in json.load(sys.stdin)["sites"] if site["stack"]}
print("audit_append" in places, "Shop::serve" in places)')"
printf '# ours\naudit_append*\n' >wrappers
check_match "from a file, too" 'Shop::serve' "$("$SEEP" report --top=3 --wrapper=@wrappers shop.recording | grep MiB)"
"$SEEP" report --wrapper=@nowhere shop.recording >/dev/null 2>err
check_equal "a file that is not there is bad input, in one line" "3 seep: nowhere: No such file or directory" "$? $(cat err)"
check_match "by stack they are there" 'xmalloc' "$("$SEEP" report --by=stack --top=99 shop.recording)"
check_match "functions are the places'" 'audit_append' "$("$SEEP" report --by=function shop.recording)"
# libstdc++'s constructor has a pool of 71 KiB, which a sample is in or not.
check_equal "modules, too" shop "$("$SEEP" report --by=module --json shop.recording | python3 -c '
import json, sys
found = [site["stack"][0]["module"].split("/")[-1] for site in json.load(sys.stdin)["sites"] if site["inuse_bytes"] > 0]
print(*[module for module in found if "libstdc++" not in module])')"
cat >lambda.cpp <<'END'
extern "C" void *malloc(unsigned long);
void *volatile kept;
struct Cache {
	void fill();
};
void Cache::fill()
{
	auto outer = [](auto size) { [size] { kept = malloc(size); }(); };
	for (int i = 0; i < 1000; i++)
		outer(8000 + i);
}
int main()
{
	auto remember = [](int size) { kept = malloc(size); };
	for (int i = 0; i < 1000; i++)
		remember(4000 + i);
	Cache().fill();
}
END
g++ -O1 -g -o lambda lambda.cpp
"$SEEP" run -r 4K -o lambda.recording -- ./lambda 2>/dev/null
COLUMNS=120 "$SEEP" report lambda.recording >lambda.txt
check_match "an inlined lambda has the name of the function around it" 'lambda\.cpp:14  main::\{lambda\}$' "$(cat lambda.txt)"
check_match "as has one in another" 'lambda\.cpp:8  Cache::fill::\{lambda\}::\{lambda\}$' "$(cat lambda.txt)"
check_match "and all of it in JSON" '"Cache::fill\(\)::\{lambda\(\)#1\}::operator\(\)\(\) const::\{lambda\(\)#1\}::operator\(\)\(\) const"' "$("$SEEP" report --json lambda.recording)"
exit $cases_failed
