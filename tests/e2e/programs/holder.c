/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds memory with a secret in it, for tests/e2e/test_security.sh, and ends with status 7.
 *
 *	holder [umask=OCTAL] [secure] [user] [wait] [ARG...]
 *
 * umask: sets it before anything is allocated. secure: prints AT_SECURE. user: says "ready", waits for "planted",
 *becomes nobody. wait: says "ready", waits for "go". Files of these names in the working directory are the words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCKS = 400, NOBODY = 65534 };

static char *kept[BLOCKS];
static char secret[64];

static void say_and_await(const char *word)
{
	FILE *ready = fopen("ready", "w");

	if (ready)
		fclose(ready);
	while (access(word, F_OK) != 0)
		usleep(20000);
}

static void become_nobody(void)
{
	say_and_await("planted");
	if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
		_exit(9);
	usleep(1500000); /* a keeper looks once a second */
	for (int i = 0; i < BLOCKS; i++)
		strcpy(kept[i] = realloc(kept[i], 2000), secret);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "umask=", 6) == 0)
			umask((mode_t)strtol(argv[i] + 6, NULL, 8));
	strcpy(secret, "memory");
	strcat(secret, "-secret-4711"); /* put together here, so that it is in no file */
	for (int i = 0; i < BLOCKS; i++)
		strcpy(kept[i] = malloc(1000), secret);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "secure") == 0)
			printf("secure %lu\n", getauxval(AT_SECURE));
		if (strcmp(argv[i], "user") == 0)
			become_nobody();
		if (strcmp(argv[i], "wait") == 0)
			say_and_await("go");
	}
	return 7;
}
