#!/usr/bin/python3
"""A DPDK program with godwit inside: what it forwards and hears, and that it builds against libgodwit as it is installed.

    embed_test.py NFV_GATEWAY BUILD_DIR        prints 'N passed, N failed' as its last line
"""

import pathlib
import shlex
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'functional'))
from cli import TIMEOUT, VM, CliTest, captures, frames, main, record  # noqa: E402  (found by the line above)

PORTS = ['server1', 'server2', 'before', 'after']
CONFIG = '''\
ports: {server1: {}, server2: {}, before: {}, after: {}}
bridges:
  tenant:
    ports: [server1, server2, before, after]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
fdb: {limit: 1024}
neighbors: {limit: 1024}
'''
PEER, IP = '52:54:00:00:00:01', '10.9.0.2'
SOURCE = HERE / 'nfv_gateway.cc'


def to_vm(number):
    return frames.pad(frames.other(PEER, VM, f'number {number}'))


class GatewayTest(CliTest):
    build_dir = ''  # from the command line

    def start(self, program=None, config=CONFIG, **received):
        """Each port receives these frames once it is opened."""
        devices = []
        for number, port in enumerate(PORTS):
            source = self.file(f'{port}.pcap', captures.pcap_bytes([record(0, f) for f in received.get(port, [])]))
            devices += ['--vdev', f'net_pcap{number},rx_pcap={source},tx_pcap={self.directory}/{port}-sent.pcap']
        path = self.file('gateway.yaml', config.encode())
        eal = ['--no-huge', '-m', '256', '--no-pci', '--no-shconf', '--no-telemetry', '--lcores', '(0-1)@(0-1)',
               '--log-level', 'error']
        self.process = subprocess.Popen([program or self.program, *eal, *devices, '--', path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)

    def stop(self):
        """Exit code and standard error."""
        if self.process.poll() is None:
            try:
                said = self.process.communicate(timeout=TIMEOUT)[1]
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
            self.said = said
        return self.process.returncode

    def ask(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip('\n')

    def open(self, port, count):
        """Lets the port receive, until it has received so many."""
        self.assertEqual(self.ask(f'open {port}'), 'done')
        self.until(f'count {port}', f'{count} received')

    def until(self, question, beginning):
        end = time.monotonic() + TIMEOUT
        while not (answer := self.ask(question)).startswith(beginning):
            self.assertLess(time.monotonic(), end, answer)
            time.sleep(0.01)
        return answer

    def sent(self, port):
        """Without what godwit says in its own name."""
        path = self.directory / f'{port}-sent.pcap'
        return [frame for _, frame, _ in captures.read_pcap(path.read_bytes()) if frame[6:12].hex(':') in (VM, PEER)]

    def follow_a_move(self, program=None):
        hello = frames.pad(frames.garp_request(VM, IP))
        rarp = frames.pad(frames.rarp(VM))
        ahead, behind = [to_vm(n) for n in range(3)], [to_vm(n) for n in range(3, 100)]
        self.start(program, server1=[hello], server2=[rarp], before=ahead, after=behind)
        self.open('server1', 1)
        self.until(f'find tenant {VM}', f'server1 bound {IP}')
        self.open('before', len(ahead))
        self.open('server2', 1)
        self.until(f'find tenant {IP}', f'server2 settling {IP}')
        self.open('after', len(behind))
        self.assertEqual(self.stop(), 0, getattr(self, 'said', ''))
        self.assertEqual(self.sent('server1'), [*ahead, rarp])
        self.assertEqual(self.sent('server2'), [hello, *behind])
        self.assertEqual(self.sent('before'), [hello, rarp])


class NfvGateway(GatewayTest):
    def test_a_host_that_moves_is_followed(self):
        self.follow_a_move()

    def test_the_vm_manager_is_heard(self):
        self.start(server1=[frames.pad(frames.garp_request(VM, IP))], after=[to_vm(1)])
        self.open('server1', 1)
        self.until(f'find tenant {VM}', 'server1')
        self.assertEqual(self.ask(f'hint suspend {{bridge: tenant, mac: "{VM}"}}'), 'done')
        self.open('after', 1)
        self.until('count after', '1 received, 0 forwarded')
        self.assertEqual(self.ask(f'hint commit {{bridge: tenant, mac: "{VM}", to: server2}}'), 'done')
        self.until('count after', '1 received, 1 forwarded')
        self.assertTrue(self.ask(f'find tenant {VM}').startswith('server2'))
        self.assertIn('server9', self.ask(f'hint commit {{bridge: tenant, mac: "{VM}", to: server9}}'))
        self.assertIn('dance', self.ask('hint dance {}'))
        self.assertEqual(self.ask('hint link {port: server2, state: down}'), 'done')
        self.until(f'find tenant {VM}', 'server2 offline')
        self.assertEqual(self.ask('find tenant 02:00:5e:10:00:01'), 'here bound')
        self.assertEqual(self.ask('find tenant 10.9.0.77'), 'unknown')
        self.assertEqual(self.stop(), 0)
        self.assertIn(to_vm(1), self.sent('server2'))

    def test_drops_have_names(self):
        self.start(server1=[to_vm(1)[:9]])
        self.open('server1', 1)
        self.assertEqual(self.ask('count server1').split(', ')[3:], ['1 runt'])

    def test_a_bad_configuration_is_told_whole(self):
        self.start(config='ports: {a: {}}\nbridgs: {}\nfdb: {limit: none}\n')
        self.assertEqual(self.stop(), 1)
        self.assertRegex(self.said, r"(?m)^2:1: .*'bridges'")
        self.assertRegex(self.said, r'(?m)^3:\d+: ')


class Installed(GatewayTest):
    """Out of the tree: what an application does that knows nothing but pkg-config."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pathlib.Path(cls.build_dir).resolve() / 'test/embed/installed'
        cls.run_tool('meson', 'install', '-C', cls.build_dir, '--no-rebuild', '--quiet', '--destdir', cls.root)
        cls.pc = next(cls.root.rglob('godwit.pc'))
        cls.library = next(cls.root.rglob('libgodwit.a'))
        # It names where it will be in the end, and is below a directory of ours as yet.
        text = cls.pc.read_text()
        cls.pc.write_text(text.replace('prefix=', f'prefix={cls.root}', 1))

    @staticmethod
    def run_tool(*command, **environment):
        done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False)
        if done.returncode != 0:
            raise AssertionError(f'{shlex.join(map(str, command))}:\n{done.stdout}')
        return done.stdout

    def flags(self, *arguments):
        return self.run_tool('env', f'PKG_CONFIG_PATH={self.pc.parent}', 'pkg-config', *arguments).split()

    def compiled(self, *link):
        program = self.directory / 'nfv-gateway'
        # DPDK's own headers count volatile words up, which C++20 frowns at.
        self.run_tool('c++', '-std=c++20', '-Wall', '-Wextra', '-Werror', '-Wno-volatile', '-o', program, SOURCE,
                      *self.flags('--cflags', 'godwit'), *link)
        return program

    def test_a_program_links_to_the_shared_library(self):
        link = self.flags('--libs', 'godwit')
        program = self.compiled(*link, f'-Wl,-rpath,{self.library.parent}')
        self.assertIn('libgodwit.so.', self.run_tool('ldd', program))
        self.follow_a_move(program)

    def test_a_program_links_to_the_static_library(self):
        link = self.flags('--libs', 'libdpdk', 'fmt', 'yaml-cpp', 'libcrypto')
        program = self.compiled(self.library, *link)
        self.assertNotIn('libgodwit', self.run_tool('ldd', program))
        self.follow_a_move(program)

    def test_nothing_but_the_interface_is_exported(self):
        symbols = self.run_tool('nm', '-D', '-C', '--defined-only', self.library.with_suffix('.so')).splitlines()
        names = [line.split(maxsplit=2)[2] for line in symbols if ' A ' not in line]
        self.assertIn('godwit::Gateway::run_due(unsigned long)', '\n'.join(names))
        self.assertEqual([name for name in names if not name.startswith('godwit::Gateway::')], [])


if __name__ == '__main__':
    if len(sys.argv) == 3:
        GatewayTest.build_dir = sys.argv.pop()
    sys.exit(main(__name__, __doc__))
