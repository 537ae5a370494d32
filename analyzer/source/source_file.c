/* SPDX-License-Identifier: Apache-2.0 */
/* The file is first looked at through a descriptor that does not open it (O_PATH), so a device or a pipe never notices.
 * Then that very file is read. */
#include "source/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/path.h"

enum { REAL_PATH_BYTES = 4096 };

bool path_is_source(const char *path)
{
	static const char *const suffixes[] = {
	    "c",   "cc",  "cp",    "cpp",  "cxx", "c++", "C",   "h",   "hh",  "hp",  "hpp",  "hxx", "h++",
	    "H",   "inc", "inl",   "ipp",  "tcc", "tpp", "txx", "ii",  "i",   "m",   "mm",   "rs",  "go",
	    "d",   "f",   "F",     "f90",  "F90", "f95", "f03", "f08", "for", "pas", "pp",   "adb", "ads",
	    "zig", "nim", "swift", "hs",   "ml",  "mli", "s",   "S",   "asm", "y",   "yy",   "l",   "ll",
	    "lex", "re",  "def",   "vala", "pyx", "pxd", "pxi", "cr",  "cu",  "cuh", "java", "kt",  "scala",
	};
	const char *name = path_base_name(path), *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
		if (strcmp(dot + 1, suffixes[i]) == 0)
			return true;
	return !dot && text_begins_with(path, "/usr/include/"); /* such as <vector> */
}

/* A descriptor that only refers to the file; -1: errno says why. */
static int path_name(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};

	if (text_begins_with(path, "/proc/")) {
		errno = ENOENT;
		return -1;
	}
	const int descriptor = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
	if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM))
		return descriptor;
	/* An old kernel, or a container, may lack the call. Then links are followed by their texts, so that a link in
	 * another root leads where its text leads here. */
	char real[PATH_MAX];
	return realpath(path, real) ? open(real, O_PATH | O_CLOEXEC | O_NOFOLLOW) : -1;
}

/* The file's path with all links followed; "" if it has none. */
static void descriptor_path(int descriptor, char path[REAL_PATH_BYTES])
{
	char link[64];

	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	const ssize_t length = readlink(link, path, REAL_PATH_BYTES - 1);
	path[length > 0 ? length : 0] = '\0';
}

/* Whether the file system's files belong to the kernel. */
static bool is_of_kernel(int descriptor, const char *real)
{
	static const long types[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC,    DEBUGFS_MAGIC,      TRACEFS_MAGIC,
				     SECURITYFS_MAGIC, SELINUX_MAGIC,  CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
				     BPF_FS_MAGIC,     PSTOREFS_MAGIC, EFIVARFS_MAGIC,     0x62656570 /* configfs */};
	struct statfs system;

	if (text_begins_with(real, "/proc/") || text_begins_with(real, "/sys/") || text_begins_with(real, "/dev/"))
		return true;
	if (fstatfs(descriptor, &system) < 0)
		return true;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (system.f_type == types[i])
			return true;
	return false;
}

/* Whether the file may be read, by everything that is known without reading it. */
static bool descriptor_is_fit(int descriptor, struct stat *status, struct error *error)
{
	char real[REAL_PATH_BYTES];

	if (fstat(descriptor, status) < 0)
		return error_set(error, "%s", strerror(errno));
	if (!S_ISREG(status->st_mode))
		return error_set(error, "it is not a regular file");
	descriptor_path(descriptor, real);
	if (real[0] != '/' || is_of_kernel(descriptor, real))
		return error_set(error, "it is not a file of a source tree");
	if (!path_is_source(real))
		return error_set(error, "its name is not a source file's");
	if (status->st_size > SOURCE_FILE_BYTES)
		return error_set(error, "it is larger than %d MiB", SOURCE_FILE_BYTES >> 20);
	return true;
}

static bool descriptor_read(int descriptor, struct source_file *file, size_t size)
{
	file->text = memory_allocate(size + 1, 1);
	while (file->bytes < size) {
		const ssize_t got = read(descriptor, file->text + file->bytes, size - file->bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		file->bytes += (size_t)got;
	}
	return true;
}

/* Text has no NUL, and no control characters except those of a printed page. */
static bool is_text(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		const unsigned char byte = (unsigned char)text[i];
		if ((byte < 0x20 && !strchr("\t\n\r\f\v\b\033", byte)) || byte == 0)
			return false;
	}
	return true;
}

static void lines_find(struct source_file *file)
{
	size_t count = 0, capacity = 0;

	for (size_t at = 0; at < file->bytes;) {
		const char *end = memchr(file->text + at, '\n', file->bytes - at);
		ARRAY_RESERVE(file->starts, count, capacity);
		file->starts[count++] = (uint32_t)at;
		at = end ? (size_t)(end - file->text) + 1 : file->bytes;
	}
	ARRAY_RESERVE(file->starts, count, capacity);
	file->starts[count] = (uint32_t)file->bytes;
	file->line_count = (uint32_t)count;
}

/* Reads a file from its descriptor, and closes that. */
static bool file_read(struct source_file *file, int descriptor, const struct stat *status, struct error *error)
{
	const bool is_read = descriptor_read(descriptor, file, (size_t)status->st_size);
	close(descriptor);
	if (!is_read)
		return error_set(error, "it can't be read");
	if (!is_text(file->text, file->bytes))
		return error_set(error, "it is not text");
	lines_find(file);
	return true;
}

/* Reads the file to which a descriptor only refers. */
static bool named_read(struct source_file *file, int named, const struct stat *status, struct error *error)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/self/fd/%d", named);
	const int descriptor = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (descriptor < 0)
		return error_set(error, "%s", strerror(errno));
	file->modified_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
	return file_read(file, descriptor, status, error);
}

enum source_opened source_file_open(struct source_file *file, const char *path, struct error *error)
{
	struct stat status;
	const int named = path_name(path);

	*file = (struct source_file){0};
	if (named < 0) {
		if (errno != EACCES)
			return SOURCE_MISSING;
		error_set(error, "%s", strerror(errno));
		return SOURCE_REFUSED;
	}
	const bool is_fine = descriptor_is_fit(named, &status, error) && named_read(file, named, &status, error);
	close(named);
	if (is_fine) {
		file->path = memory_copy_text(path);
		return SOURCE_OPENED;
	}
	source_file_free(file);
	return SOURCE_REFUSED;
}

bool source_file_take(struct source_file *file, int descriptor, const char *name, struct error *error)
{
	struct stat status;

	*file = (struct source_file){0};
	/* a file that has just arrived is read to its end */
	const bool is_fit = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && path_is_source(name) &&
			    lseek(descriptor, 0, SEEK_SET) == 0;
	if (!is_fit || status.st_size > SOURCE_FILE_BYTES) {
		close(descriptor);
		return error_set(error, "a server's answer is not a source file");
	}
	if (!file_read(file, descriptor, &status, error)) {
		source_file_free(file);
		return false;
	}
	file->path = memory_copy_text(name);
	return true;
}

void source_file_free(struct source_file *file)
{
	free(file->path);
	free(file->text);
	free(file->starts);
	*file = (struct source_file){0};
}

bool source_file_line(const struct source_file *file, uint32_t line, const char **text, size_t *bytes)
{
	if (line == 0 || line > file->line_count)
		return false;
	*text = file->text + file->starts[line - 1];
	*bytes = file->starts[line] - file->starts[line - 1];
	while (*bytes && ((*text)[*bytes - 1] == '\n' || (*text)[*bytes - 1] == '\r'))
		--*bytes;
	return true;
}
