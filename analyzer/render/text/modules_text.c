/* SPDX-License-Identifier: Apache-2.0 */
/* Modules as text and as JSON. */
#include "render/text/documents.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "render/terminal/name_text.h"

#define INDENT 4

/* A module, and how many addresses of all stacks lie in it, have a name, and have a line. */
struct module_use {
	uint32_t module, addresses, named, lined;
};

static int use_compare(const void *left, const void *right)
{
	const struct module_use *a = left;
	const struct module_use *b = right;

	if (a->addresses != b->addresses)
		return a->addresses > b->addresses ? -1 : 1;
	return (a->module > b->module) - (a->module < b->module);
}

static struct module_use *modules_count(const struct profile *profile)
{
	struct module_use *uses = memory_allocate(profile->module_count, sizeof *uses);

	for (uint32_t i = 0; i < profile->module_count; i++)
		uses[i].module = i;
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		struct module_use *use = &uses[location->module];
		use->addresses++;
		if (location->line_count == 0)
			continue;
		use->named += profile_location_is_named(profile, location);
		use->lined += !location->labelled && location->lines[0].line > 0;
	}
	qsort(uses, profile->module_count, sizeof *uses, use_compare);
	return uses;
}

/* "no module" stands for addresses outside of all modules, of which there may be none. A label is no module. */
static bool is_worth_showing(const struct profile *profile, const struct module_use *use)
{
	const struct profile_module *module = &profile->modules[use->module];

	return use->addresses > 0 || (*module->path && !(module->flags & SEEP_MODULE_LABEL));
}

static void write_module(struct text_page *page, const struct profile *profile, const struct module_use *use)
{
	const struct profile_module *module = &profile->modules[use->module];
	struct buffer path = {0}, build_id = {0};

	path_append(&path, *module->path ? module->path : "[no module: code made at run time, or unmapped]",
		    page->columns);
	buffer_append_hex(&build_id, module->build_id, module->build_id_bytes);
	text_write(page, STYLE_STRONG, "%s", path.data);
	buffer_append_byte(page->out, '\n');
	if (module->end)
		buffer_printf(page->out, "%*sloaded    0x%llx-0x%llx%s\n", INDENT, "",
			      (unsigned long long)module->start, (unsigned long long)module->end,
			      module->flags & SEEP_MODULE_UNLOADED ? ", unloaded before the snapshot" : "");
	if (*module->path)
		buffer_printf(page->out, "%*sbuild id  %s\n", INDENT, "", build_id.length ? build_id.data : "none");
	if (module->symbols)
		buffer_printf(page->out, "%*ssymbols   %s\n", INDENT, "", module->symbols);
	if (use->addresses)
		buffer_printf(page->out, "%*sstacks    %u address%s, %u named, %u with a source line\n", INDENT, "",
			      use->addresses, use->addresses == 1 ? "" : "es", use->named, use->lined);
	else
		buffer_printf(page->out, "%*sstacks    in none\n", INDENT, "");
	buffer_free(&path);
	buffer_free(&build_id);
}

void modules_text_render(struct text_page *page, const struct profile *profile)
{
	struct module_use *uses = modules_count(profile);

	for (uint32_t i = 0; i < profile->module_count; i++) {
		if (is_worth_showing(profile, &uses[i]))
			write_module(page, profile, &uses[i]);
	}
	free(uses);
}

static void json_module(struct json *json, const struct profile *profile, const struct module_use *use)
{
	const struct profile_module *module = &profile->modules[use->module];
	struct buffer build_id = {0};
	char address[2][24];

	buffer_append_hex(&build_id, module->build_id, module->build_id_bytes);
	snprintf(address[0], sizeof address[0], "0x%llx", (unsigned long long)module->start);
	snprintf(address[1], sizeof address[1], "0x%llx", (unsigned long long)module->end);
	json_begin_object(json);
	json_text_or_null(json_key(json, "path"), module->path);
	json_text_or_null(json_key(json, "build_id"), build_id.data);
	json_text_or_null(json_key(json, "start"), address[0]);
	json_text_or_null(json_key(json, "end"), address[1]);
	json_bool(json_key(json, "unloaded"), module->flags & SEEP_MODULE_UNLOADED);
	json_text_or_null(json_key(json, "symbols"), module->symbols);
	json_bool(json_key(json, "has_lines"), module->has_lines);
	json_unsigned(json_key(json, "addresses"), use->addresses);
	json_unsigned(json_key(json, "named"), use->named);
	json_unsigned(json_key(json, "with_line"), use->lined);
	json_end_object(json);
	buffer_free(&build_id);
}

void modules_json_render(struct buffer *out, const struct profile *profile)
{
	struct module_use *uses = modules_count(profile);
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text_or_null(json_key(&json, "schema"), "seep.modules/1");
	json_text_or_null(json_key(&json, "source"), profile->source);
	json_begin_array(json_key(&json, "modules"));
	for (uint32_t i = 0; i < profile->module_count; i++) {
		if (!is_worth_showing(profile, &uses[i]))
			continue;
		buffer_append_byte(out, '\n');
		json_module(&json, profile, &uses[i]);
	}
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
	free(uses);
}
