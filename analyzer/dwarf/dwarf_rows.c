/* SPDX-License-Identifier: Apache-2.0 */
/* Reads .debug_line as libdw does. What compilers for this machine do not write, such as several operations in one
 * instruction, is left to libdw. */
#include "dwarf/dwarf_rows.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "dwarf/dwarf_scopes.h"

enum {
	OPCODES = 13, /* the first special one */
	COLUMN_MAX = UINT16_MAX,
	ISA_MAX = UINT8_MAX,
	FORMS_MAX = 16, /* of one file or directory */
};

struct dwarf_rows_file {
	const char *name;
	uint64_t directory;
	const char *path; /* NULL: not put together yet */
};

struct header {
	unsigned version, offset; /* how many bytes an offset takes */
	unsigned least_step, range;
	int base;
};

/* ---- files ---- */

static void directory_add(struct dwarf_rows *rows, const char *directory)
{
	ARRAY_RESERVE(rows->directories, rows->directory_count, rows->directory_capacity);
	rows->directories[rows->directory_count++] = directory;
}

static void file_add(struct dwarf_rows *rows, const char *name, uint64_t directory)
{
	ARRAY_RESERVE(rows->files, rows->file_count, rows->file_capacity);
	rows->files[rows->file_count++] = (struct dwarf_rows_file){.name = name, .directory = directory};
}

/* Up to DWARF 4: the directory of the unit is not among them, and no file has number 0. */
static void old_files_read(struct dwarf_rows *rows, struct dwarf_bytes *bytes, const char *directory)
{
	const char *text;

	directory_add(rows, directory);
	while ((text = dwarf_take_text(bytes)) && *text)
		directory_add(rows, text);
	file_add(rows, "/", 0);
	rows->files[0].path = "???";
	while ((text = dwarf_take_text(bytes)) && *text) {
		file_add(rows, text, dwarf_take_number(bytes));
		dwarf_take_number(bytes); /* when it was changed, and its size */
		dwarf_take_number(bytes);
	}
}

struct field {
	uint64_t name, form;
};

static const char *field_text(struct dwarf_bytes *bytes, const struct dwarf_raw *raw, uint64_t form, unsigned offset)
{
	struct dwarf_bytes texts = form == DW_FORM_line_strp ? raw->line_str : raw->str;
	const char *text;

	if (form == DW_FORM_string)
		return dwarf_take_text(bytes);
	const uint64_t at = dwarf_take_fixed(bytes, offset);
	if ((form != DW_FORM_line_strp && form != DW_FORM_strp) || !dwarf_take(&texts, at) ||
	    !(text = dwarf_take_text(&texts))) {
		bytes->is_bad = true;
		return NULL;
	}
	return text;
}

static uint64_t field_number(struct dwarf_bytes *bytes, uint64_t form)
{
	if (form == DW_FORM_data1 || form == DW_FORM_data2)
		return dwarf_take_fixed(bytes, form == DW_FORM_data1 ? 1 : 2);
	bytes->is_bad = bytes->is_bad || form != DW_FORM_udata;
	return dwarf_take_number(bytes);
}

/* One of the two lists of DWARF 5, which say of what their entries consist. */
static void list_read(struct dwarf_rows *rows, struct dwarf_bytes *bytes, const struct dwarf_raw *raw,
		      const struct header *header, bool has_files)
{
	struct field fields[FORMS_MAX];
	const uint64_t field_count = dwarf_take_fixed(bytes, 1);

	for (uint64_t i = 0; i < field_count && i < FORMS_MAX; i++) {
		fields[i].name = dwarf_take_number(bytes);
		fields[i].form = dwarf_take_number(bytes);
	}
	bytes->is_bad = bytes->is_bad || field_count == 0 || field_count > FORMS_MAX;
	for (uint64_t left = dwarf_take_number(bytes); left > 0 && !bytes->is_bad; left--) {
		const char *name = NULL;
		uint64_t directory = UINT64_MAX;
		for (uint64_t i = 0; i < field_count; i++)
			if (fields[i].name == DW_LNCT_path)
				name = field_text(bytes, raw, fields[i].form, header->offset);
			else if (fields[i].name == DW_LNCT_directory_index && has_files)
				directory = field_number(bytes, fields[i].form);
			else
				dwarf_form_pass(bytes, fields[i].form, header->offset);
		bytes->is_bad = bytes->is_bad || !name;
		if (has_files)
			file_add(rows, name, directory);
		else
			directory_add(rows, name);
	}
}

const char *dwarf_rows_file(struct dwarf_rows *rows, uint64_t number)
{
	struct buffer path = {0};

	if (number >= rows->file_count)
		return NULL;
	struct dwarf_rows_file *file = &rows->files[number];
	if (file->path)
		return file->path;
	if (*file->name != '/' && rows->directories[file->directory])
		buffer_printf(&path, "%s/", rows->directories[file->directory]);
	buffer_append_text(&path, file->name);
	file->path = string_pool_intern(rows->texts, path.data);
	buffer_free(&path);
	return file->path;
}

/* Ends at the first instruction. */
static bool header_read(struct dwarf_rows *rows, struct header *header, struct dwarf_bytes *bytes,
			const struct dwarf_raw *raw, const char *directory)
{
	enum { LONG_FORM = 0xffffffff };
	static const unsigned char operands[OPCODES - 1] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
	const unsigned char *begin = bytes->at;
	uint64_t length = dwarf_take_fixed(bytes, 4);

	header->offset = length == LONG_FORM ? 8 : 4;
	length = length == LONG_FORM ? dwarf_take_fixed(bytes, 8) : length;
	if (length > (uint64_t)(bytes->end - bytes->at))
		return false;
	bytes->end = bytes->at + length;
	header->version = (unsigned)dwarf_take_fixed(bytes, 2);
	if (header->version < 2 || header->version > 5 ||
	    (header->version == 5 && dwarf_take_fixed(bytes, 2) != 8)) /* sizes of addresses and of segments */
		return false;
	length = dwarf_take_fixed(bytes, header->offset);
	begin = bytes->at;
	header->least_step = (unsigned)dwarf_take_fixed(bytes, 1);
	const bool is_simple = header->version < 4 || dwarf_take_fixed(bytes, 1) == 1;
	dwarf_take_fixed(bytes, 1); /* whether rows are statements */
	header->base = (int)dwarf_take_fixed(bytes, 1);
	header->base -= header->base > INT8_MAX ? 256 : 0;
	header->range = (unsigned)dwarf_take_fixed(bytes, 1);
	if (!is_simple || header->range == 0 || dwarf_take_fixed(bytes, 1) != OPCODES)
		return false;
	const unsigned char *has = dwarf_take(bytes, sizeof operands);
	if (!has || memcmp(has, operands, sizeof operands) != 0)
		return false;
	if (header->version < 5) {
		old_files_read(rows, bytes, directory);
	} else {
		list_read(rows, bytes, raw, header, false);
		list_read(rows, bytes, raw, header, true);
	}
	for (size_t i = 0; i < rows->file_count; i++)
		if (rows->files[i].directory >= rows->directory_count)
			return false;
	return !bytes->is_bad && rows->file_count > 0 && (uint64_t)(bytes->at - begin) == length;
}

/* ---- the program ---- */

struct machine {
	struct dwarf_rows *rows;
	const uint64_t *addresses;
	size_t count;
	size_t next; /* the first address that is not below the last row */
	struct dwarf_row now, highest;
};

/* Whether a row comes after another one, or in its place. */
static bool row_is_after(const struct dwarf_row *row, const struct dwarf_row *other)
{
	if (row->address != other->address)
		return row->address > other->address;
	return !row->is_end || other->is_end;
}

/* A row stands for what begins at its address, so the first address from there on sees it. */
static void row_add(struct machine *machine)
{
	const struct dwarf_row *row = &machine->now;
	const uint64_t *addresses = machine->addresses;

	if (!machine->highest.is_known || row_is_after(row, &machine->highest))
		machine->highest = *row;
	if (machine->next > 0 && addresses[machine->next - 1] >= row->address)
		machine->next = addresses_lower_bound(addresses, machine->count, row->address);
	while (machine->next < machine->count && addresses[machine->next] < row->address)
		machine->next++;
	if (machine->next == machine->count)
		return;
	struct dwarf_row *last = &machine->rows->rows[machine->next];
	if (!last->is_known || row_is_after(row, last))
		*last = *row;
}

static void sequence_begin(struct machine *machine)
{
	machine->now = (struct dwarf_row){.file = 1, .line = 1, .is_known = true};
}

static void extended_run(struct machine *machine, struct dwarf_bytes *bytes)
{
	const uint64_t length = dwarf_take_fixed(bytes, 1), opcode = dwarf_take_fixed(bytes, 1);
	const unsigned char *begin = bytes->at;

	if (opcode == DW_LNE_end_sequence) {
		machine->now.is_end = true;
		row_add(machine);
		sequence_begin(machine);
	} else if (opcode == DW_LNE_set_address) {
		machine->now.address = dwarf_take_fixed(bytes, 8);
	} else if (opcode == DW_LNE_set_discriminator) {
		dwarf_take_number(bytes);
	} else {
		bytes->is_bad = true;
	}
	bytes->is_bad = bytes->is_bad || length != (uint64_t)(bytes->at - begin) + 1;
}

static void number_check(struct dwarf_bytes *bytes, uint64_t number, uint64_t most)
{
	bytes->is_bad = bytes->is_bad || number > most;
}

static void standard_run(struct machine *machine, const struct header *header, struct dwarf_bytes *bytes,
			 unsigned opcode)
{
	uint64_t number;
	int64_t step;

	switch (opcode) {
	case DW_LNS_copy:
		row_add(machine);
		break;
	case DW_LNS_advance_pc:
		number = dwarf_take_number(bytes);
		number_check(bytes, number, UINT32_MAX);
		machine->now.address += number * header->least_step;
		break;
	case DW_LNS_advance_line:
		step = dwarf_take_signed(bytes);
		number_check(bytes, (uint64_t)step + INT32_MAX, 2 * (uint64_t)INT32_MAX);
		machine->now.line += step;
		break;
	case DW_LNS_set_file:
		machine->now.file = dwarf_take_number(bytes);
		number_check(bytes, machine->now.file, INT32_MAX);
		break;
	case DW_LNS_set_column:
		number_check(bytes, dwarf_take_number(bytes), COLUMN_MAX);
		break;
	case DW_LNS_const_add_pc:
		machine->now.address += (255u - OPCODES) / header->range * header->least_step;
		break;
	case DW_LNS_fixed_advance_pc:
		machine->now.address += dwarf_take_fixed(bytes, 2);
		break;
	case DW_LNS_set_isa:
		number_check(bytes, dwarf_take_number(bytes), ISA_MAX);
		break;
	default: /* flags of rows, which nobody asks for */
		break;
	}
}

static bool program_run(struct machine *machine, const struct header *header, struct dwarf_bytes bytes)
{
	sequence_begin(machine);
	while (bytes.at < bytes.end && !bytes.is_bad) {
		const unsigned opcode = *bytes.at++;
		if (opcode == 0) {
			extended_run(machine, &bytes);
		} else if (opcode < OPCODES) {
			standard_run(machine, header, &bytes, opcode);
		} else {
			machine->now.line += header->base + (int)((opcode - OPCODES) % header->range);
			machine->now.address += (opcode - OPCODES) / header->range * header->least_step;
			row_add(machine);
		}
		if (machine->now.line < 0 || machine->now.line > INT32_MAX)
			return false;
	}
	return !bytes.is_bad;
}

/* What the rows before an address have left to it. */
static void rows_settle(struct dwarf_rows *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!rows->rows[i].is_known)
			rows->rows[i] = rows->rows[i - 1];
	for (size_t i = 0; i < count; i++)
		rows->rows[i].is_known = rows->rows[i].is_known && !rows->rows[i].is_end;
}

bool dwarf_rows_read(struct dwarf_rows *rows, const struct dwarf_raw *raw, Dwarf_Die *unit, const uint64_t *addresses,
		     size_t count, struct string_pool *texts)
{
	Dwarf_Attribute attribute;
	Dwarf_Word offset;
	struct dwarf_bytes bytes = raw->line;
	struct header header;
	struct machine machine = {.rows = rows, .addresses = addresses, .count = count};

	*rows = (struct dwarf_rows){.texts = texts, .rows = memory_allocate(count, sizeof *rows->rows)};
	if (!dwarf_attr(unit, DW_AT_stmt_list, &attribute) || dwarf_formudata(&attribute, &offset) != 0 ||
	    !dwarf_take(&bytes, offset))
		return false;
	const char *directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	if (!header_read(rows, &header, &bytes, raw, directory) || !program_run(&machine, &header, bytes) ||
	    !machine.highest.is_end)
		return false;
	rows_settle(rows, count);
	return true;
}

void dwarf_rows_free(struct dwarf_rows *rows)
{
	free(rows->rows);
	free(rows->files);
	free((void *)rows->directories);
	*rows = (struct dwarf_rows){0};
}
