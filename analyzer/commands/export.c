/* SPDX-License-Identifier: Apache-2.0 */
/* seep export: a snapshot, or the changes since one, in the formats of other tools. */
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "options/argument.h"
#include "document/document.h"
#include "compare/comparison.h"
#include "compare/inventory.h"
#include "export/export.h"
#include "export/massif.h"
#include "files/output.h"
#include "options/command.h"
#include "profile/profile.h"
#include "foreign/foreign_profile.h"
#include "render/json/documents.h"
#include "render/words/quantity.h"
#include "tree/call_tree.h"

enum { OPTION_FORMAT = 256, OPTION_BASE, OPTION_VALUE };

enum format {
	FORMAT_PPROF,
	FORMAT_FOLDED,
	FORMAT_SPEEDSCOPE,
	FORMAT_GPERFTOOLS,
	FORMAT_MASSIF,
	FORMAT_JSON,
	FORMAT_COUNT
};
static const char *const format_names[] = {"pprof", "folded", "speedscope", "gperftools", "massif", "json", NULL};
#define FORMATS "pprof, folded, speedscope, gperftools, massif, json"

struct request {
	struct document_request document;
	enum format format;
	struct service_request service;
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_FORMAT, "format", "FORMAT", FORMATS, &option_word, FIELD(format), format_names},
    {'o', "output", "FILE", "write to FILE [standard output]", &option_text, FIELD(document.output), NULL},
    {OPTION_BASE, "base", "BEFORE", "export the difference from this snapshot", &option_text, FIELD(document.base),
     NULL},
    {OPTION_VALUE, "value", "VALUE", "of folded: inuse_space, inuse_objects, alloc_...", &option_word,
     FIELD(document.value), call_value_names},
    SERVICE_OPTIONS(SERVICE_FIELD),
    MAPPINGS_OPTION(FIELD(document.mappings)),
    LAST_OPTION(FIELD(document.last)),
    SYMBOLS_OPTION(FIELD(document.symbols.directory)),
    {0},
};

static bool has_time(const struct request *request)
{
	return request->service.before_ns || request->service.after_ns;
}

static bool is_difference(const struct request *request)
{
	return request->document.base || (request->service.before_ns && request->service.after_ns);
}

static int request_check(const struct request *request)
{
	const char *output = request->document.output;

	if (!command_was_given(&command_export, OPTION_FORMAT))
		return command_usage(&command_export, "--format is missing: " FORMATS);
	if (command_was_given(&command_export, OPTION_VALUE) && request->format != FORMAT_FOLDED)
		return command_usage(&command_export, "--value goes with --format=folded; the others have all four");
	if (is_difference(request) && request->format == FORMAT_GPERFTOOLS)
		return command_usage(&command_export, "gperftools' format has no negative numbers: export both and let "
						      "its reader subtract (google-pprof --base)");
	if (request->format == FORMAT_MASSIF && (request->document.base || request->document.last || has_time(request)))
		return command_usage(&command_export, "massif's format has all moments of a recording: no --base, no "
						      "--last, no time of a service");
	if (request->format == FORMAT_PPROF && (!output || strcmp(output, "-") == 0) && isatty(STDOUT_FILENO))
		return command_usage(&command_export, "pprof is compressed: give -o FILE, or a pipe");
	return COMMAND_FINE;
}

/* JSON orders a difference by growth, which only bytes in use have. */
static enum value_choice value_choice(const struct request *request)
{
	if (request->format == FORMAT_FOLDED)
		return command_was_given(&command_export, OPTION_VALUE) ? VALUE_NAMED : VALUE_PREFERRED;
	if (request->format == FORMAT_JSON)
		return is_difference(request) ? VALUE_NAMED : VALUE_PREFERRED;
	return VALUE_ALL;
}

/* The documents of `report --json` and `diff --json`, whole. */
static void json_write(struct buffer *out, const struct profile *now, const struct profile *base, enum call_value value)
{
	if (base) {
		struct comparison comparison;
		comparison_build(&comparison, base, now, GROUP_BY_STACK);
		comparison_find_spreads(&comparison);
		diff_json_render(out, &comparison, UINT32_MAX);
		comparison_free(&comparison);
	} else {
		struct inventory inventory;
		inventory_build(&inventory, now, GROUP_BY_STACK, inventory_order_of(value), UINT32_MAX);
		report_json_render(out, &inventory, NULL);
		inventory_free(&inventory);
	}
}

/* Warns if the export is larger than seep reads of such a file. `plain`: the unpacked size of a packed one; else 0. */
static void say_unread(const struct buffer *out, size_t plain)
{
	const struct output *output = (const struct output *)out;
	const uint64_t bytes = output->written + out->length;
	const bool is_too_large = bytes > FOREIGN_BYTES_LIMIT;

	if (is_too_large || plain > foreign_plain_limit(bytes))
		message("note: seep itself will not read this export: it %s %s, and seep reads at most %s of "
			"such a file; 'seep bundle' makes one that it reads",
			is_too_large ? "has" : "unpacks to",
			quantity_bytes((double)(is_too_large ? bytes : plain)).text,
			quantity_bytes((double)(is_too_large ? FOREIGN_BYTES_LIMIT : foreign_plain_limit(bytes))).text);
}

static void document_write(struct buffer *out, const struct snapshot_pair *pair,
			   const struct document_request *document)
{
	const enum format format = ((const struct request *)document)->format;
	struct call_tree *tree;

	if (format != FORMAT_JSON)
		document_say_names(pair->now);
	switch (format) {
	case FORMAT_PPROF:
		say_unread(out, export_pprof(out, pair->now, pair->base));
		break;
	case FORMAT_FOLDED:
		tree = document_tree(pair, document->value, UINT32_MAX);
		folded_render(out, tree);
		call_tree_free(tree);
		break;
	case FORMAT_SPEEDSCOPE:
		export_speedscope(out, pair->now, pair->base);
		break;
	case FORMAT_GPERFTOOLS:
		export_gperftools(out, pair->now);
		say_unread(out, 0);
		break;
	case FORMAT_JSON:
	case FORMAT_MASSIF:
	case FORMAT_COUNT:
		json_write(out, pair->now, pair->base, document->value);
		break;
	}
}

/* massif shows all moments of a recording, the other formats show one. */
static int massif_run(const struct document_request *request)
{
	struct buffer out = {0};
	struct error error;

	if (request->snapshots.count > 1)
		return command_usage(&command_export,
				     "massif's format is of one process: export each recording by itself");
	const int status = command_check_output(&command_export, request->output, request->snapshots, NULL);
	if (status != COMMAND_FINE)
		return status;
	const bool is_written =
	    export_massif(&out, request->snapshots.paths[0], &request->symbols, document_say_names, &error) &&
	    output_write_buffer(&out, request->output, &error);
	if (is_written && request->output && strcmp(request->output, "-") != 0)
		message("wrote %s (%s)", request->output, quantity_bytes((double)out.length).text);
	buffer_free(&out);
	return is_written ? COMMAND_FINE : command_fail(&error);
}

static int run(int argc, char **argv)
{
	struct request request = {.document.value = CALL_INUSE_SPACE};

	command_take_options(&command_export, argc, argv, &request);
	const int status = request_check(&request);
	if (status != COMMAND_FINE)
		return status;
	document_take_targets(&command_export, argc, argv, &request.service, &request.document);
	request.document.choice = value_choice(&request);
	return request.format == FORMAT_MASSIF ? massif_run(&request.document)
					       : document_run(&command_export, &request.document, document_write);
}

const struct command command_export = {
    .name = "export",
    .operands = "SNAPSHOT...|--service NAME",
    .summary = "write a snapshot, or the changes since one, for other tools",
    .notes = "pprof: for `go tool pprof` and its kin, gzip-compressed, symbolized.\n"
	     "folded: lines \"caller;callee VALUE\" (two values with --base). speedscope: JSON\n"
	     "for speedscope.app. gperftools: text for google-pprof and jeprof. massif: the\n"
	     "whole series, for ms_print and massif-visualizer. json: the documents of\n"
	     "`seep report --json` and `seep diff --json`.",
    .options = options,
    .reads = true,
    .run = run,
};
