/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring of events (preload/keeper/heap/ring.c): two producers, either of which may die before any step, and one consumer.
 * Shown: the tail never passes the head, the ring is never overfull, a record is never read half-written, and each
 * position that was claimed is folded or counted as a hole; all that was committed is folded.
 * Spin knows sequential consistency only: which order is needed on a weaker machine it cannot say.
 * Event_check is not modelled: here the commit word alone must keep half-written records out.
 * search:
 * quick:
 * broken: -DBROKEN_RESERVED_WHEN_FULL
 * broken: -DBROKEN_CLAIM
 * broken: -DBROKEN_COMMITTED_FIRST
 * broken: -DBROKEN_COMMIT_WITHOUT_LAP
 * broken: -DBROKEN_TAIL_FIRST
 * broken: -DBROKEN_HOLE_SKIPPED
 */
#define CAPACITY 2
#define PRODUCERS 2
#define PUSHES 3

byte head, tail;
byte first[CAPACITY], second[CAPACITY]; /* a record of two words: both hold the same value when it is whole */
byte commit[CAPACITY];
byte committed, folded, holes, refused, ended;

proctype producer(byte value)
{
	byte position, seen, pushes;
	do
	:: pushes == PUSHES -> break
	:: break /* dies between two events */
	:: pushes < PUSHES ->
		position = head; /* ring_push: load_relaxed(&header->ring_head) */
claim:
		seen = tail; /* load_acquire(&header->ring_tail); a head that is old gives a difference below 0: cut to 0 */
#ifndef BROKEN_RESERVED_WHEN_FULL
		if
		:: position >= seen && position - seen >= CAPACITY -> refused++; pushes++; goto next
		:: else
		fi;
#endif
#ifdef BROKEN_CLAIM
		head = position + 1;
#else
		atomic { /* atomic_compare_exchange_weak_explicit */
			if
			:: head == position -> head++; assert(head - tail <= CAPACITY)
			:: else -> position = head; goto claim
			fi
		}
#endif
		if :: goto dead :: skip fi;
#ifdef BROKEN_COMMITTED_FIRST
		d_step { commit[position % CAPACITY] = position + 1; committed++ }
#endif
		first[position % CAPACITY] = value; /* store_relaxed(&slot->size_rate) */
		if :: goto dead :: skip fi;
		second[position % CAPACITY] = value; /* store_relaxed(&slot->time_ns) */
#ifndef BROKEN_COMMITTED_FIRST
		if :: goto dead :: skip fi;
		d_step { commit[position % CAPACITY] = position + 1; committed++ } /* store_release(&slot->commit) */
#endif
		pushes++;
next:
		skip
	od;
dead:
	ended++
}

/* ring_fold: at first with dead = false, once all producers ended with dead = true */
active proctype consumer()
{
	byte position;
	bool all_ended;
	do
	:: all_ended = (ended == PRODUCERS);
		position = tail;
		if
		:: position >= head -> /* RING_EMPTY */
			if :: all_ended -> break :: else fi
		:: else ->
			if
#ifdef BROKEN_COMMIT_WITHOUT_LAP
			:: commit[position % CAPACITY] != 0 ->
#else
			:: commit[position % CAPACITY] == position + 1 -> /* RING_EVENT */
#endif
#ifdef BROKEN_TAIL_FIRST
				tail = position + 1;
#endif
				assert(first[position % CAPACITY] == second[position % CAPACITY]);
				folded++;
				tail = position + 1; /* store_release(&header->ring_tail) */
				assert(tail <= head)
			:: else -> /* RING_HOLE */
#ifdef BROKEN_HOLE_SKIPPED
				holes++; tail = position + 1
#else
				if
				:: all_ended -> holes++; tail = position + 1
				:: else
				fi
#endif
			fi
		fi
	od;
	assert(folded + holes == head);
	assert(folded == committed)
}

init {
	atomic { run producer(1); run producer(2) }
}
