/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walker: stacks from .eh_frame, without libunwind's start-up, locks and
 * stack use.
 *
 * Nothing is built ahead. The first time that the walker meets a code address,
 * it reads the address's rule from the module's tables (walker_tables.c) and
 * keeps it as one word of a direct-mapped cache that all threads share
 * (walker_rule.h). Words are loaded and stored whole, so nothing is locked and
 * nothing tears; if two threads store to one place, one replaces the other's
 * word, and the loser reads its rule again next time. A word is a pure fact
 * about an address and a module instance: it never becomes wrong, only
 * inapplicable, which each walk checks (walker_modules.c).
 *
 * Frames are followed upwards only, and every word of the stack is read through
 * the window (stack_window.h). At most `limit` frames are walked, so damaged
 * stacks end, too. Code without an FDE, such as that of a compiler at run time,
 * is taken to keep a frame pointer; where that leads nowhere, the walk is lost
 * and says so. From the first such guess on, the walker reads only memory that
 * is there whether the guess was right or not: the thread's own stack if it
 * runs there, what the window has already, and modules that cannot go
 * (walker_modules.h).
 */
#include "shim/sample/unwinder.h"

#include <ucontext.h>

#include "keeper/base/atomics.h"
#include "shim/sample/stack_window.h"
#include "shim/walker/walker_modules.h"
#include "shim/walker/walker_rule.h"
#include "shim/walker/walker_tables.h"

#define CODE_LOWEST UINT64_C(65536)
#define CODE_LIMIT RULE_KEY_LIMIT

/* No compiler at run time makes larger frames: a value further up is another use of rbp. */
#define FRAME_POINTER_REACH 65536

/* How much a function may keep below its stack pointer. */
#define RED_ZONE 128

/* The saved words of an interrupted context, counted from rsp in the signal trampoline. */
#define SIGNAL_RBP 120
#define SIGNAL_RSP 160
#define SIGNAL_RIP 168

#define CONFIRMED_INSTANCES 8

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* 512 KiB of bss, touched as rules come. Relaxed order would do for the words, which stand alone, but not for the
 * instances that they name. Release and acquire cost nothing here. */
static seep_atomic64 cache[RULE_CACHE_PLACES];

/* Where makecontext lets a fiber's function return to: the first instruction of one of the C library's functions, so
 * that the byte before it belongs to another. Written in the constructor. */
static uintptr_t fiber_start;

/* Where the loader, before it starts the program, calls the constructors of libraries: the outermost frame of each, in code
 * without unwind information. 0: not known. Written in the constructor. */
static uintptr_t constructors_start;

/* The place that a walk has reached. It is passed by value and rebuilt by each step, so that it stays in registers. */
struct position {
	uintptr_t
	    key; /* the key of the rule that leads on: the return address, or one more than an interrupted instruction's */
	uintptr_t rsp, rbp;
};

struct walk {
	struct position position;
	struct stack_window window;
	bool nowhere;             /* no module is at the address of the last step */
	bool guessed;             /* code without unwind information led to an address, which may be wrong */
	uint32_t last;            /* instance of the last rule that was asked about; MODULE_PERMANENT to begin with */
	uint32_t confirmed_count; /* instances that this walk has seen loaded */
	uint16_t confirmed[CONFIRMED_INSTANCES];
};

static struct module_trust walk_trust(const struct walk *walk)
{
	uint32_t count = walk->confirmed_count;
	return (struct module_trust){.guessed = walk->guessed,
				     .count = count < CONFIRMED_INSTANCES ? count : CONFIRMED_INSTANCES,
				     .instances = walk->confirmed};
}

/* Remembers that an instance has been seen at an address that was not guessed. */
static void walk_note(struct walk *walk, uint32_t instance)
{
	walk->confirmed[walk->confirmed_count++ % CONFIRMED_INSTANCES] = (uint16_t)instance;
}

static bool walk_confirm(struct walk *walk, uint32_t instance, uintptr_t address)
{
	uint32_t known = walk->confirmed_count, i = 0;
	while (i < known && i < CONFIRMED_INSTANCES && walk->confirmed[i] != instance)
		i++;
	if (i == known || i == CONFIRMED_INSTANCES) {
		if (walk->guessed || !module_instance_is_at(instance, address))
			return false;
		walk_note(walk, instance);
	}
	walk->last = instance;
	return true;
}

/* Reads a rule from the module's tables and keeps it. */
static struct rule find_rule(struct walk *walk)
{
	uintptr_t key = walk->position.key;
	struct table_module module;
	uint32_t instance;
	if (key == fiber_start)
		return (struct rule){.kind = RULE_END};
	struct module_trust trust = walk_trust(walk);
	enum module_found found = module_at(key - 1, &trust, &module, &instance);
	walk->nowhere = found == MODULE_NONE;
	if (found != MODULE_FOUND)
		return (struct rule){.kind = found == MODULE_NONE ? RULE_FRAME_POINTER : RULE_LOST};
	if (!walk->guessed && instance != MODULE_PERMANENT && instance != MODULE_UNNAMED)
		walk_note(walk, instance);
	struct rule rule = tables_rule(&module, key - 1);
	uint64_t word = instance == MODULE_UNNAMED ? 0 : rule_word(&rule, key, instance);
	if (word)
		store_release(&cache[rule_place(key)], word);
	return rule;
}

/* Steps to the caller of a frame whose CFA is known. */
static inline bool walk_up(struct walk *walk, uintptr_t cfa, uintptr_t saved)
{
	uintptr_t pc, rbp = walk->position.rbp, lowest = walk->position.rsp;
	if (unlikely(cfa < lowest || cfa - lowest < 8 || cfa - lowest + RED_ZONE < saved) ||
	    unlikely(!stack_window_read(&walk->window, cfa - 8, &pc)))
		return false;
	if (saved && unlikely(!stack_window_read(&walk->window, cfa - saved, &rbp)))
		return false;
	walk->position = (struct position){.key = pc, .rsp = cfa, .rbp = rbp};
	return true;
}

static bool walk_up_realigned(struct walk *walk, uintptr_t cfa_offset)
{
	uintptr_t cfa, rbp, pc, frame = walk->position.rbp, lowest = walk->position.rsp;
	if (frame < lowest || frame - lowest < cfa_offset ||
	    !stack_window_read(&walk->window, frame - cfa_offset, &cfa) ||
	    !stack_window_read(&walk->window, frame, &rbp) || cfa < lowest || cfa - lowest < 8 ||
	    !stack_window_read(&walk->window, cfa - 8, &pc))
		return false;
	walk->position = (struct position){.key = pc, .rsp = cfa, .rbp = rbp};
	return true;
}

static bool walk_up_frame_pointer(struct walk *walk)
{
	uintptr_t frame = walk->position.rbp;
	if (frame < walk->position.rsp || frame - walk->position.rsp > FRAME_POINTER_REACH || frame % sizeof frame)
		return false;
	walk->guessed = walk->window.fixed = true;
	return walk_up(walk, frame + 16, 16);
}

/* Steps to the interrupted instruction, which may be on another stack and whose stack pointer may be anything. */
static bool walk_up_signal(struct walk *walk)
{
	uintptr_t rsp, rbp, pc, frame = walk->position.rsp;
	if (!stack_window_read(&walk->window, frame + SIGNAL_RSP, &rsp) ||
	    !stack_window_read(&walk->window, frame + SIGNAL_RBP, &rbp) ||
	    !stack_window_read(&walk->window, frame + SIGNAL_RIP, &pc))
		return false;
	walk->window =
	    (struct stack_window){.own = walk->window.own, .asked = walk->window.asked, .fixed = walk->window.fixed};
	walk->position = (struct position){.key = pc + 1, .rsp = rsp, .rbp = rbp};
	return true;
}

static bool walk_apply(struct walk *walk, const struct rule *rule)
{
	switch (rule->kind) {
	case RULE_RSP:
		return walk_up(walk, walk->position.rsp + (uintptr_t)rule->cfa, (uintptr_t)rule->saved);
	case RULE_RBP:
		return walk_up(walk, walk->position.rbp + (uintptr_t)rule->cfa, (uintptr_t)rule->saved);
	case RULE_REALIGNED:
		return walk_up_realigned(walk, (uintptr_t)rule->cfa);
	case RULE_FRAME_POINTER:
		return walk_up_frame_pointer(walk);
	case RULE_SIGNAL:
		return walk_up_signal(walk);
	default:
		return false;
	}
}

/* Steps by any rule; RULE_END at the outermost frame, RULE_LOST where there is no way on. */
static __attribute__((noinline)) enum rule_kind walk_step(struct walk *walk)
{
	uintptr_t key = walk->position.key;
	uint64_t word = load_acquire(&cache[rule_place(key)]);
	uint32_t instance = rule_word_instance(word);
	struct rule rule;
	walk->nowhere = false;
	if (rule_word_is_for(word, key) && (instance == MODULE_PERMANENT || walk_confirm(walk, instance, key - 1)))
		rule = (struct rule){.kind = rule_word_kind(word),
				     .cfa = (int64_t)rule_word_cfa(word),
				     .saved = (int64_t)rule_word_saved(word)};
	else
		rule = find_rule(walk);
	if (rule.kind == RULE_END)
		return RULE_END;
	return walk_apply(walk, &rule) ? rule.kind : RULE_LOST;
}

/* Reads the low half of the word at base + index * scale with one load, for the chain that a walk's time is
 * (walker_rule.h). In assembly, because a compiler that sees the whole word being loaded takes the half from there
 * and computes the address first: two cycles more a frame. */
#define load_half(base, index, scale)                                                                                  \
	({                                                                                                             \
		uint64_t half_;                                                                                        \
		__asm__ volatile("movzwl (%1,%2," #scale "), %k0" : "=r"(half_) : "r"(base), "r"(index));              \
		half_;                                                                                                 \
	})

/* Makes as many plain steps as there are: by rsp or rbp, inside the window, with a rule in the cache whose instance
 * is known to be there. Returns the depth; walk_step() has to go on from walk. Return addresses are believed here,
 * because no rule belongs to one that cannot be code. window.low <= rsp always holds: the window has moved over a
 * word of the frame that was left last. */
static inline size_t walk_plain_steps(struct walk *walk, uintptr_t *frames, size_t depth, size_t limit)
{
	struct position at = walk->position;
	const uintptr_t high = walk->window.high;
	const uint32_t last = walk->last;
	uint64_t place = rule_place(at.key);
	while (depth < limit) {
		uint64_t half = load_half(cache, place, 8);
		uint64_t word = load_acquire(&cache[place]);
		uint32_t instance = rule_word_instance(word);
		if (unlikely(!rule_word_is_for(word, at.key)) ||
		    unlikely(instance != MODULE_PERMANENT && instance != last))
			break;
		if (unlikely((uint16_t)word != half)) /* another thread has replaced it */
			break;
		uintptr_t cfa, saved = rule_word_saved(word);
		if (likely(rule_word_kind(word) == RULE_RSP)) {
			cfa = at.rsp + half;
			if (unlikely(cfa > high))
				break;
			place = load_half(at.rsp - 8, half, 1);
		} else if (likely(rule_word_kind(word) == RULE_RBP)) {
			cfa = at.rbp + rule_word_cfa(word);
			if (unlikely(cfa - saved < at.rsp || cfa < saved || cfa > high))
				break;
			place = load_half(cfa - 8, UINT64_C(0), 1);
		} else {
			break;
		}
		at.rsp = cfa;
		at.key = ((const stack_word *)cfa)[-1];
		if (saved)
			at.rbp = *(const stack_word *)(cfa - saved);
		frames[depth++] = at.key;
	}
	walk->position = at;
	return depth;
}

static bool may_be_code(uintptr_t address)
{
	return address >= CODE_LOWEST && address < CODE_LIMIT;
}

/* Looks at the last frame, if it was guessed and nothing has been asked about it: naming it must touch no module that
 * may go. False: it is in such a module. */
static bool last_may_be_named(const struct walk *walk, uintptr_t *frame)
{
	struct module_trust trust = walk_trust(walk);
	enum module_found found = walk->guessed ? module_look(walk->position.key - 1, &trust) : MODULE_FOUND;
	if (found == MODULE_NONE)
		*frame |= UNWINDER_NOWHERE;
	return found != MODULE_DOUBTED;
}

static struct unwinding walker_capture(const void *hook_frame, uintptr_t *frames, size_t limit)
{
	const stack_word *hook = hook_frame;
	struct walk walk = {.position = {.key = hook[1], .rsp = (uintptr_t)(hook + 2), .rbp = hook[0]},
			    .window = stack_window_open(hook_frame)};
	struct unwinding unwinding = {.depth = 1, .end = UNWINDING_LOST};
	frames[0] = hook[1];
	for (;;) {
		unwinding.depth = walk_plain_steps(&walk, frames, unwinding.depth, limit);
		if (!may_be_code(walk.position.key)) { /* the last address is not a frame */
			unwinding.depth--;
			break;
		}
		bool outermost = walk.position.key == fiber_start, guessed = walk.guessed;
		enum rule_kind kind = walk_step(&walk);
		if (outermost) /* never called */
			frames[unwinding.depth - 1] |= UNWINDER_EXACT;
		if (guessed && walk.nowhere)
			frames[unwinding.depth - 1] |= UNWINDER_NOWHERE;
		if (kind == RULE_END)
			walk.position.key = 0;
		if (kind == RULE_END || kind == RULE_LOST || walk.position.key == 0)
			break;
		if (unwinding.depth == limit) {
			unwinding.end = UNWINDING_LIMIT;
			break;
		}
		uintptr_t pc = walk.position.key;
		if (kind == RULE_SIGNAL) { /* the trampoline was never called, either */
			frames[unwinding.depth - 1] |= UNWINDER_EXACT;
			pc = (pc - 1) | UNWINDER_EXACT;
		}
		frames[unwinding.depth++] = pc;
	}
	/* No caller: as ABI and unwind information mark the outermost frame, and as we know it. */
	if (walk.position.key == 0 || walk.position.key == constructors_start)
		unwinding.end = UNWINDING_COMPLETE;
	else if (!last_may_be_named(&walk, &frames[unwinding.depth - 1]))
		unwinding.depth--;
	return unwinding;
}

static void fiber_function(void)
{
}

/* Lies on top of the stack of a fiber that has been made; this one never runs. */
static uintptr_t find_fiber_start(void)
{
	_Alignas(16) uintptr_t stack[64];
	ucontext_t fiber = {.uc_stack = {.ss_sp = stack, .ss_size = sizeof stack}};
	makecontext(&fiber, fiber_function, 0);
	uintptr_t top = (uintptr_t)fiber.uc_mcontext.gregs[REG_RSP];
	bool inside = top >= (uintptr_t)stack && top <= (uintptr_t)&stack[63] && top % sizeof top == 0;
	return inside ? *(const uintptr_t *)top : 0;
}

static bool walker_prepare(void)
{
	stack_window_prepare();
	if (!modules_bind())
		return false;
	fiber_start = find_fiber_start();
	/* Captures the constructor's own stack once: the page faults of the walker's code, of the loader's tables
	 * and of the stack happen here, and not in some malloc. */
	uintptr_t frames[UNWINDER_FRAMES];
	struct unwinding own = walker_capture(__builtin_frame_address(0), frames, UNWINDER_FRAMES);
	if (own.depth > 0 && own.end == UNWINDING_LOST && module_is_loader(frames[own.depth - 1] - 1))
		constructors_start = frames[own.depth - 1];
	return own.depth > 0;
}

const struct unwinder unwinder_walker = {
    .name = "walker",
    .nests = true,
    .prepare = walker_prepare,
    .capture = walker_capture,
};
