#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Counts which lines and branches the tests run: all unit tests, and the end-to-end scripts and torture rows named below, on
# a build of its own. BUILD=build tests/coverage/run.sh; exit status 1 where a file is below the limit of table.py.
#
# Lost are the counts of processes that are killed, and those of a program behind its filter of system calls. One that is killed
# while it writes spoils a file, which the next process then begins anew: so what kills many runs first. A test that fails is
# said, and nothing more: this build is slow, and writes files of its own.
set -eu
cd "$(dirname "$0")/../.."

scripts='allocators annotate asked attach attach_all attach_refused bad_input builds bundle check check_formats
	contents contradictions core cut_heap_file damaged_recording debuginfod debuginfod_slow disk_full doctor export
	flame follow growth heaptrack help hostile_input html kept_heap kill labels leaks leaks_at_exit ledger list manual
	mappings mark_and_compare memory metrics names other_users outside overtaken pager pid places preload_only
	process_tree push recipes references references_known references_meanwhile registry run_options run_status scrape
	security serve service service_tidy service_times several signals snapshot_format spread static symbols top
	transparent triggers'
rows='address_is_handed_over alignment_is_checked becomes_another_user children_are_the_programs
	constructors_allocate_first descriptors_are_closed disk_is_full dlopen_while_sampling ends_in_every_way
	everything_is_killed everything_is_locked exec_keeps_the_process fibers filter_before_the_first_sample
	filter_by_syscall_before_the_first_sample filter_for_all_threads fork_while_threads_allocate heap_is_damaged
	keeper_dies limits_are_low limits_are_set_late malloc_passes_calls_on many_short_children mappings_everywhere
	modules_become_unreadable namespaces_want_no_threads output_is_removed process_is_number_one
	processes_have_a_limit program_is_privileged program_stays_single_threaded program_with_its_own_malloc
	realloc_is_interrupted roots_and_privileges_change run_is_killed sizes_that_no_allocator_has small_thread_stacks
	spawned_children_record strict_seccomp_filter supervisors_are_asked_no_more surroundings_deny_calls'

export BUILD=${BUILD:-build}/coverage
mkdir -p "$BUILD"
BUILD=$(realpath "$BUILD")
gcc -O1 -fPIC -c tests/coverage/exit.c -o "$BUILD/exit.o"
unset MAKEFLAGS MAKELEVEL
make -s -j"$(nproc)" ${CC:+CC="$CC"} CFLAGS='-O0 -g1 --coverage -fprofile-update=atomic -fprofile-abs-path' \
	SANITIZE="-Wl,--wrap=_exit,--wrap=keeper_run_apart,--wrap=recording_confine,$BUILD/exit.o" BUILD="$BUILD" all unit
# Empty files that anybody may write: a process counts after it has become another user, too.
find "$BUILD" -name '*.gcda' -delete
find "$BUILD/obj" -name '*.gcno' | sed 's/gcno$/gcda/' | xargs sh -c 'touch "$@" && chmod 666 "$@"' touch

run() { # LABEL COMMAND...
	local label=$1
	shift
	timeout -k 5 420 "$@" >"$BUILD/$label.log" 2>&1 </dev/null || echo "failed: $label ($BUILD/$label.log)" >&2
}
export -f run
{
	for row in $rows; do echo "ALLOCATORS=glibc run $row bash tests/torture/run.sh $row"; done
	for script in $scripts; do echo "run $script bash tests/e2e/test_$script.sh"; done
	for test in "$BUILD"/tests/*/test_*; do [ ! -x "$test" ] || echo "run ${test##*/} $test"; done
	echo "run make_manual $BUILD/make_manual $BUILD/manual"
} | xargs -d '\n' -P "$(nproc)" -n 1 bash -c
find "$BUILD/obj" -name '*.gcda' -empty -delete # for code that nobody ran; gcov refuses an empty file
tests/coverage/table.py "$BUILD"
