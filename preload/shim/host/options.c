/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing of options by a table of names and typed setters: see options.h. */
#include "shim/host/options.h"

#include <stddef.h>
#include <signal.h>
#include <string.h>

#define FIRST_OF_PROGRAMS 34 /* of the real-time signals: libc keeps two for itself */

typedef bool option_setter(void *field, size_t bytes, const char *value, size_t length);

/* Digits, then at most one of the suffixes; the value is multiplied by that suffix's unit. */
struct unit {
	const char *suffix;
	uint64_t factor;
};

static bool parse_scaled(const char *value, size_t length, const struct unit *units, uint64_t *result)
{
	uint64_t number = 0;
	size_t i = 0;
	for (; i < length && value[i] >= '0' && value[i] <= '9'; i++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(value[i] - '0'), &number))
			return false;
	}
	if (i == 0)
		return false;
	for (; units->suffix; units++) {
		if (strlen(units->suffix) == length - i && memcmp(units->suffix, value + i, length - i) == 0)
			return !__builtin_mul_overflow(number, units->factor, result);
	}
	return false;
}

static bool set_bytes(void *field, size_t bytes, const char *value, size_t length)
{
	static const struct unit units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
	(void)bytes;
	return parse_scaled(value, length, units, field);
}

static bool set_rate(void *field, size_t bytes, const char *value, size_t length)
{
	uint64_t rate;
	if (!set_bytes(&rate, bytes, value, length) || rate == 0 || rate > UINT64_C(1) << 50)
		return false;
	memcpy(field, &rate, sizeof rate);
	return true;
}

static bool set_time(void *field, size_t bytes, const char *value, size_t length)
{
	static const struct unit units[] = {
	    {"ms", 1000000u},  {"s", 1000000000u}, {"m", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)},
	    {"", 1000000000u}, {NULL, 0}};
	(void)bytes;
	return parse_scaled(value, length, units, field);
}

static bool set_count(void *field, size_t bytes, const char *value, size_t length)
{
	uint64_t number;
	if (!set_bytes(&number, bytes, value, length) || number < 2)
		return false;
	memcpy(field, &number, sizeof number);
	return true;
}

/* A share of the limit, bytes, or off. */
static bool set_headroom(void *field, size_t bytes, const char *value, size_t length)
{
	static const struct unit percent[] = {{"%", 1}, {NULL, 0}};
	struct headroom_option headroom = {0};
	bool is_off = length == 3 && memcmp(value, "off", 3) == 0;
	if (!is_off && !(parse_scaled(value, length, percent, &headroom.percent) && headroom.percent <= 100) &&
	    !set_bytes(&headroom.bytes, sizeof headroom.bytes, value, length))
		return false;
	memcpy(field, &headroom, bytes);
	return true;
}

static bool set_text(void *field, size_t bytes, const char *value, size_t length)
{
	if (length >= bytes)
		return false;
	memcpy(field, value, length);
	((char *)field)[length] = 0;
	return true;
}

static bool set_service(void *field, size_t bytes, const char *value, size_t length)
{
	return (length == 0 || seep_service_name_is_valid(value, length)) && set_text(field, bytes, value, length);
}

static bool set_store(void *field, size_t bytes, const char *value, size_t length)
{
	return (length == 0 || value[0] == '/') && set_text(field, bytes, value, length);
}

static bool set_follow(void *field, size_t bytes, const char *value, size_t length)
{
	(void)bytes;
	bool all = length == 3 && memcmp(value, "all", 3) == 0, none = length == 4 && memcmp(value, "none", 4) == 0;
	*(bool *)field = all;
	return all || none;
}

static bool set_heap(void *field, size_t bytes, const char *value, size_t length)
{
	static const char *const names[] = {
	    [OPTION_HEAP_RECORDING] = "recording", [OPTION_HEAP_AUTO] = "auto", [OPTION_HEAP_MEMORY] = "memory"};
	(void)bytes;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strlen(names[i]) == length && memcmp(names[i], value, length) == 0) {
			*(enum option_heap *)field = (enum option_heap)i;
			return true;
		}
	}
	return false;
}

/* DEVICE.INODE.OWNER of the registry, and .1 if a lock says whether somebody reads it */
static bool set_session_file(void *field, size_t bytes, const char *value, size_t length)
{
	static const struct unit plain[] = {{"", 1}, {NULL, 0}};
	uint64_t numbers[4] = {0};
	for (size_t i = 0; i < 4; i++) {
		const char *dot = memchr(value, '.', length);
		size_t digits = dot ? (size_t)(dot - value) : length;
		if (!parse_scaled(value, digits, plain, &numbers[i]) || (!dot && i < 2) || (dot && i == 3))
			return false;
		if (!dot)
			break;
		length -= digits + 1;
		value = dot + 1;
	}
	struct session_file_option file = {numbers[0], numbers[1], numbers[2], numbers[3], true};
	memcpy(field, &file, bytes);
	return true;
}

static bool set_keeper(void *field, size_t bytes, const char *value, size_t length)
{
	(void)bytes;
	bool inside = length == 6 && memcmp(value, "inside", 6) == 0;
	*(bool *)field = length == 7 && memcmp(value, "outside", 7) == 0;
	return inside || *(bool *)field;
}

/* May this signal ask for a snapshot? A fault's may not: the instruction would fault again, without end. Nor may libc's
 * own. */
static bool may_ask(uint64_t number)
{
	static const int never[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (number == (uint64_t)never[i])
			return false;
	return number >= 1 && number <= 64 && (number < 32 || number >= FIRST_OF_PROGRAMS);
}

static bool set_exit(void *field, size_t bytes, const char *value, size_t length)
{
	(void)bytes;
	*(bool *)field = length == 5 && memcmp(value, "waits", 5) == 0;
	return *(bool *)field || (length == 4 && memcmp(value, "free", 4) == 0);
}

static bool set_signal(void *field, size_t bytes, const char *value, size_t length)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"HUP", SIGHUP}, {"QUIT", SIGQUIT}, {"PROF", SIGPROF}};
	(void)bytes;
	if (length > 3 && memcmp(value, "SIG", 3) == 0) {
		value += 3;
		length -= 3;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strlen(names[i].name) == length && memcmp(names[i].name, value, length) == 0) {
			*(int *)field = names[i].number;
			return true;
		}
	}
	uint64_t number;
	static const struct unit plain[] = {{"", 1}, {NULL, 0}};
	if (!parse_scaled(value, length, plain, &number) || !may_ask(number))
		return false;
	*(int *)field = (int)number;
	return true;
}

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)NULL)->name)

/* The warning's words for a value that a setter refuses. */
#define A_SIZE "a number of bytes (512K, 64M)"
#define A_TIME "a time (500ms, 10s, 5m)"
#define A_TEXT "a shorter text"

static const struct option_entry {
	const char *key, *variable;
	option_setter *set;
	const char *form;
	size_t offset, bytes;
} entries[] = {
    {"rate", "SEEP_RATE", set_rate, "a number of bytes from 1 up (512K, 1M)", FIELD(rate)},
    {"interval", "SEEP_INTERVAL", set_time, A_TIME, FIELD(interval_ns)},
    {"delay", "SEEP_DELAY", set_time, A_TIME, FIELD(delay_ns)},
    {"output", "SEEP_OUTPUT", set_text, A_TEXT, FIELD(output)},
    {"service", "SEEP_SERVICE", set_service, "a service's name (letters, digits, . _ - @ +)", FIELD(service)},
    {"store", "SEEP_STORE", set_store, "an absolute path", FIELD(store)},
    {"unwinder", "SEEP_UNWINDER", set_text, A_TEXT, FIELD(unwinder)},
    {"follow", "SEEP_FOLLOW", set_follow, "all or none", FIELD(follow)},
    {"keeper", "SEEP_KEEPER", set_keeper, "inside or outside", FIELD(keeper_outside)},
    {"exit", "SEEP_EXIT", set_exit, "free or waits", FIELD(waits_at_exit)},
    {"heap", "SEEP_HEAP", set_heap, "recording, auto or memory", FIELD(heap)},
    {"heap-device", "SEEP_HEAP_DEVICE", set_bytes, A_SIZE, FIELD(heap_device)},
    {"signal", "SEEP_SIGNAL", set_signal, "a signal that can be handled (USR2)", FIELD(signal)},
    {"max-live", "SEEP_MAX_LIVE", set_bytes, A_SIZE, FIELD(max_live)},
    {"keep", "SEEP_KEEP", set_count, "a number from 2 up", FIELD(snapshots)},
    {"keep-bytes", "SEEP_KEEP_BYTES", set_bytes, A_SIZE, FIELD(snapshots_bytes)},
    {"limit-headroom", "SEEP_LIMIT_HEADROOM", set_headroom, "a share up to 100%, bytes (64M) or off",
     FIELD(limit_headroom)},
    {"session", "SEEP_SESSION", set_text, A_TEXT, FIELD(session)},
    {"session-file", "SEEP_SESSION_FILE", set_session_file, "what seep run gives", FIELD(session_file)},
    {"session-host", "SEEP_SESSION_HOST", set_text, A_TEXT, FIELD(session_host)},
    {"runner", "SEEP_RUNNER", set_text, A_TEXT, FIELD(runner)},
};
#define ENTRIES (sizeof entries / sizeof *entries)
#define VALUE_SHOWN 40

/* Appends to the warning, cut to its room. The text comes from outside, so its control characters must not reach a
 * terminal. */
static void warning_add(struct options *options, const char *text, size_t length)
{
	size_t used = strlen(options->warning), room = sizeof options->warning - used - 1;

	if (length > room)
		length = room;
	for (size_t i = 0; i < length; i++)
		options->warning[used++] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
	options->warning[used] = 0;
}

/* "ignored SEEP_RATE=12x: that is not a number of bytes from 1 up (512K, 1M)"; the value is cut where the form must fit. */
static void warn(struct options *options, const char *name, const char *value, size_t length, const char *form)
{
	if (options->warning[0])
		return;
	warning_add(options, "ignored ", 8);
	warning_add(options, name, strlen(name));
	warning_add(options, "=", 1);
	warning_add(options, value, length < VALUE_SHOWN ? length : VALUE_SHOWN);
	if (length > VALUE_SHOWN)
		warning_add(options, "...", 3);
	warning_add(options, ": that is not ", 14);
	warning_add(options, form, strlen(form));
}

static void apply(struct options *options, const struct option_entry *entry, const char *value, size_t length)
{
	struct options before = *options;

	if (entry->set((char *)options + entry->offset, entry->bytes, value, length))
		return;
	*options = before;
	warn(options, entry->variable, value, length, entry->form);
}

static void read_list(struct options *options, const char *list)
{
	while (*list) {
		size_t length = strcspn(list, ":");
		const char *equals = memchr(list, '=', length);
		size_t key = equals ? (size_t)(equals - list) : length, i = 0;
		while (i < ENTRIES && !(strlen(entries[i].key) == key && memcmp(entries[i].key, list, key) == 0))
			i++;
		if (i < ENTRIES && equals)
			apply(options, &entries[i], equals + 1, length - key - 1);
		else if (length)
			warn(options, "SEEP_OPTIONS", list, length, "KEY=VALUE with a key that there is");
		list += length + (list[length] == ':');
	}
}

const char *options_variable(char *const *environment, const char *name)
{
	size_t length = strlen(name);
	for (; environment && *environment; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return NULL;
}

void options_read(struct options *options, char *const *environment, bool secure)
{
	*options = (struct options){.off = secure,
				    .follow = true,
				    .rate = 512 << 10,
				    .interval_ns = UINT64_C(10000000000),
				    .snapshots = 64,
				    .limit_headroom = {.percent = 10}};
	if (secure)
		return;
	const char *list = options_variable(environment, "SEEP_OPTIONS");
	if (list)
		read_list(options, list);
	for (size_t i = 0; i < ENTRIES; i++) {
		const char *value = options_variable(environment, entries[i].variable);
		if (value)
			apply(options, &entries[i], value, strlen(value));
	}
	if (*options->service && !*options->output)
		seep_stores_find(&options->stores, options->store, options_variable(environment, "XDG_STATE_HOME"),
				 options_variable(environment, "HOME"));
}
