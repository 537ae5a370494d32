/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sites a page has room for. A page that browsers open at once can't have a history of each of 100,000 sites:
 * it has one of those with most memory, and of all the others together. Totals, growth and their intervals stay what
 * they are, since the others' samples are summed by birth and death.
 */
#ifndef SEEP_PAGE_SELECTION_H
#define SEEP_PAGE_SELECTION_H

#include "page/page.h"
#include "statistics/measure.h"

/* Samples of a site that are alive in moment k where born <= k < dead, as sums. */
struct page_rest {
	uint32_t born, dead;
	uint32_t site;
	struct seep_measure sum;
};

struct page_selection {
	uint32_t *number;        /* by site of the history: its number on the page; those left out share the last */
	uint32_t count;          /* of sites on the page, with the shared one */
	uint32_t left_out;       /* sites that share it; 0: there is no such */
	struct page_cell *cells; /* of the others, by their numbers on the page */
	size_t cell_count;
	struct page_counter *counters; /* of all of the page's sites; ordered as they were */
	size_t counter_count;
	struct page_rest *rest; /* of the shared site, ordered by birth, then death */
	size_t rest_count;
};

enum {
	PAGE_ROWS_MOST = 200, /* rows of the answer that a page lists; the others are counted */
	/* Cells and counters of single sites that a page has room for: a browser opens it in a second or two then. */
	PAGE_ENTRIES_MOST = 400000,
};

/* The row of each site's place among the answer's + 1, by site of the history; 0: none that is listed. The caller frees
 * it. */
uint32_t *page_rows_of_sites(const struct page *page);

/* Sites of the rows have room first, in the rows' order, then those with most memory: so many cells and counters. */
void page_select(struct page_selection *selection, const struct page *page, const uint32_t *rows, size_t entries_most);
void page_selection_free(struct page_selection *selection);

static inline bool page_site_is_left_out(const struct page_selection *selection, uint32_t site)
{
	return selection->left_out && selection->number[site] == selection->count - 1;
}

#endif
