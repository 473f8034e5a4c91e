#!/usr/bin/python3
"""A godwit that runs, through DPDK's telemetry: its socket, and the script that DPDK has for it.

    telemetry_test.py GODWIT        prints 'N passed, N failed' as its last line. Wants no privilege.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest.mock

from api_test import CONFIG
from cli import VM, CliTest, captures, hello, main, record
from daemon import TIMEOUT, Daemon, environment


class Telemetry(CliTest):
    def setUp(self):
        super().setUp()
        pcap = self.file('frames.pcap', captures.pcap_bytes([record(0, hello()), record(0, b'runt')]))
        # Where DPDK makes its sockets; else it depends on who runs the test.
        with unittest.mock.patch.dict(os.environ, RUNTIME_DIRECTORY=str(self.directory)):
            self.daemon = Daemon(self.program, self.directory, CONFIG.format(pcap=pcap),
                                 eal=['--', '--no-huge', '-m', '256'])
        self.addCleanup(self.daemon.stop)
        path, = self.directory.glob('dpdk/godwit/dpdk_telemetry.v2*')
        self.client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.client.close)
        self.client.settimeout(TIMEOUT)
        self.client.connect(str(path))
        self.octets = json.loads(self.client.recv(1024))['max_output_len']
        while not (self.ask(f'/godwit/hosts,{VM}') and self.ask('/godwit/ports,server1')['drops']):
            pass

    def ask(self, command):
        self.client.send(command.encode())
        return json.loads(self.client.recv(self.octets))[command.split(',')[0]]

    def test_ports_are_the_apis(self):
        self.assertEqual(self.ask('/godwit/ports'), ['server1', 'server2', 'uplink'])
        port = self.ask('/godwit/ports,server1')
        self.assertEqual((port['rx'], port['drops'], port['link']), (2, {'runt': 1}, 'up'))
        api = self.daemon.get('/v1/ports?port=server1')['ports'][0]
        self.assertEqual(port.pop('bridges'),
                         {'tenant': {'bridge': 'tenant', 'tagged': 'false', 'trusted': 'false'}})
        del api['bridges']
        self.assertEqual(port, api)
        self.assertIn("did you mean 'server2'?", json.dumps(self.ask('/godwit/ports,server22')))

    def test_every_command_has_an_answer(self):
        commands = [command for command in self.ask('/') if command.startswith('/godwit/')]
        self.assertEqual(len(commands), 7)
        for command in commands:
            self.assertTrue(self.ask(command), command)
            self.assertIn('arameter' if command not in ('/godwit/counters', '/godwit/info') else 'godwit',
                          json.dumps(self.ask(f'/help,{command}')))
        self.assertEqual(self.ask(f'/godwit/hosts,{VM}')['port'], 'server1')
        self.assertEqual(self.ask('/godwit/neighbors,10.9.0.2')['mac'], VM)
        self.assertEqual(self.ask('/godwit/bridges,tenant')['hosts'], 2)
        self.assertEqual(self.ask('/godwit/workers,0')['worker'], 0)
        self.assertEqual(self.ask('/godwit/workers,9'), [])
        counters = self.ask('/godwit/counters')
        self.assertEqual((counters['drops'], counters['counters']['learned']), ({'runt': 1}, 1))

    def test_control_that_stands_still_delays_it_and_no_more(self):
        self.daemon.process.send_signal(signal.SIGSTOP)
        self.client.send(b'/godwit/info')
        self.daemon.process.send_signal(signal.SIGCONT)
        self.assertEqual(json.loads(self.client.recv(self.octets))['/godwit/info']['pid'], self.daemon.process.pid)
        self.client.send(b'/godwit/ports')  # and one that is under way when it ends
        self.assertEqual(self.daemon.stop(), 0)

    def test_dpdks_script_reads_it(self):
        script = shutil.which('dpdk-telemetry.py')
        if script is None:
            self.skipTest('no dpdk-telemetry.py here (package dpdk-dev)')
        done = subprocess.run([script, '-f', 'godwit'], input='/godwit/ports,server1\nquit\n', text=True,
                              capture_output=True, timeout=TIMEOUT, check=False,
                              env=environment(RUNTIME_DIRECTORY=self.directory))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('"rx": 2', done.stdout)


if __name__ == '__main__':
    sys.exit(main(__name__, __doc__))
