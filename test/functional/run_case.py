#!/usr/bin/python3
"""Runs cases: godwit replays what the ports of a case received, and expect.yaml states what must come of it.

    run_case.py GODWIT CASE...        CASE: a case's folder, a folder of such, or a quoted pattern of either

A case is a folder with
    config.yaml          godwit's configuration
    in-PORT.pcap         the frames that PORT received (or one pcapng, see `capture`)
    expect.yaml          see below
    hints.yaml           optional: replay's --hints
    expect-PORT.pcap     optional: what PORT must have sent, byte for byte

Every case is replayed twice and must give the same octets both times; every frame that came in must have come to
exactly one end, and the counters must agree with one another and with the files.

expect.yaml
    until: 320s          replay's --until
    capture: in.pcapng   one capture with an interface for each port, in place of the in-PORT.pcap
    exit: 2              replay's exit code, 0 unless said; after a failure no output may be left
    errors: [TEXT...]    texts that standard error must contain
    report: TREE         what the JSON report must say:
        a mapping        has these keys with these values; further keys do not matter. Under `drops` they do: a
                         reason not named must not have occurred
        a list           has exactly as many items, each matching one of these, in any order
        a scalar         is equal; where the key ends in _ns, a time such as 1.5s may be written
        {contains: [..]} a list that has at least these items           {at_least: N}   a number
        {absent: [..]}   a list that has no item like any of these      {at_most: N}    a number
    out: [STATEMENT...]  frames that left: {port: P, count: N, and any of
        dst, src         MAC addresses, lower case
        ether_type       "0x0800"; behind the tags, if there are any
        vlan, pcp        of the outermost tag, or none; vlans: [..] of all tags from the outermost
        length           octets
        text             a text the frame contains
        octets           the whole frame, in hexadecimal
        op, sha, spa, tha, tpa                 of ARP and RARP
        ip_src, ip_dst, ttl, protocol          of IPv4 and IPv6; ip_length: octets from the IP header on
        df, mf, offset                         of IPv4; offset in octets
        icmp             ICMP's or ICMPv6's type and code: 3/1; icmp_mtu: of "too big"
        target, lla      of ND, and the address in its first option; flags: of an NA, some of RSO
        checksums        right or wrong: IPv4's and ICMP's
        from, to         times since the first frame of the captures: at or after `from`, before `to` }
"""

import glob
import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

from expectation import Frame, check_out, compare, nanoseconds

try:
    import jsonschema
except ImportError:
    jsonschema = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / 'docs/schema/godwit-report.schema.json'
TIMEOUT = 120  # seconds, for one replay; sanitizer builds are slow

sys.path.insert(0, str(ROOT / 'pcaps'))
import captures  # noqa: E402  (found by the line above)


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.expect = yaml.safe_load((folder / 'expect.yaml').read_text()) or {}
        self.inputs = {path.stem[len('in-'):]: path for path in sorted(folder.glob('in-*.pcap'))}

    def command(self, godwit, out, report):
        command = [godwit, 'replay', str(self.folder / 'config.yaml')]
        if 'capture' in self.expect:
            command.append(str(self.folder / self.expect['capture']))
        else:
            for port, path in self.inputs.items():
                command += ['--in', f'{port}={path}']
        if (self.folder / 'hints.yaml').exists():
            command += ['--hints', str(self.folder / 'hints.yaml')]
        if 'until' in self.expect:
            command += ['--until', str(self.expect['until'])]
        return command + ['--out', str(out), '--report', str(report)]

    def received(self):
        """port -> the records it received."""
        if 'capture' not in self.expect:
            return {port: captures.read_pcap(path.read_bytes()) for port, path in self.inputs.items()}
        received = {}
        for port, record in captures.read_pcapng((self.folder / self.expect['capture']).read_bytes()):
            received.setdefault(port, []).append(record)
        return received

    def ports(self):
        return set(yaml.safe_load((self.folder / 'config.yaml').read_text())['ports'])


class Run:
    """One replay of a case into a directory of its own."""

    def __init__(self, godwit, case, directory):
        self.out = directory / 'out'
        self.report = directory / 'report.json'
        directory.mkdir()
        done = subprocess.run(case.command(godwit, self.out, self.report), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        self.code = done.returncode
        self.errors = done.stderr.decode(errors='replace')

    def files(self):
        written = sorted(self.out.glob('*')) + [self.report] * self.report.exists()
        return {path.name: path.read_bytes() for path in written}


def check_accounts(report, received, sent):
    """Every frame has exactly one end, and all counters tell the same story."""
    frames, ports, drops = report['frames'], report['ports'], report['drops']
    ends = sum(frames[end] for end in ('forwarded', 'consumed', 'dropped', 'held'))
    by_port = {}
    for port in ports.values():
        for reason, count in port['drops'].items():
            by_port[reason] = by_port.get(reason, 0) + count
    facts = [
        ('frames.in', frames['in'], 'frames in the captures', sum(map(len, received.values()))),
        ('frames.in', frames['in'], 'forwarded + consumed + dropped + held', ends),
        ('frames.out', frames['out'], 'frames in the files written', sum(map(len, sent.values()))),
        ('frames.dropped', frames['dropped'], 'sum of drops', sum(drops.values())),
        ('drops', {reason: count for reason, count in drops.items() if count},
         'sum of ports.*.drops', {reason: count for reason, count in by_port.items() if count}),
    ]
    for name, port in ports.items():
        facts.append((f'ports.{name}.rx', port['rx'], 'frames in its capture', len(received.get(name, []))))
        facts.append((f'ports.{name}.tx', port['tx'], 'frames in its file', len(sent.get(name, []))))
    return [f'{one} is {got}, but {other}: {want}' for one, got, other, want in facts if got != want]


def check_schema(report):
    if jsonschema is None or not SCHEMA.exists():
        return []
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    return [f'schema: {error.json_path}: {error.message}' for error in validator.iter_errors(report)]


def check_failure(case, run):
    left = sorted(run.files())
    return [f'exit {run.code}, but left {left} behind'] if left else []


def check_success(case, run):
    files = run.files()
    if run.report.name not in files:
        return ['wrote no report']
    report = json.loads(files.pop(run.report.name))
    sent = {name.removesuffix('.pcap'): captures.read_pcap(data) for name, data in files.items()}
    complaints = []
    if set(sent) != case.ports():
        complaints.append(f'ports are {sorted(case.ports())}, but files were written for {sorted(sent)}')

    received = case.received()
    complaints += check_accounts(report, received, sent)
    complaints += check_schema(report)
    complaints += compare('report', case.expect.get('report', {}), report)

    start = min((records[0][0] for records in received.values() if records), default=0)
    frames = {port: [Frame(stamp - start, octets) for stamp, octets, _ in records]
              for port, records in sent.items()}
    for number, statement in enumerate(case.expect.get('out', [])):
        complaints += check_out(number, statement, frames)
    for path in sorted(case.folder.glob('expect-*.pcap')):
        name = path.name.removeprefix('expect-')
        if files.get(name) != path.read_bytes():
            complaints.append(f'{name} differs from {path.name}')
    return complaints


def check_case(godwit, folder):
    case = Case(folder)
    unknown = case.expect.keys() - {'until', 'capture', 'exit', 'errors', 'report', 'out'}
    if unknown:
        return [f'expect.yaml: unknown keys {sorted(unknown)}']
    with tempfile.TemporaryDirectory(prefix='godwit-case-') as scratch:
        first, second = (Run(godwit, case, pathlib.Path(scratch) / name) for name in ('first', 'second'))
        want = case.expect.get('exit', 0)
        if first.code != want:
            return [f'exit code {first.code}, wanted {want}; standard error:\n{first.errors}']
        complaints = [f'standard error lacks {text!r}:\n{first.errors}'
                      for text in case.expect.get('errors', []) if text not in first.errors]
        if second.code != first.code or second.files() != first.files():
            complaints.append('the second replay gave another output than the first')
        return complaints + (check_failure if want else check_success)(case, first)


def find_cases(arguments):
    folders = []
    for argument in arguments:
        found = []
        for name in sorted(glob.glob(argument)):
            found += sorted(path.parent for path in pathlib.Path(name).rglob('expect.yaml'))
        if not found:
            sys.exit(f'run_case.py: no case under {argument}')
        folders += found
    return folders


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    godwit = str(pathlib.Path(sys.argv[1]).resolve())
    failed = 0
    folders = find_cases(sys.argv[2:])
    for folder in folders:
        try:
            complaints = check_case(godwit, folder)
        except (KeyError, OSError, TypeError, ValueError, subprocess.TimeoutExpired) as error:
            complaints = [f'{type(error).__name__}: {error}']
        failed += bool(complaints)
        print(f'{"FAIL" if complaints else "ok  "} {folder.name}')
        for complaint in complaints:
            print(f'  {complaint}')
    print(f'{len(folders) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
