/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of jemalloc's heap dumps under libFuzzer. */
#include "foreign.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return text_mutate("heap_v2/", data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	foreign_read(FOREIGN_JEMALLOC, data, size);
	return 0;
}
