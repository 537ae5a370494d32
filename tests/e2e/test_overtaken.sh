#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A recording changes while it is read: the report shows its new state. A preloaded library makes the change between two
# of the reader's calls: when it opens a snapshot, or first looks at the heap file.
. "$(dirname "$0")/lib.sh"

compile change.so -shared -fPIC -x c - <<'END'
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
static void change(const char *path)
{
	const char *what = getenv("CHANGE"), *where = getenv("CHANGE_AT");
	size_t length = strlen(path);
	if (!what || length < strlen(where) || strcmp(path + length - strlen(where), where) != 0)
		return;
	char *command = strdup(what);
	unsetenv("CHANGE");
	unsetenv("LD_PRELOAD");
	if (system(command) != 0)
		abort();
}
int open(const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
	va_end(list);
	change(path);
	return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}
int stat(const char *restrict path, struct stat *restrict status)
{
	change(path);
	return ((int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "stat"))(path, status);
}
END
compile program <<'END'
#include <stdio.h>
#include <stdlib.h>
static void *volatile kept;
__attribute__((noinline)) static void keep(int count) { for (int i = 0; i < count; i++) kept = malloc(1000); }
int main(void)
{
	keep(500);
	fclose(fopen("ready", "w"));
	getchar();
	keep(100);
	return 0;
}
END
total() { # RECORDING [CHANGE WHERE]
	env ${2:+LD_PRELOAD="$WORK/change.so" CHANGE="$2" CHANGE_AT="$3"} "$SEEP" report --json "$1" >report.json 2>err &&
		json_get report.json "sum(s['inuse_objects'] for s in d['sites'] if any(f['function'] == 'keep' for f in s['stack']))" || cat err
}

mkfifo requests
exec 3<>requests
begin() { # RECORDING: a program that has kept 500 and waits
	rm -f ready
	"$SEEP" run -r 1 -i 0 --heap=recording -o "$1" -- ./program <requests 3>&- 2>err.run &
	pids+=("$!")
	wait_until 20 test -e ready
}

# The keeper of a running program removes the snapshot that was listed as the last, once there is a later one.
begin series
"$SEEP" snapshot "$(child_of $!)" >/dev/null 2>&1
echo go >&3
wait $!
rm series/heap && mv series/000002.seep later
check_equal "a snapshot that is there" 500 "$(total series)"
check_equal "one that vanishes as it is opened: the next one" "600 000002.seep" \
	"$(total series "mv '$WORK/later' series/000002.seep && rm series/000001.seep" /000001.seep) $(ls series)"

# A program ends while its heap file is read. Once there is a last snapshot, the file's contents do not matter.
begin ending
cat >end.sh <<'END'
echo go >requests
for _ in $(seq 2000); do ! grep -q 'recorded in ending' err.run || break; sleep 0.05; done
fallocate -p -o 1M -l 1T ending/heap
END
check_equal "one whose program ends while its heap file is read: the last snapshot" "600 000001.seep" \
	"$(total ending "sh end.sh" /heap) $(cd ending && ls ./*.seep | cut -c3-)"
wait $!
exit $cases_failed
