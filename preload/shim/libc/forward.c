/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's functions that libseep.so calls, bound to the C library
 * itself. A program, or a library that is preloaded, may define the same names:
 * a dlsym that wraps the real one (its RTLD_NEXT would find us), an errno of
 * its own, a sigaction that keeps books. Those may lock, allocate, or not be
 * ready when our constructor runs.
 *
 * The addresses are read from the tables of libc.so.6 when the first of these
 * functions is called: in the very first allocation, or in the constructor.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "keeper/base/atomics.h"
#include "keeper/elf/image.h"

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *library);

/* Nobody calls it. Its version makes the loader refuse a libc.so.6 that lacks something used below: 2.34 is the
 * first that has dlsym. */
extern const void *const libc_needed;
__attribute__((used, visibility("hidden"))) const void *const libc_needed = (const void *)(uintptr_t)pthread_create;

#define FUNCTIONS(X)                                                                                                   \
	X(int *, __errno_location, (void), ())                                                                         \
	X(int, __register_atfork, (void (*prepare)(void), void (*parent)(void), void (*child)(void), void *library),   \
	  (prepare, parent, child, library))                                                                           \
	X(int, dl_iterate_phdr, (int (*each)(struct dl_phdr_info *, size_t, void *), void *context), (each, context))  \
	X(int, dladdr, (const void *address, Dl_info *info), (address, info))                                          \
	X(int, dladdr1, (const void *address, Dl_info *info, void **more, int flags), (address, info, more, flags))    \
	X(char *, dlerror, (void), ())                                                                                 \
	X(void *, dlopen, (const char *file, int mode), (file, mode))                                                  \
	X(void *, dlsym, (void *restrict handle, const char *restrict name), (handle, name))                           \
	X(unsigned long, getauxval, (unsigned long type), (type))                                                      \
	X(int, sigaction, (int number, const struct sigaction *restrict action, struct sigaction *restrict before),    \
	  (number, action, before))

#define POINTER(type, name, parameters, arguments) type(*name) parameters;
static struct {
	FUNCTIONS(POINTER)
	void (*makecontext)(ucontext_t *, void (*)(void), int, ...);
} libc;

static _Atomic bool bound;

#define FIND(type, name, parameters, arguments) *(void **)&libc.name = image_address(IMAGE_LIBC, #name);

/* Two threads at once write the same values. */
static __attribute__((noinline)) void bind(void)
{
	FUNCTIONS(FIND)
	*(void **)&libc.makecontext = image_address(IMAGE_LIBC, "makecontext");
	store_release(&bound, true);
}

static inline void prepare_libc(void)
{
	if (__builtin_expect(!load_acquire(&bound), 0))
		bind();
}

#define FORWARD(type, name, parameters, arguments)                                                                     \
	__attribute__((used, visibility("hidden"))) type name parameters                                               \
	{                                                                                                              \
		prepare_libc();                                                                                        \
		return libc.name arguments;                                                                            \
	}

FUNCTIONS(FORWARD)

/* Only for functions without arguments. */
__attribute__((used, visibility("hidden"))) void makecontext(ucontext_t *context, void (*function)(void), int count,
							     ...)
{
	prepare_libc();
	libc.makecontext(context, function, count);
}
