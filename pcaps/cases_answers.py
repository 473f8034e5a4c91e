"""8xx: what the gateway answers to ARP and ND, for itself and for others, and what it announces."""

import frames
from casefile import Case
from frames import tag
from gateway_scene import (ANNOUNCED, BLUE_GW_IP, BLUE_GW_IP6, FAR_IP, NEAR, NEAR_IP, NEAR_IP6, RED_GW, RED_GW_IP,
                           RED_GW_IP6, RED_GW_LINK_LOCAL, STRANGER, VM, VM_IP, VM_IP6, announcements, gateway_case,
                           meet, sent)

RED_PORTS = ['server1', 'server2', 'uplink']


def advertised(mac, target, dst, dst_ip, router=False):
    """The NA that answers a solicitation."""
    return frames.neighbor_advertisement(mac, target, dst, dst_ip, solicited=True, router=router)


def solicitation_to(dst, src, src_ip, target):
    """A unicast NS."""
    body = bytes(4) + frames.ip(target) + frames.link_layer_option(frames.SOURCE_LINK_LAYER, src)
    return frames.icmp6(src, dst, src_ip, target, frames.NEIGHBOR_SOLICITATION, body)


def unicast_request(src, spa, dst, tpa):
    return frames.arp_request(src, spa, tpa, dst=dst)


def at(seconds):
    """In this very instant."""
    return {'since': f'{seconds}s', 'until': f'{seconds + 0.000001:.6f}s'}


def no_answer(case, seconds, ports=RED_PORTS):
    """Nothing that answers ARP or ND left any port in this instant."""
    for port in ports:
        case.out(port, 0, op=2, **at(seconds))
        case.out(port, 0, icmp='136/0', **at(seconds))


def gateway_asked():
    case = gateway_case('801-the-gateway-is-asked', '''
Whoever asks for an address of the gateway is answered, at the port where he asks: by broadcast or by unicast, by an ARP
request, a probe (RFC 5227), a solicitation or duplicate address detection (RFC 4862), whose answer goes to all nodes.
The gateway says that it is a router.''')
    ll = 'fe80::2'
    asked = [
        (frames.arp_request(VM, VM_IP, RED_GW_IP), frames.arp_reply(RED_GW, RED_GW_IP, VM, VM_IP)),
        (unicast_request(VM, VM_IP, RED_GW, RED_GW_IP), frames.arp_reply(RED_GW, RED_GW_IP, VM, VM_IP)),
        (frames.arp_probe(VM, RED_GW_IP), frames.arp_reply(RED_GW, RED_GW_IP, VM, '0.0.0.0')),
        (frames.pad(frames.arp_request(VM, VM_IP, RED_GW_IP)), frames.arp_reply(RED_GW, RED_GW_IP, VM, VM_IP)),
        (frames.neighbor_solicitation(VM, VM_IP6, RED_GW_IP6), advertised(RED_GW, RED_GW_IP6, VM, VM_IP6, True)),
        (frames.neighbor_solicitation(VM, ll, RED_GW_IP6), advertised(RED_GW, RED_GW_IP6, VM, ll, True)),
        (frames.neighbor_solicitation(VM, ll, RED_GW_LINK_LOCAL),
         advertised(RED_GW, RED_GW_LINK_LOCAL, VM, ll, True)),
        (solicitation_to(RED_GW, VM, VM_IP6, RED_GW_IP6), advertised(RED_GW, RED_GW_IP6, VM, VM_IP6, True)),
        (frames.dad_solicitation(VM, RED_GW_IP6), frames.neighbor_advertisement(RED_GW, RED_GW_IP6, router=True)),
        (frames.dad_solicitation(VM, RED_GW_LINK_LOCAL),
         frames.neighbor_advertisement(RED_GW, RED_GW_LINK_LOCAL, router=True)),
    ]
    case.rx(0, 'server1', frames.other(VM, NEAR, 'first'))
    for n, (question, answer) in enumerate(asked):
        seconds = 40 + n
        case.rx(seconds, 'server1', question)
        sent(case, 'server1', answer, **at(seconds))
        case.out('server1', 1, **at(seconds))
        no_answer(case, seconds, ['server2', 'uplink'])
    case.report(drops={}, alarms=[], moves=[])
    return case


def gateway_asked_tagged():
    case = Case('802-asked-with-a-tag', '''
On a trunk the answer has the tag of the VLAN in which was asked. The address of one VLAN's gateway is not answered in
another, nor in one without a gateway.''', f'''
ports: {{trunk: {{}}, other: {{}}}}
bridges:
  red: {{vlan: 10, ports: [{{port: trunk, tagged: true}}], gateway: {{mac: "{RED_GW}", addresses: [{RED_GW_IP}/24]}}}}
  blue: {{vlan: 20, ports: [{{port: trunk, tagged: true}}], gateway: {{mac: "{RED_GW}", addresses: [{BLUE_GW_IP}/24]}}}}
  bare: {{vlan: 30, ports: [{{port: trunk, tagged: true}}, other]}}
''')
    for n, (vid, spa, tpa, answered) in enumerate([
            (10, VM_IP, RED_GW_IP, True), (20, FAR_IP, BLUE_GW_IP, True), (10, VM_IP, BLUE_GW_IP, False),
            (20, FAR_IP, RED_GW_IP, False), (30, VM_IP, RED_GW_IP, False), (20, VM_IP, BLUE_GW_IP, False)]):
        case.rx(40 * bool(n) + n, 'trunk', tag(frames.arp_request(VM, spa, tpa), vid, pcp=3))
        answer = tag(frames.arp_reply(RED_GW, tpa, VM, spa), vid)
        sent(case, 'trunk', answer, int(answered), **at(40 * bool(n) + n))
        case.out('trunk', int(answered), op=2, **at(40 * bool(n) + n))
    case.report(alarms=[], moves=[])
    return case


def silence():
    case = gateway_case('803-silence', '''
Nobody is answered who asks for another's address, asks from an address that is not of the subnet, or says that he has
the gateway's own; nor one who speaks for another MAC, or asks in a unicast that is for another station.''')
    case.rx(0, 'server2', frames.other(NEAR, STRANGER, 'first'))
    questions = [frames.arp_request(VM, VM_IP, NEAR_IP), frames.arp_request(VM, VM_IP, BLUE_GW_IP),
                 frames.arp_request(VM, '10.7.0.2', RED_GW_IP), frames.arp_request(VM, '10.9.0.255', RED_GW_IP),
                 frames.arp_request(VM, RED_GW_IP, RED_GW_IP), frames.arp_request(VM, RED_GW_IP, NEAR_IP),
                 frames.arp(VM, frames.BROADCAST, 1, STRANGER, VM_IP, frames.ZERO_MAC, RED_GW_IP),
                 unicast_request(VM, VM_IP, NEAR, RED_GW_IP), frames.arp_probe(VM, BLUE_GW_IP),
                 frames.neighbor_solicitation(VM, VM_IP6, NEAR_IP6),
                 frames.neighbor_solicitation(VM, VM_IP6, BLUE_GW_IP6),
                 frames.neighbor_solicitation(VM, 'fd00:7::2', RED_GW_IP6),
                 frames.neighbor_solicitation(VM, RED_GW_IP6, NEAR_IP6), frames.dad_solicitation(VM, BLUE_GW_IP6),
                 frames.garp_reply(VM, VM_IP), frames.rarp(VM), frames.neighbor_advertisement(VM, VM_IP6)]
    for n, question in enumerate(questions):
        case.rx(40 + n, 'server1', question)
        for port in RED_PORTS:
            case.out(port, 0, src=RED_GW, op=2, **at(40 + n))
            case.out(port, 0, icmp='136/0', src=RED_GW, flags='RSO', **at(40 + n))
    case.report(drops={'gateway-claim': 3})
    return case


def limits():
    case = gateway_case('804-limits-of-answers', '''
A host on an untrusted port is answered 15 times a second, 30 at once; its further questions are flooded, and teach as
much as ever. A trusted port has no limit for each host.''')
    for n in range(40):
        case.rx(n / 10000, 'server1', frames.arp_request(VM, VM_IP, RED_GW_IP))
        case.rx(n / 10000, 'uplink', frames.arp_request(NEAR, NEAR_IP, RED_GW_IP))
    case.rx(0.5, 'server2', frames.arp_request(VM, VM_IP, RED_GW_IP))
    for n in range(20):
        case.rx(1.01 + n / 10000, 'server2', frames.arp_request(VM, VM_IP, RED_GW_IP))
    case.out('server1', 30, op=2)
    case.out('uplink', 40, op=2)
    case.out('server2', 15, op=2)
    case.report(moves=[{'at_ns': '0.5s', 'evidence': 'arp-request', 'to': 'server2'}],
                counters={'not_answered_limit': 10 + 21 - 15})
    return case


def port_limit():
    case = gateway_case('805-limit-of-a-port', '''
A port is answered as often as arp_per_port says, and twice that at once, whoever asks.''', more=[
        'limits: {arp_per_port: 20/s}'])
    for n in range(120):
        mac, address = f'52:54:00:00:08:{n:02x}', f'10.9.0.{10 + n}'
        case.rx(n // 60, 'server1', frames.arp_request(mac, address, RED_GW_IP))
    case.rx(1, 'server2', frames.arp_request(VM, VM_IP, RED_GW_IP))
    case.out('server1', 40, op=2, until='1s')
    case.out('server1', 20, op=2, since='1s')
    case.out('server2', 1, op=2)
    return case


def suppressed():
    case = gateway_case('806-suppress', '''
With `suppress` a known host is answered for, by the answer that it would give itself, and the question goes no further:
a request, a probe, a solicitation, duplicate address detection. The gateway's own are not flooded, either.''',
                        red=['suppress: true'])
    meet(case)
    questions = [
        (frames.arp_request(NEAR, NEAR_IP, VM_IP), frames.arp_reply(VM, VM_IP, NEAR, NEAR_IP)),
        (frames.arp_probe(NEAR, VM_IP), frames.arp_reply(VM, VM_IP, NEAR, '0.0.0.0')),
        (frames.neighbor_solicitation(NEAR, NEAR_IP6, VM_IP6), advertised(VM, VM_IP6, NEAR, NEAR_IP6)),
        (frames.dad_solicitation(NEAR, VM_IP6), frames.neighbor_advertisement(VM, VM_IP6)),
        (frames.arp_request(NEAR, NEAR_IP, RED_GW_IP), frames.arp_reply(RED_GW, RED_GW_IP, NEAR, NEAR_IP)),
    ]
    for n, (question, answer) in enumerate(questions):
        case.rx(40 + n, 'server2', question)
        sent(case, 'server2', answer, **at(40 + n))
        case.out('server2', 1, **at(40 + n))
        for port in 'server1', 'uplink':
            case.out(port, 0, **at(40 + n))
    case.report(drops={}, alarms=[], moves=[])
    return case


def not_suppressed():
    case = gateway_case('807-suppress-not', '''
Flooded, and left to the host, in spite of `suppress`: a question from the port where the host is; its own probe of its
address; one sent to it by unicast; one for a host that nobody knows; announcements of every kind.''',
                        red=['suppress: true'])
    meet(case)
    case.rx(0.5, 'server1', frames.arp_request(NEAR, NEAR_IP, RED_GW_IP))  # behind one port with the VM
    case.rx(0.5, 'server1', frames.neighbor_advertisement(NEAR, NEAR_IP6))
    flooded = [
        (frames.arp_request(NEAR, NEAR_IP, VM_IP), ['server2', 'uplink'], 'server1'),
        (frames.neighbor_solicitation(NEAR, NEAR_IP6, VM_IP6), ['server2', 'uplink'], 'server1'),
        (frames.arp_probe(VM, VM_IP), ['server2', 'uplink'], 'server1'),
        (frames.dad_solicitation(VM, VM_IP6), ['server2', 'uplink'], 'server1'),
        (frames.arp_request(STRANGER, '10.9.0.66', VM_IP, dst=VM), ['server1'], 'server2'),
        (solicitation_to(VM, STRANGER, 'fd00:9::66', VM_IP6), ['server1'], 'server2'),
        (frames.arp_request(STRANGER, '10.9.0.66', '10.9.0.77'), ['server1', 'uplink'], 'server2'),
        (frames.neighbor_solicitation(STRANGER, 'fd00:9::66', 'fd00:9::77'), ['server1', 'uplink'], 'server2'),
        (frames.garp_request(VM, VM_IP), ['server2', 'uplink'], 'server1'),
        (frames.garp_reply(VM, VM_IP), ['server2', 'uplink'], 'server1'),
        (frames.rarp(VM), ['server2', 'uplink'], 'server1'),
        (frames.neighbor_advertisement(VM, VM_IP6), ['server2', 'uplink'], 'server1'),
        (frames.router_solicitation(VM, VM_IP6), ['server2', 'uplink'], 'server1'),
    ]
    for n, (question, ports, source) in enumerate(flooded):
        case.rx(40 + n, source, question)
        for port in RED_PORTS:
            sent(case, port, question, int(port in ports), **at(40 + n))
            case.out(port, int(port in ports), **at(40 + n))
    case.report(alarms=[], moves=[], drops={})
    return case


def in_doubt():
    case = gateway_case('808-suppress-in-doubt', '''
For a host in doubt nobody answers but itself: one that has just moved, for as long as the move settles; one whose
address another claims, while it is asked. Questions are flooded until the doubt is over.''', red=['suppress: true'])
    meet(case)
    question = frames.arp_request(NEAR, NEAR_IP, VM_IP)
    case.rx(10, 'server2', frames.garp_request(VM, VM_IP))
    case.rx(11, 'uplink', question)
    case.rx(20, 'uplink', question)
    case.rx(30, 'server1', frames.garp_request(STRANGER, VM_IP))
    case.rx(30.1, 'uplink', question)
    case.rx(30.12, 'server2', frames.arp_reply(VM, VM_IP, RED_GW, RED_GW_IP))
    case.rx(32, 'uplink', question)
    for seconds, flooded in (11, 1), (20, 0), (30.1, 1), (32, 0):
        sent(case, 'server2', question, flooded, **at(seconds))
        sent(case, 'uplink', frames.arp_reply(VM, VM_IP, NEAR, NEAR_IP), 1 - flooded, **at(seconds))
    case.report(drops={}, moves=[{'mac': VM, 'to': 'server2'}],
                neighbors={'contains': [{'ip': VM_IP, 'mac': VM, 'port': 'server2'}]})
    return case


def announce():
    case = gateway_case('819-the-gateway-announces-itself', '''
Each gateway announces each of its addresses, its link-local one with them, at 0, 1, 3, 7, 15 and 31 s at every member:
a gratuitous ARP request, an unsolicited advertisement. Nothing else leaves, and nothing later.''')
    case.rx(0, 'server1', frames.lldp(VM))
    case.expect(until='100s')
    for port in RED_PORTS:
        case.whole(port, [(seconds, frame) for seconds in ANNOUNCED for frame in announcements()])
    for seconds in ANNOUNCED:
        case.out('far', 1, op=1, spa=BLUE_GW_IP, tpa=BLUE_GW_IP, **at(seconds))
        case.out('far', 2, icmp='136/0', flags='RO', **at(seconds))
    case.out('far', 3 * len(ANNOUNCED))
    case.report(drops={'reserved-group': 1})
    return case


def announce_many():
    bridges = [f'  b{vid}: {{vlan: {vid}, ports: [{{port: trunk, tagged: true}}], gateway: {{mac: "{RED_GW}", '
               f'addresses: [10.{vid // 250}.{vid % 250}.254/24, "fd00:{vid:x}::fe/64"]}}}}' for vid in range(1, 1501)]
    case = Case('820-very-many-gateways', '''
Gateways so many that their announcements do not fit the way to the worker at once: none is left out.''',
                '\n'.join(['ports: {trunk: {}}', 'bridges:'] + bridges) + '\n')
    case.rx(0, 'trunk', tag(frames.lldp(VM), 1))
    case.expect(until='0.5s')
    case.out('trunk', 1500, op=1)
    case.out('trunk', 3000, icmp='136/0')
    for vid in 1, 1500:
        case.out('trunk', 3, vlan=vid)
    return case


def make():
    return [gateway_asked(), gateway_asked_tagged(), silence(), limits(), port_limit(), suppressed(), not_suppressed(),
            in_doubt(), announce(), announce_many()]
