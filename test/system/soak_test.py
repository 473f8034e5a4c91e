#!/usr/bin/python3
"""A thousand hosts at a running godwit that move once a second each, all of the time.

    soak_test.py GODWIT [SECONDS]     as root; exit 77: skipped; prints what it saw

As soon as godwit passes on what a host said at its new place, there is a frame for the host, which must arrive there and
nowhere else. Every move must be believed and on record, no event lost, and no memory taken that is not given back. On a
machine that is busy with other things it takes longer: no host moves before its frame has arrived.
"""

import os
import pathlib
import socket
import struct
import sys
import tempfile
import time
import unittest

from lab import call, why_not

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'functional'))
from cli import frames  # noqa: E402  (found by the line above)
from daemon import Daemon  # noqa: E402

godwit = sys.argv.pop(1) if len(sys.argv) > 1 else 'build/godwit'
SECONDS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 30

SO_RCVBUFFORCE = 33  # Linux; this Python has no name for it
HOSTS = 1000
MOVES_A_SECOND = 1000
TICK = 0.01
SERVERS = 3
ETHER_TYPE = 0x88B5  # for experiments
PEER = '52:54:00:00:00:01'
FULL_LOG = 65_536    # moves; godwit keeps the latest
RECORD = 300         # octets of one, at most
PATIENCE = 30        # seconds, for what is under way
ROOM = 4 << 20       # octets that may come and go


class Wire:
    """A veth: one end is godwit's port, the other speaks and hears here."""

    def __init__(self, number):
        self.port = f'gw{os.getpid()}s{number}'
        peer = self.port + 'p'
        call('ip', 'link', 'add', self.port, 'type', 'veth', 'peer', 'name', peer)
        for end in self.port, peer:
            pathlib.Path(f'/proc/sys/net/ipv6/conf/{end}/disable_ipv6').write_text('1')
            call('ip', 'link', 'set', end, 'up')
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.socket.bind((peer, 0))
        self.socket.setblocking(False)

    def heard(self):
        """The frames that have arrived."""
        while True:
            try:
                frame, (_, _, kind, *_) = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            if kind != socket.PACKET_OUTGOING:
                yield frame

    def end(self):
        self.socket.close()
        call('ip', 'link', 'del', self.port)


def mac_of(host):
    return f'52:54:00:01:{host >> 8:02x}:{host & 255:02x}'


class Soak(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.wires = []
        for number in range(SERVERS + 1):
            self.wires.append(Wire(number))
            self.addCleanup(self.wires[-1].end)
        ports = ', '.join(f'p{n}: {{device: "net_af_packet{n},iface={wire.port}"}}' for n, wire in enumerate(self.wires))
        config = f'ports: {{{ports}}}\nbridges: {{lan: {{ports: [p0, p1, p2, p3]}}}}\n'
        self.daemon = Daemon(godwit, scratch.name, config)
        self.addCleanup(self.daemon.stop)
        self.garps = [frames.pad(frames.garp_request(mac_of(h), f'10.9.{4 + (h >> 8)}.{h & 255}')) for h in range(HOSTS)]
        self.turns = 0       # one a host after the other, and again
        self.offered = 0
        self.expected = {}   # host → the number of the frame for it that has not arrived, None before there is one
        self.strays = []

    def resident(self):
        """Octets of godwit's own, without what it shares with the kernel (the rings of packet sockets)."""
        status = pathlib.Path(f'/proc/{self.daemon.process.pid}/status').read_text()
        return int(status.split('RssAnon:')[1].split()[0]) << 10

    @property
    def moves(self):
        return max(0, self.turns - HOSTS)  # who appears has not moved

    def place(self, host):
        """Where it was last."""
        return (self.turns - 1 - host) // HOSTS % SERVERS

    def move(self):
        host = self.turns % HOSTS
        self.wait_while(lambda: host in self.expected)
        self.turns += 1
        self.expected[host] = None
        self.wires[self.place(host)].socket.send(self.garps[host])

    def offer(self, host):
        if self.expected.get(host, 0) is not None:  # said once more
            return
        self.expected[host] = self.offered
        head = frames.mac(mac_of(host)) + frames.mac(PEER) + struct.pack('!HHQ', ETHER_TYPE, host, self.offered)
        self.wires[SERVERS].socket.send(head.ljust(60, b'\0'))
        self.offered += 1

    def arrive(self, place, host, number):
        if self.expected.get(host) == number and self.place(host) == place:
            del self.expected[host]
        else:
            self.strays.append(number)

    def listen(self):
        for place, wire in enumerate(self.wires):
            for frame in wire.heard():
                if frame[12:14] == struct.pack('!H', ETHER_TYPE):
                    self.arrive(place, *struct.unpack_from('!HQ', frame, 14))
                elif place == SERVERS and frame[6:10] == frames.mac(mac_of(0))[:4]:
                    self.offer(struct.unpack_from('!H', frame, 10)[0])

    def soak(self, seconds):
        began = time.monotonic()
        ticks = round(seconds / TICK)
        for tick in range(ticks):
            for _ in range(round(MOVES_A_SECOND * TICK)):
                self.move()
            self.listen()
            time.sleep(max(0, began + (tick + 1) * TICK - time.monotonic()))

    def wait_while(self, is_so):
        end = time.monotonic() + PATIENCE
        while is_so():
            self.assertLess(time.monotonic(), end, f'{len(self.expected)} frames are lost')
            self.listen()
            time.sleep(TICK / 10)

    def test_a_thousand_moves_a_second(self):
        warm_up = 100 if SECONDS > 200 else 10
        self.soak(warm_up)
        before = self.resident()
        logged = min(self.moves, FULL_LOG)
        self.soak(SECONDS - warm_up)
        self.wait_while(lambda: self.expected)
        grown = self.resident() - before
        counters = self.daemon.get('/v1/stats')['counters']
        print(f'{SECONDS} s: {self.moves} moves, {counters["moved"]} believed, {self.offered} frames arrived, '
              f'{len(self.strays)} astray, {grown / 2**20:+.1f} MiB')
        self.assertEqual(counters['moved'], self.moves)
        self.assertEqual((self.offered, len(self.strays)), (self.turns, 0))
        self.assertEqual(counters['events_lost'], 0)
        on_record = len(self.daemon.get('/v1/moves')['moves'])
        self.assertEqual(on_record + counters['moves_omitted'], self.moves)
        self.assertLess(grown, (min(self.moves, FULL_LOG) - logged) * RECORD + ROOM)


if __name__ == '__main__':
    reason = why_not()
    if reason:
        print(f'skipped: {reason}')
        sys.exit(77)
    unittest.main(verbosity=2)
