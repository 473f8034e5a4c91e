#!/usr/bin/python3
"""Linux hosts that have godwit as their switch and gateway find nothing odd.

    linux_hosts_test.py GODWIT     exit 77: skipped
"""

import json
import re
import sys
import time
import unittest

from lab import Host, Switch, least_lost, why_not

RED, BLUE = '10.1.0', '10.2.0'
MTU = 1400  # of blue
CONFIG = '''
workers: {{count: {workers}}}
ports:
  a: {{device: "net_af_packet0,iface={a},qpairs={workers}"}}
  b: {{device: "net_af_packet1,iface={b},qpairs={workers}"}}
  c: {{device: "net_af_packet2,iface={c},qpairs={workers}"}}
  d: {{device: "net_af_packet3,iface={d}"}}
bridges:
  red: {{ports: [a], gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.1.0.254/24, "fd00:1::fe/64"]}}}}
  blue: {{ports: [b, c, d], mtu: 1400,
         gateway: {{mac: "02:00:5e:10:00:02", addresses: [10.2.0.254/24, "fd00:2::fe/64"]}}}}
'''
HOSTS = {'a': '52:54:00:00:01:01', 'b': '52:54:00:00:02:01', 'c': '52:54:00:00:02:01', 'd': '52:54:00:00:02:02'}
VM = {'addresses': ['10.2.0.1/24', 'fd00:2::1/64'], 'gateways': ['10.2.0.254', 'fd00:2::fe']}
godwit = sys.argv.pop(1) if len(sys.argv) > 1 else 'build/godwit'


class LinuxHosts(unittest.TestCase):
    """Red's host, and in blue a VM at `old` that will move to `new`, and a peer of it."""

    WORKERS = 1

    @classmethod
    def setUpClass(cls):
        cls.ends = []
        cls.addClassCleanup(lambda: [end() for end in reversed(cls.ends)])
        cls.red, cls.old, cls.new, cls.peer = hosts = [cls.host(*who) for who in HOSTS.items()]
        interfaces = {name: host.port for name, host in zip(HOSTS, hosts)}
        cls.switch = Switch(godwit, CONFIG.format(workers=cls.WORKERS, **interfaces))
        cls.ends.append(cls.switch.end)
        cls.red.up(['10.1.0.1/24', 'fd00:1::1/64'], ['10.1.0.254', 'fd00:1::fe'])
        cls.peer.up(['10.2.0.2/24', 'fd00:2::2/64'], ['10.2.0.254', 'fd00:2::fe'])
        cls.old.up(**VM)
        cls.switch.wait_for(cls.red, '10.1.0.254')
        time.sleep(2.5)  # until DAD is over

    @classmethod
    def host(cls, *who):
        host = Host(*who)
        cls.ends.append(host.end)
        return host

    def test_01_addresses_pass_duplicate_address_detection(self):
        for host in self.red, self.old:
            addresses = host.run('ip', '-6', 'addr', 'show', 'dev', 'eth0')
            self.assertNotIn('dadfailed', addresses)
            self.assertNotIn('tentative', addresses)

    def test_02_the_gateways_address_is_refused_to_a_host(self):
        self.old.ip('addr', 'add', 'fd00:2::fe/64', 'dev', 'eth0')
        time.sleep(2)
        addresses = self.old.run('ip', '-6', 'addr', 'show', 'dev', 'eth0')
        self.old.ip('addr', 'del', 'fd00:2::fe/64', 'dev', 'eth0')
        self.assertRegex(addresses, r'fd00:2::fe/64.*dadfailed')

    def test_03_ping(self):
        for address in '10.1.0.254', '10.2.0.254', '10.2.0.1', 'fd00:1::fe', 'fd00:2::fe', 'fd00:2::1':
            with self.subTest(address):
                self.assertEqual(least_lost(self.red, '-c', '5', '-i', '0.05', address), 0)

    def test_04_link_local_ping(self):
        self.assertEqual(least_lost(self.red, '-c', '3', '-i', '0.05', 'fe80::5eff:fe10:1%eth0'), 0)

    def test_05_traceroute(self):
        for address, hops in (('10.2.0.1', ['10.1.0.254', '10.2.0.1']), ('fd00:2::1', ['fd00:1::fe', 'fd00:2::1']),
                              ('10.1.0.254', ['10.1.0.254'])):
            with self.subTest(address):
                for _ in range(3):  # it waits for an answer for three times as long as the one before took
                    trace = self.red.run('traceroute', '-n', '-w', '1', address)
                    found = re.findall(r'^ *\d+  (\S+)  [\d.]+ ms', trace, re.M)
                    if found == hops:
                        break
                self.assertEqual(found, hops, trace)

    def test_06_path_mtu(self):
        for address in '10.2.0.1', 'fd00:2::1':
            with self.subTest(address):
                self.assertIn(f'Resume: pmtu {MTU} hops 2', self.red.run('tracepath', '-n', address))

    def test_07_fragments(self):
        self.assertEqual(least_lost(self.red, '-c', '3', '-i', '0.05', '-M', 'dont', '-s', '1450', '10.2.0.1'), 0)
        self.assertEqual(least_lost(self.red, '-c', '3', '-i', '0.05', '-s', '4000', 'fd00:2::1'), 0)

    def test_08_unreachable(self):
        self.assertIn('Destination Host Unreachable', self.red.run('ping', '-c', '1', '-W', '5', '10.2.0.77'))
        self.assertIn('Address unreachable', self.red.run('ping', '-c', '1', '-W', '5', 'fd00:2::77'))
        self.assertIn('Destination Net Unreachable', self.red.run('ping', '-c', '1', '-W', '1', '192.0.2.1'))

    def test_09_arping(self):
        for address, mac in ('10.2.0.254', '02:00:5E:10:00:02'), ('10.2.0.1', '52:54:00:00:02:01'):
            said = self.peer.run('arping', '-c', '3', '-I', 'eth0', address)
            self.assertEqual(said.count(f'reply from {address} [{mac}]'), 3, said)
        said = self.peer.run('arping', '-D', '-c', '2', '-w', '3', '-I', 'eth0', '10.2.0.1')
        self.assertIn('52:54:00:00:02:01', said)  # the address is not free

    def iperf(self, client, *words):
        server = self.old.start('iperf3', '-s', '-1', '-J')
        time.sleep(0.5)
        said = client.run('iperf3', '-c', '10.2.0.1', '-t', '2', '-J', *words, timeout=60)
        server.communicate(timeout=20)
        return json.loads(said)['end']

    def test_10_iperf(self):
        for client, way in (self.peer, 'bridged'), (self.red, 'routed'):
            with self.subTest(way):
                self.assertGreater(self.iperf(client)['sum_received']['bytes'], 100_000)
                self.assertGreater(self.iperf(client, '-R')['sum_received']['bytes'], 100_000)
                # No more than one worker on a shared CPU can take: what is lost is lost by godwit.
                self.assertEqual(self.iperf(client, '-u', '-b', '1M', '-l', '1000')['sum']['lost_packets'], 0)

    def test_11_a_link_that_goes(self):
        self.peer.ip('link', 'set', 'eth0', 'down')
        self.switch.wait_for_log('port d is down')
        self.assertIn('100% packet loss', self.red.run('ping', '-c', '1', '-W', '1', '10.2.0.2'))
        before = self.switch.log().count('port d is up')
        self.peer.ip('link', 'set', 'eth0', 'up')
        self.switch.wait_for_log(f'(?s)(port d is up.*){{{before + 1}}}')
        self.peer.ip('route', 'add', 'default', 'via', '10.2.0.254')
        self.switch.wait_for(self.red, '10.2.0.2')

    def test_12_a_host_moves_under_load(self):
        ping = self.red.start('ping', '-i', '0.01', '-c', '300', '-D', '10.2.0.1')
        time.sleep(1)
        self.old.ip('link', 'set', 'eth0', 'down')
        gone = time.time()
        self.new.up(**VM)
        self.new.run('ping', '-c', '1', '-W', '1', '10.2.0.254')  # any frame: it is not known who it tells
        told = time.time()
        says = ping.communicate(timeout=20)[0]
        back = [float(stamp) for stamp in re.findall(r'\[(\d+\.\d+)\] .* bytes from', says) if float(stamp) > gone]
        self.assertTrue(back, says)
        self.assertLess(back[0], told + 0.1, says)
        self.assertNotIn('nreachable', says)

    def test_13_it_ends_well(self):
        self.assertEqual(self.switch.stop(), 0, self.switch.log())
        self.assertIn('SIGTERM: stopping', self.switch.log())


class WithTwoWorkers(LinuxHosts):
    """Frames of a host may reach either; the host at `d` has one queue, which the workers share."""

    WORKERS = 2


if __name__ == '__main__':
    reason = why_not()
    if reason:
        print(f'skipped: {reason}')
        sys.exit(77)
    unittest.main(verbosity=2)
