/* SPDX-License-Identifier: Apache-2.0 */
/* seep run: starts a program with libseep.so preloaded, stays out of its way, writes the last snapshots when it has
 * ended, and says where they are. Its exit status is the program's. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/buffer.h"
#include "base/message.h"
#include "options/argument.h"
#include "commands/all.h"
#include "commands/run_summary.h"
#include "doctor/check.h"
#include "run/guard.h"
#include "session/hurry.h"
#include "session/names.h"
#include "run/launch.h"
#include "run/output_directory.h"
#include "process/library.h"
#include "session/session.h"
#include "session/stay.h"

enum {
	OPTION_DELAY = 256,
	OPTION_ALLOCATOR,
	OPTION_FOLLOW,
	OPTION_UNWINDER,
	OPTION_HEAP,
	OPTION_LIMIT_HEADROOM,
	SETTINGS_MAX = 16,
	OUTPUT_MAX_BYTES = 1000, /* what the shim keeps of SEEP_OUTPUT, less the suffixes that it may add */
};

/* The request that the command line makes. */
struct run_request {
	/* as given; NULL: not given */
	const char *rate, *interval, *output, *delay, *follow, *unwinder, *heap, *headroom;
	char allocator[PATH_MAX]; /* "": the allocator that the program has */
	char **arguments;
};

/* The shim reads these values from the environment. They are handed on as they were given, once they are known to be
 * valid. */
static bool take_rate(const struct command_option *option, void *field, const char *value, struct error *error)
{
	uint64_t bytes;

	(void)option, (void)error;
	*(const char **)field = value;
	return argument_parse_bytes(value, &bytes) && bytes > 0 && bytes <= UINT64_C(1) << 50;
}

static bool take_time_text(const struct command_option *option, void *field, const char *value, struct error *error)
{
	uint64_t time_ns;

	(void)option, (void)error;
	*(const char **)field = value;
	return argument_parse_time(value, &time_ns);
}

static bool take_word_text(const struct command_option *option, void *field, const char *value, struct error *error)
{
	int index;

	*(const char **)field = value;
	return option_word.take(option, &index, value, error);
}

static bool take_headroom(const struct command_option *option, void *field, const char *value, struct error *error)
{
	const size_t digits = strspn(value, "0123456789");
	uint64_t bytes;

	(void)option, (void)error;
	*(const char **)field = value;
	if (digits && strcmp(value + digits, "%") == 0)
		return digits <= 3 && atoi(value) <= 100;
	return strcmp(value, "off") == 0 || argument_parse_bytes(value, &bytes);
}

static bool take_allocator(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)option;
	return library_find_allocator(value, field, PATH_MAX, error);
}

static const struct option_type option_rate = {take_rate, "a number of bytes from 1 up (512K, 1M)"};
static const struct option_type option_time_text = {take_time_text, "a time (500ms, 10s, 5m)"};
static const struct option_type option_word_text = {take_word_text, NULL};
static const struct option_type option_headroom = {take_headroom, "a part (10%), bytes (64M) or off"};
static const struct option_type option_allocator = {take_allocator, NULL};
static const char *const follow_words[] = {"none", "all", NULL};
static const char *const heap_words[] = {"memory", "recording", "auto", NULL};
static const char *const unwinder_words[] = {"walker", "libunwind", "frame-pointers", NULL};

#define FIELD(name) offsetof(struct run_request, name)

static const struct command_option run_options[] = {
    {'r', "rate", "BYTES", "a sample every so many bytes (512K); 1: all", &option_rate, FIELD(rate), NULL},
    {'i', "interval", "TIME", "a snapshot every TIME (10s); 0: only at the end", &option_time_text, FIELD(interval),
     NULL},
    {'o', "output", "DIR", "recording; %c command, %p pid, %h host (seep.%c.%p)", &option_text, FIELD(output), NULL},
    {OPTION_LIMIT_HEADROOM, "limit-headroom", "N", "a snapshot when a memory limit leaves less (10%)", &option_headroom,
     FIELD(headroom), NULL},
    {OPTION_DELAY, "delay", "TIME", "begin to record after TIME", &option_time_text, FIELD(delay), NULL},
    {OPTION_ALLOCATOR, "allocator", "NAME", "run it on jemalloc, tcmalloc, mimalloc or a library", &option_allocator,
     FIELD(allocator), NULL},
    {OPTION_FOLLOW, "follow", "none|all", "record the processes that it starts, too (all)", &option_word_text,
     FIELD(follow), follow_words},
    {OPTION_HEAP, "heap", "PLACE", "the heap file is kept in memory, recording or auto", &option_word_text, FIELD(heap),
     heap_words},
    {OPTION_UNWINDER, "unwinder", "NAME", "stack unwinder: walker, libunwind, frame-pointers", &option_word_text,
     FIELD(unwinder), unwinder_words},
    {0},
};

/* The variables to add to the environment, and those that they replace. */
struct run_settings {
	char *add[SETTINGS_MAX];
	const char *drop[SETTINGS_MAX];
	size_t count;
};

static void setting_add(struct run_settings *settings, const char *name, const char *value)
{
	struct buffer text = {0};

	if (!value)
		return;
	buffer_printf(&text, "%s=%s", name, value);
	settings->drop[settings->count] = name;
	settings->add[settings->count++] = text.data;
}

/* The recording's name as an absolute path, since the program may change its directory before it begins one. */
static bool output_resolve(const char *output, struct buffer *path, struct error *error)
{
	if (!output)
		output = "seep.%c.%p";
	if (*output != '/') {
		char *current = getcwd(NULL, 0);
		if (!current)
			return error_set(error, "the current directory: %s", strerror(errno));
		/* A percent sign in the directory must not be taken for a placeholder. */
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

static void warn_beforehand(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		/* The attempt to start the command will report that it can't be started. */
		if (finding->severity < FINDING_WARNING || strcmp(finding->id, "missing") == 0 ||
		    strcmp(finding->id, "not-executable") == 0)
			continue;
		message("%s%s%s", finding->text, *finding->advice ? "; " : "", finding->advice);
	}
}

/* Where the heap file will be: in memory only if /dev/shm is the same here and for the program. */
static void memory_settings_make(const struct run_request *request, struct run_settings *settings)
{
	const char *heap = request->heap ? request->heap : getenv("SEEP_HEAP");
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

/* Fills the settings; the shim reads them from the program's environment. */
static void settings_make(const struct run_request *request, const char *shim, const char *output,
			  const struct session *session, bool kept, struct run_settings *settings)
{
	char runner[64];

	setting_add(settings, "SEEP_RATE", request->rate);
	setting_add(settings, "SEEP_INTERVAL", request->interval);
	setting_add(settings, "SEEP_LIMIT_HEADROOM", request->headroom);
	setting_add(settings, "SEEP_DELAY", request->delay);
	setting_add(settings, "SEEP_FOLLOW", request->follow);
	setting_add(settings, "SEEP_UNWINDER", request->unwinder);
	memory_settings_make(request, settings);
	setting_add(settings, "SEEP_OUTPUT", output);
	seep_runner_name(runner);
	setting_add(settings, "SEEP_SESSION", session->registry);
	setting_add(settings, "SEEP_SESSION_FILE", session->identity);
	setting_add(settings, "SEEP_SESSION_HOST", kept && session->host >= 0 ? session->host_name : "");
	setting_add(settings, "SEEP_RUNNER", runner);
	setting_add(settings, "SEEP_KEEPER", kept ? "outside" : "inside");
	if (shim || request->allocator[0]) {
		settings->drop[settings->count] = "LD_PRELOAD";
		settings->add[settings->count++] =
		    library_join_preload(shim, request->allocator[0] ? request->allocator : NULL, getenv("LD_PRELOAD"));
	}
}

static void names_keep_later(const struct session_results *results)
{
	size_t count;
	const char **directories = session_directories(results, &count);

	if (!results->interrupted)
		names_keep_behind(directories, count);
	free(directories);
}

static int program_run(const struct run_request *request, const char *shim, const char *output)
{
	struct session session = {0};
	struct session_results results;
	struct findings findings = {0};
	struct run_settings settings = {0};
	struct launch_result launched;
	struct guard guard;
	struct error error;

	check_command(request->arguments, ELF_SHALLOW, &findings);
	warn_beforehand(&findings);
	if (!session_open(&session, output, &error)) {
		message("%s", error.text);
		return COMMAND_BAD_INPUT;
	}
	seep_memory_reclaim();
	launch_hold_signals(&launched);
	guard_begin(&guard, &session);
	settings_make(request, findings.preload_breaks ? NULL : shim, output, &session, guard.keeps, &settings);
	char **environment = environment_derive(settings.drop, settings.add);
	launch_and_wait(request->arguments, environment, &guard, &launched, &error);

	hurry_listen(launched.status);
	struct keepers_waits waits = guard_end(&guard);
	if (launched.started) {
		session_finish(&session, &results);
		if (waits.recordings)
			message("%zu recordings waited up to %.0f s for a keeper, as there were too many at a time; "
				"they have no snapshots of that time",
				waits.recordings, waits.longest_s);
		keepers_stay(&results);
		run_summary_print(&results, &(struct run_summary_context){.program = request->arguments[0],
									  .output = output,
									  .rate = request->rate,
									  .delayed = request->delay != NULL,
									  .findings = &findings});
		names_keep_later(&results);
		session_results_free(&results);
	} else {
		command_fail(&error);
	}
	session_close(&session);
	free(environment);
	for (size_t i = 0; i < settings.count; i++)
		free(settings.add[i]);
	findings_free(&findings);
	return launched.status;
}

static int run_main(int argc, char **argv)
{
	struct run_request request = {0};
	struct buffer output = {0};
	char shim[PATH_MAX];
	struct error error;

	command_take_options(&command_run, argc, argv, &request);
	if (optind == argc)
		return command_usage(&command_run, "the program to run is missing");
	request.arguments = argv + optind;
	const char *wanted = request.output ? request.output : getenv("SEEP_OUTPUT");
	if (!library_find_shim(shim, sizeof shim, &error) || !output_resolve(wanted, &output, &error) ||
	    !output_directory_prepare(output.data, &error)) {
		buffer_free(&output);
		return command_fail(&error);
	}
	int status = program_run(&request, shim, output.data);
	buffer_free(&output);
	return status;
}

const struct command command_run = {
    .name = "run",
    .operands = "[--] CMD [ARG...]",
    .summary = "run a program and record its heap",
    .options = run_options,
    .stop_at_operand = true,
    .run = run_main,
    .notes = "Sizes take K, M, G; times ms, s, m, h; limits' headroom: 10%, 64M, off.\n"
	     "The exit status is the program's: 128 + N if signal N ended it, 127 if it was\n"
	     "not found, 126 if not executable.",
};
