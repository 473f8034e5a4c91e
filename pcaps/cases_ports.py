"""11x: ports that are not like the others."""

import frames
from casefile import Case
from frames import BROADCAST
from scene import OTHER, OTHER_IP, PEER, PEER_IP, PORTS, UNKNOWN, VM, VM_IP, only, to_vm


def case_with(name, story, ports, *more):
    lines = [f'ports: {{{ports}}}', 'bridges:', '  tenant:',
             '    ports: [server1, server2, server3, {port: uplink, trusted: true}]']
    return Case(name, story, '\n'.join(lines + [f'    {line}' for line in more]) + '\n')


def isolated():
    case = case_with('110-isolated', 'server1 and server2, isolated, talk to the others, not to each other.',
                     'server1: {isolated: true}, server2: {isolated: true}, server3: {}, uplink: {}')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'to all'))
    case.rx(1, 'server2', frames.udp4(OTHER, BROADCAST, OTHER_IP, '10.9.0.255', 'to everybody'))
    case.rx(2, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'to the neighbor'))
    case.rx(3, 'server2', frames.udp4(OTHER, UNKNOWN, OTHER_IP, '10.9.0.99', 'to nobody'))
    to_vm(case, 4, 'from outside')
    only(case, 'to all', 'server3', 'uplink')
    only(case, 'to everybody', 'server3', 'uplink')
    only(case, 'to the neighbor')
    only(case, 'to nobody', 'server3', 'uplink')
    only(case, 'from outside', 'server1')
    case.report(drops={'isolated': 1}, moves=[], alarms=[])
    return case


def isolated_alone():
    case = Case('111-isolated-alone', 'Among isolated ports alone nobody hears anybody.',
                'ports: {server1: {isolated: true}, server2: {isolated: true}}\n'
                'bridges: {tenant: {ports: [server1, server2]}}\n')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'to all'))
    only(case, 'to all', others=['server1', 'server2'])
    case.report(drops={'no-destination': 1}, moves=[], alarms=[])
    return case


def mirror():
    case = case_with('112-mirror', '''
The span port shows what server1 receives and sends, octet for octet and tag for tag, and nothing else; what it receives
itself goes nowhere.''', 'server1: {mirror: span}, server2: {}, server3: {}, uplink: {}, span: {}', 'vlan: 10')
    everywhere = [*PORTS, 'span']
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'in'))
    to_vm(case, 1, 'out', port='server2')
    case.rx(2, 'server3', frames.udp4(OTHER, PEER, OTHER_IP, PEER_IP, 'between others'))
    case.rx(3, 'span', frames.udp4(OTHER, BROADCAST, OTHER_IP, '10.9.0.255', 'from the mirror'))
    only(case, 'in', 'server2', 'server3', 'uplink', 'span', others=everywhere)
    only(case, 'out', 'server1', 'span', others=everywhere)
    only(case, 'between others', 'server2', others=everywhere)
    only(case, 'from the mirror', others=everywhere)
    case.report(drops={'no-bridge': 1}, moves=[], alarms=[])
    return case


def mirror_of_two():
    case = case_with('113-mirror-of-two', '''
Two ports have one mirror: what goes from one to the other is there twice, as it came and as it left.''',
                     'server1: {mirror: span}, server2: {mirror: span}, server3: {}, uplink: {}, span: {}')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'hello'))
    case.rx(1, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'between them'))
    case.out('span', 2, text='hello')
    case.out('span', 2, text='between them')
    case.out('server1', 1, text='between them')
    case.report(drops={}, moves=[], alarms=[])
    return case


def not_enabled():
    case = case_with('114-not-enabled', '''
server2 is switched off: nothing that it receives is believed or forwarded, and nothing leaves by it, not even for the
host that is pinned there.''', 'server1: {}, server2: {enabled: false}, server3: {}, uplink: {}',
                     f'static: [{{mac: "{OTHER}", port: server2}}]')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'to all'))
    case.rx(1, 'server2', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'from a dead port'))
    case.rx(2, 'server1', frames.udp4(VM, OTHER, VM_IP, OTHER_IP, 'to a dead port'))
    to_vm(case, 3, 'still there')
    only(case, 'to all', 'server3', 'uplink')
    only(case, 'from a dead port')
    only(case, 'to a dead port')
    only(case, 'still there', 'server1')
    case.report(drops={'port-down': 2}, moves=[], alarms=[])
    return case


def make():
    return [isolated(), isolated_alone(), mirror(), mirror_of_two(), not_enabled()]
