/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live table (preload/keeper/heap/live.c) and its scan (preload/keeper/snapshot/live_scan.c): two levels of two slots and of one,
 * two threads of a program that allocate, free and reallocate three addresses, which they may hand to each other;
 * beside them one that scans the table for a snapshot. A thread that is killed is one that takes no further step; since
 * nobody waits for anybody here, and assertions are looked at in every state, all deaths at any step are among the
 * interleavings.
 * A realloc holds its entry, tagged, while the allocator may give the address to the other thread.
 * Shown: what was put in is found by whoever gives it back, with the content that was put in; no slot is claimed
 * twice; a scan takes no half-written entry and none twice, and sees each that was there from its beginning to its
 * end; at any moment live = inserted - removed, but for threads between an entry and its count, and what is WRITING
 * has one thread that claimed it.
 * Spin knows sequential consistency only: which order is needed on a weaker machine it cannot say. That births
 * differ is the clock's doing; a clock that stands still is one of the broken ones.
 *
 * run.sh goes by the lines below: whole searches, those of them that are quick, and the protocol with one rule taken
 * out, of which spin must find that it is needed.
 * search: -DFIRST=2 -DSECOND=1
 * search: -DFIRST=3 -DSECOND=2 -DNO_SCAN
 * quick: -DFIRST=1 -DSECOND=1
 * quick: -DFIRST=2 -DSECOND=1 -DNO_SCAN
 * broken: -DBROKEN_CLAIM -DFIRST=1 -DSECOND=1 -DNO_SCAN
 * broken: -DBROKEN_PUBLISHED_BEFORE_HOME -DFIRST=1 -DSECOND=1
 * broken: -DBROKEN_PUBLISHED_BEFORE_WORDS -DFIRST=1 -DSECOND=1
 * broken: -DBROKEN_HOME_STORED -DFIRST=2 -DSECOND=2 -DNO_SCAN
 * broken: -DBROKEN_FREE_FIRST -DFIRST=2 -DSECOND=1 -DNO_SCAN
 * broken: -DBROKEN_UNTAGGED -DFIRST=3 -DSECOND=2 -DNO_SCAN
 * broken: -DBROKEN_NOT_FORGOTTEN -DFIRST=2 -DSECOND=1 -DNO_SCAN
 * broken: -DBROKEN_READ_ONCE -DFIRST=2 -DSECOND=1
 * broken: -DBROKEN_CLOCK -DFIRST=3 -DSECOND=1
 */
#define FREE 0
#define WRITING 16
#ifdef BROKEN_UNTAGGED
#define HELD_BY(a, me) (a)
#else
#define HELD_BY(a, me) (4 * (me) + (a)) /* SEEP_LIVE_MOVING and the thread's number */
#endif
#define ADDRESS_OF(word) ((word) % 4) /* word_address(); of FREE and WRITING: none */
#define ADDRESSES 4 /* 1 to 3: 1 and 3 share their home in level 0 */
#ifndef FIRST
#define FIRST 2 /* calls of the one thread, and of the other */
#define SECOND 2
#endif
#define LEVELS 2
#define SLOTS(level) (2 - (level))
#define AT(level, slot) (2 * (level) + (slot) % SLOTS(level))
#define HOME(level, a) ((a) % SLOTS(level))
#define IS_WRITING(slot) (address[slot] == WRITING -> 1 : 0)
#define IS_LIVE(slot) (address[slot] != WRITING && address[slot] != FREE -> 1 : 0)
#define CONTENT(a, birth) (16 * (a) + (birth))

byte address[3], size[3], birth[3]; /* slots of both levels */
byte homes[3];
byte inserted, removed;
byte clock;

/* The program: an address is in the allocator's hands, in those of one thread at work on it, or held. */
mtype = { POOL, BUSY, HELD };
mtype state[ADDRESSES] = POOL;
/* What the invariants speak of: which entry of an address was published and not removed */
byte published[ADDRESSES];
bool disturbed[ADDRESSES]; /* removed since the scan began */
byte torn, uncounted_in, uncounted_out;

/* at any moment: the writers may be anywhere */
#define ALL_IS_COUNTED atomic { \
		assert(IS_WRITING(0) + IS_WRITING(1) + IS_WRITING(2) == torn); \
		assert(IS_LIVE(0) + IS_LIVE(1) + IS_LIVE(2) + removed + uncounted_out == inserted + uncounted_in) \
	}
/* what means nothing any more must not tell states apart */
#define FORGET atomic { a = 0; b = 0; word = 0; held = 0; lost = false; level = 0; distance = 0; reach = 0; at = 0; mine = 0; copy = 0; copy_birth = 0; found = false; gives = false; takes = false }

proctype writer(byte me, work)
{
	byte a, b, word, level, distance, reach, at, held, mine, copy, copy_birth;
	bool gives, takes, found, lost;
	do
	:: work == 0 -> break
	:: else ->
		atomic { /* malloc, free, realloc */
			if
			:: state[1] == POOL -> a = 1; takes = true; gives = false
			:: state[2] == POOL -> a = 2; takes = true; gives = false
			:: state[1] != POOL && state[3] == POOL -> a = 3; takes = true; gives = false /* as good as 1 */
			:: state[1] == HELD -> a = 1; gives = true; takes = false
			:: state[2] == HELD -> a = 2; gives = true; takes = false
			:: state[3] == HELD -> a = 3; gives = true; takes = false
			:: state[1] == HELD -> a = 1; gives = true; takes = true
			:: state[2] == HELD -> a = 2; gives = true; takes = true
			:: state[3] == HELD -> a = 3; gives = true; takes = true
			:: else -> goto done
			fi;
			state[a] = BUSY; work--
		}
#ifdef BROKEN_FREE_FIRST
		if
		:: gives && !takes -> state[a] = POOL /* the real free before our own */
		:: else
		fi;
#endif
#ifdef BROKEN_NOT_FORGOTTEN
		if
		:: !gives -> goto insert
		:: else
		fi;
#endif
find:		/* live_remove(), live_hold(); before an insert: whoever had the address may still be in its realloc */
		level = 0; found = false; lost = false;
		do
		:: level == LEVELS || found || lost -> break
		:: else ->
			reach = homes[AT(level, HOME(level, a))]; /* load_relaxed(&heap->homes[level][home]) */
			distance = 0;
			do
			:: distance == reach || found || lost -> break
			:: else ->
				at = AT(level, HOME(level, a) + distance);
				word = address[at]; /* load_acquire(&slot->address) */
				if
				:: ADDRESS_OF(word) == a ->
					copy = size[at];
					copy_birth = birth[at];
					atomic { /* slot_change(): atomic_compare_exchange_strong_explicit */
						if
						:: address[at] == word ->
							assert(copy_birth == published[a] && copy == CONTENT(a, copy_birth));
							if
							:: gives && takes -> address[at] = HELD_BY(a, me); held = at
							:: else ->
								address[at] = FREE;
								published[a] = 0; disturbed[a] = true; uncounted_out++
							fi;
							found = true
						:: else ->
							assert(!gives); /* its realloc has just returned */
							lost = true
						fi
					}
					if
					:: found && !(gives && takes) ->
						atomic { removed++; uncounted_out-- } /* add_relaxed(&live_removed) */
					:: else
					fi
				:: else -> distance++
				fi
			od;
			level++
		od;
#ifndef BROKEN_NOT_FORGOTTEN
		assert(!gives || found || published[a] == 0); /* not there: it found no room */
#endif
		atomic { copy = 0; at = 0; distance = 0; reach = 0; level = 0; word = 0 }
		if
		:: !gives -> goto insert
		:: gives && !takes -> /* free */
#ifndef BROKEN_FREE_FIRST
			state[a] = POOL;
#endif
			goto done
		:: gives && takes -> skip /* realloc in its place */
		:: gives && takes -> /* one that fails: live_keep() */
			if
			:: found ->
				atomic {
					assert(address[held] == HELD_BY(a, me) && birth[held] == copy_birth);
					address[held] = a
				}
			:: else
			fi;
			state[a] = HELD;
			goto done
		:: gives && takes -> /* one that moves: from here on the old address may be given out */
			atomic {
				if
				:: state[1] == POOL -> b = 1
				:: state[2] == POOL -> b = 2
				:: state[1] != POOL && state[3] == POOL -> b = 3
				:: else -> b = 0
				fi;
				if
				:: b -> state[b] = BUSY; state[a] = POOL
				:: else
				fi
			}
		fi;
		if
		:: found && birth[held] == copy_birth -> /* live_drop() */
			atomic {
				lost = true;
				if
				:: address[held] == HELD_BY(a, me) ->
					assert(published[a] == copy_birth);
					address[held] = FREE;
					published[a] = 0; disturbed[a] = true; uncounted_out++;
					lost = false
				:: else
				fi
			}
			if
			:: !lost -> atomic { removed++; uncounted_out-- }
			:: else
			fi
		:: else
		fi;
		atomic {
			copy_birth = 0; held = 0; lost = false; gives = false;
			if
			:: b -> a = b; b = 0; goto find
			:: else
			fi
		}
insert:
		/* live_insert() */
		atomic {
			level = 0; found = false;
#ifdef BROKEN_CLOCK
			clock = 1; /* it stands still */
#else
			clock++;
#endif
			mine = clock
		}
		do
		:: level == LEVELS || found -> break
		:: else ->
			distance = 0;
			do
			:: distance == SLOTS(level) || found -> break /* live_window() */
			:: else ->
				at = AT(level, HOME(level, a) + distance);
#ifdef BROKEN_CLAIM
				if
				:: address[at] == FREE -> skip
				:: else -> distance++; goto next
				fi;
				atomic { address[at] = WRITING; torn++ }
#else
				atomic { /* atomic_compare_exchange_strong_explicit to SEEP_LIVE_WRITING */
					if
					:: address[at] == FREE -> address[at] = WRITING; torn++
					:: else -> distance++; goto next
					fi
				}
#endif
#ifndef BROKEN_PUBLISHED_BEFORE_HOME
#ifdef BROKEN_HOME_STORED
				reach = homes[AT(level, HOME(level, a))];
				if
				:: reach < distance + 1 -> homes[AT(level, HOME(level, a))] = distance + 1
				:: else
				fi;
#else
				atomic { /* home_raise() */
					if
					:: homes[AT(level, HOME(level, a))] < distance + 1 ->
						homes[AT(level, HOME(level, a))] = distance + 1
					:: else
					fi
				}
#endif
#endif
#ifdef BROKEN_PUBLISHED_BEFORE_WORDS
				atomic { address[at] = a; torn--; published[a] = mine; uncounted_in++ }
				size[at] = CONTENT(a, mine);
				birth[at] = mine;
#else
				size[at] = CONTENT(a, mine); /* store_release(&slot->size_rate) */
				birth[at] = mine; /* store_release(&slot->birth_ns) */
				atomic { /* store_release(&slot->address) */
					assert(address[at] == WRITING);
					address[at] = a; torn--;
					published[a] = mine; uncounted_in++
				}
#endif
				found = true;
#ifdef BROKEN_PUBLISHED_BEFORE_HOME
				atomic {
					if
					:: homes[AT(level, HOME(level, a))] < distance + 1 ->
						homes[AT(level, HOME(level, a))] = distance + 1
					:: else
					fi
				}
#endif
				atomic { inserted++; uncounted_in-- } /* add_relaxed(&live_inserted) */
next:
				skip
			od;
			level++
		od;
		state[a] = HELD; /* the program has it */
done:
		FORGET
	od
}

#ifndef NO_SCAN
active proctype scanner()
{
	byte level, home, slot, stop, reach, a, attempt, copy, copy_birth, seen_birth;
	byte before[ADDRESSES], seen[ADDRESSES];
	d_step {
		before[1] = published[1]; before[2] = published[2]; before[3] = published[3];
		disturbed[1] = false; disturbed[2] = false; disturbed[3] = false
	}
	do
	:: level == LEVELS -> break
	:: else ->
		/* level_begin(): what wraps around comes first */
		home = 0; stop = 0;
		do
		:: home == SLOTS(level) -> break
		:: else ->
			reach = homes[AT(level, home)];
			if
			:: home + reach > SLOTS(level) && home + reach - SLOTS(level) > stop -> stop = home + reach - SLOTS(level)
			:: else
			fi;
			home++
		od;
		home = 0; slot = 0;
		do
		:: slot < stop -> /* live_read() */
			attempt = 0;
again:
			a = ADDRESS_OF(address[AT(level, slot)]); /* load_acquire(&slot->address) */
			if
			:: a == 0 -> goto read
			:: else
			fi;
			seen_birth = birth[AT(level, slot)]; /* load_acquire(&slot->birth_ns) */
			copy = size[AT(level, slot)];
			copy_birth = birth[AT(level, slot)];
#ifndef BROKEN_READ_ONCE
			if
			:: ADDRESS_OF(address[AT(level, slot)]) != a || birth[AT(level, slot)] != seen_birth ||
				copy_birth != seen_birth ->
				attempt++;
				if
				:: attempt == 2 -> goto read /* LIVE_TORN; in truth after four */
				:: else -> goto again
				fi
			:: else
			fi;
#endif
			assert(copy == CONTENT(a, copy_birth)); /* LIVE_ENTRY: whole */
			assert(seen[a] != copy_birth);          /* and new */
			seen[a] = copy_birth;
read:
			atomic { slot++; a = 0; attempt = 0; copy = 0; copy_birth = 0; seen_birth = 0; reach = 0 }
		:: slot == stop && home < SLOTS(level) -> /* run_find() */
			reach = homes[AT(level, home)];
			reach = (home + reach > SLOTS(level) -> SLOTS(level) : home + reach);
			if
			:: reach > stop -> slot = (home > stop -> home : stop); stop = reach
			:: else
			fi;
			home++
		:: slot == stop && home == SLOTS(level) -> break
		od;
		level++
	od;
	skip; /* spin lets no break lead into a d_step */
	d_step {
		assert(before[1] == 0 || disturbed[1] || seen[1] == before[1]);
		assert(before[2] == 0 || disturbed[2] || seen[2] == before[2]);
		assert(before[3] == 0 || disturbed[3] || seen[3] == before[3]);
		a = 0; copy = 0; copy_birth = 0; seen_birth = 0; reach = 0; attempt = 0;
		seen[1] = 0; seen[2] = 0; seen[3] = 0; before[1] = 0; before[2] = 0; before[3] = 0;
		disturbed[1] = false; disturbed[2] = false; disturbed[3] = false
	}
	ALL_IS_COUNTED
}
#else
active proctype watcher()
{
	ALL_IS_COUNTED
}
#endif

init {
	atomic { run writer(1, FIRST); run writer(2, SECOND) }
}
