"""Linux hosts in network namespaces, each on a veth to a port of a running godwit."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

TOOLS = ['arping', 'ip', 'iperf3', 'ping', 'tracepath', 'traceroute']


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


def lost(ping):
    """How many of its packets were not answered."""
    return int(re.search(r'(\d+) packets transmitted', ping)[1]) - int(re.search(r'(\d+) received', ping)[1])


def least_lost(host, *words):
    """The same of a ping from a host, in the best of three: where a machine has other things to do, an answer may come
    later than ping waits for it."""
    for _ in range(3):
        count = lost(host.run('ping', *words))
        if count == 0:
            break
    return count


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
        for setting, value in ('ipv6/conf/{}/disable_ipv6', '1'), ('ipv4/conf/{}/arp_ignore', '8'):
            with contextlib.suppress(OSError), open('/proc/sys/net/' + setting.format(self.port), 'w') as file:
                file.write(value)  # this end is godwit's, and no interface of this machine
        call('ip', 'link', 'set', self.port, 'up')

    def up(self, addresses, gateways):
        self.ip('link', 'set', 'eth0', 'up')
        for address in addresses:
            self.ip('addr', 'add', address, 'dev', 'eth0')
        for gateway in gateways:
            self.ip('route', 'add', 'default', 'via', gateway)

    def ip(self, *words):
        call('ip', '-n', self.netns, *words)

    def run(self, *words, timeout=60):
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
    """A godwit that runs."""

    def __init__(self, godwit, config, eal=('--no-huge',), environment=()):
        self._words = [godwit, 'run']
        self._eal = eal
        self._state = tempfile.TemporaryDirectory()
        self._environment = os.environ | {'STATE_DIRECTORY': self._state.name} | dict(environment)
        self._config = tempfile.NamedTemporaryFile('w', suffix='.yaml')
        self._log = tempfile.NamedTemporaryFile('r')
        self.configure(config)
        self.start()

    def configure(self, config):
        self._config.seek(0)
        self._config.truncate()
        self._config.write(config)
        self._config.flush()

    def start(self):
        with open(self._log.name, 'a') as log:
            self.process = subprocess.Popen([*self._words, self._config.name, '--', *self._eal], stdout=log,
                                            stderr=subprocess.STDOUT, env=self._environment)

    def log(self):
        with open(self._log.name) as log:
            return log.read()

    def wait_for_log(self, pattern, seconds=30):
        """Until it has said so, ever; what it said is the error if it does not."""
        end = time.monotonic() + seconds
        while not (said := re.search(pattern, self.log())):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f'godwit does not say {pattern!r}: {self.log()}')
            time.sleep(0.02)
        return said

    def wait_for(self, host, address, seconds=60):
        """Until the address answers; what godwit said is the error if it does not."""
        end = time.monotonic() + seconds
        while '1 received' not in host.run('ping', '-c', '1', '-W', '1', address):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f'{address} does not answer: {self.log()}')

    def stop(self, how=signal.SIGTERM, seconds=30):
        """Its exit status."""
        self.process.send_signal(how)
        return self.process.wait(seconds)

    def end(self):
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
        self._state.cleanup()
