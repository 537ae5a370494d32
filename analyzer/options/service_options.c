/* SPDX-License-Identifier: Apache-2.0 */
/* See service_options.h. Memory that is allocated here lives as long as the command runs. */
#include "options/service_options.h"

#include <stdlib.h>
#include <time.h>

#include <seep/service.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "options/moment.h"
#include "work/clock.h"

#define SECOND_NS UINT64_C(1000000000)

static bool take_moment(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)option, (void)error;
	return moment_parse_time(value, clock_ns(CLOCK_REALTIME), field) && *(uint64_t *)field > 0;
}

const struct option_type option_moment = {take_moment, "a time: " MOMENT_FORMS};

static int request_check(const struct command *command, int argc, char **argv, const struct service_request *request)
{
	if (!request->name)
		return request->before_ns || request->after_ns
			   ? command_usage(command, "--before and --after are times of a service: --service NAME")
			   : COMMAND_FINE;
	if (optind < argc)
		return command_usage(command, "--service chooses what is shown: '%s' is one too many", argv[optind]);
	if (request->before_ns && request->before_ns >= (request->after_ns ? request->after_ns : SERVICE_NOW))
		return command_usage(command, "--before is the earlier moment, and --after the later");
	return COMMAND_FINE;
}

/* Says that no process ran at the time that was asked for, and which time is shown instead. */
static void say_nearest(const struct service *service, uint64_t asked_ns, const struct service_moment *moment)
{
	const time_t seconds = (time_t)(moment->unix_ns / SECOND_NS);
	char text[32] = "";
	struct tm local;

	if (moment->unix_ns == asked_ns || !localtime_r(&seconds, &local))
		return;
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
	message("%s: no process %s; the nearest is of %s", service->name, asked_ns == SERVICE_NOW ? "runs" : "ran then",
		text);
}

static struct targets targets_of(const struct service *service, uint64_t unix_ns, const char ***recordings,
				 struct service_moment *moment)
{
	struct targets targets = {0};

	service_at(service, unix_ns, moment);
	say_nearest(service, unix_ns, moment);
	targets.paths = memory_allocate(moment->count, sizeof *targets.paths);
	*recordings = memory_allocate(moment->count, sizeof **recordings);
	for (; targets.count < moment->count; targets.count++) {
		targets.paths[targets.count] = moment->choices[targets.count].path;
		(*recordings)[targets.count] = moment->choices[targets.count].process->path;
	}
	return targets;
}

static void service_must_open(struct service *service, const char *name)
{
	struct error error;

	if (!service_open(service, name, &error))
		exit(command_fail(&error));
	if (service->left_out)
		message("%s: %zu of %zu recordings have no snapshot that can be read, and are left out", name,
			service->left_out, service->left_out + service->count);
}

struct service_targets command_service_targets(const struct command *command, int argc, char **argv,
					       const struct service_request *request)
{
	static struct service service;
	struct service_targets targets = {.same_processes = true};
	struct service_moment now, before;
	const char **earlier;

	const int status = request_check(command, argc, argv, request);
	if (status != COMMAND_FINE)
		exit(status);
	if (!request->name) {
		targets.now = command_operands(command, argc, argv);
		targets.recordings = targets.now.paths;
		return targets;
	}
	service_must_open(&service, request->name);
	targets.now =
	    targets_of(&service, request->after_ns ? request->after_ns : SERVICE_NOW, &targets.recordings, &now);
	if (!request->before_ns)
		return targets;
	targets.before = targets_of(&service, request->before_ns, &earlier, &before);
	targets.same_processes = now.count == before.count;
	for (size_t i = 0; i < now.count && targets.same_processes; i++)
		targets.same_processes = now.choices[i].process == before.choices[i].process;
	return targets;
}

struct targets command_moment_targets(const struct command *command, int argc, char **argv,
				      const struct service_request *request)
{
	struct service_request single = *request;

	if (request->before_ns && request->after_ns)
		exit(
		    command_usage(command, "it shows one moment: give --before or --after, not both; see 'seep diff'"));
	single.after_ns = request->before_ns ? request->before_ns : request->after_ns;
	single.before_ns = 0;
	return command_service_targets(command, argc, argv, &single).now;
}

/* How much of the time that is asked for the process has a series of; 0: none. */
static uint64_t span_of(const struct service_process *process, const struct service_request *request, uint64_t now_ns)
{
	const uint64_t to_ns = request->after_ns && request->after_ns < now_ns ? request->after_ns : now_ns;
	const uint64_t end_ns = process->end_unix_ns < to_ns ? process->end_unix_ns : to_ns;
	const uint64_t begin_ns =
	    process->start_unix_ns > request->before_ns ? process->start_unix_ns : request->before_ns;

	return process->count > 1 && end_ns > begin_ns ? end_ns - begin_ns : 0;
}

/* A series is of the time in which all of its processes ran, so one that has just begun would leave nothing of those that
 * have run for days. Keeps those that ran for at least half of the longest one's time; all, if none has a series. */
static void young_leave_out(struct service_moment *moment, const struct service_request *request)
{
	const uint64_t now_ns = clock_ns(CLOCK_REALTIME);
	const size_t all = moment->count;
	uint64_t longest = 0;

	for (size_t i = 0; i < all; i++) {
		const uint64_t span = span_of(moment->choices[i].process, request, now_ns);
		longest = span > longest ? span : longest;
	}
	moment->count = 0;
	for (size_t i = 0; i < all; i++)
		if (span_of(moment->choices[i].process, request, now_ns) >= longest / 2)
			moment->choices[moment->count++] = moment->choices[i];
	if (moment->count < all)
		message(
		    "%s: %zu of %zu processes ran for less than half of the time, and are left out; --before with a "
		    "later time has them, too",
		    request->name, all - moment->count, all);
}

struct targets command_series_targets(const struct command *command, int argc, char **argv,
				      const struct service_request *request, service_limit *limit)
{
	const uint64_t to_ns = request->after_ns ? request->after_ns : SERVICE_NOW;
	struct service service = {0};
	struct service_moment now;
	struct targets targets = {0};

	const int status = request_check(command, argc, argv, request);
	if (status != COMMAND_FINE)
		exit(status);
	if (!request->name)
		return command_operands(command, argc, argv);
	service_must_open(&service, request->name);
	service_at(&service, to_ns, &now);
	say_nearest(&service, to_ns, &now);
	young_leave_out(&now, request);
	targets.paths = memory_allocate(now.count, sizeof *targets.paths);
	for (; targets.count < now.count; targets.count++) {
		const struct service_process *process = now.choices[targets.count].process;
		targets.paths[targets.count] = process->path;
		limit(process->path, request->before_ns ? service_process_time(process, request->before_ns) : 0,
		      request->after_ns ? service_process_time(process, now.unix_ns) : UINT64_MAX);
	}
	return targets;
}

static void directory_add(const char *name, const char *directory, void *context)
{
	struct targets *targets = context;

	(void)name;
	targets->paths = memory_resize(targets->paths, targets->count + 1, sizeof *targets->paths);
	targets->paths[targets->count++] = memory_copy_text(directory);
}

/* Where a service's directory will be made: in the first of these stores that can hold it. */
static struct targets directories_to_come(const char *name)
{
	struct targets targets = {0};
	struct seep_stores stores;

	seep_stores_find(&stores, getenv("SEEP_STORE"), getenv("XDG_STATE_HOME"), getenv("HOME"));
	for (size_t i = 0; i < SEEP_STORES && stores.of[i][0]; i++) {
		struct buffer path = {0};
		buffer_printf(&path, "%s/%s", stores.of[i], name);
		directory_add(name, path.data, &targets);
		buffer_free(&path);
	}
	message("there is no service %s in %s%s%s yet; its first recording is awaited", name, stores.of[0],
		*stores.of[1] ? " or " : "", stores.of[1]);
	return targets;
}

struct targets command_service_directories(const struct command *command, int argc, char **argv, const char *name,
					   bool may_come)
{
	struct targets targets = {0};
	struct error error;

	const int status = request_check(command, argc, argv, &(struct service_request){.name = name});
	if (status != COMMAND_FINE)
		exit(status);
	service_visit(name, directory_add, &targets);
	if (targets.count)
		return targets;
	if (may_come)
		return directories_to_come(name);
	service_say_missing(name, &error);
	exit(command_fail(&error));
}
