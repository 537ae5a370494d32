/* SPDX-License-Identifier: Apache-2.0 */
#include "place/stable_name.h"

#include <string.h>

#include "base/demangled.h"

#define RUST_HASH 16 /* that many hexadecimal digits */

static size_t digits(const char *at)
{
	return strspn(at, "0123456789");
}

/* Whether the mark of a clone begins here; it would end the name. */
static bool is_clone_mark(const char *at)
{
	static const char *const marks[] = {".part.", ".cold", ".isra.",      ".constprop.", ".lto_priv.",
					    ".llvm.", ".warm", ".localalias", " [clone "};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (strncmp(at, marks[i], strlen(marks[i])) == 0)
			return true;
	return false;
}

static bool is_rust_hash(const char *at)
{
	return strncmp(at, "::h", 3) == 0 && strspn(at + 3, "0123456789abcdef") == RUST_HASH &&
	       (!at[3 + RUST_HASH] || is_clone_mark(at + 3 + RUST_HASH));
}

/* If the number of a lambda or closure begins at `at`, the number of its digits: "#2}" and "$_1" have one. `mark`: how
 * many bytes are before the digits. */
static size_t ordinal(const char *at, size_t *mark)
{
	*mark = *at == '#' ? 1 : strncmp(at, "$_", 2) == 0 ? 2 : 0;
	const size_t count = *mark ? digits(at + *mark) : 0;

	return *mark == 1 && at[1 + count] != '}' ? 0 : count;
}

void stable_name_append(struct buffer *out, const char *name)
{
	/* A name has at least one character: "foo.cold" belongs to foo, ".cold" is a name. */
	for (const char *at = name; *at && (at == name || (!is_clone_mark(at) && !is_rust_hash(at)));) {
		size_t mark;
		const size_t skipped = ordinal(at, &mark), kept = skipped ? mark : 1;
		buffer_append(out, at, kept);
		at += kept + skipped;
	}
}

void family_name_append(struct buffer *out, const char *name)
{
	struct buffer stable = {0};

	stable_name_append(&stable, name);
	const char *start = stable.length ? name_behind_type(stable.data) : name;
	for (struct name_token token = {.end = start}; name_token_next(&token);) {
		/* "<Heap as Store>::put" begins with its type */
		const bool is_argument = token.bracket == '<' && token.at > start;
		if (!is_argument && !name_token_is_parameters(start, &token) && strncmp(token.at, "[abi:", 5) != 0)
			buffer_append(out, token.at, (size_t)(token.end - token.at));
	}
	buffer_free(&stable);
}
