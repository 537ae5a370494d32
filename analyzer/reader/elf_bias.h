/* SPDX-License-Identifier: Apache-2.0 */
/* Where an ELF file's own addresses lie in memory, found from one mapping of it. */
#ifndef SEEP_READER_ELF_BIAS_H
#define SEEP_READER_ELF_BIAS_H

#include <stdbool.h>
#include <stdint.h>

/* Fills `bias`, the address in memory minus the ELF virtual address, for the file whose bytes from `file_offset` on
 * were mapped at `start`. False: there is no such file, or it has no segment there. */
bool elf_bias_find(const char *path, uint64_t start, uint64_t file_offset, uint64_t *bias);

/* A guess where there is no file: programs that are linked to a fixed place lie below all that the kernel chooses. */
uint64_t elf_bias_guess(uint64_t start, uint64_t file_offset);

#endif
