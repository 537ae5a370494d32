/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between stack_bench.c and its two chains of functions.
 */
#ifndef SEEP_STACK_BENCH_H
#define SEEP_STACK_BENCH_H

typedef int chain_leaf(void *context);

/* Calls the leaf below 26 frames. */
int chain_plain(chain_leaf *leaf, void *context);
int chain_kept(chain_leaf *leaf, void *context);
int chain_shared(chain_leaf *leaf, void *context); /* in a shared library */

#endif
