/* SPDX-License-Identifier: Apache-2.0 */
/* Allocates what it is told to by operators new: as static_worker.c. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>
struct alignas(64) big {
	char c[200];
};
static void *volatile sink;
static int failed;
__attribute__((noinline)) void leak(int n)
{
	while (n-- > 0)
		sink = operator new(1000);
}
__attribute__((noinline)) void clear(int n)
{
	while (n-- > 0)
		sink = new char[1000];
}
__attribute__((noinline)) void align(int n)
{
	while (n-- > 0)
		sink = new big;
}
__attribute__((noinline)) void grow(int n)
{
	while (n-- > 0) {
		sink = new (std::nothrow) char[100];
		if (n % 2)
			operator delete[](sink);
		else
			sink = malloc(7);
	}
}
__attribute__((noinline)) void churn(int n)
{
	while (n-- > 0) {
		int *p = new int[10];
		sink = p;
		delete[] p;
		big *b = new big;
		sink = b;
		delete b;
	}
}
int main()
{
	char word[32];
	int count;
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (scanf("%31s %d", word, &count) == 2) {
		if (!strcmp(word, "quit"))
			return 7;
		if (!strcmp(word, "all"))
			leak(count), clear(count), align(count), grow(count), churn(count);
		if (!strcmp(word, "fail")) {
			try {
				sink = operator new((size_t)1 << 60);
			} catch (std::bad_alloc &) {
				failed = 1;
			}
		}
		puts(word);
	}
	return 1;
}
