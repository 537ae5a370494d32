/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them: three significant digits and a unit, at most eight characters ("98.1 MiB", "1023 KiB",
 * "12,345", "1.23 M"). All of them are finite estimates; a negative one keeps its sign in front. */
#ifndef SEEP_WORDS_QUANTITY_H
#define SEEP_WORDS_QUANTITY_H

struct quantity {
	char text[24];
};

/* In binary units: B, KiB, MiB, GiB, TiB, PiB. */
struct quantity quantity_bytes(double bytes);
/* Exact with commas below 100,000; above that in k, M, G, T. */
struct quantity quantity_count(double count);
/* Whole and exact, with commas: "102,881,234". */
struct quantity quantity_exact(double value);
/* "12.3 %"; "<0.1 %" for a part that would print as zero; "-" if the whole is zero. */
struct quantity quantity_share(double part, double whole);

#endif
