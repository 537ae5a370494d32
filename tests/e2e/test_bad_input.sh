#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bad input through every command: one line that names the file and what is wrong, exit status 3, no crash, nothing on
# standard output and no partial output file.
. "$(dirname "$0")/lib.sh"

compile leaker <<'END'
#include <stdlib.h>
#include <string.h>
void *kept[30000];
__attribute__((noinline)) void *leak_here(size_t n) { return memset(malloc(n), 1, n); }
int main(void) { for (int i = 0; i < 30000; i++) { kept[i] = leak_here(900 + i % 200); free(malloc(500)); } return 0; }
END
"$SEEP" run -r 16K -i 0 -o good -- ./leaker 2>/dev/null
good=$(ls good/*.seep | tail -n 1)
check "there is a good snapshot to begin with" "$SEEP" report "$good"
size=$(stat -c %s "$good")

patch_byte() { # FILE OFFSET: flips every bit of one byte
	/usr/bin/python3 - "$1" "$2" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2])); b = f.read(1); f.seek(-1, 1); f.write(bytes([b[0] ^ 255]))
	END
}
mkdir bad
: >bad/empty
head -c 30 "$good" >bad/cut-in-header
head -c 200 "$good" >bad/cut-in-table
head -c $((size / 2)) "$good" >bad/cut-in-half
head -c $((size - 1)) "$good" >bad/cut-by-one
{ cat "$good"; echo more; } >bad/too-long
for place in 3 20 70 $((size / 3)) $((size / 2)) $((size - 9)); do
	cp "$good" "bad/flipped-at-$place" && patch_byte "bad/flipped-at-$place" $place
done
/usr/bin/python3 - "$good" bad/newer-version <<'END'
import sys, zlib, struct
data = bytearray(open(sys.argv[1], "rb").read())
struct.pack_into("<I", data, 8, 99)
struct.pack_into("<I", data, 60, 0)
struct.pack_into("<I", data, 60, zlib.crc32(data[:64]))
open(sys.argv[2], "wb").write(data)
END
cp /bin/true bad/foreign
echo 'this is a text' >bad/text
head -c 100000 /dev/urandom >bad/noise
head -c 100000 /dev/zero >bad/zeroes
mkdir bad/directory
mkdir bad/no-heap && echo junk >bad/no-heap/heap
mkdir bad/cut-heap && head -c 5000 good/heap >bad/cut-heap/heap
ln -s nowhere bad/dangling
mkfifo bad/pipe
printf 'x' >"$(printf 'bad/na\033[31m\nme')"

bad_input() { /usr/bin/python3 -B "$ROOT/tests/e2e/support/bad_input.py" "$SEEP" "$@"; }
bad_input "$good" || cases_failed=1
for file in bad/cut-heap bad/no-heap nowhere; do
	check "leaks: $file" bad_input leaks "$file"
done
for pattern in 'bad/cut-in-half: .*offset|bad/cut-in-half: .*truncated' 'bad/newer-version: .*version 99' 'bad/empty: ' \
	"bad/flipped-at-$((size / 2)): .*(offset|checksum)"; do
	file=${pattern%%:*}
	check_match "what is wrong with ${file#bad/} is said" "$pattern" "$("$SEEP" report "$file" 2>&1)"
done
check "a file that is not there" bad_input report nowhere.seep
check "a file that may be unreadable but not crash" bad_input report /proc/self/mem
check "a device" bad_input report /dev/null
check "standard input that is a terminal's opposite" bad_input report /dev/stdin

# A file that changes and vanishes while it is read, many times over: any answer but a crash or a hang.
cat >shaker.sh <<END
while :; do cp "$good" shaken.new; mv shaken.new shaken; : >shaken; rm -f shaken; done
END
background bash shaker.sh
bad_ends=''
for _ in $(seq 60); do
	timeout 60 "$SEEP" report shaken >/dev/null 2>&1
	status=$?
	[ $status -eq 0 ] || [ $status -eq 3 ] || bad_ends="$bad_ends $status"
done
check_equal "a file that is cut and removed while it is read" "" "$bad_ends"

# Outputs that can't be written.
check "a full disk under standard output is an error" bash -c "! '$SEEP' report '$good' >/dev/full 2>/dev/null"
"$SEEP" report "$good" >/dev/full 2>stderr
check_equal "with exit status 3 and one line" "3 1" "$? $(wc -l <stderr)"
"$SEEP" flame "$good" -o /nonexistent/out.svg 2>stderr
check_equal "a directory that is not there: exit status 3 and one line" "3 1" "$? $(wc -l <stderr)"
exit $cases_failed
