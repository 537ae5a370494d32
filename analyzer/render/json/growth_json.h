/* SPDX-License-Identifier: Apache-2.0 */
/* "memory_growth": which class of memory grew; null if that is unknown. */
#ifndef SEEP_JSON_GROWTH_JSON_H
#define SEEP_JSON_GROWTH_JSON_H

#include "account/growth.h"
#include "base/json.h"

/* Writes into an object that the caller has begun. */
void json_memory_growth(struct json *json, const struct memory_growth *growth);

#endif
