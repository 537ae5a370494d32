/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of heaptrack's files under libFuzzer: at the end and at the peak, packed or not. */
#include "foreign.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return text_mutate(seed % 16 == 1 ? "\x28\xb5\x2f\xfd" : "v 10400 3\n", data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	foreign_read(FOREIGN_HEAPTRACK, data, size);
	foreign_read_moment(FOREIGN_HEAPTRACK, &(struct foreign_moment){.kind = FOREIGN_AT_PEAK}, data, size);
	foreign_read(FOREIGN_PACKED, data, size);
	return 0;
}
