"""What a bench takes from the machine, and gives back: CPUs, huge pages, child processes."""

import contextlib
import os
import pathlib
import platform
import re
import signal
import subprocess
import tempfile
import time

HUGE_PAGES = pathlib.Path('/sys/kernel/mm/hugepages/hugepages-2048kB')
HUGE_PAGE = 2 << 20
GRACE = 10  # seconds that a child has to end by itself


class BenchError(Exception):
    """A measurement that did not come about, and why."""


def cpus():
    """The CPU for control work and the one that forwards."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise BenchError('this process may use one CPU only; a bench wants two, for control and for forwarding')
    return allowed[0], allowed[1]


def describe():
    model = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')),
                 platform.machine())
    return f'{model}, {os.cpu_count()} CPUs, Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start'


def _read(name):
    return int((HUGE_PAGES / name).read_text())


@contextlib.contextmanager
def huge_pages(octets):
    """Sees to it that so many octets of huge pages are free, and puts their number back at the end."""
    before = _read('nr_hugepages')
    short = -(-octets // HUGE_PAGE) - (_read('free_hugepages') - _read('resv_hugepages'))
    try:
        if short > 0:
            _set_huge_pages(before + short)
        yield
    finally:
        if short > 0:
            (HUGE_PAGES / 'nr_hugepages').write_text(str(before))


def _set_huge_pages(count):
    try:
        (HUGE_PAGES / 'nr_hugepages').write_text(str(count))
    except PermissionError:
        raise BenchError(f'must be root to set {count} huge pages') from None
    if _read('nr_hugepages') < count:
        raise BenchError(f'the kernel finds only {_read("nr_hugepages")} of {count} huge pages; free some memory')


class Child:
    """A process with its output in a file. It ends with the block, and with this program, however that ends."""

    def __init__(self, command, log, env=None):
        self._out, self._err = pathlib.Path(f'{log}.out'), pathlib.Path(f'{log}.err')
        self._name = pathlib.Path(str(command[0])).name
        with self._out.open('wb') as out, self._err.open('wb') as err:
            self._process = subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', '--', *map(str, command)],
                                             stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                             env=env and {**os.environ, **env})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(ending)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(GRACE)

    def output(self):
        return self._out.read_text(errors='replace')

    def until(self, done, limit):
        """Waits until done() is true, and returns what it gave. BenchError after `limit` seconds, or if it ended."""
        deadline = time.monotonic() + limit
        while not (result := done()):
            if self._process.poll() is not None:
                raise self._error(f'ended with {self._process.returncode}')
            if time.monotonic() > deadline:
                raise self._error(f'is not ready after {limit} s')
            time.sleep(0.1)
        return result

    def wait(self, limit, meanwhile=lambda: None):
        """Waits for its end; calls `meanwhile` ten times a second. BenchError if it failed or runs on."""
        deadline = time.monotonic() + limit
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                raise self._error(f'takes longer than {limit} s')
            meanwhile()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
        if self._process.returncode:
            raise self._error(f'ended with {self._process.returncode}')

    def resident(self):
        """Octets of its memory, huge pages included; 0 once it has ended."""
        with contextlib.suppress(OSError):
            status = pathlib.Path(f'/proc/{self._process.pid}/status').read_text()
            return sum(int(kilo) << 10 for kilo in re.findall(r'(?:VmRSS|HugetlbPages):\s+(\d+) kB', status))
        return 0

    def _error(self, what):
        words = (self._err.read_text(errors='replace') + self.output()).strip().splitlines()
        return BenchError(f'{self._name} {what}: ' + ' / '.join(words[-3:]))


def run(command, limit, env=None):
    """Runs a command to its end and returns its standard output. BenchError if it fails or takes too long."""
    with tempfile.TemporaryDirectory() as work, Child(command, f'{work}/log', env) as child:
        child.wait(limit)
        return child.output()
