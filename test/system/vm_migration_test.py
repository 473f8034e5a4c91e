#!/usr/bin/python3
"""A real VM, really migrated, while a host pings it 100 times a second and talks to it over TCP.

    vm_migration_test.py GODWIT [--full] [--cache DIR]      prints a table, and 'N passed, N failed' as its last line

The machine migrates between two QEMU processes of this host, by software emulation, over tap interfaces and over
vhost-user sockets; announcing itself and silent; by itself, led by scripts/migrate, watched by scripts/qmp-watch, and
from one libvirt to another, which tell godwit by scripts/libvirt-hook. Beside godwit stand the Linux bridge and
OVS-DPDK, in the same run. What godwit must do is checked; what the others do is told. --full migrates everywhere, else
it is once for each thing that godwit must do.
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import lab
import libvirt
import vm
from switches import Godwit, LinuxBridge, OvsDpdk, Taps
from watcher import Watcher

SKIPPED = 77  # as meson has it
HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = HERE.parents[1] / 'scripts'
MAC, IP = '52:54:00:00:00:02', '10.9.0.2'
HOST_MAC, HOST_IP = '52:54:00:00:00:01', '10.9.0.1'
RATE = 100
BEFORE, AFTER = 1.5, 4.0  # seconds of traffic around the migration


class Traffic:
    """traffic.py in the host's namespace."""

    def __init__(self, host):
        words = ['ip', 'netns', 'exec', host.netns, sys.executable, str(HERE / 'traffic.py'), IP, str(vm.ECHO_PORT),
                 str(RATE), '600']
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline() != 'begun\n':
            raise RuntimeError('the host has no connection to the machine')

    def stop(self):
        said, _ = self._process.communicate('\n', timeout=30)
        return json.loads(said)

    def end(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Result:
    """One migration."""

    def __init__(self, switch, ports, kind, downtime, said, misdelivered):
        pings, stream = said['pings'], said['stream']
        self.switch, self.ports, self.kind = switch, ports, kind
        self.downtime = downtime
        self.sent, self.lost = pings['sent'], len(pings['lost'])
        self.doubled, self.reordered = pings['doubled'], pings['reordered']
        self.gap = pings['longest_gap_ms']
        self.misdelivered = misdelivered  # None: nobody could see
        self.stream = stream

    HEAD = f'{"switch":<14}{"ports":<9}{"machine":<12}{"downtime":>9}{"gap":>9}{"pings":>7}{"lost":>6}{"wrong":>7}' \
           f'{"twice":>7}{"mixed":>7}{"TCP gap":>9}  TCP'

    def __str__(self):
        wrong = '-' if self.misdelivered is None else self.misdelivered
        tcp = self.stream['error'] or ('wrong octets' if self.stream['wrong'] else 'ok')
        downtime = '-' if self.downtime is None else self.downtime
        return f'{self.switch:<14}{self.ports:<9}{self.kind:<12}' \
               f'{downtime:>6} ms{self.gap:>6.0f} ms{self.sent:>7}' \
               f'{self.lost:>6}{wrong:>7}{self.doubled:>7}{self.reordered:>7}' \
               f'{self.stream["longest_gap_ms"]:>6.0f} ms  {tcp}'


class Bench:
    """What all migrations share: a kernel, a directory, and the checks."""

    def __init__(self, godwit, cache, directory):
        self.godwit = godwit
        self.directory = pathlib.Path(directory)
        self.kernel = vm.Kernel(cache)
        self.initramfs = self.directory / 'initramfs'
        self.kernel.write_initramfs(self.initramfs)
        self.results = []
        self.failed = []
        self._count = 0

    def check(self, result, what, holds):
        print(f'{"ok  " if holds else "FAIL"} {result.switch}, {result.ports}, {result.kind}: {what}', flush=True)
        self.failed.append(not holds)

    def run(self, name, ports, kind, way, make_switch):
        """`make_switch(bench, directory, host's port, taps or sockets)`."""
        self._count += 1
        directory = self.directory / str(self._count)
        directory.mkdir()
        with contextlib.ExitStack() as stack:
            def keep(thing):
                stack.callback(thing.end)
                return thing
            host = keep(lab.Host('h', HOST_MAC))
            host.up([f'{HOST_IP}/24'], [])
            taps = keep(Taps()) if ports == 'tap' else None
            sockets = [directory / f'vm{n}.sock' for n in (1, 2)]
            switch = keep(make_switch(self, directory, host.port, taps.names if taps else sockets))
            places = taps.names if taps else sockets
            source = keep(way.machine(self, directory, 1, places[0], switch))
            source.wait_until_up()
            self._wait_for_answer(host)
            target = keep(way.machine(self, directory, 2, places[1], switch, incoming=True))
            watcher = Watcher(taps.names, MAC) if taps else None
            try:
                traffic = keep(Traffic(host))
                time.sleep(BEFORE)
                state = way.migrate(switch, source, target)
                time.sleep(AFTER)
                said = traffic.stop()
            finally:
                if watcher:
                    watcher.stop()
            misdelivered = len(watcher.misdelivered(*taps.names)) if watcher else None
            result = Result(name, ports, kind, state['downtime'], said, misdelivered)
            print(result, flush=True)
            way.afterwards(self, result, switch, target)
        self.results.append(result)
        return result

    @staticmethod
    def _wait_for_answer(host, seconds=60):
        end = time.monotonic() + seconds
        while '1 received' not in host.run('ping', '-c', '1', '-W', '1', IP):
            if time.monotonic() > end:
                raise RuntimeError('the machine does not answer the host')


# ---- The ways of a migration ----

class Plainly:
    """From one QEMU to another, of which nobody is told."""

    def __init__(self, announce):
        self._announce = announce

    def machine(self, bench, directory, number, place, switch, incoming=False):
        """The machine, as it is to run at a tap or a vhost-user socket."""
        network = vm.tap(place) if isinstance(place, str) else vm.vhost(place, server=switch.wants_listeners)
        return vm.Vm(directory, f'vm{number}', bench.kernel, bench.initramfs, MAC, f'{IP}/24', network, incoming,
                     self._announce)

    def migrate(self, _switch, source, target):
        """Returns what QEMU says of it in the end."""
        return source.migrate_to(target)

    def afterwards(self, bench, result, switch, target):
        """What is checked once the traffic has ended."""


def script(name, switch, *words):
    nic = f'bridge=tenant,mac={MAC},from=server1,to=server2'
    return subprocess.Popen([str(SCRIPTS / name), '--socket', str(switch.socket), '--nic', nic, *map(str, words)],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end_well(process):
    said, _ = process.communicate(timeout=60)
    if process.returncode != 0:
        raise RuntimeError(said)


class Watched(Plainly):
    """qmp-watch tells godwit what it hears."""

    def migrate(self, switch, source, target):
        watch = script('qmp-watch', switch, source.monitor, target.monitor)
        while 'watching' not in (line := watch.stdout.readline()):
            if not line:
                end_well(watch)
        state = source.migrate_to(target)
        end_well(watch)
        return state


class Led(Plainly):
    """scripts/migrate leads it."""

    def migrate(self, switch, source, target):
        end_well(script('migrate', switch, source.monitor, f'unix:{target.migration}'))
        return source.wait_until_migrated()


class ByLibvirt(Plainly):
    """From one libvirt to another. Each tells godwit by its hook."""

    def machine(self, bench, directory, number, place, switch, incoming=False):
        return libvirt.Machine(directory, f'server{number}', bench.kernel, bench.initramfs, MAC, f'{IP}/24', place,
                               switch.socket, incoming)

    def afterwards(self, bench, result, switch, target):
        def places():
            return [host['port'] for host in switch.ask('/v1/fdb?mac=' + MAC)['fdb']]
        bench.check(result, 'it was followed where only a VM manager moves a host', places() == ['server2'])
        target.destroy()
        bench.check(result, 'it is forgotten when it has ended', places() == [])


# ---- Through which switch ----

def linux_bridge(_bench, _directory, host_port, taps):
    return LinuxBridge([host_port, *taps])


def ovs(_bench, directory, host_port, places):
    # It takes a host's frames as they are, and they are to have their checksums.
    lab.call('ip', 'netns', 'exec', host_port, 'ethtool', '-K', 'eth0', 'tx', 'off')
    if isinstance(places[0], str):
        return OvsDpdk(directory, [host_port, *places])
    return OvsDpdk(directory, [host_port], places)


def godwit(bench, directory, host_port, places):
    if isinstance(places[0], str):
        return Godwit(bench.godwit, directory, [host_port, *places])
    return Godwit(bench.godwit, directory, [host_port], places)


def locked_godwit(bench, directory, host_port, taps):
    """In which no frame moves a host, but one that a VM manager has announced."""
    return Godwit(bench.godwit, directory, [host_port, *taps], moves='{class: locked}')


ANNOUNCING, SILENT = ('announcing', Plainly(announce=True)), ('silent', Plainly(announce=False))
WATCHED, LED = ('watched', Watched(announce=False)), ('led', Led(announce=False))
BY_LIBVIRT = 'by libvirt', ByLibvirt(announce=True)


def through_godwit(bench, ports, named_way, lossless=False, make_switch=godwit):
    """And what it must do: whatever the machine says, no frame goes where it is not, twice or in disorder."""
    try:
        result = bench.run('godwit', ports, *named_way, make_switch)
    except RuntimeError as error:
        print(f'FAIL godwit, {ports}, {named_way[0]}: {error}', flush=True)
        bench.failed.append(True)
        return
    if result.misdelivered is not None:
        bench.check(result, 'no ping went to the old place after the first sign from the new', result.misdelivered == 0)
    bench.check(result, 'none came back twice or out of order', result.doubled == result.reordered == 0)
    bench.check(result, 'the connection lived on', result.stream['error'] is None and not result.stream['wrong'])
    if lossless:
        bench.check(result, 'no ping was lost', result.lost == 0)


def migrate_everything(bench, full):
    if full:
        for way in ANNOUNCING, SILENT:
            bench.run('Linux bridge', 'tap', *way, linux_bridge)
        if (reason := OvsDpdk.why_not()) is None:
            for ports in 'tap', 'vhost':
                for way in ANNOUNCING, SILENT:
                    bench.run('OVS-DPDK', ports, *way, ovs)
        else:
            print(f'skipped: migrations through OVS-DPDK: {reason}')
        through_godwit(bench, 'tap', SILENT)
        through_godwit(bench, 'vhost', ANNOUNCING, lossless=True)
        through_godwit(bench, 'tap', WATCHED)
    through_godwit(bench, 'tap', ANNOUNCING)
    through_godwit(bench, 'vhost', SILENT, lossless=True)
    through_godwit(bench, 'tap', LED, lossless=True)
    if (reason := libvirt.why_not(bench.kernel.root, bench.directory)) is None:
        through_godwit(bench, 'tap', BY_LIBVIRT, make_switch=locked_godwit)
    else:
        print(f'skipped: a migration by libvirt: {reason}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('godwit')
    parser.add_argument('--full', action='store_true', help='every switch and every way')
    parser.add_argument('--cache', default=os.environ.get('GODWIT_VM_CACHE', '/var/tmp/godwit-vm'),
                        help='where the kernel is kept (default: %(default)s)')
    options = parser.parse_args()
    reason = lab.why_not() or vm.why_not()
    if reason:
        print(f'skipped: {reason}')
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix='gwvm') as directory:
        try:
            bench = Bench(options.godwit, options.cache, directory)
        except RuntimeError as error:
            print(f'skipped: {error}')
            return SKIPPED
        print(Result.HEAD, flush=True)
        migrate_everything(bench, options.full)
    print('', Result.HEAD, *bench.results, sep='\n')
    print(f'{len(bench.failed) - sum(bench.failed)} passed, {sum(bench.failed)} failed')
    return 1 if any(bench.failed) else 0


if __name__ == '__main__':
    sys.exit(main())
