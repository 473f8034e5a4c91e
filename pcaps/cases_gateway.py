"""7xx: what the gateway forwards, and how (RFC 1812, RFC 8200); what it says by ICMP where it cannot."""

import struct

import frames
import packets
from casefile import Case
from frames import tag
from gateway_scene import (BLUE_GW, BLUE_GW_IP, BLUE_GW_IP6, FAR, FAR_IP, FAR_IP6, NEAR, NEAR_IP, NEAR_IP6, PORTS,
                           RED_GW, RED_GW_IP, RED_GW_IP6, RED_GW_LINK_LOCAL, STRANGER, VM, VM_IP, VM_IP6,
                           gateway_case, meet, nowhere, sent, to_far, to_red)

TIME_EXCEEDED, UNREACHABLE = 11, 3
TIME_EXCEEDED6, UNREACHABLE6, TOO_BIG6, PARAMETER6 = 3, 1, 2, 4
UNREACHABLE_NET, UNREACHABLE_PROTOCOL, UNREACHABLE_PORT, TOO_BIG = 0, 2, 3, 4


def family(address):
    return 'v6' if ':' in address else 'v4'


def red_error(about, kind, code=0, rest=0):
    """The gateway of red about a frame from red."""
    ours = RED_GW_IP6 if about[12:14] == b'\x86\xdd' else RED_GW_IP
    return packets.error(about, RED_GW, ours, kind, code, rest)


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


TRUNK_CONFIG = f'''
ports: {{access: {{}}, trunk: {{}}}}
bridges:
  red: {{vlan: 10, ports: [access, {{port: trunk, tagged: true}}],
        gateway: {{mac: "{RED_GW}", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}}}}
  blue: {{vlan: 20, ports: [{{port: trunk, tagged: true}}],
         gateway: {{mac: "{RED_GW}", addresses: [10.8.0.254/24, "fd00:8::fe/64"]}}}}
'''


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


ROUTES = [f'routes: [{{to: 0.0.0.0/0, via: {NEAR_IP}}}, {{to: 192.0.2.0/24, via: {FAR_IP}}},',
          f'         {{to: 192.0.2.128/25, via: {VM_IP}}}, {{to: "::/0", via: "{NEAR_IP6}"}},',
          f'         {{to: "2001:db8::/32", via: "{FAR_IP6}"}}, {{to: "2001:db8:1::/48", via: "{VM_IP6}"}}]']


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


def expired():
    case = gateway_case('704-ttl', '''
A TTL or hop limit of 2 is forwarded as 1; one of 1, or 0, ends here, and the sender is told with the packet quoted. A
packet for the gateway itself has arrived, whatever its TTL.''')
    meet(case)
    for n, src_ip in enumerate([VM_IP, VM_IP6]):
        key, kind = ('hops', TIME_EXCEEDED6) if n else ('ttl', TIME_EXCEEDED)
        for left in 2, 1, 0:
            frame = to_far(f'{family(src_ip)} with {left}', src_ip, **{key: left})
            case.rx(1 + n + left / 10, 'server1', frame)
            if left == 2:
                sent(case, 'far', packets.routed(frame, BLUE_GW, FAR))
            else:
                sent(case, 'server1', red_error(frame, kind))
                nowhere(case, f'with {left}', ['far', 'server2', 'uplink'])
    arrived = packets.udp4(VM, RED_GW, VM_IP, RED_GW_IP, 'arrived', ttl=1)
    case.rx(4, 'server1', arrived)
    sent(case, 'server1', red_error(arrived, UNREACHABLE, UNREACHABLE_PORT))
    case.report(drops={'ttl-expired': 4}, alarms=[])
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


def too_big():
    mtu = 1400
    case = gateway_case('706-mtu', f'''
The MTU of blue is {mtu}. A packet of just so many octets passes. A longer one that must not be fragmented is answered
with the MTU (RFC 1191, RFC 4443 section 3.2), and so is every longer one of IPv6. What came in longer than the MTU of
its own bridge but fits into the next passes.''', blue=[f'mtu: {mtu}'])
    meet(case)
    for n, (src_ip, header) in enumerate([(VM_IP, 28), (VM_IP6, 48)]):
        fitting = to_far('fits', src_ip, size=mtu - header)
        case.rx(1 + n, 'server1', fitting)
        sent(case, 'far', packets.routed(fitting, BLUE_GW, FAR))
    forbidden = to_far('too big', size=mtu - 28 + 1, place=packets.DONT_FRAGMENT)
    longer6 = to_far('too big', VM_IP6, size=mtu - 48 + 1)
    case.rx(3, 'server1', forbidden)
    case.rx(4, 'server1', longer6)
    sent(case, 'server1', red_error(forbidden, UNREACHABLE, TOO_BIG, mtu))
    sent(case, 'server1', red_error(longer6, TOO_BIG6, 0, mtu))
    nowhere(case, 'too big', ['far', 'server2', 'uplink'])
    jumbo = to_red(VM_IP, 'jumbo', size=1472)
    case.rx(5, 'far', jumbo)
    sent(case, 'server1', packets.routed(jumbo, RED_GW, VM))
    case.report(drops={'too-big': 2}, alarms=[])
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


def no_route():
    case = gateway_case('710-no-route', '''
Where no route leads the packet ends, and its sender is told: net unreachable, no route to destination.''')
    meet(case)
    for n, frame in enumerate([packets.udp4(VM, RED_GW, VM_IP, '203.0.113.1', 'lost'),
                               packets.udp6(VM, RED_GW, VM_IP6, '2001:db8::1', 'lost')]):
        case.rx(1 + n, 'server1', frame)
        kind, code = (UNREACHABLE6, 0) if n else (UNREACHABLE, UNREACHABLE_NET)
        sent(case, 'server1', red_error(frame, kind, code))
    nowhere(case, 'lost', ['far', 'server2', 'uplink'])
    case.report(drops={'no-route': 2}, alarms=[])
    return case


def echoed():
    case = gateway_case('711-echo', '''
The gateway answers an echo request to each address that it has: of this bridge, of the other, and its link-local one,
to a host of its subnet as to one beyond. An echo with a wrong checksum is none, and an echo reply says nothing.''')
    meet(case)
    asked = [(VM_IP, RED_GW_IP), (VM_IP, BLUE_GW_IP), ('203.0.113.9', RED_GW_IP), (VM_IP6, RED_GW_IP6),
             (VM_IP6, BLUE_GW_IP6), (VM_IP6, RED_GW_LINK_LOCAL), ('fe80::2', RED_GW_LINK_LOCAL),
             ('fe80::2', RED_GW_IP6)]
    for n, (source, address) in enumerate(asked):
        case.rx(1 + n / 10, 'server1', packets.echo(VM, RED_GW, source, address, f'ping {n}'))
        sent(case, 'server1', packets.echo(RED_GW, VM, address, source, f'ping {n}', reply=True))
    broken = bytearray(packets.echo(VM, RED_GW, VM_IP, RED_GW_IP, 'broken'))
    broken[-1] ^= 1
    case.rx(3, 'server1', bytes(broken))
    case.rx(3.1, 'server1', packets.echo(VM, RED_GW, VM_IP, RED_GW_IP, 'broken', reply=True))
    nowhere(case, 'broke')
    case.report(drops={}, alarms=[])
    return case


def at_the_gateway():
    case = gateway_case('712-nothing-listens', '''
UDP to the gateway: port unreachable. Another protocol: protocol unreachable, in IPv6 with a pointer to the octet that
names it. The packets are consumed: they have arrived.''')
    meet(case)
    other4 = frames.ethernet(VM, RED_GW, frames.IPV4, packets.ipv4(VM_IP, RED_GW_IP, 47, b'some GRE'))
    other6 = frames.ethernet(VM, RED_GW, frames.IPV6, frames.ipv6(VM_IP6, RED_GW_IP6, 47, 64, b'some GRE'))
    told = [(packets.udp4(VM, RED_GW, VM_IP, RED_GW_IP, 'who is there'), UNREACHABLE, UNREACHABLE_PORT, 0),
            (packets.udp6(VM, RED_GW, VM_IP6, RED_GW_IP6, 'who is there'), UNREACHABLE6, 4, 0),
            (other4, UNREACHABLE, UNREACHABLE_PROTOCOL, 0), (other6, PARAMETER6, 1, 6)]
    for n, (frame, kind, code, rest) in enumerate(told):
        case.rx(1 + n, 'server1', frame)
        sent(case, 'server1', red_error(frame, kind, code, rest))
    case.report(frames={'consumed': {'at_least': 4}}, drops={}, alarms=[])
    return case


def error_limit():
    case = gateway_case('713-error-limit', '''
At most 100 ICMP errors a second go out about the packets of one port, 200 at once (RFC 1812 section 4.3.2.8, RFC 4443
section 2.4 (f)). Another port has its own, and echo is not limited with them.''')
    meet(case)
    case.rx(0.1, 'server2', frames.arp_request(NEAR, NEAR_IP, RED_GW_IP))
    for n in range(300):
        case.rx(1, 'server1', to_far(f'flood {n}', ttl=1))
    case.rx(1, 'server2', to_far('of another', NEAR_IP, NEAR, ttl=1))
    case.rx(1.001, 'server1', packets.echo(VM, RED_GW, VM_IP, RED_GW_IP, 'ping'))
    for n in range(60):
        case.rx(1.5 + n / 1000, 'server1', to_far(f'later {n}', ttl=1))
    case.out('server1', 200, icmp='11/0', since='1s', until='1.4s')
    case.out('server2', 1, icmp='11/0')
    case.out('server1', 1, icmp='0/0')
    case.out('server1', 55, icmp='11/0', since='1.4s')
    case.report(drops={'ttl-expired': 361}, alarms=[])
    return case


def no_error_about():
    case = gateway_case('714-no-error-about-these', '''
No error is sent about an ICMP error, a fragment but the first, a packet that came by broadcast, or one whose source is
no single host (RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e)). About an echo, or a first fragment, there is one.''')
    meet(case)
    about = to_far('about')
    errors4 = [packets.icmp4(kind, 0, 0, about[14:]) for kind in (3, 4, 5, 11, 12)]
    silent = [frames.ethernet(VM, RED_GW, frames.IPV4, packets.ipv4(VM_IP, FAR_IP, 1, error, ttl=1)) for error in errors4]
    silent.append(to_far('later', ttl=1, place=100))
    silent += [frames.icmp6(VM, RED_GW, VM_IP6, FAR_IP6, kind, bytes(4) + about[14:], hops=1) for kind in (1, 2, 3, 4)]
    for n, frame in enumerate(silent):
        case.rx(1 + n / 10, 'server1', frame)
    case.out('server1', 0, ip_src=RED_GW_IP, until='5s')
    case.out('server1', 0, ip_src=RED_GW_IP6, protocol=58, icmp='3/0', until='5s')
    echo = bytearray(packets.echo(VM, RED_GW, VM_IP, FAR_IP, 'ping'))
    for n, frame in enumerate([to_far('first', ttl=1, place=packets.MORE_FRAGMENTS),
                               frames.ethernet(VM, RED_GW, frames.IPV4,
                                               packets.ipv4(VM_IP, FAR_IP, 1, bytes(echo[34:]), ttl=1))]):
        case.rx(6 + n, 'server1', frame)
        sent(case, 'server1', red_error(frame, TIME_EXCEEDED))
    case.report(drops={'ttl-expired': len(silent) + 2}, alarms=[])
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
        case.out(port, 0, op=1, tpa=VM_IP)
    case.report(drops={}, alarms=[], moves=[{'at_ns': '9.95s', 'from': 'server1', 'to': 'server2', 'evidence': 'data',
                                             'verdict': 'accepted', 'misdelivered': 0, 'lost': 0, 'held': 0,
                                             'blackhole_ns': '50ms', 'ips': [VM_IP, VM_IP6]}])
    return case


def no_host():
    case = gateway_case('716-whom-not-to-answer', '''
Neither an error nor an echo's reply goes to an address that is not one host's: a subnet's number or broadcast address,
in whichever bridge, or one of the gateways' own (RFC 1122 section 3.2.2, RFC 1812 section 5.3.7).''')
    meet(case)
    sources = ['10.9.0.255', '10.9.0.0', '10.8.0.255', RED_GW_IP, BLUE_GW_IP, RED_GW_IP6, BLUE_GW_IP6, 'fd00:9::']
    for n, source in enumerate(sources):
        own = RED_GW_IP6 if ':' in source else RED_GW_IP
        spent = {'hops': 1} if ':' in source else {'ttl': 1}
        case.rx(40 + n, 'server1', to_far('spent', source, **spent))
        case.rx(40.2 + n, 'server1', packets.echo(VM, RED_GW, source, own, 'echo'))
        case.rx(40.4 + n, 'server1', packets.data(VM, RED_GW, source, own, 'port'))
    for text in 'spent', 'echo', 'port':
        nowhere(case, text)
    case.report(drops={'ttl-expired': len(sources)}, alarms=[])
    return case


def make():
    return [between_bridges(), between_vlans(), along_routes(), expired(), untouched(), too_big(), in_fragments(),
            martians(), directed_broadcast(), no_route(), echoed(), at_the_gateway(), error_limit(), no_error_about(),
            moved(), no_host()]
