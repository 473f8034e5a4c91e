"""2xx: VLANs: access, trunk and native ports, and bridges that let every tag through."""

import frames
from casefile import Case
from frames import BROADCAST, tag
from scene import OTHER, OTHER_IP, PEER, PEER_IP, VM, VM_IP, only

TRUNK_PORTS = ['server1', 'server2', 'server3', 'uplink']
TRUNK = '''
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  red: {vlan: 10, ports: [server1, {port: uplink, tagged: true, trusted: true}]}
  blue: {vlan: 20, ports: [server2, {port: uplink, tagged: true, trusted: true}]}
  native: {vlan: 1, ports: [server3, {port: uplink, trusted: true}]}
'''


def access():
    case = Case('201-access', '''
An access port takes untagged frames and priority tags (VID 0), and nothing with a VLAN id, be it its own. The
priority stays where a tag can carry it.''', '''
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  red: {vlan: 10, ports: [server1, server2, server3, {port: uplink, tagged: true, trusted: true}]}
''')
    hello = frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'untagged')
    case.rx(0, 'server1', hello)
    case.rx(1, 'server1', tag(frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'priority'), 0, pcp=5))
    case.rx(2, 'server1', tag(frames.udp4(OTHER, BROADCAST, OTHER_IP, '10.9.0.255', 'own id'), 10))
    case.rx(3, 'server1', tag(frames.udp4(OTHER, BROADCAST, OTHER_IP, '10.9.0.255', 'other id'), 20))
    for text, pcp in ('untagged', 0), ('priority', 5):
        only(case, text, 'server2', 'server3', 'uplink')
        case.out('uplink', 1, text=text, vlan=10, pcp=pcp)
        case.out('server2', 0, text=text, vlan=10)
    only(case, 'own id')
    only(case, 'other id')
    case.report(drops={'vlan-mismatch': 2}, moves=[], alarms=[], fdb=[{'bridge': 'red', 'mac': VM, 'port': 'server1'}])
    return case


def trunk():
    case = Case('202-trunk-and-native', '''
Three bridges share an uplink, two of them tagged, one native: tags are put on and taken off, and a MAC address in
one bridge is another host than the same in the next.''', TRUNK)
    for n, port in enumerate(TRUNK_PORTS[:3]):
        case.rx(n, port, frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', f'from {port}'))
    for n, (vid, pcp) in enumerate([(10, 3), (20, 0), (None, 0), (30, 0)]):
        frame = frames.udp4(PEER, VM, PEER_IP, VM_IP, f'down {vid or "native"}')
        case.rx(4 + n, 'uplink', tag(frame, vid, pcp) if vid else frame)
    case.rx(9, 'uplink', tag(frames.udp4(PEER, BROADCAST, PEER_IP, '10.9.0.255', 'all blue'), 20))
    only(case, 'from server1', 'uplink', vlan=10)
    only(case, 'from server2', 'uplink', vlan=20)
    only(case, 'from server3', 'uplink', vlan='none')
    only(case, 'down 10', 'server1', vlan='none')
    only(case, 'down 20', 'server2', vlan='none')
    only(case, 'down native', 'server3', vlan='none')
    only(case, 'down 30')
    only(case, 'all blue', 'server2', vlan='none')
    case.report(drops={'vlan-mismatch': 1}, moves=[], alarms=[],
                fdb=[{'bridge': bridge, 'mac': mac, 'port': port}
                     for bridge, server in [('red', 'server1'), ('blue', 'server2'), ('native', 'server3')]
                     for mac, port in [(VM, server), (PEER, 'uplink')]])
    return case


def tagged_to_tagged():
    case = Case('203-trunk-to-trunk', '''
Between trunks tag and priority stay; a frame without a tag is of no bridge there.''', '''
ports: {east: {}, west: {}}
bridges:
  red: {vlan: 10, ports: [{port: east, tagged: true}, {port: west, tagged: true}]}
  blue: {vlan: 20, ports: [{port: east, tagged: true}, {port: west, tagged: true}]}
''')
    for n, (vid, pcp) in enumerate([(10, 6), (20, 1)]):
        case.rx(n, 'east', tag(frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', f'vlan {vid}'), vid, pcp))
        case.out('west', 1, text=f'vlan {vid}', vlans=[vid], pcp=pcp)
    case.rx(3, 'east', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'no tag'))
    case.out('west', 2)
    case.out('east', 0)
    case.report(drops={'vlan-mismatch': 1}, moves=[], alarms=[],
                fdb=[{'bridge': 'blue', 'mac': VM, 'port': 'east'}, {'bridge': 'red', 'mac': VM, 'port': 'east'}])
    return case


def transparent():
    case = Case('204-transparent', 'A bridge with neither a VLAN id nor a tagged member passes every tag as it is.', '''
ports: {server1: {}, server2: {}}
bridges:
  wire: {ports: [server1, server2]}
''')
    plain = frames.udp4(VM, PEER, VM_IP, PEER_IP, 'plain')
    single = tag(frames.udp4(VM, PEER, VM_IP, PEER_IP, 'single'), 7, pcp=2)
    double = tag(tag(frames.udp4(VM, PEER, VM_IP, PEER_IP, 'double'), 7), 3, tpid=frames.SERVICE_TAG)
    for n, frame in enumerate([plain, single, double]):
        case.rx(n, 'server1', frame)
    case.rx(4, 'server2', tag(frames.udp4(PEER, VM, PEER_IP, VM_IP, 'back'), 9))
    case.out('server2', 1, text='plain', vlans=[], length=len(plain))
    case.out('server2', 1, text='single', vlans=[7], pcp=2, length=len(single))
    case.out('server2', 1, text='double', vlans=[3, 7], length=len(double))
    case.out('server1', 1, text='back', vlans=[9])
    case.report(drops={}, moves=[], alarms=[],
                fdb=[{'mac': PEER, 'port': 'server2'}, {'mac': VM, 'port': 'server1'}])
    return case


def make():
    return [access(), trunk(), tagged_to_tagged(), transparent()]
