/* SPDX-License-Identifier: Apache-2.0 */
/* tells FILE: writes "ready", then a line for each signal that it takes, with the value where one came along. It has all
 * 64 blocked, so that none is merged while it writes. SIGTERM ends it with 33. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long all = ~0UL;
	siginfo_t signal;
	FILE *file = argc > 1 ? fopen(argv[1], "a") : NULL;

	if (!file)
		return 1;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
	setvbuf(file, NULL, _IOLBF, 0);
	fprintf(file, "ready\n");
	for (;;) {
		if (syscall(SYS_rt_sigtimedwait, &all, &signal, NULL, sizeof all) < 0)
			continue;
		if (signal.si_code == SI_QUEUE)
			fprintf(file, "%d value %d\n", signal.si_signo, signal.si_value.sival_int);
		else
			fprintf(file, "%d\n", signal.si_signo);
		if (signal.si_signo == SIGTERM)
			return 33;
	}
}
