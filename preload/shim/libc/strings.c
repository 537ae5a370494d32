/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and strings for libseep.so, compilers' own calls included: a program that defines these names would have us
 * in its functions, which may count, log or allocate. Short, since little goes through here; long copies are left to
 * the processor.
 */
#include <stdint.h>
#include <string.h>

#define OURS __attribute__((used, visibility("hidden")))
/* Keeps compilers from recognising the loop and calling the very function that it is in. */
#define KEEP_LOOP(value) __asm__("" : "+r"(value))

OURS void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	void *at = to;
	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
	return to;
}

OURS void *memset(void *to, int value, size_t bytes)
{
	void *at = to;
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
	return to;
}

OURS void *memmove(void *to, const void *from, size_t bytes)
{
	char *target = to;
	const char *source = from;
	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		return memcpy(to, from, bytes);
	while (bytes-- > 0) {
		KEEP_LOOP(bytes);
		target[bytes] = source[bytes];
	}
	return to;
}

OURS int memcmp(const void *one, const void *other, size_t bytes)
{
	const unsigned char *a = one, *b = other;
	size_t i = 0;
	while (i < bytes && a[i] == b[i]) {
		i++;
		KEEP_LOOP(i);
	}
	return i == bytes ? 0 : a[i] - b[i];
}

OURS void *memchr(const void *bytes, int value, size_t count)
{
	const unsigned char *at = bytes;
	for (; count > 0; count--, at++) {
		KEEP_LOOP(at);
		if (*at == (unsigned char)value)
			return (void *)(uintptr_t)at;
	}
	return NULL;
}

OURS size_t strnlen(const char *text, size_t most)
{
	size_t length = 0;
	while (length < most && text[length]) {
		length++;
		KEEP_LOOP(length);
	}
	return length;
}

OURS size_t strlen(const char *text)
{
	return strnlen(text, PTRDIFF_MAX);
}

OURS int strncmp(const char *one, const char *other, size_t most)
{
	const unsigned char *a = (const unsigned char *)one, *b = (const unsigned char *)other;
	for (; most > 0; most--, a++, b++) {
		KEEP_LOOP(a);
		if (*a != *b || !*a)
			return *a - *b;
	}
	return 0;
}

OURS int strcmp(const char *one, const char *other)
{
	return strncmp(one, other, PTRDIFF_MAX);
}

OURS char *strchr(const char *text, int value)
{
	for (;; text++) {
		KEEP_LOOP(text);
		if (*text == (char)value)
			return (char *)(uintptr_t)text;
		if (!*text)
			return NULL;
	}
}

OURS char *strrchr(const char *text, int value)
{
	const char *last = NULL;
	for (;; text++) {
		KEEP_LOOP(text);
		if (*text == (char)value)
			last = text;
		if (!*text)
			return (char *)(uintptr_t)last;
	}
}

OURS char *strstr(const char *text, const char *part)
{
	size_t length = strlen(part);
	for (;; text++) {
		if (strncmp(text, part, length) == 0)
			return (char *)(uintptr_t)text;
		if (!*text)
			return NULL;
	}
}

OURS size_t strcspn(const char *text, const char *stops)
{
	size_t length = 0;
	while (text[length] && !strchr(stops, text[length]))
		length++;
	return length;
}

OURS size_t strspn(const char *text, const char *letters)
{
	size_t length = 0;
	while (text[length] && strchr(letters, text[length]))
		length++;
	return length;
}
