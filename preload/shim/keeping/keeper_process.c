/* SPDX-License-Identifier: Apache-2.0 */
/* Starting libseep.so as a program: see keeper_process.h. */
#include "shim/keeping/keeper_process.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clone.h"
#include "keeper/base/entry.h"
#include "keeper/base/file.h"
#include "keeper/base/text.h"
#include "keeper/program/crowd.h"
#include "keeper/program/descriptors.h"
#include "keeper/program/namespace.h"
#include "keeper/program/process.h"

#define STACK_BYTES (16u << 10) /* of each of the two children */
#define HEAD_BYTES 1024u        /* bytes of the file, with its program headers and build id */
#define ORPHANS_LOOKED_AT 64
#define WAIT_ALL 0x40000000 /* __WALL */

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* where our own file is mapped */

static char library[1024]; /* absolute, or "" */
static _Atomic bool ancestor_gathers;

static struct launch {
	const char *directory;
	char *stacks;
	bool shares_descriptors;
	long error;
} launch;

void keeper_process_prepare(void)
{
	Dl_info self;
	if (!dladdr((const void *)__ehdr_start, &self) || !self.dli_fname)
		return;
	struct text text = text_begin(library, sizeof library);
	if (self.dli_fname[0] != '/') {
		if (system_call(SYS_getcwd, (long)library, sizeof library, 0, 0, 0, 0) <= 0 || library[0] != '/') {
			library[0] = 0;
			return;
		}
		text.length = strlen(library);
		text_add(&text, "/");
	}
	text_add(&text, self.dli_fname);
	if (text.cut)
		library[0] = 0;
}

/* A descriptor of this library's file, if that is still the file that we are mapped from: an update may have
 * replaced it. */
static long library_open(void)
{
	char head[HEAD_BYTES];
	int file = system_open(library, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0 ||
	    (file_read_at(file, head, sizeof head, 0) == sizeof head && memcmp(head, __ehdr_start, sizeof head) == 0))
		return file;
	return -ESTALE;
}

/* The second child, in the program's memory but with a descriptor table of its own. It becomes another program. */
static __attribute__((noreturn)) void keeper_execute(void *unused)
{
	(void)unused;
	static char name[] = KEEPER_PROCESS_NAME;
	struct {
		int priority;
	} ordinary = {0};
	char *arguments[] = {name, (char *)(uintptr_t)launch.directory, NULL}, *environment[] = {NULL};
	system_call(SYS_setsid, 0, 0, 0, 0, 0, 0);
	system_call(SYS_chdir, (long)"/", 0, 0, 0, 0, 0);
	system_call(SYS_sched_setscheduler, 0, SCHED_OTHER, (long)&ordinary, 0, 0, 0);
	long file = library_open();
	launch.error =
	    file < 0 ? file
		     : system_call(SYS_execveat, file, (long)"", (long)arguments, (long)environment, AT_EMPTY_PATH, 0);
	system_exit(1);
}

/* The first child. When it ends, the second becomes init's. */
static __attribute__((noreturn)) void keeper_give_away(void *unused)
{
	(void)unused;
	crowd_lower_limit();
	if (descriptors_leave(launch.shares_descriptors)) {
		long made = system_clone(CLONE_VM | CLONE_VFORK | CLONE_UNTRACED, launch.stacks + 2 * STACK_BYTES - 64,
					 NULL, keeper_execute, NULL);
		if (made < 0)
			launch.error = made;
	} else {
		launch.error = -EMFILE;
	}
	system_exit(0);
}

static bool links_agree(const char *one, const char *other)
{
	char first[64], second[64];
	long length = system_read_link(one, first, sizeof first);
	return length > 0 && length == system_read_link(other, second, sizeof second) &&
	       memcmp(first, second, (size_t)length) == 0;
}

/* Are children and /proc in the program's own namespace of processes? */
static bool namespace_is_plain(void)
{
	char self[24], own[24];
	struct text text = text_begin(own, sizeof own);
	text_add_unsigned(&text, (uint64_t)system_getpid());
	long length = system_read_link("/proc/self", self, sizeof self);
	return length == (long)text.length && memcmp(self, own, text.length) == 0 &&
	       links_agree("/proc/self/ns/pid", "/proc/self/ns/pid_for_children");
}

/* Does this container's first process fail to wait for its children? Then an earlier program's keeper is a zombie
 * there, and every further keeper would be one, up to the limit of processes. */
static bool orphans_are_left(void)
{
	char list[512];
	const char *at = list;
	uint64_t pid;
	if (namespace_sees_all() || file_read_text("/proc/1/task/1/children", list, sizeof list) <= 0)
		return false;
	for (int looked = 0; looked < ORPHANS_LOOKED_AT && text_take_unsigned(&at, &pid); looked++) {
		if (process_is_left_over(pid, KEEPER_PROCESS_NAME))
			return true;
		while (*at == ' ')
			at++;
	}
	return false;
}

void keeper_process_note_gathering(void)
{
	store_relaxed(&ancestor_gathers, true);
}

static bool is_alone_in_seeing_it(void)
{
	int gathers = 0;
	return system_getpid() != 1 && !load_relaxed(&ancestor_gathers) &&
	       system_call(SYS_prctl, PR_GET_CHILD_SUBREAPER, (long)&gathers, 0, 0, 0, 0) == 0 && !gathers &&
	       namespace_is_plain() && !orphans_are_left();
}

static void children_run(void)
{
	ENTRY_WITHOUT(ENTRY_STEPS); /* a trap that is blocked kills */
	unsigned long flags = CLONE_VM | CLONE_VFORK | CLONE_UNTRACED;
	launch.shares_descriptors = descriptors_can_be_left();
	if (launch.shares_descriptors)
		flags |= CLONE_FILES;
	uint64_t signals = system_block_signals(SIGNALS_ALL);
	long child = system_clone(flags, launch.stacks + STACK_BYTES - 64, NULL, keeper_give_away, NULL);
	if (child > 0) {
		while (system_call(SYS_wait4, child, 0, WAIT_ALL, 0, 0, 0) == -EINTR)
			;
	} else {
		launch.error = child;
	}
	system_restore_signals(signals);
}

enum keeper_start keeper_process_start(const char *directory)
{
	if (!library[0] || !is_alone_in_seeing_it())
		return KEEPER_HAS_TO_BE_A_THREAD;
	launch = (struct launch){.directory = directory};
	launch.stacks = system_map(NULL, 2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (system_failed(launch.stacks))
		return KEEPER_HAS_TO_BE_A_THREAD;
	children_run();
	system_unmap(launch.stacks, 2 * STACK_BYTES);
	if (launch.error == -EAGAIN)
		return KEEPER_CROWDED;
	return launch.error == 0 ? KEEPER_STARTED : KEEPER_HAS_TO_BE_A_THREAD;
}
