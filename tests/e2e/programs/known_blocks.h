/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of known_blocks.c share. Each of them is a function below. */
#ifndef KNOWN_BLOCKS_H
#define KNOWN_BLOCKS_H

#include <pthread.h>
#include <stddef.h>

enum { N = 200, STACK = 65536 };
#define APART __attribute__((noinline))
#define EACH(i) for (int i = 0; i < N; i++)

/* Threads tell the first one that they are where they will stay. */
void say_there(void);
void wait_there(int count);
void stay(void);
pthread_t thread_make(void *(*run)(void *));

void *filled(size_t bytes);
void *map(int flags);
void **table_make(void);
void keep_table(void);

/* known_structures.c: how blocks refer to each other */
void lists(void), trees(void), tables(void), interior(void), marked(void);
/* known_places.c: where the references to blocks are */
void locals(void), registers(void), stacks(void), fibers(void), mapped(void), library(void);
void modules(const char *plugin, const char *other);

#endif
