/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into the builds that count coverage in place of _exit(), which would leave the counts behind (-Wl,--wrap). */
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
