/* SPDX-License-Identifier: Apache-2.0 */
/* See refusal.h. */
#include "attach/refusal.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seep/host.h>
#include <seep/process.h>

#include "keeper/base/file.h"
#include "keeper/base/text.h"
#include "keeper/program/limits.h"
#include "process/elf_inspect.h"
#include "process/inspect.h"

enum { STATUS_BYTES = 8192, VFORK_LOOKS = 100, VFORK_LOOK_MS = 50 };

/* Yama lets a process be traced by its ancestors alone, by root alone, or by nobody. */
static int yama_scope(void)
{
	int scope = 0;
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (file) {
		if (fscanf(file, "%d", &scope) != 1)
			scope = 0;
		fclose(file);
	}
	return scope;
}

static bool access_is_given(pid_t pid, const char *name, struct error *error)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	int file = open(path, O_RDWR | O_CLOEXEC);
	if (file >= 0) {
		close(file);
		return true;
	}
	int scope = yama_scope();
	if (scope >= 3)
		return error_set(
		    error, "%d (%s) can't be joined: kernel.yama.ptrace_scope is 3, which forbids it to everybody",
		    (int)pid, name);
	if (scope > 0 && geteuid() != 0)
		return error_set(error, "%d (%s) can't be joined: kernel.yama.ptrace_scope is %d; ask as root",
				 (int)pid, name, scope);
	return error_set(error, "%d (%s) can't be joined: that needs %s", (int)pid, name,
			 geteuid() ? "the same user or CAP_SYS_PTRACE; ask as root"
				   : "CAP_SYS_PTRACE and all rights of the process, which root lacks here");
}

/* Whether this hierarchy's control group, or one above it, is frozen: in v1 its controller says so, else v2. */
static bool group_is_frozen(const char *groups, const char *controller)
{
	static const char *const states[2][2] = {
	    {LIMITS_ROOT "%s/cgroup.events", LIMITS_ROOT "/unified%s/cgroup.events"},
	    {LIMITS_ROOT "/freezer%s/freezer.state", NULL}};
	char group[LIMITS_PATH_BYTES], path[LIMITS_PATH_BYTES + 64], text[256];
	uint64_t frozen = 0;
	bool version1;

	if (!limits_group_path(groups, controller, &version1, group, sizeof group))
		return false;
	for (int i = 0; i < 2 && states[version1][i]; i++) {
		snprintf(path, sizeof path, states[version1][i], group);
		if (file_read_text(path, text, sizeof text) > 0)
			return version1 ? strncmp(text, "THAWED", 6) != 0
					: text_line_number(text, "frozen", &frozen) && frozen;
	}
	return false;
}

/* Whoever freezes a control group leaves the state of its processes as it was: a sleeping one still reads as
 * sleeping. */
static bool it_runs(pid_t pid, const struct process_facts *facts, struct error *error)
{
	char groups[4096];

	if (facts->state == 'T')
		return error_set(error, "%d (%s) is stopped; continue it first (kill -CONT %d)", (int)pid, facts->name,
				 (int)pid);
	if (seep_process_read((uint64_t)pid, "cgroup", groups, sizeof groups) > 0 &&
	    (group_is_frozen(groups, "freezer") || group_is_frozen(groups, "")))
		return error_set(error, "%d (%s) can't be joined: its control group is frozen; thaw it first", (int)pid,
				 facts->name);
	return true;
}

static bool program_is_ours(pid_t pid, const struct process_facts *facts, struct error *error)
{
	struct elf_facts elf;
	struct error ignored;
	bool is_elf;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (!elf_inspect(path, ELF_SHALLOW, &elf, &is_elf, &ignored))
		return true; /* the checks that follow say more */
	if (elf.machine != elf_own_machine() || !elf.is_64_bit)
		return error_set(error, "%d (%s) can't be joined: it is a program for another machine (%s)", (int)pid,
				 facts->name, elf_machine_name(elf.machine));
	if (!elf.interpreter[0] && !elf.has_dynamic_section)
		return error_set(error, "%d (%s) can't be joined: it is statically linked", (int)pid, facts->name);
	if (strstr(elf.interpreter, "musl"))
		return error_set(error, "%d (%s) can't be joined: its C library is musl, and seep knows glibc",
				 (int)pid, facts->name);
	if (elf.sanitizer)
		return error_set(error, "%d (%s) can't be joined: it runs under %s, which replaces malloc", (int)pid,
				 facts->name, elf.sanitizer);
	return true;
}

/* Whether one process has the other's memory, by vfork() or the like: whatever we do to one happens to the other. */
static bool shares_memory(pid_t one, pid_t other)
{
	return one > 0 && other > 0 && syscall(SYS_kcmp, one, other, KCMP_VM, 0, 0) == 0;
}

/* The child for which a process waits in vfork(); 0: there is none. */
static pid_t vfork_child(pid_t pid)
{
	pid_t found = 0;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	FILE *file = fopen(path, "re");
	for (int child; file && !found && fscanf(file, "%d", &child) == 1;)
		found = shares_memory(pid, child) ? child : 0;
	if (file)
		fclose(file);
	return found;
}

static bool shares_no_memory(pid_t pid, const struct process_facts *facts, struct error *error)
{
	struct seep_process_stat stat;
	pid_t child = 0;

	if (seep_process_stat((uint64_t)pid, &stat) && shares_memory(pid, (pid_t)stat.parent_pid))
		return error_set(error,
				 "%d (%s) can't be joined: it is a child by vfork() and has its parent's memory, %d's",
				 (int)pid, facts->name, (int)stat.parent_pid);
	for (int i = 0; i <= VFORK_LOOKS && facts->state == 'D'; i++) { /* most children execute a program at once */
		pid_t seen = vfork_child(pid);
		if (!seen || (child && seen != child))
			return true;
		child = seen;
		if (i < VFORK_LOOKS)
			poll(NULL, 0, VFORK_LOOK_MS);
	}
	return !child || error_set(error, "%d (%s) can't be joined now: it waits in vfork() for its child %d", (int)pid,
				   facts->name, (int)child);
}

uint64_t process_addresses_left(pid_t pid)
{
	char limits[2048], status[STATUS_BYTES];
	uint64_t limit, used_kib;

	if (seep_process_read((uint64_t)pid, "limits", limits, sizeof limits) <= 0 ||
	    seep_process_read((uint64_t)pid, "status", status, sizeof status) <= 0 ||
	    !text_line_number(limits, "Max address space", &limit) || !text_line_number(status, "VmSize:", &used_kib))
		return UINT64_MAX;
	return limit > used_kib << 10 ? limit - (used_kib << 10) : 0;
}

static bool has_addresses(pid_t pid, const char *name, struct error *error)
{
	const uint64_t left = process_addresses_left(pid), least = seep_address_space_least();

	return left >= least || error_set(error,
					  "%d (%s) can't be joined: its limit of address space leaves it %" PRIu64
					  " MiB, and a recording asks for %" PRIu64 " MiB (prlimit --as=... --pid %d)",
					  (int)pid, name, left >> 20, (least + (1 << 20) - 1) >> 20, (int)pid);
}

/* Does it answer whether files may be opened? Then our open in it would wait for its answer. */
static bool answers_opens(pid_t pid)
{
	enum { PERMISSION_CLASSES = FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT };
	char path[PATH_MAX], target[64], info[512];
	bool answers = false;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *descriptors = opendir(path);
	for (const struct dirent *entry; descriptors && !answers && (entry = readdir(descriptors));) {
		const ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
		target[length > 0 ? length : 0] = 0;
		if (!strstr(target, "[fanotify]"))
			continue;
		snprintf(path, sizeof path, "fdinfo/%.20s", entry->d_name);
		const char *flags = seep_process_read((uint64_t)pid, path, info, sizeof info) > 0
					? strstr(info, "fanotify flags:")
					: NULL;
		answers = flags && strtoul(flags + strlen("fanotify flags:"), NULL, 16) & PERMISSION_CLASSES;
	}
	if (descriptors)
		closedir(descriptors);
	return answers;
}

bool process_may_be_joined(pid_t pid, struct error *error)
{
	struct seep_process_stat first;
	struct process_facts facts;
	char status[STATUS_BYTES];
	uint64_t size, tracer = 0, mode = 0;

	if (pid == getpid())
		return error_set(error, "%d is seep itself", (int)pid);
	if (!process_inspect(pid, &facts, error))
		return false;
	if (facts.state == 'Z')
		return error_set(error, "%d (%s) has ended", (int)pid, facts.name);
	if (seep_process_stat((uint64_t)pid, &first) && first.state == 'Z')
		return error_set(error, "%d (%s) can't be joined: its first thread has ended before the others",
				 (int)pid, facts.name);
	if (seep_process_read((uint64_t)pid, "status", status, sizeof status) < 0)
		return error_set(error, "%d has ended", (int)pid);
	if (!text_line_number(status, "VmSize:", &size))
		return error_set(error, "%d (%s) can't be joined: it is a kernel thread, or is just ending", (int)pid,
				 facts.name);
	if (!access_is_given(pid, facts.name, error))
		return false;
	if (text_line_number(status, "TracerPid:", &tracer) && tracer)
		return error_set(error, "%d (%s) can't be joined: process %" PRIu64 " traces it already", (int)pid,
				 facts.name, tracer);
	if (!it_runs(pid, &facts, error))
		return false;
	if (text_line_number(status, "Seccomp:", &mode) && mode == SECCOMP_MODE_STRICT)
		return error_set(error,
				 "%d (%s) can't be joined: it has forbidden itself all system calls but four (seccomp)",
				 (int)pid, facts.name);
	if (answers_opens(pid))
		return error_set(error,
				 "%d (%s) can't be joined: it answers whether files may be opened (fanotify), and "
				 "would wait for itself",
				 (int)pid, facts.name);
	return has_addresses(pid, facts.name, error) && shares_no_memory(pid, &facts, error) &&
	       program_is_ours(pid, &facts, error);
}
