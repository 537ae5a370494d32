/* SPDX-License-Identifier: Apache-2.0 */
/* Demangling by libiberty. A few mangled bytes can stand for gigabytes of name, so the result is taken piece by piece,
 * and longjmp() leaves the demangler when there is enough; in its callback form it holds no memory. */
#include <setjmp.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "symbols/demangle.h"

/* Return types, which only templates have in their names, are left out: a list reads better if each entry begins with
 * the name. libiberty refuses names above 1,024 bytes unless told otherwise, and real C++ has longer ones;
 * MANGLED_LIMIT bounds its recursion instead. */
enum { OPTIONS = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP | DMGL_NO_RECURSE_LIMIT };

struct demangling {
	struct buffer *out;
	jmp_buf enough;
};

static void demangling_take(const char *piece, size_t length, void *opaque)
{
	struct demangling *demangling = opaque;
	size_t room = DEMANGLED_LIMIT - demangling->out->length;

	buffer_append(demangling->out, piece, length < room ? length : room);
	if (length > room)
		longjmp(demangling->enough, 1);
}

/* Whether `out` has received the demangled name. */
static bool demangling_run(struct demangling *demangling, const char *name)
{
	if (setjmp(demangling->enough)) {
		buffer_append_text(demangling->out, "...");
		return true;
	}
	if (rust_demangle_callback(name, OPTIONS, demangling_take, demangling))
		return true;
	demangling->out->length = 0;
	return cplus_demangle_v3_callback(name, OPTIONS, demangling_take, demangling);
}

void demangle(struct buffer *out, const char *name)
{
	struct demangling demangling = {.out = out};
	size_t length = strnlen(name, MANGLED_LIMIT + 1);
	bool is_mangled = strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0;

	out->length = 0;
	if (length > MANGLED_LIMIT) {
		buffer_append(out, name, MANGLED_LIMIT);
		buffer_append_text(out, "...");
		return;
	}
	const char *version = memchr(name, '@', length);
	if (version && version > name)
		length = (size_t)(version - name);
	char plain[MANGLED_LIMIT + 1];
	memcpy(plain, name, length);
	plain[length] = '\0';
	if (is_mangled && demangling_run(&demangling, plain))
		return;
	out->length = 0;
	buffer_append(out, plain, length);
}
