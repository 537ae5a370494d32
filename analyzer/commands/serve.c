/* SPDX-License-Identifier: Apache-2.0 */
/* `seep serve RECORDING...`: the page of each recording, live, for browsers. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options/command.h"
#include "options/service_options.h"
#include "place/wrapper_names.h"
#include "profile/profile.h"
#include "serve/answers/answers.h"
#include "serve/door/address.h"
#include "serve/door/admission.h"
#include "serve/server.h"

enum { OPTION_TOKEN_FILE = 256, OPTION_HOST, OPTION_SOURCE, OPTION_CPU };

enum { SOURCE_OFF, SOURCE_ON };
static const char *const source_names[] = {"off", "on", NULL};

struct request {
	const char *listen, *token_file, *hosts, *wrappers, *service;
	struct symbol_search symbols;
	struct argument_list source_path;
	int source;
	double share;
};

#define FIELD(name) offsetof(struct request, name)

static struct targets targets_find(int argc, char **argv, const struct request *request)
{
	static const char *here = ".";

	if (request->service)
		return command_service_directories(&command_serve, argc, argv, request->service, true);
	return optind < argc ? command_operands(&command_serve, argc, argv) : (struct targets){&here, 1};
}

static bool share_take(const struct command_option *option, void *field, const char *value, struct error *error)
{
	char *end;
	const double percent = strtod(value, &end);

	(void)option;
	(void)error;
	if (end == value || *end || !(percent > 0 && percent <= 100))
		return false;
	*(double *)field = percent / 100;
	return true;
}

static const struct option_type option_share = {share_take, "a number above 0, up to 100"};

static const struct command_option options[] = {
    {'l', "listen", "ADDRESS", "[HOST:]PORT or unix:PATH [127.0.0.1:7337]", &option_text, FIELD(listen), NULL},
    {OPTION_TOKEN_FILE, "token-file", "FILE", "the token that clients show; -: standard input", &option_text,
     FIELD(token_file), NULL},
    {OPTION_HOST, "host", "NAME,...", "names that browsers may call it by", &option_text, FIELD(hosts), NULL},
    {OPTION_SOURCE, "source", "WHETHER", "on: pages have lines of source; off (default): none", &option_word,
     FIELD(source), source_names},
    {OPTION_SERVICE, "service", "NAME", "all that is recorded of a service, now and later", &option_service,
     FIELD(service), NULL},
    SOURCE_PATH_OPTION(FIELD(source_path)),
    {OPTION_CPU, "cpu", "PERCENT", "share of a core to keep a page current [0.3]", &option_share, FIELD(share), NULL},
    WRAPPER_OPTION(FIELD(wrappers)),
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

/* The page's address if a single recording was named; else the list's. */
static void url_print(const struct listener *listener, const struct recordings *recordings)
{
	struct buffer url = {0};

	listener_append_url(&url, listener);
	if (listener_port(listener)) {
		buffer_append_text(&url, "/");
		if (recordings->count == 1 && !recordings_may_grow(recordings)) {
			buffer_append_text(&url, "r/");
			answer_append_escaped(&url, recordings->each[0]->name);
			buffer_append_text(&url, "/");
		}
	}
	puts(url.data);
	fflush(stdout);
	buffer_free(&url);
}

static bool serve(struct server_state *server, const struct serve_address *address, struct admission *admission,
		  struct error *error)
{
	struct listener listener;

	if (!listener_open(&listener, address, error))
		return false;
	admission_use_port(admission, listener_port(&listener));
	url_print(&listener, &server->recordings);
	const bool is_fine = server_run(server, admission, &listener, error);
	listener_close(&listener);
	return is_fine;
}

/* A service's directory may be made when its first process runs. */
static bool all_add(struct recordings *recordings, struct targets targets, bool may_come, struct error *error)
{
	for (size_t i = 0; i < targets.count; i++)
		if (may_come && access(targets.paths[i], F_OK) != 0)
			recordings_await(recordings, targets.paths[i]);
		else if (!recordings_add(recordings, targets.paths[i], error))
			return false;
	return true;
}

static int run(int argc, char **argv)
{
	static struct request request = {.share = PACE_SHARE};
	struct serve_address address;
	struct admission admission;
	struct wrapper_names wrappers = {0};
	struct server_state server = {0};
	struct error error;

	command_take_options(&command_serve, argc, argv, &request);
	passed_over_keep_quiet(); /* the pages say it */
	if (!serve_address_parse(&address, request.listen, &error))
		return command_usage(&command_serve, "--listen: %s", error.text);
	if (!admission_prepare(&admission, request.token_file, request.hosts, &error))
		return command_fail(&error);
	if (!address.is_local && admission.token.length == 0)
		return command_usage(&command_serve,
				     "other machines can reach %s: that needs --token-file or SEEP_SERVE_TOKEN",
				     request.listen);
	const struct targets targets = targets_find(argc, argv, &request);
	bool is_fine = (!request.wrappers || wrapper_names_parse(&wrappers, request.wrappers, &error)) &&
		       all_add(&server.recordings, targets, request.service != NULL, &error);
	server.share = request.share;
	server.request = (struct page_request){
	    .symbols = request.symbols,
	    .wrappers = wrappers.names,
	    .wrapper_count = wrappers.count,
	    .has_sources = request.source == SOURCE_ON,
	    .source_rules = request.source_path.items,
	    .source_rule_count = request.source_path.count,
	};
	is_fine = is_fine && serve(&server, &address, &admission, &error);
	recordings_free(&server.recordings);
	wrapper_names_free(&wrappers);
	return is_fine ? COMMAND_FINE : command_fail(&error);
}

const struct command command_serve = {
    .name = "serve",
    .operands = "[TARGET...|--service NAME]",
    .summary = "serve the pages of recordings to browsers, current while they grow",
    .notes = "Prints where it listens. TARGET is a recording, a bundle, a snapshot, a PID or a\n"
	     "directory of recordings [.]. Only this machine can connect unless ADDRESS says\n"
	     "otherwise, which needs a token: from FILE or SEEP_SERVE_TOKEN, shown as\n"
	     "'Authorization: Bearer TOKEN', or in a browser once as ?token=TOKEN. Also for\n"
	     "Prometheus (/metrics), go tool pprof, Alloy, Parca (/debug/pprof): see SERVE.md.",
    .options = options,
    .run = run,
};
