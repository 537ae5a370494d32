/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A demangled name, step by step. It knows just enough of the grammars of C++ and Rust: brackets nest, and a bracket
 * behind the word "operator" is a part of the name. The steps through a name that breaks this grammar still reach its
 * end.
 */
#ifndef SEEP_BASE_DEMANGLED_H
#define SEEP_BASE_DEMANGLED_H

#include <stdbool.h>

/* A word, an operator's whole name ("operator()"), a whole group in brackets, or a single byte. */
struct name_token {
	const char *at, *end;
	char bracket; /* the one that opens the group; 0: the token is not a group */
};

/* Steps on from the last token's `.end`; false at the end of the name. */
bool name_token_next(struct name_token *token);

/* Whether the token is a list of parameters. "(anonymous namespace)" is not, and neither are the parentheses in "<int,
 * (Color)1>". */
bool name_token_is_parameters(const char *name, const struct name_token *token);

/* Where the name itself begins. Templates may have a return type in front of it. */
const char *name_behind_type(const char *name);

/* The bracket that closes this one; '\0' where it opens none. */
char name_closing_bracket(char open);

#endif
