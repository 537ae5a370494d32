/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a disk busy: writes a file of 32 MiB over and over, and syncs it every
 * 4 MiB, the whole system once a round. Ends after SECONDS, or when killed.
 *
 *	syncing_writer FILE SECONDS
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pairs.h"

#define PIECE_BYTES (4u << 20)

int main(int count, char **arguments)
{
	static char piece[PIECE_BYTES];
	if (count != 3) {
		fprintf(stderr, "usage: syncing_writer FILE SECONDS\n");
		return 2;
	}
	int file = open(arguments[1], O_CREAT | O_RDWR | O_TRUNC, 0600);
	if (file < 0)
		return 1;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + strtoull(arguments[2], NULL, 10) * 1000000000u;
	for (unsigned i = 0; clock_ns(CLOCK_MONOTONIC) < end; i++) {
		memset(piece, (int)i, sizeof piece);
		if (pwrite(file, piece, sizeof piece, (off_t)(i % 8) * PIECE_BYTES) < 0 || fdatasync(file))
			return 1;
		if (i % 8 == 7)
			sync();
	}
	return close(file);
}
