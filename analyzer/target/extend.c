/* SPDX-License-Identifier: Apache-2.0 */
/* See extend.h. */
#include "target/extend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 64 };

static bool has_key(const struct buffer *values, uint32_t key)
{
	for (size_t at = 0; at < values->length; at += sizeof(struct seep_value)) {
		struct seep_value value;
		memcpy(&value, values->data + at, sizeof value);
		if (value.key == key)
			return true;
	}
	return false;
}

static void memory_make(struct buffer *section, const struct snapshot_view *view, const struct buffer *values)
{
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_MEMORY); i++) {
		const struct seep_value value = snapshot_memory(view, i);
		if (!has_key(values, value.key))
			buffer_append(section, &value, sizeof value);
	}
	buffer_append(section, values->data, values->length);
}

/* Adds a section behind the existing ones; `table` grows. */
static void section_add(struct buffer *out, struct buffer *table, struct seep_section section, const void *bytes)
{
	static const char zeros[8];

	buffer_append(out, zeros, (8 - out->length % 8) % 8);
	section.offset = out->length;
	section.crc = seep_crc32(0, bytes, section.bytes);
	buffer_append(table, &section, sizeof section);
	buffer_append(out, bytes, section.bytes);
}

static void header_seal(struct buffer *out, struct seep_snapshot_header header, const struct buffer *table)
{
	header.section_count = (uint32_t)(table->length / sizeof(struct seep_section));
	header.file_bytes = out->length;
	header.table_crc = seep_crc32(0, table->data, table->length);
	header.header_crc = 0;
	header.header_crc = seep_crc32(0, &header, sizeof header);
	memcpy(out->data, &header, sizeof header);
	memcpy(out->data + sizeof header, table->data, table->length);
}

static void sections_copy(struct buffer *out, const struct snapshot_view *view,
			  const struct snapshot_addition *addition)
{
	const bool has_section = addition->section.type != 0;
	const size_t head =
	    sizeof view->header + (view->header.section_count + has_section) * sizeof(struct seep_section);
	struct buffer values = {0}, table = {0};

	memory_make(&values, view, &addition->values);
	for (size_t i = 0; i < head; i++)
		buffer_append_byte(out, 0);
	for (uint32_t i = 0; i < view->header.section_count; i++) {
		struct seep_section section;
		memcpy(&section, view->data + sizeof view->header + i * sizeof section, sizeof section);
		const bool is_memory = section.type == SEEP_SECTION_MEMORY;
		if (is_memory)
			section = (struct seep_section){.type = SEEP_SECTION_MEMORY,
							.entry_bytes = sizeof(struct seep_value),
							.bytes = values.length};
		section_add(out, &table, section, is_memory ? values.data : (const char *)view->data + section.offset);
	}
	if (has_section) {
		struct seep_section section = addition->section;
		section.bytes = addition->entries.length;
		section_add(out, &table, section, section.bytes ? addition->entries.data : "");
	}
	header_seal(out, view->header, &table);
	buffer_free(&values);
	buffer_free(&table);
}

bool snapshot_extend(struct buffer *out, const void *snapshot, size_t bytes, const char *name, snapshot_adder *add,
		     const void *context, struct error *error)
{
	struct snapshot_addition addition = {.section = {.type = 0}};
	struct snapshot_view view = {0};

	if (!snapshot_verify(&view, snapshot, bytes, name, error))
		return false;
	bool added = view.tables[SEEP_SECTION_MEMORY].offset || error_set(error, "%s: has no section MEMORY", name);
	added = added && add(&addition, &view, context, error);
	if (added)
		sections_copy(out, &view, &addition);
	buffer_free(&addition.values);
	buffer_free(&addition.entries);
	snapshot_view_free(&view);
	return added;
}

static bool file_read(int directory, const char *name, struct buffer *contents, struct stat *status)
{
	char block[65536];
	ssize_t got = -1;
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (file < 0)
		return false;
	if (fstat(file, status) == 0 && S_ISREG(status->st_mode))
		while ((got = read(file, block, sizeof block)) > 0)
			buffer_append(contents, block, (size_t)got);
	close(file);
	return got == 0;
}

/* It belongs to the old file's owner, even if another user asked. */
static bool file_write(int directory, const char *name, const struct buffer *contents, const struct stat *old)
{
	int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written = file >= 0;

	for (size_t done = 0; written && done < contents->length;) {
		const ssize_t put = write(file, contents->data + done, contents->length - done);
		written = put > 0 || (put < 0 && errno == EINTR);
		done += put > 0 ? (size_t)put : 0;
	}
	written = written && fchmod(file, old->st_mode & 0777) == 0 &&
		  (old->st_uid == geteuid() || fchown(file, old->st_uid, old->st_gid) == 0) && fsync(file) == 0;
	if (file >= 0 && close(file) != 0)
		written = false;
	return written;
}

bool snapshot_file_extend(const char *directory, const char *name, snapshot_adder *add, const void *context,
			  struct error *error)
{
	char temporary[NAME_BYTES];
	struct buffer old = {0}, new = {0};
	struct stat status;
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(temporary, sizeof temporary, ".more.%d", (int)getpid());
	bool recorded = folder >= 0 && file_read(folder, name, &old, &status);
	if (!recorded)
		error_set(error, "%s/%s: %s", directory, name, strerror(errno));
	recorded = recorded && snapshot_extend(&new, old.data, old.length, name, add, context, error);
	if (recorded &&
	    (!file_write(folder, temporary, &new, &status) || renameat(folder, temporary, folder, name) != 0)) {
		recorded = error_set(error, "%s/%s: %s", directory, name, strerror(errno));
		unlinkat(folder, temporary, 0);
	}
	if (folder >= 0)
		close(folder);
	buffer_free(&old);
	buffer_free(&new);
	return recorded;
}
