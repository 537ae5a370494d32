/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that is asked whether files may be opened, as one that looks for viruses is: the first sample comes while it makes up
 * its mind, and who opens a file then waits for the answer. The files are those of a mount of its own.
 *
 * torture: rate=512K
 * torture: recordings=1
 */
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "torture.h"

static int asked;

static void answer(int listener)
{
	char events[4096];
	ssize_t bytes = read(listener, events, sizeof events);
	const struct fanotify_event_metadata *event = (const struct fanotify_event_metadata *)events;
	for (; bytes > 0 && FAN_EVENT_OK(event, bytes); event = FAN_EVENT_NEXT(event, bytes)) {
		struct fanotify_response response = {.fd = event->fd, .response = FAN_ALLOW};
		free(malloc(8 << 20)); /* certain to be sampled */
		allocate_and_free(20);
		EXPECT(write(listener, &response, sizeof response) == sizeof response);
		close(event->fd);
		asked++;
	}
}

int main(void)
{
	int status = 0;
	close(open("asked", O_CREAT | O_RDWR, 0600));
	EXPECT(unshare(CLONE_NEWNS) == 0);
	EXPECT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	char *here = realpath(".", NULL);
	EXPECT(mount(here, here, NULL, MS_BIND, NULL) == 0);
	EXPECT(chdir(here) == 0); /* into it */
	free(here);
	int listener = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_CLOEXEC);
	EXPECT(fanotify_mark(listener, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN_PERM, AT_FDCWD, ".") == 0);
	pid_t child = fork();
	if (child == 0)
		_exit(open("asked", O_RDONLY) >= 0 ? 5 : 6);
	while (waitpid(child, &status, WNOHANG) == 0) {
		answer(listener);
		usleep(1000);
	}
	printf("child: exit %d, asked: %d\n", WEXITSTATUS(status), asked > 0);
	close(listener);
	return 0;
}
