#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every reader of untrusted bytes with libFuzzer, ASan and UBSan, from seeds that real recordings make.
#   tests/fuzz/run.sh [SECONDS]         so long each (FUZZ_SECONDS, 600); FUZZ_ONLY=name for one
#   tests/fuzz/run.sh --regressions     only the inputs that once were found, and the seeds: quick
# An input that fails is kept in build/fuzz/found/; move it to tests/fuzz/regressions/NAME/ with its mend.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
out=$BUILD/fuzz
seconds=${1:-${FUZZ_SECONDS:-600}}
regressions=
[ "$seconds" = --regressions ] && regressions=yes
mkdir -p "$out/found"

flags='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined'
make -s BUILD="$out" CC=clang CFLAGS='-O1 -g' SANITIZE="$flags" "$out/libanalyzer.a" "$out/libkeeper.a"
make -s BUILD="$BUILD" all
compile() { # NAME FLAG...
	clang -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Iinclude -Ianalyzer "${@:2}" -o "$out/$1" \
	    "tests/fuzz/$1.c" "$out/libanalyzer.a" "$out/libkeeper.a" -ldw -lelf -liberty -lz -lm
}
targets=$(basename -s .c tests/fuzz/fuzz_*.c)
for target in $targets; do
	compile "$target" -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
done
compile make_heap -Ipreload -fsanitize=address,undefined

seed() { mkdir -p "$out/corpus/$1"; }
for target in $targets; do seed "$target"; done
"$out/make_heap" >"$out/corpus/fuzz_heap/seed"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
env -u LD_PRELOAD "$BUILD/seep" run -r 256 -o "$work/sh" -- /bin/sh -c 'x=$(ls /); :' 2>/dev/null || :
env -u LD_PRELOAD "$BUILD/seep" run -r 16K -o "$work/perl" -- perl -e 'my @a = map { "x" x $_ } 1..500' 2>/dev/null || :
number=0
for file in "$work"/*/*.seep; do
	number=$((number + 1))
	cp "$file" "$out/corpus/fuzz_snapshot/seed$number"
	"$BUILD/seep" export --format=gperftools "$file" >"$out/corpus/fuzz_foreign/text$number" 2>/dev/null || :
	"$BUILD/seep" export --format=pprof "$file" >"$out/corpus/fuzz_foreign/packed$number" 2>/dev/null || :
	gunzip -c <"$out/corpus/fuzz_foreign/packed$number" >"$out/corpus/fuzz_foreign/plain$number" || :
done

LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=prof:true,lg_prof_sample:10,prof_final:true,prof_prefix:"$work/jemalloc" \
    perl -e 'my @a = map { "x" x $_ } 1..500' 2>/dev/null || :
cp "$work"/jemalloc*.heap "$out/corpus/fuzz_foreign/" 2>/dev/null || :

status=0
for target in ${FUZZ_ONLY:-$targets}; do
	if [ -n "$regressions" ]; then
		inputs=$(find "$out/corpus/$target" "tests/fuzz/regressions/$target" -type f 2>/dev/null || :)
		# shellcheck disable=SC2086 # a list of names of our own
		if timeout 120 "$out/$target" -rss_limit_mb=2048 $inputs >"$out/$target.log" 2>&1; then
			echo "ok - $target survives its seeds and what was found before"
		else
			echo "not ok - $target survives its seeds and what was found before"
			tail -n 20 "$out/$target.log" | sed 's/^/# /'
			status=1
		fi
	else
		echo "$target, $seconds s:"
		"$out/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len=262144 -print_final_stats=1 \
		    -artifact_prefix="$out/found/$target-" "$out/corpus/$target" >"$out/$target.log" 2>&1 || status=1
		grep -E 'stat::number_of_executed_units|stat::average_exec|ERROR|SUMMARY|cov:' "$out/$target.log" | tail -n 4
	fi
done
[ "$status" = 0 ] || echo "an input failed: see $out/found/ and $out/*.log" >&2
exit $status
