"""Switches that a virtual machine may migrate through: godwit, and those that it is compared with.

Each takes the names of interfaces of the host (or, for vhost-user, paths of sockets) and connects them.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from lab import Switch, call

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import godwit_hints as hints  # noqa: E402  (found by the line above)


class Taps:
    """Two tap interfaces, for the machine before and after."""

    def __init__(self):
        self.names = [f'gw{os.getpid()}t{n}' for n in (1, 2)]
        for name in self.names:
            call('ip', 'tuntap', 'add', name, 'mode', 'tap')
            pathlib.Path(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6').write_text('1')
            call('ip', 'link', 'set', name, 'up')

    def end(self):
        for name in self.names:
            subprocess.run(['ip', 'link', 'del', name], check=False, capture_output=True)


class LinuxBridge:
    name = 'Linux bridge'

    def __init__(self, interfaces):
        self._bridge = f'gw{os.getpid()}br'
        call('ip', 'link', 'add', self._bridge, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0')
        pathlib.Path(f'/proc/sys/net/ipv6/conf/{self._bridge}/disable_ipv6').write_text('1')
        for interface in interfaces:
            call('ip', 'link', 'set', interface, 'master', self._bridge)
        call('ip', 'link', 'set', self._bridge, 'up')

    def end(self):
        call('ip', 'link', 'del', self._bridge)


class OvsDpdk:
    """Open vSwitch with its user-space datapath, with databases of its own: whatever runs on the machine is left alone.

    Interfaces of the host are polled with packet sockets, as godwit does it; vhost-user ports are DPDK's.
    """

    name = 'OVS-DPDK'
    wants_listeners = True  # its client ports connect to the machines
    TOOLS = ['ethtool', 'ovsdb-tool', 'ovsdb-server', 'ovs-vsctl', '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk']

    @classmethod
    def why_not(cls):
        missing = [tool for tool in cls.TOOLS if shutil.which(tool) is None]
        return f'no {", ".join(missing)} here (packages ethtool, openvswitch-switch-dpdk)' if missing else None

    def __init__(self, directory, interfaces=(), vhosts=()):
        """`vhosts` are sockets at which the machines listen."""
        self._directory = pathlib.Path(directory) / 'ovs'
        self._directory.mkdir()
        self._environment = os.environ | {f'OVS_{kind}DIR': str(self._directory) for kind in ('RUN', 'LOG', 'DB')}
        self._environment |= {'OVS_SYSCONFDIR': str(self._directory)}
        self._processes = []
        self._socket = self._directory / 'db.sock'
        self._tool('ovsdb-tool', 'create', self._directory / 'conf.db', '/usr/share/openvswitch/vswitch.ovsschema')
        self._start('ovsdb-server', self._directory / 'conf.db', f'--remote=punix:{self._socket}',
                    f'--unixctl={self._directory}/ovsdb.ctl')
        self._vsctl('--no-wait', 'init')
        self._vsctl('--no-wait', 'set', 'Open_vSwitch', '.', 'other_config:dpdk-init=true',
                    'other_config:dpdk-extra=--legacy-mem --no-huge --no-pci -m 512', 'other_config:pmd-cpu-mask=1')
        self._start(self.TOOLS[-1], f'unix:{self._socket}', f'--unixctl={self._directory}/vswitchd.ctl',
                    f'--log-file={self._directory}/vswitchd.log')
        self._vsctl('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev')
        for interface in interfaces:
            self._vsctl('add-port', 'br0', interface)
        self.vhost_ports = []
        for n, path in enumerate(vhosts):
            self._vsctl('add-port', 'br0', f'vhost{n}', '--', 'set', 'interface', f'vhost{n}',
                        'type=dpdkvhostuserclient', f'options:vhost-server-path={path}')
            self.vhost_ports.append(f'vhost{n}')

    def _tool(self, *words):
        done = subprocess.run(list(map(str, words)), env=self._environment, capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f'{words[0]}: {done.stderr}')
        return done.stdout

    def _start(self, *words):
        log = open(self._directory / f'{pathlib.Path(words[0]).name}.out', 'w')
        self._processes.append(subprocess.Popen(list(map(str, words)), env=self._environment, stdin=subprocess.DEVNULL,
                                                stdout=log, stderr=log))
        if 'ovsdb-server' in words[0]:
            end = time.monotonic() + 10
            while not self._socket.exists() and time.monotonic() < end:
                time.sleep(0.02)

    def _vsctl(self, *words):
        return self._tool('ovs-vsctl', f'--db=unix:{self._socket}', '-t', '30', *words)

    def end(self):
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Godwit:
    name = 'godwit'
    wants_listeners = False

    def __init__(self, godwit, directory, interfaces=(), vhosts=(), moves='{}'):
        self.socket = pathlib.Path(directory) / 'godwit.sock'
        devices = [f'net_af_packet{n},iface={interface},qdisc_bypass=0' for n, interface in enumerate(interfaces)]
        devices += [f'vhost:{path}' for path in vhosts]
        self.ports = ['host', 'server1', 'server2']
        ports = ', '.join(f'{name}: {{device: "{device}"}}' for name, device in zip(self.ports, devices))
        self.switch = Switch(godwit, f'ports: {{{ports}}}\n'
                                     f'bridges: {{tenant: {{ports: [host, server1, server2], moves: {moves}}}}}\n'
                                     f'control: {{socket: {self.socket}}}\n')

    def ask(self, path):
        return hints.Godwit(self.socket).request('GET', path)

    def end(self):
        self.switch.stop()
