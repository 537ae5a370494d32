/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots on request: header->requested counts what was asked for,
 * header->answered what was answered; the keeper answers all that were asked
 * before it began to build. A request is one store and two increments, so a
 * signal handler of the program may make it.
 */
#ifndef SEEP_LOOP_REQUEST_H
#define SEEP_LOOP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

/* Asks for a snapshot; returns the number of the request. Any thread, signal-safe. */
uint32_t request_post(struct seep_heap_header *header, enum seep_trigger trigger);

/* The same without a system call: the keeper finds it at its next look. */
void request_post_silently(struct seep_heap_header *header, enum seep_trigger trigger);

/* Rouses the keeper. Any thread, signal-safe. */
void request_wake(struct seep_heap_header *header);

/* For the keeper: is there a request to answer? Stores its number and its trigger. */
bool request_pending(const struct seep_heap_header *header, uint32_t *request, enum seep_trigger *trigger);

/* For the keeper: answers all requests up to this one. error: errno value, 0: fine. */
void request_answer(struct seep_heap_header *header, uint32_t request, uint64_t number, int error);

#endif
