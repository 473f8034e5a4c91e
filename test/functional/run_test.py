#!/usr/bin/python3
"""godwit run as its service manager sees it: what it says, how it ends, and what it refuses. Wants no privilege.

    run_test.py GODWIT        prints 'N passed, N failed' as its last line
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time

from cli import TIMEOUT, CliTest, main

CONFIG = '''\
ports: {a: {device: net_ring0}, b: {device: net_ring1}}
bridges: {lan: {ports: [a, b]}}
'''
EAL = ['--', '--no-huge', '-m', '256', '--no-telemetry']


class Running(CliTest):
    def setUp(self):
        super().setUp()
        self.write(CONFIG)

    def write(self, text):
        self.config = self.file('godwit.yaml', text.encode())

    def start(self, **environment):
        process = subprocess.Popen([self.program, 'run', self.config, *EAL], stderr=subprocess.PIPE, text=True,
                                   env=os.environ | environment)
        self.addCleanup(lambda: process.poll() is not None or process.kill())
        return process

    def notified(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        self.notify = str(self.directory / 'notify')
        listener.bind(self.notify)
        listener.settimeout(TIMEOUT)
        return listener

    def test_it_tells_its_service_manager_and_ends_on_a_signal(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with self.subTest(number):
                listener = self.notified()
                process = self.start(NOTIFY_SOCKET=self.notify)
                self.assertEqual(listener.recv(100), b'READY=1')
                process.send_signal(number)
                said = process.communicate(timeout=TIMEOUT)[1]
                self.assertEqual(process.returncode, 0, said)
                self.assertEqual(listener.recv(100), b'STOPPING=1')
                os.unlink(self.notify)
                self.assertRegex(said, r'(?m)^godwit: started: 2 ports, 1 bridges, 1 workers')
                self.assertRegex(said, r'(?m)^godwit: port a is up \(net_ring0\)')
                self.assertRegex(said, rf'(?m)^godwit: {number.name}: stopping')
                self.assertRegex(said, r'(?m)^godwit: stopped: 0 frames in, 0 out, 0 dropped; 0 copies')

    def test_it_feeds_the_watchdog_as_long_as_its_workers_move(self):
        listener = self.notified()
        process = self.start(NOTIFY_SOCKET=self.notify, WATCHDOG_USEC='200000')
        self.assertEqual(listener.recv(100), b'READY=1')
        for _ in range(3):
            self.assertEqual(listener.recv(100), b'WATCHDOG=1')
        process.terminate()
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 0)

    def test_the_watchdog_of_another_process_is_not_ours(self):
        listener = self.notified()
        process = self.start(NOTIFY_SOCKET=self.notify, WATCHDOG_USEC='100000', WATCHDOG_PID='1')
        self.assertEqual(listener.recv(100), b'READY=1')
        time.sleep(0.5)
        process.terminate()
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(listener.recv(100), b'STOPPING=1')

    def refused(self, code, *words):
        done = subprocess.run([self.program, 'run', self.config, *EAL], capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, '')
        for word in words:
            self.assertIn(word, done.stderr)

    def test_every_error_of_the_configuration_is_told(self):
        self.write('ports: {a: {device: "vhost:a"}, b: {devise: net_ring1}}\nbridges: {lan: {ports: [c]}}\n')
        self.refused(2, 'absolute path', "did you mean 'device'?", "port 'c'")

    def test_a_port_wants_a_device(self):
        self.write('ports: {a: {device: net_ring0}, b: {}, c: {}}\nbridges: {lan: {ports: [a, b, c]}}\n')
        self.refused(2, 'ports without a device: b, c')

    def test_a_device_that_does_not_open_is_named_with_what_to_do(self):
        self.write(CONFIG.replace('net_ring1', '"net_pcap1,rx_pcap=/no/such/file"'))
        self.refused(1, "port 'b'", "'net_pcap1,rx_pcap=/no/such/file'", 'cannot be opened')

    def test_there_is_help(self):
        done = subprocess.run([self.program, 'run', '--help'], capture_output=True, text=True, check=True)
        self.assertTrue(re.search(r'godwit run CONFIG \[-- EAL-ARGUMENTS\]', done.stdout))


if __name__ == '__main__':
    sys.exit(main(__name__, __doc__))
