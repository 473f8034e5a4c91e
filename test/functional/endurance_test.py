#!/usr/bin/python3
"""Captures that would hurt a program that counts seconds or keeps frames: godwit is done in seconds, in bounded memory.

    endurance_test.py GODWIT        prints 'N passed, N failed' as its last line
"""

import json
import os
import subprocess
import sys
import time

from cli import CliTest, captures, frames, hello, main, record


class Endurance(CliTest):
    FRAMES = 1_000_000

    def measured(self, *arguments):
        """Replays; returns seconds, the peak of resident memory in octets, and the report."""
        start = time.monotonic()
        with open(self.directory / 'log', 'wb') as log:
            process = subprocess.Popen([self.program, 'replay', self.config, *arguments, *self.outputs()],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, (self.directory / 'log').read_text())
        return time.monotonic() - start, usage.ru_maxrss * 1024, json.loads(self.report.read_text())

    def test_a_million_frames_of_one_stamp(self):
        few, base, _ = self.measured(*self.inputs())
        one = captures.pcap_bytes([record(0, frames.pad(hello()))])
        many = self.file('many.pcap', one[:24] + one[24:] * self.FRAMES)
        seconds, peak, report = self.measured('--in', f'server1={many}')
        self.assertEqual(report['frames']['in'], self.FRAMES)
        self.assertEqual(report['ports']['uplink']['tx'], self.FRAMES)
        self.assertLess(seconds - few, 30)
        # The capture may be mapped, so its pages count; a buffer for each frame would take gigabytes.
        self.assertLess(peak - base, many.stat().st_size + (64 << 20))

    def test_a_gap_of_a_year(self):
        year = 365 * 86400
        gap = self.file('gap.pcap', captures.pcap_bytes([record(0, hello()), record(year, hello())]))
        seconds, _, report = self.measured('--in', f'server1={gap}', '--until', f'{2 * year}s')
        self.assertLess(seconds, 20)
        self.assertEqual((report['frames']['in'], report['fdb']), (2, []))

    def test_stamps_that_run_backward(self):
        stamps = [n % 1000 if n % 2 else 1000 - n % 1000 for n in range(10_000)]
        backward = self.file('backward.pcap', captures.pcap_bytes([record(at, hello()) for at in stamps]))
        seconds, _, report = self.measured('--in', f'server1={backward}')
        self.assertLess(seconds, 20)
        self.assertEqual(report['frames']['in'], len(stamps))
        sent = [at for at, _, _ in captures.read_pcap((self.out / 'uplink.pcap').read_bytes())]
        self.assertEqual(sent, sorted(sent))


if __name__ == '__main__':
    sys.exit(main(__name__, __doc__))
