"""1xx: where frames go, and how long a place is remembered."""

import frames
from frames import BROADCAST
from scene import OTHER, OTHER_IP, PEER, PEER_IP, UNKNOWN, VM, VM_IP, only, tenant_case


def flood():
    case = tenant_case('101-flood-without-hairpin', 'Broadcast and unknown unicast leave by every port but their own.')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'to all'))
    case.rx(1, 'server2', frames.udp4(OTHER, UNKNOWN, OTHER_IP, '10.9.0.99', 'to nobody'))
    case.rx(2, 'uplink', frames.udp4(PEER, '33:33:00:00:00:fb', PEER_IP, '224.0.0.251', 'to a group'))
    case.rx(3, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'to one'))
    only(case, 'to all', 'server2', 'server3', 'uplink')
    only(case, 'to nobody', 'server1', 'server3', 'uplink')
    only(case, 'to a group', 'server1', 'server2', 'server3')
    only(case, 'to one', 'server1')
    case.report(frames={'in': 4, 'out': 10, 'dropped': 0}, drops={}, moves=[], alarms=[])
    return case


def hairpin():
    case = tenant_case('102-hairpin', 'A frame for a host at the port it came in by goes nowhere.')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'here'))
    case.rx(1, 'server1', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'next door'))
    only(case, 'next door')
    case.report(drops={'hairpin': 1}, moves=[], alarms=[],
                fdb=[{'mac': VM, 'port': 'server1'}, {'mac': OTHER, 'port': 'server1'}])
    return case


def reserved_groups():
    case = tenant_case('103-reserved-groups', '''
01-80-C2-00-00-00 to 0F are never relayed, but teach where their sender is; 10 is a group like any.''')
    for n in range(16):
        case.rx(0.1 * n, 'server1', frames.other(VM, f'01:80:c2:00:00:{n:02x}', 'link-local'))
    case.rx(2, 'server1', frames.other(VM, '01:80:c2:00:00:10', 'bridge management'))
    case.rx(3, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'found'))
    only(case, 'link-local')
    only(case, 'bridge management', 'server2', 'server3', 'uplink')
    only(case, 'found', 'server1')
    case.report(drops={'reserved-group': 16}, moves=[], alarms=[])
    return case


def no_station_as_source():
    case = tenant_case('104-no-group-source', '''
A source that is no station, group or zero, is not learned; its frame is forwarded.''')
    for n, source in enumerate(['53:54:00:00:00:02', BROADCAST, frames.ZERO_MAC]):
        case.rx(n, 'server1', frames.udp4(source, UNKNOWN, VM_IP, '10.9.0.99', f'from {n}'))
        only(case, f'from {n}', 'server2', 'server3', 'uplink')
    case.rx(4, 'server2', frames.udp4(OTHER, frames.ZERO_MAC, OTHER_IP, VM_IP, 'to zero'))
    only(case, 'to zero', 'server1', 'server3', 'uplink')
    case.report(drops={}, moves=[], alarms=[], fdb=[{'mac': OTHER, 'port': 'server2'}])
    return case


def aging():
    case = tenant_case('105-aging', '''
Heard last at t, a host is known before t + aging and forgotten from t + aging + 1 s on. A frame from it counts, one
for it does not. The VM is heard at 0.3 s, another host at 0.3 s and again at 5.7 s.''', 'aging: 10s')
    case.rx(0, 'server3', frames.udp4(PEER, BROADCAST, PEER_IP, '10.9.0.255', 'hello'))
    for seconds, source in (0.3, VM), (0.3, OTHER), (5.7, OTHER):
        case.rx(seconds, 'server1', frames.udp4(source, PEER, VM_IP, PEER_IP, 'alive'))
    for seconds, target, text in [(10.299999, VM, 'vm known'), (11.3, VM, 'vm forgotten'),
                                  (15.699999, OTHER, 'other known'), (16.7, OTHER, 'other forgotten')]:
        case.rx(seconds, 'server3', frames.udp4(PEER, target, PEER_IP, VM_IP, text))
    only(case, 'vm known', 'server1')
    only(case, 'vm forgotten', 'server1', 'server2', 'uplink')
    only(case, 'other known', 'server1')
    only(case, 'other forgotten', 'server1', 'server2', 'uplink')
    case.expect(until='20s')
    case.report(drops={}, moves=[], alarms=[],
                fdb=[{'mac': PEER, 'port': 'server3', 'age_ns': {'at_most': 4 * 10**9}}])
    return case


def aging_default():
    case = tenant_case('106-aging-default', '''
Unless told otherwise a host is known for 300 s, and --until lets it be forgotten without a frame.''')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'hello'))
    case.rx(299.999999, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'known'))
    only(case, 'known', 'server1')
    case.expect(until='320s')
    case.report(drops={}, moves=[], alarms=[], duration_ns='320s', fdb=[{'mac': OTHER, 'port': 'server2'}])
    return case


def gateway():
    case = tenant_case('107-to-the-gateway', 'A frame for the gateway that is no packet is for godwit itself and leaves by no port.',
                       'gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}')
    case.rx(0, 'server1', frames.other(VM, '02:00:5e:10:00:01', 'to be routed'))
    only(case, 'to be routed')
    case.report(frames={'in': 1, 'consumed': 1, 'dropped': 0}, drops={}, moves=[], alarms=[],
                fdb={'contains': [{'mac': VM, 'port': 'server1'}]})
    return case


def make():
    return [flood(), hairpin(), reserved_groups(), no_station_as_source(), aging(), aging_default(), gateway()]
