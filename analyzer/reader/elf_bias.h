/* SPDX-License-Identifier: Apache-2.0 */
/* Finds where an ELF file's own addresses lie in memory, from one mapping of it. */
#ifndef SEEP_READER_ELF_BIAS_H
#define SEEP_READER_ELF_BIAS_H

#include <stdbool.h>
#include <stdint.h>

/* Fills `bias`, the address in memory minus the ELF virtual address, for the file whose bytes from `file_offset` on
 * were mapped at `start`. False: there is no such file, or it has no segment there. */
bool elf_bias_find(const char *path, uint64_t start, uint64_t file_offset, uint64_t *bias);

/* Where an executable segment of the file lies: its ELF virtual address, place in the file and length, from page to
 * page. */
struct elf_code {
	uint64_t address, file_offset, bytes;
};
enum { ELF_CODES_MAX = 8 };
/* Fills up to ELF_CODES_MAX of them, in the order of their addresses; returns their number; 0: there is no such
 * file. */
uint32_t elf_code_find(const char *path, struct elf_code codes[ELF_CODES_MAX]);

/* A guess if the file is missing: programs linked to a fixed place lie below all addresses that the kernel chooses. */
uint64_t elf_bias_guess(uint64_t start, uint64_t file_offset);

#endif
