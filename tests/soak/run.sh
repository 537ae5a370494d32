#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real programs with the shim beside themselves without it: the same results, the same exit status, no hang, nothing
# left running, and recordings that `seep report` opens. docs/SOAK.md has the last run.
#
#	SOAK_ONLY="NAME..."      of programs/NAME.sh, these only
#	SOAK_VARIANTS="NAME..."  of run-RATE (seep run), preload-RATE (LD_PRELOAD alone), jemalloc-RATE (seep run on jemalloc)
#	SOAK_PEERS=1             the same with heaptrack and LeakSanitizer in place of seep
#	SOAK_SHORT=1             only the programs that have a short selection, and of them that selection, each by one variant
#	SOAK_PROGRAMS=DIRECTORY  other programs than those here
#	SOAK_KEEP=DIRECTORY      where what a run with a difference printed, and its recordings, are left
#
# A program is a script: `programs/NAME.sh WORKDIR PREFIX...`. PREFIX... is the command to put before the real program.
# It prints results that are the same whenever they should be: a line each, "KEY<tab>RESULT" where it has many, and its
# exit status is the real program's. WORKDIR is empty, and the same path in every run; TMPDIR is below it; $SOAK_CACHE
# is a directory that lasts (something unpacked), $SOAK_SHORT as above. Lines at its top say what is special about it:
#	# time limit: 240 s      bounds one run (60 s)
#	# short: yes             it looks at $SOAK_SHORT, and takes 5 s at most then
#	# allocator: own, WHY    no run over jemalloc
#	# recordings: any, WHY   there may be none
#	# says: PATTERN          seep says so on standard error, which the script passes on
#
# It is run twice without anything. Keys whose results differ between such runs are named as unstable and left out.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(realpath "${BUILD:-$ROOT/build}")
SEEP=$BUILD/seep
SHIM=$BUILD/libseep.so
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
unset LD_PRELOAD MALLOC_CONF "${!SEEP_@}"
export SEEP_NAMES=off
programs=${SOAK_PROGRAMS:-$ROOT/tests/soak/programs}
libraries=/usr/lib/x86_64-linux-gnu
export SOAK_SHORT=${SOAK_SHORT:-} SOAK_CACHE=$BUILD/soak
mkdir -p "$SOAK_CACHE"

if [ -n "${SOAK_PEERS:-}" ]; then
	variants=${SOAK_VARIANTS:-heaptrack lsan}
elif [ -n "$SOAK_SHORT" ]; then
	variants=${SOAK_VARIANTS:-run-4K preload-4K}
else
	variants=${SOAK_VARIANTS:-run-512K run-4K preload-4K jemalloc-4K}
fi

# Some servers run as a user of their own, who may not read files below root's home.
WORK=$(mktemp -d /tmp/soak.XXXXXX)
chmod 755 "$WORK"
mkdir "$WORK/bin" && cp "$SEEP" "$SHIM" "$WORK/bin" || exit 1
SEEP=$WORK/bin/seep
SHIM=$WORK/bin/libseep.so
passed=0 failed=0 mark='' named=50
[ -z "$SOAK_SHORT" ] || named=4

# The processes of the run under way that are still there, "PID NAME" each.
still_running() {
	local environment pid
	[ -n "$mark" ] || return
	for environment in $(grep -lsa "SOAK_MARK=$mark" /proc/[0-9]*/environ 2>/dev/null); do
		pid=${environment#/proc/}
		pid=${pid%/environ}
		grep -qs '^State:.[^Z]' "/proc/$pid/status" && echo "$pid $(cat "/proc/$pid/comm" 2>/dev/null)"
	done
}

end_what_is_left() {
	still_running | while read -r pid _; do
		kill -KILL "$pid" 2>/dev/null
	done
}

clean_up() {
	end_what_is_left
	cd /
	rm -rf "$WORK" 2>/dev/null || { sleep 1 && rm -rf "$WORK"; }
}
trap clean_up EXIT
trap 'exit 143' TERM INT HUP

header() { # NAME KEY: prints what a program says about itself at its top
	sed -n '/^#/!q; s/^# '"$2"': *//p' "$programs/$1.sh"
}

# Runs a program once: out, err, status, left (what it left running) and seconds in a directory.
run_once() { # NAME DIRECTORY PREFIX...
	local name=$1 to=$2 begun=$SECONDS tries=0
	shift 2
	rm -rf "$WORK/w"
	mkdir -p "$to" "$WORK/w/tmp"
	mark=$$.$RANDOM$RANDOM
	{ # the shell's own words about signals go nowhere; waited for, so that our own end is not put off
		cd "$WORK/w" && TMPDIR=$WORK/w/tmp SOAK_MARK=$mark timeout -k 5 $((limit + 60)) bash "$programs/$name.sh" "$WORK/w" "$@" \
			>"$to/out" 2>"$to/err" </dev/null &
		wait $!
		echo $? >"$to/status"
	} 2>/dev/null
	echo $((SECONDS - begun)) >"$to/seconds"
	until still_running >"$to/left"; [ ! -s "$to/left" ] || [ $((tries += 1)) -gt 50 ]; do
		sleep 0.1
	done
	end_what_is_left
	cd "$WORK" || exit 1
	LC_ALL=C sort "$to/out" >"$to/sorted"
	cut -d' ' -f2- "$to/left" | sort -u >"$to/left.names"
}

# The keys of lines that are not in both runs.
differing_keys() { # DIRECTORY DIRECTORY
	LC_ALL=C comm -3 "$1/sorted" "$2/sorted" | sed 's/^\t//' | cut -f1 | LC_ALL=C sort -u
}

without_keys() { # KEYS FILE: prints the file's lines whose key is not in KEYS
	awk -F '\t' 'FILENAME == ARGV[1] { gone[$1] = 1; next } !($1 in gone)' "$1" "$2"
}

# Compares a run with one without seep: prints a line for each thing that is wrong.
complain_of_difference() { # ALONE WITH
	local status
	status=$(cat "$2/status")
	case $status in
	124 | 137) grep -qx "$status" "$WORK"/alone.[0-9]/status || echo "hangs: stopped after $(cat "$2/seconds") s" ;;
	*) grep -qx "$status" "$WORK"/alone.[0-9]/status || [ "$status" = "$(cat "$1/status")" ] || echo "exit status $status, without $(cat "$1/status")" ;;
	esac
	diff -U0 --label without --label with <(without_keys "$WORK/unstable" "$1/out") <(without_keys "$WORK/unstable" "$2/out") | head -n 40
	LC_ALL=C comm -13 "$1/left.names" "$2/left.names" | sed 's/^/left running: /'
}

# With LD_PRELOAD alone, a process that is killed or becomes another program leaves the disk space that its heap file
# reserved, 90 MB at 4K; thousands of short programs would fill a disk. A snapshot of a dead process gives it back.
give_space_back() { # DIRECTORY
	local blocks heap pid
	while [ -e "$1/sweeping" ]; do
		find "$1/recordings" -name heap -printf '%b %h\n' 2>/dev/null | while read -r blocks heap; do
			pid=$(sed -E 's/.*\.([0-9]+)(\.[0-9]+)?$/\1/; t; s/.*/x/' <<<"${heap#"$1/recordings/"}")
			[ "$blocks" -lt 20000 ] || [ -e "/proc/$pid" ] || timeout 60 "$SEEP" snapshot "$heap" >/dev/null 2>&1
		done
		sleep 1
	done
}

# Prints everything that is wrong with a run's recordings, and writes their number to $1/count. One whose process was
# killed between the reservation and the header says so.
complain_of_recordings() { # DIRECTORY ANY
	local recording count=0
	for recording in "$1"/recordings/*/; do
		[ -d "$recording" ] && count=$((count + 1))
	done
	echo $count >"$1/count"
	[ $count -gt 0 ] || { [ -n "$2" ] || echo "no recording"; return; }
	# Names take their time: of many recordings only the largest get them, the others are opened and verified.
	du -s "$1"/recordings/*/ | sort -rn | cut -f2 >"$1/by_size"
	# A process that was killed after making its directory and before its first sample has nothing to be read, and
	# seep says so.
	# shellcheck disable=SC2016
	local read_one='kind=$0 seep=$1 recording=${2%/}
		if [ $kind = report ]; then set -- report --json --top=1; else set -- snapshot; fi
		timeout 60 "$seep" "$@" "$recording" >"$recording.json" 2>"$recording.err" && exit 0
		if grep -qE "while its recording began|recording never began" "$recording.err" ||
			{ [ ! -e "$recording/heap" ] && ! ls "$recording"/*.seep >/dev/null 2>&1; }; then
			echo begun >>"$(dirname "$recording")/../unbegun"
		else
			echo "seep $kind does not read $(basename "$recording"): $(head -n 2 "$recording.err")"
		fi'
	: >"$1/unbegun"
	head -n $named "$1/by_size" | xargs -P 2 -n 1 sh -c "$read_one" report "$SEEP"
	tail -n +$((named + 1)) "$1/by_size" | xargs -r -P 2 -n 1 sh -c "$read_one" snapshot "$SEEP"
	[ "$(wc -l <"$1/unbegun")" -le $((1 + count / 100)) ] || echo "$(wc -l <"$1/unbegun") of $count recordings never began"
	python3 - "$1/recordings" <<-'END'
		import glob, json, os, sys
		best = 0
		for name in glob.glob(sys.argv[1] + "/*.json"):
		    if open(name).read(1) == "{":
		        best = max(best, json.load(open(name))["totals"]["alloc_bytes"] or 0)
		if not best > 0:
		    print("all recordings are empty")
	END
}

# NAME LABEL COMPLAINTS DETAILS
verdict() {
	if [ -z "$3" ]; then
		echo "ok - $1 $2: $4"
		passed=$((passed + 1))
	else
		echo "not ok - $1 $2: $4"
		printf '%s\n' "$3" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

alone_once() { # NAME NUMBER
	run_once "$1" "$WORK/alone.$2" timeout -k 5 "$limit"
}

compare() { # NAME VARIANT
	local name=$1 variant=$2 rate=${2#*-} to=$WORK/with beside=$WORK/alone.1 label complaints details any known says sweeper
	rm -rf "$to"
	mkdir -p "$to/recordings"
	chmod 1777 "$to" "$to/recordings"
	case $variant in
	run-*) label="under seep run at $rate" && run_once "$name" "$to" timeout -k 5 "$limit" \
		"$SEEP" run -r "$rate" -o "$to/recordings/%c.%p" -- ;;
	preload-*)
		label="by LD_PRELOAD at $rate"
		: >"$to/sweeping"
		give_space_back "$to" &
		sweeper=$!
		run_once "$name" "$to" timeout -k 5 "$limit" \
			env LD_PRELOAD="$SHIM" SEEP_RATE="$rate" SEEP_OUTPUT="$to/recordings/%c.%p"
		rm -f "$to/sweeping"
		wait $sweeper
		;;
	jemalloc-*)
		label="on jemalloc at $rate"
		if [ -n "$(header "$name" allocator)" ]; then
			echo "ok - $name $label # SKIP its allocator: $(header "$name" allocator)"
			return
		fi
		# Changes that jemalloc itself makes are not ours.
		beside=$WORK/alone.jemalloc
		run_once "$name" "$beside" timeout -k 5 "$limit" env LD_PRELOAD=$libraries/libjemalloc.so.2
		run_once "$name" "$to" timeout -k 5 "$limit" \
			"$SEEP" run -r "$rate" --allocator=jemalloc -o "$to/recordings/%c.%p" --
		;;
	heaptrack) label="under heaptrack" && run_once "$name" "$to" timeout -k 5 "$limit" \
		env LD_PRELOAD=/usr/lib/heaptrack/libheaptrack_preload.so DUMP_HEAPTRACK_OUTPUT="$to/heaptrack.\$\$" ;;
	lsan) label="under LeakSanitizer" && run_once "$name" "$to" timeout -k 5 "$limit" \
		env LD_PRELOAD=$libraries/liblsan.so.0 LSAN_OPTIONS="exitcode=0:log_path=$to/lsan" ;;
	*)
		echo "soak: there is no variant '$variant'" >&2
		exit 2
		;;
	esac
	complaints=$(complain_of_difference "$beside" "$to")
	known=$(wc -l <"$WORK/unstable")
	if [ -n "$complaints" ]; then # a third run without may know better
		[ -e "$WORK/alone.3" ] || alone_once "$name" 3
		differing_keys "$WORK/alone.1" "$WORK/alone.3" | LC_ALL=C sort -u - "$WORK/unstable" -o "$WORK/unstable"
		[ "$(wc -l <"$WORK/unstable")" -eq "$known" ] || say_what_is_unstable "$name"
		complaints=$(complain_of_difference "$beside" "$to")
	fi
	details="$(wc -l <"$to/out") lines of results, exit $(cat "$to/status"), $(cat "$to/seconds") s"
	case $variant in
	run-* | preload-* | jemalloc-*)
		any=$(header "$name" recordings | grep '^any')
		complaints=$(
			[ -z "$complaints" ] || printf '%s\n' "$complaints"
			complain_of_recordings "$to" "$any"
			says=$(header "$name" says)
			[ -z "$says" ] || grep -aqE "^seep: $says" "$to/err" || echo "seep does not say: $says"
		)
		details="$details, $(cat "$to/count") recordings${any:+ ($any)}"
		[ ! -s "$to/unbegun" ] || details="$details, $(wc -l <"$to/unbegun") ended while they began"
		;;
	esac
	[ ! -s "$WORK/unstable" ] || details="$details, $(wc -l <"$WORK/unstable") unstable left out"
	verdict "$name" "$label" "$complaints" "$details"
	if [ -n "$complaints" ] && [ -n "${SOAK_KEEP:-}" ]; then
		mkdir -p "$SOAK_KEEP"
		rm -rf "$SOAK_KEEP/$name.$variant"
		cp -r "$to" "$SOAK_KEEP/$name.$variant" && cp "$beside/out" "$SOAK_KEEP/$name.$variant/out.without"
	fi
	rm -rf "$to"
}

say_what_is_unstable() { # NAME
	[ ! -s "$WORK/unstable" ] || echo "# $1 is unstable by itself in: $(cut -c1-100 "$WORK/unstable" | paste -sd' ' | cut -c1-2000)"
}

soak() { # NAME
	local name=$1 variant
	limit=$(header "$name" 'time limit' | sed -n 's/^\([0-9]*\) s$/\1/p' | grep . || echo 60)
	# for programs that hang: beside others 5 s have become 30
	[ -z "$SOAK_SHORT" ] || [ "$limit" -lt 150 ] || limit=150
	rm -rf "$WORK"/alone.*
	alone_once "$name" 1
	if [ ! -s "$WORK/alone.1/out" ]; then
		verdict "$name" "without the shim" "no results: $(tail -n 5 "$WORK/alone.1/err")" "exit $(cat "$WORK/alone.1/status")"
		return
	fi
	[ -n "$SOAK_SHORT" ] && ln -s alone.1 "$WORK/alone.2" || alone_once "$name" 2
	differing_keys "$WORK/alone.1" "$WORK/alone.2" >"$WORK/unstable"
	say_what_is_unstable "$name"
	for variant in $variants; do
		compare "$name" "$variant"
		[ -z "$SOAK_SHORT" ] || break
	done
	[ -z "$SOAK_SHORT" ] || variants="${variants#* } ${variants%% *}" # the next program begins with the next one
}

for name in ${SOAK_ONLY:-$(cd "$programs" && ls -- *.sh | sed 's/\.sh$//')}; do
	if [ ! -e "$programs/$name.sh" ]; then
		echo "soak: there is no program '$name'" >&2
		exit 2
	fi
	[ -n "$SOAK_SHORT" ] && [ -z "$(header "$name" short)" ] || soak "$name"
done
echo "$passed passed, $failed failed"
[ $passed -gt 0 ] && { [ $failed -eq 0 ] || [ -n "${SOAK_PEERS:-}" ]; }
