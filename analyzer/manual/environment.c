/* SPDX-License-Identifier: Apache-2.0 */
/* Every environment variable that libseep.so or seep reads. tests/e2e/test_manual.sh compares the names with those in
 * the sources. */
#include <stddef.h>

#include "manual/manual.h"

static const struct environment_variable library_variables[] = {
    {"SEEP_OPTIONS", "KEY=VALUE:...", NULL,
     "All of the following in one: `SEEP_OPTIONS=rate=512K:interval=10s`. A variable of its own wins. The key is the "
     "variable's "
     "name in small letters, without SEEP_ and with hyphens: `limit-headroom`."},
    {"SEEP_RATE", "BYTES", "512K", "One sample every so many allocated bytes on average. 1 records every allocation."},
    {"SEEP_INTERVAL", "TIME", "10s",
     "The time between two snapshots by the timer; while the recording is young, less. 0 takes a snapshot only "
     "at the end."},
    {"SEEP_OUTPUT", "DIR", "seep.%c.%p",
     "The recording's directory. `%c` stands for the command's name, `%p` for the process id, `%h` for the host's "
     "name, `%%` for a "
     "percent sign. A recording that exists is never touched: the next one gets `.2`, `.3` behind its name."},
    {"SEEP_SERVICE", "NAME", NULL,
     "Recordings are kept with this service's: `SEEP_STORE/NAME/%c.%p`, unless SEEP_OUTPUT says where. Letters, digits "
     "and "
     "`. _ - @ +`, 64 at most ([SERVICES.md](SERVICES.md))."},
    {"SEEP_STORE", "DIR", "/var/lib/seep",
     "The directory of all services, an absolute path. If the default can't hold one: `$XDG_STATE_HOME/seep`."},
    {"SEEP_FOLLOW", "none|all", "all", "Whether the processes that the program starts are recorded, too."},
    {"SEEP_DELAY", "TIME", "0", "Recording begins this long after the program has started."},
    {"SEEP_SIGNAL", "USR1|USR2|HUP|QUIT|PROF|NUMBER", NULL,
     "A snapshot is taken when the program gets this signal, unless the program handles the signal itself."},
    {"SEEP_LIMIT_HEADROOM", "N%|BYTES|off", "10%",
     "A snapshot is taken when the nearest memory limit (control group, RLIMIT_AS, RLIMIT_DATA) leaves less than "
     "this."},
    {"SEEP_KEEP", "COUNT", "64", "A recording keeps this many snapshots; the timer's are thinned evenly."},
    {"SEEP_KEEP_BYTES", "BYTES", "256M",
     "A recording keeps snapshots of up to this size, and eight of the timer's in any case, if there is space. For a "
     "service: "
     "the size of all its recordings (1G)."},
    {"SEEP_MAX_LIVE", "COUNT", NULL,
     "The number of live samples that a recording has room for. Without it the room follows from the rate, and grows."},
    {"SEEP_HEAP", "memory|recording|auto", "recording",
     "Where the heap file lies while the program runs: in `/dev/shm`, in the recording, or in memory when it is small. "
     "`seep run` "
     "presets `auto`."},
    {"SEEP_UNWINDER", "walker|libunwind|frame-pointers", "walker",
     "The unwinder that finds a stack's frames. libunwind must be installed for its name to be of use."},
    {0},
};

static const struct environment_variable session_variables[] = {
    {"SEEP_EXIT", "free|waits", "free",
     "Whether a process waits at its end until `seep run` has looked for lost memory (`--leaks-at-exit`)."},
    {"SEEP_KEEPER", "inside|outside", "inside",
     "Whether the program's own keeper takes the snapshots, or one outside of it (`seep run`'s)."},
    {"SEEP_SESSION", "FILE", NULL, "The registry in which `seep run` learns of recordings."},
    {"SEEP_SESSION_FILE", "DEVICE.INODE.OWNER", NULL, "Which file the registry is: its name may be another's by now."},
    {"SEEP_SESSION_HOST", "NAME.ASK.ANSWER", NULL,
     "Where `seep run` makes recordings for processes that have become another user, and the keys of both sides."},
    {"SEEP_RUNNER", "NAME", NULL, "Which `seep run` has started the program."},
    {"SEEP_HEAP_DEVICE", "NUMBER", NULL, "The device of the memory that `seep run` sees as `/dev/shm`."},
    {"SEEP_KEEPERS", "COUNT", "2048", "`seep run` keeps this many recordings at a time; the others wait. For tests."},
    {0},
};

static const struct environment_variable command_variables[] = {
    {"SEEP_LIBRARY", "FILE", NULL,
     "The libseep.so that `seep run` preloads, instead of the one that was installed with it."},
    {"SEEP_NAMES", "off", NULL, "`seep run` and `seep snapshot` keep no names with a recording."},
    {"SEEP_SERVE_TOKEN", "TOKEN", NULL,
     "The token that clients of `seep serve` must show, unless `--token-file` names a file with it."},
    {"OTEL_SERVICE_NAME", "NAME", NULL, "`service_name` of what `seep push` sends, without `--service`."},
    {"OTEL_RESOURCE_ATTRIBUTES", "NAME=VALUE,...", NULL,
     "Labels of what `seep push` sends, behind those of `--label`."},
    {"XDG_STATE_HOME", "DIR", "$HOME/.local/state",
     "What `seep push` has sent is noted in `DIR/seep/push`; services of users that may not write to `/var/lib/seep` "
     "are kept "
     "in `DIR/seep`."},
    {"SEEP_CACHE", "off", NULL, "No names are kept from one command to the next."},
    {"XDG_CACHE_HOME", "DIR", "$HOME/.cache", "Names of modules are kept in `DIR/seep`, by build id."},
    {"DEBUGINFOD_URLS", "URL...", NULL, "Servers that are asked for debug files and sources, separated by blanks."},
    {"PAGER", "less -S", "less",
     "The program that shows long text on a terminal; empty or `cat`: none. LESS is `FRX` unless it is set."},
    {"NO_COLOR", "1", NULL, "No colours on a terminal."},
    {"COLUMNS", "COUNT", NULL, "The width of the page, instead of the terminal's."},
    {"TMPDIR", "DIR", "/tmp", "Where `seep run` keeps its registry."},
    {0},
};

const struct environment_group environment_groups[] = {
    {"Recording",
     "libseep.so reads these when the program starts, whoever preloads it; `seep run` sets them from its options. "
     "Sizes take K, M "
     "and G; times take ms, s, m and h, and are seconds without. An unknown key or a malformed value gives one "
     "warning, and the "
     "default holds. A setuid program ignores them all and is not recorded.",
     library_variables},
    {"Between seep run and libseep.so", "`seep run` sets these. They are not for people.", session_variables},
    {"The seep command", "", command_variables},
    {0},
};
