/* SPDX-License-Identifier: Apache-2.0 */
/* Words for where memory is: what each class is, and what follows from the figures. */
#ifndef SEEP_WORDS_ACCOUNT_WORDS_H
#define SEEP_WORDS_ACCOUNT_WORDS_H

#include "account/account.h"
#include "account/growth.h"
#include "base/buffer.h"

/* The order in which classes are shown: the heap first, unexplained memory last. */
#define ACCOUNT_ORDER_COUNT SEEP_LEDGER_CLASSES
extern const enum seep_ledger_class account_order[ACCOUNT_ORDER_COUNT];

/* As JSON names it: "heap", "libraries", "unexplained". */
const char *account_class_key(enum seep_ledger_class class);
const char *account_class_name(enum seep_ledger_class class);
const char *account_kept_key(enum kept_part part);

/* "libraries: libc.so.6 1.71 MiB, libcrypto.so.3 1.20 MiB, 21 more": names at most `most` of them. */
void account_class_words(struct buffer *out, const struct account *account, enum seep_ledger_class class,
			 uint32_t names);

/* "cgroup 214 MiB: 150 MiB anonymous, 50.0 MiB files (12.0 MiB of it shared memory), 14.0 MiB kernel"; nothing if it is
 * unknown. */
void account_charge_append(struct buffer *out, const struct account *account);

/* Sentences that compare the sum with RSS. */
void account_sum_sentences(struct buffer *out, const struct account *account);

/* Sentences about what deserves attention, and what to do about it. Nothing if nothing does. */
void account_sentences(struct buffer *out, const struct account *account);

/* "RSS +30.1 MiB: heap +20.0 MiB, unexplained +10.1 MiB": the classes that changed; or that one of the two can't tell.
 * Nothing if hardly anything changed, or nobody ever looked. */
void memory_growth_append(struct buffer *out, const struct memory_growth *growth);

/* If RSS grew and the heap's memory in use can't be the reason, a sentence that says which classes grew instead.
 * Otherwise nothing. */
void memory_elsewhere_append(struct buffer *out, const struct memory_growth *growth);

#endif
