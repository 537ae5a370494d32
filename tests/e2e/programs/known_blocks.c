/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs whose lost blocks are known: known_blocks PROGRAM [PLUGIN]. Once "ready" is printed, nothing references the
 * blocks that functions named lose_... have allocated; those of keep_... are referenced all the time. It ends when its
 * input does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <obstack.h>
#include <pthread.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { N = 200, STACK = 65536 };
#define APART __attribute__((noinline))
#define EACH(i) for (int i = 0; i < N; i++)

static int fds[2];
static void say_there(void)
{
	if (write(fds[1], "t", 1) != 1)
		abort();
}

static void wait_there(int count)
{
	char byte;

	while (count--)
		if (read(fds[0], &byte, 1) != 1)
			abort();
}

static APART void stay(void)
{
	say_there();
	for (;;)
		pause();
}

static APART void *filled(size_t bytes)
{
	return memset(malloc(bytes), 1, bytes);
}

static void *map(int flags)
{
	return mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

static pthread_t thread_make(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		abort();
	return thread;
}

/* Lists: by their heads, both ways, by a member in the middle, by the last of a ring; a tail that is cut off, and a whole one. */
struct node {
	struct node *next, *before;
	char rest[80];
	struct link {
		struct link *next;
	} link;
};
struct node *forward, *cut, *ring; /* not static: the compiler would leave it out, because nobody reads it */
struct link *linked;
static APART struct node *list_make(void)
{
	struct node *head = NULL;

	EACH(i)
	{
		struct node *node = calloc(1, sizeof *node);
		node->next = head;
		if (head)
			head->before = node;
		head = node;
	}
	return head;
}
static APART void keep_list(void)
{
	forward = list_make();
}
static APART void keep_ring(void)
{
	struct node *first = ring = list_make();

	while (ring->next)
		ring = ring->next;
	ring->next = first;
}
static APART void keep_linked(void)
{
	EACH(i)
	{
		struct node *node = calloc(1, sizeof *node);
		node->link.next = linked;
		linked = &node->link;
	}
}
static APART void lose_list(void)
{
	(void)*(volatile char *)list_make();
}
static APART void lose_tail(void)
{
	struct node *tail = list_make();

	cut = malloc(sizeof *cut);
	cut->next = tail;
	cut->next = NULL;
	tail->before = cut; /* it refers to a kept block, and not the other way round */
}
static void lists(void)
{
	keep_list(), keep_ring(), keep_linked(), lose_list(), lose_tail();
}

/* Trees whose nodes know their parents; a subtree is cut off. */
struct tree {
	struct tree *parent, *children[2];
	long key;
};
struct tree *root;
static APART struct tree *tree_make(struct tree *parent, int depth)
{
	struct tree *tree = calloc(1, sizeof *tree);

	tree->parent = parent;
	for (int i = 0; depth && i < 2; i++)
		tree->children[i] = tree_make(tree, depth - 1);
	return tree;
}
static APART void keep_tree(void)
{
	root = tree_make(NULL, 6);
}
static APART void lose_subtree(void)
{
	struct tree *at = root;

	while (at->children[0])
		at = at->children[0];
	at->children[1] = tree_make(at, 6);
	at->children[1] = NULL;
}
static APART void lose_tree(void)
{
	(void)*(volatile char *)tree_make(NULL, 6);
}
static void trees(void)
{
	keep_tree(), lose_subtree(), lose_tree();
}

/* Tables: of pointers, hashed with chains, grown; entries that are deleted, and a table that is lost with its entries. */
void **table, **sparse, **grown;
struct node *chains[32];
static APART void **table_make(void)
{
	void **made = malloc(N * sizeof *made);

	EACH(i) made[i] = filled(70);
	return made;
}
static APART void keep_table(void)
{
	table = table_make();
}
static APART void keep_chains(void)
{
	EACH(i)
	{
		struct node *node = calloc(1, sizeof *node);
		node->next = chains[i % 32];
		chains[i % 32] = node;
	}
}
static APART void keep_grown(void)
{
	EACH(i)
	{
		grown = realloc(grown, (size_t)(i + 1) * sizeof *grown);
		grown[i] = filled(90);
	}
}
static APART void lose_deleted(void)
{
	sparse = table_make();
	memset(sparse, 0, N * sizeof *sparse);
}
static APART void lose_table(void)
{
	(void)*(void *volatile *)table_make();
}
static void tables(void)
{
	keep_table(), keep_chains(), keep_grown(), lose_deleted(), lose_table();
}

/* Pointers into blocks: to any byte, the last one, one that is aligned by hand. */
char *bytes[N], *ends[N], *aligned[N];
static APART void keep_interior(void)
{
	EACH(i) bytes[i] = (char *)filled(300) + 1 + i;
}
static APART void keep_by_last(void)
{
	EACH(i) ends[i] = (char *)filled(64 + (size_t)i) + 63 + i;
}
static APART void keep_aligned(void)
{
	EACH(i) aligned[i] = (char *)(((uintptr_t)filled(1000) + 511) & ~(uintptr_t)511);
}
static APART void lose_beside(void)
{
	EACH(i)(void) * (volatile char *)filled(300);
}
static void interior(void)
{
	keep_interior(), keep_by_last(), keep_aligned(), lose_beside();
}

/* Memory of a thread's own: static, by key; and that of threads that have ended, whose stacks glibc keeps for
 * others. */
__thread void *local[N];
static pthread_key_t key;
static APART void keep_local(void)
{
	EACH(i) local[i] = filled(120);
}
static APART void keep_by_key(void)
{
	pthread_setspecific(key, table_make());
}
static APART void *keep_of_thread(void *unused)
{
	(void)unused;
	keep_local();
	stay();
	return local[0];
}
static APART void *lose_with_thread(void *unused)
{
	void *volatile mine[N];

	(void)unused;
	EACH(i) mine[i] = filled(130);
	EACH(i) local[i] = filled(140);
	return mine[0] == local[0] ? NULL : mine[1] == local[1] ? NULL : stdout;
}
static void locals(void)
{
	pthread_key_create(&key, NULL);
	pthread_t ended = thread_make(lose_with_thread);
	pthread_join(ended, NULL);
	keep_by_key();
	thread_make(keep_of_thread);
	wait_there(1);
}

/* Blocks that only registers refer to: general ones and vector registers. */
static APART void *keep_in_register(void *unused)
{
	register void *block __asm__("r14") = filled(5000);
	register void *other __asm__("rbx") = filled(5001);
	long number;

	(void)unused;
	say_there();
	for (;;)
		__asm__ volatile("mov $34, %%eax\n\tsyscall"
				 : "=a"(number), "+r"(block), "+r"(other)
				 :
				 : "rcx", "r11", "memory");
	return block;
}
static APART void *keep_in_vector(void *unused)
{
	void *block = filled(5002);
	long number;

	(void)unused;
	__asm__ volatile("movq %0, %%xmm9\n\txor %0, %0" : "+r"(block) : : "xmm9");
	say_there();
	for (;;)
		__asm__ volatile("mov $34, %%eax\n\tsyscall" : "=a"(number) : : "rcx", "r11", "memory");
	return block;
}
static APART void lose_plainly(void)
{
	EACH(i)(void) * (volatile char *)filled(5003);
}
static void registers(void)
{
	for (int i = 0; i < 5; i++)
		thread_make(keep_in_register), thread_make(keep_in_vector);
	wait_there(10);
	lose_plainly();
}

/* Other threads' stacks: many frames, and what frames that are gone have left below. */
static APART void *keep_in_frames(int depth)
{
	void *volatile mine = filled(150);

	if (depth)
		keep_in_frames(depth - 1);
	else
		stay();
	return mine;
}
static APART void *lose_in_frames(int depth)
{
	void *volatile mine = filled(160);

	if (depth)
		lose_in_frames(depth - 1);
	return mine;
}
static void *on_stack(void *unused)
{
	(void)unused;
	(void)*(volatile char *)lose_in_frames(N - 1);
	return keep_in_frames(N / 10);
}
static void stacks(void)
{
	for (int i = 0; i < 5; i++)
		thread_make(on_stack);
	wait_there(5);
}

/* Fibers: their stacks are mapped, allocated, or a part of the program's data. One fiber is gone, with what it held. */
static ucontext_t outer, fibers[4];
static char static_stack[STACK];
static ucontext_t *self;
static APART void *keep_on_fiber(void)
{
	void *volatile mine[N];

	EACH(i) mine[i] = filled(170);
	swapcontext(self, &outer);
	return mine[0];
}
static APART void *lose_with_fiber(void)
{
	void *volatile mine[N];

	EACH(i) mine[i] = filled(180);
	swapcontext(self, &outer);
	return mine[0];
}
static void fiber_begin(int index, void *stack, void *(*run)(void))
{
	self = &fibers[index];
	getcontext(self);
	self->uc_stack.ss_sp = stack;
	self->uc_stack.ss_size = STACK;
	makecontext(self, (void (*)(void))run, 0);
	swapcontext(&outer, self);
}
static void fibers_run(void)
{
	void *gone = map(MAP_PRIVATE);

	fiber_begin(0, map(MAP_PRIVATE), keep_on_fiber);
	fiber_begin(1, filled(STACK), keep_on_fiber);
	fiber_begin(2, static_stack, keep_on_fiber);
	fiber_begin(3, gone, lose_with_fiber);
	munmap(gone, STACK);
	memset(&fibers[3], 0, sizeof fibers[3]);
}

/* Memory that is mapped: private, shared, a file's, System V's, not given to children; and one that is unmapped. */
static APART void *keep_in_mapping(void **mapping)
{
	EACH(i) mapping[i] = filled(190);
	return mapping;
}
static APART void lose_with_mapping(void **mapping)
{
	EACH(i) mapping[i] = filled(200);
	munmap(mapping, STACK);
}
static void mapped(void)
{
	const int file = memfd_create("known", 0), segment = shmget(IPC_PRIVATE, STACK, IPC_CREAT | 0600);
	void *apart = map(MAP_PRIVATE), *of_file, *attached = shmat(segment, NULL, 0);

	shmctl(segment, IPC_RMID, NULL);
	if (ftruncate(file, STACK) || madvise(apart, STACK, MADV_DONTFORK))
		abort();
	of_file = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	keep_in_mapping(map(MAP_PRIVATE)), keep_in_mapping(map(MAP_SHARED)), keep_in_mapping(of_file);
	keep_in_mapping(attached), keep_in_mapping(apart);
	lose_with_mapping(map(MAP_PRIVATE));
	mprotect(keep_in_mapping(map(MAP_PRIVATE)), STACK, PROT_NONE);
}

/* Data of a module that is loaded, and of one that was. */
static APART void keep_in_module(void *module)
{
	*(void **)dlsym(module, "held") = table_make();
}
static APART void lose_with_module(void *module)
{
	*(void **)dlsym(module, "held") = table_make();
}
static void modules(const char *plugin, const char *other)
{
	void *loaded = dlopen(plugin, RTLD_NOW), *gone = dlopen(other, RTLD_NOW);

	if (!loaded || !gone)
		abort();
	keep_in_module(loaded), lose_with_module(gone);
	dlclose(gone);
}

/* Blocks that the C library keeps for a program. */
static struct obstack pool;
static void *search_root;
#define obstack_chunk_alloc malloc
#define obstack_chunk_free free
static int entries_compare(const void *left, const void *right)
{
	return (left > right) - (left < right);
}
static void on_end(int status, void *unused)
{
	(void)status, (void)unused;
}
static APART void keep_for_end(void)
{
	EACH(i) on_exit(on_end, filled(210));
}
static APART void keep_in_search(void)
{
	EACH(i) tsearch(filled(220), &search_root, entries_compare);
}
static APART void keep_in_pool(void)
{
	obstack_init(&pool);
	EACH(i)
	{
		void *entry = filled(230);
		obstack_grow(&pool, &entry, sizeof entry);
	}
}
static APART void keep_in_stream(void)
{
	FILE *stream = fopen("/dev/null", "w");

	setvbuf(stream, filled(8192), _IOFBF, 8192);
	fputs("text", stream);
}
static APART void keep_in_environment(void)
{
	EACH(i) if (i < 20)
	{
		char *text = filled(240);
		snprintf(text, 240, "NAME%d=value", i);
		putenv(text);
	}
}
static APART void lose_copies(void)
{
	EACH(i)(void) * (volatile char *)strdup("a text of which nobody keeps the copy");
}
static void library(void)
{
	keep_for_end(), keep_in_search(), keep_in_pool(), keep_in_stream(), keep_in_environment(), lose_copies();
}

/* Marks in the bits of pointers that are always 0 otherwise. */
uintptr_t low_marks[N], high_marks[N];
static APART void keep_marked_low(void)
{
	EACH(i) low_marks[i] = (uintptr_t)filled(250) | (uintptr_t)(i % 8);
}
static APART void keep_marked_high(void)
{
	EACH(i) high_marks[i] = (uintptr_t)filled(260) | (uintptr_t)(i + 1) << 48;
}
static APART void lose_unmarked(void)
{
	EACH(i)(void) * (volatile char *)filled(255);
}
static void marked(void)
{
	keep_marked_low(), keep_marked_high(), lose_unmarked();
}

/* Words that freed memory still has: small tables, which go to the thread's cache, larger ones, and those of an ended thread. */
static APART void lose_behind_small(void)
{
	EACH(i) if (i < 7)
	{
		void **freed = malloc(30 * sizeof *freed);
		for (int k = 0; k < 30; k++)
			freed[k] = filled(270);
		free(freed);
	}
}
static APART void lose_behind_large(void)
{
	void **freed = table_make(), *after = malloc(3000);

	free(freed);
	malloc(3000);
	free(after);
}
static APART void *lose_behind_arena(void *unused)
{
	(void)unused;
	lose_behind_large();
	return NULL;
}
static void freed(void)
{
	pthread_t thread = thread_make(lose_behind_arena);

	lose_behind_small(), lose_behind_large();
	pthread_join(thread, NULL);
	keep_table();
}

/* Memory that comes and goes during the look, sizes that can't be, blocks that look like free chunks, pages that a copy gets empty. */
void *damaged[N], *alike[N];
static APART void keep_beside_damage(void)
{
	EACH(i) damaged[i] = filled(280);
	for (int i = 0; i < N; i += 7)
		((uint64_t *)damaged[i])[-1] ^= UINT64_C(0xdeadbeef0000);
}
static APART void keep_in_lookalike(void)
{
	EACH(i)
	{
		uint64_t *words = alike[i] = filled(290);
		words[1] = 0x41; /* a free chunk of 64 bytes amid the block, as the next header says */
		words[8] = 0x40;
		words[9] = 0x40;
		words[4] = (uint64_t)(uintptr_t)filled(300);
	}
}
static APART void keep_in_wiped(void)
{
	void **mapping = map(MAP_PRIVATE);

	if (madvise(mapping, STACK, MADV_WIPEONFORK))
		abort();
	EACH(i) mapping[i] = filled(310);
}
static APART void lose_amid_noise(void)
{
	EACH(i)(void) * (volatile char *)filled(320);
}
static void *come_and_go(void *unused)
{
	for (;;) {
		char *mapping = map(MAP_PRIVATE), *block = filled(200000);
		memset(mapping, 1, STACK);
		munmap(mapping, STACK);
		free(block);
		usleep(200);
	}
	return unused;
}
static void disturbed(void)
{
	keep_in_lookalike(), keep_in_wiped(), lose_amid_noise(), keep_beside_damage();
	thread_make(come_and_go), thread_make(come_and_go);
}

static APART void scrub(void)
{
	volatile char room[STACK];

	memset((void *)room, 0, sizeof room);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} programs[] = {{"lists", lists},        {"trees", trees},         {"tables", tables}, {"interior", interior},
			{"locals", locals},      {"registers", registers}, {"stacks", stacks}, {"fibers", fibers_run},
			{"mapped", mapped},      {"library", library},     {"marked", marked}, {"freed", freed},
			{"disturbed", disturbed}};
	char byte;

	if (argc < 2 || pipe(fds))
		return 2;
	if (strcmp(argv[1], "modules") == 0 && argc == 4)
		modules(argv[2], argv[3]);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			programs[i].run();
	scrub();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0 || errno == EINTR)
		continue;
	_exit(0);
}
