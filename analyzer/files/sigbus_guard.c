/* SPDX-License-Identifier: Apache-2.0 */
/* seep maps heap files, and whoever may write to such a file may cut it. The guard replaces each page that is then
 * missing with a page of zeros, which readers take for empty entries. */
#include "files/sigbus_guard.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

/* A SIGBUS that somebody has sent is meant for the main thread, which may be waiting for it. Only a signal with a value
 * can be passed on unchanged. */
static bool main_thread_takes(int number, siginfo_t *sent)
{
	pid_t process = getpid();

	return syscall(SYS_gettid) != process && (syscall(SYS_rt_tgsigqueueinfo, process, process, number, sent) == 0 ||
						  syscall(SYS_tgkill, process, process, number) == 0);
}

/* mmap is a bare system call, so a signal handler may call it. */
static void page_replace(int number, siginfo_t *fault, void *context)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	void *page = (void *)((uintptr_t)fault->si_addr & ~(uintptr_t)(PAGE_BYTES - 1));

	(void)context;
	if (fault->si_code <= 0 && main_thread_takes(number, fault))
		return;
	if (fault->si_code != BUS_ADRERR || mmap(page, PAGE_BYTES, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		sigaction(number, &plain, NULL); /* the fault comes again, and ends us */
	if (fault->si_code <= 0)
		raise(number); /* we raised it ourselves */
}

void sigbus_guard_install(void)
{
	const struct sigaction action = {.sa_sigaction = page_replace, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction before;

	if (sigaction(SIGBUS, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(SIGBUS, &action, NULL);
}
