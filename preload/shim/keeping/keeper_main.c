/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libseep.so as a program: the keeper of one recording, started by the program
 * that records (keeper_process.c). The loader has relocated it and set up the C
 * library. No constructor has run: the loader leaves a program's own
 * constructors to its start-up code, and this program has none. So nothing here
 * samples.
 */
#include <string.h>
#include <sys/prctl.h>

#include "keeper/base/clone.h"
#include "keeper/loop/keeper.h"
#include "shim/keeping/keeper_process.h"

__attribute__((section(".interp"), used)) static const char interpreter[] = "/lib64/ld-linux-x86-64.so.2";

static void say_what_it_is(void)
{
	static const char text[] = "libseep.so " SEEP_VERSION " is made for LD_PRELOAD; see seep run --help.\n";
	system_write(1, text, sizeof text - 1);
}

/* keeper_entry.S calls it. The stack is as the kernel leaves it: the number of arguments, then the arguments. */
__attribute__((noreturn)) void keeper_main(const long *stack);
void keeper_main(const long *stack)
{
	char **arguments = (char **)(uintptr_t)(stack + 1);
	if (stack[0] == 2 && strcmp(arguments[0], KEEPER_PROCESS_NAME) == 0) {
		const struct rlimit none = {0};
		system_call(SYS_prctl, PR_SET_NAME, (long)KEEPER_PROCESS_NAME, 0, 0, 0, 0);
		system_call(SYS_prlimit64, 0, RLIMIT_CORE, (long)&none, 0, 0, 0);
		system_call(SYS_umask, 077, 0, 0, 0, 0, 0);
		keeper_run_apart(arguments[1]);
	} else {
		say_what_it_is();
	}
	system_call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	system_exit(0);
}
