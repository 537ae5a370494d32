#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A full, small or read-only disk while recording never hurts the program, and what was written stays readable.
. "$(dirname "$0")/lib.sh"

compile worker <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
/* worker [PAUSE_MICROSECONDS [DESCRIPTORS]]: pauses now and then; lowers its limit of descriptors first. */
void *kept[40000];
__attribute__((noinline)) void *keep(size_t n) { return memset(malloc(n), 1, n); }
int main(int argc, char **argv) {
	long sum = 0;
	if (argc > 2) setrlimit(RLIMIT_NOFILE, &(struct rlimit){atoi(argv[2]), atoi(argv[2])});
	for (int i = 0; i < 40000; i++) {
		kept[i] = keep(1000);
		free(malloc(300));
		sum += ((char *)kept[i])[i % 1000];
		if (argc > 1 && i % 1000 == 0) usleep(atoi(argv[1]));
	}
	printf("sum %ld\n", sum);
	return 4;
}
END
expected='sum 40000 4'

# A mount of our own needs privileges; a user namespace gives them to everybody where the kernel allows it.
if mkdir small && mount -t tmpfs -o size=256k tmpfs small 2>/dev/null; then
	mounts+=("$WORK/small")
else
	skip "a small disk" "this user can't mount"
	exit 0
fi

output=$(LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/small/r SEEP_RATE=4K ./worker 2>stderr)
check_equal "no room for the heap file: the program is not touched" "$expected" "$output $?"
check "at most one line of warning" test "$(wc -l <stderr)" -le 1
output=$("$SEEP" run -r 4K -o small/s -- ./worker 2>stderr)
check_equal "the same under seep run" "$expected" "$output $?"
check_match "which says why there is no recording" '^seep: ' "$(cat stderr)"
check "and leaves no broken recording behind" bash -c '! compgen -G "small/*/heap" || ! compgen -G "small/*/*.seep"'
umount small
mounts=()

# Room for the heap file, but soon not for snapshots: a file that grows takes the rest.
mount -t tmpfs -o size=32m tmpfs small && mounts+=("$WORK/small")
output=$("$SEEP" run -r 64K -i 20ms -o small/r -- ./worker 20000 2>stderr &
	pid=$!
	wait_until 10 test -e small/r/000002.seep
	cp small/r/000001.seep first.seep
	head -c 100M /dev/zero >small/filler 2>/dev/null
	wait $pid; echo "$?")
output=$(paste -sd' ' <<<"$output")
check_equal "the disk fills up in mid-run: the program is not touched" "$expected" "$output"
check "the first snapshot is as it was" cmp first.seep small/r/000001.seep
unreadable=''
for snapshot in small/r/*.seep; do
	"$SEEP" report "$snapshot" >/dev/null 2>&1 || unreadable="$unreadable $snapshot"
done
check_equal "every snapshot that is there can be read" "" "$unreadable"
rm -f small/filler
check_match "once there is room, the rest can be had" '\.seep$' "$("$SEEP" snapshot small/r 2>/dev/null)"
check_equal "no temporary file stays" "" "$(find small -name '*tmp*' -o -name '.*seep*')"
mount -o remount,ro small
output=$(LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/small/readonly SEEP_RATE=4K ./worker 2>/dev/null)
check_equal "a read-only disk" "$expected" "$output $?"
output=$("$SEEP" run -r 4K -o small/readonly -- ./worker 2>stderr)
check_equal "a read-only disk under seep run: not started, and said" " 3 1" "$output $? $(grep -c 'Read-only file system' stderr)"
umount small
mounts=()

# The list of a run's recordings is a file, too, in TMPDIR.
mount -t tmpfs -o size=64k tmpfs small && mounts+=("$WORK/small")
head -c 1M /dev/zero >small/filler 2>/dev/null
output=$(TMPDIR=$WORK/small "$SEEP" run -r 4K -o listed -- ./worker 2>stderr)
check_equal "TMPDIR is full: the program is not touched" "$expected" "$output $?"
check_match "and its recording is known" '^seep: recorded in ' "$(cat stderr)"
umount small
mounts=()
for limit in 0 5 200; do
	output=$("$SEEP" run -r 4K -o "limited.$limit/%c" -- bash -c "ulimit -f $limit; exec ./worker" 2>&1)
	check_match "a program that limits its files to $limit KiB is recorded by seep run" ' in use, .*/worker$' "$output"
done
output=$(ulimit -f 0; "$SEEP" run -r 4K -o nowhere -- ./worker 2>&1)
check_match "where nothing can be written, that is said" 'could not write to its list of recordings: File too large' "$output"
output=$(ulimit -f 64; "$SEEP" run -r 4K -o itself.hard -- ./worker 2>&1)
check_match "seep run's own files may not be as long: its last snapshot is the recording" '^seep: recorded in itself.hard ' "$output"
output=$(ulimit -Sf 64; "$SEEP" run -r 4K -o itself.soft -- bash -c 'ulimit -Sf; exec ./worker' 2>&1)
check_equal "a limit that seep run may raise is the program's alone" "64 0" "$(head -n 1 <<<"$output") $(grep -c 'no space' <<<"$output")"
"$SEEP" run -r 4K -o whole -- ./worker >/dev/null 2>&1
for format in "html whole -o limited.html" "flame whole -o limited.svg" "export --format=pprof whole -o limited.pb"; do
	complaint=$(ulimit -f 0; "$SEEP" $format 2>&1 >/dev/null | cat; exit "${PIPESTATUS[0]}")
	check_equal "seep ${format%% *}, where files may not be as long" "3 1 " \
		"$? $(grep -c 'cannot write: File too large' <<<"$complaint") $(ls -A | grep limited.html; ls -A | grep limited.svg; ls -A | grep limited.pb)"
done

output=$(LD_PRELOAD=$SHIM SEEP_OUTPUT=/proc/nonexistent/place SEEP_RATE=4K ./worker 2>/dev/null)
check_equal "a directory that is not there" "$expected" "$output $?"
output=$(ulimit -f 16; LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/limited SEEP_RATE=4K ./worker 2>/dev/null)
check_equal "a limit on the size of files" "$expected" "$output $?"
output=$(LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/nofiles SEEP_RATE=4K ./worker 0 3 2>/dev/null)
check_equal "no descriptor left" "$expected" "$output $?"
background env LD_PRELOAD="$SHIM" SEEP_OUTPUT="$WORK/removed" SEEP_RATE=4K SEEP_INTERVAL=20ms ./worker 20000 >removed.out 2>/dev/null
wait_until 10 test -e removed/000001.seep
rm -rf removed
wait "$background_pid"
status=$?
check_equal "a recording that is removed under the program" "$expected" "$(cat removed.out) $status"
exit $cases_failed
