/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of root that become another user: checks whether libseep.so goes with them. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/path.h"
#include "doctor/check.h"

static const struct {
	const char *program, *word;
} clearing[] = {
    {"su", "-"},       {"su", "-l"},           {"su", "--login"},          {"runuser", "-"},
    {"runuser", "-l"}, {"runuser", "--login"}, {"setpriv", "--reset-env"},
};

void check_user_change(char *const *arguments, struct findings *findings)
{
	const char *program = path_base_name(arguments[0]);

	for (char *const *word = arguments + 1; *word && strcmp(*word, "--") != 0; word++)
		for (size_t i = 0; i < sizeof clearing / sizeof clearing[0]; i++)
			if (strcmp(program, clearing[i].program) == 0 && strcmp(*word, clearing[i].word) == 0) {
				finding_add(findings, FINDING_FAULT, "environment",
					    "do without it, or let it start seep: seep run -- CMD",
					    "%s %s takes LD_PRELOAD out of the program's environment", program, *word);
				return;
			}
}

void check_shim_for_others(const char *path, struct findings *findings)
{
	char part[4096];
	struct stat status;

	if (geteuid() != 0)
		return;
	snprintf(part, sizeof part, "%s", path);
	bool open_to_all = stat(part, &status) == 0 && (status.st_mode & S_IROTH);
	for (char *slash = strrchr(part, '/'); slash && slash != part && open_to_all; slash = strrchr(part, '/')) {
		*slash = 0;
		open_to_all = stat(part, &status) == 0 && (status.st_mode & S_IXOTH);
	}
	if (!open_to_all)
		finding_add(findings, FINDING_WARNING, "shim-for-others",
			    "install seep where all may read it, or set SEEP_LIBRARY",
			    "only root can load %s: once a program has become another user, what it executes is "
			    "not recorded",
			    path);
}
