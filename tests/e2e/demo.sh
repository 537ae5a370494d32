#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make demo: the whole job on real programs. A redis-server is recorded while keys that never expire are loaded into
# it over the loopback interface; two snapshots are compared; a flame graph of what grew is drawn. Meanwhile a small C++
# server leaks (tests/e2e/programs/shop.cpp), and at the end its leaks are named by file and line.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${BUILD:-build}")
shown=$build
case $build in "$PWD"/*) shown=${build#"$PWD"/} ;; esac
out=$build/demo
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
unset LD_PRELOAD "${!SEEP_@}"

rm -rf "$out"
mkdir -p "$out"
seep_pid='' server_pid='' shop_pid=''
finish() {
	[ -z "$shop_pid" ] || wait "$shop_pid" 2>/dev/null || true
	[ -z "$server_pid" ] || kill -KILL "$server_pid" 2>/dev/null || true
	[ -z "$seep_pid" ] || wait "$seep_pid" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
g++ -O2 -g -o "$out/shop" tests/e2e/programs/shop.cpp
"$build/seep" run -o "$out/shop.recording" -- "$out/shop" 15 2>"$out/shop.log" &
shop_pid=$!

say "1. A server starts under seep:  $shown/seep run -o $shown/demo/redis -- redis-server --port $port ..."
"$build/seep" run -o "$out/redis" -- redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no \
	--daemonize no --dir "$out" >"$out/redis.log" 2>"$out/seep.log" &
seep_pid=$!
for _ in $(seq 200); do
	server_pid=$(pgrep -P "$seep_pid" -x redis-server || true)
	[ -n "$server_pid" ] && redis-cli -p "$port" ping 2>/dev/null | grep -q PONG && break
	sleep 0.05
done
redis-cli -p "$port" ping | grep -q PONG

load() { # KEYS: that many SETs of random keys, 100 bytes each, without expiry
	redis-benchmark -p "$port" -t set -n "$1" -r 1000000000 -d 100 -c 8 -P 16 -q >/dev/null
	printf '   %s keys, %s of memory by its own account\n' "$(redis-cli -p "$port" dbsize)" \
		"$(redis-cli -p "$port" info memory | sed -n 's/^used_memory_human:\([^\r]*\).*/\1/p')"
}
say "2. It warms up; the first mark:  $shown/seep snapshot $server_pid"
load 100000
before=$("$build/seep" snapshot "$server_pid")
before=${before#"$PWD"/}
echo "   $before"

say "3. Keys that never expire come in; the second mark:  $shown/seep snapshot $server_pid"
load 600000
after=$("$build/seep" snapshot "$server_pid")
after=${after#"$PWD"/}
echo "   $after"

say "4. What grew:  $shown/seep diff $before $after"
"$build/seep" diff "$before" "$after"

say "5. The same as a flame graph:  $shown/seep flame $after --base $before -o $shown/demo/growth.svg"
"$build/seep" flame "$after" --base "$before" -o "$out/growth.svg"

say "6. The server stops; seep writes the last snapshot"
redis-cli -p "$port" shutdown nosave >/dev/null 2>&1 || true
wait "$seep_pid" || true
seep_pid='' server_pid=''
cat "$out/seep.log"
echo "   flame graph: $out/growth.svg (open it in a browser)"

say "7. What leaks in a C++ server that ran beside it:  $shown/seep run -o $shown/demo/shop.recording -- $shown/demo/shop 15"
wait "$shop_pid" || true
shop_pid=''
cat "$out/shop.log"
say "   Which places leak, how fast, and why:  $shown/seep leaks $shown/demo/shop.recording"
"$build/seep" leaks "${out#"$PWD"/}/shop.recording"
say "8. The same as a page, with a time line and the flame graph:  $shown/seep html $shown/demo/shop.recording -o $shown/demo/shop.html"
"$build/seep" html "${out#"$PWD"/}/shop.recording" -o "$out/shop.html"
