/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the executable file: can the loader put libseep.so into it, do its allocations pass through malloc, and do its
 * functions have names?
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files/path.h"
#include "doctor/check.h"

/* If exec gives the program rights that we don't have, the loader ignores LD_PRELOAD. */
static void check_privileges(const char *path, struct findings *findings)
{
	struct stat status;
	struct statvfs mount;

	if (stat(path, &status) != 0 || (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID)))
		return;
	if (((status.st_mode & S_ISUID) && status.st_uid != geteuid()) ||
	    ((status.st_mode & S_ISGID) && (status.st_mode & S_IXGRP) && status.st_gid != getegid()))
		finding_add(findings, FINDING_FAULT, "setuid", "record as its owner: sudo seep run -- CMD",
			    "%s is set-user-ID or set-group-ID: the loader ignores LD_PRELOAD", path);
	else if (geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		finding_add(findings, FINDING_FAULT, "capabilities", "record as root, or a copy of it without them",
			    "%s has file capabilities: the loader ignores LD_PRELOAD", path);
}

/* True if the loader can put libseep.so in. */
static bool check_linking(const char *path, const struct elf_facts *facts, struct findings *findings)
{
	if (facts->machine != elf_own_machine() || !facts->is_64_bit || !facts->is_little_endian) {
		findings->preload_breaks = true;
		finding_add(findings, FINDING_FAULT, "architecture", "build seep for that machine and use it there",
			    "%s is built for %s%s, libseep.so for %s", path, elf_machine_name(facts->machine),
			    facts->is_64_bit ? "" : " (32 bits)", elf_machine_name(elf_own_machine()));
		return false;
	}
	if (!facts->interpreter[0] && facts->is_go) {
		finding_add(findings, FINDING_FAULT, "go", "use Go's own heap profile (runtime/pprof)",
			    "%s is a Go program without cgo: static, and its heap is not malloc's", path);
		return false;
	}
	if (!facts->interpreter[0]) {
		finding_add(findings, FINDING_FAULT, "static", "link it dynamically (without -static)",
			    "%s is statically linked: nothing can be preloaded", path);
		return false;
	}
	if (strstr(facts->interpreter, "ld-musl")) {
		findings->preload_breaks = true;
		finding_add(findings, FINDING_FAULT, "musl", "build the program for glibc to profile it",
			    "%s is linked with musl, libseep.so with glibc", path);
		return false;
	}
	if (!text_begins_with(path_base_name(facts->interpreter), "ld-linux") &&
	    !text_begins_with(path_base_name(facts->interpreter), "ld64.so")) {
		findings->preload_breaks = true;
		finding_add(findings, FINDING_FAULT, "loader", "build the program for glibc to profile it",
			    "%s is started by %s, which is not glibc's loader", path, facts->interpreter);
		return false;
	}
	return true;
}

static void check_allocator(const char *path, const struct elf_facts *facts, struct findings *findings)
{
	if (facts->sanitizer) {
		findings->preload_breaks = true;
		finding_add(findings, FINDING_FAULT, "sanitizer", "build it without -fsanitize for profiling",
			    "%s is built with %s, which replaces malloc", path, facts->sanitizer);
	} else if (facts->own_malloc_is_exported) {
		finding_add(findings, FINDING_FAULT, "own-malloc",
			    "'seep run --static' hooks it where it is; or link it as a shared library",
			    "%s defines malloc itself: a preloaded library is bypassed, unless it passes calls on",
			    path);
	} else if (facts->own_malloc[0]) {
		finding_add(findings, FINDING_FAULT, "own-malloc",
			    facts->is_rust ? "'seep run --static' hooks it where it is; or drop #[global_allocator]"
					   : "'seep run --static' hooks it where it is; or link it as a shared library",
			    "%s has an allocator of its own linked in (%s): it is bypassed", path, facts->own_malloc);
	}
	if (facts->is_go && facts->interpreter[0])
		finding_add(findings, FINDING_WARNING, "go", "use Go's own heap profile for its Go part",
			    "%s is a Go program with cgo: only C's allocations are seen", path);
}

/* Pools above malloc: seep sees their blocks, but not the objects that they carve out of them. */
static void check_pools(const char *path, const struct elf_facts *facts, const struct check_environment *environment,
			struct findings *findings)
{
	const char *name = path_base_name(path);

	if (facts->is_python && !environment->has_variable(environment->context, "PYTHONMALLOC", "malloc") &&
	    !environment->has_variable(environment->context, "PYTHONMALLOC", "malloc_debug"))
		finding_add(findings, FINDING_WARNING, "pool", "set PYTHONMALLOC=malloc",
			    "%s allocates small objects from pools of its own", name);
	if (text_begins_with(name, "php") && !environment->has_variable(environment->context, "USE_ZEND_ALLOC", "0"))
		finding_add(findings, FINDING_WARNING, "pool", "set USE_ZEND_ALLOC=0",
			    "%s allocates from pools of its own", name);
	if (strcmp(name, "node") == 0 || strcmp(name, "java") == 0)
		finding_add(findings, FINDING_WARNING, "pool", "use its own heap profiler for them",
			    "%s keeps its objects in a heap of its own: only native allocations are seen", name);
	/* glib took small objects from slices until version 2.76, which has none. */
	if (facts->needs_glib && !environment->has_variable(environment->context, "G_SLICE", "always-malloc"))
		finding_add(findings, FINDING_NOTE, "pool", "set G_SLICE=always-malloc if glib is older than 2.76",
			    "%s uses glib, whose slices hide sites", name);
}

static bool debug_file_installed(const struct elf_facts *facts)
{
	char path[160];

	snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%.2s/%s.debug", facts->build_id,
		 facts->has_build_id ? facts->build_id + 2 : "");
	return facts->has_build_id && access(path, R_OK) == 0;
}

static void check_names(const char *path, const struct elf_facts *facts, struct findings *findings)
{
	bool separate = debug_file_installed(facts);

	if (!facts->has_build_id)
		finding_add(findings, FINDING_NOTE, "build-id", "link with -Wl,--build-id",
			    "%s has no build id: its symbols can't be told from another build's", path);
	if (!facts->has_symbols && !facts->has_debug_info && !separate)
		finding_add(findings, FINDING_WARNING, "symbols",
			    "install its debug symbols (Debian: package -dbgsym), or build with -g",
			    "%s is stripped: only exported functions have names", path);
	else if (!facts->has_debug_info && !separate)
		finding_add(findings, FINDING_NOTE, "lines", "build with -g, or install its debug symbols",
			    "%s has no line numbers", path);
}

void check_executable(const char *path, enum elf_depth depth, const struct check_environment *environment,
		      struct findings *findings)
{
	struct elf_facts facts;
	struct error error;
	bool is_elf;

	if (!elf_inspect(path, depth, &facts, &is_elf, &error)) {
		finding_add(findings, FINDING_FAULT, "executable", "give the program that it starts", "%s", error.text);
		return;
	}
	check_privileges(path, findings);
	if (!check_linking(path, &facts, findings))
		return;
	check_allocator(path, &facts, findings);
	check_pools(path, &facts, environment, findings);
	if (depth == ELF_DEEP)
		check_names(path, &facts, findings);
	if (!findings_have_fault(findings))
		finding_add(findings, FINDING_FINE, "executable", NULL, "%s is a dynamic %s program", path,
			    elf_machine_name(facts.machine));
}
