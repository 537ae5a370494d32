/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The labels that threads have had, by number: each text once, for good. Lock-free: a slot is claimed by a
 * compare-and-swap and published when its text is there. A thread that finds the slot of its own text claimed (by
 * another thread, or by itself where a signal handler interrupts it) takes the next one: two numbers have one text
 * then, which snapshots take as one label.
 */
#ifndef SEEP_RECORD_LABELS_H
#define SEEP_RECORD_LABELS_H

#include <stddef.h>
#include <stdint.h>

#define LABEL_BYTES 120u /* of a text, with its NUL; a longer one is cut */
#define LABELS 254u
#define LABEL_LOST 255u /* a text for which there was no number any more */

/* 0 for NULL and "". Any thread, signal-safe. */
uint8_t label_number(const char *text);
/* NULL for 0. The text stays where it is, and label_number() gives it its number again. */
const char *label_text(uint8_t number);

struct heap;
/* Appends the label's frame to a stack of `depth` frames, which has room for it, unless it is empty. Returns its
 * depth. */
size_t label_append(const struct heap *heap, uint8_t number, uintptr_t *frames, size_t depth);

#endif
