#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which blocks nobody referred to when a process ended, from its core dump (docs/REFERENCES.md): the kernel's and gdb's.
. "$(dirname "$0")/lib.sh"

cat "$ROOT/tests/e2e/programs/lost_and_kept.inc" - <<'END' | compile holder
char *tagged, *undumped;

APART void keep_tagged(void) { tagged = (char *)((unsigned long)malloc(450) | 0xfff8UL << 48); }

int main(void) {
	pthread_t thread;
	char byte;
	if (pipe(fds)) abort();
	lose_blocks(), lose_list(), lose_ring();
	keep_list(), keep_table(), keep_interior(), keep_local(), keep_tagged();
	pthread_create(&thread, NULL, keep_on_stack, NULL);
	pthread_create(&thread, NULL, keep_in_register, NULL);
	for (int i = 0; i < 2; i++) if (read(fds[0], &byte, 1) != 1) abort();
	scrub();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) == 1) if (byte == 'n') { for (int i = 0; i < N; i++) free(interior[i] - 1 - i); keep_interior(); puts("anew"); fflush(stdout); }
	abort();
}
END
begin() { # NAME
	rm -f requests out
	mkfifo requests
	exec 5<>requests
	(ulimit -c unlimited 2>/dev/null; exec "$SEEP" run -r 1 -i 1s -o "$1" -- ./holder) <requests >out 2>run.err 5>&- &
	run=$!
	pids+=("$run")
	wait_until 30 grep -q ready out && holder=$(child_of "$run")
	wait_until 30 [ -e "$1/000004.seep" ]
}
# The program reads the end of its input, and aborts.
end() { exec 5>&-; wait "$run" 2>/dev/null; }
blocks() { # DOCUMENT FUNCTION...
	/usr/bin/python3 - "$@" <<'END'
import json, sys
document = json.load(open(sys.argv[1]))
for function in sys.argv[2:]:
    sites = [s for s in document["sites"] if any(f["function"] == function for f in s["stack"])]
    looked = [s["references"] for s in sites if s["references"]]
    samples, lost = sum(r["samples"] for r in looked), sum(r["unreferenced_samples"] for r in looked)
    print(function, samples, "lost" if function.startswith("lose") and lost >= 0.95 * samples else lost)
END
}
all="lose_blocks 300 lost
lose_list 300 lost
lose_ring 300 lost
keep_list 300 0
keep_table 301 0
keep_interior 300 0
keep_local 300 0
keep_on_stack 300 0
keep_in_register 1 0
keep_tagged 1 0"
functions=(lose_blocks lose_list lose_ring keep_list keep_table keep_interior keep_local keep_on_stack keep_in_register keep_tagged)
judge() { "$SEEP" leaks --json --core "$2" "$1" >leaks.json 2>err; }
refused() { # NAME PATTERN RECORDING CORE
	local output status
	output=$("$SEEP" leaks --core "$4" "$3" 2>&1 >/dev/null)
	status=$?
	check_match "refused: $1" "^3 1 seep: .*$2" "$status $(wc -l <<<"$output") $output"
}

dumped="" # a recording that has a dump
begin killed
end
core=$(find . -maxdepth 1 -name 'core*' | head -n 1)
if [ -n "$core" ]; then
	mv "$core" the.core
	dumped=killed
	judge killed the.core
	check_equal "from the kernel's dump: all that was lost is found, and nothing else" "$all" "$(blocks leaks.json "${functions[@]}")"
	check_match "it says what was found" "^seep: [0-9]+ of [0-9]+ sampled blocks are referenced by nobody in the.core: [0-9]+ MiB and the registers of 3 threads$" "$(cat err)"
	validates leaks-2.json "$SEEP" leaks --json --core the.core killed
	check_match "seep leaks says so" "of its bytes are referenced by nobody" "$("$SEEP" leaks -v --core the.core killed 2>err)"
	"$SEEP" bundle killed -o killed.bundle >/dev/null 2>&1
	judge killed.bundle the.core
	check_equal "and with a bundle" "$all" "$(blocks leaks.json "${functions[@]}")"
else
	echo "# the kernel makes none here: core_pattern is $(cat /proc/sys/kernel/core_pattern)"
fi

# While the kernel writes a dump (64 GiB of holes take it a second and more) nothing grows: that is no part of the series.
cat >dumped.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
	size_t bytes = (size_t)64 << 30;
	struct timespec now;
	for (int i = 0; i < 2000; i++) {
		char *volatile kept = malloc(10000);
		kept[0] = 1;
		usleep(1000);
	}
	char *holes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (holes == MAP_FAILED)
		return 1;
	holes[0] = holes[bytes - 1] = 1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
	fflush(stdout);
	abort();
}
END
if [ -n "$core" ]; then
	gcc -g -o dumped dumped.c
	(ulimit -c unlimited; exec "$SEEP" run -r 16K -i 50ms -o dumping -- ./dumped) >aborted 2>run.err
	find . -maxdepth 1 -name 'core*' -delete
	/usr/bin/python3 -c 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC))' >ended
	for snapshot in dumping/*.seep; do "$SEEP" report --json "$snapshot"; done >snapshots.json
	check "the series ends where the dump begins" /usr/bin/python3 -c '
import json
decoder, text, after, last = json.JSONDecoder(), open("snapshots.json").read().strip(), 0, 0
aborted, ended = int(open("aborted").read()), int(open("ended").read())
while text:
    report, end = decoder.raw_decode(text)
    text = text[end:].strip()
    snapshot = report["snapshot"]
    after += snapshot["trigger"] == "timer" and snapshot["time_ns"] > aborted
    last = max(last, snapshot["time_ns"])
print(after, "snapshots,", (last - aborted) / 1e9, "of", (ended - aborted) / 1e9, "s after the end")
assert after <= 12 and last - aborted < (ended - aborted) / 2' # the machine may be busy before the dump begins
fi

if command -v gdb >/dev/null; then
	begin running
	timeout 60 gdb -q -batch -p "$holder" -ex "generate-core-file gdb.core" >/dev/null 2>&1
	[ -n "$dumped" ] || { dumped=running && cp -p gdb.core the.core; }
	judge running gdb.core
	check_equal "from gdb's, while the program runs" "$all" "$(blocks leaks.json "${functions[@]}")"
	echo n >&5
	wait_until 30 grep -q anew out
	judge running gdb.core
	check_equal "blocks that were born since are not in it, and not called lost" "${all/keep_interior 300/keep_interior 0}" \
		"$(blocks leaks.json "${functions[@]}")"
	refused "another process's" "gdb.core: is of process $holder, and the recording of [0-9]+$" killed gdb.core
	end
	touch -d "1 hour" gdb.core
	refused "one of an unknown moment" "when it was made is not known$" running gdb.core
else
	echo "# there is no gdb here"
fi

if [ -n "$dumped" ]; then
	head -c $(($(stat -c %s the.core) / 2)) the.core >half.core
	refused "one that is cut short" "half.core: is cut short: [0-9]+ of at least [0-9]+ bytes are there$" "$dumped" half.core
	/usr/bin/python3 - the.core <<'END'
import struct, sys
contents = open(sys.argv[1], "rb").read()
first, count = struct.unpack_from("<Q", contents, 32)[0], struct.unpack_from("<H", contents, 56)[0]
headers = [struct.unpack_from("<IIQQQQQQ", contents, first + 56 * i) for i in range(count)]
notes = next(h for h in headers if h[0] == 4)
other = bytearray(contents)
for header in headers: # the first page of a module that begins there has its build id
    at = other.find(b"GNU\0", header[2], header[2] + 4096) if other[header[2]:header[2] + 4] == b"\x7fELF" else -1
    while at >= 0:
        other[at + 4:at + 8] = bytes(4)
        at = other.find(b"GNU\0", at + 8, header[2] + 4096)
open("other.core", "wb").write(other)
broken = bytearray(contents)
struct.pack_into("<I", broken, notes[2] + 4, 0x7fffffff)
open("broken.core", "wb").write(broken)
END
	refused "one with another build" "other.core: is of another process: it has something else where .* was$" "$dumped" other.core
	refused "one whose notes are damaged" "broken.core: its notes are damaged$" "$dumped" broken.core
fi
refused "what is not a core dump" "holder: is not a core dump$" killed holder
refused "none" "nothing.core: No such file" killed nothing.core
"$SEEP" leaks --references --core holder killed >/dev/null 2>err
check_equal "it does not go with --references" 2 $?
exit "$cases_failed"
