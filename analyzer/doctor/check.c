/* SPDX-License-Identifier: Apache-2.0 */
/* The list of findings, and the checks of this machine. */
#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "doctor/check.h"
#include "process/library.h"

enum { ROOM_WANTED_MB = 256 };

void finding_add(struct findings *findings, enum finding_severity severity, const char *id, const char *advice,
		 const char *format, ...)
{
	va_list arguments;
	char text[sizeof((struct finding *)NULL)->text];
	struct error safe;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	error_set(&safe, "%s", text); /* the text may quote names from outside: escapes control characters */
	ARRAY_RESERVE(findings->items, findings->count, findings->capacity);
	struct finding *finding = &findings->items[findings->count++];
	finding->severity = severity;
	finding->id = id;
	snprintf(finding->text, sizeof finding->text, "%s", safe.text);
	snprintf(finding->advice, sizeof finding->advice, "%s", advice ? advice : "");
}

bool findings_have_fault(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].severity == FINDING_FAULT)
			return true;
	return false;
}

void findings_free(struct findings *findings)
{
	free(findings->items);
	memset(findings, 0, sizeof *findings);
}

static void check_shim(struct findings *findings)
{
	char path[4096];
	struct error error;
	struct elf_facts facts;
	bool is_elf;

	if (!library_find_shim(path, sizeof path, &error))
		finding_add(findings, FINDING_FAULT, "shim", "build it with 'make', or install with 'make install'",
			    "%s", error.text);
	else if (!elf_inspect(path, ELF_SHALLOW, &facts, &is_elf, &error))
		finding_add(findings, FINDING_FAULT, "shim", "build it with 'make'", "%s", error.text);
	else if (facts.machine != elf_own_machine())
		finding_add(findings, FINDING_FAULT, "shim", "build it on this machine", "%s is built for %s", path,
			    elf_machine_name(facts.machine));
	else {
		finding_add(findings, FINDING_FINE, "shim", NULL, "libseep.so is %s", path);
		check_shim_for_others(path, findings);
	}
}

static void check_unwinder(struct findings *findings)
{
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		finding_add(findings, FINDING_WARNING, "libunwind", "install the package libunwind8",
			    "libunwind.so.8 can't be loaded: stacks will be shallow");
		return;
	}
	finding_add(findings, FINDING_FINE, "libunwind", NULL, "libunwind.so.8 can be loaded");
	dlclose(library);
}

static void check_room(struct findings *findings)
{
	struct statvfs room;

	if (access(".", W_OK | X_OK) != 0)
		finding_add(findings, FINDING_WARNING, "room", "go elsewhere, or give a directory with -o",
			    "recordings can't be written to the current directory: %s", strerror(errno));
	else if (statvfs(".", &room) != 0)
		finding_add(findings, FINDING_WARNING, "room", NULL, "the free space here is unknown: %s",
			    strerror(errno));
	else if (room.f_bavail * room.f_frsize >> 20 < ROOM_WANTED_MB)
		finding_add(findings, FINDING_WARNING, "room", "make room, or give another directory with -o",
			    "only %llu MB are free in the current directory",
			    (unsigned long long)(room.f_bavail * room.f_frsize >> 20));
	else
		finding_add(findings, FINDING_FINE, "room", NULL, "recordings can be written here, %llu MB are free",
			    (unsigned long long)(room.f_bavail * room.f_frsize >> 20));
}

static void check_kernel(struct findings *findings)
{
	int scope = 0;
	FILE *yama = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (access("/proc/self/maps", R_OK) != 0)
		finding_add(findings, FINDING_WARNING, "proc", "mount /proc",
			    "/proc can't be read: processes can't be found by their number");
	if (yama && fscanf(yama, "%d", &scope) == 1 && scope > 0)
		finding_add(findings, FINDING_NOTE, "yama", NULL,
			    "Yama restricts ptrace (ptrace_scope %d): %s; seep run does not need it", scope,
			    scope < 3 ? "seep attach is for root alone" : "seep attach can join nobody");
	if (yama)
		fclose(yama);
}

void check_machine(struct findings *findings)
{
	const char *version = gnu_get_libc_version();

	if (elf_own_machine() == 0)
		finding_add(findings, FINDING_FAULT, "machine", NULL, "this processor is not supported");
	finding_add(findings, FINDING_FINE, "glibc", NULL, "the C library is glibc %s", version);
	check_shim(findings);
	check_unwinder(findings);
	check_room(findings);
	check_memory(findings);
	check_kernel(findings);
	if (getenv("LD_PRELOAD"))
		finding_add(findings, FINDING_NOTE, "preload", NULL, "LD_PRELOAD is set already: %.200s",
			    getenv("LD_PRELOAD"));
}
