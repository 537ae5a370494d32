#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a power failure may leave of a heap file: a file that ends at any page, or one with pages that were never written.
# Every command says what is wrong, or reads what is there; none crashes.
. "$(dirname "$0")/lib.sh"

gcc -std=gnu11 -g -pthread -o leaking "$ROOT/tests/e2e/programs/leaking.c"
LD_PRELOAD=$SHIM SEEP_RATE=64K SEEP_INTERVAL=0 SEEP_OUTPUT=$WORK/killed ./leaking . 1 < <(sleep 30) >/dev/null 2>&1 &
pids+=($!)
wait_until 20 test -e truth.first -a -e killed/heap
kill -KILL $! && wait $! 2>/dev/null
check "the recording of a killed program can be read" "$SEEP" report killed
pages=$(($(stat -c %s killed/heap) / 4096))
check "its heap file has many pages" test $pages -gt 1000

bad=
mkdir cut
for page in 0 1 2 3 4 5 6 10 100 $(shuf -i 0-$pages -n 16 --random-source=<(yes)) $((pages - 1)); do
	head -c $((page * 4096)) killed/heap >cut/heap
	rm -f cut/*.seep
	for command in "report" "report --json" "snapshot"; do
		"$SEEP" $command cut >out 2>err
		status=$?
		[ $status -eq 3 ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] || bad="$bad
$command, $page pages: status $status: $(head -n 3 err)"
	done
	[ -z "$(ls cut | grep -v '^heap$')" ] || bad="$bad
$page pages: left behind: $(ls cut)"
done
check_equal "a heap file cut at any page: one line, exit status 3, nothing left behind" "" "$bad"

bad=
for page in $(shuf -i 5-$((pages - 1)) -n 24 --random-source=<(yes)); do
	rm -rf cut && cp -r killed cut
	dd if=/dev/zero of=cut/heap bs=4096 seek=$page count=$((1 + page % 50)) conv=notrunc status=none
	for command in "report --json" "snapshot" "report"; do
		"$SEEP" $command cut >out 2>err
		status=$?
		case $status in 0) ;; 3) [ "$(wc -l <err)" -eq 1 ] || status=err ;; esac
		case $status in 0 | 3) ;; *) bad="$bad
$command, pages from $page on are zero: status $status: $(head -n 3 err)" ;; esac
	done
done
check_equal "a heap file with pages that were never written is read, or refused in one line" "" "$bad"
exit $cases_failed
