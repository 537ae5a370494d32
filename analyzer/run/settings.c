/* SPDX-License-Identifier: Apache-2.0 */
/* See settings.h. */
#include "run/settings.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>
#include <seep/service.h>

enum { OUTPUT_MAX_BYTES = 1000 /* of SEEP_OUTPUT in the shim, less the suffixes that it may add */ };

void setting_take(struct settings *settings, const char *name, char *text)
{
	settings->drop[settings->count] = name;
	settings->add[settings->count++] = text;
}

static void setting_add(struct settings *settings, const char *name, const char *value)
{
	struct buffer text = {0};

	if (!value)
		return;
	buffer_printf(&text, "%s=%s", name, value);
	setting_take(settings, name, text.data);
}

/* Where the heap file will be: in memory only if we and the program see the same /dev/shm. */
static void memory_settings_make(struct settings *settings, const struct recording_wish *wish)
{
	const char *heap = wish->heap ? wish->heap : getenv("SEEP_HEAP");
	struct buffer device = {0};
	struct stat status;

	if (stat(SEEP_HEAP_MEMORY_DIRECTORY, &status) != 0) {
		setting_add(settings, "SEEP_HEAP", "recording");
		return;
	}
	buffer_printf(&device, "%ju", (uintmax_t)status.st_dev);
	setting_add(settings, "SEEP_HEAP", heap && *heap ? heap : "auto");
	setting_add(settings, "SEEP_HEAP_DEVICE", device.data);
	buffer_free(&device);
}

void settings_make(struct settings *settings, const struct recording_wish *wish, const char *output,
		   const struct session *session, bool kept)
{
	char runner[64];

	setting_add(settings, "SEEP_RATE", wish->rate);
	setting_add(settings, "SEEP_INTERVAL", wish->interval);
	setting_add(settings, "SEEP_LIMIT_HEADROOM", wish->headroom);
	setting_add(settings, "SEEP_DELAY", wish->delay);
	setting_add(settings, "SEEP_FOLLOW", wish->follow);
	setting_add(settings, "SEEP_UNWINDER", wish->unwinder);
	memory_settings_make(settings, wish);
	setting_add(settings, "SEEP_OUTPUT", output);
	setting_add(settings, "SEEP_SERVICE", wish->service);
	seep_runner_name(runner);
	setting_add(settings, "SEEP_SESSION", session->registry);
	setting_add(settings, "SEEP_SESSION_FILE", session->identity);
	setting_add(settings, "SEEP_SESSION_HOST", kept && session->host >= 0 ? session->host_name : "");
	setting_add(settings, "SEEP_RUNNER", runner);
	setting_add(settings, "SEEP_KEEPER", kept ? "outside" : "inside");
}

void settings_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		free(settings->add[i]);
	settings->count = 0;
}

bool output_of_service(const char *service, struct buffer *path, struct error *error)
{
	struct seep_stores stores;
	char output[OUTPUT_MAX_BYTES];

	seep_stores_find(&stores, getenv("SEEP_STORE"), getenv("XDG_STATE_HOME"), getenv("HOME"));
	if (!seep_service_prepare(&stores, service, output, sizeof output))
		return error_set(
		    error, "can't record the service %s: its directory in %s%s%s is another user's, or can't be made",
		    service, stores.of[0], *stores.of[1] ? " and in " : "", stores.of[1]);
	buffer_append_text(path, output);
	return true;
}

bool output_resolve(const char *output, struct buffer *path, struct error *error)
{
	if (!output)
		output = "seep.%c.%p";
	if (*output != '/') {
		char *current = getcwd(NULL, 0);
		if (!current)
			return error_set(error, "the current directory: %s", strerror(errno));
		/* A percent sign in the directory's name must not become a placeholder. */
		for (const char *c = current; *c; c++)
			buffer_append_text(path, *c == '%' ? "%%" : (char[]){*c, 0});
		if (path->data[path->length - 1] != '/')
			buffer_append_byte(path, '/');
		free(current);
	}
	buffer_append_text(path, output);
	if (path->length > OUTPUT_MAX_BYTES)
		return error_set(error, "the recording's path is longer than %d bytes", OUTPUT_MAX_BYTES);
	return true;
}
