"""How fast `godwit run` forwards beside `godwit bench`, over the same devices with the same configuration: the API, the
links, the watchdog and everything else that a service does must cost its workers nothing. Rounds of both, one after the
other, and what counts is the ratio of each pair."""

import http.client
import json
import pathlib
import socket
import statistics
import sys
import tempfile
import time

from forwarding import captures, memory
from machine import Child, huge_pages, run
from peers import SPARE_BUFFERS, devices

HOSTS = 64  # a side
WARM_UP = 1  # seconds
LIMIT = 60


def config(folder):
    ports = ', '.join(f'{name}: {{device: "{device}"}}' for name, device in zip('ab', devices(captures(HOSTS, folder))))
    return (f'ports: {{{ports}}}\nbridges: {{lan: {{ports: [a, b]}}}}\n'
            f'memory: {{mbufs: {2 * HOSTS + 2 * SPARE_BUFFERS}}}\n')


class Api(http.client.HTTPConnection):
    """To godwit's socket."""

    def __init__(self, path):
        super().__init__('godwit', timeout=LIMIT)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def stats(self):
        """None as long as nobody answers."""
        try:
            self.request('GET', '/v1/stats')
            return json.loads(self.getresponse().read())
        except OSError:
            self.close()
            return None


def bench(godwit, text, seconds):
    """Frames a second."""
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / 'godwit.yaml'
        path.write_text(text)
        report = json.loads(run([godwit, 'bench', path, '--seconds', seconds, '--json'], LIMIT + seconds))
    return report['rx'] / report['seconds']


def live(godwit, text, seconds):
    """The same, as the daemon counts and by its own clock."""
    with tempfile.TemporaryDirectory() as work:
        path, api = pathlib.Path(work) / 'godwit.yaml', Api(pathlib.Path(work) / 'godwit.sock')
        path.write_text(f'{text}control: {{socket: "{api.path}"}}\n')
        with Child([godwit, 'run', path, '--', '--no-telemetry'], f'{work}/log') as child:
            child.until(api.stats, LIMIT)
            time.sleep(WARM_UP)
            before = api.stats()
            time.sleep(seconds)
            after = api.stats()
            api.close()
    return (after['frames']['in'] - before['frames']['in']) / (after['uptime_ns'] - before['uptime_ns']) * 1e9


def measure(godwit, rounds, seconds, folder):
    """Pairs of rates, live and of the bench; who comes first changes from round to round."""
    text = config(folder)
    pairs = []
    with huge_pages(memory(HOSTS)):
        for turn in range(rounds):
            ways = [live, bench] if turn % 2 else [bench, live]
            rates = {way: way(godwit, text, seconds) for way in ways}
            pairs.append((rates[live], rates[bench]))
            print(f'round {turn + 1}: live {rates[live] / 1e6:.2f} Mpps, bench {rates[bench] / 1e6:.2f} Mpps',
                  file=sys.stderr, flush=True)
    return pairs


def text(pairs):
    of_run, of_bench = (statistics.median(rates) / 1e6 for rates in zip(*pairs))
    ratios = [one / other for one, other in pairs]
    return (f'live\n- godwit run {of_run:.1f} Mpps, godwit bench {of_bench:.1f} Mpps; run is '
            f'{statistics.median(ratios):.1%} of bench ({min(ratios):.1%} to {max(ratios):.1%} in {len(ratios)} rounds)\n\n')
