/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps between sample points: see sampler.h. */
#include "shim/sample/sampler.h"

#include "keeper/base/floating.h"
#include "keeper/base/numeric.h"

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t sampler_seed(uint64_t entropy)
{
	return mix(entropy + UINT64_C(0x9e3779b97f4a7c15)) | 1; /* 0 means "no generator yet" */
}

static __attribute__((noinline)) uint64_t draw(uint64_t *state, uint64_t rate)
{
	*state += UINT64_C(0x9e3779b97f4a7c16); /* even, so that an odd state stays odd */
	/* 53 bits, in (0, 1] */
	double uniform = (double)((mix(*state) >> 11) + 1) * 0x1p-53;
	return (uint64_t)(-numeric_log(uniform) * (double)rate);
}

uint64_t sampler_draw_gap(uint64_t *state, uint64_t rate)
{
	if (rate <= 1)
		return 0;
	uint32_t before = floating_enter();
	uint64_t gap = draw(state, rate);
	floating_leave(before);
	return gap;
}
