/* SPDX-License-Identifier: Apache-2.0 */
/* Reads from the environment what kind of program this is, and takes libseep.so out of LD_PRELOAD: see lifecycle.h. */
#include "shim/hooks/lifecycle.h"

#include <dlfcn.h>
#include <string.h>

#include <seep/snapshot.h>

#include "keeper/base/syscall.h"
#include "shim/host/options.h"

static bool runs_python(void)
{
	char target[512];
	long length = system_read_link("/proc/self/exe", target, sizeof target - 1);
	target[length > 0 ? length : 0] = 0;
	const char *base = strrchr(target, '/');
	return base && strncmp(base + 1, "python", 6) == 0;
}

uint32_t environment_status(char *const *environment)
{
	uint32_t status = 0;
	const char *preload = options_variable(environment, "LD_PRELOAD");
	if (preload && strstr(preload, "vgpreload_"))
		status |= SEEP_STATUS_VALGRIND;
	const char *python = options_variable(environment, "PYTHONMALLOC");
	if (runs_python() && !(python && strncmp(python, "malloc", 6) == 0))
		status |= SEEP_STATUS_POOLS;
	return status;
}

void environment_stop_following(char **environment)
{
	Dl_info self;
	char *list = (char *)(uintptr_t)options_variable(environment, "LD_PRELOAD");
	if (!list || !dladdr((void *)(uintptr_t)environment_stop_following, &self) || !self.dli_fname)
		return;
	const char *slash = strrchr(self.dli_fname, '/');
	const char *base = slash ? slash + 1 : self.dli_fname;
	char *out = list;
	for (char *at = list; *at;) {
		size_t length = strcspn(at, ": ");
		char separator = at[length];
		size_t name = strlen(base);
		bool ours = length >= name && memcmp(at + length - name, base, name) == 0 &&
			    (length == name || at[length - name - 1] == '/');
		if (!ours && length) {
			if (out != list)
				*out++ = ':';
			memmove(out, at, length);
			out += length;
		}
		at += length + (separator != 0);
	}
	*out = 0;
}
