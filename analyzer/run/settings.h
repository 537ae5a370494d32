/* SPDX-License-Identifier: Apache-2.0 */
/* What libseep.so is told about the recording that it will make: environment variables. */
#ifndef SEEP_RUN_SETTINGS_H
#define SEEP_RUN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "options/recording_options.h"
#include "session/session.h"

enum { SETTINGS_MAX = 20 };

/* The variables to add, and those that they replace. */
struct settings {
	char *add[SETTINGS_MAX];
	const char *drop[SETTINGS_MAX];
	size_t count;
};

/* Adds one; takes over `text`, NAME=VALUE. */
void setting_take(struct settings *settings, const char *name, char *text);

/* Adds the settings of a session. `output` is absolute; with `kept` there are keepers in this process or beside it. */
void settings_make(struct settings *settings, const struct recording_wish *wish, const char *output,
		   const struct session *session, bool kept);
void settings_free(struct settings *settings);

/* The recording's name as an absolute path, since the program may have changed its directory when it begins one. */
bool output_resolve(const char *output, struct buffer *path, struct error *error);
/* The same for a recording in its service's directory. */
bool output_of_service(const char *service, struct buffer *path, struct error *error);

#endif
