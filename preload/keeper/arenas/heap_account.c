/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's heap, taken apart: see heap_account.h. */
#include "keeper/arenas/heap_account.h"

#include <emmintrin.h>

#include "keeper/arenas/chunk.h"
#include "keeper/arenas/walk.h"
#include "keeper/base/clock.h"
#include "keeper/ledger/places.h"
#include "keeper/base/syscall.h"

#define POINTS 32768
#define PIECES 2048                 /* or a few more */
#define PIECE_BYTES UINT64_C(65536) /* or more */
#define PAGE UINT64_C(4096)
#define OVERTIME 3 /* a piece that was begun in time may take so many times the whole time */
#define WALKS 3    /* of a piece that changes while it is walked */
#define NORMAL_95 1.96
#define GOLDEN 0.6180339887498949 /* its multiples, without their whole parts, are spread evenly */
#define LOOK_NS UINT64_C(1000000000)

/* From a point to the next. */
struct piece {
	uint64_t start; /* of all pieces, one behind the other */
	bool is_walked, is_stale;
	struct walk_sums sums; /* zero where it could not be walked, or another piece has it */
};

/* Means over the pieces that were drawn, with a chance in proportion to their lengths: bytes of each kind for a byte of
 * a piece. */
struct means {
	double draws, in_use, in_use_squared, cached, free_pages, pinned, metadata;
};

/* All that taking it apart needs, in a mapping of its own. */
struct work {
	struct arenas arenas;
	/* Places to begin: ranges' first chunks, with value 0, and those of live blocks, with the size that was asked for. In
	 * order of addresses. */
	struct place points[POINTS];
	uint64_t chunks[POINTS]; /* theirs, for walk() */
	struct piece pieces[POINTS];
	uint64_t length; /* of all pieces */
	uint32_t count, walked;
	unsigned char window[PEEK_BYTES], scratch[PAGES_SCRATCH_BYTES];
	struct peek peek;
	struct pages pages;
	uint64_t end_ns; /* no piece is begun afterwards */
	struct walk_sums sums;
	struct means means;
};

static void point_add(struct work *work, uint64_t chunk, uint64_t asked)
{
	if (work->count < POINTS)
		work->points[work->count++] = (struct place){chunk, asked};
}

static void points_find(struct work *work, const struct seep_live *live, uint64_t count)
{
	const uint64_t step = count / (POINTS - ARENA_RANGES) + 1;
	for (uint32_t i = 0; i < work->arenas.range_count; i++)
		point_add(work, work->arenas.ranges[i].start, 0);
	for (uint64_t i = 0; i < count; i += step)
		if (live[i].address % CHUNK_ALIGNMENT == 0 && live[i].size &&
		    arenas_range_of(&work->arenas, live[i].address - CHUNK_HEADER))
			point_add(work, live[i].address - CHUNK_HEADER, live[i].size);
	places_sort(work->points, work->count);
}

/* Where the chunks of a range end. */
static uint64_t range_end(const struct arenas *arenas, const struct arena_range *range)
{
	const uint64_t top = arenas->items[range->arena].top;
	return top >= range->start && top < range->end ? top : range->end;
}

static uint64_t ranges_length(const struct arenas *arenas)
{
	uint64_t length = 0;
	for (uint32_t i = 0; i < arenas->range_count; i++)
		length += range_end(arenas, &arenas->ranges[i]) - arenas->ranges[i].start;
	return length;
}

/* Of points that are close to each other the first is enough. */
static void pieces_cut(struct work *work)
{
	const uint64_t share = ranges_length(&work->arenas) / PIECES, least = share > PIECE_BYTES ? share : PIECE_BYTES;
	const struct arena_range *range = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < work->count; i++) {
		const struct place point = work->points[i];
		const struct arena_range *own = arenas_range_of(&work->arenas, point.address);
		if (!own || point.address >= range_end(&work->arenas, own) ||
		    (own == range && point.address - work->points[count - 1].address < least))
			continue;
		if (range)
			work->length += (own == range ? point.address : range_end(&work->arenas, range)) -
					work->points[count - 1].address;
		range = own;
		work->pieces[count].start = work->length;
		work->chunks[count] = point.address;
		work->points[count++] = point;
	}
	if (range)
		work->length += range_end(&work->arenas, range) - work->points[count - 1].address;
	work->count = count;
}

/* A block that has been freed since leaves a header that leads astray; the walk from the point before goes over it. */
static bool point_holds(struct work *work, const struct place *point)
{
	uint64_t words[CHUNK_WORDS];
	return !point->value || (peek_read(&work->peek, point->address, words, sizeof words) &&
				 chunk_fits(words, point->value) && !chunk_is_mapped(words));
}

static void sums_add(struct walk_sums *to, const struct walk_sums *from)
{
	to->in_use += from->in_use;
	to->cached += from->cached;
	to->free_pages += from->free_pages;
	to->pinned += from->pinned;
	to->metadata += from->metadata;
}

static void sums_take_off(struct walk_sums *from, const struct walk_sums *sums)
{
	from->in_use -= sums->in_use;
	from->cached -= sums->cached;
	from->free_pages -= sums->free_pages;
	from->pinned -= sums->pinned;
	from->metadata -= sums->metadata;
}

/* A point that a walk went over is no chunk any more: its block was freed, and its header stands in memory that is free
 * now, or another block's. The walk that went over it has counted what was walked from there. */
static void pieces_pass(struct work *work, uint32_t index, uint64_t end)
{
	for (uint32_t i = index; i < work->count && work->points[i].address < end; i++) {
		struct piece *piece = &work->pieces[i];
		if (piece->is_walked)
			sums_take_off(&work->sums, &piece->sums);
		work->walked += !piece->is_walked;
		*piece = (struct piece){.start = piece->start, .is_walked = true, .is_stale = true};
	}
}

static void piece_walk(struct work *work, uint32_t index)
{
	const struct place *point = &work->points[index];
	const uint32_t next = index + 1;
	struct piece *piece = &work->pieces[index];
	struct walk_sums sums;
	if (piece->is_walked)
		return;
	for (int i = 0; i < WALKS; i++, peek_forget(&work->peek)) {
		piece->is_stale = !point_holds(work, point);
		if (piece->is_stale)
			break;
		if (walk(&work->arenas, &work->peek, arenas_range_of(&work->arenas, point->address), point->address,
			 work->chunks + next, work->count - next, &sums)) {
			piece->sums = sums;
			pieces_pass(work, next, point->address + sums.length);
			break;
		}
	}
	piece->is_walked = !work->peek.is_over;
	work->walked += piece->is_walked;
	if (piece->is_walked)
		sums_add(&work->sums, &piece->sums);
}

static bool has_time(const struct work *work)
{
	return !work->peek.is_over && (!work->walked || clock_read_ns(CLOCK_THREAD_CPUTIME_ID) < work->end_ns);
}

/* The piece in which a place lies, or which goes over it. */
static uint32_t piece_find(struct work *work, uint64_t place)
{
	uint32_t low = 0, high = work->count - 1; /* the last piece that starts at the place or before it */
	while (low < high) {
		const uint32_t middle = low + (high - low + 1) / 2;
		if (work->pieces[middle].start <= place)
			low = middle;
		else
			high = middle - 1;
	}
	for (piece_walk(work, low); low && work->pieces[low].is_stale; piece_walk(work, low))
		low--;
	return low;
}

static void draw_add(struct means *means, const struct walk_sums *sums)
{
	const double length = sums->length ? (double)sums->length : 1, in_use = (double)sums->in_use / length;
	means->draws++;
	means->in_use += in_use;
	means->in_use_squared += in_use * in_use;
	means->cached += (double)sums->cached / length;
	means->free_pages += (double)sums->free_pages / length;
	means->pinned += (double)sums->pinned / length;
	means->metadata += (double)sums->metadata / length;
}

/* First the pieces at places that are spread evenly, then those that are left. */
static void pieces_walk(struct work *work)
{
	double place = GOLDEN;
	for (uint32_t i = 0; i < work->count && has_time(work);
	     i++, place += place + GOLDEN < 1 ? GOLDEN : GOLDEN - 1) {
		const uint32_t index = piece_find(work, (uint64_t)(place * (double)work->length));
		if (work->pieces[index].is_walked)
			draw_add(&work->means, &work->pieces[index].sums);
	}
	for (uint32_t i = 0; i < work->count && has_time(work); i++)
		piece_walk(work, i);
}

/* Blocks with mappings of their own that lie in the same as arenas: chunks that say so, one behind the other. */
static uint64_t mapped_walk(struct work *work, uint64_t start, uint64_t end)
{
	uint64_t in_use = 0;
	while (start < end && !work->peek.is_over) {
		const struct arena_range *range = arenas_range_of(&work->arenas, start + 2 * PAGE);
		uint64_t words[CHUNK_WORDS], bytes = PAGE;
		if (range && start >= range->start - range->overhead) {
			start = range->end;
			continue;
		}
		if (peek_read(&work->peek, start, words, sizeof words) && chunk_is_mapped(words) &&
		    words[CHUNK_WORD_BEFORE] == 0 && chunk_size(words) % PAGE == 0 && chunk_size(words) &&
		    chunk_size(words) <= end - start) {
			bytes = chunk_size(words);
			in_use += peek_resident(&work->peek, start, start + bytes);
		}
		start += bytes;
	}
	return in_use;
}

static uint64_t mapped_count(struct work *work, const struct ledger *ledger)
{
	uint64_t in_use = 0;
	for (uint32_t i = 0; i < ledger->count; i++)
		if (ledger->mappings[i].class == SEEP_LEDGER_HEAP)
			in_use += mapped_walk(work, ledger->mappings[i].start, ledger->mappings[i].end);
	return in_use;
}

/* Without libm, which is not there in the program. */
static double square_root(double x)
{
	const __m128d value = _mm_set_sd(x);
	return _mm_cvtsd_f64(_mm_sqrt_sd(value, value));
}

/* The quantile of Student's t at 97.5 %, within 3 % from 2 degrees of freedom on, and closer from 3. */
static double student_95(double freedom)
{
	return freedom < 2 ? 12.71 : NORMAL_95 + (2.372 + (2.823 + 2.556 / freedom) / freedom) / freedom;
}

/* Half the 95 % interval of the mean, for the whole length. */
static uint64_t spread_of(const struct means *means, double length)
{
	const double n = means->draws, squares = means->in_use_squared - means->in_use * means->in_use / n;
	if (n < 2)
		return (uint64_t)length;
	return (uint64_t)(student_95(n - 1) * length * square_root((squares > 0 ? squares : 0) / (n - 1) / n));
}

/* The tops: each arena says where its own is. */
static void tops_count(const struct work *work, struct heap_account *account)
{
	for (uint32_t i = 0; i < work->arenas.range_count; i++) {
		const struct arena_range *range = &work->arenas.ranges[i];
		const uint64_t top = work->arenas.items[range->arena].top;
		if (top < range->start || top >= range->end)
			continue;
		const uint64_t resident = peek_resident(&work->peek, top, range->end);
		account->free_pages += resident;
		account->top += range->arena ? resident : 0;
	}
}

static uint64_t metadata_of(const struct work *work)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < work->arenas.range_count; i++)
		bytes += work->arenas.ranges[i].overhead;
	return bytes;
}

/* The sums over all pieces, or an estimate by those that were drawn. */
static struct walk_sums sums_of(const struct work *work)
{
	const struct means *means = &work->means;
	const double factor = (double)work->length / means->draws;
	if (work->walked == work->count)
		return work->sums;
	return (struct walk_sums){.in_use = (uint64_t)(means->in_use * factor),
				  .cached = (uint64_t)(means->cached * factor),
				  .free_pages = (uint64_t)(means->free_pages * factor),
				  .pinned = (uint64_t)(means->pinned * factor),
				  .metadata = (uint64_t)(means->metadata * factor)};
}

static void estimate(struct heap_account *account, const struct work *work, uint64_t mapped)
{
	if (work->walked < work->count && !work->means.draws) {
		account->state = SEEP_ACCOUNT_CHANGING;
		return;
	}
	const struct walk_sums sums = sums_of(work);
	account->state = SEEP_ACCOUNT_KNOWN;
	account->in_use = sums.in_use + mapped;
	account->cached = sums.cached;
	account->free_pages += sums.free_pages;
	account->pinned = sums.pinned;
	account->metadata = sums.metadata + metadata_of(work);
	account->spread = work->walked < work->count ? spread_of(&work->means, (double)work->length) : 0;
}

static void take(struct heap_account *account, struct work *work, const struct ledger *ledger, const char *libc,
		 const struct seep_live *live, uint64_t live_count)
{
	if (!arenas_find(&work->arenas, &work->peek, ledger, libc)) {
		account->state = work->peek.error ? SEEP_ACCOUNT_REFUSED : SEEP_ACCOUNT_STRANGE;
		return;
	}
	const uint64_t mapped = mapped_count(work, ledger);
	tops_count(work, account);
	points_find(work, live, live_count);
	pieces_cut(work);
	pieces_walk(work);
	estimate(account, work, mapped);
}

void heap_account_take(struct heap_account *account, uint64_t pid, const struct ledger *ledger, const char *libc,
		       const struct seep_live *live, uint64_t live_count, uint64_t budget_ns)
{
	const uint64_t begun_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	struct work *work = scratch_map(sizeof *work);
	*account = (struct heap_account){0};
	if (!work)
		return;
	work->end_ns = begun_ns + budget_ns;
	if (pages_open(&work->pages, pid, work->scratch, begun_ns + OVERTIME * budget_ns + LOOK_NS)) {
		peek_begin(&work->peek, pid, &work->pages, work->window, begun_ns + OVERTIME * budget_ns);
		take(account, work, ledger, libc, live, live_count);
		pages_close(&work->pages);
	}
	scratch_unmap(work, sizeof *work);
}
