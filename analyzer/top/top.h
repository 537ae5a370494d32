/* SPDX-License-Identifier: Apache-2.0 */
/* A live view of one recording: on the terminal, or as a table that is printed again and again. */
#ifndef SEEP_TOP_TOP_H
#define SEEP_TOP_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "top/data/rows.h"
#include "top/data/study.h"

struct top_request {
	struct study_request study; /* which recording, and how its places get their names */
	enum row_by by;
	enum row_sort sort;
	uint32_t rows;        /* of a printed table */
	uint32_t count;       /* number of tables; 0: until the program ends */
	uint64_t interval_ns; /* between two tables */
};

/* Shows it on the terminal, until 'q'. */
bool top_show(const struct top_request *request, struct error *error);
/* Prints it to standard output. */
bool top_print(const struct top_request *request, struct error *error);

#endif
