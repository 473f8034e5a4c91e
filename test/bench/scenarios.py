"""What godwit does besides bridging between hosts it knows: learning, moves, storms, routing, and what features cost."""

import collections
import random
import statistics
import sys

import frames
from machine import huge_pages
from peers import BUFFER_OCTETS, SPARE_BUFFERS

KNOWN = 1024  # hosts whose traffic goes on beside
NEW = 2_000_000 - 2 * KNOWN  # hosts to learn, into a table for two million
STRANGERS = 512  # addresses of nobody, to which packets are sent: no more than godwit asks for at once
SENDERS = 65536  # of the storm; also hosts that move
OTHER_MEMORY = 1 << 30
LOOKUPS = 10  # samples of memory, at a tenth of a second

# A run of `godwit bench`: its configuration, and a function that gives the frames of each port that receives some.
Case = collections.namedtuple('Case', 'config inputs')


def config(ports, silent=(), static=(), neighbors=True, limit=2_000_000):
    """A bridge of these ports; the silent ones receive nothing. `static`: pairs of a MAC and its port."""
    members = [*ports, *silent]
    lines = ['ports:', *(f'  {port}: {{}}' for port in ports)]
    lines += [f'  {port}: {{device: "net_null_{port},no-rx=1"}}' for port in silent]
    lines += ['bridges:', '  lan:', f'    ports: [{", ".join(members)}]',
              f'    learning: {{limit: {limit}, per_port: {limit}}}']
    lines += ['    static:'] * bool(static)
    lines += [f'      - {{mac: "{frames.text(mac)}", port: {port}}}' for mac, port in static]
    lines += [f'neighbors: {{per_port: 1000000, learn: {"true" if neighbors else "false"}}}']
    return '\n'.join(lines) + '\n'


def shuffled(count):
    order = list(range(count))
    random.Random(count).shuffle(order)
    return order


A, B, C, NOBODY = range(4)  # groups of hosts
SINK = frames.mac(NOBODY, 0)


def to_sink(group, count):
    return lambda: (frames.data(SINK, frames.mac(group, host)) for host in shuffled(count))


def between(source, other):
    """Data from each known host of one group to one of the other."""
    return lambda: (frames.data(frames.mac(other, peer), frames.mac(source, host))
                    for host, peer in enumerate(shuffled(KNOWN)))


def replies(source, other):
    """The same as unicast ARP replies."""
    return lambda: (frames.arp(frames.mac(other, peer), frames.mac(source, host), frames.REPLY,
                               frames.ip(source, host), frames.ip(other, peer))
                    for host, peer in enumerate(shuffled(KNOWN)))


def announcements(group, count):
    """Each host names its own address to the sink: what moves it at once, wherever it was a moment ago."""
    def frame(host):
        own = frames.ip(group, host)
        return frames.arp(SINK, frames.mac(group, host), frames.REPLY, own, own)
    return lambda: (frame(host) for host in shuffled(count))


def storm(frame):
    return lambda: (frame(host) for host in shuffled(SENDERS))


def request(host):
    return frames.arp(frames.BROADCAST, frames.mac(A, host), frames.REQUEST, frames.ip(A, host),
                      frames.ip(A, host ^ 1))


def broadcast(host):
    return frames.data(frames.BROADCAST, frames.mac(A, host))


ROUTED = {'1k': 1024, '8k': 8192}  # hosts a side
GATEWAYS = {A: bytes.fromhex('02005e100001'), B: bytes.fromhex('02005e100002')}


def dotted(octets):
    return '.'.join(map(str, octets))


def gateway_ip(group):
    return frames.ip(group, 0xFFFE)


def hosts_config(ports_of_groups, count, gateways):
    """Bridges of these groups' ports, and `count` hosts of each, with their addresses, at its first port."""
    lines = ['ports:', *(f'  {port}: {{}}' for ports in ports_of_groups.values() for port in ports), 'bridges:']
    for group, ports in ports_of_groups.items():
        lines += [f'  lan{group}:', f'    ports: [{", ".join(ports)}]']
        if gateways:
            lines += [f'    gateway: {{mac: "{frames.text(GATEWAYS[group])}", '
                      f'addresses: [{dotted(gateway_ip(group))}/16]}}']
        lines.append('    static:')
        # Host n has address n + 1: address 0 is the subnet's own.
        lines += [f'      - {{mac: "{frames.text(frames.mac(host_group, n))}", port: {port}, '
                  f'ip: {dotted(frames.ip(host_group, n + 1))}}}'
                  for host_group, port in zip((A, B) if len(ports) > 1 else (group,), ports) for n in range(count)]
    return '\n'.join(lines) + '\n'


def packets(source, other, count, gateways):
    """Each host of one group sends to one of the other: by the gateway, or in one bridge."""
    def make():
        for host, peer in enumerate(shuffled(count)):
            dst = GATEWAYS[source] if gateways else frames.mac(other, peer)
            yield frames.ipv4(dst, frames.mac(source, host), frames.ip(source, host + 1), frames.ip(other, peer + 1))
    return make


def routing_case(count, gateways):
    ports = {A: 'a', B: 'b'} if gateways else {A: 'ab'}
    return Case(hosts_config(ports, count, gateways),
                {'a': packets(A, B, count, gateways), 'b': packets(B, A, count, gateways)})


def gateway_config(ports, groups=(A,)):
    """A bridge of these ports with a gateway, which has an address in these groups' subnets; what comes for the sink
    goes to port d, which nothing comes from."""
    own = ', '.join(f'{dotted(gateway_ip(group))}/16' for group in groups)
    return config(ports, 'd', _sink_at_d).replace(
        '    learning:', f'    gateway: {{mac: "{frames.text(GATEWAYS[A])}", '
        f'addresses: [{own}]}}\n    learning:')


def unresolved():
    """Packets of one host to others that nobody is, on a second subnet of the gateway's."""
    return (frames.ipv4(GATEWAYS[A], frames.mac(C, 1), frames.ip(C, 1), frames.ip(C, 2 + n))
            for n in range(STRANGERS))


def to_gateway(host):
    return frames.arp(frames.BROADCAST, frames.mac(A, host), frames.REQUEST, frames.ip(A, host), gateway_ip(A))


_sink_at_d = [(SINK, 'd')]
_sink_at_a = [(SINK, 'a')]
CASES = {
    'learning': {
        'learn-alone': Case(config('b', 'a', _sink_at_a), {'b': to_sink(B, NEW)}),
        'learn-beside': Case(config('ab', '', _sink_at_a),
                             {'a': lambda: (frames.data(frames.mac(B, 0), frames.mac(A, h)) for h in shuffled(KNOWN)),
                              'b': to_sink(B, NEW)}),
    },
    'moves': {
        'move': Case(config('abc', 'd', _sink_at_d, neighbors=False),
                     {port: announcements(A, SENDERS) for port in 'abc'}),
    },
    'storm': {
        'storm-arp': Case(config('ab'), {'a': storm(request), 'b': between(B, A)}),
        'storm-unknown': Case(config('ab'), {'a': storm(broadcast), 'b': between(B, A)}),
    },
    'routing': {f'{way}-{size}': routing_case(count, way == 'routed')
                for size, count in ROUTED.items() for way in ('bridged', 'routed')},
    'gateway-storm': {
        'ask-alone': Case(gateway_config('a'), {'a': storm(to_gateway)}),
        'ask-gateway': Case(gateway_config('ab'), {'a': storm(to_gateway), 'b': to_sink(B, KNOWN)}),
        'ask-nobody': Case(gateway_config('ab'), {'a': storm(broadcast), 'b': to_sink(B, KNOWN)}),
        'ask-resolve': Case(gateway_config('abc', (A, C)),
                            {'a': storm(to_gateway), 'b': to_sink(B, KNOWN), 'c': unresolved}),
    },
    'features': {
        'data': Case(config('ab'), {'a': between(A, B), 'b': between(B, A)}),
        'arp-read': Case(config('ab', neighbors=False), {'a': replies(A, B), 'b': replies(B, A)}),
        'arp-neighbor': Case(config('ab'), {'a': replies(A, B), 'b': replies(B, A)}),
        'stay': Case(config('abc', 'd', _sink_at_d, neighbors=False),
                     {p: announcements(g, KNOWN) for p, g in zip('abc', (A, B, C))}),
        'arbiter': Case(config('abc', 'd', _sink_at_d, neighbors=False),
                        {p: announcements(A, KNOWN) for p in 'abc'}),
    },
}


def buffers(case):
    return sum(sum(1 for _ in make()) + SPARE_BUFFERS for make in case.inputs.values())


def captures(name, case, folder):
    """Paths of the captures by port; made once and kept."""
    paths = {port: folder / f'{name}-{port}.pcap' for port in case.inputs}
    for port, path in paths.items():
        if not path.exists():
            frames.write(path, case.inputs[port]())
    return paths


def measure(parts, godwit, rounds, seconds, folder):
    """The reports of each case, a list with one for each round."""
    cases = {name: case for part in parts for name, case in CASES[part].items()}
    reports = collections.defaultdict(list)
    need = max(buffers(case) for case in cases.values()) * BUFFER_OCTETS + OTHER_MEMORY
    with huge_pages(need):
        for turn in range(1, rounds + 1):
            for name, case in cases.items():
                report = godwit.report(case.config, captures(name, case, folder), seconds)
                reports[name].append(report)
                print(f'round {turn}: {name:14} {report["mpps"]:6.2f} Mpps', file=sys.stderr, flush=True)
    return reports


def median(reports, what):
    return statistics.median(what(report) for report in reports)


def of_rounds(reports, name, other, what):
    """How much one case has of another: of each round, which ran them one after the other, for strangers' load on the
    machine changes from minute to minute."""
    return statistics.median(what(a) / what(b) for a, b in zip(reports[name], reports[other]))


def rate_of_b(report):
    return report['ports']['b']['rx'] / report['seconds'] / 1e6


def lost(port):
    """Frames that came in by this port and ended inside, and copies that it could not send."""
    return port['tx_full'] + sum(port['drops'].values())


def learning_lines(reports):
    for name, words in (('learn-alone', 'nothing else to do'), ('learn-beside', 'known traffic beside, 1 : 1')):
        of_rounds = [report['learning'] for report in reports[name]]
        rate = median(of_rounds, lambda r: r['learned'] / r['seconds']) / 1e6
        drops = sum(lost(port) for r in of_rounds for port in r['ports'].values())
        least = min(r['learned'] for r in of_rounds)
        yield f'{words}: {rate:.1f} M new MACs/s, {least} learned, {drops} frames dropped in {len(of_rounds)} rounds'


def moves_lines(reports):
    rate = median(reports['move'], lambda r: r['moved'] / r['seconds']) / 1e6
    share = median(reports['move'], lambda r: r['moved'] / r['rx'])
    yield f'{rate:.1f} M accepted moves/s; {share:.0%} of the frames are one'


def growth(resident):
    """Of memory, in octets, between learning the hosts and the end, when bench gathers their addresses to look up."""
    steady = resident[len(resident) // 2:-LOOKUPS]
    return max(steady) - steady[0] if steady else 0


def storm_lines(reports):
    for name in ('storm-arp', 'storm-unknown'):
        drops = sum(lost(port) for r in reports[name] for port in r['ports'].values())
        grown = max(growth(report['resident']) for report in reports[name])
        rate = median(reports[name], rate_of_b)
        yield f'{name}: {rate:.1f} Mpps of known traffic; {drops} frames dropped; memory grew by {grown >> 10} KiB'
    share = of_rounds(reports, 'storm-arp', 'storm-unknown', rate_of_b)
    yield f'known traffic beside ARP has {share:.1%} of its rate beside the other, in the median of rounds'


def routing_lines(reports):
    for size in ROUTED:
        bridged, routed = (median(reports[f'{way}-{size}'], lambda r: r['cycles_per_packet'])
                           for way in ('bridged', 'routed'))
        rate = median(reports[f'routed-{size}'], lambda r: r['mpps'])
        drops = sum(lost(port) for r in reports[f'routed-{size}'] for port in r['ports'].values())
        yield (f'{size} hosts a side: routed {routed:.0f} cycles a packet, bridged {bridged:.0f}: '
               f'{routed - bridged:+.0f}; {rate:.1f} Mpps routed, {drops} frames dropped')


def gateway_storm_lines(reports):
    alone = median(reports['ask-alone'], lambda r: r['ports']['a']['rx'] / r['seconds']) / 1e6
    yield f'nothing but requests for the gateway: {alone:.1f} M ARP/s'
    for name in ('ask-gateway', 'ask-nobody'):
        drops = sum(lost(report['ports']['b']) for report in reports[name])
        yield f'{name}: {median(reports[name], rate_of_b):.1f} Mpps of data; {drops} of its frames dropped'
    share = of_rounds(reports, 'ask-gateway', 'ask-nobody', rate_of_b)
    yield f'data beside ARP has {share:.1%} of its rate beside the other, in the median of rounds'
    waits = [report['resolution_waits'] for report in reports['ask-resolve']]
    if not all(w['count'] for w in waits):
        yield 'unknown neighbors beside both: none was asked for, the run is too short'
        return
    yield (f'unknown neighbors beside both: {sum(w["count"] for w in waits)} asked for, 99 % within '
           f'{max(w["p99_ns"] for w in waits) / 1e6:.1f} ms, all within {max(w["max_ns"] for w in waits) / 1e6:.1f} ms')


def features_lines(reports):
    cycles = {name: median(reports[name], lambda r: r['cycles_per_packet']) for name in CASES['features']}
    yield f'data, both hosts known: {cycles["data"]:.0f} cycles a packet'
    yield f'+ ARP replies instead, read: {cycles["arp-read"] - cycles["data"]:+.0f}'
    yield f'+ each with the neighbor table: {cycles["arp-neighbor"] - cycles["arp-read"]:+.0f}'
    yield f'three ports, announcements to one destination: {cycles["stay"]:.0f} cycles a packet'
    yield f'+ each frame a move, by the arbiter: {cycles["arbiter"] - cycles["stay"]:+.0f}'


LINES = {'learning': learning_lines, 'moves': moves_lines, 'storm': storm_lines, 'routing': routing_lines,
         'gateway-storm': gateway_storm_lines, 'features': features_lines}


def text(parts, reports):
    return ''.join(f'{part}\n' + ''.join(f'- {line}\n' for line in LINES[part](reports)) + '\n' for part in parts)
