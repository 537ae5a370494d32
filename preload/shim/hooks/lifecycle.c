/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and leaving. The constructor looks up what the sampling path needs,
 * so that nothing there takes the loader's lock or allocates. The constructors
 * of the libraries that the program needs run before ours (libstdc++'s
 * allocates 71 KiB): the first allocation of the first thread there does our
 * constructor's work. Samples that are due before that are counted as lost in
 * set-up.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "keeper/base/clock.h"
#include "keeper/base/epoch.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/modules.h"
#include "shim/hooks/lifecycle.h"
#include "shim/host/joined.h"
#include "shim/host/real.h"
#include "shim/keeping/keeper_process.h"
#include "shim/record/countdown.h"
#include "shim/record/recorder.h"
#include "shim/recording/gate.h"
#include "shim/recording/recording.h"
#include "shim/recording/session.h"
#include "shim/recording/setup.h"
#include "shim/record/trigger.h"
#include "shim/sample/unwinder.h"

void recorder_prepare(char *const *options, char *const *environment, bool secure)
{
	struct recording_setup *setup = &recording_setup;
	options_read(&setup->options, options, secure);
	bool everything = !setup->options.off && setup->options.rate <= 1;
	malloc_set_rate(everything);
	linked_set_rate(everything);
	if (setup->options.off)
		return;
	modules_prepare();
	setup->unwinder = unwinder_select(*setup->options.unwinder ? setup->options.unwinder : NULL);
	if (!setup->unwinder && *setup->options.unwinder) {
		session_say("no such unwinder here, using the best there is", setup->options.unwinder);
		setup->unwinder = unwinder_select(NULL);
	}
	setup->status = environment_status(environment) | (setup->unwinder ? 0 : SEEP_STATUS_NO_UNWINDER);
	if (*setup->options.warning)
		session_say(setup->options.warning, NULL);
}

/* Begins in a preloaded library, when the program starts: allocations are recorded from now on. */
static void begin_with_program(char **environment)
{
	struct recording_setup *setup = &recording_setup;
	recorder_prepare(environment, environment, getauxval(AT_SECURE) != 0);
	if (!setup->options.off) {
		bypass_find();
		if (!setup->options.follow)
			environment_stop_following(environment);
		keeper_process_prepare();
	}
	recording_prepare();
	if (!setup->options.off)
		trigger_prepare(setup->options.signal);
	real_forget_error();
}

static void load(char **environment)
{
	struct recording_setup *setup = &recording_setup;
	clock_prepare(getauxval(AT_SYSINFO_EHDR));
	epoch_find();
	setup->loaded_ns = clock_read_ns(CLOCK_MONOTONIC);
	setup->pid = system_getpid();
	struct stat status;
	if (!is_joined() && system_stat_descriptor(2, &status) == 0) { /* a warning goes to no other file */
		setup->stderr_device = status.st_dev;
		setup->stderr_inode = status.st_ino;
	}
	real_prepare();
	/* These allocate, once: when the program is joined again, they don't, so the borrowed thread gets no arena for that. */
	cxx_prepare();
	malloc_prepare();
	allocators_prepare();
	if (is_joined())
		join_load();
	else
		begin_with_program(environment);
}

/* The environment if this is the first thread, in a constructor (libc's own has set environ by then); else NULL, since a
 * constructor may hold the loader's lock and wait for this thread. */
static char **early_environment(void)
{
	if (recording_setup.pid || is_joined() || system_gettid() != system_getpid())
		return NULL;
	char ***variables = host_environ();
	return variables ? *variables : NULL;
}

static void load_early(void)
{
	int saved_errno = errno;
	char **environment = early_environment();
	if (environment) {
		recording_setup.early = true;
		load(environment);
	}
	errno = saved_errno;
}

bool lifecycle_is_due(size_t size)
{
	ENTRY_PLAIN_FLAGS;
	if (!recording_is_prepared())
		load_early();
	return countdown_is_due(size);
}

__attribute__((constructor)) static void seep_load(int argument_count, char **arguments, char **environment)
{
	(void)argument_count;
	(void)arguments;
	recording_setup.early = false;
	if (!recording_setup.pid)
		load(environment);
	else if (!gate_is_in_forked_child()) /* a constructor's vfork child may have been the first to allocate */
		recording_setup.pid = system_getpid();
}

__attribute__((destructor)) static void seep_leave(void)
{
	countdown_heal(); /* so that a lost sample is counted */
	recorder_settle();
	recording_end();
}
