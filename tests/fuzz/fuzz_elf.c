/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ELF files that seep itself reads, under libFuzzer: program headers for biases and code, and what doctor
 * looks at. (DWARF is read by libdw, in a child with limits.) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/elf_inspect.h"
#include "reader/elf_bias.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	static int descriptor = -1;
	struct elf_code codes[ELF_CODES_MAX];
	struct elf_facts facts;
	struct error error;
	uint64_t bias;
	bool is_elf;

	if (descriptor < 0) {
		descriptor = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	}
	if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != (ssize_t)size)
		abort();
	for (uint64_t offset = 0; offset <= 0x3000; offset += 0x1000)
		elf_bias_find(path, 0x7f0000000000 + offset, offset, &bias);
	if (elf_code_find(path, codes) > ELF_CODES_MAX)
		abort();
	elf_inspect(path, ELF_DEEP, &facts, &is_elf, &error);
	return 0;
}
