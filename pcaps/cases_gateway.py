"""7xx: what the gateway forwards, and how (RFC 1812, RFC 8200)."""

import frames
import packets
from casefile import Case
from frames import tag
from gateway_scene import (BLUE_GW, BLUE_GW_IP, FAR, FAR_IP, FAR_IP6, NEAR, NEAR_IP, NEAR_IP6, PORTS, RED_GW, RED_GW_IP,
                           STRANGER, VM, VM_IP, VM_IP6, gateway_case, meet, nowhere, sent, to_far, to_red)

TRUNK_CONFIG = f'''
ports: {{access: {{}}, trunk: {{}}}}
bridges:
  red: {{vlan: 10, ports: [access, {{port: trunk, tagged: true}}],
        gateway: {{mac: "{RED_GW}", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}}}}
  blue: {{vlan: 20, ports: [{{port: trunk, tagged: true}}],
         gateway: {{mac: "{RED_GW}", addresses: [10.8.0.254/24, "fd00:8::fe/64"]}}}}
'''
ROUTES = [f'routes: [{{to: 0.0.0.0/0, via: {NEAR_IP}}}, {{to: 192.0.2.0/24, via: {FAR_IP}}},',
          f'         {{to: 192.0.2.128/25, via: {VM_IP}}}, {{to: "::/0", via: "{NEAR_IP6}"}},',
          f'         {{to: "2001:db8::/32", via: "{FAR_IP6}"}}, {{to: "2001:db8:1::/48", via: "{VM_IP6}"}}]']


def family(address):
    return 'v6' if ':' in address else 'v4'


def between_bridges():
    case = gateway_case('701-between-bridges', '''
What is sent to the gateway's MAC for a host of the other bridge goes there: from that bridge's gateway to the host, one
hop older, with its checksum right, and otherwise octet for octet the same.''')
    meet(case)
    for n, (here, there) in enumerate([(VM_IP, FAR_IP), (VM_IP6, FAR_IP6)]):
        out, back = to_far('out', here), to_red(here, 'back')
        case.rx(1 + n, 'server1', out)
        case.rx(1.5 + n, 'far', back)
        sent(case, 'far', packets.routed(out, BLUE_GW, FAR))
        sent(case, 'server1', packets.routed(back, RED_GW, VM))
    for text, ports in (('out', ['server1', 'server2', 'uplink']), ('back', ['far', 'server2', 'uplink'])):
        nowhere(case, text, ports)
    case.report(drops={}, moves=[], alarms=[])
    return case


def between_vlans():
    case = Case('702-between-vlans', '''
Between two VLANs of one trunk, and between a trunk and an access port: the packet leaves with the tag of the bridge
that it goes to, or with none, and by the port that it came in by if its receiver is there. The two gateways share a
MAC, and a priority in the tag stays behind.''', TRUNK_CONFIG)
    case.rx(0, 'access', frames.arp_request(NEAR, NEAR_IP, RED_GW_IP))
    case.rx(0, 'trunk', tag(frames.arp_request(VM, VM_IP, RED_GW_IP), 10))
    case.rx(0, 'trunk', tag(frames.arp_request(FAR, FAR_IP, BLUE_GW_IP), 20))
    steps = [(VM, VM_IP, FAR, FAR_IP, 10, 20), (FAR, FAR_IP, VM, VM_IP, 20, 10),
             (NEAR, NEAR_IP, FAR, FAR_IP, None, 20), (FAR, FAR_IP, NEAR, NEAR_IP, 20, None)]
    for n, (src, src_ip, dst, dst_ip, vid, other) in enumerate(steps):
        frame = packets.udp4(src, RED_GW, src_ip, dst_ip, f'step {n}')
        case.rx(1 + n, 'trunk' if vid else 'access', tag(frame, vid, pcp=5) if vid else frame)
        onward = packets.routed(frame, RED_GW, dst)
        sent(case, 'trunk' if other else 'access', tag(onward, other) if other else onward)
        nowhere(case, f'step {n}', ['access' if other else 'trunk'])
    case.report(drops={}, moves=[], alarms=[])
    return case


def along_routes():
    case = gateway_case('703-along-routes', '''
The longest prefix decides: a route within a route, a route, the default route; for both versions of IP. The subnets of
the gateways need no route, and are longer than any default.''', more=ROUTES)
    meet(case)
    case.rx(0.1, 'server2', frames.arp_request(NEAR, NEAR_IP, RED_GW_IP))
    case.rx(0.1, 'server2', frames.neighbor_advertisement(NEAR, NEAR_IP6))
    ways = [('192.0.2.1', 'far', BLUE_GW, FAR), ('192.0.2.127', 'far', BLUE_GW, FAR),
            ('192.0.2.128', 'server1', RED_GW, VM), ('192.0.2.255', 'server1', RED_GW, VM),
            ('192.0.3.0', 'server2', RED_GW, NEAR), ('8.8.8.8', 'server2', RED_GW, NEAR),
            (FAR_IP, 'far', BLUE_GW, FAR), ('2001:db8::1', 'far', BLUE_GW, FAR),
            ('2001:db8:1::1', 'server1', RED_GW, VM), ('2001:db9::1', 'server2', RED_GW, NEAR),
            (FAR_IP6, 'far', BLUE_GW, FAR)]
    for n, (address, port, gateway, hop) in enumerate(ways):
        source = '10.9.0.9' if family(address) == 'v4' else 'fd00:9::9'
        frame = packets.data(STRANGER, RED_GW, source, address, f'way {n}.')
        case.rx(1 + n / 10, 'uplink', frame)
        sent(case, port, packets.routed(frame, gateway, hop))
        nowhere(case, f'way {n}.', [other for other in PORTS if other != port])
    case.report(drops={}, moves=[], alarms=[])
    return case


def untouched():
    case = gateway_case('705-options-and-fragments', '''
Options, fragments, the type of service and what a datagram's checksum says are the hosts' business: they pass as they
are, and Ethernet's padding does no harm. A first fragment is a packet like any other.''')
    meet(case)
    record_route = bytes([7, 11, 4]) + bytes(8) + b'\0'
    shapes = [{'options': record_route}, {'place': packets.MORE_FRAGMENTS, 'ident': 77},
              {'place': packets.MORE_FRAGMENTS | 185, 'ident': 77}, {'place': 370, 'ident': 77},
              {'place': packets.DONT_FRAGMENT}, {'place': packets.DONT_FRAGMENT | packets.MORE_FRAGMENTS},
              {'tos': 0xB9}]
    for n, shape in enumerate(shapes):
        frame = to_far(f'shape {n}', **shape)
        case.rx(1 + n / 10, 'server1', frame)
        sent(case, 'far', packets.routed(frame, BLUE_GW, FAR))
    short = frames.pad(to_far('x'))
    case.rx(3, 'server1', short)
    sent(case, 'far', packets.routed(short, BLUE_GW, FAR))
    extended = frames.ethernet(VM, RED_GW, frames.IPV6, frames.ipv6(
        VM_IP6, FAR_IP6, 0, 64, bytes([60, 0, 1, 4, 0, 0, 0, 0]) + bytes([59, 0, 1, 4, 0, 0, 0, 0])))
    case.rx(4, 'server1', extended)
    sent(case, 'far', packets.routed(extended, BLUE_GW, FAR))
    case.report(drops={}, alarms=[])
    return case


def fragment(frame, start, end, more, options=None):
    """Octets start to end of the packet's payload as a fragment of it."""
    words = (frame[14] & 0xF) * 4
    options = frame[34:14 + words] if options is None else options
    place = int.from_bytes(frame[20:22], 'big')
    place = (place & 0x1FFF) + start // 8 | (packets.MORE_FRAGMENTS if more else place & packets.MORE_FRAGMENTS)
    packet = packets.ipv4(frames.ip_text(frame[26:30]), frames.ip_text(frame[30:34]), frame[23],
                          frame[14 + words + start:14 + words + end], ttl=frame[22], place=place, options=options,
                          ident=int.from_bytes(frame[18:20], 'big'), tos=frame[15])
    return frame[:14] + packet


def in_fragments():
    case = gateway_case('707-fragments', '''
A packet of IPv4 that is too long for the next link and may be fragmented goes on in fragments (RFC 791, RFC 1812
section 4.2.2.7): all but the last multiples of eight octets, each with the identification, and those of a fragment in
their places of the whole. Options go with the first fragment, and with the others only if they say so.''',
                        blue=['mtu: 1400'])
    meet(case)
    whole = to_far('whole', size=3000, ident=4711, tos=0x20)
    part = to_far('part', size=1464, ident=4712, place=packets.MORE_FRAGMENTS | 100)
    last = to_far('last', size=1464, ident=4713, place=100)
    for at, frame, size in ((1, whole, 3008), (2, part, 1472), (3, last, 1472)):
        case.rx(at, 'server1', frame)
        onward = packets.routed(frame, BLUE_GW, FAR)
        for start in range(0, size, 1376):
            sent(case, 'far', fragment(onward, start, min(start + 1376, size), start + 1376 < size))
    options = bytes([7, 7, 4, 0, 0, 0, 0]) + b'\x88\x04\0\1' + b'\0'  # record route; stream id, to be copied
    odd = to_far('odd', size=1400, ident=4714, options=options)
    onward = packets.routed(odd, BLUE_GW, FAR)
    case.rx(4, 'server1', odd)
    sent(case, 'far', fragment(onward, 0, 1368, True))
    case.out('far', 1, ip_src=VM_IP, offset=1368, ip_length=20 + 4 + 40, mf=False, checksums='right')
    case.report(drops={}, alarms=[])
    return case


def martians():
    case = gateway_case('708-martians', '''
Addresses that no router passes on, and broken headers: they end here, and nobody is told, for the sender is not known
(RFC 1812 sections 5.2.2 and 5.3.7, RFC 4291). A default route leads to no multicast group, either.''',
                        more=[f'routes: [{{to: 0.0.0.0/0, via: {FAR_IP}}}, {{to: "::/0", via: "{FAR_IP6}"}}]'])
    meet(case)
    addresses = [('127.0.0.1', FAR_IP), (VM_IP, '127.0.0.1'), ('0.0.0.0', FAR_IP), (VM_IP, '0.1.2.3'),
                 ('224.0.0.1', FAR_IP), ('240.0.0.1', FAR_IP), ('255.255.255.255', FAR_IP), (VM_IP, '240.0.0.1'),
                 (VM_IP, '255.255.255.255'), ('169.254.0.1', FAR_IP), (VM_IP, '169.254.0.1'),
                 ('::', FAR_IP6), ('::1', FAR_IP6), (VM_IP6, '::1'), ('fe80::1', FAR_IP6), (VM_IP6, 'fe80::9'),
                 ('ff02::1', FAR_IP6), (VM_IP6, 'ff02::1:2')]
    groups = [(VM_IP, '224.0.0.1'), (VM_IP, '239.1.1.1'), (VM_IP6, 'ff05::2'), (VM_IP6, 'ff0e::2')]
    for n, (src, dst) in enumerate(addresses + groups):
        case.rx(1 + n / 10, 'server1', packets.data(VM, RED_GW, src, dst, 'martian'))
    good = to_far('broken')
    broken = [good[:24] + b'\0\0' + good[26:],         # the checksum
              good[:14] + b'\x44' + good[15:],         # a header of 16 octets
              good[:14] + b'\x55' + good[15:],         # version 5
              good[:16] + b'\x05\0' + good[18:],       # longer than it is
              good[:30]]                               # cut off
    for n, frame in enumerate(broken):
        case.rx(5 + n / 10, 'server1', frame)
    case.out('far', 0, ether_type='0x0800')
    case.out('server1', 0, ether_type='0x0800')
    for text in 'martian', 'broken':
        nowhere(case, text)
    case.report(drops={'martian': len(addresses), 'no-route': len(groups), 'bad-ip-header': len(broken)}, alarms=[])
    return case


def directed_broadcast():
    case = gateway_case('709-directed-broadcast', '''
A packet to a subnet's broadcast address, or its number, is not forwarded (RFC 2644), from neither side; nor is anybody
asked for the MAC of such an address. In IPv6 the first address of a subnet is its router's.''')
    meet(case)
    for n, address in enumerate(['10.8.0.255', '10.8.0.0', '10.9.0.255', '10.9.0.0']):
        case.rx(1 + n / 10, 'server1', packets.udp4(VM, RED_GW, VM_IP, address, 'to all'))
    case.rx(2, 'server1', packets.echo(VM, RED_GW, VM_IP6, 'fd00:8::', 'anycast'))
    nowhere(case, 'to all', ['far', 'server1', 'server2', 'uplink'])
    case.out('server1', 1, icmp='129/0', text='anycast')
    case.out('far', 0, op=1, since='0.5s', until='0.9s')
    case.report(drops={'subnet-address': 4}, alarms=[])
    return case


def moved():
    case = gateway_case('715-a-move-is-followed', '''
A VM moves while packets are routed to it, v4 and v6: from its first frame at the new place on, and be it plain data,
they go there. No ICMP error is sent, and no request for its MAC.''')
    meet(case)
    times = [n / 10 for n in range(10, 200)]
    for at in times:
        for address in VM_IP, VM_IP6:
            case.rx(at, 'far', to_red(address, 'steady'))
    case.rx(9.95, 'server2', frames.other(VM, STRANGER, 'here now'))
    for port, count, when in (('server1', 180, {'until': '9.95s'}), ('server2', 200, {'since': '9.95s'})):
        case.out(port, count, text='steady', **when)
    case.out('server1', 0, text='steady', since='9.95s')
    case.out('far', 0, protocol=1)
    case.out('far', 0, icmp='1/3')
    for port in 'server1', 'server2':
        case.out(port, 0, op=1, tpa=VM_IP, dst='ff:ff:ff:ff:ff:ff')
    case.report(drops={}, alarms=[], moves=[{'at_ns': '9.95s', 'from': 'server1', 'to': 'server2', 'evidence': 'data',
                                             'verdict': 'accepted', 'misdelivered': 0, 'lost': 0, 'held': 0,
                                             'blackhole_ns': '50ms', 'ips': [VM_IP, VM_IP6]}])
    return case


def make():
    return [between_bridges(), between_vlans(), along_routes(), untouched(), in_fragments(), martians(),
            directed_broadcast(), moved()]
