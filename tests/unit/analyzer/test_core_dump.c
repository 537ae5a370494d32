/* SPDX-License-Identifier: Apache-2.0 */
/* Core dumps as files that anybody may have made: what a good one says, and that a damaged one does no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "coredump/core_dump.h"
#include "support/random.h"

enum { HEADERS = 4, DATA_AT = 4096, DATA_BYTES = 512, BASE = 0x400000 };

static void note_add(struct buffer *notes, uint32_t type, const void *bytes, size_t length)
{
	const Elf64_Nhdr header = {.n_namesz = 5, .n_descsz = (uint32_t)length, .n_type = type};

	buffer_append(notes, &header, sizeof header);
	buffer_append(notes, "CORE\0\0\0", 8);
	buffer_append(notes, bytes, length);
	buffer_append(notes, "\0\0\0", (4 - length % 4) % 4);
}

static void notes_make(struct buffer *notes)
{
	const struct {
		uint64_t count, page, start, end, place;
		char path[15];
	} __attribute__((packed)) files = {1, 4096, BASE, BASE + DATA_BYTES, 0, "/lib/some.so.1"};
	char status[336] = {0}, info[136] = {0};
	const uint16_t signal = 6;
	const int32_t pid = 4711;
	const uint64_t word = BASE + 8;

	memcpy(status + 12, &signal, sizeof signal);
	memcpy(status + 112, &word, sizeof word);
	memcpy(info + 24, &pid, sizeof pid);
	note_add(notes, NT_PRSTATUS, status, sizeof status);
	note_add(notes, NT_PRPSINFO, info, sizeof info);
	note_add(notes, NT_FILE, &files, sizeof files);
	note_add(notes, NT_PRSTATUS, status, sizeof status);
	note_add(notes, NT_X86_XSTATE, status, 65);
}

/* Notes, a segment that is there, one that is not, and one of which half is there. */
static void core_make(struct buffer *file)
{
	struct buffer notes = {0};
	char data[DATA_BYTES];

	notes_make(&notes);
	const Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
				   .e_type = ET_CORE,
				   .e_machine = EM_X86_64,
				   .e_phoff = sizeof header,
				   .e_phentsize = sizeof(Elf64_Phdr),
				   .e_phnum = HEADERS};
	const Elf64_Phdr headers[HEADERS] = {
	    {.p_type = PT_NOTE, .p_offset = sizeof header + sizeof headers, .p_filesz = notes.length},
	    {.p_type = PT_LOAD,
	     .p_flags = PF_R | PF_W,
	     .p_vaddr = BASE,
	     .p_offset = DATA_AT,
	     .p_filesz = DATA_BYTES,
	     .p_memsz = DATA_BYTES},
	    {.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = BASE + 4096, .p_offset = DATA_AT, .p_memsz = 8192},
	    {.p_type = PT_LOAD,
	     .p_flags = PF_R | PF_X,
	     .p_vaddr = BASE + 65536,
	     .p_offset = DATA_AT + DATA_BYTES,
	     .p_filesz = DATA_BYTES,
	     .p_memsz = 2 * DATA_BYTES},
	};
	memset(data, 7, sizeof data);
	buffer_append(file, &header, sizeof header);
	buffer_append(file, headers, sizeof headers);
	buffer_append(file, notes.data, notes.length);
	while (file->length < DATA_AT)
		buffer_append_byte(file, 0);
	buffer_append(file, data, sizeof data);
	buffer_append(file, data, sizeof data);
	buffer_free(&notes);
}

static bool opens(struct core_dump *core, const void *bytes, size_t length, struct error *error)
{
	static char path[64];
	int file = memfd_create("core", MFD_CLOEXEC);

	assert_true(file >= 0 && write(file, bytes, length) == (ssize_t)length);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	const bool opened = core_dump_open(core, path, error);
	close(file);
	return opened;
}

static void a_core_dump_says_what_was_there(void **state)
{
	struct buffer file = {0};
	struct core_dump core;
	struct error error;
	uint64_t word;

	(void)state;
	core_make(&file);
	assert_true(opens(&core, file.data, file.length, &error));
	assert_int_equal(core.pid, 4711);
	assert_int_equal(core.signal, 6);
	assert_int_equal(core.thread_count, 2);
	assert_int_equal(core.registers.length, 2 * 27 * 8 + 64);
	assert_int_equal(core.segment_count, 3);
	assert_int_equal(core.file_count, 1);
	assert_string_equal(core.segments[0].file, "/lib/some.so.1");
	assert_string_equal(core.segments[1].file, "");
	assert_ptr_equal(core_dump_segment(&core, BASE + DATA_BYTES - 1), &core.segments[0]);
	assert_null(core_dump_segment(&core, BASE + DATA_BYTES));
	assert_null(core_dump_segment(&core, 0));
	assert_true(core_dump_read(&core, BASE + DATA_BYTES - 8, &word, sizeof word) && word == 0x0707070707070707);
	assert_false(core_dump_read(&core, BASE + DATA_BYTES - 7, &word, sizeof word));
	assert_false(core_dump_read(&core, BASE + 4096, &word, sizeof word));
	assert_false(core_dump_read(&core, BASE + 65536 + DATA_BYTES, &word, sizeof word));
	core_dump_close(&core);
	buffer_free(&file);
}

static void a_core_dump_that_is_cut_short_is_refused(void **state)
{
	struct buffer file = {0};
	struct core_dump core;
	struct error error;

	(void)state;
	core_make(&file);
	for (size_t length = 0; length < file.length; length += length < DATA_AT ? 1 : 64) {
		assert_false(opens(&core, file.data, length, &error));
		assert_non_null(
		    strstr(error.text, length < sizeof(Elf64_Ehdr) ? "is not a core dump" : "is cut short"));
	}
	buffer_free(&file);
}

static uint64_t random_state = 7;

/* A word of headers and notes becomes something else: a large number, a small one, or some other of the file's own. */
static void damage(char *bytes, size_t length)
{
	const size_t at = random_next(&random_state) % (length - 8);
	const uint64_t words[] = {random_next(&random_state), random_next(&random_state) % 256,
				  UINT64_MAX - random_next(&random_state) % 64, random_next(&random_state) % 65536};
	const size_t count = 1 + random_next(&random_state) % 8;

	if (random_next(&random_state) % 4)
		memcpy(bytes + at, &words[random_next(&random_state) % 4], count);
	else
		memmove(bytes + at, bytes + random_next(&random_state) % (length - 8), count);
}

static void damage_to_a_core_dump_does_no_harm(void **state)
{
	struct buffer file = {0};
	size_t refused = 0;

	(void)state;
	core_make(&file);
	const size_t head = sizeof(Elf64_Ehdr) + HEADERS * sizeof(Elf64_Phdr) + 1100;
	for (int round = 0; round < 4000; round++) {
		char *bytes = malloc(file.length);
		struct core_dump core;
		struct error error = {0};
		uint64_t word;
		memcpy(bytes, file.data, file.length);
		for (uint64_t i = 0; i <= random_next(&random_state) % 4; i++)
			damage(bytes, head);
		if (opens(&core, bytes, file.length, &error)) {
			for (size_t i = 0; i < core.segment_count; i++)
				core_dump_read(&core, core.segments[i].start, &word, sizeof word);
			core_dump_close(&core);
		} else {
			assert_true(error.text[0] && !strchr(error.text, '\n'));
			refused++;
		}
		free(bytes);
	}
	assert_in_range(refused, 200, 3800);
	buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_core_dump_says_what_was_there),
	    cmocka_unit_test(a_core_dump_that_is_cut_short_is_refused),
	    cmocka_unit_test(damage_to_a_core_dump_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
