/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot reader under libFuzzer. Checksums would stop every change at
 * the door, so the mutator sets them right again, but for one input in eight.
 */
#include "mend.h"

#include "profile/profile.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 8)
		mend_snapshot(data, size);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	struct profile *profile = profile_open_snapshot(data, size, "fuzz", &error);
	struct profile_totals totals;

	if (!profile)
		return 0;
	profile_totals(profile, &totals);
	profile_free(profile);
	return 0;
}
