"""What a bench takes from the machine, and gives back: CPUs, huge pages, child processes."""

import contextlib
import os
import pathlib
import platform
import signal
import subprocess
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
        self._log = pathlib.Path(log)
        with self._log.open('wb') as out:
            self._process = subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', '--', *map(str, command)],
                                             stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                             env=env and {**os.environ, **env})
        self._name = pathlib.Path(str(command[0])).name
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(ending)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(GRACE)

    def output(self):
        return self._log.read_text(errors='replace')

    def until(self, done, limit):
        """Waits until done() is true, and returns what it gave. BenchError after `limit` seconds, or if it ended."""
        deadline = time.monotonic() + limit
        while not (result := done()):
            if self._process.poll() is not None:
                raise BenchError(f'{self._name} ended with {self._process.returncode}: {self._last_words()}')
            if time.monotonic() > deadline:
                raise BenchError(f'{self._name} is not ready after {limit} s: {self._last_words()}')
            time.sleep(0.1)
        return result

    def _last_words(self):
        return ' / '.join(self.output().strip().splitlines()[-3:])


def run(command, limit, env=None):
    """Runs a command to its end and returns its standard output. BenchError if it fails or takes too long."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(['setpriv', '--pdeathsig', 'KILL', '--', *command], timeout=limit, check=True, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, env=env and {**os.environ, **env})
    except subprocess.TimeoutExpired:
        raise BenchError(f'{command[0]} takes longer than {limit} s') from None
    except subprocess.CalledProcessError as error:
        words = ' / '.join((error.stderr or error.stdout).strip().splitlines()[-3:])
        raise BenchError(f'{command[0]} ended with {error.returncode}: {words}') from None
    return done.stdout
