/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library is a module that the dynamic linker finds by name: libNAME.so directly in a system folder. A module that
 * lies deeper (/usr/lib/nginx/modules, an interpreter's extensions, a Java runtime) was written for one program and
 * counts as its own. If a system executable runs modules from elsewhere, it is their host: the memory that its
 * functions allocate for them is theirs.
 */
#include "place/code_owner.h"

#include <string.h>

#include "base/demangled.h"
#include "files/path.h"
#include "profile/allocator_frames.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool function_is_container(const char *function)
{
	static const char *const prefixes[] = {
	    "std::", "__gnu_cxx::", "boost::", "alloc::", "core::", "<alloc::", "<core::", "hashbrown::", "<std::"};

	if (!strstr(function, "::")) /* a C name, or an address */
		return false;
	const char *name = name_behind_type(function);
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (text_begins_with(name, prefixes[i]))
			return true;
	return false;
}

static bool file_is_container(const char *file)
{
	static const char *const parts[] = {"/include/c++/", "/rustc/", "/usr/include/", "/rustlib/src/"};

	for (size_t i = 0; file && i < COUNT(parts); i++)
		if (strstr(file, parts[i]))
			return true;
	return false;
}

static bool module_is_library(const char *path)
{
	static const char *const roots[] = {"/lib/", "/lib32/", "/lib64/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/"};
	const char *base = path_base_name(path);

	if (!text_begins_with(base, "lib") && !text_begins_with(base, "ld-"))
		return false;
	for (size_t i = 0; i < COUNT(roots); i++) {
		if (!text_begins_with(path, roots[i]))
			continue;
		const char *rest = path + strlen(roots[i]);
		const char *slash = strchr(rest, '/');
		/* a folder for one architecture, such as x86_64-linux-gnu, counts like its parent */
		if (slash && memchr(rest, '-', (size_t)(slash - rest)) && strstr(rest, "-linux-"))
			rest = slash + 1;
		return rest == base;
	}
	return false;
}

static bool path_is_systems(const char *path)
{
	static const char *const roots[] = {"/usr/", "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/"};

	for (size_t i = 0; i < COUNT(roots); i++)
		if (text_begins_with(path, roots[i]))
			return !text_begins_with(path, "/usr/local/");
	return false;
}

bool code_has_guests(const struct profile *profile)
{
	bool has_host = false, has_others = false;

	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		const bool is_systems = path_is_systems(module->path);
		has_host |= is_systems && (module->flags & SEEP_MODULE_EXECUTABLE);
		has_others |= !is_systems && *module->path == '/' && !module_is_allocator(module->path);
	}
	return has_host && has_others;
}

enum code_owner code_owner(const struct profile *profile, const struct profile_location *location,
			   const struct source_line *line)
{
	const struct profile_module *module = &profile->modules[location->module];

	if (function_is_container(line->function) || file_is_container(line->file))
		return CODE_CONTAINER;
	if (module->flags & SEEP_MODULE_EXECUTABLE)
		return path_is_systems(module->path) ? CODE_HOST : CODE_PROGRAM;
	return module_is_library(module->path) ? CODE_LIBRARY : CODE_PROGRAM;
}
