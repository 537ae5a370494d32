/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of gperftools' heap profiles under libFuzzer. */
#include "foreign.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return text_mutate("heap profile:", data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	foreign_read(FOREIGN_GPERFTOOLS, data, size);
	return 0;
}
