/* SPDX-License-Identifier: Apache-2.0 */
/* Shortens a name step by step, from all of it to the part that has to stay, until it fits. */
#include "render/terminal/name_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/demangled.h"
#include "files/path.h"
#include "render/terminal/text_page.h"

#define CLASS_LEAST 6     /* columns for a class's name beside a function that is whole; ... */
#define CLASS_TELLING 12  /* ... of so many, the name can be read */
#define LABEL_LEAST 4     /* columns for a module's name, with "..", beside the number of a function without a name */
#define ARGUMENTS_LEAST 5 /* columns for template arguments */

/* Rust puts "<alloc::vec::Vec<T> as core::iter::Extend<T>>" in front of a method. This keeps the types, without their
 * paths and arguments. */
static void impl_shorten(struct buffer *out, const char *open, const char *end)
{
	size_t path = out->length + 1; /* where the type's path begins */

	buffer_append_byte(out, '<');
	for (struct name_token token = {.end = open + 1}; token.end < end && name_token_next(&token);) {
		if (token.bracket == '<') {
			buffer_append_text(out, "<...>");
		} else if (text_begins_with(token.at, "::")) {
			out->length = path;
			token.end = token.at + 2;
		} else {
			buffer_append(out, token.at, (size_t)(token.end - token.at));
			if (*token.at == ' ' || *token.at == '&')
				path = out->length;
		}
	}
}

/* Replaces the text between brackets of one kind by "...". */
static void brackets_shorten(struct buffer *out, const char *name, char kind)
{
	for (struct name_token token = {.end = name}; name_token_next(&token);) {
		const bool is_kind = token.bracket == kind;
		if (is_kind && kind == '<' && token.at == name) {
			impl_shorten(out, token.at, token.end);
		} else if (is_kind && token.end > token.at + 2 &&
			   (kind != '(' || name_token_is_parameters(name, &token))) {
			buffer_printf(out, "%c...%c", kind, name_closing_bracket(kind));
		} else {
			if (token.bracket)
				token.end = token.at + 1; /* keeps the group, and shortens the groups inside it */
			buffer_append(out, token.at, (size_t)(token.end - token.at));
		}
	}
}

/* The number that a compiler gives to a nameless function within the function around it; 0: the token is not such a
 * name. */
static unsigned long lambda_number(const struct name_token *token)
{
	const char *hash = memchr(token->at, '#', (size_t)(token->end - token->at));

	if (text_begins_with(token->at, "$_")) /* clang counts from 0 */
		return strtoul(token->at + 2, NULL, 10) + 1;
	if (text_begins_with(token->at, "{lambda(") && token->bracket)
		return hash ? strtoul(hash + 1, NULL, 10) : 1;
	return 0;
}

/* The end of the parameters that begin here and of the qualifiers behind them ("const"). */
static const char *parameters_end(const char *end)
{
	static const char *const qualifiers[] = {" const", " volatile", " &", "&", " noexcept"};

	for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers;) {
		const bool is_there = text_begins_with(end, qualifiers[i]);
		end += is_there ? strlen(qualifiers[i]) : 0;
		i = is_there ? 0 : i + 1;
	}
	return end;
}

enum arguments { ARGUMENTS_WHOLE, ARGUMENTS_SHORT, ARGUMENTS_NONE };

static void arguments_append(struct buffer *out, const char *name, const struct name_token *token,
			     enum arguments arguments)
{
	const bool is_own = *token->end == '\0' || *token->end == '(';

	if (arguments == ARGUMENTS_WHOLE)
		buffer_append(out, token->at, (size_t)(token->end - token->at));
	else if (token->at == name)
		impl_shorten(out, token->at, token->end);
	else if (arguments == ARGUMENTS_SHORT && !is_own)
		buffer_append_text(out, "<...>");
}

/* Appends the name alone: without its type, its parameters and everything behind them, and without parts that say more
 * to compilers than to people. A lambda has the name of the function that it is in. */
static void bare_append(struct buffer *out, const char *name, enum arguments arguments)
{
	const char *start = name_behind_type(name);

	for (struct name_token token = {.end = start}; name_token_next(&token);) {
		const unsigned long lambda = lambda_number(&token);
		if (name_token_is_parameters(start, &token)) {
			token.end = parameters_end(token.end);
			/* otherwise these are the parameters of the function around it */
			if (!text_begins_with(token.end, "::"))
				break;
		} else if (lambda) {
			buffer_append_text(out, "{lambda");
			if (lambda > 1)
				buffer_printf(out, "#%lu", lambda);
			buffer_append_byte(out, '}');
			if (text_begins_with(token.end, "::operator()"))
				token.end += strlen("::operator()");
		} else if (arguments != ARGUMENTS_WHOLE && text_begins_with(token.at, "(anonymous namespace)::")) {
			token.end += 2;
		} else if (token.bracket == '<') {
			arguments_append(out, start, &token, arguments);
		} else if (!text_begins_with(token.at, "[abi:")) {
			buffer_append(out, token.at, (size_t)(token.end - token.at));
		}
	}
	while (out->length > 0 && out->data[out->length - 1] == ' ') /* drops the blank of "operator< <int>" */
		out->length--;
	buffer_append_text(out, out->length ? "" : name);
}

/* The number of bytes in a text's first `columns` columns. */
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

	if (all <= columns) {
		buffer_append_text(out, text);
		return;
	}
	buffer_append(out, text, bytes_of_columns(text, front));
	buffer_append_text(out, "..");
	buffer_append_text(out, text + bytes_of_columns(text, all - keep / 2));
}

enum fit { FIT_CUT, FIT_INNER, FIT_ALL };

/* Whether a class or a function begins behind this separator: a lambda is a part of the function around it. */
static bool is_boundary(const struct name_token *token)
{
	return text_begins_with(token->at, "::") && token->at[2] != '{';
}

/* Cuts a function in front of its lambdas: two halves of "{lambda}" would say less. */
static void function_cut(struct buffer *out, const char *function, unsigned columns)
{
	const char *lambdas = strstr(function, "::{");
	const unsigned taken = lambdas ? text_columns(lambdas) : 0;
	struct buffer text = {0};

	if (lambdas && *function != '{' && taken + CLASS_LEAST <= columns) {
		buffer_append(&text, function, (size_t)(lambdas - function));
		cut_middle(out, text.data, columns - taken);
		buffer_append_text(out, lambdas);
	} else if (lambdas && text_columns(lambdas + 2) <= columns) {
		buffer_append_text(out, lambdas + 2);
	} else if (lambdas && strstr(lambdas + 2, "::{")) {
		function_cut(out, lambdas + 2, columns);
	} else {
		cut_middle(out, function, columns);
	}
	buffer_free(&text);
}

/* Cuts "python3.11+0x4e67b0" in front of its number. False: it is no such label, or does not fit. */
static bool label_cut(struct buffer *out, const char *name, unsigned columns)
{
	const char *number = strstr(name, "+0x");
	const unsigned taken = number ? text_columns(number) : 0;

	if (!number || number[3 + strspn(number + 3, "0123456789abcdef")] || taken + LABEL_LEAST > columns)
		return false;
	buffer_append(out, name, bytes_of_columns(name, columns - taken - 2));
	buffer_printf(out, "..%s", number);
	return true;
}

/* Keeps as many outer names as fit before class and function. If these two do not fit, leaves out the middle of the
 * class, or all of it; and at last the middle of both. */
static enum fit inner_append(struct buffer *out, const char *name, unsigned columns)
{
	const char *class = name, *function = name, *fits = NULL;
	unsigned left = text_columns(name); /* columns from the token's end on */
	struct buffer text = {0};

	for (struct name_token token = {.end = name}; name_token_next(&token);) {
		const bool begins = is_boundary(&token);
		token.end = text_begins_with(token.at, "::") ? token.at + 2 : token.end;
		for (const char *at = token.at; at < token.end; at++)
			left -= ((unsigned char)*at & 0xc0) != 0x80;
		if (!begins)
			continue;
		class = function;
		function = token.end;
		fits = !fits && left <= columns ? function : fits;
	}
	if (fits && fits <= class) {
		buffer_append_text(out, fits);
		return FIT_INNER;
	}
	const unsigned taken = text_columns(function);
	const bool has_lambdas = strstr(function, "::{"), has_class = class < function && !has_lambdas;
	enum fit fit = FIT_CUT;
	if (has_class && taken + 2 + CLASS_LEAST <= columns) {
		buffer_append(&text, class, (size_t)(function - 2 - class));
		cut_middle(out, text.data, columns - taken - 2);
		buffer_printf(out, "::%s", function);
		fit = columns - taken - 2 >= CLASS_TELLING ? FIT_INNER : FIT_CUT;
	} else if (taken <= columns) {
		buffer_append_text(out, function);
		fit = has_class ? FIT_CUT : FIT_INNER;
	} else if (has_lambdas) {
		function_cut(out, function, columns);
	} else if (label_cut(out, name, columns)) {
		fit = FIT_INNER;
	} else {
		cut_middle(out, class, columns);
	}
	buffer_free(&text);
	return fit;
}

static enum fit bare_fit(struct buffer *out, const char *name, unsigned columns)
{
	struct buffer bare = {0};
	enum fit fit = FIT_CUT;

	for (enum arguments arguments = ARGUMENTS_WHOLE; fit != FIT_ALL && arguments <= ARGUMENTS_NONE; arguments++) {
		bare.length = 0;
		bare_append(&bare, name, arguments);
		fit = text_columns(bare.data) <= columns ? FIT_ALL : FIT_CUT;
	}
	if (fit == FIT_ALL)
		buffer_append_text(out, bare.data);
	else
		fit = inner_append(out, bare.data, columns);
	buffer_free(&bare);
	return fit;
}

bool name_append_bare(struct buffer *out, const char *name, unsigned columns)
{
	return bare_fit(out, name, columns) != FIT_CUT;
}

void name_append_apart(struct buffer *out, const char *name, unsigned columns)
{
	const char *start = name_behind_type(name);
	struct name_token last = {0};
	struct buffer arguments = {0};

	for (struct name_token token = {.end = start}; name_token_next(&token);) {
		if (name_token_is_parameters(start, &token))
			break;
		if (token.bracket == '<' && token.at > start)
			last = token;
	}
	if (last.at && columns / 2 >= ARGUMENTS_LEAST) {
		buffer_append(&arguments, last.at, (size_t)(last.end - last.at));
		const size_t before = out->length;
		path_append(out, arguments.data, columns / 2 - 1);
		buffer_append_byte(out, ' ');
		columns -= text_columns(out->data + before);
	}
	name_append_bare(out, name, columns);
	buffer_free(&arguments);
}

bool name_append(struct buffer *out, const char *name, unsigned columns)
{
	struct buffer templates = {0}, parameters = {0};

	if (text_columns(name) <= columns) {
		buffer_append_text(out, name);
		return true;
	}
	brackets_shorten(&templates, name, '<');
	brackets_shorten(&parameters, templates.data, '(');
	const char *const attempts[] = {templates.data, parameters.data, name_behind_type(parameters.data)};
	size_t attempt = strstr(name, "::{lambda(") ? 3 : 0; /* "{lambda}" says it all */
	while (attempt < 3 && text_columns(attempts[attempt]) > columns)
		attempt++;
	if (attempt < 3)
		buffer_append_text(out, attempts[attempt]);
	const bool fits = attempt < 3 || bare_fit(out, name, columns) == FIT_ALL;
	buffer_free(&templates);
	buffer_free(&parameters);
	return fits;
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
