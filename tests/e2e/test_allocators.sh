#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s
# Every entry point of glibc, jemalloc, tcmalloc and mimalloc: with odd arguments it answers as without the shim, and at
# rate 1 no allocation is missed or counted twice.
. "$(dirname "$0")/lib.sh"

programs=$ROOT/tests/e2e/programs
libraries=/usr/lib/x86_64-linux-gnu
g++ -std=c++17 -O1 -g -o edge_cases "$programs/edge_cases.cpp"
g++ -std=c++17 -O1 -g -o every_entry_point "$programs/every_entry_point.cpp"
g++ -std=c++17 -O1 -g -fPIC -shared -o plugin.so "$programs/plugin.cpp"
compile plugin_host "$programs/plugin_host.c"
export TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD=0 # its words hold addresses

# What the program counted against what seep did, by site; a line for each that differs.
differences() { # TRUTH REPORT.json
	/usr/bin/python3 "$ROOT/tests/e2e/support/exact.py" "$@" 2>&1
}

record() { # ALLOCATOR COMMAND...: exactly, into ./recording
	local allocator=$1 choice=()
	shift
	[ "$allocator" = glibc ] || choice=("--allocator=$allocator")
	rm -rf recording
	"$SEEP" run -r 1 -i 0 -o recording "${choice[@]}" -- "$@" >recorded.out 2>recorded.err
}

for allocator in glibc jemalloc tcmalloc mimalloc; do
	case $allocator in
	glibc) library= ;;
	jemalloc) library=:$libraries/libjemalloc.so.2 ;;
	tcmalloc) library=:$libraries/libtcmalloc_minimal.so.4 ;;
	mimalloc) library=:$libraries/libmimalloc.so.2 ;;
	esac
	alone=$(env ${library:+LD_PRELOAD=${library#:}} ./edge_cases 2>&1)
	check "$allocator: the odd arguments are all there" test "$(wc -l <<<"$alone")" -gt 200
	for rate in 512K 1; do
		seen=$(env LD_PRELOAD="$SHIM$library" SEEP_RATE=$rate SEEP_OUTPUT=edge.$allocator.$rate ./edge_cases 2>&1)
		check_equal "$allocator, rate $rate: results, errno, alignment and usable sizes are the allocator's own" "" \
			"$(diff <(echo "$alone") <(echo "$seen"))"
	done

	mkdir -p "truth.$allocator"
	record $allocator ./every_entry_point "truth.$allocator"
	check_equal "$allocator: the program that calls every entry point ends well" 0 $?
	check_equal "$allocator: the allocator is named" "$allocator" \
		"$("$SEEP" report --json recording >report.json && json_get report.json "d['process']['allocator']")"
	check_equal "$allocator: every entry point is counted once, by site" "" \
		"$(differences "truth.$allocator/truth.end" report.json)"

	# mimalloc aborts where operator new must throw
	[ $allocator = mimalloc ] && export NO_THROW=1
	record $allocator ./plugin_host "truth.$allocator" ./plugin.so
	check_equal "$allocator: a C program with a C++ plugin ends well" "100 1
100 1
100 1" "$(cat recorded.out)"
	"$SEEP" report --json recording >report.json
	check_equal "$allocator: a C program's C++ plugin is counted once, by site" "" \
		"$(differences "truth.$allocator/truth.end" report.json)"
done
exit $cases_failed
