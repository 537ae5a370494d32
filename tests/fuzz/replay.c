/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives the named files to a fuzz target, in place of libFuzzer. So every input that once failed is tried with every
 * compiler, and with the sanitizers' build that the unit tests have anyway.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* The targets' own mutators call it; nobody calls them here. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libFuzzer's */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	(void)data, (void)size, (void)max_size;
	abort();
}

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size = -1;

	if (file && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	/* Exactly as long as the file, so that a read behind its end is seen. */
	uint8_t *data = size < 0 ? NULL : malloc((size_t)size);
	if (!data || fseek(file, 0, SEEK_SET) != 0 || fread(data, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(2);
	}
	fclose(file);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return argc > 1 ? 0 : 2;
}
