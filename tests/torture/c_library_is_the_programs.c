/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with a C library of its own in parts: memory and strings that log by allocating, an errno, a dlsym that
 * passes on what it is asked (its RTLD_NEXT is its own), and whatever else a library may be tempted to call. Who calls
 * them is the program alone. (jemalloc calls them.)
 *
 * torture: allocators=glibc
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <ucontext.h>

#include "torture.h"

/* A call from the program's own code, or from the C library's. */
static unsigned foreign;
static __thread bool looking;

static bool is_seeps(const void *caller)
{
	for (const struct link_map *module = _r_debug.r_map; module; module = module->l_next) {
		const char *name = module->l_name;
		size_t length = 0;
		while (name[length])
			length++;
		if (length < 10 || name[length - 10] != 'l' || name[length - 7] != 's' || name[length - 4] != 'p')
			continue;
		const char *start = (const char *)module->l_addr;
		if ((const char *)caller >= start && (const char *)caller < start + 0x100000)
			return true;
	}
	return false;
}

/* It also allocates, as logging functions do. */
static void note(const void *caller)
{
	if (looking || !_r_debug.r_map)
		return;
	looking = true;
	foreign += is_seeps(caller);
	free(torture_hold = malloc(24));
	looking = false;
}

#define NOTE() note(__builtin_return_address(0))
#define KEEP(value) __asm__("" : "+r"(value))

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	NOTE();
	for (size_t i = 0; i < bytes; i++) {
		KEEP(i);
		((char *)to)[i] = ((const char *)from)[i];
	}
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	NOTE();
	bool up = (size_t)((char *)to - (const char *)from) >= bytes;
	for (size_t i = 0; i < bytes; i++) {
		size_t at = up ? i : bytes - 1 - i;
		KEEP(at);
		((char *)to)[at] = ((const char *)from)[at];
	}
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	NOTE();
	for (size_t i = 0; i < bytes; i++) {
		KEEP(i);
		((char *)to)[i] = (char)value;
	}
	return to;
}

int memcmp(const void *one, const void *other, size_t bytes)
{
	NOTE();
	const unsigned char *a = one, *b = other;
	for (size_t i = 0; i < bytes; i++) {
		KEEP(i);
		if (a[i] != b[i])
			return a[i] - b[i];
	}
	return 0;
}

void *memchr(const void *bytes, int value, size_t count)
{
	NOTE();
	const unsigned char *at = bytes;
	for (size_t i = 0; i < count; i++) {
		KEEP(i);
		if (at[i] == (unsigned char)value)
			return (void *)&at[i];
	}
	return NULL;
}

size_t strlen(const char *text)
{
	NOTE();
	size_t length = 0;
	while (text[length]) {
		length++;
		KEEP(length);
	}
	return length;
}

size_t strnlen(const char *text, size_t most)
{
	NOTE();
	size_t length = 0;
	while (length < most && text[length]) {
		length++;
		KEEP(length);
	}
	return length;
}

int strcmp(const char *one, const char *other)
{
	NOTE();
	while (*one && *one == *other) {
		KEEP(one);
		one++, other++;
	}
	return (unsigned char)*one - (unsigned char)*other;
}

int strncmp(const char *one, const char *other, size_t most)
{
	NOTE();
	for (; most > 0 && *one && *one == *other; most--) {
		KEEP(one);
		one++, other++;
	}
	return most ? (unsigned char)*one - (unsigned char)*other : 0;
}

/* Passes the call on to the next definition, which it looks up when it is called. */
#define PASS(type, name, parameters, arguments)                                                                        \
	type name parameters                                                                                           \
	{                                                                                                              \
		static type(*next) parameters;                                                                         \
		NOTE();                                                                                                \
		if (!next)                                                                                             \
			*(void **)&next = dlvsym(RTLD_NEXT, #name, "GLIBC_2.2.5");                                     \
		return next arguments;                                                                                 \
	}

PASS(void *, dlsym, (void *restrict handle, const char *restrict name), (handle, name))
PASS(char *, dlerror, (void), ())
PASS(int, dladdr, (const void *address, Dl_info *info), (address, info))
PASS(int, dl_iterate_phdr, (int (*each)(struct dl_phdr_info *, size_t, void *), void *context), (each, context))
PASS(char *, strchr, (const char *text, int value), (text, value))
PASS(char *, strrchr, (const char *text, int value), (text, value))
PASS(char *, strstr, (const char *text, const char *part), (text, part))
PASS(size_t, strcspn, (const char *text, const char *stops), (text, stops))
PASS(int, sigaction, (int number, const struct sigaction *restrict action, struct sigaction *restrict before),
     (number, action, before))
PASS(int, getcontext, (ucontext_t * context), (context))
PASS(char *, getenv, (const char *name), (name))
PASS(long, sysconf, (int name), (name))
PASS(pid_t, getpid, (void), ())
PASS(void *, mmap, (void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset),
     (address, bytes, protection, flags, descriptor, offset))
PASS(int, munmap, (void *address, size_t bytes), (address, bytes))
PASS(ssize_t, read, (int descriptor, void *data, size_t bytes), (descriptor, data, bytes))
PASS(int, close, (int descriptor), (descriptor))

unsigned long getauxval(unsigned long type)
{
	(void)type;
	NOTE();
	return 0;
}

static __thread int errno_of_the_program;
int *__errno_location(void)
{
	NOTE();
	return &errno_of_the_program;
}

static void *allocate(void *unused)
{
	(void)unused;
	allocate_and_free(100);
	return NULL;
}

int main(void)
{
	allocate_and_free(300);
	pthread_join(start(allocate, NULL), NULL);
	pid_t child = fork();
	if (child == 0) {
		allocate_and_free(100);
		_exit((int)foreign);
	}
	wait_for(child, "child");
	printf("%u calls by others\n", foreign);
	return 0;
}
