"""3xx: limits of learning, and hosts that the configuration pins."""

import frames
from casefile import Case
from frames import BROADCAST
from scene import OTHER, OTHER_IP, PEER, PEER_IP, VM, VM_IP, moved, only, tenant_case


def hello(mac, address, text='hello'):
    return frames.udp4(mac, BROADCAST, address, '10.9.0.255', text)


def bridge_limit():
    case = tenant_case('301-bridge-limit', '''
A bridge that is full learns nobody new, forwards all the same, and keeps following those it knows.''',
                       'learning: {limit: 2}')
    case.rx(0, 'server1', hello(VM, VM_IP))
    case.rx(1, 'server2', hello(OTHER, OTHER_IP))
    case.rx(2, 'server3', hello(PEER, PEER_IP, 'from newcomer'))
    case.rx(3, 'server2', frames.udp4(OTHER, PEER, OTHER_IP, PEER_IP, 'to newcomer'))
    case.rx(4, 'server2', hello(VM, VM_IP, 'moved'))
    case.rx(5, 'server3', frames.udp4(PEER, VM, PEER_IP, VM_IP, 'to vm'))
    only(case, 'from newcomer', 'server1', 'server2', 'uplink')
    only(case, 'to newcomer', 'server1', 'server3', 'uplink')
    only(case, 'to vm', 'server2')
    case.report(drops={}, moves=[moved('4s', 'server1', 'server2', 'data')],
                fdb=[{'mac': VM, 'port': 'server2'}, {'mac': OTHER, 'port': 'server2'}])
    return case


def port_limit():
    case = tenant_case('302-port-limit', '''
An untrusted port has a share of new entries. A trusted one has none, and a host that moves to a full port is
followed: the limit is for newcomers.''', 'learning: {per_port: 2}')
    case.rx(0, 'server2', hello(VM, VM_IP))
    for n in range(4):
        case.rx(1 + n, 'server1', hello(f'52:54:00:00:01:{n:02x}', '10.9.0.20'))
        case.rx(1.5 + n, 'uplink', hello(f'52:54:00:00:02:{n:02x}', '10.9.0.30'))
    case.rx(6, 'server1', hello(VM, VM_IP, 'moved'))
    case.rx(7, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'to vm'))
    case.rx(8, 'server2', frames.udp4(OTHER, '52:54:00:00:01:03', OTHER_IP, '10.9.0.20', 'to third'))
    only(case, 'to vm', 'server1')
    only(case, 'to third', 'server1', 'server3', 'uplink')
    case.report(drops={}, moves=[moved('6s', 'server2', 'server1', 'data')],
                fdb=[{'mac': VM, 'port': 'server1'}, {'mac': OTHER, 'port': 'server2'}] +
                    [{'mac': f'52:54:00:00:01:{n:02x}', 'port': 'server1'} for n in range(2)] +
                    [{'mac': f'52:54:00:00:02:{n:02x}', 'port': 'uplink'} for n in range(4)])
    return case


def static_host():
    case = tenant_case('303-static-host', '''
A host that the configuration pins to a port is found there before it speaks, and a claim from elsewhere is dropped,
reported and alarmed.''', f'static: [{{mac: "{VM}", port: server1, ip: {VM_IP}}}]')
    case.rx(0, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'before'))
    case.rx(1, 'server3', frames.garp_request(VM, VM_IP))
    case.rx(2, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'after'))
    case.rx(3, 'server1', frames.udp4(VM, OTHER, VM_IP, OTHER_IP, 'from home'))
    only(case, 'before', 'server1')
    only(case, 'after', 'server1')
    only(case, 'from home', 'server2')
    case.out('server1', 0, ether_type='0x0806')
    case.out('server2', 0, ether_type='0x0806')
    case.report(drops={'mac-violation': 1},
                moves=[{'at_ns': '1s', 'mac': VM, 'from': 'server1', 'to': 'server3', 'evidence': 'garp-request',
                        'verdict': 'rejected'}],
                alarms=[{'at_ns': '1s', 'kind': 'mac-violation', 'bridge': 'tenant', 'mac': VM, 'port': 'server3'}],
                fdb=[{'mac': VM, 'port': 'server1', 'class': 'static'},
                     {'mac': OTHER, 'port': 'server2', 'class': 'learned'}],
                neighbors=[{'ip': VM_IP, 'mac': VM, 'port': 'server1'}])
    return case


def static_host_stays():
    case = tenant_case('304-static-host-stays', 'A pinned host does not age, not in a day either.',
                       'aging: 10s', f'static: [{{mac: "{VM}", port: server1}}]')
    case.rx(0, 'server2', hello(OTHER, OTHER_IP))
    case.rx(100, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'still there'))
    only(case, 'still there', 'server1')
    case.expect(until='86400s')
    case.report(drops={}, moves=[], alarms=[], fdb=[{'mac': VM, 'port': 'server1', 'class': 'static', 'age_ns': 0}])
    return case


def table_limit():
    case = Case('305-table-limit', '''
The limit of the whole table is for newcomers, of all bridges together: what the configuration itself puts in comes on
top.''', f'''
ports: {{a1: {{}}, a2: {{}}, b1: {{}}, c1: {{}}}}
fdb: {{limit: 3}}
bridges:
  a: {{ports: [a1, a2], static: [{{mac: "{VM}", port: a1}}, {{mac: "{PEER}", port: a2}}]}}
  b: {{ports: [b1], gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}}}
  c: {{ports: [c1]}}
''')
    for n, port in enumerate(['a1', 'b1', 'c1', 'a2', 'b1']):
        case.rx(n, port, hello(f'52:54:00:00:01:{n:02x}', '10.9.0.20'))
    case.report(counters={'learned': 3, 'not_learned_bridge_full': 2},
                fdb=[{'bridge': 'a', 'mac': VM, 'port': 'a1', 'class': 'static'},
                     {'bridge': 'a', 'mac': PEER, 'port': 'a2', 'class': 'static'},
                     {'bridge': 'a', 'mac': '52:54:00:00:01:00', 'port': 'a1'},
                     {'bridge': 'b', 'mac': '52:54:00:00:01:01', 'port': 'b1'},
                     {'bridge': 'c', 'mac': '52:54:00:00:01:02', 'port': 'c1'}])
    return case


def make():
    return [bridge_limit(), port_limit(), static_host(), static_host_stays(), table_limit()]
