"""The switches that are compared: each forwards between two captures played in a loop, on one core.

A peer has a name, `most_hosts` (MACs a side that its tables hold), and
    missing()                          what is not installed, or nothing
    measure(captures, hosts, seconds)  frames a second, received and forwarded, once its tables are warm
"""

import json
import pathlib
import re
import shutil
import tempfile
import time

from machine import BenchError, Child, cpus, run

# Frames that a device holds are a buffer each; besides, there are rings, bursts under way and caches.
SPARE_BUFFERS = 16384
BUFFER_OCTETS = 2176 + 128 + 128  # data, rte_mbuf, the pool's own
START_LIMIT = 120  # seconds to read a capture of a million frames and start


def devices(captures):
    return [f'net_pcap{i},rx_pcap={path},infinite_rx=1' for i, path in enumerate(captures)]


class Testpmd:
    """What the devices themselves cost (io), and what touching every header adds (macswap)."""

    most_hosts = None
    WARM_UP = 2  # periods of a second

    def __init__(self, mode):
        self.name = mode
        self._mode = mode

    def missing(self):
        return None if shutil.which('dpdk-testpmd') else 'dpdk-testpmd (package dpdk-dev)'

    def measure(self, captures, hosts, seconds):
        control, worker = cpus()
        command = ['dpdk-testpmd', f'--lcores=0@{control},1@{worker}', '--in-memory', '--no-pci', '--no-telemetry']
        command += ['--log-level=*:error'] + [f'--vdev={device}' for device in devices(captures)]
        command += ['--', f'--forward-mode={self._mode}', '--nb-cores=1', '--burst=32', '--no-mlockall',
                    f'--total-num-mbufs={2 * hosts + SPARE_BUFFERS}', '--stats-period=1']
        with tempfile.TemporaryDirectory() as work, Child(command, f'{work}/log') as child:
            wanted = self.WARM_UP + seconds

            def rates():  # of each second, both ports
                ports = [int(pps) for pps in re.findall(r'Rx-pps:\s+(\d+)', child.output())]
                sums = [a + b for a, b in zip(ports[::2], ports[1::2])]
                return sums[self.WARM_UP:wanted] if len(sums) >= wanted else None

            measured = child.until(rates, START_LIMIT + wanted)
        return sum(measured) / len(measured)


class Ovs:
    """OVS-DPDK with the NORMAL action: a learning switch, as it comes, with its tables as large as they go."""

    name = 'ovs'
    most_hosts = 64 * 1024  # a flow for each pair and direction, of at most 200,000
    DAEMON = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk'
    SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'
    WARM_UP_LIMIT = 60  # seconds, until no frame goes to the slow path

    def missing(self):
        return None if pathlib.Path(self.DAEMON).exists() else 'openvswitch-switch-dpdk'

    def measure(self, captures, hosts, seconds):
        # A socket's path is short, whatever the build directory's is.
        with tempfile.TemporaryDirectory(prefix='ovs-') as work:
            where = pathlib.Path(work)
            env = {name: work for name in ('OVS_RUNDIR', 'OVS_LOGDIR', 'OVS_DBDIR', 'OVS_SYSCONFDIR')}
            database, appctl = f'unix:{where}/db.sock', f'{where}/vswitchd.ctl'
            run(['ovsdb-tool', 'create', where / 'conf.db', self.SCHEMA], 20, env)
            server = ['ovsdb-server', where / 'conf.db', f'--remote=punix:{where}/db.sock',
                      f'--unixctl={where}/db.ctl', '-vconsole:warn']
            switch = [self.DAEMON, database, f'--unixctl={appctl}', '-vconsole:warn']
            with Child(server, where / 'server', env) as db:
                db.until((where / 'db.sock').exists, 20)
                self._configure(database, captures)
                with Child(switch, where / 'switch', env) as daemon:
                    daemon.until(lambda: 'pmd thread' in self._stats(appctl), START_LIMIT)
                    return self._rate(appctl, seconds)

    def _configure(self, database, captures):
        control, worker = cpus()
        vsctl = ['ovs-vsctl', '--no-wait', f'--db={database}']
        words = ['init', '--', 'set', 'Open_vSwitch', '.', 'other_config:dpdk-init=true',
                 'other_config:dpdk-extra=--no-pci --in-memory --no-telemetry',
                 f'other_config:dpdk-lcore-mask={1 << control:#x}', f'other_config:pmd-cpu-mask={1 << worker:#x}',
                 'other_config:flow-limit=200000', 'other_config:max-idle=60000',
                 '--', 'add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev', 'fail-mode=standalone',
                 'other-config:mac-table-size=1048576']
        for i, device in enumerate(devices(captures)):
            words += ['--', 'add-port', 'br0', f'p{i}', '--', 'set', 'Interface', f'p{i}', 'type=dpdk',
                      'options:dpdk-devargs="{}"'.format(device)]
        run(vsctl + words, 20)

    def _stats(self, appctl):
        try:
            return run(['ovs-appctl', '-t', appctl, 'dpif-netdev/pmd-stats-show'], 20)
        except BenchError:
            return ''  # not up yet

    def _count(self, appctl, what):
        # The main thread is listed as well and counts nothing.
        return sum(int(n) for n in re.findall(rf'{what}: (\d+)', self._stats(appctl)))

    def _rate(self, appctl, seconds):
        deadline = time.monotonic() + self.WARM_UP_LIMIT
        misses, quiet = -1, 0
        while quiet < 2 and time.monotonic() < deadline:  # two seconds without an upcall
            time.sleep(1)
            now = self._count(appctl, 'miss with (?:success|failed) upcall')
            quiet = quiet + 1 if now == misses else 0
            misses = now
        before, start = self._count(appctl, 'packets received'), time.monotonic()
        time.sleep(seconds)
        after, end = self._count(appctl, 'packets received'), time.monotonic()
        if after == before:
            raise BenchError('OVS received nothing')
        return (after - before) / (end - start)


class Vpp:
    """VPP with both interfaces in one bridge domain, where it is installed (Debian has no package of it)."""

    name = 'vpp'
    most_hosts = 256 * 1024
    WARM_UP = 5

    def missing(self):
        return None if shutil.which('vpp') and shutil.which('vppctl') else 'vpp'

    def measure(self, captures, hosts, seconds):
        control, worker = cpus()
        with tempfile.TemporaryDirectory(prefix='vpp-') as work:
            where = pathlib.Path(work)
            vdevs = '\n'.join(f'  vdev {device}' for device in devices(captures))
            (where / 'startup.conf').write_text(
                f'unix {{ nodaemon runtime-dir {work} cli-listen {work}/cli.sock }}\n'
                f'cpu {{ main-core {control} corelist-workers {worker} }}\n'
                f'buffers {{ buffers-per-numa {2 * hosts + SPARE_BUFFERS} default data-size 2048 }}\n'
                f'l2fib {{ num-buckets 524288 }}\nstatseg {{ socket-name {work}/stats.sock }}\n'
                f'dpdk {{ no-pci\n{vdevs}\n}}\n')
            with Child(['vpp', '-c', where / 'startup.conf'], where / 'vpp') as child:
                child.until(lambda: 'net_pcap1' in self._ask(where, 'show interface'), START_LIMIT)
                for port in ('net_pcap0', 'net_pcap1'):
                    self._ask(where, f'set interface l2 bridge {port} 1')
                    self._ask(where, f'set interface state {port} up')
                time.sleep(self.WARM_UP)
                before, start = self._received(where), time.monotonic()
                time.sleep(seconds)
                after, end = self._received(where), time.monotonic()
        if after == before:
            raise BenchError('VPP received nothing')
        return (after - before) / (end - start)

    def _ask(self, where, words):
        try:
            return run(['vppctl', '-s', where / 'cli.sock', *words.split()], 20)
        except BenchError:
            return ''

    def _received(self, where):
        return sum(int(n) for n in re.findall(r'rx packets\s+(\d+)', self._ask(where, 'show interface')))


class Godwit:
    """godwit as built here; its report says all that the scenarios want to know."""

    name = 'godwit'
    most_hosts = None

    def __init__(self, program):
        self._program = pathlib.Path(program)

    def missing(self):
        return None if self._program.exists() else f'{self._program} (scripts/build)'

    def measure(self, captures, hosts, seconds):
        room = max(1 << 20, 2 * hosts)
        config = ('ports: {a: {}, b: {}}\nbridges: {lan: {ports: [a, b], '
                  f'learning: {{limit: {room}, per_port: {room}}}}}}}\n')
        report = self.report(config, dict(zip('ab', captures)), seconds)
        return report['rx'] / report['seconds']

    def tsc_hz(self, capture):
        """Ticks a second of the clock in which cycles are counted."""
        return self.report('ports: {a: {}}\nbridges: {lan: {ports: [a]}}\n', {'a': capture}, 1)['tsc_hz']

    def report(self, config, inputs, seconds):
        """The JSON report of a bench with this configuration and a capture for each of these ports.

        `resident` is added to it: octets of memory, by time, from the first frames to the last.
        """
        with tempfile.TemporaryDirectory() as work:
            path = pathlib.Path(work) / 'config.yaml'
            path.write_text(config)
            command = [self._program, 'bench', path, '--seconds', seconds, '--json']
            for port, capture in inputs.items():
                command += ['--in', f'{port}={capture}']
            resident = []
            with Child(command, f'{work}/log') as child:
                child.wait(START_LIMIT + seconds, lambda: resident.append(child.resident()))
                return {**json.loads(child.output()), 'resident': resident}
