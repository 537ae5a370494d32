/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the sites for which a page has room. A browser can't quickly open a page with a history of each of 100,000
 * sites, so the page has one for each of those with most memory, and one for all others together. Totals, growth and
 * their intervals stay the same, because the others' samples are summed by birth and death.
 */
#ifndef SEEP_PAGE_SELECTION_H
#define SEEP_PAGE_SELECTION_H

#include "page/page.h"
#include "statistics/measure.h"

/* Samples of a site that are alive in moment k if born <= k < dead, as sums. */
struct page_rest {
	uint32_t born, dead;
	uint32_t site;
	struct seep_measure sum;
};

struct page_selection {
	uint32_t *number;        /* by the history's site: its number on the page; those left out share the last one */
	uint32_t count;          /* number of sites on the page, with the shared one */
	uint32_t left_out;       /* number of sites that share it; 0: there is no shared one */
	struct page_cell *cells; /* of the other sites, with their numbers on the page */
	size_t cell_count;
	struct page_counter *counters; /* of all sites on the page, in the same order */
	size_t counter_count;
	struct page_rest *rest; /* of the shared site, sorted by birth, then death */
	size_t rest_count;
};

enum {
	PAGE_ROWS_MOST = 200, /* rows of the answer that a page lists; the others are counted */
	/* Cells and counters of single sites for which a page has room: a browser then opens it in a second or two. */
	PAGE_ENTRIES_MOST = 400000,
};

/* By site of the history: the row + 1 of its place in the answer; 0: that place is not listed. The caller frees the
 * array. */
uint32_t *page_rows_of_sites(const struct page *page);

/* Gives room first to the sites of the rows, in the rows' order, then to those with most memory, up to `most` cells and
 * counters. */
void page_select(struct page_selection *selection, const struct page *page, const uint32_t *rows, size_t entries_most);
void page_selection_free(struct page_selection *selection);

static inline bool page_site_is_left_out(const struct page_selection *selection, uint32_t site)
{
	return selection->left_out && selection->number[site] == selection->count - 1;
}

#endif
