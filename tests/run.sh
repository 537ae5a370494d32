#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test-suite: a line for each test program or script, the output only of those that failed, and at the end the
# names of all failed cases and one line "N passed, N failed" over all test cases.
#	tests/run.sh [STAGE...]		all stages, or some of: build clang layers format unit asan tsan flavours e2e
#
# Where all stages run, they share one queue behind the build, and unit tests run under AddressSanitizer alone, but for those
# that are about statistics, and those of which it sees less.
#
# A test case is a line "ok ..." or "not ok ..." (TAP; cmocka's are told apart by its plan). A program that ends badly
# or without having run all that it announced counts as one more failure. Each is bounded in time.
set -u
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
unset LD_PRELOAD MAKEFLAGS MAKELEVEL
unset "${!SEEP_@}"
jobs=$(nproc)
places=$((jobs + 4)) # for jobs that wait now and then
logs=$(mktemp -d "${TMPDIR:-/tmp}/seep-tests.XXXXXX")
trap 'rm -rf "$logs"' EXIT
: >"$logs/counts"
started=$SECONDS

# A skipped case, as our scripts and as cmocka write it.
skip_line='^(not )?ok .*# SKIP'

# Counts the cases in a log. LABEL LOG STATUS SECONDS CPU_SECONDS
tally() {
	local label=$1 log=$2 status=$3 took=$4 cpu=$5 good bad skips planned verdict=ok
	skips=$(grep -cE "$skip_line" "$log")
	good=$(grep -E '^ok ' "$log" | grep -cvE "$skip_line")
	bad=$(grep -E '^not ok ' "$log" | grep -cvE "$skip_line")
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$log" | paste -sd+ | sed 's/^$/0/')
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ $((good + skips)) -eq 0 ] || [ $((good + skips)) -lt $((planned)) ]; }; then
		bad=1
		echo "# ended with status $status after $((good + skips)) of $((planned)) cases" >>"$log"
	fi
	[ "$bad" -eq 0 ] || verdict=FAILED
	printf '%-6s %-58s %4d cases %5d s  CPU %5.1f s%s\n' "$verdict" "$label" $((good + bad)) "$took" "$cpu" \
		"$([ "$bad" -eq 0 ] || { echo && tell_failure "$label" "$log"; })"
	echo "$good $bad $skips" >>"$logs/counts"
}

# Failed cases come first, each with its output below it, so that a log that is cut further on still has them. The rest
# follows.
tell_failure() { # LABEL LOG
	local is_failure='/^not ok / && !/# SKIP/'
	awk "$is_failure { told = 30 } !/^(#|not ok )/ { told = 0 } told-- > 0" "$2" | sed 's/^/    | /'
	awk '!/^ok /' "$2" | sed 's/^/    : /' | tail -n 60
	awk -v label="$1" "$is_failure"' { print label ": " $0; told = 1 } END { if (!told) print label ": " $0 }' "$2" >>"$logs/failures"
}

# LABEL LIMIT COMMAND...: one test program. Its log and how it ended are left for tally.
run_alone() {
	local label=$1 limit=$2 log begun=$SECONDS status=0 cpu
	shift 2
	log=$(log_of "$label")
	[ -d "$logs" ] || exit 1 # the suite was interrupted
	# a shell's children in the background ignore SIGINT and SIGQUIT
	cpu=$({ time env --default-signal=INT,QUIT timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null; } 2>&1) || status=$?
	[ "$status" -ne 124 ] || echo "# stopped after $limit s" >>"$log"
	echo "$status $((SECONDS - begun)) $(sum_of "$cpu")" >"$log.new" && mv "$log.new" "$log.ended"
}

# The output of `time`: seconds of CPU of the children that were waited for, in user space and in the kernel.
TIMEFORMAT='%U %S'
sum_of() { awk -v times="$1" 'BEGIN { split(times, part, " "); printf "%.1f", part[1] + part[2] }'; }

log_of() { echo "$logs/$(printf %s "$1" | tr '/ ' '__')"; }

# As run_alone, beside others: at most $jobs at a time.
begun_cases=()
run_case() {
	wait_for_room
	run_alone "$@" &
	begun_cases+=("$1")
}

wait_for_room() {
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
		tell_ended
	done
}

tell_ended() {
	local label log running=()
	for label in "${begun_cases[@]}"; do
		log=$(log_of "$label")
		if [ -e "$log.ended" ]; then
			# shellcheck disable=SC2046 # three numbers
			tally "$label" "$log" $(cat "$log.ended")
		else
			running+=("$label")
		fi
	done
	begun_cases=("${running[@]}")
}

# One that left no word of how it ended has failed.
wait_for_cases() {
	local label
	wait
	tell_ended
	for label in "${begun_cases[@]}"; do
		tell_broken "$label"
	done
	begun_cases=()
}

tell_broken() { # LABEL
	local log
	log=$(log_of "$1")
	touch "$log"
	tally "$1" "$log" 255 0 0
}

# A stage that keeps its order, beside all others. What it builds and runs shares half of the CPUs.
run_lane() { # STAGE
	wait_for_room
	(
		jobs=$((($(nproc) + 1) / 2)) begun_cases=()
		"stage_$1"
		touch "$logs/$1.through"
	) &
}

# LABEL COMMAND...: a step that is one test case by itself.
run_step() {
	local label=$1 log begun=$SECONDS status=0 cpu
	shift
	log=$(log_of "$label")
	[ -d "$logs" ] || exit 1
	cpu=$({ time "$@" >"$log" 2>&1 </dev/null; } 2>&1) || status=$?
	[ "$status" -ne 0 ] || echo "ok - $label" >>"$log"
	tally "$label" "$log" "$status" $((SECONDS - begun)) "$(sum_of "$cpu")"
	return "$status"
}

# LABEL DIRECTORY [TEST...]: every unit test below it, or those (preload/test_ring); cmocka's output as TAP.
run_units() {
	local label=$1 directory=$2 binary
	shift 2
	[ $# -gt 0 ] || set -- '*/test_*'
	# shellcheck disable=SC2048 # patterns
	for binary in ${*/#/"$directory"/}; do
		[ -x "$binary" ] && [ ! -d "$binary" ] || continue
		CMOCKA_MESSAGE_OUTPUT=TAP run_case "$label ${binary#"$directory"/}" 1200 $wrapper "$binary"
	done
	wait_for_cases
}

# DIRECTORY ARGUMENT...: make there; it ends with us, although a lane is in the background.
build() { env --default-signal=INT,QUIT make -s -k -j"$jobs" BUILD="$1" "${@:2}"; }

# Statistics want many runs; a sanitizer's stacks and instructions are others than ours.
plain_units='analyzer/test_leaks analyzer/test_interval_coverage analyzer/test_spread analyzer/test_contrast
preload/test_arenas preload/test_unwinder preload/test_unwinder_stacks preload/test_walker_tables preload/test_host
preload/test_countdown preload/test_sampling preload/test_ring preload/test_live preload/test_stacks preload/test_recycle_meanwhile'
# Without what a debugger needs for variables, which takes a twelfth of the compiler's time.
stage_build() {
	# shellcheck disable=SC2086 # names
	run_step "gcc compiles it without a warning" build "$BUILD" CFLAGS='-O2 -g1' all \
		${all_stages:+$(printf "$BUILD/tests/%s " $plain_units) "$BUILD/bench/make_snapshots" "$BUILD/bench/stack_bench"}
}

stage_clang() {
	run_step "clang and clang-tidy have no warning" build "$BUILD" tidy
	run_step "gcc -fanalyzer has no warning" build "$BUILD" analyze
}

# The shim as others may compile it, NAME:COMPILER:FLAGS. `debug` has the shim's invariants as assertions, and code for CPUs
# that check where a jump goes to; `bare` is clang's and has both. Across files gcc warns where there is nothing. The unit
# tests have the invariants under AddressSanitizer; with other compilers and flags they run where all rows do.
flavours='bare:clang:-O0 -DSEEP_DEBUG -fcf-protection=full
lto:gcc:-O3 -flto=auto -Wno-stringop-overread -Wno-maybe-uninitialized
clang:clang:-O0
debug:gcc:-O1 -g -DSEEP_DEBUG -fcf-protection=full'
# Rows in which most of the shim's code runs, and flavours that have them all; TORTURE= has all rows run, in those of which
# each differs in one thing (make check-flavours).
flavour_names=${FLAVOURS:-${TORTURE+lto clang debug}}
flavour_names=${flavour_names:-bare${LONG_TESTS:+ lto}}
flavour_rows=${TORTURE-address_is_handed_over allocations_in_signal_handlers fork_while_threads_allocate ends_in_every_way
	exceptions_while_loading borrowed_address_spaces}

stage_flavours() {
	local name compiler flags directory units
	while IFS=: read -r name compiler flags; do
		case " $flavour_names " in *" $name "*) ;; *) continue ;; esac
		directory=$BUILD/$name units=unit-preload
		[ -z "$flavour_rows" ] || units=
		# shellcheck disable=SC2086 # a target or none
		run_step "$name: the shim compiles ($compiler $flags)" build "$directory" \
			CC="$compiler" CFLAGS="$flags" "$directory/libseep.so" $units || continue
		[ -z "$units" ] || wrapper='' run_units "$name" "$directory/tests" 'preload/test_*'
		cp --remove-destination "$BUILD/seep" "$directory/seep"
		# shellcheck disable=SC2086 # a list of rows
		BUILD=$directory PAIRS=${flavour_rows:+one} run_case "$name: torture" 2400 bash tests/torture/run.sh $flavour_rows
	done <<<"$flavours"
	wait_for_cases
}

stage_layers() {
	run_case "the layout of the house" 240 python3 tests/check_layout.py
	wait_for_cases
}

# How the sources are laid out, slips in shell scripts and in the page, and that each public header can be read alone, in C and C++.
stage_format() {
	git ls-files -z '*.[ch]' '*.cpp' '*.cc' >"$logs/sources"
	git ls-files -z '*.sh' .ci/run >"$logs/scripts"
	run_step "clang-format would change nothing (make format)" xargs -0 -a "$logs/sources" clang-format-14 --dry-run -Werror
	run_step "shellcheck has no warning" xargs -0 -a "$logs/scripts" shellcheck -S warning
	run_step "each public header can be read alone" headers_stand_alone
	run_step "eslint has nothing to say of the page" bash tests/page/check.sh lint
	run_step "the page's types hold" bash tests/page/check.sh types
}

headers_stand_alone() {
	local header status=0
	for header in include/seep/*.h; do
		gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c "$header" || status=1
	done
	g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c++ include/seep/seep.h || status=1
	return $status
}

stage_unit() {
	if [ -n "$all_stages" ]; then
		# shellcheck disable=SC2086 # names
		set -- $plain_units
	else
		run_step "the unit tests' build" build "$BUILD" unit
		run_case "what nobody needs" 240 python3 tests/check_unused.py "$BUILD"
	fi
	wrapper='' run_units unit "$BUILD/tests" "$@"
}

stage_asan() {
	run_step "AddressSanitizer's build" build "$BUILD" unit-asan
	export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
	wrapper='' run_units asan "$BUILD/asan/tests"
	[ -n "$all_stages" ] || return
	run_case "what nobody needs" 240 python3 tests/check_unused.py "$BUILD" "$BUILD/asan"
	run_script tests/e2e/test_fuzz.sh # it builds in the same directory
	wait_for_cases
}

# Lock-free code is in preload/, and a test with one thread shows nothing of it. ThreadSanitizer wants the address space
# laid out as before Linux 6.6. Tests fork and end children with threads on purpose, and cmocka reports from wherever a
# test fails: neither is a race.
stage_tsan() {
	local tests
	tests=$(cd tests/unit && grep -lE 'pthread_create|program_maker\.h' preload/test_*.c | sed 's/\.c$//')
	# shellcheck disable=SC2086,SC2046 # words
	run_step "ThreadSanitizer's build" build "$BUILD/tsan" CFLAGS='-O1 -g1' \
		SANITIZE='-fsanitize=thread -Wno-error' $(printf "$BUILD/tsan/tests/%s " $tests)
	# shellcheck disable=SC2086 # words
	TSAN_OPTIONS=halt_on_error=1:report_thread_leaks=0:report_signal_unsafe=0 wrapper='setarch -R' \
		run_units tsan "$BUILD/tsan/tests" $tests
}

run_script() { # SCRIPT
	local limit
	limit=$(time_limit "$1")
	SEEP_TESTS_LOGS=$logs run_case "${1#tests/}" $((4 * limit)) env BUILD="$BUILD" bash "$1"
}

# A script's time limit is meant for an idle machine. Here others run beside it, and on a loaded machine everything
# takes longer: only scripts that hang are stopped.
time_limit() { sed -n 's/^#.*time limit: \([0-9]*\).*/\1/p; $s/.*/120/p' "$1" | head -n 1; }

# Those that may take longest come first, so that none is left alone at the end.
stage_e2e() {
	local script jobs=$places
	for script in tests/e2e/test_*.sh; do
		[ -n "$all_stages" ] && [ "$script" = tests/e2e/test_fuzz.sh ] || echo "$(time_limit "$script") $script"
	done | sort -k1,1nr -k2 >"$logs/order"
	while read -r _ script; do
		run_script "$script"
	done <"$logs/order"
	wait_for_cases
}

all_stages=
if [ $# -eq 0 ]; then
	all_stages=yes
	stage_build
	jobs=$places lanes='asan flavours tsan clang unit format layers'
	for stage in $lanes; do
		run_lane "$stage"
	done
	stage_e2e
	wait
	for stage in $lanes; do
		[ -e "$logs/$stage.through" ] || tell_broken "stage $stage"
	done
fi
# shellcheck disable=SC2048 # words
for stage in $*; do
	case $stage in
	build | clang | layers | format | unit | asan | tsan | flavours | e2e) "stage_$stage" ;;
	*)
		echo "run.sh: there is no stage '$stage'" >&2
		exit 2
		;;
	esac
done

read -r passed failed skipped < <(awk '{ good += $1; bad += $2; skips += $3 } END { print good + 0, bad + 0, skips + 0 }' "$logs/counts")
echo "in $((SECONDS - started)) s"
[ ! -e "$logs/failures" ] || cat "$logs/failures"
if [ $skipped -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ] && [ $passed -gt 0 ]
