#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 600 s
# short: yes
# Python's own tests of what a shim could disturb: threads, processes, signals, memory, descriptors, limits. A line a test.
# Left out: what waits for half a second on a busy machine (timeouts, barriers), a test that sleeps for 30 s, and sockets
# of virtual machines, which wait for ever where there is no host to talk to.
shift
tests='test_threading test_multiprocessing_fork test_multiprocessing_spawn test_subprocess test_ctypes test_mmap test_signal
	test_fork1 test_os test_posix test_faulthandler test_gc test_resource test_socket test_thread test_threading_local
	test_queue test_dict test_list test_io test_memoryio test_json test_zlib'
[ -z "${SOAK_SHORT:-}" ] || tests='test_mmap test_thread test_threading_local test_gc'
"$@" /usr/bin/python3 -m test --junit-xml="$PWD/results.xml" --timeout=400 -j4 -i '*VSOCK*' -i '*Barrier*' -i '*[Tt]imeout*' \
	-i '*SiginterruptTest.test_siginterrupt_off' -i 'test.test_multiprocessing_spawn.WithThreads*' $tests >python.log 2>&1
status=$?
/usr/bin/python3 - <<'END'
import xml.etree.ElementTree as tree
lines = set()
for case in tree.parse("results.xml").iter("testcase"):
    marks = [mark.tag for mark in case if mark.tag in ("failure", "error", "skipped")]
    lines.add("%s\t%s" % (case.get("name"), " ".join(sorted(set(marks))) or case.get("result")))
print("\n".join(sorted(lines)))
END
grep -E '^(Timeout|Fatal Python error)|(crashed|failed|interrupted)( \(|$)' python.log | sed -E 's/^[0-9:]+ load avg: [0-9.]+ \[[^]]*\] //; s/ -- running:.*//' >&2
exit $status
