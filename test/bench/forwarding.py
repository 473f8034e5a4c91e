"""How fast each peer forwards when every MAC of N a side is in use: rounds over all of them, interleaved."""

import collections
import csv
import pathlib
import statistics
import subprocess
import sys

from machine import BenchError, huge_pages
from peers import BUFFER_OCTETS, SPARE_BUFFERS

ROOT = pathlib.Path(__file__).resolve().parents[2]
OTHER_MEMORY = 1 << 30  # tables, rings; OVS takes a pool of 262,144 larger buffers

Cell = collections.namedtuple('Cell', 'hosts peer')


def short(hosts):
    for unit, name in ((1 << 20, 'M'), (1 << 10, 'k')):
        if hosts >= unit and hosts % unit == 0:
            return f'{hosts // unit}{name}'
    return str(hosts)


def captures(hosts, folder):
    """Paths of the two captures with so many hosts a side; made once and kept."""
    where = folder / str(hosts)
    if not (where / 'complete').exists():
        subprocess.run([ROOT / 'scripts/bench-frames', str(hosts), where], check=True)
        (where / 'complete').touch()
    return [where / 'a.pcap', where / 'b.pcap']


def memory(hosts):
    return 2 * (hosts + SPARE_BUFFERS) * BUFFER_OCTETS + OTHER_MEMORY


def measure(peers, sizes, rounds, seconds, folder):
    """Frames a second of each Cell, a list with one for each round. A peer that fails once is left out from there."""
    rates = collections.defaultdict(list)
    failed = set()
    with huge_pages(max(memory(hosts) for hosts in sizes)):
        for turn in range(1, rounds + 1):
            for hosts in sizes:
                frames = captures(hosts, folder)
                for peer in peers:
                    cell = Cell(hosts, peer.name)
                    if cell in failed or (peer.most_hosts and hosts > peer.most_hosts):
                        continue
                    try:
                        rates[cell].append(peer.measure(frames, hosts, seconds))
                    except BenchError as error:
                        failed.add(cell)
                        print(f'{peer.name}, {short(hosts)} MACs a side: left out: {error}', file=sys.stderr)
                        continue
                    print(f'round {turn}: {short(hosts):>5} a side  {peer.name:8} {rates[cell][-1] / 1e6:6.2f} Mpps',
                          file=sys.stderr, flush=True)
    return rates


def tables(rates, sizes, names, tsc_hz):
    """Markdown tables of the medians: Mpps, cycles a packet, cycles over io, and how often godwit's rate is a peer's."""
    pps = {cell: statistics.median(of_rounds) for cell, of_rounds in rates.items()}

    def over_io(hosts, name):
        return tsc_hz / pps[Cell(hosts, name)] - tsc_hz / pps[Cell(hosts, 'io')]

    def ratio(hosts, name):
        return pps[Cell(hosts, 'godwit')] / pps[Cell(hosts, name)]

    def besides(reference):
        return [name for name in names if name != reference] if reference in names else []

    return (table('Mpps', '.1f', sizes, names, lambda hosts, name: pps[Cell(hosts, name)] / 1e6) +
            table('cycles a packet', '.0f', sizes, names, lambda hosts, name: tsc_hz / pps[Cell(hosts, name)]) +
            table('cycles over io', '.0f', sizes, besides('io'), over_io) +
            table('godwit is … times', '.2f', sizes, besides('godwit'), ratio))


def table(title, form, sizes, names, value):
    if not names:
        return ''
    rows = [[title, *map(short, sizes)], ['---', *['---:'] * len(sizes)]]
    for name in names:
        row = [name]
        for hosts in sizes:
            try:
                row.append(f'{value(hosts, name):{form}}')
            except KeyError:  # not measured
                row.append('–')
        rows.append(row)
    return '\n'.join('| ' + ' | '.join(row) + ' |' for row in rows) + '\n\n'


def write_csv(path, rates, tsc_hz):
    with open(path, 'w', newline='') as out:
        writer = csv.writer(out)
        writer.writerow(['macs_a_side', 'peer', 'round', 'mpps', 'cycles_per_packet'])
        for cell, of_rounds in sorted(rates.items()):
            for turn, rate in enumerate(of_rounds, 1):
                writer.writerow([cell.hosts, cell.peer, turn, f'{rate / 1e6:.3f}', f'{tsc_hz / rate:.1f}'])


def plot(path, rates, sizes, names):
    """An SVG: medians, with a bar from the slowest round to the fastest."""
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name in names:
        points = [(hosts, rates[Cell(hosts, name)]) for hosts in sizes if rates.get(Cell(hosts, name))]
        if not points:
            continue
        middle = [statistics.median(of_rounds) / 1e6 for _, of_rounds in points]
        low = [m - min(of_rounds) / 1e6 for m, (_, of_rounds) in zip(middle, points)]
        high = [max(of_rounds) / 1e6 - m for m, (_, of_rounds) in zip(middle, points)]
        axes.errorbar([hosts for hosts, _ in points], middle, yerr=[low, high], marker='o', capsize=3, label=name)
    axes.set_xscale('log', base=2)
    axes.set_yscale('log')
    axes.set_xticks(sizes, [short(hosts) for hosts in sizes])
    axes.set_xlabel('MAC addresses a side, all in use')
    axes.set_ylabel('Mpps of one core')
    axes.grid(True, which='both', alpha=0.3)
    axes.legend()
    figure.savefig(path)
