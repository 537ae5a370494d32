/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of threads: see labels.h. */
#include "shim/record/labels.h"

#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/modules.h"

/* A slot's state: 0, CLAIMED, or the hash of its text. */
enum { FREE, CLAIMED, HASHES };

static struct label {
	seep_atomic64 state;
	char text[LABEL_BYTES];
} labels[LABELS + 1]; /* the last one is LABEL_LOST's: its text is "" */

/* As much of a text as a slot takes: whole characters of UTF-8. */
static size_t length_of(const char *text)
{
	size_t length = 0;
	while (length < LABEL_BYTES && text[length])
		length++;
	if (length < LABEL_BYTES)
		return length;
	length--;
	for (int back = 0; back < 3 && ((unsigned char)text[length] & 0xc0) == 0x80; back++)
		length--;
	return length;
}

static uint64_t hash_of(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	return hash < HASHES ? HASHES : hash;
}

/* True: the slot is this text's, perhaps since now. */
static bool slot_take(struct label *label, uint64_t hash, const char *text, size_t length)
{
	uint64_t state = load_acquire(&label->state);
	if (state == FREE && atomic_compare_exchange_strong_explicit(&label->state, &state, CLAIMED,
								     memory_order_acquire, memory_order_acquire)) {
		memcpy(label->text, text, length);
		store_release(&label->state, hash);
		return true;
	}
	return state == hash && memcmp(label->text, text, length) == 0 && !label->text[length];
}

uint8_t label_number(const char *text)
{
	const uintptr_t place = (uintptr_t)text - (uintptr_t)labels[0].text;
	if (place < sizeof labels && place % sizeof *labels == 0)
		return (uint8_t)(place / sizeof *labels + 1); /* a text that label_text() has given */
	if (!text || !*text)
		return 0;
	const size_t length = length_of(text);
	const uint64_t hash = hash_of(text, length);
	for (uint32_t i = 0; i < LABELS; i++) {
		const uint32_t slot = (uint32_t)((hash + i) % LABELS);
		if (slot_take(&labels[slot], hash, text, length))
			return (uint8_t)(slot + 1);
	}
	return LABEL_LOST;
}

const char *label_text(uint8_t number)
{
	return number ? labels[number - 1].text : NULL;
}

size_t label_append(const struct heap *heap, uint8_t number, uintptr_t *frames, size_t depth)
{
	if (number == LABEL_LOST)
		heap_count_loss(heap, SEEP_LOSS_LABELS_FULL);
	else if (number && depth)
		frames[depth++] = (uintptr_t)labels[number - 1].text | FRAME_LABEL;
	return depth;
}
