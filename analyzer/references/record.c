/* SPDX-License-Identifier: Apache-2.0 */
/* See record.h. */
#include "references/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader/snapshot_reader.h"

enum { NAME_BYTES = 64 };

static int finding_compare(const void *left, const void *right)
{
	const struct reference_finding *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* Samples that were looked at and are the same now. */
static void section_make(struct buffer *section, const struct snapshot_view *view, const struct references *references)
{
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_LIVE); i++) {
		const struct seep_live live = snapshot_live(view, i);
		const struct reference_finding sought = {.address = live.address};
		const struct reference_finding *found =
		    references->count
			? bsearch(&sought, references->findings, references->count, sizeof sought, finding_compare)
			: NULL;
		if (!found || found->birth_ns != live.birth_ns)
			continue;
		const struct seep_referenced entry = {.address = live.address, .state = found->state};
		buffer_append(section, &entry, sizeof entry);
	}
}

static void memory_make(struct buffer *section, const struct snapshot_view *view, const struct references *references)
{
	const struct seep_value values[] = {
	    {SEEP_MEMORY_REFERENCES_TIME, 0, references->looked_ns},
	    {SEEP_MEMORY_REFERENCES_APART, 0, references->apart_ns},
	    {SEEP_MEMORY_REFERENCES_STOP, 0, references->longest_stop_ns},
	    {SEEP_MEMORY_REFERENCES_LOOKED, 0, references->scanned_bytes},
	    {SEEP_MEMORY_REFERENCES_UNREAD, 0, references->unread_bytes},
	    {SEEP_MEMORY_REFERENCES_HIDDEN, 0, references->hidden},
	};

	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_MEMORY); i++) {
		const struct seep_value value = snapshot_memory(view, i);
		buffer_append(section, &value, sizeof value);
	}
	buffer_append(section, values, sizeof values);
}

/* Puts a section behind what is there; `table` grows. */
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

static void snapshot_extend(struct buffer *out, const struct snapshot_view *view, const struct references *references)
{
	struct buffer entries = {0}, values = {0}, table = {0};
	const size_t head = sizeof view->header + (view->header.section_count + 1u) * sizeof(struct seep_section);

	section_make(&entries, view, references);
	memory_make(&values, view, references);
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
	const struct seep_section added = {
	    .type = SEEP_SECTION_REFERENCES, .entry_bytes = sizeof(struct seep_referenced), .bytes = entries.length};
	section_add(out, &table, added, entries.length ? entries.data : "");
	header_seal(out, view->header, &table);
	buffer_free(&entries);
	buffer_free(&values);
	buffer_free(&table);
}

bool references_add(struct buffer *out, const void *snapshot, size_t bytes, const char *name,
		    const struct references *references, struct error *error)
{
	struct snapshot_view view = {0};

	if (!snapshot_verify(&view, snapshot, bytes, name, error))
		return false;
	bool is_new = !view.tables[SEEP_SECTION_REFERENCES].offset && view.tables[SEEP_SECTION_MEMORY].offset;
	if (is_new)
		snapshot_extend(out, &view, references);
	snapshot_view_free(&view);
	return is_new || error_set(error, "%s: references have been looked for already", name);
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

/* It is the old file's owner's, too, where another asked. */
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

bool references_record(const char *directory, const char *name, const struct references *references,
		       struct error *error)
{
	char temporary[NAME_BYTES];
	struct buffer old = {0}, new = {0};
	struct stat status;
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(temporary, sizeof temporary, ".references.%d", (int)getpid());
	bool recorded = folder >= 0 && file_read(folder, name, &old, &status);
	if (!recorded)
		error_set(error, "%s/%s: %s", directory, name, strerror(errno));
	recorded = recorded && references_add(&new, old.data, old.length, name, references, error);
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
