#!/usr/bin/python3
"""Makes the cases of figure2/: one frame from a moved VM is enough, whatever its kind.

draft-liyz-armd-vm-migration sends a gateway seven kinds of ARP message after a migration (its Figure 2; R21 to
R27 here) and finds four of them ignored. Each is a case, and so are the further kinds of R28, R29 and R32. All
have one shape: the VM talks at server1 until t = 9 s, one frame of it enters server2 at t = 10 s, and every frame
for any of its addresses, from the very next on, must leave server2: frames of its peer, which are bridged, and of a
host in another bridge, which are routed.
"""

import itertools
import pathlib

import frames
from casefile import Case, main

VM = '52:54:00:00:00:02'
VM_IPS = ['10.9.0.2', '10.9.0.3']
VM_IP6S = ['fd00:9::2', 'fd00:9::3']
PEER = '52:54:00:00:00:01'
PEER_IP = '10.9.0.1'
PEER_IP6 = 'fd00:9::1'
GATEWAY = '02:00:5e:10:00:01'
GATEWAY_IP = '10.9.0.254'
FAR = '52:54:00:00:00:08'
FAR_IP = '10.8.0.8'
FAR_IP6 = 'fd00:8::8'
FAR_GATEWAY = '02:00:5e:10:00:02'

CONFIG = f'''
ports: {{server1: {{}}, server2: {{}}, uplink: {{}}, far: {{}}}}
bridges:
  tenant:
    ports: [server1, server2, {{port: uplink, trusted: true}}]
    gateway: {{mac: "{GATEWAY}", addresses: [{GATEWAY_IP}/24, "fd00:9::fe/64"]}}
  other:
    ports: [far]
    gateway: {{mac: "{FAR_GATEWAY}", addresses: [10.8.0.254/24, "fd00:8::fe/64"]}}
'''

ROWS = [
    ('garp-request', 'Figure 2, row 1 (R21): a standard GARP request',
     frames.garp_request(VM, VM_IPS[0]), 'garp-request'),
    ('garp-reply', 'Figure 2, row 2 (R22): a broadcast ARP reply, SPA = TPA',
     frames.garp_reply(VM, VM_IPS[0]), 'garp-reply'),
    ('broadcast-arp-reply', 'Figure 2, row 2 (R22): a broadcast ARP reply that tells the gateway',
     frames.arp(VM, frames.BROADCAST, 2, VM, VM_IPS[0], GATEWAY, GATEWAY_IP), 'arp-reply'),
    ('rarp-request', 'Figure 2, row 3 (R23): the RARP request of QEMU, with no IP address in it',
     frames.rarp(VM, 3), 'rarp'),
    ('rarp-reply', 'Figure 2, row 3 (R23): a RARP reply',
     frames.rarp(VM, 4), 'rarp'),
    ('arp-request-gateway', 'Figure 2, row 4 (R24): an ARP request for the gateway',
     frames.arp_request(VM, VM_IPS[0], GATEWAY_IP), 'arp-request'),
    ('arp-request-other', 'Figure 2, row 5 (R25): an ARP request for another host',
     frames.arp_request(VM, VM_IPS[0], PEER_IP), 'arp-request'),
    ('arp-reply-gateway', 'Figure 2, row 6 (R26): a unicast ARP reply to the gateway',
     frames.arp_reply(VM, VM_IPS[0], GATEWAY, GATEWAY_IP), 'arp-reply'),
    ('arp-reply-other', 'Figure 2, row 7 (R27): a unicast ARP reply to another host, seen only in transit',
     frames.arp_reply(VM, VM_IPS[0], PEER, PEER_IP), 'arp-reply'),
    ('ns', 'R28: a neighbor solicitation with the source link-layer address',
     frames.neighbor_solicitation(VM, VM_IP6S[0], PEER_IP6), 'ns'),
    ('na-unsolicited', 'R28: an unsolicited neighbor advertisement, O = 1',
     frames.neighbor_advertisement(VM, VM_IP6S[0]), 'na'),
    ('na-solicited', 'R28: a solicited neighbor advertisement to another host',
     frames.neighbor_advertisement(VM, VM_IP6S[0], PEER, PEER_IP6, solicited=True), 'na'),
    ('na-no-override', 'R28: an unsolicited neighbor advertisement, O = 0, which says nothing where the MAC is the same',
     frames.neighbor_advertisement(VM, VM_IP6S[0], override=False), 'na'),
    ('rs', 'R28: a router solicitation',
     frames.router_solicitation(VM, VM_IP6S[0]), 'rs'),
    ('dad', 'R28: duplicate address detection, a neighbor solicitation from ::',
     frames.dad_solicitation(VM, VM_IP6S[0]), 'dad'),
    ('arp-probe', 'R29, R37: an ARP probe (SPA = 0) is evidence of a place, though not of a mapping',
     frames.arp_probe(VM, VM_IPS[0]), 'arp-probe'),
    ('data-ipv4', 'R29, R32: plain IPv4 data',
     frames.udp4(VM, PEER, VM_IPS[0], PEER_IP, 'moved'), 'data'),
    ('data-ipv6', 'R29, R32: plain IPv6 data',
     frames.udp6(VM, PEER, VM_IP6S[0], PEER_IP6, 'moved'), 'data'),
    ('lldp', 'R29: LLDP, which teaches a place though it is never relayed',
     frames.lldp(VM), 'data'),
    ('unknown-ethertype', 'R29: an ethertype nobody knows',
     frames.other(VM, PEER, 'moved'), 'data'),
    ('arp-unknown-opcode', 'R29: ARP with an operation nobody knows',
     frames.arp(VM, frames.BROADCAST, 25, VM, VM_IPS[0], frames.ZERO_MAC, PEER_IP), 'arp-request'),
    ('priority-tagged', 'R29, R32: data with a priority tag (VID 0)',
     frames.tag(frames.udp4(VM, PEER, VM_IPS[0], PEER_IP, 'moved'), 0, pcp=5), 'data'),
]

BEFORE = range(1, 10)                                         # seconds
AFTER = [10.000001, 10.05, 10.1, 10.5, 11, 12, 14.9, 16, 20]  # seconds; the first is the very next frame


def teach(case):
    """The VM at server1 and its peer beyond the uplink make their addresses known."""
    for n, address in enumerate(VM_IPS):
        case.rx(0.1 * n, 'server1', frames.arp_request(VM, address, PEER_IP))
    for n, address in enumerate(VM_IP6S):
        case.rx(0.2 + 0.1 * n, 'server1', frames.neighbor_advertisement(VM, address))
    case.rx(0.4, 'uplink', frames.arp_reply(PEER, PEER_IP, VM, VM_IPS[0]))
    case.rx(0.5, 'uplink', frames.neighbor_advertisement(PEER, PEER_IP6, VM, VM_IP6S[0], solicited=True))


def send_to_vm(case, seconds):
    """The peer, and the host in the other bridge, send one frame to each address of the VM."""
    for address in VM_IPS:
        case.rx(seconds, 'uplink', frames.udp4(PEER, VM, PEER_IP, address, f'to {address}'))
        case.rx(seconds, 'far', frames.udp4(FAR, FAR_GATEWAY, FAR_IP, address, f'to {address}'))
    for address in VM_IP6S:
        case.rx(seconds, 'uplink', frames.udp6(PEER, VM, PEER_IP6, address, f'to {address}'))
        case.rx(seconds, 'far', frames.udp6(FAR, FAR_GATEWAY, FAR_IP6, address, f'to {address}'))


def make(number, name, story, frame, evidence):
    case = Case(f'{number:02}-{name}', f'{story}.', CONFIG)
    teach(case)
    for seconds in BEFORE:
        case.rx(seconds - 0.5, 'server1', frames.udp4(VM, PEER, VM_IPS[0], PEER_IP, 'here'))
        send_to_vm(case, seconds)
    case.rx(10, 'server2', frame)
    for seconds in AFTER:
        send_to_vm(case, seconds)

    case.report(
        moves=[{'at_ns': '10s', 'bridge': 'tenant', 'mac': VM, 'ips': VM_IPS + VM_IP6S, 'from': 'server1',
                'to': 'server2', 'evidence': evidence, 'verdict': 'accepted', 'blackhole_ns': '1us',
                'misdelivered': 0, 'held': 0, 'lost': 0}],
        alarms=[],
        drops={'reserved-group': 1} if name == 'lldp' else {},
        fdb={'contains': [{'mac': VM, 'port': 'server2', 'class': 'learned'}],
             'absent': [{'mac': VM, 'port': 'server1'}]},
        neighbors={'contains': [{'ip': address, 'mac': VM, 'port': 'server2'} for address in VM_IPS + VM_IP6S],
                   'absent': [{'port': 'server1'}]})
    for src, ether_type in itertools.product([PEER, GATEWAY], ['0x0800', '0x86dd']):
        flow = {'dst': VM, 'src': src, 'ether_type': ether_type, 'text': 'to '}
        case.out('server1', 2 * len(BEFORE), until='10s', **flow)
        case.out('server2', 0, until='10s', **flow)
        case.out('server1', 0, since='10s', **flow)
        case.out('server2', 2 * len(AFTER), since='10s', **flow)
    return case


def blackout(number, address):
    """R31: what the VM announced is lost, and it speaks no ARP for 20 s after; its first data heals everything."""
    name = 'v6' if ':' in address else 'v4'
    case = Case(f'{number:02}-blackout-{name}', f'''
R31, R32: congestion of 20 s takes all ARP and RARP of the moved VM with it, and all else it sends. The first data frame
that comes through ({name}) moves every address of it, bridged and routed.''', CONFIG)
    teach(case)
    before, after = range(1, 30), [30.000001, 30.05, 31, 35, 40, 60]
    for seconds in before:
        if seconds < 10:
            case.rx(seconds - 0.5, 'server1', frames.udp4(VM, PEER, VM_IPS[0], PEER_IP, 'here'))
        send_to_vm(case, seconds)
    send = frames.udp6 if name == 'v6' else frames.udp4
    case.rx(30, 'server2', send(VM, FAR, address, FAR_IP6 if name == 'v6' else FAR_IP, 'to whom it may concern'))
    for seconds in after:
        send_to_vm(case, seconds)
    case.report(moves=[{'at_ns': '30s', 'ips': VM_IPS + VM_IP6S, 'from': 'server1', 'to': 'server2',
                        'evidence': 'data', 'verdict': 'accepted', 'blackhole_ns': '1us', 'misdelivered': 0,
                        'held': 0, 'lost': 0}],
                alarms=[], drops={},
                neighbors={'contains': [{'ip': other, 'mac': VM, 'port': 'server2'} for other in VM_IPS + VM_IP6S]})
    for src, ether_type in itertools.product([PEER, GATEWAY], ['0x0800', '0x86dd']):
        flow = {'dst': VM, 'src': src, 'ether_type': ether_type, 'text': 'to '}
        case.out('server1', 2 * len(before), **flow)
        case.out('server2', 2 * len(after), since='30s', **flow)
    case.out('far', 0, protocol=1)
    case.out('far', 0, icmp='1/3')
    return case


if __name__ == '__main__':
    main([make(number, *row) for number, row in enumerate(ROWS, 1)] +
         [blackout(number, address) for number, address in enumerate([VM_IPS[1], VM_IP6S[1]], len(ROWS) + 1)],
         pathlib.Path(__file__).resolve().parent / 'figure2', __doc__.splitlines()[0])
