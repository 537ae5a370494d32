#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s The promises of docs/SECURITY.md about recordings, keepers and readers against a hostile user, one
# case each.
. "$(dirname "$0")/lib.sh"

compile holder -D_GNU_SOURCE "$ROOT/tests/e2e/programs/holder.c"
chmod 755 "$WORK" && chmod 1777 "$TMPDIR"
# Others could not reach a build below a closed home.
mkdir "$WORK/bin" && cp "$SEEP" "$SHIM" "$WORK/bin/"
SEEP=$WORK/bin/seep SHIM=$WORK/bin/libseep.so
is_root=
[ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null || is_root=yes
stranger=(setpriv --reuid=65534 --regid=65534 --clear-groups)
export XDG_CACHE_HOME=$WORK/cache

# Makes a directory for a case and changes into it.
enter() {
	mkdir -p "$WORK/$1" && chmod 777 "$WORK/$1" && cd "$WORK/$1" || exit 1
}

modes() { # DIRECTORY...: of directories, then of files, a line
	find "$@" -type d -printf '%m\n' | sort -u | paste -sd' '
	find "$@" -type f -printf '%m\n' | sort -u | paste -sd' '
}

# ---- modes, whatever the umask
as_user=()
[ -z "$is_root" ] || as_user=("${stranger[@]}") # root would get into any directory
for mask in 0 022 0177 0777; do
	enter "umask$mask"
	"${as_user[@]}" env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_OUTPUT="$PWD/alone" ../holder umask=$mask
	check_equal "umask $mask: the program ends as ever" 7 $?
	"${as_user[@]}" "$SEEP" run -r 1 -o "$PWD/kept" -- ../holder umask=$mask 2>/dev/null
	[ $mask = 0777 ] || # otherwise seep run has no place for its own files
		"${as_user[@]}" bash -c "umask $mask; exec '$SEEP' run -r 1 -o '$PWD/whole' -- ../holder" 2>/dev/null
	[ -e whole ] || cp -rp kept whole
	check_equal "umask $mask: directories 0700, files 0600" "700
600" "$(modes alone kept whole)"
	check_equal "umask $mask: heap and snapshot are there" "alone/000001.seep alone/heap kept/000001.seep kept/heap whole/000001.seep whole/heap" \
		"$(find alone kept whole -type f | sort | paste -sd' ')"
done

# ---- names that others have taken
enter taken
echo precious >victim
chmod 644 victim
mkdir elsewhere
ln -s "$PWD/elsewhere" link
ln -s "$PWD/nowhere" dangling
mkfifo pipe
echo file >file
mkdir -m 777 open-to-all && ln -s "$PWD/victim" open-to-all/000002.seep
mkdir -m 770 open-to-group
mkdir -m 700 linked && ln victim linked/heap
mkdir -m 700 piped && mkfifo piped/heap
mkdir -m 755 planted && ln -s "$PWD/victim" planted/heap
[ -z "$is_root" ] || { mkdir -m 755 foreign && chown 65534 foreign; }
for name in link dangling pipe file open-to-all open-to-group linked piped planted ${is_root:+foreign}; do
	LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/$name" timeout 20 ../holder
	check_equal "$name in the way: the program ends as ever" 7 $?
	check_equal "$name in the way: another name is taken" "$name.2/000001.seep" "$(ls "$name.2"/*.seep)"
done
check_equal "a file behind links is as it was" "precious 644" "$(cat victim) $(stat -c %a victim)"
check_equal "a directory behind a link is empty" "" "$(ls elsewhere)"
mkdir -m 755 mine
LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/mine" ../holder
check_equal "a directory of one's own is used as it is" "000001.seep heap" "$(cd mine && ls | paste -sd' ')"
mkfifo session
LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_SESSION="$PWD/session" SEEP_OUTPUT="$PWD/with-session" timeout 20 ../holder
check_equal "a registry that is a pipe without a reader keeps nobody waiting" 7 $?

# ---- what is put in place of snapshots and of the directory while the program runs
for way in inside outside; do
	enter "race-$way"
	mkdir elsewhere
	echo precious >victim
	if [ $way = inside ]; then
		background env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=100ms SEEP_OUTPUT="$PWD/rec" ../holder wait
	else
		background "$SEEP" run -r 1 -i 100ms -o "$PWD/rec" -- ../holder wait 2>run.log
	fi
	wait_until 20 test -e rec/000001.seep
	for number in 40 41 42; do
		ln -s "$PWD/victim" "rec/0000$number.seep"
	done
	for _ in $(seq 60); do # the keeper passes over names that are taken
		[ ! -e rec/000043.seep ] || break
		"$SEEP" snapshot rec >/dev/null 2>&1
	done
	check "$way: a link at a snapshot's name does not stop the series" test -f rec/000043.seep
	check_equal "$way: and is not written through" precious "$(cat victim)"
	mv rec moved && ln -s "$PWD/elsewhere" rec
	sleep 0.5
	check_equal "$way: a link at the directory's name is not followed" "" "$(ls elsewhere)"
	touch go
	wait "$background_pid"
	check_equal "$way: the program ends as ever" 7 $?
	check_equal "$way: nor at the end" "" "$(ls elsewhere)"
	check "$way: what was recorded is where it was moved to" "$SEEP" report moved
done

# ---- a heap file that is cut while it is kept and read
enter cut
background "$SEEP" run -r 1 -i 100ms --heap=recording -o "$PWD/rec" -- ../holder wait 2>run.log
wait_until 20 test -e rec/000002.seep
truncate -s 8192 rec/heap
sleep 0.4
"$SEEP" report rec >report.out 2>&1
status=$?
check "a heap file cut under its reader: an answer, no crash ($status)" test $status -le 3
timeout 30 "$SEEP" snapshot rec >snapshot.out 2>&1
status=$?
check "a heap file cut under a keeper that stands in: an answer, no crash ($status)" test $status -le 3
touch go
wait "$background_pid"
check_equal "a heap file cut under seep run: the program's status comes back" 7 $?

# ---- heap files that are something else
enter heaps
background env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/killed" ../holder wait
wait_until 20 test -e ready
{ kill -KILL "$background_pid" && wait "$background_pid"; } 2>/dev/null
shared=/dev/shm/seep.security.$$
cp killed/heap "$shared" && chmod 600 "$shared"
[ -z "$is_root" ] || chown 65534 "$shared"
cp killed/heap "$shared.other" && ln "$shared.other" "$shared.twice"
mkfifo a-pipe && mkdir a-directory
put() { mkdir "$1" && ln -s "$2" "$1/heap"; } # NAME TARGET
put passwd /etc/passwd
put another-recording "$PWD/killed/heap"
put relative ../killed/heap
put pipe "$PWD/a-pipe"
put device /dev/zero
put memory /dev/mem
put directory "$PWD/a-directory"
put loop heap
put dangling nowhere
put shared-hard-link "$shared.other"
put shared-outside "/dev/shm/..$PWD/killed/heap"
put shared-deeper "/dev/shm/seep./../..$PWD/killed/heap"
[ -z "$is_root" ] || put shared-of-another "$shared"
mkdir no-link-pipe no-link-directory && mkfifo no-link-pipe/heap && mkdir no-link-directory/heap
contents() { tar -cSPf - --mtime=@0 killed/heap "$shared" "$shared.other" /etc/passwd | sha256sum; } # a heap file is full of holes
victims=$(contents)
files=$(find . "$shared"* | sort)
refuses() { # COMMAND...: exit status 3 and one line, soon
	local status output
	output=$(timeout 20 "$SEEP" "$@" 2>&1 </dev/null)
	status=$?
	[ $status -eq 3 ] && [ "$(wc -l <<<"$output")" -eq 1 ] && return
	echo "seep $*: exit status $status
$output"
	return 1
}
for recording in passwd another-recording relative pipe device memory directory loop dangling shared-hard-link \
	shared-outside shared-deeper ${is_root:+shared-of-another} no-link-pipe no-link-directory; do
	for command in report snapshot bundle; do
		check "a heap file that is $recording: $command refuses it" refuses $command $recording
	done
done
check_equal "and nothing was written through it" "$victims" "$(contents)"
check_equal "nor beside it" "$files" "$(find . "$shared"* | sort)"
rm -f "$shared" "$shared".*
check "the recording that was pointed to is finished by its own name" "$SEEP" snapshot killed

# ---- snapshots that are something else
enter snapshots
echo "root:secret-in-a-file-4711:::" >secret
mkdir link pipe device directory && ln -s "$PWD/secret" link/000001.seep && mkfifo pipe/000001.seep
ln -s /dev/zero device/000001.seep && mkdir directory/000001.seep
for recording in link pipe device directory; do
	check "a snapshot that is a $recording is refused" refuses report $recording
done
check_equal "and nothing of what it leads to is shown" "" "$("$SEEP" report link 2>&1 | grep -F secret-in-a-file)"

# ---- other users
if [ -z "$is_root" ]; then
	skip "other users" "needs root and setpriv"
else
	enter users
	background env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/roots" ../holder wait
	roots=$background_pid
	wait_until 20 test -e ready
	for command in "snapshot $roots" "snapshot roots" "report roots" "leaks roots" "bundle roots"; do
		# shellcheck disable=SC2086 # words
		output=$("${stranger[@]}" "$SEEP" $command 2>&1)
		check_equal "another user's ${command%% *} of root's ${command#* } is refused with one line" "3 1" "$? $(wc -l <<<"$output")"
	done
	check_equal "and nothing was asked of it" "" "$(find roots -name '*.seep')"
	check_match "root's own is answered" 'roots/000001.seep' "$("$SEEP" snapshot "$roots")"
	touch go
	wait "$roots"

	rm -f go ready
	background "${stranger[@]}" env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/theirs" ../holder wait
	theirs=$background_pid
	wait_until 20 test -e ready
	check_match "root may ask another user's process" 'theirs/000001.seep' "$("$SEEP" snapshot "$theirs")"
	check "and read its recording while it runs" "$SEEP" report theirs
	mkdir -m 777 put && ln -s /etc/shadow put/link
	touch go
	wait "$theirs"

	# Root's program drops its privileges: recording and keeper stay root's, and nothing is given away.
	enter drops
	background env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/rec" ../holder user
	wait_until 20 test -e ready
	touch planted
	wait "$background_pid"
	check_equal "a program that drops privileges ends as ever" 7 $?
	check_equal "the recording stays root's" "0 700 0 600" "$(stat -c '%u %a' rec rec/heap | paste -sd' ')"
	rm -f planted ready
	echo precious >victim && chmod 600 victim
	background env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/trap" ../holder user
	wait_until 20 test -e ready
	mv trap/heap trap/away && ln victim trap/heap
	touch planted
	wait "$background_pid"
	check_equal "a file with another name is not given away with it" 0 "$(stat -c %u victim)"
	rm -f planted ready
	(wait_until 20 test -e ready && touch planted) &
	"$SEEP" run -r 1 -i 0 -o "$PWD/kept" -- ../holder user 2>run.log
	check_equal "the same under seep run: its status comes back" 7 $?
	check_equal "and the recording stays root's" "0 700 0 600 0 600" "$(stat -c '%u %a' kept kept/heap kept/000001.seep | paste -sd' ')"
	"$SEEP" run -r 1 -i 0 -o "$PWD/execed.%c.%p" -- "${stranger[@]}" ../holder 2>run.log
	check_equal "a program started with fewer rights than seep run runs as ever" 7 $?

	# Privileges that a program gets from its file. (setuid: tests/torture/program_is_privileged.sh)
	enter capable
	cp ../holder capable
	/usr/bin/python3 -c 'import os, struct
os.setxattr("capable", "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))' 2>/dev/null
	library=/lib/x86_64-linux-gnu/libseep-security-$$.so # where the loader takes preloads from, even then
	cp "$SHIM" "$library" && chmod 4755 "$library"
	secure=$("${stranger[@]}" env LD_PRELOAD="${library##*/}" SEEP_RATE=1 SEEP_OUTPUT="$PWD/rec" "$PWD/capable" secure)
	"${stranger[@]}" env LD_PRELOAD="${library##*/}" SEEP_RATE=1 SEEP_OUTPUT="$PWD/plain" "$WORK/holder"
	rm -f "$library"
	if [ "$secure" = "secure 1" ]; then
		check_equal "a program with file capabilities: nothing is recorded, no variable is trusted" "capable plain" "$(ls | paste -sd' ')"
	else
		skip "a program with file capabilities" "its file system grants none here: $secure"
	fi
fi

# ---- what is in a recording
enter contents
SECRET_VARIABLE=environment-secret-4711 "$SEEP" run -r 1 -i 50ms -o "$PWD/rec" -- ../holder argument-known-4711 2>/dev/null
"$SEEP" bundle rec -o rec.bundle
/usr/bin/python3 - >unpacked <<'END'
import sys, zlib
data, at = open("rec.bundle", "rb").read(), 0
while (at := data.find(b"\x1f\x8b\x08", at)) >= 0:
    try:
        sys.stdout.buffer.write(zlib.decompressobj(31).decompress(data[at:]))
    except zlib.error:
        pass
    at += 1
END
for format in pprof folded speedscope gperftools json; do "$SEEP" export --format=$format rec -o "rec.$format" 2>/dev/null; done
gunzip -c <rec.pprof >rec.pprof.plain
"$SEEP" flame rec -o rec.html && "$SEEP" flame rec -o rec.svg
check_equal "no memory of the program is in a recording or in what is made of it" "" "$(grep -rlF memory-secret-4711 .)"
check_equal "nor its environment" "" "$(grep -rlF environment-secret-4711 .)"
check_equal "its arguments are in heap file, snapshot and bundle, as SECURITY.md says" "rec/000001.seep rec/heap unpacked" \
	"$(grep -lF argument-known-4711 rec/heap rec/000001.seep unpacked | sort | paste -sd' ')"

# ---- no network without being asked
if ! strace -f -o trace.probe true 2>/dev/null; then
	skip "no network without being asked" "strace may not trace here"
else
	export DEBUGINFOD_CACHE_PATH=$WORK/debuginfod-cache
	traced() { timeout 60 strace -f -e trace=network -o trace "$@" >/dev/null 2>&1; }
	network() { grep -cE 'connect\(|AF_INET' trace; }
	traced "$SEEP" run -r 1 -o "$PWD/traced" -- ../holder
	check_equal "seep run, its keeper and the program use no network" 0 "$(network)"
	for command in "report rec" "diff rec" "leaks rec" "flame rec -o f.svg" "bundle rec -o b" "export --format=pprof rec -o p" \
		"snapshot rec" "doctor -- $WORK/holder"; do
		# shellcheck disable=SC2086 # words
		traced "$SEEP" $command
		check_equal "seep ${command%% *} uses no network" 0 "$(network)"
	done
	DEBUGINFOD_URLS='' traced "$SEEP" report rec
	check_equal "an empty DEBUGINFOD_URLS asks nobody" 0 "$(network)"
	strip -o stripped ../holder && "$SEEP" run -r 1 -i 0 -o "$PWD/without" -- ./stripped 2>/dev/null && rm -f stripped
	rm -f stripped
	DEBUGINFOD_URLS=http://127.0.0.1:$(free_port) DEBUGINFOD_TIMEOUT=2 traced "$SEEP" report without
	check "where DEBUGINFOD_URLS is set a server is asked: the trace would have shown it" test "$(network)" -gt 0
fi
exit $cases_failed
