/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the notes of a core dump. See core_dump_private.h. */
#include "coredump/core_dump_private.h"

#include <elf.h>
#include <string.h>

#include <seep/search.h>

/* struct elf_prstatus and elf_prpsinfo in the kernel's elfcore.h, on x86-64. */
enum {
	STATUS_SIGNAL = 12,
	STATUS_REGISTERS = 112,
	REGISTERS_BYTES = 27 * 8,
	INFO_PID = 24,
};

struct note {
	uint32_t type;
	const char *bytes;
	size_t length;
};

/* Takes the note at *at; false: there are no more. `broken`: the note reaches beyond the end. */
static bool note_next(const struct buffer *notes, size_t *at, struct note *note, bool *broken)
{
	Elf64_Nhdr header;

	if (notes->length - *at < sizeof header)
		return false;
	memcpy(&header, notes->data + *at, sizeof header);
	const uint64_t name = (header.n_namesz + UINT64_C(3)) & ~UINT64_C(3);
	const uint64_t value = (header.n_descsz + UINT64_C(3)) & ~UINT64_C(3);
	const uint64_t left = notes->length - *at - sizeof header;
	*broken = name > left || header.n_descsz > left - name;
	if (*broken)
		return false;
	*note = (struct note){header.n_type, notes->data + *at + sizeof header + name, header.n_descsz};
	*at += sizeof header + (name + value < left ? name + value : left);
	return true;
}

static void registers_add(struct core_dump *core, const char *bytes, size_t length)
{
	buffer_append(&core->registers, bytes, length & ~(size_t)7);
}

static void status_take(struct core_dump *core, const struct note *note)
{
	uint16_t signal;

	if (note->length < STATUS_REGISTERS + REGISTERS_BYTES)
		return;
	memcpy(&signal, note->bytes + STATUS_SIGNAL, sizeof signal);
	if (core->thread_count++ == 0)
		core->signal = signal;
	registers_add(core, note->bytes + STATUS_REGISTERS, REGISTERS_BYTES);
}

static void pid_take(struct core_dump *core, const struct note *note)
{
	int32_t pid;

	if (note->length < INFO_PID + sizeof pid)
		return;
	memcpy(&pid, note->bytes + INFO_PID, sizeof pid);
	core->pid = pid;
}

struct mapped_file {
	uint64_t start, end, page;
};

/* All segments in the range belong to that file. */
static void file_enter(struct core_dump *core, const struct mapped_file *file, const char *path)
{
	size_t low = SEEP_COUNT_TO(core->segments, core->segment_count, end, file->start);

	for (; low < core->segment_count && core->segments[low].start < file->end; low++)
		core->segments[low].file = path;
}

/* The note has their number and the size of a page; then start, end and place of each; then their paths. */
static bool files_take(struct core_dump *core, const struct note *note)
{
	uint64_t count;

	if (note->length < 16)
		return false;
	memcpy(&count, note->bytes, sizeof count);
	if (core->file_count || count > (note->length - 16) / sizeof(struct mapped_file))
		return false;
	const char *path = note->bytes + 16 + count * sizeof(struct mapped_file);
	const char *const end = note->bytes + note->length;
	uint64_t before = 0;
	for (uint64_t i = 0; i < count; i++) {
		struct mapped_file file;
		const char *behind = memchr(path, 0, (size_t)(end - path));
		if (!behind)
			return false;
		memcpy(&file, note->bytes + 16 + i * sizeof file, sizeof file);
		if (file.start < before || file.end < file.start) /* ranges must ascend */
			return false;
		file_enter(core, &file, path);
		before = file.end;
		path = behind + 1;
	}
	core->file_count = count;
	return true;
}

bool core_notes_take(struct core_dump *core, struct error *error)
{
	struct note note;
	bool broken = false, fine = true;

	for (size_t at = 0; fine && note_next(&core->notes, &at, &note, &broken);) {
		if (note.type == NT_PRSTATUS)
			status_take(core, &note);
		else if (note.type == NT_PRPSINFO)
			pid_take(core, &note);
		else if (note.type == NT_FILE)
			fine = files_take(core, &note);
		else if (note.type == NT_FPREGSET || note.type == NT_X86_XSTATE)
			registers_add(core, note.bytes, note.length);
	}
	if (broken || !fine)
		return error_set(error, "%s: its notes are damaged", core->name);
	return core->thread_count || error_set(error, "%s: has no registers of a thread", core->name);
}
