/* SPDX-License-Identifier: Apache-2.0 */
/* `seep memory`: where a process's memory is, to the page. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "account/sum.h"
#include "allocators/ask.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "files/output.h"
#include "options/command.h"
#include "options/service_options.h"
#include "process/inspect.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "target/extend.h"
#include "target/last_ledger.h"
#include "target/outside.h"
#include "target/take_snapshot.h"
#include "target/target.h"

enum { OPTION_JSON = 256, OPTION_ASK };

/* Whether to ask an allocator, for which its process must stand still. */
enum ask { ASK_AUTO, ASK_ALWAYS, ASK_NEVER };
static const char *const ask_words[] = {"auto", "always", "never", NULL};

/* A program's clients bear no more than a tenth of a second. */
#define STOP_MS_A_GIB 20
#define ASK_BYTES_MOST (UINT64_C(4) << 30)

struct request {
	bool json;
	enum ask ask;
	struct service_request service;
};

#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_JSON, "json", NULL, "JSON, schema seep.memory/1", NULL, offsetof(struct request, json), NULL},
    {OPTION_ASK, "ask", "WHEN", "ask jemalloc, tcmalloc or mimalloc: auto (RSS to 4G)", &option_word,
     offsetof(struct request, ask), ask_words},
    SERVICE_OPTIONS(SERVICE_FIELD),
    {0},
};

/* What kind of thing an operand is. */
struct operand {
	pid_t pid; /* 0: a file */
	char path[PATH_MAX];
	char name[32]; /* the snapshot that was made now, in the recording at `path`; "": none was made */
};

/* Opens the present state of a process, by asking it for a snapshot. */
static struct profile *open_now(struct operand *operand, struct error *error)
{
	struct buffer path = {0};

	if (!target_snapshot(operand->path, operand->name, error))
		return NULL;
	buffer_printf(&path, "%s/%s", operand->path, operand->name);
	struct profile *profile = profile_open(path.data, error);
	buffer_free(&path);
	return profile;
}

static struct profile *open_target(const char *text, struct operand *operand, struct error *error)
{
	const size_t digits = strspn(text, "0123456789");
	const unsigned long number = digits && !text[digits] && access(text, F_OK) != 0 ? strtoul(text, NULL, 10) : 0;

	*operand = (struct operand){.pid = number <= INT_MAX ? (pid_t)number : 0};
	if (!target_resolve(text, operand->path, sizeof operand->path, error))
		return operand->pid ? outside_open(operand->pid, error) : NULL;
	if (operand->pid)
		return open_now(operand, error);
	return last_ledger_open(operand->path, error);
}

static bool values_add(struct snapshot_addition *addition, const struct snapshot_view *view, const void *context,
		       struct error *error)
{
	(void)view, (void)error;
	buffer_append(&addition->values, context, ALLOCATOR_FIGURES_VALUES * sizeof(struct seep_value));
	return true;
}

/* Adds the allocator's answer to the snapshot's file, so that the recording's series has it from then on. */
static void figures_keep(struct profile *profile, const struct operand *operand,
			 const struct allocator_figures *figures)
{
	struct seep_value values[ALLOCATOR_FIGURES_VALUES];
	struct error error;

	allocator_figures_values(values, figures);
	for (size_t i = 0; i < ALLOCATOR_FIGURES_VALUES; i++) {
		profile->memory[values[i].key] = values[i].value;
		profile->memory_known |= UINT64_C(1) << values[i].key;
	}
	if (operand->name[0] && !snapshot_file_extend(operand->path, operand->name, values_add, values, &error))
		message("the answer of %s is not kept: %s", profile->allocator, error.text);
}

/* The operand may be the number of the recording's guard. In another pid namespace the process has another number than
 * it says itself. */
static pid_t recorded_pid(const struct profile *profile, const struct operand *operand)
{
	return operand->name[0] && profile_process_runs(profile) ? (pid_t)profile->pid : operand->pid;
}

/* Asks the allocator of a running process. Only a recording knows which mappings are the allocator's own. */
static void allocator_tell(struct profile *profile, const struct operand *operand, enum ask ask)
{
	const uint64_t rss = profile->memory[SEEP_MEMORY_LEDGER_AFTER];
	struct allocator_figures figures;
	struct error error;

	if (ask == ASK_NEVER || !allocator_can_tell(profile->allocator))
		return;
	if (ask == ASK_AUTO && rss > ASK_BYTES_MOST) {
		message(
		    "%s was not asked what it keeps: the process would stand still for some %.0f ms; --ask=always asks",
		    profile->allocator, (double)rss / (1 << 30) * STOP_MS_A_GIB);
		return;
	}
	if (!allocator_ask(&figures, profile->allocator, recorded_pid(profile, operand), &error)) {
		message("%s was not asked what it keeps: %s", profile->allocator, error.text);
		return;
	}
	if (!profile->rate)
		outside_give_allocator(profile, allocator_figures_sum(&figures));
	figures_keep(profile, operand, &figures);
}

/* What the program has given back by MADV_FREE counts as in memory, and nothing but the kernel's own sum tells it. The kernel
 * goes through all page tables for that, so of large processes nobody asks. NAN: not known. */
static double given_back(const struct operand *operand, const struct account *account)
{
	const pid_t pid = operand->pid ? recorded_pid(account->profile, operand) : 0;
	uint64_t bytes;

	if (!pid || account->rss > (double)ASK_BYTES_MOST)
		return NAN;
	return process_given_back(pid, &bytes) ? (double)bytes : NAN;
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

static struct profile *open_with_ledger(const char *text, struct operand *operand, struct error *error)
{
	struct profile *profile = open_target(text, operand, error);

	if (!profile || profile->ledger_count)
		return profile;
	error_set(error,
		  "%s: says nothing of where the process's memory was: an older seep made it, or its keeper could not "
		  "look at the process",
		  profile->source);
	profile_free(profile);
	return NULL;
}

/* Opens the operands and adds them up. `operand`: the kind of a single one. */
static struct profile *open_all(const char *const *operands, size_t count, struct operand *operand, struct error *error)
{
	struct profile **profiles = memory_allocate(count, sizeof *profiles), *whole = NULL;
	size_t opened = 0;

	while (opened < count && (profiles[opened] = open_with_ledger(operands[opened], operand, error)))
		opened++;
	if (opened == count && count == 1) {
		whole = profiles[0];
		opened = 0;
	} else if (opened == count) {
		whole = ledgers_sum(profiles, count, error);
		operand->pid = 0;
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
	struct operand operand;
	struct error error;
	int status;

	command_take_options(&command_memory, argc, argv, &request);
	if (optind == argc && !request.service.name)
		return command_usage(&command_memory, "%s is missing", command_memory.operands);
	struct targets targets = {(const char **)argv + optind, (size_t)(argc - optind)};
	if (request.service.name)
		targets = command_moment_targets(&command_memory, argc, argv, &request.service);
	struct profile *profile = open_all(targets.paths, targets.count, &operand, &error);
	if (!profile)
		return command_fail(&error);
	if (operand.pid)
		allocator_tell(profile, &operand, request.ask);
	if (account_make(&account, profile)) {
		account.given_back = given_back(&operand, &account);
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
    .operands = "PID|RECORDING|SNAPSHOT...|--service NAME",
    .summary = "show where RSS is: heap, libraries, stacks, files, unexplained",
    .notes = "A recorded process is asked for a snapshot; any other of yours is only looked\n"
	     "at, without samples of what is in use. A RECORDING stands for its last snapshot\n"
	     "that counted pages. The classes add up to RSS, page by page. jemalloc, tcmalloc\n"
	     "and mimalloc are asked what they keep, in a copy of the process: --ask=auto,\n"
	     "always or never; the snapshot keeps the answer. Several operands are added\n"
	     "up, without asking the allocators; shared memory counts in each.",
    .options = options,
    .reads = true,
    .run = run,
};
