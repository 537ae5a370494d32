/* SPDX-License-Identifier: Apache-2.0 */
/* The secret that a client must show. It never stands on a command line, which every user of the machine can read. */
#ifndef SEEP_DOOR_TOKEN_H
#define SEEP_DOOR_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { TOKEN_LEAST = 16, TOKEN_MOST = 256 };

struct token {
	char text[TOKEN_MOST + 1]; /* followed by zeros */
	size_t length;             /* 0: there is no token, and nobody needs one */
};

/* From a file ("-": standard input; "/dev/fd/3": a descriptor), without blanks at its end; otherwise from
 * SEEP_SERVE_TOKEN, if that is set. False: it can't be read, or is not fit for a token. */
bool token_read(struct token *token, const char *file, struct error *error);

/* A secret of this process, from the kernel's random numbers. */
bool token_draw(struct token *token, struct error *error);

/* Takes the same time whatever the text is; NULL stands for no text. */
bool token_equals(const struct token *token, const char *text);

#endif
