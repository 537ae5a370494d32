#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The doctor tells each thing that keeps seep from working, in one line with what to do; seep run warns of it too.
. "$(dirname "$0")/lib.sh"

cat >hello.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int c, char **v) { void *p = malloc(100); puts(v[0] ? "hello" : ""); if (c > 1) pause(); free(p); return 6; }
END
gcc -g -o plain hello.c
gcc -o stripped -s hello.c
gcc -g -o no-build-id -Wl,--build-id=none hello.c
gcc -g -static -o static hello.c
gcc -g -static-pie -o static-pie hello.c
musl-gcc -g -o musl hello.c
gcc -g -fsanitize=address -o asan hello.c
clang -g -fsanitize=thread -o tsan hello.c
clang -g -fsanitize=memory -o msan hello.c
gcc -g -rdynamic -o own-malloc -x c - <<'END'
#include <stddef.h>
static char pool[1 << 20];
static size_t used;
void *malloc(size_t n) { void *p = pool + used; used += (n + 15) & ~15ul; return used < sizeof pool ? p : 0; }
void free(void *p) { (void)p; }
int main(void) { return malloc(10) ? 6 : 0; }
END
gcc -g -o hidden-malloc -x c - <<'END'
#include <stdlib.h>
__attribute__((visibility("hidden"))) void *je_malloc(size_t n) { return calloc(1, n); }
int main(void) { return je_malloc(10) ? 6 : 0; }
END
cp plain i386 && printf '\003\000' | dd of=i386 bs=1 seek=18 conv=notrunc 2>/dev/null
cp plain other-machine && printf '\267\000' | dd of=other-machine bs=1 seek=18 conv=notrunc 2>/dev/null
printf '#!%s/static\n' "$WORK" >script && chmod +x script
printf '#!/usr/bin/env python3\nprint(1)\n' >python-script && chmod +x python-script

# NAME WANTED_STATUS WANTED_ID COMMAND...: the finding is printed once, with advice in the same line.
diagnoses() {
	local status=$1 id=$2 output
	shift 2
	output=$("$SEEP" doctor --json -- "$@")
	local seen=$?
	printf '%s' "$output" >doctor.json
	[ $seen -eq "$status" ] && [ "$(json_get doctor.json "d['schema']")" = seep.doctor/1 ] &&
		[ "$(json_get doctor.json "d['works']")" = "$([ "$status" -eq 0 ] && echo True || echo False)" ] &&
		[ "$(json_get doctor.json "sum(f['id'] == '$id' and (f['severity'] == 'ok' or bool(f['advice'])) for f in d['findings'])")" = 1 ] && return
	echo "exit status $seen, wanted $status and '$id'"
	echo "$output"
	return 1
}
check "a plain program works" diagnoses 0 executable ./plain
check "a static program" diagnoses 1 static ./static
check "a static position-independent program" diagnoses 1 static ./static-pie
check "musl" diagnoses 1 musl ./musl
check "AddressSanitizer" diagnoses 1 sanitizer ./asan
check "ThreadSanitizer" diagnoses 1 sanitizer ./tsan
check "MemorySanitizer" diagnoses 1 sanitizer ./msan
check "a malloc of its own" diagnoses 1 own-malloc ./own-malloc
check "an allocator linked in under another name" diagnoses 1 own-malloc ./hidden-malloc
check "another machine's program" diagnoses 1 architecture ./other-machine
check "a 32-bit machine's program" diagnoses 1 architecture ./i386
check "a stripped program works, with less to say" diagnoses 0 symbols ./stripped
check "no build id" diagnoses 0 build-id ./no-build-id
check "a script is followed to its interpreter" diagnoses 1 static ./script
check "python's pools" diagnoses 0 pool /usr/bin/python3
check "a python script, by way of env" diagnoses 0 pool ./python-script
check "pools that are switched off are no finding" bash -c "! PYTHONMALLOC=malloc '$SEEP' doctor -- python3 | grep -q pools"
check "the same by env's own words" bash -c "! '$SEEP' doctor -- env PYTHONMALLOC=malloc python3 | grep -q pools"
check "an environment that is cleared" diagnoses 1 environment env -i ./plain
check "no room for addresses" eval 'ulimit -v 90000 && diagnoses 1 address-space ./plain'
check "a program that is not there" diagnoses 1 missing no-such-program
check "a file that can't be executed" diagnoses 1 not-executable ./hello.c
ln -s plain sudo
check "sudo" diagnoses 1 wrapper ./sudo ls
if [ "$(id -u)" -eq 0 ]; then
	cp plain setuid && chown 65534 setuid && chmod 4755 setuid
	check "set-user-ID" diagnoses 1 setuid ./setuid
else
	check "set-user-ID" diagnoses 1 setuid /bin/su
fi
check "redis-server works" diagnoses 0 executable redis-server

cp static "$(printf 'na\033[31m\nme')"
check_equal "a hostile name comes out harmless" 0 "$("$SEEP" doctor -- "$(printf './na\033[31m\nme')" | grep -cP '[\x00-\x08\x0e-\x1f]|^me')"
text=$("$SEEP" doctor -- ./static)
check_match "text: what is, and what to do, in one line" '^fault +.*/?static is statically linked.*; link it dynamically' "$text"
check_match "text: a verdict at the end" '^it will not work$' "$text"
check_match "the machine itself" '^ok +libseep.so is /.*libseep\.so$' "$("$SEEP" doctor)"
check "and it will do" "$SEEP" doctor

# Processes.
background sleep 60
output=$("$SEEP" doctor "$background_pid")
check_equal "a process without the shim is no fault" 0 $?
check_match "since it can be joined" "'seep attach $background_pid' records it from now on" "$output"
compile holder <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void fill(void) { for (int i = 0; i < 20; i++) memset(malloc(1 << 20), 1, 1 << 20); }
int main(int argc, char **argv) { fill(); if (argc > 1 && fork() == 0) fill(); (void)argv; pause(); }
END
LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/held background ./holder
wait_until 10 test -e held/heap
check_match "a process that records" "records into $WORK/held" "$("$SEEP" doctor "$background_pid")"
check "is fine" "$SEEP" doctor "$background_pid"
LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/forked background ./holder fork
wait_until 10 test -e forked.2/heap
child=$(pgrep -P "$background_pid" holder)
check_match "one that was forked" "it was forked: memory that it inherited from its parent" "$("$SEEP" doctor "$child")"
kill "$child"
LD_PRELOAD=$SHIM background ./static stay
wait_until 10 grep -q static "/proc/$background_pid/cmdline"
check_match "one that was started with the shim in vain" "LD_PRELOAD names libseep.so, but the loader did not load it" \
	"$("$SEEP" doctor "$background_pid")"
PYTHONMALLOC=debug background /usr/bin/python3 -c 'import signal; signal.pause()'
check "one in an environment that matters" wait_until 10 eval '"$SEEP" doctor "$background_pid" | grep -q pools'
LD_PRELOAD=$SHIM SEEP_RATE=1G SEEP_OUTPUT=$WORK/idle background sleep 60
wait_until 10 grep -q libseep "/proc/$background_pid/maps"
check_match "a process that has sampled nothing yet" 'no recording yet; wait' "$("$SEEP" doctor "$background_pid")"
LD_PRELOAD=$SHIM background eval 'ulimit -v 60000; exec ./holder 2>/dev/null'
wait_until 10 grep -q libseep "/proc/$background_pid/maps"
check_match "one that has no room for a recording" 'its limit of address space leaves it [0-9]+ MiB' "$("$SEEP" doctor "$background_pid")"
check_match "no such process" 'there is no such process' "$("$SEEP" doctor 4194305)"

if [ "$(id -u)" -eq 0 ]; then
	compile sleeper <<-'END'
		#include <sys/prctl.h>
		#include <unistd.h>
		int main(int argc, char **argv) { if (argc > 1) prctl(PR_SET_DUMPABLE, 0); pause(); return !argv; }
	END
	chmod 755 "$WORK"
	background setpriv --reuid=65534 --regid=65534 --clear-groups ./sleeper not-dumpable
	check "a process that is not dumpable" wait_until 10 bash -c "'$SEEP' doctor $background_pid | grep -q 'is not dumpable: only root.*; ask as root'"
	cp sleeper privileged && chown 65534 privileged && chmod 4755 privileged
	LD_PRELOAD=$SHIM background setpriv --reuid=65533 --regid=65533 --clear-groups ./privileged
	check "a process that was started in secure mode" wait_until 10 bash -c "'$SEEP' doctor $background_pid | grep -q 'started in secure mode.*LD_PRELOAD was ignored; '"
else
	skip "a process that is not dumpable" "not root"
	skip "a process that was started in secure mode" "not root"
fi

# seep run warns in one line and runs the program as it would have run.
runs() { # FINDING COMMAND...
	local pattern=$1 output status
	shift
	output=$("$SEEP" run -- "$@" 2>stderr)
	status=$?
	[ $status -eq 6 ] && [ "$(grep -cE "^seep: .*$pattern.*;" stderr)" -eq 1 ] && ! grep -qv '^seep:' stderr && return
	echo "exit status $status, standard output: $output, standard error:"
	cat stderr
	return 1
}
check "run: static" runs 'statically linked' ./static
check "run: musl" runs 'musl' ./musl
check "run: AddressSanitizer" runs 'AddressSanitizer' ./asan
check "run: own malloc" runs 'defines malloc itself' ./own-malloc
check_match "run: and says at the end why nothing was recorded" 'nothing was recorded: .*statically linked' \
	"$("$SEEP" run -- ./static 2>&1)"
exit $cases_failed
