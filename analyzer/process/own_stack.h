/* SPDX-License-Identifier: Apache-2.0 */
/* A limit on the stack's size is meant for the program that seep runs; seep itself takes a stack that is large
 * enough. */
#ifndef SEEP_PROCESS_OWN_STACK_H
#define SEEP_PROCESS_OWN_STACK_H

/* Calls run(argc, argv) and returns its result. If RLIMIT_STACK is below 8 MiB, the call gets a stack of 8 MiB, and so
 * does every thread that is started later with default attributes. The limit itself stays, since programs that seep
 * starts inherit it. If there is no memory for such a stack, the call is made without. Not reentrant; main() calls it
 * once. */
int own_stack_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif
