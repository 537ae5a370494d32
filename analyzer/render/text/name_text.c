/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar here is just enough of C++'s and Rust's: brackets nest, and those that follow the word "operator" are
 * none. A name that does not obey it still comes out within its columns, only less nicely. */
#include "render/text/name_text.h"

#include <stdlib.h>
#include <string.h>

#include "files/path.h"
#include "render/text/text_page.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/* The length of an operator's name at `at` ("operator<<", "operator()"), where its symbols must not be taken for
 * brackets; 0 if there is none. */
static size_t operator_length(const char *name, const char *at)
{
	static const char *const symbols[] = {"<=>", "<<=", ">>=", "->*", "()", "<<", ">>", "<=", ">=", "->", "<", ">"};

	if (!text_begins_with(at, "operator") || (at > name && is_word(at[-1])))
		return 0;
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		if (text_begins_with(at + 8, symbols[i]))
			return 8 + strlen(symbols[i]);
	}
	return 0;
}

static char closing(char open)
{
	return open == '<' ? '>' : open == '(' ? ')' : open == '{' ? '}' : open == '[' ? ']' : '\0';
}

/* One past the bracket that closes the one at `open`; NULL if none does. Other brackets in between are passed over
 * with their contents. */
static const char *bracket_end(const char *open)
{
	char expected[64]; /* deeper nesting is not looked into */
	size_t depth = 0;

	for (const char *at = open; *at; at++) {
		const size_t length = at > open ? operator_length(open, at) : 0;
		if (length) {
			at += length - 1;
		} else if (closing(*at)) {
			if (depth == sizeof expected)
				return NULL;
			expected[depth++] = closing(*at);
		} else if (*at == expected[depth - 1] && !(*at == '>' && at[-1] == '-')) {
			if (--depth == 0)
				return at + 1;
		}
	}
	return NULL;
}

/* A parenthesis that is part of a name: "(anonymous namespace)", "<int, (Color)1>". Parameters follow a word, another
 * list, or an operator's symbols. */
static bool parenthesis_is_name(const char *name, const char *open)
{
	return text_begins_with(open, "(anonymous") || open == name ||
	       !(is_word(open[-1]) || strchr("<>=)]-*", open[-1]));
}

/* One step through a name: a whole group in brackets, an operator's name, or a single byte. */
struct token {
	const char *at, *end;
	char bracket; /* the one that opens the group; 0: it is no group */
};

/* Steps on from where the last token ended, at first from `.end`; false at the end of the name. */
static bool token_next(const char *name, struct token *token)
{
	const char *at = token->at = token->end;

	if (!*at)
		return false;
	const size_t symbol = operator_length(name, at);
	const char *close = !symbol && closing(*at) ? bracket_end(at) : NULL;
	token->bracket = close ? *at : '\0';
	token->end = close ? close : at + (symbol ? symbol : 1);
	return true;
}

/* Rust puts "<alloc::vec::Vec<T> as core::iter::Extend<T>>" in front of a method. The types stay, without their paths and
 * arguments. */
static void impl_shorten(struct buffer *out, const char *open, const char *end)
{
	buffer_append_byte(out, '<');
	for (struct token token = {.end = open + 1}; token.end < end && token_next(open, &token);) {
		if (token.bracket == '<' && token.end < end) {
			buffer_append_text(out, "<...>");
		} else if (text_begins_with(token.at, "::")) {
			while (is_word(out->data[out->length - 1]))
				out->data[--out->length] = '\0';
			token.end = token.at + 2;
		} else {
			buffer_append_byte(out, *token.at);
			token.end = token.at + 1;
		}
	}
}

/* Replaces the text between brackets of one kind by "...". */
static void brackets_shorten(struct buffer *out, const char *name, char kind)
{
	for (struct token token = {.end = name}; token_next(name, &token);) {
		const bool is_kind = token.bracket == kind;
		if (is_kind && kind == '<' && token.at == name) {
			impl_shorten(out, token.at, token.end);
		} else if (is_kind && token.end > token.at + 2 &&
			   !(kind == '(' && parenthesis_is_name(name, token.at))) {
			buffer_printf(out, "%c...%c", kind, closing(kind));
		} else {
			if (token.bracket)
				token.end = token.at + 1; /* the group stays, and is looked through */
			buffer_append(out, token.at, (size_t)(token.end - token.at));
		}
	}
}

/* The start of the qualified name, behind the return type that templates have in front. */
static const char *behind_return_type(const char *name)
{
	const char *start = name;

	for (struct token token = {.end = name}; token_next(name, &token);) {
		if (text_begins_with(token.at, "operator") && (token.at == name || !is_word(token.at[-1])))
			break; /* "operator new", "operator unsigned long" */
		if (token.bracket == '(' && !parenthesis_is_name(name, token.at))
			break; /* the name ends with its parameters */
		if (*token.at == ' ')
			start = token.at + 1;
	}
	return *start && *start != '(' ? start : name;
}

/* The name alone: without parameters and all that follows them, and without its own template arguments. Lambdas and local
 * classes carry the parameters of the function around them in the middle of the name; those stay. */
static void keep_bare_name(struct buffer *out, const char *name)
{
	const char *end = name + strlen(name);

	for (struct token token = {.end = name}; token_next(name, &token);) {
		if (token.bracket == '(' && !parenthesis_is_name(name, token.at) && !strstr(token.end, "::")) {
			end = token.at;
			break;
		}
	}
	size_t length = (size_t)(end - name);
	while (length > 5 && strncmp(name + length - 5, "<...>", 5) == 0)
		length -= 5;
	while (length > 1 && name[length - 1] == ' ')
		length--;
	buffer_append(out, name, length);
}

/* The innermost part of a bare name that fits behind "..", with as many of its outer names as do; NULL if not even the
 * last one fits. */
static const char *innermost_that_fits(const char *name, unsigned columns)
{
	const unsigned all = text_columns(name);
	unsigned before = 0; /* columns before the token */

	for (struct token token = {.end = name}; token_next(name, &token);) {
		if (text_begins_with(token.at, "::") && all - before + 2 <= columns)
			return token.at;
		for (const char *at = token.at; at < token.end; at++)
			before += ((unsigned char)*at & 0xc0) != 0x80;
	}
	return NULL;
}

/* The first `columns` columns of a text, in bytes. */
static size_t bytes_of_columns(const char *text, unsigned columns)
{
	const char *at = text;

	while (*at && (columns > 0 || ((unsigned char)*at & 0xc0) == 0x80)) {
		columns -= ((unsigned char)*at & 0xc0) != 0x80;
		at++;
	}
	return (size_t)(at - text);
}

static void cut_middle(struct buffer *out, const char *text, unsigned columns)
{
	const unsigned all = text_columns(text);
	const unsigned keep = columns - 2;
	const unsigned front = keep - keep / 2;

	buffer_append(out, text, bytes_of_columns(text, front));
	buffer_append_text(out, "..");
	buffer_append_text(out, text + bytes_of_columns(text, all - keep / 2));
}

bool name_append(struct buffer *out, const char *name, unsigned columns)
{
	struct buffer templates = {0}, parameters = {0}, bare = {0};

	if (*name == '\0')
		return true;
	brackets_shorten(&templates, name, '<');
	brackets_shorten(&parameters, templates.data, '(');
	const char *without_type = behind_return_type(parameters.data);
	keep_bare_name(&bare, without_type);
	const char *core = bare.length ? bare.data : name;
	const char *inner = innermost_that_fits(core, columns);
	const char *const attempts[] = {name, templates.data, parameters.data, without_type, core};
	size_t attempt = 0;
	while (attempt < 5 && text_columns(attempts[attempt]) > columns)
		attempt++;
	if (attempt < 5)
		buffer_append_text(out, attempts[attempt]);
	else if (inner)
		buffer_printf(out, "..%s", inner);
	else
		cut_middle(out, core, columns);
	buffer_free(&templates);
	buffer_free(&parameters);
	buffer_free(&bare);
	return attempt < 5;
}

void path_append(struct buffer *out, const char *path, unsigned columns)
{
	const unsigned all = text_columns(path);

	if (all <= columns) {
		buffer_append_text(out, path);
		return;
	}
	buffer_append_text(out, "..");
	buffer_append_text(out, path + bytes_of_columns(path, all - columns + 2));
}

void beginning_append(struct buffer *out, const char *text, unsigned columns)
{
	const bool fits = text_columns(text) <= columns;

	buffer_append(out, text, bytes_of_columns(text, fits ? columns : columns - 2));
	if (!fits)
		buffer_append_text(out, "..");
}

/* Wrappers of malloc in C, by the words that are left when their prefixes and suffixes are taken off. */
static bool name_is_wrapper(const char *name)
{
	static const char *const names[] = {
	    "xmalloc",         "xcalloc",          "xrealloc",     "xstrdup",       "xstrndup",
	    "zmalloc",         "zcalloc",          "zrealloc",     "ztrymalloc",    "ztrycalloc",
	    "ztryrealloc",     "g_malloc",         "g_malloc0",    "g_realloc",     "g_try_malloc",
	    "g_malloc_n",      "g_malloc0_n",      "g_realloc_n",  "g_strdup",      "g_slice_alloc",
	    "emalloc",         "safe_malloc",      "ngx_alloc",    "ngx_calloc",    "av_malloc",
	    "CRYPTO_malloc",   "CRYPTO_zalloc",    "PyMem_Malloc", "PyMem_Realloc", "PyMem_RawMalloc",
	    "PyObject_Malloc", "_PyMem_RawMalloc", "PyMem_Calloc", "sqlite3Malloc", "sqlite3MemMalloc",
	};
	size_t length = strlen(name);

	/* redis: zmalloc_usable, ztrymalloc_usable_internal */
	for (size_t cut = 0; cut < 2; cut++) {
		static const char *const suffixes[] = {"_internal", "_usable"};
		const size_t suffix = strlen(suffixes[cut]);
		if (length > suffix && strncmp(name + length - suffix, suffixes[cut], suffix) == 0)
			length -= suffix;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strlen(names[i]) == length && strncmp(name, names[i], length) == 0)
			return true;
	}
	return false;
}

bool name_is_library(const char *name)
{
	static const char *const prefixes[] = {"std::",   "__gnu_cxx::", "__cxxabiv1::", "core::",      "alloc::",
					       "<core::", "<alloc::",    "<std::",       "hashbrown::", "<hashbrown::"};
	const char *bare = behind_return_type(name);

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (text_begins_with(bare, prefixes[i]) || text_begins_with(name, prefixes[i]))
			return true;
	}
	return name_is_wrapper(name);
}
