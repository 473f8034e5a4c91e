#!/usr/bin/python3
"""Ports of every kind that need no hardware and no virtual machine, and what befalls a daemon in its life.

    ports_test.py GODWIT     exit 77: skipped
"""

import os
import signal
import sys
import tempfile
import time
import unittest

from lab import Host, Switch, call, lost, why_not

godwit = sys.argv.pop(1) if len(sys.argv) > 1 else 'build/godwit'
TAP = f'gw{os.getpid()}tap'
NEAR = '''
ports: {{host: {{device: "net_af_packet0,iface={host}"}}, far: {{device: "memif:{memif}"}}}}
bridges: {{lan: {{ports: [host, {{port: far, trusted: true}}]}}}}
'''
FAR = '''
ports: {{tap: {{device: "tap:{tap}"}}, near: {{device: "memif:{memif},client"}}}}
bridges: {{lan: {{ports: [tap, {{port: near, trusted: true}}]}}}}
'''
PAIR = '''
ports: {{a: {{device: "net_af_packet0,iface={a}"}}, b: {{device: "net_af_packet1,iface={b}"}},
        c: {{device: "net_af_packet2,iface={c}"}}}}
bridges: {{lan: {{ports: [a, b, c]}}}}
'''


class SystemTest(unittest.TestCase):
    def host(self, name, mac, *addresses):
        host = Host(name, mac)
        self.addCleanup(host.end)
        host.up(addresses, [])
        return host

    def scratch(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return directory.name

    def switch(self, config, **keys):
        switch = Switch(godwit, config.format(**keys))
        self.addCleanup(switch.end)
        return switch


class Ports(SystemTest):
    def test_a_host_talks_by_a_packet_socket_and_memif_and_a_tap(self):
        memif = f'{self.scratch()}/memif.sock'
        host = self.host('h', '52:54:00:00:03:01', '10.3.0.1/24', 'fd00:3::1/64')
        near = self.switch(NEAR, host=host.port, memif=memif)
        near.wait_for_log('started')
        far = self.switch(FAR, tap=TAP, memif=memif)
        far.wait_for_log('port near is up')
        near.wait_for_log('port far is up')
        # The tap's other end is this machine itself.
        call('ip', 'addr', 'add', '10.3.0.2/24', 'dev', TAP)
        call('ip', 'addr', 'add', 'fd00:3::2/64', 'dev', TAP, 'nodad')
        far.wait_for(host, '10.3.0.2')
        far.wait_for(host, 'fd00:3::2')  # its own address is tentative for a while
        self.assertEqual(lost(host.run('ping', '-c', '20', '-i', '0.05', '10.3.0.2')), 0)
        self.assertEqual(lost(host.run('ping', '-c', '20', '-i', '0.05', 'fd00:3::2')), 0)
        self.assertEqual(lost(host.run('ping', '-c', '5', '-i', '0.05', '-s', '4000', 'fd00:3::2')), 0)

        self.assertEqual(far.stop(), 0)
        near.wait_for_log('port far is down')
        far.start()
        near.wait_for_log('(?s)far is down.*port far is up')


class Life(SystemTest):
    def setUp(self):
        self.a = self.host('a', '52:54:00:00:04:01', '10.4.0.1/24')
        self.b = self.host('b', '52:54:00:00:04:02', '10.4.0.2/24')
        self.c = self.host('c', '52:54:00:00:04:03', '10.4.0.3/24')
        self.daemon = self.switch(PAIR, a=self.a.port, b=self.b.port, c=self.c.port)
        self.daemon.wait_for(self.a, '10.4.0.2')

    def test_traffic_is_back_after_it_was_killed(self):
        self.daemon.stop(signal.SIGKILL)
        self.daemon.start()
        self.daemon.wait_for_log('(?s)started.*started')
        self.daemon.wait_for(self.a, '10.4.0.2')

    def test_it_drains_when_it_is_told_to_stop(self):
        flood = self.a.start('ping', '-f', '-c', '20000', '10.4.0.2')
        time.sleep(0.5)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertRegex(self.daemon.log(), r'stopped: \d+ frames in, \d+ out, 0 dropped')
        flood.kill()
        flood.communicate()

    def test_a_port_comes_and_goes_beside_traffic(self):
        d = self.host('d', '52:54:00:00:04:04', '10.4.0.4/24')
        before = PAIR.format(a=self.a.port, b=self.b.port, c=self.c.port)
        after = before.replace('[a, b, c]', '[v, d, c, b, a]').replace(
            'c: {', f'd: {{device: "net_af_packet3,iface={d.port}"}}, v: {{device: "vhost:{self.scratch()}/v"}}, c: {{')
        pings = self.a.start('ping', '-i', '0.002', '-c', '2500', '10.4.0.2')
        for turn in range(3):
            self.daemon.configure(after)
            self.daemon.process.send_signal(signal.SIGHUP)
            self.daemon.wait_for_log('(?s)' + '.*'.join(['5 ports, 1 bridges'] * (turn + 1)))
            self.daemon.wait_for(d, '10.4.0.1')
            self.assertEqual(lost(d.run('ping', '-c', '20', '-i', '0.01', '10.4.0.3')), 0)
            self.daemon.configure(before)
            self.daemon.process.send_signal(signal.SIGHUP)
            self.daemon.wait_for_log('(?s)' + '.*'.join(['3 ports, 1 bridges'] * (turn + 2)))
            self.assertNotIn(' 0% packet loss', d.run('ping', '-c', '1', '-W', '1', '10.4.0.3'))
        said, _ = pings.communicate()
        self.assertEqual(lost(said), 0, said)


if __name__ == '__main__':
    reason = why_not()
    if reason:
        print(f'skipped: {reason}')
        sys.exit(77)
    unittest.main(verbosity=2)
