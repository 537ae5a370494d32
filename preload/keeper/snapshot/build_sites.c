/* SPDX-License-Identifier: Apache-2.0 */
/* Sites, stacks and lifetimes of a snapshot: see build_private.h. */
#include "keeper/snapshot/build_private.h"

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/sites.h"
#include "keeper/snapshot/recycle.h"

#define BINS 64
#define SHORT_LIFETIME_NS 1000000u
/* A chain has a cell a bin, and a second one where two threads appended at once. */
#define CHAIN_CELLS 256

/* Room below the limits for everything that is added to one sum: the cells of a bin, and events that nobody has folded
 * yet. */
#define ADDED_MOST 1024

/* A sum that no samples can have is damage: readers refuse it, and it would poison every total. */
static double double_take(const seep_atomic_double *object, double limit)
{
	double value = double_load(object);
	return value >= SEEP_SUM_LEAST && value < limit / ADDED_MOST ? value : 0;
}

/* Squares of samples whose sum is known add up to at most its square. */
static double squares_take(const seep_atomic_double *object, double sum)
{
	double squares = double_take(object, SEEP_SQUARE_LIMIT);
	double most = sum * sum;
	return squares <= most ? squares : most >= SEEP_SUM_LEAST ? most : 0;
}

static struct seep_sum sum_take(const struct seep_heap_sum *sum)
{
	double uncertain = double_take(&sum->uncertain, SEEP_SUM_LIMIT);
	double largest = double_take(&sum->largest, SEEP_SUM_LIMIT);
	return (struct seep_sum){.uncertain = uncertain,
				 .variance = squares_take(&sum->variance, uncertain + largest),
				 .largest = largest,
				 .certain = double_take(&sum->certain, SEEP_SUM_LIMIT)};
}

static struct seep_measure measure_take(const struct seep_heap_measure *measure)
{
	return (struct seep_measure){.samples = load_relaxed(&measure->samples),
				     .bytes = sum_take(&measure->bytes),
				     .objects = sum_take(&measure->objects)};
}

static struct weight event_weight(const struct build *build, const struct event *event)
{
	return weight_of(event->size, heap_rate(build->heap, event->rate_index));
}

/* The same as site_fold(), into the snapshot's copy. */
static void event_add(const struct build *build, struct seep_site *site, const struct event *event)
{
	struct weight weight = event_weight(build, event);
	if (event->kind == SEEP_EVENT_ALLOCATED) {
		weight_add_to_measure(&site->allocated, &weight);
		return;
	}
	weight_add_to_measure(&site->freed, &weight);
	if (event->kind == SEEP_EVENT_FREED_REMOTELY)
		weight_add_to_measure(&site->freed_remotely, &weight);
	if (event->time_ns < SHORT_LIFETIME_NS)
		weight_add_to_measure(&site->freed_shortly, &weight);
	if (event->grown)
		weight_add_to_measure(&site->freed_grown, &weight);
}

/* A site number beyond the table means site 0, as it does in the folding. */
static struct build_site *site_of(struct build *build, uint32_t site)
{
	return &build->sites[site < build->site_count ? site : 0];
}

/* Brings live entries and unread events to their sites. */
static void sites_gather(struct build *build)
{
	const struct seep_live *live = writer_section(&build->image, SEEP_SECTION_LIVE);
	uint64_t count = writer_entries(&build->image, SEEP_SECTION_LIVE);
	for (uint64_t i = 0; i < count; i++) {
		struct weight weight = weight_of(live[i].size, live[i].rate);
		weight_add_to_measure(&site_of(build, live[i].site)->in_use, &weight);
	}
	for (uint32_t i = build->pending_count; i-- > 0;) {
		struct build_site *site = site_of(build, build->pending[i].event.site);
		build->pending[i].next = site->pending;
		site->pending = i + 1;
	}
}

/* Has the site any counters? Those of a site that was given up are elsewhere. */
static bool site_counts(const struct build *build, uint32_t site)
{
	const struct seep_heap_site *from = &build->heap->sites[site];
	return (load_relaxed(&from->allocated.samples) || load_relaxed(&from->freed.samples)) &&
	       !recycle_has_given_up(build->heap, site, build->recycled);
}

/* Sites that were ever counted get a number and a stack. */
static bool sites_number(struct build *build)
{
	uint32_t number = 1;
	if (!tree_begin(&build->tree, build->heap, &build->image))
		return false;
	for (uint32_t i = 1; i < build->site_count; i++) {
		struct build_site *site = &build->sites[i];
		site->counts = site_counts(build, i);
		if (!site->pending && !site->in_use.samples && !site->counts)
			continue;
		site->number = number++;
		site->node = tree_add_site(&build->tree, i, &site->flags);
	}
	build_mappings_number(build);
	build->sites[0].counts = true;
	build->number_given_up = number;
	tree_end(&build->tree);
	return !build->image.failed;
}

static void counters_take(struct seep_site *site, const struct seep_heap_site *counters)
{
	site->allocated = measure_take(&counters->allocated);
	site->freed = measure_take(&counters->freed);
	site->freed_remotely = measure_take(&counters->freed_remotely);
	site->freed_shortly = measure_take(&counters->freed_shortly);
	site->freed_grown = measure_take(&counters->freed_grown);
}

static void sites_write(struct build *build)
{
	struct seep_site *site;
	writer_section_begin(&build->image, SEEP_SECTION_SITES, sizeof(struct seep_site));
	for (uint64_t i = 0; i < build->site_count; i++) {
		const struct build_site *from = &build->sites[i];
		if (i > 0 && from->number == 0)
			continue;
		site = writer_add(&build->image, sizeof *site);
		if (!site)
			break;
		*site = (struct seep_site){.node = from->node, .flags = from->flags, .in_use = from->in_use};
		if (from->counts)
			counters_take(site, &build->heap->sites[i]);
		for (uint32_t p = from->pending; p; p = build->pending[p - 1].next)
			event_add(build, site, &build->pending[p - 1].event);
	}
	site = build_given_up(build)->sites ? writer_add(&build->image, sizeof *site) : NULL;
	if (site) {
		site->flags = SEEP_SITE_RETIRED;
		counters_take(site, &build_given_up(build)->sums);
	}
	writer_section_end(&build->image, SEEP_SECTION_SITES);
}

/* Lifetimes of one site; all 0 but for those in use. */
struct bins {
	uint64_t used; /* a bit a bin */
	struct seep_lifetime of[BINS];
};

static void bin_add(struct bins *bins, uint32_t number, double objects, double bytes, double objects_squared,
		    double bytes_squared, uint64_t samples)
{
	struct seep_lifetime *bin = &bins->of[number];
	bins->used |= UINT64_C(1) << number;
	bin->samples += samples;
	bin->objects += objects;
	bin->bytes += bytes;
	bin->objects_squared += objects_squared;
	bin->bytes_squared += bytes_squared;
}

static void cell_add(const struct seep_heap_lifetime *from, uint32_t bin, struct bins *bins)
{
	double objects = double_take(&from->objects, SEEP_SUM_LIMIT);
	double bytes = double_take(&from->bytes, SEEP_SUM_LIMIT);
	if (bin < BINS)
		bin_add(bins, bin, objects, bytes, squares_take(&from->objects_squared, objects),
			squares_take(&from->bytes_squared, bytes), load_relaxed(&from->samples));
}

/* A site's chain. A cell belongs to one chain: `seen` (a bit a cell) keeps a damaged file from having more. */
static void chain_add(struct build *build, uint64_t site, uint8_t *seen, struct bins *bins)
{
	uint32_t count = load_relaxed(&build->heap->header->lifetime_count);
	if (count > build->heap->capacity[SEEP_AREA_LIFETIMES])
		count = build->heap->capacity[SEEP_AREA_LIFETIMES];
	uint32_t cell = load_acquire(&build->heap->sites[site].lifetimes);
	for (int steps = 0; cell && cell < count && steps < CHAIN_CELLS; steps++) {
		const struct seep_heap_lifetime *from = &build->heap->lifetimes[cell];
		if (seen[cell / 8] >> cell % 8 & 1)
			break;
		seen[cell / 8] |= (uint8_t)(1u << cell % 8);
		cell_add(from, load_relaxed(&from->bin), bins);
		cell = load_relaxed(&from->next);
	}
}

static void pending_lifetimes_add(struct build *build, uint32_t first, struct bins *bins)
{
	for (uint32_t p = first; p; p = build->pending[p - 1].next) {
		const struct event *event = &build->pending[p - 1].event;
		if (event->kind == SEEP_EVENT_ALLOCATED)
			continue;
		struct weight weight = event_weight(build, event);
		bin_add(bins, lifetime_bin(event->time_ns), weight.objects, weight.bytes,
			weight.objects * weight.objects, weight.bytes * weight.bytes, 1);
	}
}

/* Writes a site's lifetimes, and empties the bins. */
static void bins_write(struct build *build, uint32_t site, struct bins *bins)
{
	for (; bins->used; bins->used &= bins->used - 1) {
		uint32_t bin = (uint32_t)__builtin_ctzll(bins->used);
		struct seep_lifetime *from = &bins->of[bin];
		struct seep_lifetime *out = from->samples ? writer_add(&build->image, sizeof *out) : NULL;
		if (out) {
			*out = *from;
			out->site = site;
			out->bin = bin;
		}
		*from = (struct seep_lifetime){0};
	}
}

static void given_up_lifetimes_write(struct build *build, struct bins *bins)
{
	const struct seep_heap_given_up *given_up = build_given_up(build);
	for (uint32_t bin = 0; bin < BINS; bin++)
		cell_add(&given_up->lifetimes[bin], bin, bins);
	if (given_up->sites)
		bins_write(build, build->number_given_up, bins);
}

/* Ascending by site, then bin. */
static bool lifetimes_write(struct build *build)
{
	size_t seen_bytes = build->heap->capacity[SEEP_AREA_LIFETIMES] / 8 + 1;
	struct bins bins = {0};
	uint8_t *seen = scratch_map(seen_bytes);
	if (!seen)
		return false;
	writer_section_begin(&build->image, SEEP_SECTION_LIFETIMES, sizeof(struct seep_lifetime));
	for (uint64_t i = 0; i < build->site_count && !build->image.failed; i++) {
		const struct build_site *site = &build->sites[i];
		if (i > 0 && site->number == 0)
			continue;
		if (site->counts)
			chain_add(build, i, seen, &bins);
		pending_lifetimes_add(build, site->pending, &bins);
		bins_write(build, site->number, &bins);
	}
	given_up_lifetimes_write(build, &bins);
	writer_section_end(&build->image, SEEP_SECTION_LIFETIMES);
	scratch_unmap(seen, seen_bytes);
	return true;
}

static void live_renumber(struct build *build)
{
	struct seep_live *live = writer_section(&build->image, SEEP_SECTION_LIVE);
	uint64_t count = writer_entries(&build->image, SEEP_SECTION_LIVE);
	for (uint64_t i = 0; i < count; i++)
		live[i].site = site_of(build, live[i].site)->number;
}

bool build_sites(struct build *build)
{
	/* after live table and ring: every site they name is in the table by now */
	build->site_count = load_acquire(&build->heap->header->site_count);
	if (build->site_count > build->heap->capacity[SEEP_AREA_SITES])
		build->site_count = build->heap->capacity[SEEP_AREA_SITES];
	if (build->site_count == 0)
		build->site_count = 1;
	build->sites = scratch_map(build->site_count * sizeof *build->sites);
	if (build->image.failed || !build->sites)
		return false;
	sites_gather(build);
	if (!sites_number(build))
		return false;
	sites_write(build);
	if (!lifetimes_write(build) || build->image.failed)
		return false;
	live_renumber(build);
	return true;
}
