/* SPDX-License-Identifier: Apache-2.0 */
/* Names are untrusted and may be long: no step reads on beyond BRACKETS_DEEP open brackets. */
#include "base/demangled.h"

#include <string.h>

#define OPERATOR_LENGTH (sizeof "operator" - 1)
#define BRACKETS_DEEP 64 /* deeper nesting is not looked into */

/* Bytes of UTF-8 count as letters. */
static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

/* The end of the word that begins here. The symbols of an operator's name belong to it, since they must not be taken for
 * brackets. */
static const char *word_end(const char *at)
{
	static const char *const symbols[] = {"<=>", "<<=", ">>=", "->*", "()", "<<", ">>", "<=", ">=", "->", "<", ">"};
	const char *end = at;

	while (is_word(*end))
		end++;
	if (end != at + OPERATOR_LENGTH || memcmp(at, "operator", OPERATOR_LENGTH) != 0)
		return end;
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		const size_t length = strlen(symbols[i]);
		if (strncmp(end, symbols[i], length) == 0)
			return end + length;
	}
	return end;
}

char name_closing_bracket(char open)
{
	return open == '<' ? '>' : open == '(' ? ')' : open == '{' ? '}' : open == '[' ? ']' : '\0';
}

/* One past the bracket that closes the one at `open`; NULL if none does. Other brackets in between are passed over
 * with their contents. */
static const char *bracket_end(const char *open)
{
	char expected[BRACKETS_DEEP];
	size_t depth = 0;

	for (const char *at = open; *at;) {
		if (is_word(*at)) {
			at = word_end(at);
			continue;
		}
		const char closing = name_closing_bracket(*at);
		if (closing && depth == sizeof expected)
			return NULL;
		if (closing)
			expected[depth++] = closing;
		else if (*at == expected[depth - 1] && !(*at == '>' && at[-1] == '-') && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

bool name_token_next(struct name_token *token)
{
	const char *at = token->at = token->end;

	if (!*at)
		return false;
	const char *close = name_closing_bracket(*at) ? bracket_end(at) : NULL;
	token->bracket = close ? *at : '\0';
	token->end = close ? close : is_word(*at) ? word_end(at) : at + 1;
	return true;
}

static bool token_is_operator(const struct name_token *token)
{
	const size_t length = (size_t)(token->end - token->at);

	return length >= OPERATOR_LENGTH && memcmp(token->at, "operator", OPERATOR_LENGTH) == 0 &&
	       (length == OPERATOR_LENGTH || !is_word(token->at[OPERATOR_LENGTH]));
}

/* Parameters follow a word, another group, or an operator's symbols. */
bool name_token_is_parameters(const char *name, const struct name_token *token)
{
	const char *at = token->at;
	const bool is_type = at - name >= 8 && memcmp(at - 8, "decltype", 8) == 0;

	return token->bracket == '(' && at > name && !is_type && strncmp(at, "(anonymous", 10) != 0 &&
	       (is_word(at[-1]) || strchr("<>=)]}-*", at[-1]));
}

const char *name_behind_type(const char *name)
{
	const char *start = name;

	for (struct name_token token = {.end = name}; name_token_next(&token);) {
		/* a name that ends with its parameters, such as "operator unsigned long" */
		if (name_token_is_parameters(name, &token) || token_is_operator(&token))
			return start;
		if (*token.at == ' ')
			start = token.end;
	}
	return name; /* only C++ functions have types in front, and all of them have parameters */
}
