/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/door/token.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "files/secret.h"

static const char variable[] = "SEEP_SERVE_TOKEN";

/* Only visible ASCII, which an Authorization header can hold. `origin` is for messages, which never contain the
 * token. */
static bool token_take(struct token *token, const char *text, size_t length, const char *origin, struct error *error)
{
	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r' || text[length - 1] == ' '))
		length--;
	if (length < TOKEN_LEAST || length > TOKEN_MOST)
		return error_set(error, "%.128s: a token has %d to %d characters, this one has %zu", origin,
				 TOKEN_LEAST, TOKEN_MOST, length);
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return error_set(error, "%.128s: a token is one word of visible ASCII characters", origin);
	*token = (struct token){.length = length};
	memcpy(token->text, text, length);
	return true;
}

static bool token_read_file(struct token *token, const char *file, struct error *error)
{
	char text[1024];
	size_t length;
	const bool is_read = secret_read(file, "the token", text, sizeof text, &length, error) &&
			     token_take(token, text, length, file, error);

	explicit_bzero(text, sizeof text);
	return is_read;
}

bool token_read(struct token *token, const char *file, struct error *error)
{
	*token = (struct token){0};
	if (file)
		return token_read_file(token, file, error);
	const char *text = getenv(variable);
	return !text || token_take(token, text, strlen(text), variable, error);
}

bool token_draw(struct token *token, struct error *error)
{
	uint8_t bytes[32];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return error_set(error, "no random numbers: %s", strerror(errno));
	*token = (struct token){.length = 2 * sizeof bytes};
	for (size_t i = 0; i < sizeof bytes; i++)
		sprintf(token->text + 2 * i, "%02x", bytes[i]);
	return true;
}

bool token_equals(const struct token *token, const char *text)
{
	char padded[TOKEN_MOST + 1] = "";
	const size_t length = text ? strlen(text) : 0;
	volatile unsigned difference = length != token->length;

	memcpy(padded, text ? text : "", length < TOKEN_MOST ? length : TOKEN_MOST);
	for (size_t i = 0; i < TOKEN_MOST; i++)
		difference |= (unsigned char)(padded[i] ^ token->text[i]);
	return difference == 0 && token->length > 0;
}
