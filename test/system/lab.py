"""Linux hosts in network namespaces, each on a veth to a port of a running godwit."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

TOOLS = ['ip', 'ping', 'traceroute', 'tracepath', 'ethtool']


def why_not():
    """Why there can be no lab here; None if there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f'no {", ".join(missing)} here; scripts/setup installs them'
    if os.geteuid() != 0:
        return 'network namespaces want root'
    name = f'gw{os.getpid()}try'
    tried = subprocess.run(['ip', 'netns', 'add', name], capture_output=True, text=True)
    if tried.returncode != 0:
        return f'no network namespaces: {tried.stderr.strip()}'
    subprocess.run(['ip', 'netns', 'del', name], check=False)
    return None


def call(*words):
    subprocess.run(words, check=True, capture_output=True, text=True)


class Host:
    """A namespace with one interface, eth0, whose other end is `port`, for godwit to open."""

    def __init__(self, name, mac):
        self.netns = f'gw{os.getpid()}{name}'
        self.port = self.netns
        call('ip', 'netns', 'add', self.netns)
        call('ip', 'link', 'add', self.port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', self.netns)
        call('ip', '-n', self.netns, 'link', 'set', 'eth0', 'address', mac)
        call('ip', '-n', self.netns, 'link', 'set', 'lo', 'up')
        # A packet socket sees a veth's packets before anyone fills in their checksums.
        call('ip', 'netns', 'exec', self.netns, 'ethtool', '-K', 'eth0', 'tx', 'off', 'tso', 'off', 'gso', 'off')
        with contextlib.suppress(OSError), open(f'/proc/sys/net/ipv6/conf/{self.port}/disable_ipv6', 'w') as file:
            file.write('1')  # this end is godwit's
        call('ip', 'link', 'set', self.port, 'up')

    def up(self, addresses, gateways):
        self.ip('link', 'set', 'eth0', 'up')
        for address in addresses:
            self.ip('addr', 'add', address, 'dev', 'eth0')
        for gateway in gateways:
            self.ip('route', 'add', 'default', 'via', gateway)

    def ip(self, *words):
        call('ip', '-n', self.netns, *words)

    def run(self, *words, timeout=20):
        """What the command says in this host, whether or not it succeeds."""
        done = subprocess.run(['ip', 'netns', 'exec', self.netns, *words], capture_output=True, text=True,
                              timeout=timeout, check=False)
        return done.stdout + done.stderr

    def start(self, *words):
        return subprocess.Popen(['ip', 'netns', 'exec', self.netns, *words], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def end(self):
        subprocess.run(['ip', 'netns', 'del', self.netns], check=False)
        subprocess.run(['ip', 'link', 'del', self.port], check=False, capture_output=True)


class Switch:
    """A godwit that runs on the hosts' ports, for `seconds` at most."""

    def __init__(self, godwit, config, seconds):
        self._config = tempfile.NamedTemporaryFile('w', suffix='.yaml')
        self._config.write(config)
        self._config.flush()
        self._log = tempfile.NamedTemporaryFile('r')
        with open(self._log.name, 'w') as log:
            self._process = subprocess.Popen(
                [godwit, 'bench', self._config.name, '--seconds', str(seconds), '--', '--no-huge', '-m', '512'],
                stdout=log, stderr=subprocess.STDOUT)

    def wait_for(self, host, address, seconds=15):
        """Until the gateway answers; what godwit said is the error if it does not."""
        end = time.monotonic() + seconds
        while '1 received' not in host.run('ping', '-c', '1', '-W', '1', address):
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f'godwit does not answer: {self._log.read()}')

    def end(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
