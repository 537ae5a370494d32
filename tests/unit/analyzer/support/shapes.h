/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes that a site's memory may take, adversarial ones among them: sites that fill up and stop, caches of every kind,
 * leaks beside noise. Each site of a simulated recording has a shape of its own. Only samples are simulated, because an
 * arrival process that is thinned by the chance of being sampled is an arrival process of the same kind.
 */
#ifndef SEEP_TESTS_SHAPES_H
#define SEEP_TESTS_SHAPES_H

#include "support/series_maker.h"

enum shape_kind {
	SHAPE_LEAK,    /* leaks, until the end */
	SHAPE_STOPPED, /* has stopped growing for good */
	SHAPE_RAMP,    /* grows ever more slowly */
	SHAPE_CACHE,   /* evicts, or turns over */
	SHAPE_EITHER,  /* nobody can tell, or both are right */
	SHAPE_KINDS
};

const char *shape_kind_name(enum shape_kind kind);
size_t shape_count(void);
const char *shape_name(size_t shape);
enum shape_kind shape_kind_of(size_t shape);
/* The pace at which it leaks in a part of the recording, 0 to 1, in volumes a recording. */
double shape_pace(size_t shape, double from, double to);

enum shape_grid {
	GRID_EVEN,  /* 48 snapshots, 10 s apart */
	GRID_YOUNG, /* the same time; at first denser, later with a gap */
	GRID_KINDS
};

#define SHAPE_SECONDS 480

/* A recording of SHAPE_SECONDS, all shapes at a volume of `volume` rates, site i being shape i. */
struct profile **shapes_run(enum shape_grid grid, uint64_t rate, double volume, uint64_t seed, size_t *count);

#endif
