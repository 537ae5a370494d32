/* SPDX-License-Identifier: Apache-2.0 */
/* `seep push --to ADDRESS RECORDING...`: sends the profiles of a recording to the servers that collect such. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/service.h>

#include "base/memory.h"
#include "base/message.h"
#include "options/command.h"
#include "options/service_options.h"
#include "push/rounds.h"
#include "render/words/quantity.h"

enum {
	OPTION_TO = 256,
	OPTION_LABEL,
	OPTION_LABELS_FILE,
	OPTION_CREDENTIALS,
	OPTION_TENANT,
	OPTION_CA,
	OPTION_STATE,
	OPTION_PATIENCE
};

struct request {
	struct argument_list to, labels;
	const char *service, *labels_file, *credentials, *tenant, *certificates, *state;
	struct symbol_search symbols;
	uint64_t patience_ns;
	bool follow;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_TO, "to", "ADDRESS", "pyroscope+URL, pyroscope-ingest+, parca+, otlp+URL", &option_list, FIELD(to), NULL},
    {'f', "follow", NULL, "go on while the recordings grow", NULL, FIELD(follow), NULL},
    {OPTION_SERVICE, "service", "NAME", "service_name [OTEL_SERVICE_NAME, or the command]", &option_text,
     FIELD(service), NULL},
    {OPTION_LABEL, "label", "NAME=VALUE", "another label; also OTEL_RESOURCE_ATTRIBUTES", &option_list, FIELD(labels),
     NULL},
    {OPTION_LABELS_FILE, "labels-file", "FILE", "labels, as Kubernetes' downward API writes them", &option_text,
     FIELD(labels_file), NULL},
    {OPTION_CREDENTIALS, "credentials", "FILE", "USER:PASSWORD or a token; -: standard input", &option_text,
     FIELD(credentials), NULL},
    {OPTION_TENANT, "tenant", "ID", "X-Scope-OrgID", &option_text, FIELD(tenant), NULL},
    {OPTION_CA, "ca", "FILE", "certificates to trust instead of the system's", &option_text, FIELD(certificates), NULL},
    {OPTION_STATE, "state", "DIR", "notes of what was sent [~/.local/state/seep/push]", &option_text, FIELD(state),
     NULL},
    {OPTION_PATIENCE, "patience", "TIME", "how long to try again at the end [1m]", &option_time, FIELD(patience_ns),
     NULL},
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

static volatile bool stop;

static void stop_note(int signal)
{
	(void)signal;
	stop = true;
}

static void signals_take_over(void)
{
	const struct sigaction action = {.sa_handler = stop_note};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

static bool labels_collect(struct labels *labels, const struct request *request, struct error *error)
{
	const char *listed = getenv("OTEL_RESOURCE_ATTRIBUTES");

	for (size_t i = 0; i < request->labels.count; i++)
		if (!labels_add_text(labels, request->labels.items[i], error))
			return false;
	struct error fault;
	if (listed && !labels_add_list(labels, listed, &fault))
		return error_set(error, "OTEL_RESOURCE_ATTRIBUTES: %.300s", fault.text);
	return !request->labels_file || labels_add_file(labels, request->labels_file, error);
}

/* A secret goes to one server only, and never unencrypted over the network. */
static int secret_check(const struct request *request, const struct push_plan *plans)
{
	if (!request->credentials)
		return COMMAND_FINE;
	if (request->to.count > 1)
		return command_usage(&command_push, "--credentials are for one destination: push to each by itself");
	if (!plans[0].destination.is_encrypted && !plans[0].destination.is_loopback)
		return command_usage(&command_push, "--credentials would travel in the clear: the address needs https");
	return COMMAND_FINE;
}

static int plans_make(const struct request *request, struct push_plan *plans)
{
	struct error error;

	if (request->to.count == 0)
		return command_usage(&command_push,
				     "--to is missing: pyroscope+URL, pyroscope-ingest+URL, parca+URL or otlp+URL");
	for (size_t i = 0; i < request->to.count; i++) {
		if (!destination_parse(&plans[i].destination, request->to.items[i], &error))
			return command_usage(&command_push, "--to: %s", error.text);
		plans[i].destination.tenant = request->tenant;
		plans[i].service = request->service ? request->service : getenv("OTEL_SERVICE_NAME");
		plans[i].service = plans[i].service && *plans[i].service ? plans[i].service : NULL;
		plans[i].symbols = request->symbols;
	}
	return secret_check(request, plans);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* Says what was sent there and what was not; COMMAND_BAD_INPUT where something is still to be sent. */
static int plan_say(const struct push_rounds *rounds, const struct push_plan *plan)
{
	const struct push_counts counts = push_rounds_counts(rounds, plan);
	const struct destination *to = &plan->destination;
	struct error why, refusal;
	const size_t waiting = push_rounds_waiting(rounds, plan, &why, &refusal);

	message("%s took %" PRIu64 " snapshot%s (%s)", to->name, counts.sent, plural(counts.sent),
		quantity_bytes((double)counts.bytes).text);
	if (counts.merged)
		message("%" PRIu64
			" older than %s takes went with the next one, which has what was allocated until then",
			counts.merged, destination_software(to));
	if (counts.too_old)
		message("%" PRIu64 " were older than %s takes, and were not sent", counts.too_old,
			destination_software(to));
	if (counts.refused)
		message("%" PRIu64 " snapshot%s refused for good: %s", counts.refused,
			counts.refused == 1 ? " was" : "s were", refusal.text);
	if (counts.lost_bases)
		message("of %" PRIu64
			" snapshot%s, all that was allocated before was sent again: the one before is gone",
			counts.lost_bases, plural(counts.lost_bases));
	if (counts.labels_left_out)
		message("%" PRIu64 " label%s left out: %s takes %u", counts.labels_left_out,
			counts.labels_left_out == 1 ? " is" : "s are", destination_software(to),
			destination_limits(to)->label_count);
	if (waiting)
		message("not delivered: %zu recording%s; the next seep push goes on there%s%s", waiting,
			plural(waiting), *why.text ? ": " : "", why.text);
	return waiting ? COMMAND_BAD_INPUT : COMMAND_FINE;
}

static int rounds_run(const struct request *request, struct push_rounds *rounds)
{
	int status;

	signals_take_over();
	push_rounds_run(rounds, request->follow, request->patience_ns, &stop);
	if (rounds->count == 0)
		message("%s: there is no recording in it", rounds->operands[0].path);
	status = rounds->has_faults ? COMMAND_BAD_INPUT : COMMAND_FINE;
	for (size_t i = 0; i < rounds->plan_count; i++)
		if (plan_say(rounds, &rounds->plans[i]) != COMMAND_FINE && !(request->follow && stop))
			status = COMMAND_BAD_INPUT;
	return status;
}

static bool all_open(const struct request *request, struct push_plan *plans, struct transport *transport,
		     struct labels *labels, struct buffer *directory, struct error *error)
{
	if (!labels_collect(labels, request, error) || !position_directory(directory, request->state, error) ||
	    !transport_open(transport, request->credentials, request->tenant, request->certificates, error))
		return false;
	transport->stop = &stop;
	for (size_t i = 0; i < request->to.count; i++) {
		plans[i].transport = transport;
		plans[i].directory = directory->data;
		plans[i].labels = *labels;
		plans[i].follow = request->follow;
	}
	return true;
}

static int run(int argc, char **argv)
{
	static struct request request = {.patience_ns = UINT64_C(60000000000)};
	struct transport transport = {0};
	struct labels labels = {0};
	struct buffer directory = {0};
	struct error error;

	command_take_options(&command_push, argc, argv, &request);
	struct push_plan *plans = memory_allocate(request.to.count + 1, sizeof *plans);
	int status = plans_make(&request, plans);
	if (status != COMMAND_FINE) {
		free(plans);
		return status;
	}
	const bool of_service =
	    optind == argc && request.service && seep_service_name_is_valid(request.service, strlen(request.service));
	const struct targets targets =
	    of_service ? command_service_directories(&command_push, argc, argv, request.service, request.follow)
		       : command_operands(&command_push, argc, argv);
	struct push_operand *operands = memory_allocate(targets.count, sizeof *operands);
	struct push_rounds rounds = {
	    .plans = plans, .plan_count = request.to.count, .operands = operands, .operand_count = targets.count};
	bool is_fine = true;
	for (size_t i = 0; i < targets.count && is_fine; i++)
		if (of_service && request.follow && access(targets.paths[i], F_OK) != 0)
			operands[i] = (struct push_operand){targets.paths[i], true}; /* it may come */
		else
			is_fine = push_operand_take(&operands[i], targets.paths[i], &error);
	is_fine = is_fine && all_open(&request, plans, &transport, &labels, &directory, &error);
	status = is_fine ? rounds_run(&request, &rounds) : command_fail(&error);
	push_rounds_free(&rounds);
	transport_close(&transport);
	labels_free(&labels);
	buffer_free(&directory);
	free(operands);
	free(plans);
	return status;
}

const struct command command_push = {
    .name = "push",
    .operands = "TARGET...|--service NAME",
    .summary = "send profiles of recordings to Pyroscope, Parca or OTLP",
    .notes = "TARGET is a recording, a PID that is recorded, or a directory of recordings.\n"
	     "--service NAME alone: all that is recorded of the service, now and later.\n"
	     "Each snapshot is sent once, whoever sends it: the memory allocated since the one\n"
	     "before, and the memory in use. While a server is away, the recording waits.",
    .options = options,
    .run = run,
};
