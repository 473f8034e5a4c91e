"""What the tests of the command line share: a scratch directory with input, ways to run godwit, and a runner."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'pcaps'))
import captures  # noqa: E402  (found by the line above)
import frames  # noqa: E402

TIMEOUT = 120  # seconds, for one run

SECOND = 10**9
START = 1_700_000_000 * SECOND
VM = '52:54:00:00:00:02'
PEER = '52:54:00:00:00:01'

CONFIG = '''\
ports: {server1: {}, uplink: {}}
bridges:
  tenant: {ports: [server1, {port: uplink, trusted: true}]}
'''


def record(seconds, frame):
    return START + round(seconds * SECOND), frame, len(frame)


def hello(mac=VM):
    return frames.garp_request(mac, '10.9.0.2')


class CliTest(unittest.TestCase):
    """A scratch directory with a good config and a good capture for each port."""

    program = ''  # godwit, from the command line

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix='godwit-cli-')
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.config = self.file('config.yaml', CONFIG.encode())
        self.server1 = self.file('server1.pcap', captures.pcap_bytes([record(0, hello()), record(2, hello())]))
        self.uplink = self.file('uplink.pcap', captures.pcap_bytes([record(1, hello(PEER))]))
        self.out = self.directory / 'out'
        self.report = self.directory / 'report.json'

    def file(self, name, data):
        path = self.directory / name
        path.write_bytes(data)
        return path

    def godwit(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def inputs(self):
        return ['--in', f'server1={self.server1}', '--in', f'uplink={self.uplink}']

    def outputs(self):
        return ['--out', self.out, '--report', self.report]

    def assert_refused(self, result, *texts):
        """Exit code 2, nothing on standard output, and an error that says each of these."""
        code, output, errors = result
        self.assertEqual(code, 2, errors)
        self.assertEqual(output, '')
        for text in texts:
            self.assertIn(str(text), errors)

    def assert_nothing_written(self):
        self.assertFalse(self.report.exists())
        self.assertEqual(sorted(self.out.glob('*')), [])


def main(module, usage):
    """Runs the tests of `module` against the program named on the command line; returns the exit code."""
    if len(sys.argv) != 2:
        sys.exit(usage)
    CliTest.program = str(pathlib.Path(sys.argv[1]).resolve())
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len({test.id() for test, _ in result.failures + result.errors})
    print(f'{result.testsRun - failed} passed, {failed} failed')
    return 1 if failed else 0
