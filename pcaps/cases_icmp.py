"""7xx, too: what the gateway says by ICMP about what it cannot forward, and as a host of its own."""

import frames
import packets
from cases_gateway import family
from gateway_scene import (BLUE_GW, BLUE_GW_IP, BLUE_GW_IP6, FAR, FAR_IP, FAR_IP6, NEAR, NEAR_IP, RED_GW, RED_GW_IP,
                           RED_GW_IP6, RED_GW_LINK_LOCAL, VM, VM_IP, VM_IP6, gateway_case, meet, nowhere, sent, to_far,
                           to_red)

TIME_EXCEEDED, UNREACHABLE = 11, 3
TIME_EXCEEDED6, UNREACHABLE6, TOO_BIG6, PARAMETER6 = 3, 1, 2, 4
UNREACHABLE_NET, UNREACHABLE_PROTOCOL, UNREACHABLE_PORT, TOO_BIG = 0, 2, 3, 4


def red_error(about, kind, code=0, rest=0):
    """The gateway of red about a frame from red."""
    ours = RED_GW_IP6 if about[12:14] == b'\x86\xdd' else RED_GW_IP
    return packets.error(about, RED_GW, ours, kind, code, rest)


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
    silent = [frames.ethernet(VM, RED_GW, frames.IPV4, packets.ipv4(VM_IP, FAR_IP, 1, error, ttl=1))
              for error in errors4]
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
    return [expired(), too_big(), no_route(), echoed(), at_the_gateway(), error_limit(), no_error_about(), no_host()]
