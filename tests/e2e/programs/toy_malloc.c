/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator of a program's own: lists by size, one lock. calloc and realloc call malloc and free, as many do. */
#include <stddef.h>
#include <string.h>
#include <errno.h>
#include <sys/mman.h>
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
struct block {
	size_t class;
	struct block *next;
};
static struct block *lists[48];
static char *at, *end;
static int class_of(size_t size)
{
	int c = 5;
	while (((size_t)1 << c) < size + 16)
		c++;
	return c;
}
void *malloc(size_t size)
{
	int c = class_of(size);
	if (c > 40) {
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_lock(&lock);
	struct block *b = lists[c];
	if (b)
		lists[c] = b->next;
	else {
		size_t want = (size_t)1 << c;
		if ((size_t)(end - at) < want) {
			size_t chunk = want > 1 << 20 ? want : 1 << 20;
			at = mmap(0, chunk, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			end = at + chunk;
		}
		b = (void *)at;
		at += want;
		b->class = c;
	}
	pthread_mutex_unlock(&lock);
	return (char *)b + 16;
}
void free(void *p)
{
	if (!p)
		return;
	struct block *b = (void *)((char *)p - 16);
	pthread_mutex_lock(&lock);
	b->next = lists[b->class];
	lists[b->class] = b;
	pthread_mutex_unlock(&lock);
}
void *calloc(size_t n, size_t m)
{
	size_t t;
	if (__builtin_mul_overflow(n, m, &t))
		return NULL;
	void *p = malloc(t);
	if (p)
		memset(p, 0, t);
	return p;
}
void *realloc(void *p, size_t size)
{
	if (!p)
		return malloc(size);
	struct block *b = (void *)((char *)p - 16);
	size_t room = ((size_t)1 << b->class) - 16;
	if (size <= room)
		return p;
	void *q = malloc(size);
	if (q) {
		memcpy(q, p, room);
		free(p);
	}
	return q;
}
