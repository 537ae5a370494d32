/* SPDX-License-Identifier: Apache-2.0 */
/* See core_dump.h. */
#include "coredump/core_dump.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/search.h>

#include "base/memory.h"
#include "coredump/core_dump_private.h"

enum {
	SEGMENTS_MOST = 1 << 18,
	NOTES_BYTES_MOST = 256 << 20, /* a thread's notes take some KiB */
};

static bool bytes_read(const struct core_dump *core, uint64_t offset, void *to, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		const ssize_t got = pread(core->descriptor, (char *)to + done, bytes - done, (off_t)(offset + done));
		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static bool lies_within(const struct core_dump *core, uint64_t offset, uint64_t bytes)
{
	return offset <= core->file_bytes && bytes <= core->file_bytes - offset;
}

static bool cut_short(const struct core_dump *core, uint64_t offset, uint64_t bytes, struct error *error)
{
	return error_set(error, "%s: is cut short: %" PRIu64 " of at least %" PRIu64 " bytes are there", core->name,
			 core->file_bytes, offset + bytes > offset ? offset + bytes : offset);
}

/* The number of program headers. If there are very many, the first section header says it. */
static bool headers_count(const struct core_dump *core, const Elf64_Ehdr *header, uint64_t *count, struct error *error)
{
	Elf64_Shdr first;

	*count = header->e_phnum;
	if (header->e_phnum != PN_XNUM)
		return true;
	if (!lies_within(core, header->e_shoff, sizeof first))
		return cut_short(core, header->e_shoff, sizeof first, error);
	if (!bytes_read(core, header->e_shoff, &first, sizeof first))
		return error_set(error, "%s: can't be read", core->name);
	*count = first.sh_info;
	return true;
}

static bool header_read(const struct core_dump *core, Elf64_Ehdr *header, struct error *error)
{
	static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

	if (core->file_bytes >= sizeof *header && bytes_read(core, 0, header, sizeof *header) &&
	    memcmp(header, zstd, sizeof zstd) == 0)
		return error_set(error, "%s: is packed; unpack it first (zstd -d, or coredumpctl dump)", core->name);
	if (core->file_bytes < sizeof *header || !bytes_read(core, 0, header, sizeof *header) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_type != ET_CORE)
		return error_set(error, "%s: is not a core dump", core->name);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_machine != EM_X86_64)
		return error_set(error, "%s: is a core dump of another machine's program", core->name);
	return header->e_phentsize == sizeof(Elf64_Phdr) ||
	       error_set(error, "%s: offset %zu: program headers of %u bytes", core->name,
			 offsetof(Elf64_Ehdr, e_phentsize), header->e_phentsize);
}

static bool segment_take(struct core_dump *core, const Elf64_Phdr *header, uint64_t *kept_before, struct error *error)
{
	const struct core_segment *before = core->segment_count ? &core->segments[core->segment_count - 1] : NULL;

	if (header->p_memsz == 0)
		return true;
	if (header->p_filesz > header->p_memsz || header->p_vaddr > UINT64_MAX - header->p_memsz ||
	    (before && header->p_vaddr < before->end))
		return error_set(error, "%s: its memory at %#" PRIx64 " contradicts itself", core->name,
				 header->p_vaddr);
	if (!lies_within(core, header->p_offset, header->p_filesz))
		return cut_short(core, header->p_offset, header->p_filesz, error);
	*kept_before += header->p_filesz;
	if (*kept_before > core->file_bytes) /* the file can't have more bytes than this */
		return error_set(error, "%s: has more memory than bytes", core->name);
	core->segments[core->segment_count++] = (struct core_segment){.start = header->p_vaddr,
								      .end = header->p_vaddr + header->p_memsz,
								      .offset = header->p_offset,
								      .kept = header->p_filesz,
								      .access = header->p_flags,
								      .file = ""};
	return true;
}

static bool notes_read(struct core_dump *core, const Elf64_Phdr *header, struct error *error)
{
	if (!lies_within(core, header->p_offset, header->p_filesz))
		return cut_short(core, header->p_offset, header->p_filesz, error);
	if (core->notes.length || header->p_filesz > NOTES_BYTES_MOST)
		return error_set(error, "%s: has more notes than a core dump has", core->name);
	char *bytes = memory_allocate(header->p_filesz + 1, 1);
	bool fine = bytes_read(core, header->p_offset, bytes, header->p_filesz);
	if (fine)
		buffer_append(&core->notes, bytes, header->p_filesz);
	free(bytes);
	return fine || error_set(error, "%s: can't be read", core->name);
}

static bool headers_take(struct core_dump *core, const Elf64_Phdr *headers, uint64_t count, struct error *error)
{
	uint64_t kept = 0;
	bool fine = true;

	core->segments = memory_allocate(count + 1, sizeof *core->segments);
	for (uint64_t i = 0; i < count && fine; i++) {
		if (headers[i].p_type == PT_LOAD)
			fine = segment_take(core, &headers[i], &kept, error);
		else if (headers[i].p_type == PT_NOTE && headers[i].p_filesz)
			fine = notes_read(core, &headers[i], error);
	}
	return fine && core_notes_take(core, error);
}

static bool core_dump_take(struct core_dump *core, struct error *error)
{
	Elf64_Ehdr header;
	uint64_t count;

	if (!header_read(core, &header, error) || !headers_count(core, &header, &count, error))
		return false;
	if (count > SEGMENTS_MOST)
		return error_set(error, "%s: has more than %d segments", core->name, SEGMENTS_MOST);
	if (!lies_within(core, header.e_phoff, count * sizeof(Elf64_Phdr)))
		return cut_short(core, header.e_phoff, count * sizeof(Elf64_Phdr), error);
	Elf64_Phdr *headers = memory_allocate(count + 1, sizeof *headers);
	bool fine = bytes_read(core, header.e_phoff, headers, count * sizeof *headers)
			? headers_take(core, headers, count, error)
			: error_set(error, "%s: can't be read", core->name);
	free(headers);
	return fine;
}

bool core_dump_open(struct core_dump *core, const char *path, struct error *error)
{
	struct stat status;

	*core = (struct core_dump){.name = path};
	core->descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (core->descriptor < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	bool fine = fstat(core->descriptor, &status) == 0 && S_ISREG(status.st_mode);
	if (fine) {
		core->file_bytes = (uint64_t)status.st_size;
		core->made_ns =
		    (uint64_t)status.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)status.st_mtim.tv_nsec;
		fine = core_dump_take(core, error);
	} else {
		error_set(error, "%s: is not a core dump", path);
	}
	if (!fine)
		core_dump_close(core);
	return fine;
}

void core_dump_close(struct core_dump *core)
{
	close(core->descriptor);
	free(core->segments);
	buffer_free(&core->registers);
	buffer_free(&core->notes);
	*core = (struct core_dump){.descriptor = -1};
}

const struct core_segment *core_dump_segment(const struct core_dump *core, uint64_t address)
{
	size_t low = SEEP_COUNT_TO(core->segments, core->segment_count, end, address);

	return low < core->segment_count && core->segments[low].start <= address ? &core->segments[low] : NULL;
}

bool core_dump_read(const struct core_dump *core, uint64_t address, void *to, size_t bytes)
{
	const struct core_segment *segment = core_dump_segment(core, address);
	const uint64_t at = segment ? address - segment->start : 0;

	return segment && at <= segment->kept && bytes <= segment->kept - at &&
	       bytes_read(core, segment->offset + at, to, bytes);
}
