/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a recording, a bundle or one snapshot, or of several recordings added up. */
#ifndef SEEP_PAGE_RECORDING_PAGE_H
#define SEEP_PAGE_RECORDING_PAGE_H

#include <stdbool.h>

#include "base/error.h"
#include "page/page.h"
#include "series/series.h"
#include "symbols/symbols.h"

struct recording_page {
	struct page page; /* made of the members below */
	struct page_moment *moments;
	struct page_cell *cells;
	struct page_counters counters;
	struct series series; /* if nothing is judged, only its history is valid */
	struct profile *own;  /* the last snapshot, if the series has not opened it */
	struct leaks places;
	struct series mapped_series; /* the same for what was mapped past malloc, where that has grown */
	struct leaks mapped;
	struct source_excerpt *sources;
	struct error unjudged;
};

/* `wrappers`: names of functions that count as wrappers of malloc. They and the paths must outlive the page. False:
 * error has one line, and nothing needs to be closed. */
bool recording_page_open(struct recording_page *reading, const char *const *paths, size_t count,
			 const struct symbol_search *search, const char *const *wrappers, size_t wrapper_count,
			 struct error *error);
/* Puts lines of source on the page, as far as they can be read here. */
void recording_page_add_sources(struct recording_page *made, const struct source_search *search);
void recording_page_close(struct recording_page *made);

#endif
