/* SPDX-License-Identifier: Apache-2.0 */
/* shim/recording/gate.h: who begins a recording, where threads come and go meanwhile. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <cmocka.h>

#include "shim/recording/gate.h"

static sem_t claimed, may_settle;
static pthread_t other;
static uint32_t others_claim;

static void *claim_and_settle(void *settles)
{
	others_claim = gate_claim(__builtin_frame_address(0));
	sem_post(&claimed);
	sem_wait(&may_settle);
	if (settles)
		gate_settle(others_claim, GATE_OPEN);
	return NULL;
}

static void other_begins(void *settles)
{
	sem_init(&claimed, 0, 0);
	sem_init(&may_settle, 0, 0);
	assert_true(gate_prepare());
	assert_int_equal(pthread_create(&other, NULL, claim_and_settle, settles), 0);
	sem_wait(&claimed);
}

static void other_ends(void)
{
	sem_post(&may_settle);
	pthread_join(other, NULL);
}

/* Stands for a look for the claimant that takes so long that it settles and ends meanwhile. */
static void look_for_claimant(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	other_ends();
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -ESRCH;
}

static int claim_while_other_settles(void)
{
	struct sock_filter lines[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {sizeof lines / sizeof *lines, lines};
	const struct sigaction action = {.sa_sigaction = look_for_claimant, .sa_flags = SA_SIGINFO};

	other_begins(&claimed);
	if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 2;
	return gate_claim(__builtin_frame_address(0)) != 0 || gate_read() != GATE_OPEN;
}

static void a_claim_that_is_settled_meanwhile_is_not_taken_over(void **state)
{
	(void)state;
	int status;
	const pid_t child = fork();
	if (child == 0)
		_exit(claim_while_other_settles());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_claimant_that_has_gone_is_replaced(void **state)
{
	(void)state;
	other_begins(NULL);
	assert_int_equal(gate_claim(__builtin_frame_address(0)), 0);
	other_ends();
	uint32_t claim = 0;
	/* a thread has its number for a moment after it was joined */
	for (int i = 0; !claim && i < 100000; i++, usleep(100))
		claim = gate_claim(__builtin_frame_address(0));
	assert_int_not_equal(claim, 0);
	assert_int_not_equal(claim, others_claim);
	assert_false(gate_settle(others_claim, GATE_OFF));
	assert_int_equal(gate_read(), GATE_OPENING);
	assert_true(gate_settle(claim, GATE_OPEN));
	assert_int_equal(gate_read(), GATE_OPEN);
	assert_int_equal(gate_claim(__builtin_frame_address(0)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_claim_that_is_settled_meanwhile_is_not_taken_over),
	    cmocka_unit_test(a_claimant_that_has_gone_is_replaced),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
