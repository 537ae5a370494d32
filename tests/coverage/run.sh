#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Counts which lines and branches the tests run: all unit tests, and the end-to-end scripts and torture rows named below, on
# a build of its own. BUILD=build tests/coverage/run.sh; exit status 1 where a file is below the limit of table.py.
#
# All processes of a program count in one file (counters.c), so those count, too, that are killed or confine themselves. A test
# that fails is said, and nothing more: this build is slow.
set -eu
cd "$(dirname "$0")/../.."

scripts='attach allocators annotate asked attach_all attach_refused bad_input builds bundle check check_formats
	contents contradictions core cut_heap_file damaged_recording debuginfod debuginfod_slow disk_full doctor export
	flame follow growth heaptrack help hostile_input html kept_heap kill labels leaks leaks_at_exit ledger list manual
	mappings mark_and_compare memory metrics names other_users outside overtaken pager pid places preload_only
	process_tree push recipes references references_known references_meanwhile registry run_options run_status scrape
	security serve service service_tidy service_times several signals snapshot_format spread static symbols top
	transparent triggers'
rows='address_is_handed_over alignment_is_checked becomes_another_user children_are_the_programs clocks_are_forbidden
	constructors_allocate_first descriptors_are_closed disk_is_full dlopen_while_sampling ends_in_every_way
	everything_is_killed everything_is_locked exec_keeps_the_process fibers filter_before_the_first_sample
	filter_by_syscall_before_the_first_sample filter_for_all_threads fork_while_threads_allocate
	guessed_frames_are_unmapped heap_is_damaged keeper_dies limits_are_low limits_are_set_late
	malloc_passes_calls_on many_short_children mappings_everywhere modules_become_unreadable
	namespaces_want_no_threads opens_are_asked_for output_is_removed process_is_number_one processes_have_a_limit
	program_is_privileged program_stays_single_threaded program_with_its_own_malloc realloc_is_interrupted
	roots_and_privileges_change run_is_killed sizes_that_no_allocator_has small_thread_stacks
	spawned_children_record strict_seccomp_filter supervisors_are_asked_no_more surroundings_deny_calls
	two_calls_want_the_keeper_away'

export BUILD=${BUILD:-build}/coverage
rm -rf "$BUILD" # objects that were made with other options would count beside the file
mkdir -p "$BUILD"
BUILD=$(realpath "$BUILD")
mkdir -m 777 "$BUILD/counters"
gcc -std=c11 -D_GNU_SOURCE -O1 -fPIC -Ipreload -DCOUNTERS="\"$BUILD/counters\"" -c tests/coverage/counters.c -o "$BUILD/counters.o"
wraps=$(printf -- '-Wl,--wrap=%s ' __gcov_exit __gcov_dump __gcov_reset __gcov_reset_int keeper_main)
unset MAKEFLAGS MAKELEVEL
# gold, which links the unit tests otherwise, does not know INSERT of counters.ld.
make -s -j"$(nproc)" ${CC:+CC="$CC"} CFLAGS='-O0 -g1 -fdata-sections --coverage -fprofile-update=atomic -fprofile-abs-path' \
	LINK_UNIT= SANITIZE="$wraps-Wl,-T,tests/coverage/counters.ld -Wl,$BUILD/counters.o" BUILD="$BUILD" all unit

run() { # LABEL COMMAND...
	local label=$1
	shift
	timeout -k 5 420 "$@" >"$BUILD/$label.log" 2>&1 </dev/null || echo "failed: $label ($BUILD/$label.log)" >&2
}
export -f run
# Most of a script's time is waiting. Those that take longest come first.
{
	for script in $scripts; do echo "run $script bash tests/e2e/test_$script.sh"; done
	for row in $rows; do echo "ALLOCATORS=glibc run $row bash tests/torture/run.sh $row"; done
	for test in "$BUILD"/tests/*/test_*; do [ ! -x "$test" ] || echo "run ${test##*/} $test"; done
} | xargs -d '\n' -P $((2 * $(nproc))) -n 1 bash -c
COVERAGE_DUMP=libseep.so LD_PRELOAD=$BUILD/libseep.so /bin/true
for counters in "$BUILD"/counters/*; do
	name=${counters##*/}
	for program in "$BUILD/$name" "$BUILD"/tests/*/"$name"; do # neither: a copy that a test has named otherwise
		[ "$name" = libseep.so ] || [ ! -x "$program" ] || COVERAGE_DUMP=$name "$program"
	done
done
tests/coverage/table.py "$BUILD"
