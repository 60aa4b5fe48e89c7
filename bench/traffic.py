#!/usr/bin/python3
"""A stream of packets through a tunnel, for the gaps in it.

`traffic.py send ADDRESS MS` sends a packet every MS milliseconds, until it is ended.
`traffic.py receive ADDRESS` prints at SIGTERM when each packet came, in
milliseconds since 1970. The kernel takes the time, so that a late turn of this process is no gap."""

import signal
import socket
import struct
import sys
import time

PORT = 5000
SO_TIMESTAMPNS = 35


def send(address, ms):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    due = time.monotonic()
    while True:
        try:
            sender.sendto(b"packet", (address, PORT))
        except OSError:
            pass  # The tunnel's device may be gone for a moment.
        due += ms / 1000
        time.sleep(max(0, due - time.monotonic()))


def receive(address):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    receiver.bind((address, PORT))
    arrivals = []

    def finish(*_):
        print("\n".join(f"{ms:.3f}" for ms in arrivals), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, finish)
    while True:
        _, ancillary, _, _ = receiver.recvmsg(64, 64)
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        arrivals.append(seconds * 1000 + nanoseconds / 1e6)


if sys.argv[1] == "send":
    send(sys.argv[2], float(sys.argv[3]))
else:
    receive(sys.argv[2])
