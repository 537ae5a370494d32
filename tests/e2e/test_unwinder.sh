#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s
# The walker against libunwind on real programs, against readelf on whole libraries, and against modules that come and
# go. SEEP_UNWINDER_STACKS=1000000 SEEP_UNWINDER_SECONDS=60 for the long version.
stacks=${SEEP_UNWINDER_STACKS:-100000}
seconds=${SEEP_UNWINDER_SECONDS:-2}
. "$(dirname "$0")/lib.sh"

sources=$ROOT/tests/unwind
rounds=$(((stacks + 99999) / 100000))
least=$((stacks < 100000 ? stacks : 100000)) # not every program has a million
flags=(-O2 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fPIC -fvisibility=hidden
	-I"$ROOT/preload" -I"$ROOT/include" -I"$ROOT/tests/unit/preload" -I"$sources")
libraries=("-Wl,--start-group" "$BUILD/libcore.a" "$BUILD/libkeeper.a" "-Wl,--end-group" -lpthread)

build() {
	gcc "${flags[@]}" -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -shared -o libreference.so \
		"$sources/reference.c" "${libraries[@]}" &&
		gcc "${flags[@]}" -o rows "$sources/rows.c" "${libraries[@]}" &&
		gcc "${flags[@]}" -o closing "$sources/closing.c" "$ROOT/tests/unit/preload/support/shadow_stack.c" \
			"${libraries[@]}" &&
		g++ -O2 -std=c++17 -o throwing "$sources/throwing.cc" -lpthread || return
	local block
	for block in 24 40 56 72 88 104; do
		gcc "${flags[@]}" -fomit-frame-pointer -shared -DBLOCK=$block -o module$block.so "$sources/plugin.c" || return
	done
	for block in 56 88; do # only their place tells which these are
		gcc "${flags[@]}" -fomit-frame-pointer -shared -Wl,--build-id=none -DBLOCK=$block -o nameless$block.so \
			"$sources/plugin.c" || return
	done
}
check "the tests' programs compile" build

# NAME EVERY COMMAND...: compares at each EVERYth allocation of the program (of one that it starts, for g++).
compare() {
	local name=$1 every=$2 account output
	shift 2
	if ! command -v "${1##*=}" >/dev/null; then
		skip "$name's stacks are those that libunwind finds" "there is no ${1##*=}"
		return
	fi
	output=$(SEEP_REFERENCE_OUTPUT=$WORK/account.$name SEEP_REFERENCE_EVERY=$every SEEP_REFERENCE_STACKS=$stacks \
		LD_PRELOAD=$WORK/libreference.so PYTHONMALLOC=malloc "$@" 2>&1 >/dev/null) || {
		not_ok "$name's stacks are those that libunwind finds" "$name failed: $output"
		return
	}
	account=$(grep -lx "program: $name" "$WORK/account.$name".* | head -n 1)
	cp "$account" "$name.account"
	sed -n '/^program/,$p' "$account" | paste -sd, | sed 's/^/# /'
	local compared explained unexplained lost
	compared=$(sed -n 's/^stacks: //p' "$account")
	unexplained=$(sed -n 's/^unexplained: //p' "$account")
	explained=$(sed -n 's/^unw_step agrees with the walker: //p' "$account")
	lost=$(sed -n 's/^lost: //p' "$account")
	if [ "$unexplained" -eq 0 ] && [ $((explained * 10000)) -le "$compared" ] && [ "$compared" -ge $least ] &&
		[ $((lost * 1000)) -le "$compared" ]; then
		ok "$name's stacks are those that libunwind finds"
	else
		not_ok "$name's stacks are those that libunwind finds" "$(cat "$account")"
	fi
}

compare python3.11 1 python3.11 "$sources/workload.py" $((rounds * 2))
compare sqlite3 1 sqlite3 :memory: ".read $sources/workload.sql"
compare cc1plus $((1 + 10 / rounds)) g++ -O1 -S -o /dev/null "$sources/workload.cc"
compare perl 1 perl "$sources/workload.pl" $((rounds * 2))
compare throwing 1 ./throwing $((rounds * 1000))
# node makes some 450,000 allocations before its script begins, and two million in all. Its compilers run at once and in
# its own thread, because under load they would come too late for the stacks that are compared.
compare node $((rounds == 1 ? 9 : 1)) node --always-sparkplug --no-concurrent-recompilation "$sources/workload.js" $((rounds * 10))
[ "$cases_failed" -ne 0 ] || [ ! -e node.account ] || check "some of node's stacks pass through code made at run time" \
	grep -q "^through run-time code: [1-9]" node.account

# Every row of a library's tables, at its first and last address. Rows without a rule of the common form are listed as
# the walker understands them.
compare_rows() {
	local path=/lib/x86_64-linux-gnu/$1
	/usr/bin/python3 "$sources/rows.py" "$path" >rows.txt && ./rows "$1" <rows.txt >rows.out || {
		not_ok "the rules of $1 are those that readelf reads" "$(cat rows.out)"
		return
	}
	sed 's/^/# /' rows.out
	ok "the rules of $1 are those that readelf reads"
}
for library in ld-linux-x86-64.so.2 libc.so.6 libgcc_s.so.1 libm.so.6 libsqlite3.so.0 libstdc++.so.6; do
	compare_rows $library
done

if output=$(timeout $((seconds + 60)) ./closing "$seconds" ./module*.so ./nameless*.so 2>&1); then
	echo "# $output"
	ok "no rule outlives its module, and nothing hangs, while modules are opened and closed"
else
	not_ok "no rule outlives its module, and nothing hangs, while modules are opened and closed" "$output"
fi
exit $cases_failed
