/* SPDX-License-Identifier: Apache-2.0 */
/* A library whose thread-local data is allocated when a thread first touches it. */
static __thread char room[100000];
static __thread int count;

int touch(int number)
{
	room[number * 1000 % 100000] = 1;
	return ++count;
}
