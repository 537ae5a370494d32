/* SPDX-License-Identifier: Apache-2.0 */
/* Names of recordings and the directories above them: see output.h. */
#include "keeper/files/output.h"

#include <errno.h>
#include <string.h>

#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

/* A command may hold anything; a file name of ours holds no slash and nothing that a terminal would act on. */
static void add_command(struct text *text, const char *command)
{
	if (command[0] == '.')
		text_add(text, "_");
	for (; *command; command++) {
		char c[2] = {*command > ' ' && *command != '/' && *command != 127 && *command != ':' ? *command : '_',
			     0};
		text_add(text, c);
	}
}

bool recording_name(char *name, size_t bytes, const char *pattern, const struct seep_heap_header *header)
{
	struct text text = text_begin(name, bytes);
	for (const char *at = *pattern ? pattern : "seep.%c.%p"; *at; at++) {
		if (*at != '%' || !at[1]) {
			text_add_bounded(&text, at, 1);
			continue;
		}
		switch (*++at) {
		case 'c':
			add_command(&text, header->command);
			break;
		case 'p':
			text_add_unsigned(&text, header->pid);
			break;
		case 'h':
			add_command(&text, header->host);
			break;
		case '%':
			text_add(&text, "%");
			break;
		default: /* no placeholder of ours: copied as it stands */
			text_add_bounded(&text, at - 1, 2);
		}
	}
	return !text.cut && text.length > 0;
}

bool output_make_absolute(char *directory, size_t bytes)
{
	static char joined[1600]; /* one thread alone begins a recording; its stack may be small */
	for (size_t end = strlen(directory); end > 1 && directory[end - 1] == '/'; end--)
		directory[end - 1] = 0;
	if (directory[0] == '/')
		return true;
	long length = system_call(SYS_getcwd, (long)joined, sizeof joined, 0, 0, 0, 0);
	if (length <= 0 || joined[0] != '/')
		return false;
	struct text text = {.data = joined, .size = sizeof joined, .length = (size_t)length - 1};
	text_add(&text, "/");
	text_add(&text, directory);
	if (text.cut || text.length >= bytes)
		return false;
	memcpy(directory, joined, text.length + 1);
	return true;
}

size_t output_constant_part(const char *pattern, const char *name)
{
	size_t end = 0;
	for (const char *at = pattern; *at; at++) {
		if (at[0] == '%' && at[1] == '%') {
			at++;
		} else if (at[0] == '%' && (at[1] == 'c' || at[1] == 'p' || at[1] == 'h')) {
			break;
		} else if (at[0] ==
			   '/') { /* the name has as many slashes, because the parts that are filled in hold none */
			const char *slash = strchr(name + end, '/');
			if (!slash)
				break;
			end = (size_t)(slash - name) + 1;
		}
	}
	return end;
}

void output_mode_set(const char *directory, unsigned mode)
{
	char path[32];
	struct stat status;
	struct text text = text_begin(path, sizeof path);
	int place = system_open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (place < 0)
		return;
	text_add(&text, "/proc/self/fd/");
	text_add_unsigned(&text, (uint64_t)place);
	if (system_stat_descriptor(place, &status) == 0 && (status.st_mode & 0777) != mode)
		system_call(SYS_fchmodat, AT_FDCWD, (long)path, mode, 0, 0, 0);
	system_close(place);
}

/* Gives back the owner's rights that the umask took, as mkdir -p does: else nothing could be made in it. */
static void parent_mend(const char *directory)
{
	struct stat status;
	if (system_call(SYS_newfstatat, AT_FDCWD, (long)directory, (long)&status, AT_SYMLINK_NOFOLLOW, 0, 0) == 0 &&
	    (status.st_mode & (S_IWUSR | S_IXUSR)) != (S_IWUSR | S_IXUSR))
		output_mode_set(directory, (status.st_mode & 0777) | S_IWUSR | S_IXUSR);
}

bool output_parents_make(char *directory, size_t from)
{
	int made = -ENOENT;
	for (char *slash = strchr(directory + from + (from == 0), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		made = system_make_directory(directory, 0777);
		if (made == 0)
			parent_mend(directory);
		*slash = '/';
		if (made != 0 && made != -EEXIST)
			return false;
	}
	return made == 0 || made == -EEXIST;
}
