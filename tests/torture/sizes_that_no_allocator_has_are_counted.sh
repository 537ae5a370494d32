# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# malloc((size_t)-1000000000) raises a countdown, at rates above 1: what the thread allocates then shows, or a sample is
# counted as lost, when it frees a sample, asks for nothing or for 64 KiB, or ends the program: docs/FAST_PATH.md says what remains.

cat >negative.c <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
static void *volatile hold, *volatile old[1000];
static const char *way;
static void *run(void *unused)
{
	volatile size_t absurd = -1000000000;
	for (int i = 0; i < 1000; i++)
		old[i] = malloc(1000);
	hold = malloc(absurd);
	for (int i = 0; i < 100000; i++) {
		hold = malloc(1000);
		if (strcmp(way, "frees") == 0 && i < 1000)
			free(old[i]);
	}
	if (strcmp(way, "asks") == 0)
		hold = malloc(0);
	return unused;
}
int main(int count, char **words)
{
	pthread_t thread;
	way = words[count - 1];
	if (strcmp(way, "ends") == 0)
		run(0);
	else if (pthread_create(&thread, 0, run, 0) == 0)
		pthread_join(thread, 0);
	return 0;
}
C
gcc -g -O1 -pthread -o bin/negative negative.c
for way in frees asks ends; do
	"$SEEP" run -r 64K -o "runs/$way" -- bin/negative "$way" 2>said
	"$SEEP" report --last --json "runs/$way" >report.json
	check_equal "what follows a negative size shows or is counted as lost where the thread $way" True "$(/usr/bin/python3 -c '
import json
report = json.load(open("report.json"))
allocated = sum(site["alloc_bytes"] for site in report["sites"])
print(allocated > 50e6 or report["losses"]["samples_reentry"] > 0)')"
done
