/* SPDX-License-Identifier: Apache-2.0 */
/* seep attach: joins running processes and records them from then on. seep detach: leaves them. */
#include <limits.h>
#include <stdio.h>

#include "attach/attendant.h"
#include "attach/named.h"
#include "base/buffer.h"
#include "base/message.h"
#include "options/argument.h"
#include "options/command.h"
#include "options/recording_options.h"
#include "process/inspect.h"
#include "process/library.h"
#include "process/locate.h"
#include "run/output_directory.h"
#include "run/settings.h"

enum { OPTION_FOR = 256, OPTION_PAUSE, OPTION_ALL, PAUSE_NS = 100000000 };

struct attach_request {
	struct recording_wish wish;
	uint64_t for_ns, pause_ns;
	const char *all;
};

#define FIELD(name) offsetof(struct attach_request, wish.name)

static const struct command_option attach_options[] = {
    RECORDING_OPTIONS_MAIN(FIELD),
    {OPTION_ALL, "all", "NAME", "stay, and join all of this name, later ones too", &option_text,
     offsetof(struct attach_request, all), NULL},
    {OPTION_FOR, "for", "TIME", "stay, and leave the process after TIME or Ctrl-C", &option_time,
     offsetof(struct attach_request, for_ns), NULL},
    {OPTION_PAUSE, "pause", "TIME", "the longest that it may stand still at once (100ms)", &option_time,
     offsetof(struct attach_request, pause_ns), NULL},
    RECORDING_OPTIONS_REST(FIELD),
    {0},
};

static pid_t operand_pid(const char *operand)
{
	uint64_t pid;

	return argument_parse_count(operand, &pid) && pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

static const char *process_name(pid_t pid, struct process_facts *facts)
{
	struct error ignored;

	return process_inspect(pid, facts, &ignored) ? facts->name : "?";
}

/* The recording's path as we see it: the process may have another root. */
static void directory_show(pid_t pid, const char *theirs, char *directory, size_t size)
{
	struct error ignored;

	if (!recording_locate(pid, directory, size, &ignored))
		snprintf(directory, size, "%s", theirs);
}

/* " (2 tries before: ...)"; nothing where the first one was enough. */
static const char *tries_text(const struct join_result *result, char *text, size_t size)
{
	snprintf(text, size, " (%u %s before: not all of its threads stopped in time)", result->retries,
		 result->retries == 1 ? "try" : "tries");
	return result->retries ? text : "";
}

static bool process_join_and_say(const struct attendant_request *request, struct attendant *attendant,
				 struct error *error)
{
	struct process_facts facts;
	char directory[4200];

	if (!attendant_begin(attendant, request, error))
		return false;
	const char *name = process_name(request->pid, &facts);
	directory_show(request->pid, attendant->joined.directory, directory, sizeof directory);
	char threads[48] = "", tries[96];
	if (attendant->joined.borrowed_ms > attendant->joined.longest_ms)
		snprintf(threads, sizeof threads, ", one thread for %.1f ms", attendant->joined.borrowed_ms);
	message("joined %s (pid %d), which stood still for %.1f ms%s%s; recording %s", name, (int)request->pid,
		attendant->joined.longest_ms, threads, tries_text(&attendant->joined, tries, sizeof tries), directory);
	message_lines(attendant->joined.notes);
	return true;
}

static bool process_attach(const struct attendant_request *request, struct error *error)
{
	struct process_facts facts;
	struct attendant attendant;
	char directory[4200];

	if (!process_join_and_say(request, &attendant, error))
		return false;
	message("next: seep leaks %d, seep detach %d", (int)request->pid, (int)request->pid);
	if (!request->for_ns) {
		attendant_forget(&attendant);
		return true;
	}
	const char *name = process_name(request->pid, &facts);
	directory_show(request->pid, attendant.joined.directory, directory, sizeof directory);
	if (!attendant_await(&attendant, error))
		return false;
	message("left %s (pid %d); next: seep leaks %s", name, (int)request->pid, directory);
	return true;
}

static bool named_attach(const void *context, pid_t pid, uint64_t for_ns, struct attendant *attendant,
			 struct error *error)
{
	struct attendant_request request = *(const struct attendant_request *)context;

	request.pid = pid;
	request.for_ns = for_ns;
	return process_join_and_say(&request, attendant, error);
}

/* Until it is ended. */
static void all_attach(const char *name, const struct attendant_request *request)
{
	const size_t joined = named_join_all(name, request->for_ns, named_attach, request);

	if (request->for_ns)
		message("joined %zu named %s, and left them", joined, name);
	else
		message("joined %zu named %s, and goes on recording them; next: seep detach --all %s", joined, name,
			name);
}

static int attach_main(int argc, char **argv)
{
	struct attach_request request = {.pause_ns = PAUSE_NS};
	struct buffer output = {0};
	char shim[PATH_MAX];
	struct error error;
	int status = COMMAND_FINE;

	command_take_options(&command_attach, argc, argv, &request);
	if (request.all ? optind < argc : optind == argc)
		return command_usage(&command_attach,
				     request.all ? "--all takes a name, not a PID" : "the process to join is missing");
	if (request.for_ns && optind + 1 < argc)
		return command_usage(&command_attach, "--for takes one process");
	for (int i = optind; i < argc; i++)
		if (!operand_pid(argv[i]))
			return command_usage(&command_attach, "%s is not the number of a process", argv[i]);
	if (!library_find_shim(shim, sizeof shim, &error) || !output_resolve(request.wish.output, &output, &error) ||
	    !output_directory_prepare(output.data, &error))
		status = command_fail(&error);
	struct attendant_request wanted = {.shim = shim,
					   .output = output.data,
					   .wish = &request.wish,
					   .for_ns = request.for_ns,
					   .pause_ms = (double)request.pause_ns / 1e6};
	if (status == COMMAND_FINE && request.all)
		all_attach(request.all, &wanted);
	for (int i = optind; status == COMMAND_FINE && i < argc; i++) {
		wanted.pid = operand_pid(argv[i]);
		if (!process_attach(&wanted, &error))
			status = command_fail(&error);
	}
	buffer_free(&output);
	return status;
}

const struct command command_attach = {
    .name = "attach",
    .operands = "[PID...]",
    .summary = "join running processes and record their heaps",
    .options = attach_options,
    .run = attach_main,
    .notes = "Memory that was allocated before is not seen. A process of seep's stays with\n"
	     "each of them, until 'seep detach PID' or its end. --all NAME is as in pgrep -x.",
};

/* Names the processes that this one forked while it was joined: each is left by itself. */
static void forked_say(pid_t pid)
{
	struct process_list forked;
	struct buffer pids = {0};

	process_list_forked(&forked, pid);
	for (size_t i = 0; i < forked.count; i++)
		if (process_is_joined(forked.each[i].pid))
			buffer_printf(&pids, " %d", (int)forked.each[i].pid);
	if (pids.length)
		message("seep goes on recording what it forked: seep detach%s", pids.data);
	buffer_free(&pids);
	process_list_free(&forked);
}

static bool process_detach(pid_t pid, struct error *error)
{
	struct join_result result;
	char tries[96];

	if (!process_leave(pid, PAUSE_NS / 1e6, &result, error))
		return false;
	if (result.stays)
		message("left %d, in which libseep.so stays and records nothing; next: seep leaks %s", (int)pid,
			result.directory);
	else
		message("left %d, which stood still for %.1f ms%s; %s%s", (int)pid, result.longest_ms,
			tries_text(&result, tries, sizeof tries),
			result.directory[0] ? "next: seep leaks " : "nothing was sampled in it", result.directory);
	return true;
}

struct detach_request {
	const char *all;
};

static const struct command_option detach_options[] = {
    {OPTION_ALL, "all", "NAME", "leave the processes of this name", &option_text, offsetof(struct detach_request, all),
     NULL},
    {0},
};

/* Leaves all recorded processes of the name. */
static int all_detach(const char *name)
{
	struct process_list list;
	struct process_facts facts;
	struct error error;
	char directory[4200];
	size_t recorded = 0;
	int status = COMMAND_FINE;

	process_list_named(&list, name);
	for (size_t i = 0; i < list.count; i++) {
		const pid_t pid = list.each[i].pid;
		if (!process_inspect(pid, &facts, &error) || !facts.shim_mapped ||
		    !(recording_locate(pid, directory, sizeof directory, &error) ||
		      (facts.shim_joined && process_is_joined(pid))))
			continue;
		recorded++;
		if (!process_detach(pid, &error))
			status = command_fail(&error);
	}
	for (size_t i = 0; i < list.count; i++)
		forked_say(list.each[i].pid);
	process_list_free(&list);
	if (recorded)
		return status;
	error_set(&error, "no process named %s is recorded", name);
	return command_fail(&error);
}

static int detach_main(int argc, char **argv)
{
	struct detach_request request = {0};
	struct error error;
	int status = COMMAND_FINE;

	command_take_options(&command_detach, argc, argv, &request);
	if (request.all ? optind < argc : optind == argc)
		return command_usage(&command_detach,
				     request.all ? "--all takes a name, not a PID" : "the process to leave is missing");
	for (int i = optind; i < argc; i++)
		if (!operand_pid(argv[i]))
			return command_usage(&command_detach, "%s is not the number of a process", argv[i]);
	if (request.all)
		return all_detach(request.all);
	for (int i = optind; i < argc; i++)
		if (!process_detach(operand_pid(argv[i]), &error))
			status = command_fail(&error);
	for (int i = optind; i < argc; i++)
		forked_say(operand_pid(argv[i]));
	return status;
}

const struct command command_detach = {
    .name = "detach",
    .operands = "[PID...]",
    .summary = "stop recording running processes",
    .options = detach_options,
    .run = detach_main,
};
