# SPDX-License-Identifier: Apache-2.0
# What every end-to-end test uses: . "$(dirname "$0")/lib.sh" at its top.
#
# A case prints "ok - NAME" or "not ok - NAME", with what was seen below it as "# ..." lines. The script runs in a
# directory of its own, $WORK, which is removed at the end together with every process in $(background)'s list.
# $SEEP and $SHIM are absolute. Python is Debian's: PATH begins with /usr/bin.
# shellcheck shell=bash
set -u

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT" || exit 1
BUILD=$(realpath "${BUILD:-build}")
SEEP=$BUILD/seep
SHIM=$BUILD/libseep.so
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
export XDG_CACHE_HOME=${SEEP_TESTS_LOGS:-}
unset LD_PRELOAD "${!SEEP_@}"
export SEEP_NAMES=off # nobody looks at most recordings once their program has changed; test_names.sh does

WORK=$(mktemp -d "${TMPDIR:-/tmp}/seep-e2e.XXXXXX")
export TMPDIR=$WORK/tmp
# The C library's names are read once a run of the suite. What is about reading names sets SEEP_CACHE=off.
XDG_CACHE_HOME=${XDG_CACHE_HOME:-$WORK.cache}
pids=()
mounts=()
cases_failed=0

# Ends a process and all below it: the program of a killed `seep run` would go on.
end_tree() { # PID
	local child
	for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
		end_tree "$child"
	done
	kill -KILL "$1" 2>/dev/null
}

end_all() {
	local pid mount
	for pid in "${pids[@]}"; do
		end_tree "$pid"
		wait "$pid" 2>/dev/null
	done
	cd /
	for mount in "${mounts[@]}"; do
		umount "$mount" 2>/dev/null
	done
}

clean_up() {
	end_all
	# Processes that a killed script had started may still be writing.
	rm -rf "$WORK" "$WORK.cache" "$never" 2>/dev/null || { sleep 0.5 && rm -rf "$WORK"; }
}
trap clean_up EXIT
trap 'exit 143' TERM INT HUP
mkdir -p "$TMPDIR" && cd "$WORK" || exit 1

ok() { echo "ok - $1"; }

not_ok() { # NAME [WHAT WAS SEEN]
	echo "not ok - $1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | head -n 40 | sed 's/^/# /'
	export cases_failed=1
}

skip() { echo "ok - $1 # SKIP $2"; } # NAME WHY

# NAME COMMAND...: passes if the command succeeds.
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "failed: $*
$output"
	fi
}

# NAME WANTED SEEN
check_equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted: $2
seen:   $3"
	fi
}

# Whether two files are the same. It needs no process, as little as the next one does.
same_files() {
	local one two
	{ mapfile -d '' one <"$1" && mapfile -d '' two <"$2"; } 2>/dev/null && [ "${one[*]@Q}" = "${two[*]@Q}" ]
}

# Parts the lines of a file in seep's own and those of the program below it.
part_words() { # ALL SAID ERR
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		"seep: "*) printf '%s\n' "$line" >&3 ;;
		*) printf '%s\n' "$line" >&4 ;;
		esac
	done <"$1" 3>"$2" 4>"$3"
}

# NAME PATTERN TEXT: passes if a line of the text matches the extended regular expression.
check_match() {
	if printf '%s\n' "$3" | grep -qE -- "$2"; then
		ok "$1"
	else
		not_ok "$1" "wanted a line like: $2
seen:
$3"
	fi
}

# A moment, without the process that sleep is: those who wait take no time from those who are waited for.
never=$WORK.never # beside the recording, because scripts look at what is in that
mkfifo "$never"
pause() { read -rt 0.05 _ <>"$never" || :; }

# SECONDS COMMAND...: tries until it succeeds. The seconds are those of a machine with nothing else to do.
wait_until() {
	local deadline=$((SECONDS + 4 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || return 1
		pause
	done
}

# Starts a command in the background, to be killed at the end; its number is in $background_pid.
background() {
	"$@" &
	background_pid=$!
	pids+=("$background_pid")
	[ "$(type -t "$1")" = file ] || return 0
	for _ in {1..1000}; do # until then it is this shell's copy, and executes the command under the eyes of who looks at it
		cmp -s "/proc/$background_pid/cmdline" "/proc/$$/cmdline" || break
		sleep 0.01
	done
}

# Starts a command that is asked through descriptor 5 and answers through 6; its number is in $worker.
converse() {
	rm -f requests answers
	mkfifo requests answers
	exec 5<>requests 6<>answers
	"$@" <&5 >&6 &
	worker=$!
	pids+=("$worker")
}

# WORD COUNT: waits for the line that answers it.
tell() { echo "$1 $2" >&5 && read -rt 100 _ <&6; }

# A port on the loopback interface that nobody listens on.
free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

process_named() { # PARENT NAME
	local each
	for each in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		[ "$(cat "/proc/$each/comm")" != "$2" ] || echo "$each"
	done
}

# The program that a `seep run` started, once it is there. seep has another child, its guard. None: it had ended
# before we looked.
child_of() {
	local child deadline=$((SECONDS + 50))
	while [ $SECONDS -lt $deadline ] && kill -0 "$1" 2>/dev/null; do
		for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
			case $(cat "/proc/$child/comm" 2>/dev/null) in "" | seep | seep-guard) ;; *) echo "$child" && return 0 ;; esac
		done
		pause
	done
	return 1
}

# NAME SOURCE...: compiles a C program from a file or, without one, from standard input, to $WORK/NAME. No built-ins:
# the compiler must not drop a pair of malloc and free.
compile() {
	local name=$1
	shift
	if [ $# -eq 0 ]; then
		gcc -x c -std=gnu11 -O1 -g -fno-builtin -fno-omit-frame-pointer -pthread -o "$WORK/$name" -
	else
		gcc -std=gnu11 -O1 -g -fno-builtin -fno-omit-frame-pointer -pthread -o "$WORK/$name" "$@"
	fi
}

# LOW HIGH TRUTH: the truth is in a 95 % interval that was widened, so that mere chance fails once in a million runs.
# How often the printed intervals hold the truth is counted by test_truth.sh.
interval_holds() {
	/usr/bin/python3 -c 'import sys
low, high, truth = map(float, sys.argv[1:])
middle, half = (low + high) / 2, (high - low) / 2
sys.exit(not middle - 2.6 * half <= truth <= middle + 2.6 * half)' "$@"
}

# The values of a JSON document at a Python expression over `d`: json_get FILE "d['sites'][0]['growth_bytes']"
json_get() {
	/usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# SCHEMA COMMAND...: the command's output, kept in document.json, matches the schema of docs/schema/.
validates() {
	local schema=$1
	shift
	"$@" >document.json 2>err
	check "what '${*##*/}' prints is what schema/$schema says" python3 - "$ROOT/docs/schema" "$schema" document.json <<-'EOF'
		import json, sys
		from jsonschema import Draft202012Validator, RefResolver
		folder, name, document = sys.argv[1:]
		read = lambda file: json.load(open(file))
		store = {"common-1.json": read(f"{folder}/common-1.json")}
		schema = read(f"{folder}/{name}")
		Draft202012Validator.check_schema(schema)
		errors = list(Draft202012Validator(schema, resolver=RefResolver(name, schema, store)).iter_errors(read(document)))
		for error in errors[:5]:
		    print("/".join(map(str, error.absolute_path)), error.message[:200])
		sys.exit(bool(errors))
	EOF
}

[ -x "$SEEP" ] && [ -e "$SHIM" ] || {
	not_ok "seep is built" "missing: $SEEP or $SHIM; run make"
	exit 1
}
