#!/usr/bin/python3
"""What a host does while a virtual machine migrates: it pings it many times a second and talks to it over TCP.

    traffic.py ADDRESS PORT PINGS_A_SECOND SECONDS      prints what came of it as JSON

Every ping has a number, so what is lost, doubled or out of order is counted and not guessed.
"""

import json
import select
import socket
import struct
import sys
import time

IDENT = 0x6777
CHUNK = 512
GRACE = 2  # seconds


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Pings:
    def __init__(self, address):
        self._to = (address, 0)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setblocking(False)
        self.sent = 0
        self.answers = []  # (number, when)

    def fileno(self):
        return self._socket.fileno()

    def send(self):
        body = struct.pack('!HHI', IDENT, self.sent & 0xFFFF, self.sent) + b'godwit' * 4
        head = struct.pack('!BBH', 8, 0, checksum(struct.pack('!BBH', 8, 0, 0) + body))
        self._socket.sendto(head + body, self._to)
        self.sent += 1

    def read(self, now):
        while True:
            try:
                packet = self._socket.recv(2048)
            except BlockingIOError:
                return
            message = packet[(packet[0] & 15) * 4:]
            kind, _, _, ident, _, number = struct.unpack_from('!BBHHHI', message)
            if kind == 0 and ident == IDENT:
                self.answers.append((number, now))

    def told(self):
        numbers = [number for number, _ in self.answers]
        newest = -1
        reordered = 0
        for number in numbers:
            reordered += number < newest
            newest = max(newest, number)
        times = [at for _, at in self.answers]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        return {'sent': self.sent, 'lost': sorted(set(range(self.sent)) - set(numbers)),
                'doubled': len(numbers) - len(set(numbers)), 'reordered': reordered,
                'longest_gap_ms': round(1000 * max(gaps, default=0), 1)}


class Stream:
    """Octets that the machine sends back: their order is TCP's business, whether they come at all is the network's."""

    def __init__(self, address, port):
        self._socket = socket.create_connection((address, port), timeout=10)
        self._socket.setblocking(False)
        self._sent = self._back = 0
        self._last = time.monotonic()
        self._longest = 0.0
        self._wrong = 0
        self._error = None

    def fileno(self):
        return self._socket.fileno()

    @property
    def is_over(self):
        return self._error is not None

    @staticmethod
    def _pattern(start, size):
        return bytes((start + n) % 251 for n in range(size))

    def send(self):
        """A chunk at a time, so that the machine's memory stays as it is and the migration converges."""
        if self._error is not None or self._sent - self._back > 64 * CHUNK:
            return
        try:
            self._sent += self._socket.send(self._pattern(self._sent, CHUNK))
        except BlockingIOError:
            pass
        except OSError as error:
            self._error = str(error)

    def read(self, now):
        if self._error is not None:
            return
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self._error = str(error)
            return
        if not data:
            self._error = 'closed by the machine'
            return
        self._wrong += data != self._pattern(self._back, len(data))
        self._back += len(data)
        self._longest = max(self._longest, now - self._last)
        self._last = now

    def told(self):
        return {'sent': self._sent, 'back': self._back, 'wrong': self._wrong, 'error': self._error,
                'longest_gap_ms': round(1000 * self._longest, 1)}


def run(address, port, rate, seconds):
    """Until the time is over or standard input says so; and the last answers are waited for."""
    pings, stream = Pings(address), Stream(address, port)
    print('begun', flush=True)
    due = time.monotonic()
    end = due + seconds
    watched = [pings, stream, sys.stdin]
    while (now := time.monotonic()) < end + GRACE:
        if now >= due and now < end:
            pings.send()
            stream.send()
            due += 1 / rate
        if stream.is_over and stream in watched:
            watched.remove(stream)
        ready, _, _ = select.select(watched, [], [], min(max(due - now, 0), 0.05) if now < end else 0.05)
        now = time.monotonic()
        if sys.stdin in ready:
            watched.remove(sys.stdin)
            end = now
        for one in ready:
            if one is not sys.stdin:
                one.read(now)
    return {'pings': pings.told(), 'stream': stream.told()}


if __name__ == '__main__':
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))))
