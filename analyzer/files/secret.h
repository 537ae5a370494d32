/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a secret. A secret never stands on a command line, which every user of the machine can read. */
#ifndef SEEP_FILES_SECRET_H
#define SEEP_FILES_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Reads a file ("-": standard input; "/dev/fd/3": a descriptor) into `text`, up to `room` bytes: *length == room means
 * that there may be more. `name` is the secret's name in messages ("the token"), which never contain its text. The
 * caller wipes `text`, which may hold a part of the secret even after a failure. */
bool secret_read(const char *file, const char *name, char *text, size_t room, size_t *length, struct error *error);

#endif
