/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an executable with libelf. Tables say what each symbol and each needed library means. */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/path.h"
#include "process/elf_inspect.h"

/* Runtimes that replace malloc, by library and by a function that every program built with them has. */
static const struct {
	const char *library, *function, *name;
} sanitizers[] = {
    {"libasan.so", "__asan_init", "AddressSanitizer"},
    {"libtsan.so", "__tsan_init", "ThreadSanitizer"},
    {"libmsan.so", "__msan_init", "MemorySanitizer"},
    {"liblsan.so", "__lsan_init", "LeakSanitizer"},
    {"libhwasan.so", "__hwasan_init", "HWAddressSanitizer"},
    {"libclang_rt.asan", "__asan_report_load1", "AddressSanitizer"},
    {"libclang_rt.tsan", "__tsan_read1", "ThreadSanitizer"},
};

/* Functions that, if the executable defines them, keep its own code's allocations from the next malloc. */
static const char *const own_allocators[] = {"malloc",    "_rjem_malloc", "_rjem_mallocx", "je_malloc",
					     "mi_malloc", "tc_malloc",    "rpmalloc"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void library_note(struct elf_facts *facts, const char *library)
{
	for (size_t i = 0; i < COUNT(sanitizers); i++)
		if (text_begins_with(library, sanitizers[i].library))
			facts->sanitizer = sanitizers[i].name;
	facts->needs_libpython |= text_begins_with(library, "libpython");
	facts->needs_glib |= text_begins_with(library, "libglib-2.0");
}

static void symbol_note(struct elf_facts *facts, const char *name, const GElf_Sym *symbol, bool exported)
{
	if (symbol->st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol->st_info) != STT_FUNC)
		return;
	if (!exported)
		facts->has_symbols = true;
	for (size_t i = 0; i < COUNT(sanitizers); i++)
		if (strcmp(name, sanitizers[i].function) == 0)
			facts->sanitizer = sanitizers[i].name;
	for (size_t i = 0; i < COUNT(own_allocators); i++) {
		bool is_malloc = i == 0; /* the plain name says more than the others, even if it comes later */
		if (strcmp(name, own_allocators[i]) != 0 || (facts->own_malloc[0] && !is_malloc))
			continue;
		snprintf(facts->own_malloc, sizeof facts->own_malloc, "%s", name);
		facts->own_malloc_is_exported |= exported && is_malloc;
	}
	if (strcmp(name, "PyObject_Malloc") == 0)
		facts->is_python = true;
	if (strcmp(name, "rust_eh_personality") == 0 || strcmp(name, "__rust_alloc") == 0)
		facts->is_rust = true;
}

static void symbols_read(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct elf_facts *facts)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	if (!data || header->sh_entsize == 0)
		return;
	for (size_t i = 0; i < data->d_size / header->sh_entsize && gelf_getsym(data, (int)i, &symbol); i++) {
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name && *name)
			symbol_note(facts, name, &symbol, header->sh_type == SHT_DYNSYM);
	}
}

static void dynamic_read(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct elf_facts *facts)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Dyn entry;

	facts->has_dynamic_section = true;
	if (!data || header->sh_entsize == 0)
		return;
	for (size_t i = 0; i < data->d_size / header->sh_entsize && gelf_getdyn(data, (int)i, &entry); i++) {
		const char *library =
		    entry.d_tag == DT_NEEDED ? elf_strptr(elf, header->sh_link, entry.d_un.d_val) : NULL;
		if (library)
			library_note(facts, library);
	}
}

static void build_id_read(Elf_Scn *section, struct elf_facts *facts)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Nhdr note;
	size_t name_at, text_at;

	for (size_t at = 0; data && (at = gelf_getnote(data, at, &note, &name_at, &text_at)) > 0;) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp((char *)data->d_buf + name_at, "GNU", 4) != 0)
			continue;
		facts->has_build_id = true;
		for (size_t i = 0; i < note.n_descsz && i < 32; i++)
			snprintf(facts->build_id + 2 * i, 3, "%02x", ((unsigned char *)data->d_buf)[text_at + i]);
	}
}

static void sections_read(Elf *elf, enum elf_depth depth, struct elf_facts *facts)
{
	size_t names;
	GElf_Shdr header;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return;
	for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
		if (!gelf_getshdr(section, &header))
			continue;
		const char *name = elf_strptr(elf, names, header.sh_name);
		if (!name)
			name = "";
		if (header.sh_type == SHT_DYNAMIC)
			dynamic_read(elf, section, &header, facts);
		else if (header.sh_type == SHT_DYNSYM || (header.sh_type == SHT_SYMTAB && depth == ELF_DEEP))
			symbols_read(elf, section, &header, facts);
		else if (header.sh_type == SHT_NOTE)
			build_id_read(section, facts);
		facts->is_go |= strcmp(name, ".note.go.buildid") == 0 || strcmp(name, ".go.buildinfo") == 0;
		facts->has_debug_info |= text_begins_with(name, ".debug_info") || text_begins_with(name, ".debug_line");
	}
}

static void interpreter_read(Elf *elf, struct elf_facts *facts)
{
	size_t count = 0;
	GElf_Phdr header;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &header); i++) {
		if (header.p_type != PT_INTERP)
			continue;
		Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz, ELF_T_BYTE);
		if (data && data->d_buf)
			snprintf(facts->interpreter, sizeof facts->interpreter, "%.*s", (int)data->d_size,
				 (const char *)data->d_buf);
		if (!facts->interpreter[0])
			snprintf(facts->interpreter, sizeof facts->interpreter, "?");
	}
}

bool elf_inspect(const char *path, enum elf_depth depth, struct elf_facts *facts, bool *is_elf, struct error *error)
{
	GElf_Ehdr header;
	struct stat status;

	memset(facts, 0, sizeof *facts);
	*is_elf = false;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
		close(descriptor);
		return error_set(error, "%s: not a regular file", path);
	}
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
	*is_elf = elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header);
	if (*is_elf) {
		facts->is_64_bit = header.e_ident[EI_CLASS] == ELFCLASS64;
		facts->is_little_endian = header.e_ident[EI_DATA] == ELFDATA2LSB;
		facts->machine = header.e_machine;
		interpreter_read(elf, facts);
		sections_read(elf, depth, facts);
		facts->is_python |= facts->needs_libpython;
	}
	elf_end(elf);
	close(descriptor);
	return *is_elf || error_set(error, "%s: not an ELF file", path);
}

uint16_t elf_own_machine(void)
{
#if defined __x86_64__
	return EM_X86_64;
#elif defined __aarch64__
	return EM_AARCH64;
#else
	return EM_NONE;
#endif
}

const char *elf_machine_name(uint16_t machine)
{
	static char other[32];

	switch (machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i386";
	case EM_AARCH64:
		return "aarch64";
	case EM_ARM:
		return "arm";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390";
	default:
		snprintf(other, sizeof other, "machine %u", machine);
		return other;
	}
}
