/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seep flame: the call tree of a snapshot as a flame graph, or as folded stacks
 * for other tools. The suffix of the output file says which.
 */
#include <string.h>

#include "commands/argument.h"
#include "commands/command.h"
#include "commands/snapshot_pair.h"
#include "profile/profile.h"
#include "render/flame/flame.h"
#include "export/folded.h"
#include "tree/call_tree.h"

enum { OPTION_BASE = 256, OPTION_VALUE, OPTION_SYMBOLS };

enum format { FORMAT_SVG, FORMAT_HTML, FORMAT_FOLDED };

struct request {
	const char *snapshot, *base, *output;
	enum call_value value;
	enum format format;
	struct symbol_options symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BASE, "base", "BEFORE", "draw the difference from this snapshot", &option_text, FIELD(base), NULL},
    {OPTION_VALUE, "value", "VALUE", "inuse_space, inuse_objects, alloc_space or _objects", &option_word, FIELD(value),
     call_value_names},
    {'o', "output", "FILE", ".svg, .html or .folded; -: SVG to stdout [flame.svg]", &option_text, FIELD(output), NULL},
    {OPTION_SYMBOLS, "symbols", "DIR", "look for debug files there first", &option_text, FIELD(symbols.directory),
     NULL},
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
	command_take_options(&command_flame, argc, argv, request);
	if (!format_parse(request->output, &request->format))
		return command_usage(&command_flame, "-o %s ends in neither .svg nor .html nor .folded",
				     request->output);
	request->snapshot = command_only_operand(&command_flame, argc, argv);
	if (request->base)
		request->base = command_target(request->base);
	return COMMAND_FINE;
}

static void draw(struct buffer *out, const struct request *request, const struct profile *now,
		 const struct profile *base)
{
	struct call_tree *tree = call_tree_build(now, base);
	struct flame_caption caption = {0};

	tree_cut_say(tree);
	call_tree_arrange(tree, request->value);
	flame_caption_fill(&caption, tree, now, base);
	if (request->format == FORMAT_SVG)
		flame_svg_render(out, tree, &caption);
	else if (request->format == FORMAT_HTML)
		flame_html_render(out, tree, &caption);
	else
		folded_render(out, tree);
	flame_caption_free(&caption);
	call_tree_free(tree);
}

static int run(int argc, char **argv)
{
	struct request request = {.output = "flame.svg", .value = CALL_INUSE_SPACE};
	struct output out;
	struct snapshot_pair pair;

	int status = request_parse(&request, argc, argv);
	if (status == COMMAND_FINE)
		status = command_check_symbols(&command_flame, request.symbols.directory);
	if (status == COMMAND_FINE)
		status = command_check_output(&command_flame, request.output, request.snapshot, request.base);
	if (status == COMMAND_FINE)
		status = snapshot_pair_open(&pair, &command_flame, request.snapshot, request.base, &request.symbols);
	if (status != COMMAND_FINE)
		return status;
	status = snapshot_pair_choose_value(&pair, command_was_given(&command_flame, OPTION_VALUE), &request.value);
	if (status == COMMAND_FINE)
		status = document_open(&out, request.output, pair.now, pair.base);
	if (status == COMMAND_FINE) {
		draw(&out.buffer, &request, pair.now, pair.base);
		status = document_close(&out);
	}
	snapshot_pair_free(&pair);
	return status;
}

const struct command command_flame = {
    .name = "flame",
    .operands = "SNAPSHOT",
    .summary = "draw a flame graph of a snapshot, or of what changed since one",
    .notes = "SNAPSHOT and BEFORE are snapshots, or recordings (then their last snapshot).\n"
	     "The page needs no network: click to zoom, Ctrl+F to search. With --base, frames\n"
	     "are as wide as the larger of before and after: red has grown, blue shrunk or\n"
	     "vanished. FILE.folded has lines \"caller;callee VALUE\"; with --base two values.",
    .options = options,
    .reads = true,
    .run = run,
};
