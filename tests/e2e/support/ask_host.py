#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Talks to the host of a session (SEEP_SESSION_HOST) as a stranger or a hostile member would; prints what came back.

	ask_host.py idle COUNT SECONDS   so many connections that say nothing
	ask_host.py stranger             a message with a wrong key
	ask_host.py short                a message that is cut
	ask_host.py empty                the right key, and a header of zeros
"""
import os
import socket
import sys
import time

NAME, ASK, ANSWER = os.environ["SEEP_SESSION_HOST"].split(".")
BYTES = int(os.environ.get("MESSAGE_BYTES", "0")) or 65536


def connect():
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asking.settimeout(5)
    asking.connect(b"\0seep-run-" + NAME.encode())
    return asking


def ask(message):
    asking = connect()
    asking.send(message)
    try:
        answer, ancillary, _, _ = asking.recvmsg(BYTES, 1024)
    except ConnectionResetError:
        answer, ancillary = b"", []
    print(len(answer) > 0, len(ancillary))


what = sys.argv[1]
if what == "idle":
    held = [connect() for _ in range(int(sys.argv[2]))]
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
elif what == "stranger":
    ask(b"0" * 32 + bytes(BYTES - 32))
elif what == "short":
    ask(ASK.encode())
elif what == "empty":
    ask(ASK.encode() + b"\1\0\0\0" + bytes(BYTES - 36))
