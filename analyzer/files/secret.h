/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a secret: it never stands on a command line, which every user of the machine can read. */
#ifndef SEEP_FILES_SECRET_H
#define SEEP_FILES_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Reads a file ("-": standard input; "/dev/fd/3": a descriptor) into `text`, up to `room` bytes: *length == room means
 * that there may be more. `name` is what the secret is called in a message ("the token"); the text is never in one. The
 * caller wipes `text`, which may hold a part of the secret also after a failure. */
bool secret_read(const char *file, const char *name, char *text, size_t room, size_t *length, struct error *error);

#endif
