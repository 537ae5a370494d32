/* SPDX-License-Identifier: Apache-2.0 */
/* Where memory is, in words: what a class of it is, and what follows from the figures. */
#ifndef SEEP_WORDS_ACCOUNT_WORDS_H
#define SEEP_WORDS_ACCOUNT_WORDS_H

#include "account/account.h"
#include "account/growth.h"
#include "base/buffer.h"

/* The classes in the order in which they are shown, the heap first and what nobody can explain last. */
#define ACCOUNT_ORDER_COUNT SEEP_LEDGER_CLASSES
extern const enum seep_ledger_class account_order[ACCOUNT_ORDER_COUNT];

/* As JSON names it: "heap", "libraries", "unexplained". */
const char *account_class_key(enum seep_ledger_class class);
const char *account_class_name(enum seep_ledger_class class);
const char *account_kept_key(enum kept_part part);

/* "libraries: libc.so.6 1.71 MiB, libcrypto.so.3 1.20 MiB, 21 more": at most so many of them by name. */
void account_class_words(struct buffer *out, const struct account *account, enum seep_ledger_class class,
			 uint32_t names);

/* "cgroup 214 MiB: 150 MiB anonymous, 50.0 MiB files (12.0 MiB of it shared memory), 14.0 MiB kernel": nothing where it is not known. */
void account_charge_append(struct buffer *out, const struct account *account);

/* What the sum is beside RSS, in sentences. */
void account_sum_sentences(struct buffer *out, const struct account *account);

/* What of it deserves attention, and what to do about it. Nothing where nothing does. */
void account_sentences(struct buffer *out, const struct account *account);

/* "RSS +30.1 MiB: heap +20.0 MiB, unexplained +10.1 MiB": the classes that changed; or that this can't be told of one of the
 * two. Nothing where hardly anything changed, or nobody ever looked. */
void memory_growth_append(struct buffer *out, const struct memory_growth *growth);

/* A sentence where RSS grew and what the heap has in use can't be why: which classes grew instead. Else nothing. */
void memory_elsewhere_append(struct buffer *out, const struct memory_growth *growth);

#endif
