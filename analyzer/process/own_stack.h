/* SPDX-License-Identifier: Apache-2.0 */
/* A limit of the stack's size is for the program that seep runs; seep itself gets a stack that suffices. */
#ifndef SEEP_PROCESS_OWN_STACK_H
#define SEEP_PROCESS_OWN_STACK_H

/* Calls run(argc, argv) and returns its result. Where RLIMIT_STACK is below 8 MiB, the call, and every thread that is
 * started later with default attributes, has a stack of 8 MiB; the limit itself stays, since programs that seep starts
 * inherit it. Where there is no memory for that, the call is made all the same. Not reentrant; once, from main(). */
int own_stack_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif
