/* SPDX-License-Identifier: Apache-2.0 */
/* The names that belong to allocators. These are only tables: a name that is in none of them is the program's. Names
 * come demangled, C++ ones with their parameters. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <seep/entry_points.h>

#include "base/demangled.h"
#include "files/path.h"
#include "profile/allocator_frames.h"

/* The functions that libseep.so stands in front of, and similar ones. */
#define NAME(name, ...) #name,
static const char *const plain_names[] = {SEEP_ENTRY_POINTS(NAME) "reallocf", "cfree", "nallocx", "mi_reallocarr"};
/* glibc has functions of these names behind such prefixes. */
static const char *const plain_prefixes[] = {"", "__libc_", "__"};

/* Whole families, by how their names begin. "mi_" alone would include other people's functions (MySQL has some). */
static const char *const family_prefixes[] = {
    "je_",
    "_rjem_",
    "_int_malloc",
    "_int_realloc",
    "_int_memalign",
    "_mid_memalign",
    "tcmalloc::",
    "mi_heap_",
    "mi_aligned_",
    "mi_umalloc",
    "_mi_",
    "operator new(",
    "operator new[](",
    "__rust_alloc",
    "__rust_realloc",
    "__rdl_alloc",
    "__rdl_realloc",
    "__rg_alloc",
    "__rg_realloc",
    "__rustc::__rust",
    "__rustc::__rdl",
    "__rustc::__rg",
    "alloc::alloc::",
    "<alloc::alloc::Global as ",
    "std::__1::__libcpp_allocate",
    "std::__1::__libcpp_operator_new",
};

/* Member functions of class templates: class, then its arguments, then member. */
static const struct template_member {
	const char *class_name, *member;
} template_members[] = {
    {"std::allocator", "::allocate"},           {"std::__new_allocator", "::allocate"},
    {"__gnu_cxx::new_allocator", "::allocate"}, {"__gnu_cxx::malloc_allocator", "::allocate"},
    {"std::allocator_traits", "::allocate"},    {"__gnu_cxx::__alloc_traits", "::allocate"},
    {"std::__1::allocator", "::allocate"},      {"std::__1::allocator_traits", "::allocate"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_plain_name(const char *function)
{
	for (size_t prefix = 0; prefix < COUNT(plain_prefixes); prefix++) {
		if (!text_begins_with(function, plain_prefixes[prefix]))
			continue;
		const char *rest = function + strlen(plain_prefixes[prefix]);
		for (size_t i = 0; i < COUNT(plain_names); i++)
			if (strcmp(rest, plain_names[i]) == 0)
				return true;
	}
	return false;
}

static bool is_template_member(const char *function, const struct template_member *wanted)
{
	if (!text_begins_with(function, wanted->class_name))
		return false;
	struct name_token arguments = {.end = function + strlen(wanted->class_name)};
	if (!name_token_next(&arguments) || arguments.bracket != '<' ||
	    !text_begins_with(arguments.end, wanted->member))
		return false;
	/* "allocate(", "allocate[abi:cxx11](", or no parameters at all; but not "allocate_at_least_one_more(" */
	const char after = arguments.end[strlen(wanted->member)];
	return after == '(' || after == '[' || after == '\0';
}

/* The beginnings of the names in the tables. They exclude nearly all other names quickly; programs have millions. */
enum { BEGINNING = 3, BEGINNINGS = 4096 };
struct beginnings {
	bool is_known[BEGINNINGS], are_filled;
};

static bool *beginning_of(struct beginnings *beginnings, const char *name)
{
	unsigned hash = 0;

	for (int i = 0; i < BEGINNING && name[i]; i++)
		hash = hash * 31 + (unsigned char)name[i];
	return &beginnings->is_known[hash % BEGINNINGS];
}

static void beginnings_fill(struct beginnings *beginnings)
{
	char name[BEGINNING + 64];

	for (size_t prefix = 0; prefix < COUNT(plain_prefixes); prefix++)
		for (size_t i = 0; i < COUNT(plain_names); i++) {
			snprintf(name, sizeof name, "%s%s", plain_prefixes[prefix], plain_names[i]);
			*beginning_of(beginnings, name) = true;
		}
	for (size_t i = 0; i < COUNT(family_prefixes); i++)
		*beginning_of(beginnings, family_prefixes[i]) = true;
	for (size_t i = 0; i < COUNT(template_members); i++)
		*beginning_of(beginnings, template_members[i].class_name) = true;
	beginnings->are_filled = true;
}

bool function_is_allocator(const char *function)
{
	static struct beginnings beginnings;

	if (!beginnings.are_filled)
		beginnings_fill(&beginnings);
	if (!*beginning_of(&beginnings, function))
		return false;
	if (is_plain_name(function))
		return true;
	for (size_t i = 0; i < COUNT(family_prefixes); i++)
		if (text_begins_with(function, family_prefixes[i]))
			return true;
	for (size_t i = 0; i < COUNT(template_members); i++)
		if (is_template_member(function, &template_members[i]))
			return true;
	return false;
}

bool module_is_allocator(const char *path)
{
	static const char *const names[] = {"libseep.so", "libjemalloc.", "libtcmalloc", "libmimalloc"};
	const char *base = path_base_name(path);

	for (size_t i = 0; i < COUNT(names); i++)
		if (text_begins_with(base, names[i]))
			return true;
	return false;
}
