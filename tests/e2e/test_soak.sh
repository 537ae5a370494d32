#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s
# The short selections of make soak's programs. First a shim that changes what a program does: the harness must notice.
. "$(dirname "$0")/lib.sh"

mkdir -p broken/programs && ln -s "$SEEP" broken/seep
gcc -x c -D_GNU_SOURCE -shared -fPIC -o broken/libseep.so - <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((constructor)) static void harm(void)
{
	if (strcmp(program_invocation_short_name, "awk") != 0 && strcmp(program_invocation_short_name, "mawk") != 0)
		return;
	if (strcmp(getenv("HARM"), "print") == 0)
		puts("a word of its own");
	if (strcmp(getenv("HARM"), "exit") == 0)
		_exit(9);
	if (strcmp(getenv("HARM"), "hang") == 0)
		sleep(60);
}
END
cat >broken/programs/counts.sh <<'END'
# time limit: 2 s
# recordings: any, there is none from a broken shim
shift
exec "$@" awk 'BEGIN { print 6 * 7; exit 3 }'
END
soak_broken() { # HARM
	HARM=$1 SOAK_PROGRAMS=$WORK/broken/programs SOAK_VARIANTS=preload-4K BUILD=$WORK/broken "$ROOT/tests/soak/run.sh" 2>&1
}
check_match "a program that nothing happens to passes" '^1 passed, 0 failed' "$(soak_broken none)"
check_match "a word too much is seen" '^# \+a word of its own' "$(soak_broken print)"
check_match "another exit status is seen" '^# exit status 9, without 3' "$(soak_broken exit)"
check_match "a program that hangs is seen" '^# hangs: stopped after' "$(soak_broken hang)"

cd "$ROOT" && SOAK_SHORT=1 tests/soak/run.sh || cases_failed=1
exit $cases_failed
