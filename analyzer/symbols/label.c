/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of a whole module at once. A large program without its file has millions of them. So they are written by
 * hand, and only when somebody asks for them; and they are looked up in the pool only if another address may have the
 * same label. */
#include "symbols/label.h"

#include <string.h>

#include "base/memory.h"

/* Appends digits without leading zeros; returns the end. */
static char *hex_write(char *at, uint64_t value)
{
	const int digits = value ? (63 - __builtin_clzll(value)) / 4 + 1 : 1;

	for (int i = digits; i-- > 0;)
		*at++ = "0123456789abcdef"[value >> (4 * i) & 15];
	return at;
}

const char *label_beginning(const char *module_path, struct string_pool *strings)
{
	struct buffer label = {0};

	label_append(&label, module_path, 0);
	const char *beginning = string_pool_intern_safe(strings, label.data, label.length - 1, BUDGET_NAME_BYTES);
	buffer_free(&label);
	return beginning;
}

size_t label_write(char *label, const char *beginning, uint64_t address)
{
	const size_t length = strlen(beginning);

	memcpy(label, beginning, length);
	char *end = hex_write(label + length, address);
	*end = '\0';
	return (size_t)(end - label);
}

static uint64_t name_key(const struct symbol_module *module)
{
	const char *name = path_base_name(module->path);

	return hash_bytes(hash_secret(), name, strlen(name));
}

struct map *label_names(const struct symbol_module *modules, size_t count)
{
	struct map *names = map_create();

	for (size_t i = 0; i < count; i++)
		++*map_put(names, name_key(&modules[i]), NULL);
	return names;
}

/* A label can occur twice only in a module that was loaded from two places, or for an address that is both a return
 * address and exact. */
static bool labels_are_apart(const struct map *names, const struct symbol_module *module)
{
	const uint64_t *count = map_get(names, name_key(module));

	for (size_t i = 0; i < module->address_count; i++)
		if (module->addresses[i].exact)
			return false;
	return count && *count == 1;
}

void labels_fill(const struct map *names, struct symbol_module *module, struct string_pool *strings,
		 struct symbol_lines *lines)
{
	const bool apart = labels_are_apart(names, module);
	const char *beginning = label_beginning(module->path, strings);
	char label[LABEL_ROOM];

	if (apart && module->does_without_labels)
		return;
	ARRAY_RESERVE_MORE(lines->lines, lines->count, lines->capacity, module->address_count);
	for (size_t i = 0; i < module->address_count; i++) {
		struct symbol_address *address = &module->addresses[i];
		const size_t bytes = label_write(label, beginning, address->address);
		const char *text =
		    apart ? string_pool_store(strings, label, bytes) : string_pool_intern_bytes(strings, label, bytes);
		address->first_line = (uint32_t)lines->count;
		address->line_count = 1;
		lines->lines[lines->count++] = (struct source_line){.function = text};
	}
}
