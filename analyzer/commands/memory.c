/* SPDX-License-Identifier: Apache-2.0 */
/* `seep memory`: where a process's memory is, to the page. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "account/sum.h"
#include "allocators/ask.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "commands/all.h"
#include "files/output.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "target/take.h"

enum { OPTION_JSON = 256, OPTION_NO_COPY };

struct request {
	bool json, no_copy;
};

static const struct command_option options[] = {
    {OPTION_JSON, "json", NULL, "JSON, schema seep.memory/1", NULL, offsetof(struct request, json), NULL},
    {OPTION_NO_COPY, "no-copy", NULL, "do not stop the process: jemalloc and tcmalloc are not asked", NULL,
     offsetof(struct request, no_copy), NULL},
    {0},
};

static bool is_number(const char *operand)
{
	return operand[0] && strspn(operand, "0123456789") == strlen(operand);
}

/* Of a process as it is now: asks for a snapshot. */
static struct profile *open_now(const char *directory, struct error *error)
{
	char name[32];
	struct buffer path = {0};

	if (!target_snapshot(directory, name, error))
		return NULL;
	buffer_printf(&path, "%s/%s", directory, name);
	struct profile *profile = profile_open(path.data, error);
	buffer_free(&path);
	return profile;
}

/* The last snapshot of a recording that has a ledger: that of a killed program's end has none. */
static struct profile *open_last(const char *directory, struct error *error)
{
	struct recording recording;
	struct profile *profile = NULL;

	if (!recording_list(directory, &recording, error))
		return NULL;
	for (size_t i = recording.count; i-- > 0;) {
		profile_free(profile);
		profile = profile_open(recording.entries[i].path, error);
		if (!profile || profile->ledger_count)
			break;
	}
	recording_free(&recording);
	return profile;
}

/* `running`: the process that the operand means; 0: it means a file. */
static struct profile *open_target(const char *operand, pid_t *running, struct error *error)
{
	const char *path = command_target(operand);

	*running = strcmp(path, operand) != 0 && is_number(operand) ? (pid_t)atoi(operand) : 0;
	if (*running)
		return open_now(path, error);
	return path_is_recording(path) ? open_last(path, error) : profile_open(path, error);
}

/* What the allocator of a process that runs says. */
static void allocator_tell(struct account *account, pid_t pid)
{
	struct allocator_figures figures;
	const char *allocator = account->profile->allocator;
	struct error error;

	if (!allocator_can_tell(allocator))
		return;
	if (allocator_ask(&figures, allocator, pid, &error))
		account_take_figures(account, &figures);
	else
		message("%s was not asked what it keeps: %s", allocator, error.text);
}

static int print(const struct account *account, const struct request *request)
{
	struct buffer out = {0};
	struct text_page page = text_page_for(&out, STDOUT_FILENO);
	struct error error;

	if (request->json)
		account_json_render(&out, account);
	else
		account_text_render(&page, account);
	const bool is_written = output_page_buffer(&out, &error);
	buffer_free(&out);
	return is_written ? COMMAND_FINE : command_fail(&error);
}

static struct profile *open_with_ledger(const char *operand, pid_t *running, struct error *error)
{
	struct profile *profile = open_target(operand, running, error);

	if (!profile || profile->ledger_count)
		return profile;
	error_set(error,
		  "%s: says nothing of where the process's memory was: an older seep made it, or its keeper could not "
		  "look at the process",
		  profile->source);
	profile_free(profile);
	return NULL;
}

/* What the operands name, added up. `running`: the process, if it is one alone. */
static struct profile *open_all(char **operands, size_t count, pid_t *running, struct error *error)
{
	struct profile **profiles = memory_allocate(count, sizeof *profiles), *whole = NULL;
	size_t opened = 0;

	while (opened < count && (profiles[opened] = open_with_ledger(operands[opened], running, error)))
		opened++;
	if (opened == count && count == 1) {
		whole = profiles[0];
		opened = 0;
	} else if (opened == count) {
		whole = ledgers_sum(profiles, count, error);
		*running = 0;
	}
	while (opened > 0)
		profile_free(profiles[--opened]);
	free(profiles);
	return whole;
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct account account;
	struct error error;
	pid_t running;
	int status;

	command_take_options(&command_memory, argc, argv, &request);
	if (optind == argc)
		return command_usage(&command_memory, "%s is missing", command_memory.operands);
	struct profile *profile = open_all(argv + optind, (size_t)(argc - optind), &running, &error);
	if (!profile)
		return command_fail(&error);
	if (account_make(&account, profile)) {
		if (running && !request.no_copy)
			allocator_tell(&account, running);
		status = print(&account, &request);
		account_free(&account);
	} else {
		error_set(&error, "%s: does not say how large RSS was when its pages were counted", profile->source);
		status = command_fail(&error);
	}
	profile_free(profile);
	return status;
}

const struct command command_memory = {
    .name = "memory",
    .operands = "PID|RECORDING|SNAPSHOT...",
    .summary = "show where RSS is: heap, libraries, stacks, files, unexplained",
    .notes = "Of a process a snapshot is taken; a RECORDING stands for its last snapshot\n"
	     "that has a ledger. The classes add up to RSS, page by page. jemalloc and\n"
	     "tcmalloc are asked what they keep, in a copy of the process. Several operands are\n"
	     "added up, of which no allocator is asked; what processes share counts in each.",
    .options = options,
    .reads = true,
    .run = run,
};
