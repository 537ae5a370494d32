#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench-attach: what joining costs a program that does nothing but malloc and free, beside other tools that join running
# programs: how long it stands still, instructions a pair while it is recorded and afterwards (counted by stepping through it,
# so that a busy machine makes no difference), and what is left in it. Tools that are not installed are left out. Then real
# programs at work are joined and left CYCLES times each (50): how long they stand still, which a busy machine makes longer.
set -u
cd "$(dirname "$0")/../.." || exit 1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
ROOT=$PWD
export SEEP; SEEP=$(realpath "${BUILD:-build}/seep")
SHIM=$(realpath "${BUILD:-build}/libseep.so")
WORK=$(mktemp -d)
program=""
trap '[ -z "$program" ] || kill -KILL "$program" 2>/dev/null; rm -rf "$WORK"' EXIT
build() { gcc -w -O1 -fno-builtin -no-pie -pthread -o "$WORK/$1" tests/bench/attach_pairs.c "${@:2}"; }
build pairs || exit 1
build own_malloc tests/e2e/programs/toy_malloc.c
jemalloc=/usr/lib/x86_64-linux-gnu/libjemalloc.a
[ ! -e $jemalloc ] || build jemalloc $jemalloc -lm -lstdc++ -ldl
cd "$WORK" || exit 1
binary=pairs
first=() # before the others, where that is allowed: the machine may be busy
[ "$(id -u)" = 0 ] && first=(chrt -f 10)

begin() { # [NAME=VALUE...]
	rm -f answers
	mkfifo answers
	exec 6<>answers
	env "$@" "${first[@]}" "./$binary" >&6 &
	program=$!
	sleep 0.3
}
end() { kill -KILL "$program" 2>/dev/null; wait "$program" 2>/dev/null; program=""; exec 6>&-; }
still() { kill -USR1 "$program" && read -rt 20 answer <&6 && echo "$answer"; }
instructions() { timeout 60 ./pairs "$program" "$(nm "$binary" | awk '$3 == "pair" {print $1}')"; }
left() { # what it has now and had not before
	local now
	now=$(maps)
	comm -13 <(echo "$before") <(echo "$now") | sed 's/ (deleted)//; s,.*/,,' | sort -u | tr '\n' ' '
	echo "$(($(find "/proc/$program/task" -mindepth 1 -maxdepth 1 | wc -l) - 1)) threads"
}
maps() { awk 'NF > 5 {sub(/^([^ ]+ +){5}/, ""); print}' "/proc/$program/maps" | grep -v '^\[' | sort -u; }
row() { printf '| %s | %s | %s | %s | %s |\n' "$@"; }

awaits_heaptrack() {
	for ((i = 0; i < 60; i++)); do ! grep -q libheaptrack "/proc/$program/maps" || break; sleep 1; done
	sleep 5
}

measure() { # NAME JOIN LEAVE
	case $1 in ${ATTACH_ONLY:-}*) ;; *) return ;; esac
	begin A=1
	before=$(maps)
	still >/dev/null
	eval "$2" >"$1.log" 2>&1
	sleep 1
	local pause during
	pause=$(still)
	during=$(instructions)
	eval "$3" >>"$1.log" 2>&1
	sleep 1
	if kill -0 "$program" 2>/dev/null; then row "$1" "$pause" "$during" "$(instructions)" "$(left)"; else row "$1" "$pause" "$during" "it ended" ""; fi
	end
}

echo '| | stands still, ms | instructions a pair | after leaving | left in it |'
echo '|---|---|---|---|---|'
begin A=1
row "nothing" - "$(instructions)" - -
end
begin LD_PRELOAD="$SHIM" SEEP_OUTPUT="$WORK/preloaded"
row "libseep.so preloaded" - "$(instructions)" - -
end
measure "seep attach" '"$SEEP" attach -o joined "$program"' '"$SEEP" detach "$program"'
measure "seep attach, again" '"$SEEP" attach -o j1 "$program"; "$SEEP" detach "$program"; still; "$SEEP" attach -o j2 "$program"' '"$SEEP" detach "$program"'
if command -v gdb >/dev/null; then
	echo 'int nothing_at_all;' | gcc -x c -shared -fPIC -o nothing.so -
	measure "gdb, dlopen() of an empty library" \
		'timeout 60 gdb -q -batch -p "$program" -ex "call (void *)dlopen(\"$WORK/nothing.so\", 2)"' true
fi
if command -v heaptrack >/dev/null && command -v gdb >/dev/null; then
	measure "heaptrack -p" '(timeout 120 heaptrack -p "$program" </dev/null & echo $! >tracker); awaits_heaptrack' \
		'kill -INT "$(cat tracker)"; sleep 8'
fi
for binary in own_malloc jemalloc; do # in the program
	[ -e $binary ] || continue
	begin A=1
	row "$binary in the program: nothing" - "$(instructions)" - -
	end
	measure "seep attach --static, $binary" '"$SEEP" attach --static -o "$binary.seep" "$program"' '"$SEEP" detach "$program"'
done

echo
echo "| joined and left ${CYCLES:=50} times each, load $(cut -d' ' -f1 /proc/loadavg) | stood still, ms: median | most |"
echo '|---|---|---|'
cd "$ROOT" || exit 1
for name in redis nginx python3 postgres node java threads mix; do
	ATTACH_ONLY=$name CYCLES=$CYCLES bash tests/soak/attach.sh >"$WORK/said" || { cat "$WORK/said"; failed=1; }
	awk -v name="$name" '/stood still/ {gsub(",", ""); printf "| %s | %s | %s |\n", name, $(NF - 2), $NF}' "$WORK/said" | tee -a "$WORK/pauses"
done
awk -F'|' '{n++; if ($3 > slow) slow = $3 + 0; if ($4 > most) most = $4 + 0; late += $3 > 1 || $4 > 30}
	END {printf "of %d programs, %d stay within a median of 1 ms and 30 ms at most; the largest: %s and %s ms\n", n, n - late, slow, most}' "$WORK/pauses"
exit "${failed:-0}"
