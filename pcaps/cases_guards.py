"""95x and 96x: what guards a bridge against its own hosts."""

import frames
from casefile import Case
from scene import PEER, PEER_IP, PORTS, UNKNOWN, VM, VM_IP

ATTACKER = '52:54:00:00:00:66'


def storm_limits():
    case = Case('958-storm-limits', '''
Server 3 floods: a thousand frames in one second of each kind, of which its limits let as many through as they say and
one second's worth at once (a RARP among them). The rest is dropped and told once for the port. What is known is not
limited, nor is any other port; and a VM that comes to the loud port during the storm is followed at once.''', '''
ports: {server1: {}, server2: {}, server3: {storm: {broadcast: 100/s, multicast: 50/s, unknown_unicast: 10/s}}, uplink: {}}
bridges:
  tenant:
    ports: [server1, server2, server3, {port: uplink, trusted: true}]
''')
    case.rx(0, 'server1', frames.arp_request(VM, VM_IP, PEER_IP))
    case.rx(0.001, 'uplink', frames.arp_reply(PEER, PEER_IP, VM, VM_IP))
    for n in range(1000):
        if n == 500:
            case.rx(1.5, 'server3', frames.rarp(VM))
        for kind, dst in (('broadcast', frames.BROADCAST), ('multicast', '01:00:5e:00:00:fb'), ('unknown', UNKNOWN)):
            case.rx(1 + n / 1000, 'server3', frames.other(ATTACKER, dst, f'storm of {kind}'))
        case.rx(1 + n / 1000, 'server3', frames.udp4(ATTACKER, PEER, '10.9.0.66', PEER_IP, 'to the peer'))
        case.rx(1 + n / 1000, 'server2', frames.other('52:54:00:00:00:03', frames.BROADCAST, 'of another port'))
    case.rx(1.501, 'uplink', frames.udp4(PEER, VM, PEER_IP, VM_IP, 'to the vm'))
    for kind, most in (('broadcast', 100 + 99 - 1), ('multicast', 50 + 49), ('unknown', 10 + 9)):
        case.out('server1', most, text=f'storm of {kind}')
    case.out('uplink', 1000, text='to the peer')
    case.out('server1', 1000, text='of another port')
    for port in PORTS:
        case.out(port, int(port == 'server3'), text='to the vm')
    case.report(drops={'storm-broadcast': 802, 'storm-multicast': 901, 'storm-unknown': 981},
                alarms=[{'at_ns': '1.010s', 'kind': 'storm', 'port': 'server3'}],
                moves=[{'at_ns': '1.5s', 'mac': VM, 'from': 'server1', 'to': 'server3', 'verdict': 'accepted'}])
    return case


def make():
    return [storm_limits()]
