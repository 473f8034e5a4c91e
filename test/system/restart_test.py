#!/usr/bin/python3
"""A godwit that is killed and started again goes on where it was: traffic is back, what it knew is not flooded, and
nothing wrong is believed.

    restart_test.py GODWIT     exit 77: skipped
"""

import pathlib
import re
import signal
import socket
import sys
import tempfile
import time
import unittest

from lab import Host, Switch, lost, why_not

CONFIG = '''
ports:
  a: {{device: "net_af_packet0,iface={a}"}}
  b: {{device: "net_af_packet1,iface={b}"}}
  c: {{device: "net_af_packet2,iface={c}"}}
  d: {{device: "net_af_packet3,iface={d}"}}
bridges:
  red: {{ports: [a, b, c, d], suppress: true}}
control: {{socket: "{state}.sock", state: "{state}"}}
'''
VM = '52:54:00:00:02:01'
HOSTS = {'a': '52:54:00:00:01:01', 'b': VM, 'c': '52:54:00:00:03:01', 'd': VM}
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SAVED = 8  # seconds until what was learned is written, and some more
godwit = sys.argv.pop(1) if len(sys.argv) > 1 else 'build/godwit'


class Tap:
    """What godwit sends to a host, from now on."""

    def __init__(self, host):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind((host.port, 0))
        self._socket.setblocking(False)

    def unicast_to(self, mac):
        """How many frames for it went out to the host since."""
        count = 0
        while True:
            try:
                frame, address = self._socket.recvfrom(2048)
            except BlockingIOError:
                return count
            count += address[2] == PACKET_OUTGOING and frame[:6] == bytes.fromhex(mac.replace(':', ''))

    def end(self):
        self._socket.close()


class Restart(unittest.TestCase):
    """A VM at b that may move to d, a peer at a, and c, which has nothing to do with them."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.state = pathlib.Path(directory.name) / 'state'
        self.peer, self.old, self.bystander, self.new = hosts = [self.host(*who) for who in HOSTS.items()]
        interfaces = {name: host.port for name, host in zip(HOSTS, hosts)}
        self.switch = Switch(godwit, CONFIG.format(state=self.state, **interfaces))
        self.addCleanup(self.switch.end)
        self.peer.up(['10.1.0.1/24'], [])
        self.old.up(['10.1.0.2/24'], [])
        self.bystander.up(['10.1.0.3/24'], [])
        self.switch.wait_for(self.peer, '10.1.0.2')
        self.switch.wait_for(self.peer, '10.1.0.3')

    def host(self, *who):
        host = Host(*who)
        self.addCleanup(host.end)
        return host

    def again(self, how, meanwhile=lambda: None):
        """When it was started."""
        self.switch.stop(how)
        meanwhile()
        started = time.time()
        self.switch.start()
        return started

    def taken_back(self):
        return int(self.switch.wait_for_log(r'state of .*: (\d+) hosts, .* taken back')[1])

    def is_back(self, ping, started):
        says = ping.communicate(timeout=60)[0]
        back = [float(at) for at in re.findall(r'\[(\d+\.\d+)\] .* bytes from', says) if float(at) > started]
        self.assertTrue(back, says)
        print(f'back {back[0] - started:.2f} s after the start')

    def test_killed_under_load(self):
        time.sleep(SAVED)
        tap = Tap(self.bystander)
        self.addCleanup(tap.end)
        ping = self.peer.start('ping', '-i', '0.01', '-c', '500', '-D', '10.1.0.2')
        time.sleep(1)
        started = self.again(signal.SIGKILL)
        self.assertEqual(self.taken_back(), 3)
        self.is_back(ping, started)
        self.assertEqual(tap.unicast_to(VM), 0)
        self.assertEqual(tap.unicast_to(HOSTS['a']), 0)

    def test_a_host_that_moved_meanwhile_is_found(self):
        time.sleep(SAVED)

        def moves():
            self.old.ip('link', 'set', 'eth0', 'down')
            self.new.up(['10.1.0.2/24'], [])

        self.again(signal.SIGKILL, moves)
        self.assertEqual(self.taken_back(), 3)
        self.new.run('ping', '-c', '1', '-W', '1', '10.1.0.1')  # its first frame
        self.assertEqual(lost(self.peer.run('ping', '-c', '20', '-i', '0.02', '10.1.0.2')), 0)

    def test_a_host_that_is_gone_is_looked_for(self):
        self.again(signal.SIGTERM, lambda: self.old.run('sh', '-c', 'ip addr flush dev eth0; '
                                                        'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6'))
        self.assertEqual(self.taken_back(), 3)
        tap = Tap(self.bystander)
        self.addCleanup(tap.end)
        self.peer.ip('neigh', 'replace', '10.1.0.2', 'lladdr', VM, 'dev', 'eth0', 'nud', 'permanent')
        time.sleep(14)  # as old as its address has to be to be asked for, and three questions
        self.peer.run('ping', '-c', '3', '-i', '0.1', '-W', '1', '10.1.0.2')
        self.assertGreater(tap.unicast_to(VM), 0)

    def test_a_damaged_state_is_told_and_not_used(self):
        self.switch.stop()
        octets = bytearray(self.state.read_bytes())
        octets[-9] ^= 1
        self.state.write_bytes(octets)
        self.switch.start()
        self.switch.wait_for_log('state is damaged: its checksum differs: nothing of it is used')
        self.switch.wait_for(self.peer, '10.1.0.2')


if __name__ == '__main__':
    reason = why_not()
    if reason:
        print(f'skipped: {reason}')
        sys.exit(77)
    unittest.main(verbosity=2)
