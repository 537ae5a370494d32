#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every reader of untrusted bytes with libFuzzer, ASan and UBSan, from seeds that real recordings make.
#   tests/fuzz/run.sh [SECONDS]         so long each (FUZZ_SECONDS, 600); FUZZ_ONLY="name name" for some
#   tests/fuzz/run.sh --regressions     only the inputs that once were found, and the seeds, on the unit tests' ASan build: quick
# An input that fails is kept in build/libfuzzer/fuzz/found/; move it to tests/fuzz/regressions/NAME/ with its mend.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
out=$BUILD/libfuzzer/fuzz
seconds=${1:-${FUZZ_SECONDS:-600}}
regressions=
[ "$seconds" = --regressions ] && regressions=yes

make -s BUILD="$BUILD" all
if [ -n "$regressions" ]; then
	out=$BUILD/asan/fuzz
	make -s BUILD="$BUILD" fuzz-targets-asan
else
	make -s BUILD="$BUILD/libfuzzer" CC=clang CFLAGS='-O1 -g' FUZZ_MAIN=-fsanitize=fuzzer \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' fuzz-targets
fi
targets=$(basename -s .c tests/fuzz/fuzz_*.c)
mkdir -p "$out/found"
corpus=$out/corpus
for target in $targets; do mkdir -p "$corpus/$target"; done
"$out/make_heap" >"$corpus/fuzz_heap/seed"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
env -u LD_PRELOAD "$BUILD/seep" run -r 256 -o "$work/sh" -- /bin/sh -c 'x=$(ls /); :' 2>/dev/null || :
env -u LD_PRELOAD "$BUILD/seep" run -r 16K -o "$work/perl" -- perl -e 'my @a = map { "x" x $_ } 1..500' 2>/dev/null || :
number=0
for file in "$work"/*/*.seep; do
	number=$((number + 1))
	cp "$file" "$corpus/fuzz_snapshot/seed$number"
	"$BUILD/seep" export --format=gperftools "$file" >"$corpus/fuzz_gperftools/seed$number" 2>/dev/null || :
	"$BUILD/seep" export --format=pprof "$file" >"$corpus/fuzz_pprof/packed$number" 2>/dev/null || :
	gunzip -c <"$corpus/fuzz_pprof/packed$number" >"$corpus/fuzz_pprof/plain$number" || :
done
for recording in sh perl; do
	"$BUILD/seep" bundle "$work/$recording" -o "$corpus/fuzz_bundle/$recording" 2>/dev/null || :
done

LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=prof:true,lg_prof_sample:10,prof_final:true,prof_prefix:"$work/jemalloc" \
    perl -e 'my @a = map { "x" x $_ } 1..500' 2>/dev/null || :
cp "$work"/jemalloc*.heap "$corpus/fuzz_jemalloc/" 2>/dev/null || :

# Small formats: written down here.
printf '%s\n' '1000 20 py::main:/work/main.py' '7f0000001000 fff Foo::bar(int)' '1010 10 later' 'not a line' \
    >"$corpus/fuzz_perf_map/seed"
printf 'int seed(int a) { return a + 1; }' | clang -x c -shared -nostdlib -Wl,--build-id -o "$corpus/fuzz_elf/library" -
printf 'int main(void) { return 0; }' | clang -x c -g -o "$corpus/fuzz_elf/program" -
head -c 4096 "$corpus/fuzz_elf/library" >"$corpus/fuzz_module/library"
head -c 4096 "$corpus/fuzz_elf/program" >"$corpus/fuzz_module/program"
printf '%s\n' 'v 10400 3' 'X ./server -x' 'I 1000 5e2919' 's d /nowhere/prog' 's 4 main' 's 6 prog.c' 's 3 a()' 'i 401000 1 2 3 a' \
    't 1 0' 'i 402000 1 4 3 14 2 3 b' 't 2 1' 'i 7f0000001abc 1' 't 3 1' 'a 10 2' 'a 0 3' 'c 5' '+ 0' '+ 0' 'R 100' 'c a' '- 0' '+ 1' \
    >"$corpus/fuzz_heaptrack/plain"
zstd -qf "$corpus/fuzz_heaptrack/plain" -o "$corpus/fuzz_heaptrack/packed"
/usr/bin/python3 - >"$corpus/fuzz_core/seed" <<'PYTHON'
import struct, sys
note = lambda kind, value: struct.pack("<III8s", 5, len(value), kind, b"CORE") + value + bytes(-len(value) % 4)
status, info = bytearray(336), bytearray(136)
struct.pack_into("<H", status, 12, 6)
struct.pack_into("<I", info, 24, 4711)
files = struct.pack("<5Q", 1, 4096, 0x400000, 0x401000, 0) + b"/lib/some.so.1\0"
notes = note(1, bytes(status)) + note(3, bytes(info)) + note(0x46494c45, files) + note(1, bytes(status)) + note(2, bytes(512))
head = lambda kind, at, count: b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, at, 0, 0, 64, 56, count, 64, 0, 0)
header = lambda kind, flags, at, address, bytes_, size: struct.pack("<IIQQQQQQ", kind, flags, at, address, 0, bytes_, size, 1)
module = head(3, 64, 1) + header(4, 4, 120, 120, 36, 36) + struct.pack("<III4s", 4, 20, 3, b"GNU") + bytes(20)
sys.stdout.buffer.write(head(4, 64, 3) + header(4, 0, 232, 0, len(notes), 0) + header(1, 4, 4096, 0x400000, 4096, 4096) +
                        header(1, 6, 8192, 0x500000, 64, 4096) + notes + bytes(4096 - 232 - len(notes)) +
                        module + bytes(4096 - len(module)) + bytes(64))
PYTHON
/usr/bin/python3 - >"$corpus/fuzz_wire/seed" <<'PYTHON'
import struct, sys
text = lambda t: struct.pack("<II", 1, len(t)) + t
line = lambda function, file, number, inlined: struct.pack("<4I", function, file, number, inlined)
out = text(b"main") + text(b"main.c") + text(b"the program itself")
for module in range(3):  # as many addresses as fuzz_wire.c has
    out += struct.pack("<5I", 2, module, 3, 1, module + 1)
    for _ in range(module + 1):
        out += struct.pack("<I", 2) + line(1, 2, 17, 1) + line(1, 0, 0, 0)
sys.stdout.buffer.write(out)
PYTHON

status=0
for target in ${FUZZ_ONLY:-$targets}; do
	if [ -n "$regressions" ]; then
		inputs=$(find "$corpus/$target" "tests/fuzz/regressions/$target" -type f 2>/dev/null || :)
		# shellcheck disable=SC2086 # a list of names of our own
		if [ -n "$inputs" ] && timeout 120 "$out/$target" $inputs >"$out/$target.log" 2>&1; then
			echo "ok - $target survives its seeds and what was found before"
		else
			echo "not ok - $target survives its seeds and what was found before"
			tail -n 20 "$out/$target.log" | sed 's/^/# /'
			status=1
		fi
	else
		echo "$target, $seconds s:"
		"$out/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len=262144 -print_final_stats=1 \
		    -artifact_prefix="$out/found/$target-" "$corpus/$target" >"$out/$target.log" 2>&1 || status=1
		grep -E 'stat::number_of_executed_units|stat::average_exec|ERROR|SUMMARY|cov:' "$out/$target.log" | tail -n 4
	fi
done
[ "$status" = 0 ] || echo "an input failed: see $out/found/ and $out/*.log" >&2
exit $status
