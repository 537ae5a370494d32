# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Programs that the shim cannot serve or that bring tools of their own: sanitizers, static ones, valgrind, python's pools.
# They run as they do alone, and it is said why there is no recording or what is wrong with it.
flags="-D_GNU_SOURCE -g -pthread -I$torture -I$ROOT/tests/e2e/programs"
source=$torture/workload_program_for_scripts.c
for kind in address thread static; do
	case $kind in static) option=-static ;; *) option=-fsanitize=$kind ;; esac
	if ! gcc $flags $option -o "bin/$kind" "$source" 2>build.err; then
		skip "a program built with $option" "$(head -n 1 build.err)"
		continue
	fi
	launcher=()
	[ $kind != thread ] || launcher=(setarch -R) # its layout of the address space
	export ASAN_OPTIONS=detect_leaks=0
	observe "${launcher[@]}" "$SEEP" run -r 1 -o "$WORK/other.$kind" -- "$WORK/bin/$kind"
	check_equal "a program built with $option ends as ever" "3 done as root" "$(ended)"
	check_equal "with nothing but its own words" "" "$(cat err)"
	check "and it is said: $(grep -m 1 -iE 'sanitizer|static' said)" grep -qiE 'sanitizer|static' said
done
if ! command -v musl-gcc >/dev/null; then
	skip "a program for musl" "no musl-gcc here"
else
	musl-gcc -o bin/musl -x c - <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		int main(void) { for (int i = 0; i < 1000; i++) free(malloc(i)); puts("done as root"); return 3; }
	END
	observe "$SEEP" run -r 1 -o "$WORK/other.musl" -- "$WORK/bin/musl"
	check_equal "a program for musl ends as ever" "3 done as root" "$(ended)"
fi
build "$source"
if ! command -v valgrind >/dev/null; then
	skip "under valgrind" "no valgrind here"
else
	observe valgrind -q --error-exitcode=99 "$WORK/bin/workload_program_for_scripts"
	alone=$(ended)
	observe "$SEEP" run -r 1 -o "$WORK/other.%c" -- valgrind -q --error-exitcode=99 "$WORK/bin/workload_program_for_scripts"
	check_equal "under valgrind it ends as ever, and valgrind finds no error" "$alone" "$(ended)"
	check_equal "valgrind has nothing to say" "" "$(cat err)"
	observe env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_OUTPUT="$WORK/alone.%c" valgrind -q --error-exitcode=99 "$WORK/bin/workload_program_for_scripts"
	check_equal "also by LD_PRELOAD" "$alone" "$(ended)"
	check_equal "without a word" "" "$(cat err)"
fi
observe "$SEEP" run -r 4K -o "$WORK/pools" -- /usr/bin/python3 -c 'x = [str(i) * 50 for i in range(30000)]; print(len(x)); raise SystemExit(3)'
check_equal "python with its pools ends as ever" "3 30000" "$(ended)"
check_match "and its report says how to switch the pools off" PYTHONMALLOC=malloc "$("$SEEP" report pools)"
