#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools that seep export writes for read its files, and seep reads the files of those tools' profilers. Totals must agree
# to rounding.
# time limit: 180 s
. "$(dirname "$0")/lib.sh"
export GOPATH=$WORK/go GOCACHE=$WORK/go-cache GOFLAGS=-mod=mod GOTOOLCHAIN=local PPROF_TMPDIR=$WORK/pprof HOME=$WORK DEBUGINFOD_URLS=
proto=/usr/share/gocode/src/github.com/google/pprof/proto
mkdir -p pprof

cat >program.c <<'END_OF_PROGRAM'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static inline __attribute__((always_inline)) void *fill_inlined(size_t n) { return memset(malloc(n), 1, n); }
void *kept[60000];
int kept_count;
__attribute__((noinline)) void keep_small(size_t n) { kept[kept_count++] = fill_inlined(n); }
__attribute__((noinline)) void keep_large(size_t n) { kept[kept_count++] = fill_inlined(n); }
__attribute__((noinline)) void turn_over(void) { for (int i = 0; i < 20000; i++) free(fill_inlined(700)); }
static void *thread_main(void *unused) { for (int i = 0; i < 2000; i++) keep_large(5000); return unused; }
int main(void) {
	char line[16];
	for (int round = 0; round < 2; round++) {
		pthread_t thread;
		for (int i = 0; i < 15000; i++) keep_small(900 + i % 4 * 50);
		turn_over();
		pthread_create(&thread, NULL, thread_main, NULL);
		pthread_join(thread, NULL);
		puts("done");
		fflush(stdout);
		if (round == 0 && !fgets(line, sizeof line, stdin)) return 1;
	}
	return 0;
}
END_OF_PROGRAM
compile program program.c
mkfifo requests answers
exec 3<>requests 4<>answers
"$SEEP" run -r 16K -i 0 -o recording -- ./program <requests >answers 2>seep.log 3>&- 4>&- &
seep_pid=$!
pids+=("$seep_pid")
read -r -t 20 -u 4 _
before=$("$SEEP" snapshot "$(child_of "$seep_pid")" 2>/dev/null)
echo go >&3
wait "$seep_pid"
after=recording

"$SEEP" report --json "$after" >after.json
"$SEEP" diff --json "$before" "$after" >diff.json
total=$(json_get after.json "d['totals']['inuse_bytes']")
growth=$(json_get diff.json "d['totals']['growth_bytes']")

# NAME WANTED SEEN SHARE: two numbers that differ by no more than this share of the first.
check_close() {
	if awk 'function abs(x) { return x < 0 ? -x : x }
		BEGIN { a = ARGV[1]; b = ARGV[2]; exit !(a != "" && b ~ /[0-9]/ && abs(a - b) <= abs(a) * ARGV[3] + 1) }' "$2" "$3" "$4"; then
		ok "$1"
	else
		not_ok "$1" "wanted $2 within $4, seen $3"
	fi
}
# The first number of bytes as pprof or jeprof writes it: "67.35MB", "67.4 MB", "123 B"
bytes_of() {
	grep -oE -m 1 -- '-?[0-9.]+ ?[kKMG]?B' <<<"$1" | head -n 1 |
		awk '{ k = 1024; sub(" ", ""); printf "%.0f\n", $0 * (/k|K/ ? k : /M/ ? k * k : /G/ ? k * k * k : 1) }'
}
pprof=$(go tool -n pprof) # go takes its time to start
go_pprof() { timeout 200 "$pprof" "$@" 2>>pprof.log; }

for format in pprof folded speedscope gperftools json; do
	check "exports $format" "$SEEP" export --format=$format "$after" -o after.$format
	"$SEEP" export --format=$format "$before" -o before.$format 2>/dev/null
	"$SEEP" export --format=$format "$after" 2>/dev/null | cmp -s - after.$format
	check_equal "$format on standard output is the same" 0 $?
done
for format in pprof folded speedscope json; do
	check "exports a difference as $format" "$SEEP" export --format=$format --base "$before" "$after" -o growth.$format
done
"$SEEP" export --format=gperftools --base "$before" "$after" >out 2>err
check_equal "gperftools' text can't hold a difference: usage, nothing written" "2 0" "$? $(stat -c %s out)"

# go tool pprof.
top=$(go_pprof -top -nodecount=1000 -nodefraction=0 after.pprof)
check_match "pprof opens on what is in use" '^Type: inuse_space' "$top"
check_close "and has our total" "$total" "$(bytes_of "$(grep -oE 'of [0-9.]+[kMG]?B total' <<<"$top")")" 0.001
check_match "with inlined calls" 'fill_inlined \(inline\)' "$top"
top=$(go_pprof -top -sample_index=alloc_space after.pprof)
check_close "what was ever allocated, too" "$(json_get after.json "d['totals']['alloc_bytes']")" \
	"$(bytes_of "$(grep -oE 'of [0-9.]+[kMG]?B total' <<<"$top")")" 0.001
raw=$(go_pprof -raw -unit=B after.pprof)
check_match "-raw has the four values" 'alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes' "$raw"
check_match "and the period" '^PeriodType: space bytes' "$raw"
check_match "and its length" '^Period: 16384' "$raw"
check_match "and mappings with build ids" "program $(readelf -n program | sed -n 's/.*Build ID: //p')" "$raw"
check_equal "its samples add up to our totals, to a byte" \
	"$(json_get after.json "[d['totals'][k] for k in ('alloc_objects','alloc_bytes','inuse_objects','inuse_bytes')]")" \
	"$(sed -n '/^Samples:/,/^Locations/p' <<<"$raw" | /usr/bin/python3 -c 'import re, sys
sums = [0] * 4
for line in sys.stdin:
    found = re.match(r" *(-?\d+) +(-?\d+) +(-?\d+) +(-?\d+): ", line)
    if found: sums = [a + int(b) for a, b in zip(sums, found.groups())]
print(sums)')"
tags=$(go_pprof -tags after.pprof)
check_match "-tags has sizes" '4.88kB|5000B|1050B|1.03kB' "$tags"
check_match "-tags has threads" '^ *thread: Total' "$tags"
check_match "-list shows the source beside the bytes" '[0-9.]+MB.*fill_inlined\(n\)' "$(go_pprof -list='^keep_small$' after.pprof)"
for base in base diff_base; do
	top=$(go_pprof -top -$base=before.pprof after.pprof)
	check_match "-$base subtracts" '[0-9.]+MB.*fill_inlined' "$top"
	check_close "-$base gives our growth" "$growth" \
		"$(go_pprof -raw -unit=B -$base=before.pprof after.pprof | sed -n '/^Samples:/,/^Locations/p' |
			awk '$1 ~ /^-?[0-9]+$/ { sub(":", "", $4); sum += $4 } END { printf "%.0f\n", sum }')" 0.0001
done
check_close "an exported difference is our growth" "$growth" \
	"$(go_pprof -raw growth.pprof | sed -n '/^Samples:/,/^Locations/p' |
		awk '$1 ~ /^-?[0-9]+$/ { sub(":", "", $4); sum += $4 } END { printf "%.0f\n", sum }')" 0.0001
port=$(free_port)
background timeout 200 "$pprof" -http=127.0.0.1:"$port" -no_browser after.pprof >>pprof.log 2>&1
page() { curl -sf --noproxy '*' "http://127.0.0.1:$port/ui/flamegraph"; }
wait_until 45 page
check_match "its web page shows our functions" 'keep_small' "$(page)"
kill "$background_pid" 2>/dev/null

# The real profile.proto.
gunzip -c <after.pprof >after.pb
protoc --decode perftools.profiles.Profile -I $proto profile.proto <after.pb >after.textproto 2>protoc.log
check_equal "protoc decodes it by the real profile.proto" "0 0" "$? $(grep -cE '^[0-9]+[ :]' after.textproto)"
protoc --encode perftools.profiles.Profile -I $proto profile.proto <after.textproto >again.pb 2>>protoc.log
check "and encodes it to what go tool pprof takes for the same" \
	bash -c "diff <($pprof -raw after.pb 2>/dev/null) <($pprof -raw again.pb 2>/dev/null)"

# speedscope and folded stacks.
cat >speedscope.py <<'END_OF_SCRIPT'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["$schema"] == "https://www.speedscope.app/file-format-schema.json"
frames = d["shared"]["frames"]
assert len({json.dumps(f, sort_keys=True) for f in frames}) == len(frames) and all(f["name"] for f in frames)
totals = {}
for p in d["profiles"]:
    assert p["type"] == "sampled" and p["unit"] in ("bytes", "none") and len(p["samples"]) == len(p["weights"])
    assert all(0 <= i < len(frames) for s in p["samples"] for i in s) and all(w > 0 for w in p["weights"])
    assert p["startValue"] == 0 and p["endValue"] == sum(p["weights"])
    totals[p["name"]] = p["endValue"]
stacks = [[frames[i]["name"] for i in s] for s in d["profiles"][0]["samples"]]
assert any(s[-3:] == ["main", "keep_small", "fill_inlined"] for s in stacks), stacks
print(totals["inuse_space"] if "inuse_space" in totals else totals["inuse_space, grew"] - totals["inuse_space, shrank"])
END_OF_SCRIPT
check_close "speedscope's JSON has our total, callers first, inlines expanded" "$total" "$(/usr/bin/python3 speedscope.py after.speedscope)" 0.0001
check_close "and of a difference what grew less what shrank" "$growth" "$(/usr/bin/python3 speedscope.py growth.speedscope)" 0.0001
check_close "folded stacks have our total" "$total" "$(awk '{ sum += $NF } END { printf "%.0f\n", sum }' after.folded)" 0.0001
check_match "callers first" '^[^ ]*main;keep_small;fill_inlined [0-9]+$' "$(cat after.folded)"
check_close "and of a difference both values" "$growth" "$(awk '{ sum += $NF - $(NF - 1) } END { printf "%.0f\n", sum }' growth.folded)" 0.0001
check "JSON is report's" diff <("$SEEP" report --json "$after") after.json
check "and of a difference diff's" diff <("$SEEP" export --format=json --base "$before" "$after") diff.json

# gperftools' text in both of its readers. When sums are compared they look up no names, which would take longer than
# everything else.
nameless=--tools=nm:/bin/true,addr2line:/bin/true,objdump:/usr/bin/objdump,c++filt:/usr/bin/c++filt
for reader in jeprof google-pprof; do
	text=$(timeout 200 $reader --text --show_bytes program after.gperftools 2>reader.log)
	check_close "$reader has our total" "$total" "$(bytes_of "$text")" 0.0001
	check_match "$reader finds the functions by itself" 'keep_small' "$text"
	text=$(timeout 200 $reader $nameless --text --show_bytes --base=before.gperftools program after.gperftools 2>reader.log)
	check_close "$reader --base has our growth" "$growth" "$(bytes_of "$text")" 0.0001
done

# massif's text, for a whole series. valgrind's manual explains its lines.
echo go | "$SEEP" run -r 16K -i 20ms -o series -- ./program >/dev/null 2>&1
"$SEEP" export --format=massif series -o series.massif 2>/dev/null
cat >massif.py <<'END_OF_PROGRAM'
import re, sys
head, *snapshots = re.split(r"#-----------\nsnapshot=", open(sys.argv[1]).read())
assert re.fullmatch(r"desc: .*\ncmd: .*\ntime_unit: ms\n", head), head
def children(lines, depth):
    """One node and all below it: a child is one blank further in, none is larger than its parent, the largest come first."""
    indent, count, size = re.fullmatch(r"( *)n(\d+): (\d+) (?:\(heap allocation functions\) .*|0x[0-9A-F]+: .+ \((?:in .+|.+:\d+)\)|in \d+ places?, below .*)", lines.pop(0)).groups()
    assert len(indent) == depth
    below = [children(lines, depth + 1) for _ in range(int(count))]
    assert not below or abs(sum(below) - int(size)) <= len(below), (below, size)
    return int(size)
last, sizes, trees = -1, [], []
for number, snapshot in enumerate(snapshots):
    found = re.fullmatch(r"(\d+)\n#-----------\ntime=(\d+)\nmem_heap_B=(\d+)\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=(empty|detailed|peak)\n((?:.*\n)*)", snapshot)
    assert int(found[1]) == number and int(found[2]) >= last
    last, tree = int(found[2]), found[5].splitlines()
    sizes.append(int(found[3]))
    trees.append(found[4])
    assert (found[4] == "empty") == (not tree)
    if tree:
        assert children(tree, 0) == sizes[-1] and not tree
assert trees.count("peak") == 1 and sizes[trees.index("peak")] == max(sizes)
print(len(sizes), sizes[0], sizes[-1], trees[-1] != "empty")
END_OF_PROGRAM
check_equal "massif's text has every snapshot of a recording, from nothing to its end, by massif's own rules" \
	"$(($(ls series/*.seep | wc -l) + 1)) 0 $("$SEEP" report --last --json series >series.json && json_get series.json "d['totals']['inuse_bytes']") True" \
	"$(/usr/bin/python3 massif.py series.massif)"
ms_print series.massif >massif.txt 2>ms_print.log
check_equal "ms_print reads it without a complaint" "0 0" "$? $(stat -c %s ms_print.log)"
check_match "and shows who asked for the peak, and for whom" '^\| ->[0-9.]+% \([0-9,]+B\) 0x[0-9A-F]+: keep_small \(program.c:8\)' "$(cat massif.txt)"
"$SEEP" export --format=massif "$before" >single.massif
"$SEEP" report --json "$before" >before.json
check_equal "of a single snapshot it is a series of one" "2 0 $(json_get before.json "d['totals']['inuse_bytes']") True" \
	"$(/usr/bin/python3 massif.py single.massif)"
"$SEEP" bundle series -o series.bundle 2>/dev/null
check "of a bundle it is that of its recording" diff <("$SEEP" export --format=massif series) <("$SEEP" export --format=massif series.bundle)
check_equal "massif's difference is refused" 2 "$("$SEEP" export --format=massif --base "$before" series >/dev/null 2>&1; echo $?)"

# A program whose code has other offsets in the file than in memory, as lld makes them.
gcc -std=gnu11 -O1 -g -fno-builtin -pthread -Wl,--section-start=.text=0x200000 -o shifted program.c
echo go | "$SEEP" run -r 16K -i 0 -o shifted.recording -- ./shifted >/dev/null 2>&1
"$SEEP" export --format=gperftools shifted.recording -o shifted.gperftools 2>/dev/null
check_match "google-pprof finds functions wherever a linker put them" 'keep_small' \
	"$(timeout 200 google-pprof --text shifted shifted.gperftools 2>reader.log)"
check_match "and so do we" 'keep_small' "$("$SEEP" report --by=stack shifted.gperftools)"

# Our own output, read again.
for format in pprof gperftools; do
	"$SEEP" report --json after.$format >again.json
	check_close "we read $format that we wrote" "$total" "$(json_get again.json "d['totals']['inuse_bytes']")" 0.0001
	check_equal "and find the same function and line on top" \
		"$(json_get after.json "[(f['function'], f['line']) for f in d['sites'][0]['stack'][:3]]")" \
		"$(json_get again.json "[(f['function'], f['line']) for f in d['sites'][0]['stack'][:3]]")"
done
check_equal "without a rate there are no intervals" "None" "$(json_get again.json "d['totals']['inuse_low']")"
gunzip -c <after.pprof >plain.pb
check_equal "pprof that is not compressed is read, too" "$("$SEEP" export --format=folded after.pprof)" "$("$SEEP" export --format=folded plain.pb)"

# jemalloc's own dumps.
for _ in 1 2; do
	echo go | LD_PRELOAD=libjemalloc.so.2 \
		MALLOC_CONF=prof:true,lg_prof_sample:14,prof_accum:true,lg_prof_interval:24,prof_final:true,prof_prefix:"$WORK/dump" ./program >/dev/null
done
dump_first=$(ls dump.*.i0.heap | head -n 1)
dump_last=$(ls "${dump_first%.0.i0.heap}".*.f.heap)
for dump in "$dump_first" "$dump_last"; do
	"$SEEP" report --json "$dump" >dump.json
	check_close "a dump by jemalloc has jeprof's total (${dump##*.*.})" \
		"$(bytes_of "$(timeout 200 jeprof $nameless --text --show_bytes program "$dump" 2>reader.log)")" \
		"$(json_get dump.json "d['totals']['inuse_bytes']")" 0.0001
	check_close "and its allocations" "$(bytes_of "$(timeout 200 jeprof $nameless --text --show_bytes --alloc_space program "$dump" 2>reader.log)")" \
		"$(json_get dump.json "d['totals']['alloc_bytes']")" 0.0001
done
check_equal "its rate gives intervals" True "$(json_get dump.json "d['totals']['inuse_low'] < d['totals']['inuse_bytes'] < d['totals']['inuse_high']")"
check_equal "its functions have names" "keep_small keep_large" \
	"$(json_get dump.json "' '.join(next(f['function'] for f in s['stack'] if f['function'].startswith('keep')) for s in d['sites'][:2])")"
"$SEEP" diff --json "$dump_first" "$dump_last" >dumps.json
check_close "two dumps differ by what jeprof says" \
	"$(bytes_of "$(timeout 200 jeprof $nameless --text --show_bytes --base="$dump_first" program "$dump_last" 2>reader.log)")" \
	"$(json_get dumps.json "d['totals']['growth_bytes']")" 0.0001
"$SEEP" flame "$dump_last" -o dump.svg 2>/dev/null
check "a flame graph can be drawn of it" xmllint --noout dump.svg
other=$(ls dump.*.f.heap | grep -v "^$dump_last\$" | head -n 1)
"$SEEP" diff --json "$dump_last" "$other" >runs.json
check_equal "sites of two runs are matched wherever they were loaded" True \
	"$(json_get runs.json "abs(d['sites'][0]['growth_bytes']) < 0.2 * d['totals']['inuse_bytes']")"

# gperftools' own heap profiler.
echo go | LD_PRELOAD=libtcmalloc.so.4 HEAPPROFILE="$WORK/tcmalloc" ./program >/dev/null 2>&1
tcmalloc=$(ls tcmalloc*.heap | tail -n 1)
"$SEEP" report --json "$tcmalloc" >tcmalloc.json
for value in inuse alloc; do
	check_close "a profile by gperftools has google-pprof's total ($value)" \
		"$(bytes_of "$(timeout 200 google-pprof $nameless --text --show_bytes --${value}_space program "$tcmalloc" 2>reader.log)")" \
		"$(json_get tcmalloc.json "d['totals']['${value}_bytes']")" 0.0001
done
check_match "and our functions" 'keep_small' "$("$SEEP" report --by=stack "$tcmalloc")"

# Without prof_accum jemalloc does not count all allocations.
echo go | LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=prof:true,lg_prof_sample:14,prof_final:true,prof_prefix:"$WORK/plain" ./program >/dev/null
plain=$(ls plain.*.f.heap)
check_equal "what a dump does not count is null" "None None True" \
	"$("$SEEP" report --json "$plain" >plain.json; json_get plain.json "' '.join(str(x) for x in (d['totals']['alloc_bytes'], d['sites'][0]['alloc_objects'], d['totals']['inuse_bytes'] > 0))")"
text=$("$SEEP" report "$plain")
check_match "and a dash in text" '^[0-9.]+ MiB \[.*\] +100.0 % +[0-9.,k ]+  +-  in all' "$text"
check_match "with what to do about it" 'prof_accum:true' "$(tr -s ' \n' ' ' <<<"$text")"
for command in "report --sort=allocated" "report --tree --sort=allocations" "flame --value=alloc_space -o -" "export --format=folded --value=alloc_objects"; do
	"$SEEP" $command "$plain" >out 2>err
	check_equal "seep $command says that it is not there" "3 0 1" "$? $(stat -c %s out) $(wc -l <err)"
done

# Go's own.
cat >heap.go <<'END_OF_PROGRAM'
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte

//go:noinline
func leak() {
	for i := 0; i < 3000; i++ {
		kept = append(kept, make([]byte, 5000))
	}
}

func main() {
	runtime.MemProfileRate = 4096
	leak()
	runtime.GC()
	for i, name := range os.Args[1:] {
		file, _ := os.Create(name)
		pprof.Lookup("heap").WriteTo(file, i)
		file.Close()
	}
}
END_OF_PROGRAM
go build -o heap heap.go 2>go.log && ./heap go.pprof go.text
check_match "a profile by Go itself: its names are kept" 'main\.leak$' "$("$SEEP" export --format=folded go.pprof | sed 's/ [0-9]*$//')"
"$SEEP" report --json go.pprof >go.json
check_close "and its total is pprof's" "$(bytes_of "$(go_pprof -top -nodefraction=0 go.pprof | grep -oE 'of [0-9.]+[kMG]?B total')")" \
	"$(json_get go.json "d['totals']['inuse_bytes']")" 0.001
"$SEEP" report --json go.text >go-text.json
check_close "Go's older text says the same" "$(json_get go.json "d['totals']['inuse_bytes']")" "$(json_get go-text.json "d['totals']['inuse_bytes']")" 0.001

# The names that other profilers have for the four values.
cat >names.py <<'END_OF_SCRIPT'
import sys
names, unit = sys.argv[1].split(","), "bytes"
text = 'sample { location_id: 1 ' + " ".join(f"value: {10 ** i}" for i in range(len(names))) + ' }\n'
table = ["", "main", "count", "bytes"] + names
for i, name in enumerate(names):
    text += f"sample_type {{ type: {4 + i} unit: 3 }}\n"
text += "location { id: 1 line { function_id: 1 } }\nfunction { id: 1 name: 1 }\n"
print(text + "".join(f'string_table: "{t}"\n' for t in table))
END_OF_SCRIPT
while read -r names wanted; do
	/usr/bin/python3 names.py "$names" | protoc --encode perftools.profiles.Profile -I $proto profile.proto >names.pb 2>protoc.log
	"$SEEP" report --json names.pb >names.json
	check_equal "values called $names, null where there is none" "$wanted" \
		"$(json_get names.json "','.join(str(d['totals'][k]) for k in ('inuse_bytes', 'inuse_objects', 'alloc_bytes', 'alloc_objects'))")"
done <<'END_OF_TABLE'
alloc_objects,alloc_space,inuse_objects,inuse_space 1000,100,10,1
objects,space 10,1,None,None
space 1,None,None,None
inuse_count,inuse_bytes,alloc_count,alloc_bytes 10,1,1000,100
alloc-samples,alloc-size,heap-live-samples,heap-live-size 1000,100,10,1
heap-space 1,None,None,None
samples,cpu-time,alloc-samples,alloc-space None,None,1000,100
cpu-samples,alloc-samples,alloc-space,inuse-objects,inuse-space 10000,1000,100,10
END_OF_TABLE
/usr/bin/python3 names.py samples,cpu | protoc --encode perftools.profiles.Profile -I $proto profile.proto >names.pb
"$SEEP" report names.pb >out 2>err
check_equal "a profile of time is refused in one line" "3 0 1" "$? $(stat -c %s out) $(wc -l <err)"

# Broken files: one line, exit status 3.
bad=''
for file in after.pprof plain.pb after.gperftools "$dump_last" go.pprof; do
	size=$(stat -c %s "$file")
	for part in 1 2 3 4 5 6 7; do
		head -c $((size * part / 8)) "$file" >./cut
		timeout 60 "$SEEP" report cut >out 2>err
		status=$?
		# A text that is cut between two stacks, or protobuf between two fields, is valid as far as it goes.
		[ $status -eq 3 ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] || [ $status -eq 0 ] || bad="$bad $file:$part:$status"
	done
done
check_equal "profiles that are cut" "" "$bad"
sed '/^MAPPED_LIBRARIES/,$d' "$dump_last" >./cut; "$SEEP" report cut 2>err >out
check_match "a dump without its maps is called truncated" '^seep: cut: offset [0-9]+: .*truncated' "$(cat err)"
/usr/bin/python3 -c 'import gzip, sys; sys.stdout.buffer.write(gzip.compress(b"\x00" * (400 << 20)))' >bomb.gz
/usr/bin/python3 - "$SEEP" <<'END_OF_SCRIPT' >bomb.txt
import resource, subprocess, sys
status = subprocess.run([sys.argv[1], "report", "bomb.gz"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
print(status.returncode, status.stderr.count(b"\n"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 700 << 10)
END_OF_SCRIPT
check_equal "a gzip bomb is stopped" "3 1 True" "$(cat bomb.txt)"
exit $cases_failed
