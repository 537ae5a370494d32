#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What real programs map past malloc, beside strace in the same run: each call through the C library's mmap(), munmap() and mremap() that
# neither the C library, nor the loader, nor libseep.so makes by itself, the bytes of all, and what is left at the end and may be accessed.
# MAPPINGS_PROGRAMS=all (make mappings-programs) has the heavy ones, too, and prints a table.
# time limit: 300 s
. "$(dirname "$0")/lib.sh"
ALL=${MAPPINGS_PROGRAMS:-}

cat >judge.py <<'END'
import json, re, sys
PAGE = 4096
text, own = {}, ("libc.so.6", "ld-linux-x86-64.so.2")
up = lambda size: (int(size, 0) + PAGE - 1) // PAGE * PAGE
pieces, calls, all_bytes = [], 0, 0  # of the program
reserved, opened = [], []  # mapped without access; of that, what mprotect() has made accessible
pending, call, frames = {}, None, []

def without(all, start, end):
    return [piece for a, b in all for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]

def cut(start, end):
    global pieces, reserved, opened
    pieces, reserved, opened = (without(all, start, end) for all in (pieces, reserved, opened))

def protect(start, end, access):
    global opened
    opened = without(opened, start, end)
    if access != "PROT_NONE":
        opened += [(max(a, start), min(b, end)) for a, b in reserved if a < end and start < b]

def take(name, arguments, result, frames):
    global calls, all_bytes
    if name == "mprotect" and result == "0":
        protect(int(arguments[0], 0), int(arguments[0], 0) + up(arguments[1]), arguments[2])
        return
    if result.startswith("-") or result == "?":
        return
    is_program = len(frames) > 1 and frames[0] == "libc.so.6" and frames[1] not in own
    if name == "munmap":
        start = int(arguments[0], 0)
        cut(start, start + up(arguments[1]))
        return
    start, size = int(result, 0), up(arguments[2 if name == "mremap" else 1])
    if name == "mremap":
        cut(int(arguments[0], 0), int(arguments[0], 0) + up(arguments[1]))
    cut(start, start + size)
    if is_program:
        (reserved if arguments[2] == "PROT_NONE" else pieces).append((start, start + size))
        calls, all_bytes = calls + 1, all_bytes + size

for line in open(sys.argv[1], errors="replace"):
    if line.startswith(" > "):
        frames.append(line[3:].split("(")[0].rsplit("/", 1)[-1])
        continue
    if call:
        take(*call, frames)
    call, frames = None, []
    thread, _, rest = line.partition(" ")
    rest = rest.strip()
    if rest.endswith("<unfinished ...>"):
        pending[thread] = rest[:-len("<unfinished ...>")].rstrip()
        continue
    resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
    if resumed and thread in pending:
        rest = pending.pop(thread) + resumed[1]
    found = re.match(r"(mmap|munmap|mremap|mprotect)\((.*?)\) += (\S+)", rest)
    if found:
        call = found[1], found[2].split(", "), found[3]
if call:
    take(*call, frames)
totals = json.load(open(sys.argv[2]))["totals"]
left = sum(b - a for a, b in pieces + opened)
seen = totals["alloc_objects"], totals["alloc_bytes"], totals["inuse_bytes"]
print(f"{sys.argv[3]:10} calls {calls:6,} and {seen[0]:6,}   bytes {all_bytes:14,} and {seen[1]:14,}   left {left:14,} and {seen[2]:14,}", file=sys.stderr)
print(calls > 0, seen == (calls, all_bytes, left))
END

look() { # NAME RUN...
	local name=$1
	shift
	timeout 200 strace -f -k -o "$name.trace" -e trace=mmap,munmap,mremap,mprotect -E LD_PRELOAD="$SHIM" -E SEEP_OUTPUT="$WORK/$name.recording" -E SEEP_RATE=64K -E SEEP_INTERVAL=0 \
		"$@" >"$name.out" 2>"$name.err" </dev/null
	"$SEEP" report --mappings --json "$name.recording" >"$name.json" 2>>"$name.err" || not_ok "$name is recorded under strace" "$(tail -n 3 "$name.err")"
	check_equal "$name: mappings are those that strace sees" "True True" "$(python3 judge.py "$name.trace" "$name.json" "$name" 2>"$name.line")"
	[ -z "$ALL" ] || cat "$name.line"
}

if ! strace -f -k -o probe -e trace=mmap true 2>/dev/null; then
	skip "mappings beside strace" "strace may not trace here, or has no stacks"
	exit $cases_failed
fi
look python3 /usr/bin/python3 -c 'import mmap
held = [mmap.mmap(-1, 1 << 20) for i in range(20)]
for i in range(10): held[i].close()
for i in range(10, 15): held[i].resize(3 << 20)
rows = [{"key%d" % i: str(i)} for i in range(30000)]'
look sqlite3 sqlite3 test.db 'pragma mmap_size=100000000; create table t(x); insert into t select randomblob(900) from (with recursive c(i) as (select 1 union all select i+1 from c limit 5000) select i from c); select sum(length(x)) from t;'
[ -n "$ALL" ] || exit $cases_failed
look node node -e 'let rows = []; for (let i = 0; i < 300000; i++) rows.push({ key: i, text: "row" + i }); rows = rows.slice(0, 10); new Array(2000000).fill(1.5)'
printf '#include <regex>\n#include <map>\n#include <iostream>\nint main() { std::regex r("a+"); std::map<int, std::string> m; std::cout << m.size(); }\n' >big.cc
look cc1plus "$(g++ -print-prog-name=cc1plus)" -quiet -O1 -imultiarch x86_64-linux-gnu -D_GNU_SOURCE big.cc -o big.s
printf 'import java.util.*; class Rows { public static void main(String[] a) { var rows = new ArrayList<String>(); for (int i = 0; i < 300000; i++) rows.add("row " + i); } }\n' >Rows.java
javac Rows.java 2>javac.err
look java java -Xmx200m -XX:+UseSerialGC Rows
exit $cases_failed
