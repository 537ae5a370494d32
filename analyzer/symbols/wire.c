/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the child's records; see wire.h. Both ends are the same program, but the child may lie once it has
 * parsed a file that was made to break it, so the reader checks everything. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "symbols/label.h"
#include "symbols/wire.h"

enum record { RECORD_TEXT = 1, RECORD_MODULE = 2, RECORD_NAMELESS = 3 };

void wire_open(struct wire *wire)
{
	*wire = (struct wire){.texts = string_pool_create()};
}

void wire_close(struct wire *wire)
{
	buffer_free(&wire->out);
	buffer_free(&wire->record);
	string_pool_free(wire->texts);
	numbering_free(&wire->numbers);
}

static void append_word(struct buffer *out, uint32_t word)
{
	buffer_append(out, &word, sizeof word);
}

uint32_t wire_text(struct wire *wire, const char *text)
{
	bool is_new;

	if (!text)
		return 0;
	text = string_pool_intern_safe(wire->texts, text, strnlen(text, WIRE_TEXT_LIMIT + 1), WIRE_TEXT_LIMIT);
	const uint32_t number = 1 + numbering_put(&wire->numbers, (uintptr_t)text, &is_new);
	if (is_new) {
		uint32_t length = (uint32_t)strlen(text);
		append_word(&wire->out, RECORD_TEXT);
		append_word(&wire->out, length);
		buffer_append(&wire->out, text, length);
	}
	return number;
}

void wire_begin_address(struct wire *wire, uint32_t line_count)
{
	append_word(&wire->record, line_count);
}

void wire_line(struct wire *wire, uint32_t function, uint32_t file, uint32_t line, bool inlined)
{
	append_word(&wire->record, function);
	append_word(&wire->record, file);
	append_word(&wire->record, line);
	append_word(&wire->record, inlined);
}

void wire_debug_file(struct wire *wire, const char *path)
{
	wire->debug_file = wire_text(wire, path);
}

void wire_end_module(struct wire *wire, uint32_t module, uint32_t source, bool has_lines, uint32_t address_count)
{
	append_word(&wire->out, RECORD_MODULE);
	append_word(&wire->out, module);
	append_word(&wire->out, source);
	append_word(&wire->out, has_lines);
	append_word(&wire->out, wire->debug_file);
	append_word(&wire->out, address_count);
	buffer_append(&wire->out, wire->record.data, wire->record.length);
	wire->record.length = 0;
	wire->debug_file = 0;
}

void wire_nameless_module(struct wire *wire, uint32_t module, uint32_t source)
{
	append_word(&wire->out, RECORD_NAMELESS);
	append_word(&wire->out, module);
	append_word(&wire->out, source);
}

struct wire_reader {
	const char *at;
	size_t left;
	const char **texts; /* by number; entry 0 is NULL */
	size_t text_count, text_capacity;
	struct string_pool *strings;
	struct map *names; /* of the modules; NULL: nobody has asked for them yet */
};

static bool reader_words(struct wire_reader *reader, uint32_t *words, size_t count)
{
	size_t bytes = count * sizeof *words;

	if (reader->left < bytes)
		return false;
	memcpy(words, reader->at, bytes);
	reader->at += bytes;
	reader->left -= bytes;
	return true;
}

static bool reader_text(struct wire_reader *reader)
{
	uint32_t length;

	if (!reader_words(reader, &length, 1) || length > WIRE_TEXT_LIMIT || reader->left < length)
		return false;
	ARRAY_RESERVE(reader->texts, reader->text_count, reader->text_capacity);
	reader->texts[reader->text_count++] =
	    string_pool_intern_safe(reader->strings, reader->at, length, WIRE_TEXT_LIMIT);
	reader->at += length;
	reader->left -= length;
	return true;
}

static bool reader_address(struct wire_reader *reader, struct symbol_address *address, struct symbol_lines *lines)
{
	enum { FUNCTION, FILE_NAME, LINE, INLINED, WORDS };
	uint32_t words[WORDS], count;

	if (!reader_words(reader, &count, 1) || count == 0)
		return false;
	address->first_line = (uint32_t)lines->count;
	address->line_count = count;
	for (; count > 0; count--) {
		if (!reader_words(reader, words, WORDS) || words[FUNCTION] == 0 ||
		    words[FUNCTION] >= reader->text_count || words[FILE_NAME] >= reader->text_count ||
		    lines->count == UINT32_MAX)
			return false;
		ARRAY_RESERVE(lines->lines, lines->count, lines->capacity);
		lines->lines[lines->count++] = (struct source_line){.function = reader->texts[words[FUNCTION]],
								    .file = reader->texts[words[FILE_NAME]],
								    .line = words[LINE],
								    .inlined = words[INLINED] && count > 1};
	}
	return true;
}

/* Fills the module of this record; returns the index after it, or 0 if the record is not complete. */
static size_t reader_module(struct wire_reader *reader, struct symbol_module *modules, size_t count,
			    struct symbol_lines *lines)
{
	enum { MODULE, SOURCE, HAS_LINES, DEBUG_FILE, ADDRESSES, WORDS };
	uint32_t words[WORDS];
	size_t lines_before = lines->count;

	if (!reader_words(reader, words, WORDS) || words[MODULE] >= count || words[SOURCE] >= reader->text_count ||
	    words[DEBUG_FILE] >= reader->text_count || words[ADDRESSES] != modules[words[MODULE]].address_count)
		return 0;
	struct symbol_module *module = &modules[words[MODULE]];
	if (module->source) /* its record came already */
		return 0;
	for (size_t i = 0; i < module->address_count; i++) {
		if (!reader_address(reader, &module->addresses[i], lines)) {
			lines->count = lines_before;
			return 0;
		}
	}
	module->source = reader->texts[words[SOURCE]];
	module->has_lines = words[HAS_LINES] != 0;
	module->debug_file = reader->texts[words[DEBUG_FILE]];
	return (size_t)words[MODULE] + 1;
}

static size_t reader_nameless(struct wire_reader *reader, struct symbol_module *modules, size_t count,
			      struct symbol_lines *lines)
{
	enum { MODULE, SOURCE, WORDS };
	uint32_t words[WORDS];

	if (!reader_words(reader, words, WORDS) || words[MODULE] >= count || words[SOURCE] == 0 ||
	    words[SOURCE] >= reader->text_count)
		return 0;
	struct symbol_module *module = &modules[words[MODULE]];
	if (module->source || lines->count + module->address_count > UINT32_MAX)
		return 0;
	if (!reader->names)
		reader->names = label_names(modules, count);
	labels_fill(reader->names, module, reader->strings, lines);
	module->source = reader->texts[words[SOURCE]];
	module->has_lines = false;
	return (size_t)words[MODULE] + 1;
}

/* The index after the module of this record; 0: the record is not complete, or there is none. */
static size_t reader_record(struct wire_reader *reader, uint32_t kind, struct symbol_module *modules, size_t count,
			    struct symbol_lines *lines)
{
	return kind == RECORD_MODULE     ? reader_module(reader, modules, count, lines)
	       : kind == RECORD_NAMELESS ? reader_nameless(reader, modules, count, lines)
					 : 0;
}

size_t wire_read(const struct buffer *stream, struct symbol_module *modules, size_t count, struct string_pool *strings,
		 struct symbol_lines *lines)
{
	struct wire_reader reader = {.at = stream->data, .left = stream->length, .strings = strings};
	uint32_t kind;
	size_t done = 0;

	ARRAY_RESERVE(reader.texts, reader.text_count, reader.text_capacity);
	reader.texts[reader.text_count++] = NULL;
	while (reader_words(&reader, &kind, 1)) {
		const size_t after = reader_record(&reader, kind, modules, count, lines);
		if (after == 0 && (kind != RECORD_TEXT || !reader_text(&reader)))
			break;
		if (after > done)
			done = after;
	}
	free((void *)reader.texts);
	map_free(reader.names);
	return done;
}
