/* SPDX-License-Identifier: Apache-2.0 */
/* `seep list [DIRECTORY]`, `--service NAME`, `--services`: lists recordings, and how their processes ended. --tidy
 * first thins those of a service. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/keeper.h>
#include <seep/service.h>

#include "base/memory.h"
#include "base/message.h"
#include "files/output.h"
#include "options/command.h"
#include "options/service_options.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "render/words/quantity.h"
#include "target/listing.h"
#include "target/service.h"

enum { OPTION_JSON = 256, OPTION_SERVICES, OPTION_TIDY };

struct request {
	const char *directory, *service;
	bool json, services, tidy;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_SERVICE, "service", "NAME", "the processes of a service: builds, restarts, sizes", &option_service,
     FIELD(service), NULL},
    {OPTION_SERVICES, "services", NULL, "a line for each service", NULL, FIELD(services), NULL},
    {OPTION_TIDY, "tidy", NULL, "thin the service by age and to SEEP_KEEP_BYTES (1G)", NULL, FIELD(tidy), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.list/1", NULL, FIELD(json), NULL},
    {0},
};

static uint64_t budget_bytes(void)
{
	const char *text = getenv("SEEP_KEEP_BYTES");
	uint64_t bytes;

	return text && argument_parse_bytes(text, &bytes) ? bytes : 0;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* If a process was killed together with its keeper, or the disk was full, its recording lacks the last snapshot. This
 * writes it: the recording is complete then, and may be removed when it is old. One that is complete stays as it is. */
static void left_finish(const char *directory)
{
	struct listing listing;
	struct error ignored;
	struct seep_fault fault;
	char name[32];

	if (!listing_read(&listing, directory, &ignored))
		return;
	for (size_t i = 0; i < listing.count; i++)
		if (listing.entries[i].state == LISTING_LEFT || listing.entries[i].state == LISTING_ENDED)
			seep_recording_finish(listing.entries[i].path, SEEP_TRIGGER_POSTMORTEM, name, &fault);
	listing_free(&listing);
}

static void directory_tidy(const char *name, const char *directory, void *context)
{
	struct seep_tidied tidied;
	struct seep_fault fault = {0};

	left_finish(directory);
	if (!seep_service_tidy(directory, budget_bytes(), &tidied, &fault)) {
		message("%s: not thinned: %s%s%s", directory, fault.text, fault.error ? ": " : "",
			fault.error ? strerror(fault.error) : "");
		*(bool *)context = false;
		return;
	}
	message("%s: removed %" PRIu64 " snapshot%s and %" PRIu64 " recording%s; %" PRIu64 " and %" PRIu64
		" stay, with %s",
		name, tidied.snapshots_removed, plural(tidied.snapshots_removed), tidied.recordings_removed,
		plural(tidied.recordings_removed), tidied.snapshots, tidied.recordings,
		quantity_bytes((double)tidied.bytes).text);
}

static bool print(const struct buffer *out)
{
	struct error error;

	return output_page_buffer((struct buffer *)out, &error) || command_fail(&error) == COMMAND_FINE;
}

struct names {
	char **each;
	size_t count;
};

static void name_add(const char *name, const char *directory, void *context)
{
	struct names *names = context;

	(void)directory;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->each[i], name) == 0)
			return;
	names->each = memory_resize(names->each, names->count + 1, sizeof *names->each);
	names->each[names->count++] = memory_copy_text(name);
}

static int name_compare(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int services_list(void)
{
	struct names names = {0};
	struct buffer out = {0};
	struct listing listing;
	struct error error;

	service_visit(NULL, name_add, &names);
	if (names.count)
		qsort(names.each, names.count, sizeof *names.each, name_compare);
	for (size_t i = 0; i < names.count; i++) {
		if (listing_read_service(&listing, names.each[i], &error) && listing.count)
			listing_service_line(&out, &listing);
		listing_free(&listing);
		free(names.each[i]);
	}
	free(names.each);
	if (!out.length)
		message("there is no service");
	const int status = print(&out) ? COMMAND_FINE : COMMAND_BAD_INPUT;
	buffer_free(&out);
	return status;
}

static int request_check(const struct request *request, int argc, char **argv)
{
	if ((request->service || request->services) && optind < argc)
		return command_usage(&command_list, "the service chooses what is listed: '%s' is one too many",
				     argv[optind]);
	if (optind + 1 < argc)
		return command_usage(&command_list, "one operand is expected, '%s' is one too many", argv[optind + 1]);
	if (request->services && (request->service || request->json || request->tidy))
		return command_usage(&command_list, "--services goes alone");
	if (request->tidy && !request->service)
		return command_usage(&command_list, "--tidy thins a service: --service NAME");
	return COMMAND_FINE;
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct listing listing;
	struct buffer out = {0};
	struct error error;
	bool is_tidy = true;

	command_take_options(&command_list, argc, argv, &request);
	const int status = request_check(&request, argc, argv);
	if (status != COMMAND_FINE)
		return status;
	if (request.services)
		return services_list();
	if (request.tidy)
		service_visit(request.service, directory_tidy, &is_tidy);
	if (request.service ? !listing_read_service(&listing, request.service, &error)
			    : !listing_read(&listing, optind < argc ? argv[optind] : ".", &error))
		return command_fail(&error);
	struct text_page page = text_page_for(&out, STDOUT_FILENO);
	if (request.json)
		listing_json_render(&out, &listing);
	else if (listing.count)
		listing_text_render(&page, &listing);
	else if (request.service)
		message("there is no recording of the service %s", request.service);
	else
		message("there is no recording in %s", optind < argc ? argv[optind] : "this directory");
	listing_free(&listing);
	const bool is_written = print(&out);
	buffer_free(&out);
	return is_written && is_tidy ? COMMAND_FINE : COMMAND_BAD_INPUT;
}

const struct command command_list = {
    .name = "list",
    .operands = "[DIRECTORY|--service NAME]",
    .summary = "list recordings and services, and how each process ended",
    .notes = "running: its process is there. ended: its last snapshot is from its end.\n"
	     "left: its process is gone without such a snapshot (killed with its keeper, or\n"
	     "on another machine). broken: it can't be read; the fault is shown.\n"
	     "Keepers thin a service by themselves; docs/SERVICES.md has the rule.",
    .options = options,
    .reads = true,
    .run = run,
};
