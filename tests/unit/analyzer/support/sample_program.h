/* SPDX-License-Identifier: Apache-2.0 */
/* Small programs that tests compile, with labels at the addresses that the tests need. */
#ifndef SEEP_TESTS_SAMPLE_PROGRAM_H
#define SEEP_TESTS_SAMPLE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

/* Makes a new directory under /tmp and enters it; cmocka fixtures. */
int scratch_enter(void **state);
int scratch_leave(void **state);

/* Runs a shell command made by a format; fails the test if that fails. */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

void write_source(const char *path, const char *text);

/* The value of a symbol of an ELF file, as `nm` prints it; fails the test if it is not there. */
uint64_t symbol_value(const char *path, const char *name);

/* The file's GNU build id; returns its length, 0 if it has none. */
size_t build_id_of(const char *path, uint8_t build_id[static 32]);

#endif
