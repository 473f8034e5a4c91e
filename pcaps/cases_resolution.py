"""7xx, from 731 on: how the gateway finds its neighbors' MACs, and what becomes of those it does not find."""

import frames
import packets
from casefile import Case
from frames import tag
from gateway_scene import (ANNOUNCED, BLUE_GW, BLUE_GW_IP, BLUE_GW_IP6, FAR, FAR_IP, FAR_IP6, NEAR, NEAR_IP, NEAR_IP6,
                           RED_GW, RED_GW_IP, RED_GW_IP6, STRANGER, VM, VM_IP, VM_IP6, announcements, gateway_case,
                           meet, sent, to_far, to_red)

RED_PORTS = ['server1', 'server2', 'uplink']


def request(address):
    """How the gateway of red asks for an address."""
    if ':' in address:
        return frames.neighbor_solicitation(RED_GW, RED_GW_IP6, address)
    return frames.arp_request(RED_GW, RED_GW_IP, address)


def reply(mac, address):
    if ':' in address:
        return frames.neighbor_advertisement(mac, address, RED_GW, RED_GW_IP6, solicited=True)
    return frames.arp_reply(mac, address, RED_GW, RED_GW_IP)


def asked(case, address, *times, ports=RED_PORTS):
    """The gateway of red asked for the address at these seconds, at every port, and at no others."""
    for port in ports:
        sent(case, port, request(address), len(times))
        for at in times:
            sent(case, port, request(address), since=f'{at}s', until=f'{at + 0.000001:.6f}s')


def far_unreachable(about):
    ours, kind, code = (BLUE_GW_IP6, 1, 3) if about[12:14] == b'\x86\xdd' else (BLUE_GW_IP, 3, 1)
    return packets.error(about, BLUE_GW, ours, kind, code)


def burst():
    case = gateway_case('731-one-request-for-a-burst', '''
257 packets in one instant for one host whose MAC is not known: one request, at every port of its bridge, and no other
while it is not answered within the second. Three packets wait, the last three; the others gave way. Another host that
is asked for in the same millisecond gets a request of its own. The reply sends what waits, in order.''')
    meet(case)
    last = [to_red(NEAR_IP, f'n {n}.') for n in range(257)]
    for frame in last:
        case.rx(1, 'far', frame)
    other = to_red('10.9.0.77', 'another')
    case.rx(1.0005, 'far', other)
    case.rx(1.5, 'server2', reply(NEAR, NEAR_IP))
    case.rx(1.6, 'uplink', reply(STRANGER, '10.9.0.77'))
    asked(case, NEAR_IP, 1)
    asked(case, '10.9.0.77', 1.0005)
    for n in range(257):
        sent(case, 'server2', packets.routed(last[n], RED_GW, NEAR), int(n >= 254), since='1.5s', until='1.500001s')
    case.out('server2', 3, text='n ')
    sent(case, 'uplink', packets.routed(other, RED_GW, STRANGER), since='1.6s', until='1.600001s')
    case.report(drops={'hold-full': 254}, frames={'held': 0}, alarms=[],
                neighbors={'contains': [{'ip': NEAR_IP, 'mac': NEAR, 'port': 'server2', 'state': 'reachable'}]})
    return case


def order():
    case = gateway_case('732-in-order', '''
What waited leaves before what came later, though it came in the very burst that answers: nothing overtakes. The frames
that left the port are all there are, octet for octet in their order.''')
    case.rx(0, 'far', frames.arp_request(FAR, FAR_IP, BLUE_GW_IP))
    waiting = [to_red(NEAR_IP, f'waits {n}') for n in range(3)]
    for n, frame in enumerate(waiting):
        case.rx(40 + n / 10, 'far', frame)
    early, late = to_red(NEAR_IP, 'with the reply'), to_red(NEAR_IP, 'behind it')
    case.rx(40.5, 'server2', reply(NEAR, NEAR_IP))
    case.rx(40.5, 'far', early)
    case.rx(40.6, 'far', late)
    case.whole('server2', [(at, frame) for at in ANNOUNCED for frame in announcements()] + [(40, request(NEAR_IP))] +
               [(40.5, packets.routed(frame, RED_GW, NEAR)) for frame in waiting + [early]] +
               [(40.6, packets.routed(late, RED_GW, NEAR))])
    case.report(drops={}, frames={'held': 0})
    return case


def unanswered(number, address):
    name = 'v6' if ':' in address else 'v4'
    case = gateway_case(f'{number}-unanswered-{name}', '''
Nobody answers: requests at once, after one second and after two; after three the packets are dropped as unresolved, and
the sender of each is told that the host is unreachable. What comes then begins anew.''')
    meet(case)
    first, second = to_red(address, 'first'), to_red(address, 'second')
    case.rx(10, 'far', first)
    case.rx(11.5, 'far', second)
    case.rx(14.25, 'far', to_red(address, 'third'))
    case.expect(until='20s')
    asked(case, address, 10, 11, 12, 14.25, 15.25, 16.25)
    for about in first, second:
        sent(case, 'far', far_unreachable(about), since='13s', until='13.000001s')
        sent(case, 'far', far_unreachable(about))
    sent(case, 'far', far_unreachable(to_red(address, 'third')), since='17.25s', until='17.250001s')
    case.out('far', 3, icmp='1/3' if name == 'v6' else '3/1')
    case.report(drops={'unresolved': 3}, frames={'held': 0}, alarms=[])
    return case


def answered_late():
    case = gateway_case('735-answered-at-last', '''
An answer to the second or third request is as good as one to the first, and ends the asking; so does a gratuitous
announcement of the host, and whatever else of it names its address.''')
    meet(case)
    voices = [('10.9.0.11', lambda mac, ip: reply(mac, ip)), ('10.9.0.12', frames.garp_request),
              ('10.9.0.13', lambda mac, ip: frames.arp_request(mac, ip, VM_IP)), ('fd00:9::14', reply),
              ('fd00:9::15', frames.neighbor_advertisement),
              ('fd00:9::16', lambda mac, ip: frames.neighbor_solicitation(mac, ip, VM_IP6))]
    for n, (address, speak) in enumerate(voices):
        at, mac = 10 + 5 * n, f'52:54:00:00:07:{n:02x}'
        frame = to_red(address, f'to {address}.')
        case.rx(at, 'far', frame)
        case.rx(at + 2.5, 'server2', speak(mac, address))
        asked(case, address, at, at + 1, at + 2)
        sent(case, 'server2', packets.routed(frame, RED_GW, mac), since=f'{at + 2.5}s', until=f'{at + 2.501}s')
    case.expect(until='60s')
    case.report(drops={}, frames={'held': 0}, alarms=[])
    return case


def scan():
    case = gateway_case('736-scan', '''
A host scans a /16 that is on the link, 4000 addresses a second. The gateway asks for at most 1000 of them a second,
2000 at once; at most so many packets wait as the configuration says, and the rest is dropped. Hosts that are known feel
nothing of it, neither those to whom it routes nor those whom it answers. Nobody is told that a host is unreachable
before it was asked three times.''', more=['limits: {unresolved: 1000}'], red_prefix=16)
    meet(case)
    total, rate = 8000, 4000
    for n in range(total):
        case.rx(10 + n / rate, 'far', packets.udp4(FAR, BLUE_GW, FAR_IP, f'10.9.{4 + n // 250}.{1 + n % 250}', ''))
    for n in range(200):
        case.rx(10 + n / 100, 'far', to_red(VM_IP, 'known'))
        case.rx(10.005 + n / 100, 'server1', to_far('known'))
        if n == 99:
            case.rx(11, 'server1', frames.arp_request(VM, VM_IP, RED_GW_IP))
    case.expect(until='30s')
    case.out('server1', 200, text='known')
    case.out('far', 200, text='known')
    case.out('server1', 1, op=2, spa=RED_GW_IP, since='11s', until='11.000001s')
    case.out('server2', {'at_most': 3000 + 3}, op=1, src=RED_GW, until='11s')
    case.out('server2', {'at_most': 4000 + 3}, op=1, src=RED_GW, since='11s', until='12s')
    case.out('far', 0, icmp='3/1', until='13s')
    case.out('far', {'at_most': 400}, icmp='3/1')
    case.report(frames={'held': 0, 'dropped': total}, alarms=[])
    return case


def no_learn():
    case = gateway_case('737-not-from-hearsay', '''
With neighbors.learn off, what the gateway only overhears makes no entry: a gratuitous announcement of an unknown host,
a reply to another, a solicitation of another. What is said to the gateway does, and so does the answer that it waits
for.''', more=['neighbors: {learn: false}'])
    case.rx(0, 'server1', frames.arp_request(VM, VM_IP, RED_GW_IP))
    case.rx(0, 'far', frames.arp_request(FAR, FAR_IP, BLUE_GW_IP))
    hearsay = [frames.garp_request(NEAR, NEAR_IP), frames.garp_reply(NEAR, NEAR_IP),
               frames.arp_reply(NEAR, NEAR_IP, VM, VM_IP), frames.arp_request(NEAR, NEAR_IP, VM_IP),
               frames.neighbor_advertisement(NEAR, NEAR_IP6),
               frames.neighbor_solicitation(NEAR, NEAR_IP6, VM_IP6)]
    for n, frame in enumerate(hearsay):
        case.rx(1 + n / 10, 'server2', frame)
    waiting = to_red('10.9.0.77', 'waits')
    case.rx(5, 'far', waiting)
    case.rx(5.1, 'server2', reply(STRANGER, '10.9.0.77'))
    case.rx(6, 'server2', frames.neighbor_solicitation(STRANGER, 'fd00:9::77', RED_GW_IP6))
    sent(case, 'server2', packets.routed(waiting, RED_GW, STRANGER))
    case.report(drops={}, neighbors=[{'ip': VM_IP}, {'ip': FAR_IP}, {'ip': '10.9.0.77'}, {'ip': 'fd00:9::77'}])
    return case


def upstream():
    case = gateway_case('738-another-upstream-router', '''
A route leads over an upstream router, which is replaced by another with the same address and another MAC, and announces
itself. The old one is asked, does not answer, and 300 ms after the announcement the traffic goes to the new one; one
that answers keeps it. For both versions of IP.''', more=[
        f'routes: [{{to: 0.0.0.0/0, via: {NEAR_IP}}}, {{to: "::/0", via: "{NEAR_IP6}"}}]'])
    meet(case)
    case.rx(0.5, 'uplink', frames.garp_request(NEAR, NEAR_IP))
    case.rx(0.5, 'uplink', frames.neighbor_advertisement(NEAR, NEAR_IP6))
    for at in 5, 10.2, 10.3, 11:
        case.rx(at, 'far', packets.udp4(FAR, BLUE_GW, FAR_IP, '203.0.113.1', f'v4 at {at}.'))
        case.rx(at, 'far', packets.udp6(FAR, BLUE_GW, FAR_IP6, '2001:db8::1', f'v6 at {at}.'))
    case.rx(10, 'uplink', frames.garp_request(STRANGER, NEAR_IP))
    case.rx(10, 'uplink', frames.neighbor_advertisement(STRANGER, NEAR_IP6))
    case.rx(20, 'uplink', frames.garp_request(NEAR, NEAR_IP))
    case.rx(20.05, 'uplink', reply(STRANGER, NEAR_IP))
    case.rx(21, 'far', packets.udp4(FAR, BLUE_GW, FAR_IP, '203.0.113.1', 'v4 kept'))
    for version in 'v4', 'v6':
        for at, mac in ((5, NEAR), (10.2, NEAR), (10.3, STRANGER), (11, STRANGER)):
            case.out('uplink', 1, text=f'{version} at {at}.', dst=mac)
    case.out('uplink', 1, text='v4 kept', dst=STRANGER)
    for at in (10, 10.15, 20):
        case.out('uplink', 1, op=1, spa=RED_GW_IP, tpa=NEAR_IP, dst=STRANGER if at == 20 else NEAR,
                 since=f'{at}s', until=f'{at + 0.001}s')
    for at in (10, 10.15):
        case.out('uplink', 1, icmp='135/0', ip_src=RED_GW_IP6, target=NEAR_IP6, dst=NEAR,
                 since=f'{at}s', until=f'{at + 0.001}s')
    case.report(drops={}, neighbors={'contains': [{'ip': NEAR_IP, 'mac': STRANGER}, {'ip': NEAR_IP6, 'mac': STRANGER}]})
    return case


def patient():
    case = gateway_case('739-many-wait', '''
As many packets may wait for one host as a burst has frames at most; all of them are sent when it answers.''',
                        more=['limits: {unresolved_per_target: 256}'])
    meet(case)
    for n in range(300):
        case.rx(1, 'far', to_red(NEAR_IP, f'n {n}.'))
    case.rx(1.5, 'server2', reply(NEAR, NEAR_IP))
    asked(case, NEAR_IP, 1)
    case.out('server2', 256, text='n ', since='1.5s', until='1.500001s')
    case.report(drops={'hold-full': 44}, frames={'held': 0})
    return case


def tagged():
    case = Case('740-waits-with-a-tag', '''
A packet that came with a tag waits as it came, is asked for with the tag of the bridge that it goes to, and leaves with
it, by the very port that it came in by. The error about one that is not answered has the tag of its sender.''', f'''
ports: {{trunk: {{}}}}
bridges:
  red: {{vlan: 10, ports: [{{port: trunk, tagged: true}}],
        gateway: {{mac: "{RED_GW}", addresses: [{RED_GW_IP}/24, "{RED_GW_IP6}/64"]}}}}
  blue: {{vlan: 20, ports: [{{port: trunk, tagged: true}}],
         gateway: {{mac: "{BLUE_GW}", addresses: [{BLUE_GW_IP}/24, "{BLUE_GW_IP6}/64"]}}}}
''')
    case.rx(0, 'trunk', tag(frames.arp_request(FAR, FAR_IP, BLUE_GW_IP), 20))
    for n, address in enumerate([NEAR_IP, NEAR_IP6]):
        start = 40 + n
        frame = to_red(address, 'waits')
        case.rx(start, 'trunk', tag(frame, 20, pcp=6))
        case.rx(start + 0.5, 'trunk', tag(reply(NEAR, address), 10))
        sent(case, 'trunk', tag(request(address), 10), since=f'{start}s', until=f'{start}.1s')
        sent(case, 'trunk', tag(packets.routed(frame, RED_GW, NEAR), 10), since=f'{start}.5s', until=f'{start}.6s')
    lost = to_red('10.9.0.77', 'in vain')
    case.rx(45, 'trunk', tag(lost, 20, pcp=6))
    case.expect(until='50s')
    sent(case, 'trunk', tag(far_unreachable(lost), 20), since='48s', until='48.1s')
    case.report(drops={'unresolved': 1}, frames={'held': 0}, alarms=[])
    return case


def long_ones():
    case = gateway_case('741-waits-and-is-fragmented', '''
A packet that is too long for the link it goes to waits whole, and leaves in fragments. One that must not be fragmented
does not wait, but is answered at once.''', red=['mtu: 1280'])
    meet(case)
    long = to_red(NEAR_IP, 'long', size=1400)
    case.rx(1, 'far', long)
    case.rx(1.1, 'far', to_red(NEAR_IP, 'must not', size=1400, place=packets.DONT_FRAGMENT))
    case.rx(1.5, 'server2', reply(NEAR, NEAR_IP))
    asked(case, NEAR_IP, 1)
    for offset, length in (0, 1276), (1256, 172):
        case.out('server2', 1, dst=NEAR, offset=offset, ip_length=length, mf=offset == 0, ttl=63, checksums='right')
    case.out('server2', 2, dst=NEAR, protocol=17)
    case.out('far', 1, icmp='3/4', icmp_mtu=1280)
    case.report(drops={'too-big': 1}, frames={'held': 0}, alarms=[])
    return case


def link_local_hop():
    case = Case('742-link-local-next-hop', '''
A route of IPv6 over a link-local address: it is asked for in the bridge whose gateway has such an address, from that
address, and the packets go there.''', f'''
ports: {{server1: {{}}, far: {{}}}}
bridges:
  red: {{ports: [server1], gateway: {{mac: "{RED_GW}", addresses: ["{RED_GW_IP6}/64", "fe80::fe/64"]}}}}
  blue: {{ports: [far], gateway: {{mac: "{BLUE_GW}", addresses: ["{BLUE_GW_IP6}/64"]}}}}
routes: [{{to: "::/0", via: "fe80::1"}}]
''')
    frame = packets.udp6(FAR, BLUE_GW, FAR_IP6, '2001:db8::1', 'beyond')
    case.rx(0, 'far', frames.other(FAR, BLUE_GW, 'first'))
    case.rx(40, 'far', frame)
    case.rx(40.5, 'server1', frames.neighbor_advertisement(NEAR, 'fe80::1', RED_GW, 'fe80::fe', solicited=True))
    sent(case, 'server1', frames.neighbor_solicitation(RED_GW, 'fe80::fe', 'fe80::1'))
    case.out('far', 0, icmp='135/0')
    sent(case, 'server1', packets.routed(frame, RED_GW, NEAR))
    case.report(drops={}, frames={'held': 0}, alarms=[])
    return case


def make():
    return [burst(), order(), unanswered(733, NEAR_IP), unanswered(734, NEAR_IP6), answered_late(), scan(), no_learn(),
            upstream(), patient(), tagged(), long_ones(), link_local_hop()]
