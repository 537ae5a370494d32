/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a command line to the file that will run: through PATH, the #! line
 * of a script and env(1). Commands that start their program somewhere else, or
 * with another environment, are named.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/path.h"
#include "doctor/check.h"

enum {
	SCRIPT_DEPTH = 4,    /* scripts that interpret scripts; the kernel allows as many */
	SHEBANG_BYTES = 256, /* as the kernel reads */
};

/* Programs that start another program with a different environment, or outside this process tree. */
static const struct {
	const char *name, *id, *text, *advice;
} wrappers[] = {
    {"sudo", "wrapper", "sudo drops LD_PRELOAD", "put seep inside: sudo seep run -- CMD"},
    {"su", "wrapper", "su is set-user-ID and drops LD_PRELOAD", "put seep inside: su USER -c 'seep run -- CMD'"},
    {"doas", "wrapper", "doas drops LD_PRELOAD", "put seep inside: doas seep run -- CMD"},
    {"pkexec", "wrapper", "pkexec drops LD_PRELOAD", "put seep inside: pkexec seep run -- CMD"},
    {"systemd-run", "wrapper", "systemd starts the program, with another environment",
     "set LD_PRELOAD in the unit (Environment=)"},
    {"systemctl", "wrapper", "systemd starts the program, with another environment",
     "set LD_PRELOAD in the unit (Environment=)"},
    {"service", "wrapper", "the service manager starts the program, with another environment",
     "set LD_PRELOAD in the unit (Environment=)"},
    {"docker", "wrapper", "the program runs in a container, which seep does not reach",
     "install seep in the image and run it there"},
    {"podman", "wrapper", "the program runs in a container, which seep does not reach",
     "install seep in the image and run it there"},
    {"ssh", "wrapper", "the program runs on another machine", "run seep there"},
};

static bool is_executable_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Looks in PATH, as execvp() does. */
static bool path_search(const char *name, char path[PATH_MAX])
{
	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return true;
	}
	char *list = memory_copy_text(getenv("PATH") ? getenv("PATH") : "/bin:/usr/bin"), *rest = list;
	bool found = false;
	while (!found && rest) {
		const char *directory = strsep(&rest, ":");
		snprintf(path, PATH_MAX, "%s/%s", *directory ? directory : ".", name);
		found = is_executable_file(path);
	}
	free(list);
	return found;
}

/* Reads a "#! interpreter [argument]" line; false if the file does not begin with one. */
static bool shebang_read(const char *path, char interpreter[SHEBANG_BYTES], char argument[SHEBANG_BYTES])
{
	char line[SHEBANG_BYTES] = "";
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (descriptor < 0)
		return false;
	ssize_t bytes = read(descriptor, line, sizeof line - 1);
	close(descriptor);
	if (bytes < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[strcspn(line, "\n")] = 0;
	char *start = line + 2 + strspn(line + 2, " \t");
	size_t length = strcspn(start, " \t");
	snprintf(interpreter, SHEBANG_BYTES, "%.*s", (int)length, start);
	snprintf(argument, SHEBANG_BYTES, "%s", start + length + strspn(start + length, " \t"));
	return *interpreter != 0;
}

/* Our own environment, changed as env(1) changes it on the command line. */
struct command_environment {
	char *const *assignments; /* NULL, or words; the ones before the first word without '=' are variables */
};

static bool command_has_variable(const void *context, const char *name, const char *value)
{
	const struct command_environment *environment = context;
	const char *found = getenv(name);
	size_t length = strlen(name);

	for (char *const *word = environment->assignments; word && *word && strchr(*word, '='); word++)
		if (strncmp(*word, name, length) == 0 && (*word)[length] == '=')
			found = *word + length + 1;
	return found && (!value || strcmp(found, value) == 0);
}

/* Skips env(1)'s own words; true if it clears the environment on the way. */
static bool env_skip(char *const **arguments, struct command_environment *environment)
{
	bool clears = false;
	char *const *word = *arguments + 1;

	while (*word && **word == '-') {
		clears |= strcmp(*word, "-i") == 0 || strcmp(*word, "-") == 0 ||
			  strcmp(*word, "--ignore-environment") == 0 || strcmp(*word, "-uLD_PRELOAD") == 0 ||
			  strcmp(*word, "--unset=LD_PRELOAD") == 0;
		if (strcmp(*word, "-u") == 0 && word[1]) {
			word++;
			clears |= strcmp(*word, "LD_PRELOAD") == 0;
		}
		word++;
	}
	environment->assignments = word;
	while (*word && strchr(*word, '=')) {
		clears |= strncmp(*word, "LD_PRELOAD=", 11) == 0;
		word++;
	}
	*arguments = word;
	return clears;
}

/* Adds a finding for a known wrapper; true if there is no use in looking further. */
static bool check_wrapper(const char *name, struct findings *findings)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
		bool is_root_su = strcmp(name, "su") == 0 && geteuid() == 0; /* it does not need its set-user-ID bit */
		if (strcmp(name, wrappers[i].name) != 0 || is_root_su)
			continue;
		finding_add(findings, FINDING_FAULT, wrappers[i].id, wrappers[i].advice, "%s", wrappers[i].text);
		return true;
	}
	return false;
}

static void check_at_depth(char *const *arguments, struct command_environment environment, enum elf_depth depth,
			   int scripts, struct findings *findings)
{
	char path[PATH_MAX], interpreter[SHEBANG_BYTES], argument[SHEBANG_BYTES];
	const struct check_environment lookup = {command_has_variable, &environment};

	if (strcmp(path_base_name(arguments[0]), "env") == 0) {
		if (env_skip(&arguments, &environment))
			finding_add(findings, FINDING_FAULT, "environment", "let env keep LD_PRELOAD and SEEP_*",
				    "env takes LD_PRELOAD out of the program's environment");
		if (!*arguments)
			return;
	}
	if (!path_search(arguments[0], path) || access(path, F_OK) != 0) {
		finding_add(findings, FINDING_FAULT, "missing", "give its path", "%s: not found", arguments[0]);
		return;
	}
	if (!is_executable_file(path)) {
		finding_add(findings, FINDING_FAULT, "not-executable", "make it executable (chmod +x)",
			    "%s is not an executable file", path);
		return;
	}
	check_user_change(arguments, findings);
	if (check_wrapper(path_base_name(path), findings))
		return;
	if (!shebang_read(path, interpreter, argument)) {
		check_executable(path, depth, &lookup, findings);
		return;
	}
	finding_add(findings, FINDING_FINE, "script", NULL, "%s is a script; %s%s%s runs it", path, interpreter,
		    *argument ? " " : "", argument);
	char *words[4] = {interpreter, *argument ? argument : NULL, NULL, NULL};
	/* "#!/usr/bin/env -S a b" splits; the first word that is not an option is what matters here. */
	if (*argument && strncmp(argument, "-S ", 3) == 0) {
		words[1] = argument + 3;
		words[1][strcspn(words[1], " ")] = 0;
	}
	if (scripts < SCRIPT_DEPTH)
		check_at_depth(words, environment, depth, scripts + 1, findings);
}

void check_command(char *const *arguments, enum elf_depth depth, struct findings *findings)
{
	check_at_depth(arguments, (struct command_environment){NULL}, depth, 0, findings);
}
