# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The directories above the recording are missing: they are made with the rights that the umask leaves, and always with
# their owner's. Where they can't be, seep run says so before it starts the program; with LD_PRELOAD alone the program runs on.
build "$torture/workload_program_for_scripts.c"
program=$WORK/bin/workload_program_for_scripts

# Prints everything below the current directory that can be read as a recording, a line each.
recordings_below() {
	find . -name '*.seep' -printf '%h\n' | sort -u | sed 's/\.[0-9]*$/.PID/; s|/[0-9][0-9]*|/PID|'
}
record() { # WAY OUTPUT [COMMAND...]
	local way=$1 output=$2
	shift 2
	[ $# -gt 0 ] || set -- "$program" 30
	if [ "$way" = run ]; then
		observe "$SEEP" run -r 1 -o "$output" -- "$@"
	else
		observe env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_OUTPUT="$output" "$@"
	fi
}
number=0
for way in run preload; do
	for output in a/b=./a/b a/b/=./a/b a//b/../c/d=./a/c/d a/%p/x/%c=./a/PID/x/workload_progra all%%/%c.%p=./all%/workload_progra.PID \
		a/%c/b=./a/workload_progra/b; do
		[ "${PAIRS:-}" != one ] || [ $(((number += 1) % 2)) -eq 1 ] || continue # by turns
		rm -rf "$way.here" && mkdir "$way.here" && cd "$way.here" || exit
		[[ ${output%%=*} != *..* ]] || mkdir -p a/b # the directory that .. leaves
		record $way "${output%%=*}"
		check_equal "-o ${output%%=*}, by $way: the program ends as ever" "3 done as root" "$(ended)"
		check_equal "-o ${output%%=*}, by $way: and is recorded" "${output#*=}" "$(recordings_below)"
		cd ..
	done
	rm -rf "$way.here" && mkdir "$way.here" && cd "$way.here" || exit
	number=$((number + 1))
	(umask 0777 && record $way a/b/c)
	check_equal "with a umask that takes everything, by $way" "300 300 700" "$(stat -c %a a a/b a/b/c | paste -sd' ')"
	check_equal "and it is recorded" ./a/b/c "$(recordings_below)"
	cd ..
done
cd run.here && rm -rf a b || exit
record run b/%c sh -c "cd / && exec $program 30"
check_equal "a relative name, and a program that goes elsewhere" "3 done as root ./b/workload_progra" "$(ended) $(recordings_below | grep work)"
cd ..

# Directories that can't be made.
mkdir refused && cd refused || exit
touch file
mkdir closed empty && chmod 0555 closed && mkdir ours && chown 65534 ours
mount -t tmpfs -o ro tmpfs empty 2>/dev/null && mounts+=("$PWD/empty")
for each in "file/a:Not a directory" "file/a/b:Not a directory" "/proc/a/b:No such file or directory" "empty/a:Read-only file system" \
	"empty/a/b/%p:Read-only file system"; do
	if [[ $each = empty* ]] && ! mountpoint -q empty; then
		skip "-o ${each%%:*}" "no mount here"
		continue
	fi
	record run "${each%%:*}"
	check_equal "-o ${each%%:*}: the program is not started" "3" "$(ended)"
	check_equal "and why is said in one line" "1 ${each#*:}" "$(wc -l <said) $(sed 's/.*: //' said)"
	record preload "${each%%:*}"
	check_equal "SEEP_OUTPUT=${each%%:*}: it runs" "3 done as root" "$(ended)"
	check_equal "and that there is no recording is said in one line" 1 "$(grep -c 'not recording' said)"
done
[ ! -e file.2 ] || rm -rf file.2
record run file
check_equal "a file of the recording's name is left alone" "3 done as root ./file.PID" "$(ended) $(recordings_below)"
rm -rf file.2
if setpriv --reuid=65534 --clear-groups true 2>/dev/null; then
	chmod 711 "$WORK" "$WORK/.." 2>/dev/null
	export TMPDIR=/tmp
	for each in closed/a closed/a/b; do
		observe setpriv --reuid=65534 --clear-groups "$SEEP" run -o "$each" -- /bin/true
		check_equal "-o $each, of nobody's: not started, and said" "3 1" "$(cat status) $(grep -c 'Permission denied' said)"
	done
	export TMPDIR=$WORK/tmp
fi
cd ..
if mountpoint -q refused/empty; then umount refused/empty; fi
