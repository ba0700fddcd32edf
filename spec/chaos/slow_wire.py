"""
A wire between two networks that delays packets and lets some overtake others: relays between two TUN devices, which whoever starts it moves
to where they belong. Not every kernel has netem.

Ends with the network of either.

usage: slow_wire.py NAME NAME MILLISECONDS SEED
"""
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
OVERTAKING = 0.25


def open_device(name):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def relay(ends, delay, chance):
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    under_way, count = [], 0
    while True:
        timeout = None if not under_way else max(0, under_way[0][0] - time.monotonic())
        for fd in select.select(ends, [], [], timeout)[0]:
            try:
                packet = os.read(fd, 65536)
            except OSError:
                return  # Its network is gone, and the device with it.
            late = 0 if chance.random() < OVERTAKING else delay * (0.5 + chance.random())
            count += 1
            heapq.heappush(under_way, (time.monotonic() + late, count, other[fd], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, fd, packet = heapq.heappop(under_way)
            try:
                os.write(fd, packet)
            except OSError:
                pass  # The device is down or full: packets may be lost.


if __name__ == '__main__':
    devices = [open_device(name) for name in sys.argv[1:3]]
    print('ready', flush=True)
    relay(devices, float(sys.argv[3]) / 1000, random.Random(sys.argv[4]))
