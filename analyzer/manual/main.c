/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of the build: writes the manual into an existing directory.
 *
 *	manual DIR    CLI.md, man1/, man7/, completions/
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "files/output.h"
#include "manual/manual.h"

static int failures;

static void directory_make(const char *root, const char *name)
{
	struct buffer path = {0};

	buffer_printf(&path, "%s/%s", root, name);
	if (mkdir(path.data, 0777) < 0 && errno != EEXIST) {
		fprintf(stderr, "manual: %s: %s\n", path.data, strerror(errno));
		failures++;
	}
	buffer_free(&path);
}

/* Writes the document and empties it. */
static void document_write(struct buffer *document, const char *root, const char *name)
{
	struct buffer path = {0};
	struct error error;

	buffer_printf(&path, "%s/%s", root, name);
	if (!output_write_buffer(document, path.data, &error)) {
		fprintf(stderr, "manual: %s\n", error.text);
		failures++;
	}
	buffer_free(&path);
	buffer_free(document);
}

int main(int argc, char **argv)
{
	struct buffer document = {0};

	if (argc != 2) {
		fputs("usage: manual DIR\n", stderr);
		return COMMAND_USAGE;
	}
	directory_make(argv[1], "man1");
	directory_make(argv[1], "man7");
	directory_make(argv[1], "completions");
	manual_append_markdown(&document);
	document_write(&document, argv[1], "CLI.md");
	manual_append_page(&document);
	document_write(&document, argv[1], "man1/seep.1");
	manual_append_library_page(&document);
	document_write(&document, argv[1], "man7/libseep.7");
	for (const struct command *const *command = command_all; *command; command++) {
		char name[64];

		snprintf(name, sizeof name, "man1/seep-%s.1", (*command)->name);
		manual_append_command_page(&document, *command);
		document_write(&document, argv[1], name);
	}
	manual_append_bash(&document);
	document_write(&document, argv[1], "completions/bash");
	manual_append_zsh(&document);
	document_write(&document, argv[1], "completions/zsh");
	manual_append_fish(&document);
	document_write(&document, argv[1], "completions/fish");
	return failures ? COMMAND_BAD_INPUT : COMMAND_FINE;
}
