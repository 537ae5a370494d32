// SPDX-License-Identifier: Apache-2.0
// Maps memory in every way, each by a function of its own, and allocates nothing. With a number: then maps a MiB so many
// times, a moment apart, and keeps all of it, beside a GiB that it never touches. With "early": maps before it allocates; with "often": maps little, many times, and does
// nothing else.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define SITE __attribute__((noinline))
#define KEPT __asm__ volatile("" ::: "memory") /* no tail calls: each site is its own function */

SITE static void holed(void)
{
	char *at = mmap(NULL, 10 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(at + 4 * MIB, MIB);
	KEPT;
}

SITE static char *replaced(void)
{
	char *at = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	KEPT;
	return at;
}

SITE static void replacing(char *at)
{
	mmap(at, 2 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	KEPT;
}

SITE static char *moved(void)
{
	char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	KEPT;
	return at;
}

SITE static void moving(char *at)
{
	if (mremap(at, MIB, 8 * MIB, 0) != MAP_FAILED) /* it may not be there: a failure changes nothing */
		return;
	if (mremap(at, MIB, 8 * MIB, MREMAP_MAYMOVE) == MAP_FAILED)
		_exit(3);
	KEPT;
}

SITE static void reserved(void)
{
	mmap(NULL, MIB << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	KEPT;
}

/* In two calls of mprotect(), which the kernel tells apart by their access; the third takes a part back. */
SITE static void opened(void)
{
	char *at = mmap(NULL, 8 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(at + 2 * MIB, 2 * MIB, PROT_READ | PROT_WRITE);
	mprotect(at + 4 * MIB, 2 * MIB, PROT_READ);
	mprotect(at + 5 * MIB, MIB, PROT_NONE);
	KEPT;
}

SITE static char *attached(void)
{
	int segment = shmget(IPC_PRIVATE, 3 * MIB, 0600);
	char *at = shmat(segment, NULL, 0);
	shmctl(segment, IPC_RMID, NULL);
	if (at == (char *)-1)
		_exit(4);
	KEPT;
	return at;
}

SITE static void grown(void)
{
	sbrk(3 * (intptr_t)MIB);
	sbrk(-2 * (intptr_t)MIB);
	KEPT;
}

SITE static void shared(void)
{
	int file = memfd_create("shared", 0);
	if (ftruncate(file, 4 * (off_t)MIB) != 0)
		_exit(5);
	char *at = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	at[0] = 1;
}

SITE static void gone(void)
{
	for (int i = 0; i < 40; i++)
		munmap(mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MIB);
	munmap(NULL, 0); /* refused */
	KEPT;
}

SITE static void leaking(void)
{
	char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(at, 1, MIB);
}

SITE static void untouched(void)
{
	mmap(NULL, MIB << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	KEPT;
}

/* Maps less than a sample's bytes, before the first sample, and nothing afterwards. */
SITE static void early(void)
{
	mmap(NULL, MIB / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	KEPT;
}

SITE static void often(void)
{
	for (int i = 0; i < 100; i++)
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	KEPT;
}

static int allocate_after_mapping(void)
{
	early();
	for (int i = 0; i < 64; i++)
		((volatile char *)malloc(MIB))[0] = 1;
	return 0;
}

int main(int count, char **arguments)
{
	if (count > 1 && strcmp(arguments[1], "early") == 0)
		return allocate_after_mapping();
	if (count > 1 && strcmp(arguments[1], "often") == 0)
		return often(), 0;
	holed();
	replacing(replaced());
	moving(moved());
	reserved();
	opened();
	attached();
	shmdt(attached());
	grown();
	shared();
	gone();
	for (int i = 0; count > 1 && i < atoi(arguments[1]); i++) {
		leaking();
		untouched();
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	return 0;
}
