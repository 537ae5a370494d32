/* SPDX-License-Identifier: Apache-2.0 */
#include "top/data/window.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

#define SECOND UINT64_C(1000000000)

static uint64_t window_length_ns(enum window_length length)
{
	static const uint64_t lengths[WINDOW_LENGTHS] = {10 * SECOND, 60 * SECOND, 600 * SECOND};

	return lengths[length];
}

static struct past_tally tally_keep(const struct tally *tally, uint32_t cell)
{
	return (struct past_tally){tally->in_use, tally->allocated_bytes, tally->allocations, cell};
}

static void past_fill(struct past *past, const struct look *look)
{
	past->time_ns = look->time_ns;
	past->sites = memory_resize(past->sites, look->site_count + 1, sizeof *past->sites);
	past->threads = memory_resize(past->threads, look->thread_count + 1, sizeof *past->threads);
	past->site_count = look->site_count;
	past->thread_count = look->thread_count;
	for (uint32_t i = 0; i < look->site_count; i++)
		past->sites[i] = tally_keep(&look->sites[i].tally, look->sites[i].cell);
	for (uint32_t i = 0; i < look->thread_count; i++)
		past->threads[i] = tally_keep(&look->threads[i], 0);
}

void window_remember(struct window *window, const struct look *look)
{
	for (int i = 0; i < WINDOW_LENGTHS; i++) {
		const uint32_t last = (window->next[i] + WINDOW_STEPS) % (WINDOW_STEPS + 1);
		const uint64_t step_ns = window_length_ns((enum window_length)i) / WINDOW_STEPS;
		if (window->ring[i][last].time_ns && look->time_ns - window->ring[i][last].time_ns < step_ns)
			continue;
		past_fill(&window->ring[i][window->next[i]], look);
		window->next[i] = (window->next[i] + 1) % (WINDOW_STEPS + 1);
	}
}

const struct past *window_find(const struct window *window, enum window_length length, uint64_t now_ns)
{
	const uint64_t length_ns = window_length_ns(length);
	const struct past *oldest = NULL, *fit = NULL;

	for (int i = 0; i <= WINDOW_STEPS; i++) {
		const struct past *past = &window->ring[length][i];
		if (!past->time_ns)
			continue;
		if (!oldest || past->time_ns < oldest->time_ns)
			oldest = past;
		if (now_ns - past->time_ns >= length_ns && (!fit || past->time_ns > fit->time_ns))
			fit = past;
	}
	return fit ? fit : oldest;
}

void window_free(struct window *window)
{
	for (int i = 0; i < WINDOW_LENGTHS; i++)
		for (int k = 0; k <= WINDOW_STEPS; k++) {
			free(window->ring[i][k].sites);
			free(window->ring[i][k].threads);
		}
	*window = (struct window){0};
}

/* What a set had and a part of it no longer has; a difference that is only rounding counts as nothing. */
static struct seep_sum sum_less(const struct seep_sum *whole, double uncertain, double variance, double certain)
{
	const double left = whole->uncertain - uncertain, sure = whole->certain - certain;
	const bool has_left = left > 1e-9 * whole->uncertain;

	return (struct seep_sum){.uncertain = has_left ? left : 0,
				 .variance = has_left ? fmax(whole->variance - variance, 0) : 0,
				 .largest = has_left ? fmin(whole->largest, left) : 0,
				 .certain = sure > 1e-9 * whole->certain ? sure : 0};
}

static void change_add(struct change *change, const struct tally *now, const struct past_tally *then)
{
	static const struct past_tally nothing;
	const struct seep_sum *all = &now->in_use, *young = &now->young;

	if (!then)
		then = &nothing;
	const struct seep_sum gone = sum_less(&then->in_use, all->uncertain - young->uncertain,
					      all->variance - young->variance, all->certain - young->certain);
	sum_include(&change->fresh, young);
	sum_include(&change->gone, &gone);
	change->allocated_bytes += fmax(now->allocated_bytes - then->allocated_bytes, 0);
	change->allocations += fmax(now->allocations - then->allocations, 0);
}

void change_include(struct change *change, const struct change *more)
{
	sum_include(&change->fresh, &more->fresh);
	sum_include(&change->gone, &more->gone);
	change->allocated_bytes += more->allocated_bytes;
	change->allocations += more->allocations;
}

void change_add_site(struct change *change, const struct look *look, uint32_t site, const struct past *past)
{
	const bool was_there = past && site < past->site_count &&
			       (past->sites[site].cell == look->sites[site].cell || past->sites[site].cell == 0);

	if (past)
		change_add(change, &look->sites[site].tally, was_there ? &past->sites[site] : NULL);
}

void change_add_thread(struct change *change, const struct look *look, uint32_t thread, const struct past *past)
{
	if (past)
		change_add(change, &look->threads[thread], thread < past->thread_count ? &past->threads[thread] : NULL);
}
