/* SPDX-License-Identifier: Apache-2.0 */
/* 48 MiB of blocks, of which a sixteenth stays: 3 MiB; and 8 MiB past malloc, which the kernel may join with what the allocator has
 * mapped. It goes on at each byte that it reads. "wide" maps shared memory many times. With OWN_MALLCTL its own mallctl() does what the argument says. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
enum { COUNT = 196608, SIZE = 256, OWN = 8 << 20, WIDE = 128 << 20 };
static void *blocks[COUNT];
#ifdef OWN_MALLCTL
static int mode;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
int mallctl(const char *name, void *old, size_t *old_length, void *new, size_t new_length)
{
	(void)name, (void)old, (void)old_length, (void)new, (void)new_length;
	if (mode == 'l')
		pthread_mutex_lock(&held);
	while (mode == 's')
		;
	if (mode == 'w')
		close(open("made", O_CREAT | O_WRONLY, 0600));
	if (mode == 'f')
		*(volatile int *)1 = 0;
	return 2;
}
#endif
int main(int argc, char **argv)
{
#ifdef OWN_MALLCTL
	mode = argv[1][0];
	pthread_mutex_lock(&held);
#endif
	for (int i = 0; i < COUNT; i++)
		memset(blocks[i] = malloc(SIZE), 1, SIZE);
	for (int i = 0; i < COUNT; i++)
		if (i % 16)
			free(blocks[i]);
	memset(mmap(NULL, OWN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, OWN);
	if (argv[1] && strcmp(argv[1], "wide") == 0) { /* 5 GiB of RSS, in 128 MiB of memory */
		const int file = memfd_create("wide", 0);
		if (ftruncate(file, WIDE) != 0)
			return 1;
		for (int i = 0; i < 40; i++)
			mmap(NULL, WIDE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
	}
	puts("ready");
	fflush(stdout);
	for (char byte; read(0, &byte, 1) == 1;)
		puts(wait(NULL) < 0 ? "goes on" : "has a child"), fflush(stdout);
	return argc < 0 || !argv;
}
