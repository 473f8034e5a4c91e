"""Collects one case (what each port received, what must come of it) and writes its folder.

Times in a case are seconds from EPOCH; the language of expect.yaml is told in test/functional/run_case.py.
"""

import argparse
import json
import pathlib
import re
import shutil

import captures

EPOCH = 1_700_000_000 * 10**9

# Text that YAML reads as the string it is; everything else is quoted (a MAC address may be a number in base 60).
_PLAIN = re.compile(r'[a-z][a-z0-9.-]*|[0-9.]+(ns|us|ms|s)')


class Case:
    def __init__(self, name, story, config):
        self.name = name
        self._story = story
        self._config = config.lstrip('\n')
        self._received = {}
        self._expect = {}
        self._out = []
        self._sent = {}
        self._hints = []
        self._files = None

    def rx(self, seconds, port, frame, length=None):
        """`port` received `frame`; `length` is that on the wire when the capture cut the frame short."""
        stamp = EPOCH + round(seconds * 10**9)
        self._received.setdefault(port, []).append((stamp, frame, len(frame) if length is None else length))

    def silent(self, port):
        """`port` has a capture without a frame in it."""
        self._received.setdefault(port, [])

    def in_time(self):
        """Puts what was received in the order of time, where it was told in another."""
        for records in self._received.values():
            records.sort(key=lambda record: record[0])

    def out(self, port, count, since=None, until=None, **match):
        """States that `count` frames like `match` left `port` in [since, until)."""
        times = {key: at for key, at in (('from', since), ('to', until)) if at}
        self._out.append({'port': port, **match, **times, 'count': count})

    def whole(self, port, frames):
        """States all that `port` sent: `frames` as (seconds, octets), in order."""
        self._sent[port] = [(EPOCH + round(seconds * 10**9), frame, len(frame)) for seconds, frame in frames]

    def expect(self, **keys):
        """States keys of expect.yaml other than `report` and `out`."""
        self._expect.update(keys)

    def hint(self, seconds, **hint):
        """Somebody told godwit so: hint(2.5, flush={'port': 'server1'})."""
        self._hints.append({'at': f'{seconds}s', **hint})

    def report(self, **keys):
        self._expect.setdefault('report', {}).update(keys)

    def write_pcap(self, **form):
        """Asks for another form of pcap than the usual one; see captures.pcap_bytes()."""
        self._files = {f'in-{port}.pcap': captures.pcap_bytes(self.records(port), **form)
                       for port in self._received}

    def write_pcapng(self, name, order='<'):
        """Asks for one pcapng with an interface for each port instead of a pcap for each."""
        ports = sorted(self._received)
        records = [(index, record) for index, port in enumerate(ports) for record in self.records(port)]
        records.sort(key=lambda item: item[1][0])
        self._files = {name: captures.pcapng_bytes(ports, records, order)}
        self.expect(capture=name)

    def records(self, port):
        return self._received[port]

    def write(self, parent):
        folder = parent / self.name
        folder.mkdir(parents=True)
        if self._files is None:
            self.write_pcap()
        for name, data in self._files.items():
            (folder / name).write_bytes(data)
        for port, records in self._sent.items():
            (folder / f'expect-{port}.pcap').write_bytes(captures.pcap_bytes(records, nanosecond=True))
        (folder / 'config.yaml').write_text(self._config)
        if self._hints:
            (folder / 'hints.yaml').write_text(''.join(f'- {_flow(hint)}\n' for hint in self._hints))
        (folder / 'expect.yaml').write_text(self._expect_text())

    def _expect_text(self):
        lines = [f'# {line}' for line in self._story.strip().splitlines()]
        for key, value in self._expect.items():
            lines += _block(key, value, '')
        if self._out:
            lines += _block('out', self._out, '')
        return '\n'.join(lines) + '\n'


def _flow(value):
    if isinstance(value, dict):
        return '{' + ', '.join(f'{key}: {_flow(item)}' for key, item in value.items()) + '}'
    if isinstance(value, list):
        return '[' + ', '.join(map(_flow, value)) + ']'
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return json.dumps(value)


def _block(key, value, indent):
    inner = indent + '  '
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f'{indent}{key}:'] + [f'{inner}- {_flow(item)}' for item in value]
    if isinstance(value, dict) and any(isinstance(item, (dict, list)) and item for item in value.values()):
        lines = [f'{indent}{key}:']
        for name, item in value.items():
            lines += _block(name, item, inner)
        return lines
    return [f'{indent}{key}: {_flow(value)}']


def main(cases, default, description):
    """Writes `cases` anew under --out, by default under `default`, where they are checked in."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--out', type=pathlib.Path, default=default, metavar='DIR',
                        help='where the case folders go (default: %(default)s)')
    out = parser.parse_args().out
    for case in cases:
        shutil.rmtree(out / case.name, ignore_errors=True)
        case.write(out)
