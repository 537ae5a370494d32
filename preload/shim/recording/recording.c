/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning and ending of a recording: see recording.h. */
#include "shim/recording/recording.h"
#include "shim/recording/recording_private.h"
#include "shim/recording/setup.h"

#include <pthread.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/area_growth.h"
#include "shim/host/filter.h"
#include "shim/host/joined.h"
#include "shim/host/real.h"
#include "keeper/program/crowd.h"
#include "keeper/files/life.h"
#include "shim/recording/apart.h"
#include "shim/recording/describe.h"
#include "keeper/loop/exit_wait.h"
#include "shim/recording/gate.h"
#include "shim/keeping/keeper_process.h"
#include "shim/keeping/keeper_thread.h"
#include "shim/recording/moment.h"
#include "shim/recording/heap_map.h"
#include "shim/recording/session.h"
#include "shim/sample/memory_probe.h"
#include "shim/sample/thread.h"

struct recording_setup recording_setup;

/* Written by the one thread that holds the gate in OPENING; read once the gate is OPEN. */
static struct heap current;
static char directory[1600];
static bool kept_outside; /* `seep run` knows of this recording and sees to its snapshots */
static _Atomic uint32_t incarnation;

static _Atomic bool prepared;
static _Atomic bool confined;      /* by a seccomp filter, which children inherit */
static seep_atomic64 threads_seen; /* each of them begins a generator */

void recording_prepare(void)
{
	if (!gate_prepare())
		recording_setup.options.off = true;
	/* Without the handler, children would share their parent's generator up to their first sample. */
	pthread_atfork(NULL, NULL, recording_begin_child);
	store_release(&prepared, true);
}

static void unmap(void *start, size_t bytes)
{
	system_unmap(start, bytes);
}

static void forget_heap(void)
{
	const struct heap heap = current;
	current.header = NULL;
	area_visit_memory(&heap, unmap);
}

void recording_prepare_again(bool idle)
{
	if (!keeper_thread_end())
		return; /* the gate stays shut: nothing is recorded */
	if (idle && current.header)
		forget_heap();
	filter_reset();
	recording_forget_counts(); /* of the time between the two */
	gate_set(GATE_CLOSED);
}

void recording_tell_memory(struct seep_join *join)
{
	join->memory = (uintptr_t)&current.header;
	join->memory_bytes = (uintptr_t)&current.bytes;
	join->memory_free = (uintptr_t)&kept_outside;
}

const char *recording_directory(void)
{
	return gate_read() == GATE_OPEN ? directory : NULL;
}

bool recording_is_prepared(void)
{
	return load_acquire(&prepared);
}

/* No clock is fine enough to tell processes apart, so a forked child asks for its process number, unless it may make
 * no system call. */
uint64_t recording_entropy(void)
{
	bool ask = gate_is_in_forked_child() && !load_relaxed(&confined);
	uint64_t pid = (uint64_t)(ask ? system_getpid() : recording_setup.pid);
	return (moment_now_ns() ^ pid << 40) + (add_relaxed(&threads_seen, 1) + 1) * UINT64_C(0xd1342543de82ef95);
}

/* `seep detach` has said so in the heap file of a program that was started with us. */
static bool is_left(void)
{
	return load_relaxed(&current.header->status) & SEEP_STATUS_LEFT;
}

const struct heap *recording_heap(void)
{
	return gate_read() == GATE_OPEN && !is_left() ? &current : NULL;
}

uint32_t recording_incarnation(void)
{
	return load_relaxed(&incarnation);
}

bool recording_is_possible(void)
{
	const enum gate state = gate_read();
	return state != GATE_OFF && !recording_setup.options.off && !(state == GATE_OPEN && is_left());
}

/* Does somebody outside keep this recording? Nobody else can keep one that has no file. */
static bool find_keeper_outside(const struct heap_map *made)
{
	const struct options *options = &recording_setup.options;
	if (made->hosted || made->anonymous)
		return made->hosted;
	bool registered = *options->session && session_register(directory);
	return options->keeper_outside && (registered || !*options->session);
}

static void header_fill(struct seep_heap_header *header)
{
	const struct options *options = &recording_setup.options;
	memset(header, 0, sizeof *header);
	heap_header_begin(header, options->rate);
	describe_process(header);
	header->interval_ns = options->interval_ns;
	header->snapshots_limit = options->snapshots;
	header->snapshots_bytes_limit = options->snapshots_bytes;
	header->limit_headroom_bytes = options->limit_headroom.bytes;
	header->limit_headroom_percent = options->limit_headroom.percent;
	if (*options->session)
		life_runner_note(header, options->runner);
	struct text text = text_begin(header->allocator, sizeof header->allocator);
	text_add(&text, real_name());
	text = text_begin(header->allocator_path, sizeof header->allocator_path);
	text_add(&text, real_path());
	text = text_begin(header->unwinder, sizeof header->unwinder);
	text_add(&text, recording_setup.unwinder ? recording_setup.unwinder->name : "none");
	text = text_begin(header->bypassed, sizeof header->bypassed);
	text_add(&text, recording_setup.bypassed ? recording_setup.bypassed : "");
	uint32_t status = recording_setup.status;
	if (gate_is_in_forked_child())
		status = (status & ~SEEP_STATUS_JOINED) | SEEP_STATUS_FORKED;
	store_relaxed(&header->status, status);
}

static void make_private(void *start, size_t bytes)
{
	system_map(start, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		   0);
}

/*
 * A forked child lets go of its ancestor's heap file. If a signal handler
 * forked in the midst of a use of it, the child comes back to that use: then
 * private memory, in which all counts are 0, takes the file's place. If a
 * handler jumped out of a use, that memory stays for good, which costs
 * addresses and no pages. The caller itself has `own` uses. The children of a
 * program that seep has left are not recorded either.
 */
static void leave_ancestor(unsigned own)
{
	if (!current.header || !gate_is_in_forked_child())
		return;
	recording_setup.options.off |= is_left();
	if (thread_state.users > own) {
		area_visit_memory(&current, make_private);
		return;
	}
	forget_heap();
}

void recording_begin_child(void)
{
	ENTRY_PLAIN_FLAGS;
	if (!load_relaxed(&confined))
		leave_ancestor(0);
	recording_forget_hold();
	recording_forget_counts();
	thread_begin_child();
}

/* Starts a process, or a thread where a process is impossible. Valgrind ends a program that makes either by a bare
 * clone(): there the program writes its one snapshot when it ends. */
static void keeper_start(bool anonymous)
{
	if ((recording_setup.status & SEEP_STATUS_VALGRIND) || crowd_is_near())
		return;
	if ((anonymous || keeper_process_start(directory) == KEEPER_HAS_TO_BE_A_THREAD) && !load_relaxed(&confined))
		keeper_thread_start();
}

/* Does the recording lie in its service's directory? SEEP_OUTPUT may have another place for it. */
static bool is_of_service(const char *path)
{
	const char *service = recording_setup.options.service, *name = strrchr(path, '/');
	size_t length = strlen(service), above = name ? (size_t)(name - path) : 0;
	return length && above > length && memcmp(name - length, service, length) == 0 && name[-length - 1] == '/';
}

static long begin(void)
{
	static struct seep_heap_header header; /* too large for a hook's stack; the space of its areas is in the file */
	static struct seep_fault fault;
	header_fill(&header);
	if (!heap_map_plan(&header)) {
		session_say("not recording, the limit of address space is too low", NULL);
		return false;
	}
	struct heap_map made = heap_map_make(&header);
	if (!made.map) {
		session_say("not recording, can't make the recording's directory or heap file", made.reason);
		return false;
	}
	if (made.anonymous && is_joined() && !gate_is_in_forked_child()) {
		session_say("not recording, no space for the heap file", header.directory);
		system_unmap(made.map, header.file_bytes);
		system_unlink_at(AT_FDCWD, header.directory, AT_REMOVEDIR);
		return false;
	}
	struct text path = text_begin(directory, sizeof directory);
	text_add(&path, header.directory);
	if (made.anonymous) {
		or_relaxed(&header.status, SEEP_STATUS_ANONYMOUS);
		session_say("no space for the heap file, the recording will end with the process", directory);
	}
	if (is_of_service(directory))
		or_relaxed(&header.status, SEEP_STATUS_SERVICE);
	store_relaxed(&header.may_grow, load_relaxed(&confined) ? 0 : 1 + AREA_ALLOWANCE_BYTES);
	store_relaxed(&header.confined, load_relaxed(&confined));
	heap_header_publish(made.map, &header);
	if (!heap_bind(&current, made.map, header.file_bytes, &fault)) {
		session_say("not recording", fault.text);
		system_unmap(made.map, header.file_bytes);
		return false;
	}
	if (gate_is_in_forked_child())
		filter_reset();
	add_relaxed(&incarnation, 1);
	store_release(&current.header->phase, SEEP_HEAP_RECORDING);
	kept_outside = find_keeper_outside(&made);
	keeper_thread_prepare(&current, directory);
	if (!kept_outside)
		keeper_start(made.anonymous);
	return true;
}

/* No handler may interrupt it and jump out: its buffers are static, and the gate would stay OPENING. */
static __attribute__((noinline)) const struct heap *begin_claimed(const void *frame)
{
	uint64_t signals = system_block_signals(SIGNALS_BUT_FAULTS);
	uint32_t claim = gate_claim(frame);
	bool begun = false;
	if (claim) {
		leave_ancestor(1); /* asks this thread's variables */
		begun = !recording_setup.options.off && run_apart(begin);
		begun = gate_settle(claim, begun ? GATE_OPEN : GATE_OFF) && begun;
	}
	system_restore_signals(signals);
	if (begun)
		recording_hand_over_counts(&current, gate_is_in_forked_child());
	else if (!claim)
		recording_lose_sample();
	return begun ? &current : NULL;
}

const struct heap *recording_heap_or_begin(void)
{
	enum gate state = gate_read();
	if (state == GATE_OPEN)
		return recording_heap();
	if (state == GATE_OFF)
		return NULL;
	const struct options *options = &recording_setup.options;
	if (options->delay_ns && moment_now_ns() - recording_setup.loaded_ns < options->delay_ns)
		return NULL;
	bool forked = gate_is_in_forked_child();
	if (forked ? !options->follow || load_relaxed(&confined) : system_getpid() != recording_setup.pid) {
		if (forked)
			gate_set(GATE_OFF);
		return NULL; /* a vfork child must not begin a recording that would be its parent's */
	}
	return begin_claimed(__builtin_frame_address(0));
}

void recording_confine(void)
{
	ENTRY_PLAIN_FLAGS;
	if (!recording_is_prepared() || recording_setup.options.off || gate_read() == GATE_OFF)
		return;
	bool forked = gate_is_in_forked_child();
	if (!forked && system_getpid() != recording_setup.pid)
		return; /* a vfork child forbids itself what its parent may still do */
	store_relaxed(&confined, true);
	probe_forbid();
	if (gate_read() == GATE_OPEN) {
		area_forbid(&current);
		store_relaxed(&current.header->confined, 1);
		keeper_thread_leave();
	}
	if (gate_read() != GATE_CLOSED)
		return;
	if (forked)
		gate_set(GATE_OFF);
	else
		recording_heap_or_begin();
}

static long ask_session(void)
{
	return session_is_open();
}

void recording_depart(void)
{
	const struct options *options = &recording_setup.options;
	if (!recording_is_prepared() || options->off || gate_read() != GATE_CLOSED)
		return;
	uint64_t signals = system_block_signals(SIGNALS_BUT_FAULTS);
	bool later = *options->session_host && run_apart(ask_session);
	system_restore_signals(signals);
	if (!later)
		recording_heap_or_begin();
}

void recording_stop_clock(void)
{
	ENTRY_PLAIN_FLAGS;
	if (!gate_is_in_forked_child() && recording_setup.pid && system_getpid() != recording_setup.pid)
		return; /* a vfork child: its parent may read clocks */
	const struct heap *heap = recording_heap();
	if (heap)
		or_relaxed(&heap->header->status, SEEP_STATUS_COARSE_CLOCK);
	moment_stop(heap ? heap->header : NULL);
}

struct heap *recording_at_liberty(void)
{
	const bool is_there = recording_is_prepared() && recording_heap() && !recording_is_confined();
	return is_there && current.header->pid == (uint64_t)system_getpid() ? &current : NULL;
}

bool recording_is_confined(void)
{
	const struct heap *heap = recording_heap();
	return load_relaxed(&confined) || (heap && load_relaxed(&heap->header->confined));
}

void recording_end(void)
{
	ENTRY_PLAIN_FLAGS;
	const struct heap *heap = recording_heap();
	if (!heap || recording_is_confined())
		return; /* its keeper, or `seep snapshot`, makes the last snapshot from the heap file */
	bool anonymous = load_relaxed(&heap->header->status) & SEEP_STATUS_ANONYMOUS;
	/* `seep run` makes the last snapshot when all destructors have run. This makes no system call, because the
	 * program may have forbidden itself all of them. Nor does it ask the allocator for anything: this may be a
	 * signal handler inside it. */
	if (kept_outside && !recording_setup.options.waits_at_exit)
		return;
	if (heap->header->pid != (uint64_t)system_getpid())
		return; /* a vfork child that calls exit() */
	if (kept_outside) {
		exit_wait(heap->header);
		return;
	}
	gate_set(
	    GATE_OFF); /* first, because the keeper gives the unused part of the file back, which nobody may touch then */
	keeper_thread_finish();
	if (anonymous && system_unlink_at(AT_FDCWD, directory, AT_REMOVEDIR) != 0 && *recording_setup.options.session)
		session_register(directory); /* snapshots had room: they are the recording, now that there is one */
}
