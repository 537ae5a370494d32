/* SPDX-License-Identifier: Apache-2.0 */
/* References that the kernel holds for a program: what it has handed to epoll and to timers can be read, what it has handed to
 * io_uring and to asynchronous I/O can't. */
#ifndef SEEP_REFERENCES_KERNEL_H
#define SEEP_REFERENCES_KERNEL_H

#include <stdbool.h>
#include <sys/types.h>

#include "references/marks.h"

/* Marks what can be read. *hidden: there is what can't. */
void kernel_words_take(struct marks *marks, pid_t pid, bool *hidden);

#endif
