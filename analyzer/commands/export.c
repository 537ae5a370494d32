/* SPDX-License-Identifier: Apache-2.0 */
/* seep export: a snapshot, or what changed since one, in the formats of other tools. */
#include <string.h>
#include <unistd.h>

#include "commands/argument.h"
#include "commands/command.h"
#include "commands/snapshot_pair.h"
#include "compare/comparison.h"
#include "compare/inventory.h"
#include "export/export.h"
#include "profile/profile.h"
#include "render/json/diff_json.h"
#include "export/folded.h"
#include "render/json/report_json.h"
#include "tree/call_tree.h"

enum { OPTION_FORMAT = 256, OPTION_BASE, OPTION_VALUE, OPTION_SYMBOLS };

enum format { FORMAT_PPROF, FORMAT_FOLDED, FORMAT_SPEEDSCOPE, FORMAT_GPERFTOOLS, FORMAT_JSON, FORMAT_COUNT };
static const char *const format_names[] = {"pprof", "folded", "speedscope", "gperftools", "json", NULL};

struct request {
	const char *snapshot, *base, *output;
	enum format format;
	enum call_value value;
	struct symbol_options symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_FORMAT, "format", "FORMAT", "pprof, folded, speedscope, gperftools or json", &option_word, FIELD(format),
     format_names},
    {'o', "output", "FILE", "write it there [standard output]", &option_text, FIELD(output), NULL},
    {OPTION_BASE, "base", "BEFORE", "export the difference from this snapshot", &option_text, FIELD(base), NULL},
    {OPTION_VALUE, "value", "VALUE", "of folded: inuse_space, inuse_objects, alloc_...", &option_word, FIELD(value),
     call_value_names},
    {OPTION_SYMBOLS, "symbols", "DIR", "look for debug files there first", &option_text, FIELD(symbols.directory),
     NULL},
    {0},
};

static int request_check(struct request *request)
{
	if (!command_was_given(&command_export, OPTION_FORMAT))
		return command_usage(&command_export,
				     "--format is missing: pprof, folded, speedscope, gperftools or json");
	if (command_was_given(&command_export, OPTION_VALUE) && request->format != FORMAT_FOLDED)
		return command_usage(&command_export, "--value goes with --format=folded; the others have all four");
	if (request->base && request->format == FORMAT_GPERFTOOLS)
		return command_usage(&command_export, "gperftools' format has no negative numbers: export both and let "
						      "its reader subtract (google-pprof --base)");
	if (request->format == FORMAT_PPROF && (!request->output || strcmp(request->output, "-") == 0) &&
	    isatty(STDOUT_FILENO))
		return command_usage(&command_export, "pprof is compressed: give -o FILE, or a pipe");
	return COMMAND_FINE;
}

static int request_parse(struct request *request, int argc, char **argv)
{
	command_take_options(&command_export, argc, argv, request);
	const int status = request_check(request);
	if (status == COMMAND_FINE)
		request->snapshot = command_only_operand(&command_export, argc, argv);
	if (request->base)
		request->base = command_target(request->base);
	return status;
}

static void folded_write(struct buffer *out, const struct profile *now, const struct profile *base,
			 enum call_value value)
{
	struct call_tree *tree = call_tree_build(now, base);

	tree_cut_say(tree);
	call_tree_arrange(tree, value);
	folded_render(out, tree);
	call_tree_free(tree);
}

/* The documents of `report --json` and `diff --json`, whole. */
static void json_write(struct buffer *out, const struct profile *now, const struct profile *base, enum call_value value)
{
	if (base) {
		struct comparison comparison;
		comparison_build(&comparison, base, now, GROUP_BY_STACK);
		diff_json_render(out, &comparison, UINT32_MAX);
		comparison_free(&comparison);
	} else {
		struct inventory inventory;
		inventory_build(&inventory, now, GROUP_BY_STACK, inventory_order_of(value));
		report_json_render(out, &inventory, UINT32_MAX);
		inventory_free(&inventory);
	}
}

static void document_write(struct buffer *out, const struct request *request, const struct profile *now,
			   const struct profile *base)
{
	switch (request->format) {
	case FORMAT_PPROF:
		export_pprof(out, now, base);
		break;
	case FORMAT_FOLDED:
		folded_write(out, now, base, request->value);
		break;
	case FORMAT_SPEEDSCOPE:
		export_speedscope(out, now, base);
		break;
	case FORMAT_GPERFTOOLS:
		export_gperftools(out, now);
		break;
	case FORMAT_JSON:
	case FORMAT_COUNT:
		json_write(out, now, base, request->value);
		break;
	}
}

static int run(int argc, char **argv)
{
	struct request request = {.value = CALL_INUSE_SPACE};
	struct output out;
	struct snapshot_pair pair;

	int status = request_parse(&request, argc, argv);
	if (status == COMMAND_FINE)
		status = command_check_symbols(&command_export, request.symbols.directory);
	if (status == COMMAND_FINE)
		status = command_check_output(&command_export, request.output, request.snapshot, request.base);
	if (status == COMMAND_FINE)
		status = snapshot_pair_open(&pair, &command_export, request.snapshot, request.base, &request.symbols);
	if (status != COMMAND_FINE)
		return status;
	/* Of JSON's difference growth is the point. */
	if (request.format == FORMAT_FOLDED || request.format == FORMAT_JSON)
		status = snapshot_pair_choose_value(&pair,
						    command_was_given(&command_export, OPTION_VALUE) ||
							(request.format == FORMAT_JSON && request.base),
						    &request.value);
	if (status == COMMAND_FINE)
		status = document_open(&out, request.output, pair.now, pair.base);
	if (status == COMMAND_FINE) {
		document_write(&out.buffer, &request, pair.now, pair.base);
		status = document_close(&out);
	}
	snapshot_pair_free(&pair);
	return status;
}

const struct command command_export = {
    .name = "export",
    .operands = "SNAPSHOT",
    .summary = "write a snapshot, or what changed since one, for other tools",
    .notes = "pprof: for `go tool pprof` and its kin, gzip-compressed, symbolized.\n"
	     "folded: lines \"caller;callee VALUE\" (two values with --base). speedscope: JSON\n"
	     "for speedscope.app. gperftools: text for google-pprof and jeprof. json: the\n"
	     "documents of `seep report --json` and `seep diff --json`.",
    .options = options,
    .reads = true,
    .run = run,
};
