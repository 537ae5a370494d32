/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work with files in the midst of the program: on a stack of its own, since the first sample may come in a handler, a
 * thread or a fiber with hardly more stack than malloc needs; and, if the program has other threads, in a thread of ours
 * with a descriptor table of its own. In the program's table those threads would meet our files: an open() would not
 * get the number that its caller counts on, a child that they fork would keep our file, and who closes all descriptors
 * would close ours, or have another file in its place. A program's only thread is in our call, and sees nothing.
 */
#ifndef SEEP_RECORDING_APART_H
#define SEEP_RECORDING_APART_H

#include <stddef.h>

/* The function's answer. It must touch no thread-local variable. All signals but those of faults must be blocked. */
long run_apart(long (*function)(void));

/* Bytes of zeroed static TLS for a thread of ours: it reaches down to the last of our variables. */
size_t apart_tls_bytes(void);

#endif
