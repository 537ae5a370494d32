/* SPDX-License-Identifier: Apache-2.0 */
/* seep run: starts a program with libseep.so preloaded, stays out of its way, writes the last snapshots when it has
 * ended, and says where they are. Its exit status is the program's. */
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seep/keeper.h>
#include <seep/service.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "options/argument.h"
#include "options/command.h"
#include "summary/run_summary.h"
#include "check/file/lsan.h"
#include "references/look.h"
#include "doctor/check.h"
#include "files/path.h"
#include "inline/entry.h"
#include "run/guard.h"
#include "session/hurry.h"
#include "session/names.h"
#include "run/launch.h"
#include "run/output_directory.h"
#include "run/settings.h"
#include "process/library.h"
#include "session/session.h"
#include "session/stay.h"

enum {
	OPTION_DELAY = 256,
	OPTION_ALLOCATOR,
	OPTION_SERVICE,
	OPTION_CHECK,
	OPTION_LEAKS_AT_EXIT,
	OPTION_SUPPRESSIONS,
	OPTION_ONLY,
};

/* The request that the command line makes. */
struct run_request {
	struct recording_wish wish;
	char allocator[PATH_MAX]; /* "": the allocator that the program has */
	char **arguments;
	const char *budget; /* NULL: nothing is checked */
	const char *suppressions;
	const char *only; /* programs whose processes are checked; NULL: all */
	bool leaks_at_exit;
};

static bool take_allocator(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)option;
	return library_find_allocator(value, field, PATH_MAX, error);
}

static const struct option_type option_allocator = {take_allocator, NULL};
#define FIELD(name) offsetof(struct run_request, wish.name)

static const struct command_option run_options[] = {
    RECORDING_OPTIONS_MAIN(FIELD),
    {OPTION_SERVICE, "service", "NAME", "keep it with this service's recordings", &option_service, FIELD(service),
     NULL},
    {OPTION_DELAY, "delay", "TIME", "begin to record after TIME", &option_time_text, FIELD(delay), NULL},
    {OPTION_ALLOCATOR, "allocator", "NAME", "run it on jemalloc, tcmalloc, mimalloc or a library", &option_allocator,
     offsetof(struct run_request, allocator), NULL},
    {OPTION_CHECK, "check", "BUDGET", "hold every process to this file of budgets", &option_text,
     offsetof(struct run_request, budget), NULL},
    {OPTION_LEAKS_AT_EXIT, "leaks-at-exit", NULL, "fail where memory is lost at a process's end (-r 1)", NULL,
     offsetof(struct run_request, leaks_at_exit), NULL},
    {OPTION_SUPPRESSIONS, "suppressions", "FILE", "except what LeakSanitizer's leak:PATTERN names", &option_text,
     offsetof(struct run_request, suppressions), NULL},
    {OPTION_ONLY, "only", "NAMES", "check only programs of these names: a,b*,...", &option_text,
     offsetof(struct run_request, only), NULL},
    RECORDING_OPTIONS_REST(FIELD),
    {0},
};

/* `linked`: --static hooks an allocator inside the program, so it needs no warning. */
static void warn_beforehand(const struct findings *findings, bool linked)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		/* starting the command will fail, and report that it can't be started */
		if (finding->severity < FINDING_WARNING || strcmp(finding->id, "missing") == 0 ||
		    strcmp(finding->id, "not-executable") == 0 || (linked && strcmp(finding->id, "own-malloc") == 0))
			continue;
		message("%s%s%s", finding->text, *finding->advice ? "; " : "", finding->advice);
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

/* A program that changes its user by its file's mode gets neither those rights while it is traced at its exec, nor
 * libseep.so. */
static bool is_set_id(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->items[i].id, "setuid") == 0)
			return true;
	return false;
}

/* How hooking the program's own allocator went. */
struct linked {
	const char *program;
	bool hooked;
};

static void linked_hook(pid_t pid, int reason, void *context)
{
	struct linked *linked = context;
	char notes[1024] = "";
	struct error error;

	linked->hooked = reason ? error_set(&error, "it can't be traced: %s", strerror(reason))
				: process_hook_at_entry(pid, notes, sizeof notes, &error);
	if (!linked->hooked && error.text[0])
		message("%s: its allocator is not hooked: %s", linked->program, error.text);
	message_lines(notes);
}

/* Drops libseep.so's complaint of being bypassed if it came before the allocator was hooked. */
static void bypass_forget(struct session_results *results, const struct linked *linked)
{
	for (size_t i = 0; linked->hooked && i < results->note_count; i++) {
		struct session_note *note = &results->notes[i];
		if (strncmp(note->text, "bypassed, ", 10) != 0 ||
		    strcmp(path_base_name(note->text), path_base_name(linked->program)) != 0 || --note->processes)
			continue;
		free(note->text);
		memmove(note, note + 1, (--results->note_count - i) * sizeof *note);
		return;
	}
}

/* Reads the budgets before the program starts: a mistake in them must not come to light only at its end. */
static int budget_check(const struct run_request *request)
{
	struct budgets budgets = {0};
	struct error error;

	const bool fine = (!request->budget || budgets_read(&budgets, request->budget, time(NULL), &error)) &&
			  (!request->suppressions || lsan_suppressions_read(&budgets, request->suppressions, &error));
	budgets_free(&budgets);
	return fine ? COMMAND_FINE : command_fail(&error);
}

/* Runs `seep check --each` on all recordings, as a process of its own because it may read much. It writes budgets that
 * are not kept to standard error, since standard output is the program's. Returns its exit status. */
static int recordings_check(const struct run_request *request, const struct session_results *results)
{
	const char *const words[] = {"seep",
				     "check",
				     "--each",
				     request->leaks_at_exit ? "--lost" : NULL,
				     request->budget ? "--budget" : NULL,
				     request->budget,
				     request->suppressions ? "--suppressions" : NULL,
				     request->suppressions,
				     request->only ? "--only" : NULL,
				     request->only,
				     "--"};
	size_t count, used = 0;
	const char **directories = session_directories(results, &count);
	const char **arguments = memory_allocate(count + sizeof words / sizeof *words + 1, sizeof *arguments);
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t child;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i])
			arguments[used++] = words[i];
	for (size_t i = 0; i < count; i++)
		arguments[used++] = directories[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (count == 0) {
		message("nothing was recorded that could be held to %s",
			request->budget ? request->budget : "--leaks-at-exit");
	} else if (posix_spawn(&child, "/proc/self/exe", &actions, NULL, (char **)arguments, environ) != 0 ||
		   waitpid(child, &status, 0) != child) {
		message("seep check can't be started");
		status = COMMAND_BAD_INPUT << 8;
	}
	posix_spawn_file_actions_destroy(&actions);
	free(arguments);
	free(directories);
	return WIFEXITED(status) ? WEXITSTATUS(status) : COMMAND_BAD_INPUT;
}

static const struct exit_look exit_references = {references_at_exit, references_at_exit_keep};

/* A program that has failed keeps its status; seep reports its lost memory all the same. */
static void status_take(int *status, const struct run_request *request, const struct session_results *results)
{
	if (results->interrupted || !(request->leaks_at_exit || (request->budget && *status == COMMAND_FINE)))
		return;
	const int checked = recordings_check(request, results);
	if (*status == COMMAND_FINE)
		*status = checked;
}

static void waits_say(const struct keepers_waits *waits)
{
	if (waits->recordings)
		message("%zu recordings waited up to %.0f s for a keeper, as there were too many at a time; "
			"they have no snapshots of that time",
			waits->recordings, waits->longest_s);
}

static int program_run(const struct run_request *request, const char *shim, const char *output)
{
	struct session session = {0};
	struct session_results results;
	struct findings findings = {0};
	struct settings settings = {0};
	struct launch_result launched;
	struct linked linked = {.program = request->arguments[0]};
	struct guard guard;
	struct error error;

	check_command(request->arguments, ELF_SHALLOW, &findings);
	warn_beforehand(&findings, request->wish.linked);
	if (!session_open(&session, output, &error)) {
		message("%s", error.text);
		return COMMAND_BAD_INPUT;
	}
	session.look = request->leaks_at_exit ? &exit_references : NULL;
	seep_memory_reclaim();
	launch_prepare(&launched);
	guard_begin(&guard, &session);
	settings_make(&settings, &request->wish, output, &session, guard.keeps);
	if (request->leaks_at_exit && guard.keeps)
		setting_take(&settings, "SEEP_EXIT", memory_copy_text("SEEP_EXIT=waits"));
	shim = findings.preload_breaks ? NULL : shim;
	if (shim || request->allocator[0])
		setting_take(&settings, "LD_PRELOAD",
			     library_join_preload(shim, request->allocator[0] ? request->allocator : NULL,
						  getenv("LD_PRELOAD")));
	char **environment = environment_derive(settings.drop, settings.add);
	if (request->wish.linked && shim && !is_set_id(&findings))
		launched.before_exec = linked_hook, launched.context = &linked;
	launch_and_wait(request->arguments, environment, &guard, &launched, &error);

	hurry_listen(launched.status);
	struct keepers_waits waits = guard_end(&guard);
	if (launched.started) {
		session_finish(&session, &results);
		bypass_forget(&results, &linked);
		waits_say(&waits);
		keepers_stay(&results);
		run_summary_print(&results, &(struct run_summary_context){.program = request->arguments[0],
									  .output = output,
									  .rate = request->wish.rate,
									  .delayed = request->wish.delay != NULL,
									  .findings = &findings});
		names_keep_later(&results);
		status_take(&launched.status, request, &results);
		session_results_free(&results);
	} else {
		command_fail(&error);
	}
	session_close(&session);
	free(environment);
	settings_free(&settings);
	findings_free(&findings);
	return launched.status;
}

/* An option wins over an environment variable. */
static bool output_choose(struct recording_wish *wish, struct buffer *output, struct error *error)
{
	const char *service = getenv("SEEP_SERVICE"), *wanted = wish->output ? wish->output : getenv("SEEP_OUTPUT");

	if (!wish->service && !wanted && service && seep_service_name_is_valid(service, strlen(service)))
		wish->service = service;
	return wish->service ? output_of_service(wish->service, output, error) : output_resolve(wanted, output, error);
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
	if (request.wish.service && request.wish.output)
		return command_usage(&command_run, "--service chooses the directory: give no -o with it");
	if (request.suppressions && !request.leaks_at_exit && !request.budget)
		return command_usage(&command_run, "--suppressions goes with --leaks-at-exit or --check");
	if (request.only && !request.leaks_at_exit && !request.budget)
		return command_usage(&command_run, "--only goes with --leaks-at-exit or --check");
	if (request.leaks_at_exit && !request.wish.rate)
		request.wish.rate = "1";
	if (request.leaks_at_exit && !request.wish.interval)
		request.wish.interval = "0";
	const int fault = budget_check(&request);
	if (fault != COMMAND_FINE)
		return fault;
	if (!library_find_shim(shim, sizeof shim, &error) || !output_choose(&request.wish, &output, &error) ||
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
	     "not found, 126 if not executable. --check: 1 if that is 0 and a budget fails.",
};
