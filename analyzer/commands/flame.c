/* SPDX-License-Identifier: Apache-2.0 */
/* seep flame: the call tree of a snapshot as a flame graph, or as folded stacks for other tools. The suffix of the
 * output file says which. */
#include <string.h>

#include "options/argument.h"
#include "document/document.h"
#include "options/command.h"
#include "page/pair_page.h"
#include "profile/profile.h"
#include "render/flame/flame.h"
#include "export/export.h"
#include "tree/call_tree.h"

enum { OPTION_BASE = 256, OPTION_VALUE };

enum format { FORMAT_SVG, FORMAT_HTML, FORMAT_FOLDED };

struct request {
	struct document_request document;
	enum format format;
	struct service_request service;
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_BASE, "base", "BEFORE", "draw the difference from this snapshot", &option_text, FIELD(document.base), NULL},
    {OPTION_VALUE, "value", "VALUE", "inuse_space, inuse_objects, alloc_space or _objects", &option_word,
     FIELD(document.value), call_value_names},
    {'o', "output", "FILE", ".svg, .html or .folded; -: SVG to stdout [flame.svg]", &option_text,
     FIELD(document.output), NULL},
    SERVICE_OPTIONS(SERVICE_FIELD),
    MAPPINGS_OPTION(FIELD(document.mappings)),
    LAST_OPTION(FIELD(document.last)),
    SYMBOLS_OPTION(FIELD(document.symbols.directory)),
    {0},
};

static bool format_parse(const char *path, enum format *format)
{
	static const char *const suffixes[] = {
	    [FORMAT_SVG] = ".svg", [FORMAT_HTML] = ".html", [FORMAT_FOLDED] = ".folded"};
	size_t length = strlen(path);

	if (strcmp(path, "-") == 0) {
		*format = FORMAT_SVG;
		return true;
	}
	for (int i = 0; i <= FORMAT_FOLDED; i++)
		if (length > strlen(suffixes[i]) && strcmp(path + length - strlen(suffixes[i]), suffixes[i]) == 0) {
			*format = i;
			return true;
		}
	return false;
}

static int request_parse(struct request *request, int argc, char **argv)
{
	struct document_request *document = &request->document;

	command_take_options(&command_flame, argc, argv, request);
	if (!format_parse(document->output, &request->format))
		return command_usage(&command_flame, "-o %s ends in neither .svg nor .html nor .folded",
				     document->output);
	if (command_was_given(&command_flame, OPTION_VALUE))
		document->choice = VALUE_NAMED;
	document_take_targets(&command_flame, argc, argv, &request->service, document);
	return COMMAND_FINE;
}

static void document_write(struct buffer *out, const struct snapshot_pair *pair,
			   const struct document_request *document)
{
	const enum format format = ((const struct request *)document)->format;

	if (format == FORMAT_HTML) {
		pair_page_render(out, pair->now, pair->base, document->value);
		return;
	}
	struct call_tree *tree =
	    document_tree(pair, document->value, format == FORMAT_SVG ? FLAME_FRAMES_MOST : UINT32_MAX);
	struct flame_caption caption = {0};
	if (format == FORMAT_SVG) {
		flame_caption_fill(&caption, tree, pair->now, pair->base);
		flame_svg_render(out, tree, &caption);
		flame_caption_free(&caption);
	} else {
		folded_render(out, tree);
		document_say_names(pair->now);
	}
	call_tree_free(tree);
}

static int run(int argc, char **argv)
{
	struct request request = {.document = {.output = "flame.svg", .value = CALL_INUSE_SPACE}};

	const int status = request_parse(&request, argc, argv);
	return status == COMMAND_FINE ? document_run(&command_flame, &request.document, document_write) : status;
}

const struct command command_flame = {
    .name = "flame",
    .operands = "SNAPSHOT...|--service NAME",
    .summary = "draw a flame graph of a snapshot, or of the changes since one",
    .notes = "SNAPSHOT and BEFORE are snapshots, or recordings (then their last snapshot);\n"
	     "several SNAPSHOTs are added up.\n"
	     "FILE.svg needs no network: click to zoom, Ctrl+F to search; it has the 200,000\n"
	     "widest frames, and says how many others there are. With --base, frames\n"
	     "are as wide as the larger of before and after: red has grown, blue shrunk or\n"
	     "vanished. FILE.html is the flame graph and the table of `seep html`, with\n"
	     "intervals; there a frame is as wide as its growth plus shrinkage. FILE.folded\n"
	     "has lines \"caller;callee VALUE\"; with --base two values.",
    .options = options,
    .reads = true,
    .run = run,
};
