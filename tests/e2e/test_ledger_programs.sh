#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep memory of real programs: the classes add up to what the kernel says, within what changed while the pages were counted, and at
# most 2 % of RSS are unexplained. LEDGER_PROGRAMS=all (make ledger-programs) has the heavy ones, too, and prints a table.
# time limit: 600 s
. "$(dirname "$0")/lib.sh"
ALL=${LEDGER_PROGRAMS:-}
SHARE=0.02

# A second reading of the kernel's numbers may differ by a page per mapping and by what happened in between; any other
# difference is printed as it is.
cat >judge.py <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
mib = lambda value: value / 2**20
off = abs(d["resident_bytes"] - d["rss_bytes"])
own = sum(c["resident_bytes"] for c in d["classes"] if c["class"] == "own")
heap = d["heap"]["unexplained_bytes"] if d["heap"] else None
kept = "not taken apart" if heap is None else f"unexplained {heap / d['rss_bytes']:6.2%}"
print(f"{sys.argv[2]:12} {mib(d['rss_bytes']):8.1f} MiB, unexplained {d['unexplained_bytes'] / d['rss_bytes']:6.2%}, past malloc {own / d['rss_bytes']:4.0%}, heap: {kept}, "
      f"the sum is off by {mib(off):.2f} MiB, {mib(d['rss_change_bytes']):.2f} MiB changed", file=sys.stderr)
print(d["unexplained_bytes"] + max(heap or 0, 0) <= float(sys.argv[3]) * d["rss_bytes"], off <= 0.005 * d["rss_bytes"] + d["rss_change_bytes"])
END

# NAME PID: for a program that stands still.
judge() {
	"$SEEP" memory --json "$2" >"$1.json" 2>"$1.err" || not_ok "$1: there is a ledger" "$(cat "$1.err")"
	check_equal "$1: at most 2 % are unexplained, and all adds up" "True True" "$(python3 judge.py "$1.json" "$1" "$SHARE" 2>"$1.line")"
	[ -z "$ALL" ] || cat "$1.line"
}

has_mib() { # PID MIB
	local pages
	read -r _ pages _ <"/proc/$1/statm" && [ "$pages" -ge $(($2 * 256)) ]
}

# NAME MIB PROGRAM RUN...: stops it once it has so much in memory, while it works; one that stands still by itself (still=1) is not
# stopped, so that its allocator can be asked. The last process of that name counts.
look() {
	local name=$1 mib=$2 program=$3 pid
	shift 3
	"$SEEP" run -r 64K -i 0 -o "$name.recording" -- "$@" >"$name.out" 2>"$name.said" <"${input:-/dev/null}" &
	pids+=("$!")
	wait_until 60 is_large "$!" "$program" "$mib" || { not_ok "$name: it fills its memory" "$(tail -n 5 "$name.said")"; return; }
	pid=$(cat found)
	[ -n "${still:-}" ] || kill -STOP "$pid"
	judge "$name" "$pid"
	for pid in $(descendants "$!"); do # workers, too: the end of their master would leave them running
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "${program:0:15}" ] && kill -KILL "$pid"
	done
	wait "$!" 2>/dev/null
}

# SEEP PROGRAM MIB: looks for a process below it, of that name and size; its number is in `found`.
is_large() {
	local pid
	for pid in $(descendants "$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "${2:0:15}" ] && has_mib "$pid" "$3" && echo "$pid" >found && return
	done
	return 1
}

descendants() { # PID
	local child
	for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do
		echo "$child"
		descendants "$child"
	done
}

look sqlite3 16 sqlite3 sqlite3 :memory: "create table t(x); insert into t select randomblob(900) from
	(with recursive c(i) as (select 1 union all select i+1 from c) select i from c);"
look python3 24 python3 /usr/bin/python3 -c 'rows = []
while True: rows.append({"key%d" % len(rows): str(len(rows))})'
look perl 16 perl perl -e 'while (1) { push @rows, { "key$#rows" => "$#rows" } }'
look bash 8 bash bash -c 'while :; do rows+=("row ${#rows[@]} of many"); done'
[ -n "$ALL" ] || exit $cases_failed

{ wait_until 60 redis-cli -s redis.sock ping && timeout 60 redis-benchmark -s redis.sock -t set -r 400000 -n 2000000 -d 100 -q; } >/dev/null 2>&1 &
pids+=("$!")
look redis 40 redis-server redis-server --port 0 --unixsocket redis.sock --save ''
"$SEEP" run -r 64K -i 0 -o redis-idle.recording -- redis-server --port 0 --unixsocket idle.sock --save '' >redis-idle.out 2>&1 </dev/null &
pids+=("$!")
wait_until 60 redis-cli -s idle.sock ping >/dev/null 2>&1
timeout 60 redis-benchmark -s idle.sock -t set -r 400000 -n 600000 -d 100 -q >/dev/null 2>&1
wait_until 60 is_large "$!" redis-server 20 && judge redis-idle "$(cat found)"
kill "$(cat found)"
wait "$!" 2>/dev/null
look node 80 node node -e 'const rows = []; setInterval(() => { for (let i = 0; i < 5000; i++) rows.push({ key: i, text: "row" + rows.length }); }, 1)'
printf '#include <regex>\n#include <map>\n#include <iostream>\nint main() { std::regex r("a+"); std::map<int, std::string> m; std::cout << m.size(); }\n' >big.cc
look cc1plus 60 cc1plus g++ -O2 -c big.cc -o big.o
printf 'import java.util.*; class Rows { public static void main(String[] a) { var rows = new ArrayList<String>(); while (true) rows.add("row " + rows.size()); } }\n' >Rows.java
javac Rows.java 2>javac.err
look java 120 java java -Xmx400m Rows
echo 'worker_processes 1; daemon off; pid nginx.pid; error_log stderr; events {} http { access_log off; server { listen unix:nginx.sock; } }' >nginx.conf
look nginx 4 nginx nginx -p "$WORK" -c nginx.conf
printf 'user root\nlistener 0 %s\n' "$WORK/mosquitto.sock" >mosquitto.conf
look mosquitto 4 mosquitto mosquitto -c mosquitto.conf
look clang 60 clang-14 clang-14 -cc1 -O2 -emit-obj -x c++ -internal-isystem /usr/include/c++/12 -internal-isystem /usr/include/x86_64-linux-gnu/c++/12 \
	-internal-isystem /usr/lib/llvm-14/lib/clang/14.0.6/include -internal-isystem /usr/include/x86_64-linux-gnu -internal-isystem /usr/include big.cc -o big.clang.o
binaries=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
mkdir postgres && chown nobody postgres && chmod 755 "$WORK" "$TMPDIR"
as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$WORK/postgres" "$@"; }
as_nobody "$binaries/initdb" -D "$WORK/postgres/data" --no-sync >initdb.out 2>&1
chmod 777 "$WORK"
echo "set work_mem = '200MB'; select count(*) from (select md5(i::text) as x from generate_series(1, 20000000) i order by 1) as y;" >query.sql
input=query.sql look postgres 60 postgres setpriv --reuid nobody --regid nogroup --clear-groups "$binaries/postgres" --single -D "$WORK/postgres/data" postgres

# A fragmenting heap, with each allocator.
cat >fragments.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
enum { COUNT = 400000 };
static void *blocks[COUNT];
int main(void)
{
	for (int i = 0; i < COUNT; i++) { size_t size = 16 + (size_t)rand() % 500; memset(blocks[i] = malloc(size), 1, size); }
	for (int i = 0; i < COUNT; i++) if (i % 16) free(blocks[i]);
	prctl(PR_SET_NAME, "still");
	for (;;) pause();
}
END
for library in "" libjemalloc.so.2 libtcmalloc_minimal.so.4 libmimalloc.so.2.0; do
	name=fragments${library:+-${library:3:2}}
	gcc -O1 -Wno-unused-result -o "$name" fragments.c ${library:+"/usr/lib/x86_64-linux-gnu/$library"}
	still=1 look "$name" 20 still "./$name"
done
exit $cases_failed
