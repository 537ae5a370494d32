# SPDX-License-Identifier: Apache-2.0
"""hold_new_files.py DIRECTORY PID: holds up the first file that a process opens in a directory until a line comes in. Prints
"watching", then "held". Exit status 77: the kernel does not let us."""
import ctypes
import os
import select
import struct
import sys

OPEN_PERM, ON_CHILD, DIRECTORIES = 0x10000, 0x08000000, 0x40000000
ALLOW = 1
libc = ctypes.CDLL(None)
group = libc.fanotify_init(4, os.O_RDONLY)  # of the class that gives permission
events = ctypes.c_uint64(OPEN_PERM | ON_CHILD | DIRECTORIES)
if group < 0 or libc.fanotify_mark(group, 1, events, -100, os.fsencode(sys.argv[1])) < 0:
    sys.exit(77)
print("watching", flush=True)
held = 0
while 0 not in (ready := select.select([0, group], [], [])[0]):
    for event in struct.iter_unpack("=IBBHQii", os.read(group, 24 * 100)):
        descriptor, pid = event[-2:]
        if pid == int(sys.argv[2]) and not held:
            held = descriptor
            print("held", flush=True)
        else:
            os.write(group, struct.pack("=iI", descriptor, ALLOW))
            os.close(descriptor)
