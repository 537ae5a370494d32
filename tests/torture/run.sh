#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the shim must survive: one small program for each behaviour that broke a profiler once. Each runs alone and with
# the shim, on glibc and on jemalloc, under `seep run` (the heap file in memory) and by LD_PRELOAD (on disk), everything
# sampled: the output, the exit status and every errno it prints must be the same, it must end in time, and its
# recordings must be readable. A program that knows what is alive says so in truth.end (tests/e2e/programs/truth.h), and
# its recording must agree to the byte; each of its children may say so, too, in truth.PID.
#
#	tests/torture/run.sh [NAME...]
#
# ALLOCATORS="glibc": on some allocators only. PAIRS=one: each row on one allocator in one way, which its name draws; a script
# asks ways_of.
#
# A row is a program NAME.c or NAME.cpp, or a script NAME.sh that is sourced here. Lines " * torture: KEY=VALUE" of a
# program say what is special about it:
#	plugins=NAME...     libraries of plugins/ that it finds in its directory
#	libraries=NAME...   libraries of plugins/ that it is linked with
#	preload=NAME...     libraries of plugins/ that are preloaded in any case
#	allocators=NAME...  not on all of them
#	ways=run            under seep run only
#	rate=BYTES          not 1
#	recordings=N        so many recordings; some: at least one (default); none; any: those there are can be read
#	loses=KIND...       losses that there may be, of what its account does not hold
#	says=PATTERN        what seep run or the shim says
#	notes=PATTERN       what the report of its last recording says in JSON
#	because=TEXT        why there is no recording, or why one way only
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

torture=$ROOT/tests/torture
libraries=/usr/lib/x86_64-linux-gnu
LIMIT=120 # for programs that hang: on a machine with much to do, rows of a second or two have taken 20
unset PYTHONMALLOC
export SEEP_MAX_LIVE=80000 # enough for every row; what rate 1 would reserve takes its time

# A row forks as little as it can, because on a virtual machine a process costs more than most programs here.

# A program's directives, by their keys.
declare -A directive
read_directives() { # SOURCE
	local line key
	directive=()
	while IFS= read -r line; do
		case $line in
		" * torture: "*=*)
			line=${line#" * torture: "}
			key=${line%%=*}
			directive[$key]+="${directive[$key]:+ }${line#*=}"
			;;
		*[!' ']*) case $line in '/*'* | ' *'*) ;; *) break ;; esac ;;
		esac
	done <"$1"
}

library_of() { # ALLOCATOR
	[ "$1" = glibc ] || echo "$libraries/libjemalloc.so.2"
}

plugin() { # NAME
	local source=$torture/plugins/$1.c link
	[ ! -e "bin/$1.so" ] || return 0
	link=$(sed -n 's/^ \* link: //p' "$source")
	gcc -std=gnu11 -g -O1 -fPIC -shared -pthread -o "bin/$1.so" "$source" $link
}

# Not optimised, so that each site of a program's account is called from one place.
build() { # SOURCE
	local source=$1 name=${1##*/} compiler links=() each
	name=${name%.*}
	read_directives "$source"
	for each in ${directive[plugins]:-} ${directive[preload]:-} ${directive[libraries]:-}; do
		plugin "$each" || return
	done
	for each in ${directive[libraries]:-}; do
		links+=("$WORK/bin/$each.so")
	done
	case $source in *.cpp) compiler="g++ -std=c++17" ;; *) compiler="gcc -std=gnu11" ;; esac
	$compiler -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o "bin/$name" "$source" "${links[@]}" -lm
}

# Runs a command in the current directory: files out, err and status. Seep's own lines are in said.
observe() { # COMMAND...
	local before=$SECONDS
	{ # the shell's own messages about signals are dropped
		timeout -k 5 $LIMIT "$@" >out 2>all </dev/null
		echo $? >status
	} 2>/dev/null
	[ $((SECONDS - before)) -lt $LIMIT ] || echo "hangs: stopped after $LIMIT s" >>out
	part_words all said err
}

# Why a snapshot was taken, from its header (docs/SNAPSHOT_FORMAT.md), because a report would take too long.
trigger_of() { # SNAPSHOT
	local names=(unknown timer exit request signal peak postmortem api limit)
	echo "${names[$(od -An -tu4 -j28 -N4 "$1")]}"
}

triggers() { # RECORDING: the same for all its snapshots, in order
	local snapshot
	for snapshot in "$1"/*.seep; do
		trigger_of "$snapshot"
	done | paste -sd' '
}

# How the observed program ended: status and output in one line.
ended() {
	local lines
	mapfile -t lines <status
	mapfile -t -O 1 lines <out
	echo "${lines[*]}"
}

report_of() { # RECORDING: in a file of its own
	report=${1#recordings/}
	report=report.${report%/}.json
	[ -s "$report" ] || "$SEEP" report --last --json "$1" >"$report" 2>report.err || echo "$1: $(head -n 3 report.err)"
}

# Prints everything that is wrong with ./recordings, a line each.
complain_of_recordings() { # WANTED
	local recording truth report first='' count=0 accounts=()
	for recording in recordings/*/; do
		[ -d "$recording" ] || continue
		count=$((count + 1)) first=${first:-$recording}
		if [ $count -le 6 ] || [ ! -e "$recording/heap" ]; then # without a heap file there are snapshots
			report_of "$recording"
		else # names take their time: of many recordings the rest is only opened and verified
			"$SEEP" snapshot "$recording" >report.out 2>report.err || echo "$recording: $(head -n 3 report.err)"
		fi
	done
	case $1 in
	any) ;;
	none) [ $count -eq 0 ] || echo "$count recordings where there should be none" ;;
	some) [ $count -gt 0 ] || echo "no recording: $(cat said)" ;;
	*) [ $count -eq "$1" ] || echo "$count recordings, not $1: $(cat said)" ;;
	esac
	for truth in truth.*; do
		[ -e "$truth" ] || continue
		case ${truth#truth.} in
		end) # the program's own is the first; numbers begin anew
			recording=$first
			[ $count -le 1 ] || recording=$(stat -c '%.9W %n' recordings/*/ | sort -n | head -n 1 | cut -d' ' -f2)
			;;
		[1-9]*) recording=recordings/${name:0:15}.${truth#truth.}/ ;;
		*) continue ;;
		esac
		report_of "$recording"
		accounts+=("$truth" "$report")
	done
	[ ${#accounts[@]} -eq 0 ] || /usr/bin/python3 "$ROOT/tests/e2e/support/exact.py" "${loses:-}" "${accounts[@]}"
}

# The differences between two runs' directories.
complain_of_differences() { # ALONE WITH
	local part
	for part in status out err result; do
		[ -s "$1/$part" ] || [ -s "$2/$part" ] || continue
		same_files "$1/$part" "$2/$part" || echo "$part: $(diff "$1/$part" "$2/$part" | head -n 8)"
	done
}

enter() { # DIRECTORY: puts the program's plugins there
	local each
	cd "$1" || exit 1
	for each in ${directive[plugins]:-}; do
		cp "$WORK/bin/$each.so" .
	done
}

run_program() { # NAME ALLOCATOR
	local name=$1 allocator=$2 library='' preload='' each way complaints line choice=() with=() loses=${directive[loses]:-}
	local says=${directive[says]:-} notes=${directive[notes]:-} because=${directive[because]:-} rate=${directive[rate]:-1}
	if [ "$allocator" = jemalloc ]; then
		library=$(library_of "$allocator")
		choice=(--allocator=jemalloc)
	fi
	for each in ${directive[preload]:-}; do
		preload=$preload:$WORK/bin/$each.so
	done
	mkdir -p "$WORK/runs/$name.$allocator".{alone,run,preload}/recordings
	enter "$WORK/runs/$name.$allocator.alone"
	[ -z "$library$preload" ] || with=(env LD_PRELOAD="$library$preload")
	observe "${with[@]}" "$WORK/bin/$name"
	while IFS= read -r line; do
		[[ ! $line =~ ^(hangs|line\ [0-9]+:\ not\ so) ]] || echo "alone: $line"
	done <out >complaints
	for way in ${directive[ways]:-run preload}; do
		case " ${chosen:-$allocator:$way} " in *" $allocator:$way "*) ;; *) continue ;; esac
		enter "$WORK/runs/$name.$allocator.$way"
		if [ "$way" = run ]; then
			with=()
			[ -z "$preload" ] || with=(env LD_PRELOAD="${preload#:}")
			observe "${with[@]}" "$SEEP" run --heap=memory -r "$rate" -i 50ms -o "$PWD/recordings/%c.%p" \
				"${choice[@]}" -- "$WORK/bin/$name"
		else
			observe env LD_PRELOAD="$SHIM${library:+:$library}$preload" SEEP_RATE="$rate" SEEP_INTERVAL=50ms \
				SEEP_OUTPUT="$PWD/recordings/%c.%p" "$WORK/bin/$name"
		fi
		complaints=$(
			[ ! -s "../$name.$allocator.alone/complaints" ] || cat "../$name.$allocator.alone/complaints"
			complain_of_differences "../$name.$allocator.alone" .
			complain_of_recordings "${directive[recordings]:-some}"
			[ -z "$says" ] || grep -qE "$says" said || echo "nothing said like '$says': $(cat said)"
			[ -z "$notes" ] || grep -qE "$notes" report.*.json || echo "no note like '$notes'"
		)
		check_equal "$name on $allocator by $way${because:+ ($because)}" "" "$complaints"
	done
	cd "$WORK" || exit 1
}

# The pair that a program's name draws of those it allows, or nothing: all.
choose_pair() { # NAME
	local allocator way all=() letter drawn=0 at
	chosen=
	[ "${PAIRS:-}" = one ] || return
	for allocator in ${directive[allocators]:-glibc jemalloc}; do
		for way in ${directive[ways]:-run preload}; do
			all+=("$allocator:$way")
		done
	done
	for ((at = 0; at < ${#1}; at++)); do
		printf -v letter %d "'${1:at:1}"
		drawn=$(((drawn * 33 + letter) % 65521))
	done
	chosen=${all[drawn % ${#all[@]}]}
}

# Prints the ways in which a script runs. They show the same, so with PAIRS=one it is only the first.
ways_of() { # WAY...
	if [ "${PAIRS:-}" = one ]; then echo "$1"; else echo "$@"; fi
}

run_row() { # NAME
	local source=$torture/$1.c allocator chosen
	if [ -e "$torture/$1.sh" ]; then
		# shellcheck source=/dev/null
		. "$torture/$1.sh"
		return
	fi
	[ -e "$source" ] || source=$torture/$1.cpp
	if ! build "$source" 2>build.err; then
		not_ok "$1 compiles" "$(cat build.err)"
		return
	fi
	choose_pair "${source##*/}"
	for allocator in ${directive[allocators]:-glibc jemalloc}; do
		case " ${chosen:-$allocator:} " in *" $allocator:"*) ;; *) continue ;; esac
		case " ${ALLOCATORS:-$allocator} " in *" $allocator "*) ;; *) continue ;; esac
		run_program "$1" "$allocator"
	done
}

all_rows() {
	cd "$torture" && ls -- *.c *.cpp *.sh | grep -vx run.sh | sed 's/\.[a-z]*$//' | grep -v '_program_for_scripts$' | sort
}

# A row in a directory of its own, so that two can run at once.
row_apart() { # NAME
	WORK=$WORK/$1
	export TMPDIR=$WORK/tmp # another row must not see what the dead leave there
	# a subshell does not inherit its shell's trap, and the shell does not know what is started here
	trap end_all EXIT
	trap 'exit 143' TERM INT HUP
	cd "$WORK" || exit 1
	TIMEFORMAT="# $1 took %R s, %U and %S s of CPU"
	time run_row "$1"
	cd /
	rm -rf "$WORK"
}

# shellcheck disable=SC2048,SC2206 # names
rows=(${*:-$(all_rows)}) running=0
mkdir -p "${rows[@]/%//bin}" "${rows[@]/%//runs}" "${rows[@]/%//tmp}"
for row in "${rows[@]}"; do
	[ $((running += 1)) -le 2 ] || wait -n
	row_apart "$row" >"log.$row" 2>&1 &
done
wait
cat log.*
! grep -q '^not ok' log.*
