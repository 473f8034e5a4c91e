"""4xx: when a move is believed, and when not. The VM is at server1 until t = 10 s unless a case says otherwise."""

import frames
from casefile import Case
from frames import tag
from scene import (OTHER, OTHER_IP, PEER, PEER_IP, UNKNOWN, VM, VM_IP, VM_IP6, from_vm, meet, moved, only,
                   tenant_case, to_vm)

RED, BLUE, GREEN = 10, 20, 30


def rarp_in_every_vlan():
    def members(vid):
        return ', '.join(f'{{port: {port}, tagged: true{more}}}' for port, more in
                         [('server1', ''), ('server2', ''), ('uplink', ', trusted: true')]) + f'], vlan: {vid}'

    case = Case('401-rarp-moves-every-vlan', '''
A hypervisor announces a VM with an untagged RARP, whatever VLANs the VM uses. It moves the VM in every bridge in
which it is known elsewhere, makes an entry in the untagged bridge, and none where the VM was never heard.''', f'''
ports: {{server1: {{}}, server2: {{}}, uplink: {{}}}}
bridges:
  red: {{ports: [{members(RED)}}}
  blue: {{ports: [{members(BLUE)}}}
  green: {{ports: [{members(GREEN)}}}
  native: {{ports: [server1, server2, {{port: uplink, trusted: true}}], vlan: 1}}
''')
    for n, vid in enumerate([RED, BLUE]):
        case.rx(n, 'server1', tag(frames.arp_request(VM, f'10.{vid}.0.2', f'10.{vid}.0.1'), vid))
        case.rx(n + 0.5, 'uplink', tag(frames.arp_reply(PEER, f'10.{vid}.0.1', VM, f'10.{vid}.0.2'), vid))
    case.rx(10, 'server2', frames.rarp(VM))
    for n, vid in enumerate([RED, BLUE]):
        case.rx(10.000001 + n, 'uplink',
                tag(frames.udp4(PEER, VM, f'10.{vid}.0.1', f'10.{vid}.0.2', f'down {vid}'), vid))
        only(case, f'down {vid}', 'server2', others=['server1', 'server2', 'uplink'], vlan=vid)
    case.report(
        drops={}, alarms=[],
        moves=[moved('10s', 'server1', 'server2', 'rarp', bridge=name, ips=[f'10.{vid}.0.2'])
               for name, vid in [('blue', BLUE), ('red', RED)]],
        fdb=[{'bridge': name, 'mac': VM, 'port': 'server2'} for name in ['blue', 'native', 'red']] +
            [{'bridge': name, 'mac': PEER, 'port': 'uplink'} for name in ['blue', 'red']])
    return case


def late_frames():
    case = tenant_case('402-late-frames', '''
Frames that left the old server before the VM did arrive behind its announcement. They are forwarded and do not take
the VM back.''')
    meet(case)
    case.rx(10, 'server2', frames.garp_request(VM, VM_IP))
    for late in 10, 40, 100:
        from_vm(case, 10 + late / 1000, 'server1', f'late by {late} ms')
        to_vm(case, 10 + late / 1000 + 0.001, f'after {late} ms')
        only(case, f'late by {late} ms', 'uplink')
        only(case, f'after {late} ms', 'server2')
    case.report(drops={}, alarms=[], moves=[moved('10s', 'server1', 'server2', 'garp-request', misdelivered=0)],
                fdb={'contains': [{'mac': VM, 'port': 'server2'}]})
    return case


def there_and_back(number, evidence, frame):
    case = tenant_case(f'{number}-there-and-back-by-{evidence}', f'''
A VM that announces itself at its old place ({evidence}) has come back, and is followed at once.''')
    meet(case)
    case.rx(0.1, 'server1', frames.neighbor_advertisement(VM, VM_IP6))
    case.rx(10, 'server2', frame)
    to_vm(case, 10.01, 'while away')
    case.rx(10.03, 'server1', frame)
    to_vm(case, 10.030001, 'when back')
    only(case, 'while away', 'server2')
    only(case, 'when back', 'server1')
    case.report(drops={}, alarms=[], moves=[moved('10s', 'server1', 'server2', evidence),
                                            moved('10.03s', 'server2', 'server1', evidence)],
                fdb={'contains': [{'mac': VM, 'port': 'server1'}]})
    return case


def old_port_believed():
    case = tenant_case('406-old-port-believed', '''
The new place is silent behind the announcement, the old one keeps talking: heard in three windows of 60 ms, it is
believed. Three frames in one window are one window.''')
    meet(case)
    case.rx(10, 'server2', frames.garp_request(VM, VM_IP))
    for seconds in 10.1, 10.11, 10.12:
        from_vm(case, seconds, 'server1', 'first window')
    to_vm(case, 10.13, 'after the first')
    from_vm(case, 10.2, 'server1', 'second window')
    to_vm(case, 10.21, 'after the second')
    from_vm(case, 10.3, 'server1', 'third window')
    to_vm(case, 10.31, 'after the third')
    only(case, 'after the first', 'server2')
    only(case, 'after the second', 'server2')
    only(case, 'after the third', 'server1')
    case.report(drops={}, fdb={'contains': [{'mac': VM, 'port': 'server1'}]},
                moves=[{'at_ns': '10s', 'mac': VM, 'from': 'server1', 'to': 'server2', 'evidence': 'garp-request'},
                       moved('10.3s', 'server2', 'server1', 'data')])
    return case


def new_port_talks():
    case = tenant_case('407-new-port-talks', '''
As long as the new place is heard in between, talk from the old one proves nothing.''')
    meet(case)
    case.rx(10, 'server2', frames.garp_request(VM, VM_IP))
    for n in range(1, 11):
        from_vm(case, 10 + n / 10, 'server1', 'old place')
        if n % 2 == 0:
            from_vm(case, 10 + n / 10 + 0.03, 'server2', 'new place')
    to_vm(case, 11.1, 'in the end')
    only(case, 'in the end', 'server2')
    case.report(drops={}, alarms=[], moves=[moved('10s', 'server1', 'server2', 'garp-request')],
                fdb={'contains': [{'mac': VM, 'port': 'server2'}]})
    return case


def echoes():
    """What the VM sends that is flooded, the milliseconds until it is back by the uplink, and how it looks then."""
    garp = frames.garp_request(VM, VM_IP)
    unknown = frames.udp4(VM, UNKNOWN, VM_IP, '10.9.0.99', 'to nobody')
    na = frames.neighbor_advertisement(VM, VM_IP6)
    rarp = frames.rarp(VM)
    return [(garp, 0.001, garp), (garp, 20, frames.pad(garp)), (rarp, 20, rarp), (unknown, 35, unknown), (na, 50, na)]


def reflection():
    case = tenant_case('408-reflection', '''
What godwit floods may come back by a trusted uplink within 50 ms, padded to 60 octets by the switch there. It moves
nobody and goes no further, whatever its kind.''')
    meet(case)
    for n, (sent, milliseconds, back) in enumerate(echoes()):
        case.rx(10 + n, 'server1', sent)
        case.rx(10 + n + milliseconds / 1000, 'uplink', back)
        to_vm(case, 10 + n + 0.06, 'still here')
    only(case, 'still here', 'server1', count=len(echoes()))
    only(case, 'to nobody', 'server2', 'server3', 'uplink')
    case.report(drops={'reflection': len(echoes())}, moves=[], alarms=[],
                fdb=[{'mac': VM, 'port': 'server1'}, {'mac': PEER, 'port': 'uplink'}])
    return case


def reflection_tagged():
    case = Case('409-reflection-tagged', '''
A reflection is known by what it carries: it left by the uplink tagged and comes back so.''', f'''
ports: {{server1: {{}}, server2: {{}}, uplink: {{}}}}
bridges:
  red: {{vlan: {RED}, ports: [server1, server2, {{port: uplink, tagged: true, trusted: true}}]}}
''')
    for n, (sent, milliseconds, back) in enumerate(echoes()):
        case.rx(10 * n, 'server1', sent)
        case.rx(10 * n + milliseconds / 1000, 'uplink', tag(back, RED))
    case.report(drops={'reflection': len(echoes())}, moves=[], alarms=[], fdb=[{'mac': VM, 'port': 'server1'}])
    return case


def move_to_uplink():
    case = tenant_case('410-move-to-uplink', '''
The same announcement that godwit flooded a second ago comes in by the uplink: that is no reflection, the VM has moved
to a server beyond it. So it has when it is heard there by a frame that godwit never flooded.''')
    meet(case)
    garp = frames.garp_request(VM, VM_IP)
    case.rx(9, 'server1', garp)
    case.rx(10, 'uplink', garp)
    to_vm(case, 10.1, 'to the far side', OTHER, OTHER_IP, 'server3')
    case.rx(20, 'server1', garp)
    to_vm(case, 20.1, 'to the near side', OTHER, OTHER_IP, 'server3')
    from_vm(case, 30, 'uplink', 'here I am')
    to_vm(case, 30.1, 'to the far side', OTHER, OTHER_IP, 'server3')
    only(case, 'to the far side', 'uplink', count=2)
    only(case, 'to the near side', 'server1')
    case.report(drops={'hairpin': 1}, alarms=[], moves=[moved('10s', 'server1', 'uplink', 'garp-request'),
                                                        moved('20s', 'uplink', 'server1', 'garp-request'),
                                                        moved('30s', 'server1', 'uplink', 'data')])
    return case


def late_echo():
    case = tenant_case('411-late-echo', '''
After 50 ms a frame is evidence again, as it may come from a VM that has moved.''')
    meet(case)
    garp = frames.garp_request(VM, VM_IP)
    case.rx(10, 'server1', garp)
    case.rx(10.051, 'uplink', garp)
    to_vm(case, 10.06, 'moved', OTHER, OTHER_IP, 'server3')
    only(case, 'moved', 'uplink')
    case.report(drops={}, alarms=[], moves=[moved('10.051s', 'server1', 'uplink', 'garp-request')])
    return case


def six_moves():
    case = tenant_case('412-six-moves', 'One migration may show as six moves in a row; none is held back.')
    meet(case)
    places = ['server1', 'server2', 'server3'] * 2 + ['server1']
    for n, place in enumerate(places[1:]):
        from_vm(case, 10 + n, place, 'moved on')
        to_vm(case, 10 + n + 0.001, f'step {n}')
        only(case, f'step {n}', place)
    case.report(drops={}, alarms=[], moves=[moved(f'{10 + n}s', places[n], places[n + 1], 'data', misdelivered=0)
                                            for n in range(6)])
    return case


def same_burst():
    case = Case('413-same-burst', '''
Frames of one stamp are one burst, and all evidence in it counts before any of it is forwarded: also for the frame of
the port that comes first.''', '''
ports: {uplink: {}, server1: {}, server2: {}}
bridges:
  tenant: {ports: [{port: uplink, trusted: true}, server1, server2]}
''')
    meet(case)
    to_vm(case, 10, 'with the move')
    case.rx(10, 'server2', frames.rarp(VM))
    only(case, 'with the move', 'server2', others=['uplink', 'server1', 'server2'])
    case.report(drops={}, alarms=[],
                moves=[moved('10s', 'server1', 'server2', 'rarp', blackhole_ns=0, misdelivered=0)])
    return case


def astray():
    case = tenant_case('414-what-went-astray', '''
What the peer sends while the VM is on its way goes to the old server and is no fault: nobody could know. The clock
of the black hole starts with the first frame from the new place.''')
    meet(case)
    for n in range(5):
        to_vm(case, 9.5 + n / 10, 'too early')
    from_vm(case, 10, 'server2', 'arrived')
    to_vm(case, 10.0025, 'in time')
    only(case, 'too early', 'server1', count=5)
    only(case, 'in time', 'server2')
    case.report(drops={}, alarms=[], moves=[moved('10s', 'server1', 'server2', 'data', blackhole_ns='2500us',
                                                  misdelivered=0, held=0, lost=0)])
    return case


def nobody_calls():
    case = tenant_case('415-nobody-calls', 'When nothing is sent to a moved VM, no length of a black hole is made up.')
    meet(case)
    from_vm(case, 10, 'server2', 'arrived')
    case.report(drops={}, alarms=[],
                moves=[moved('10s', 'server1', 'server2', 'data', blackhole_ns=None, misdelivered=0)])
    return case


def moved_then_gone():
    case = tenant_case('416-moved-then-gone', '''
When a VM that moved has aged out, its move is over: it may appear anywhere, and what reaches it there is delivered.''',
                       'aging: 3s')
    meet(case)
    from_vm(case, 1, 'server2', 'arrived')
    to_vm(case, 1.1, 'in time')
    to_vm(case, 6, 'to whom it may concern')
    from_vm(case, 10, 'server1', 'back again')
    for n in range(3):
        to_vm(case, 10.1 + n / 10, 'welcome')
    only(case, 'welcome', 'server1', count=3)
    case.report(drops={}, alarms=[], fdb={'contains': [{'mac': VM, 'port': 'server1'}]},
                moves=[moved('1s', 'server1', 'server2', 'data', blackhole_ns='100ms', misdelivered=0, lost=0)])
    return case


def introduced_by_the_move():
    case = tenant_case('417-introduced-by-the-move', '''
A VM known by its data only announces itself where it has moved to: the address that it names there is among those that
moved.''')
    case.rx(0, 'server1', frames.udp4(VM, UNKNOWN, VM_IP, PEER_IP, 'hello'))
    case.rx(1, 'server2', frames.garp_request(VM, VM_IP))
    case.rx(2, 'server3', frames.neighbor_advertisement(VM, VM_IP6))
    case.report(drops={}, alarms=[], moves=[moved('1s', 'server1', 'server2', 'garp-request', ips=[VM_IP]),
                                            moved('2s', 'server2', 'server3', 'na', ips=[VM_IP, VM_IP6])],
                neighbors={'contains': [{'ip': VM_IP, 'mac': VM, 'port': 'server3'}]})
    return case


def lost_at_the_way_out():
    case = Case('418-lost-at-the-way-out', '''
Where a VM has moved to, VLAN 10 is another bridge's: a frame of it is for the VM and cannot reach it. It is
lost.''', f'''
ports: {{server1: {{}}, server2: {{}}, server3: {{}}}}
bridges:
  wire: {{ports: [server1, server2, server3]}}
  red: {{vlan: {RED}, ports: [{{port: server2, tagged: true}}]}}
''')
    case.rx(0, 'server1', frames.udp4(VM, UNKNOWN, VM_IP, PEER_IP, 'hello'))
    case.rx(1, 'server2', frames.udp4(VM, UNKNOWN, VM_IP, PEER_IP, 'arrived'))
    to_vm(case, 1.1, 'can reach it', port='server3')
    case.rx(1.2, 'server3', tag(frames.udp4(PEER, VM, PEER_IP, VM_IP, 'cannot'), RED))
    only(case, 'can reach it', 'server2', others=['server1', 'server2', 'server3'])
    only(case, 'cannot', others=['server1', 'server2', 'server3'])
    case.report(drops={'vlan-mismatch': 1}, alarms=[],
                moves=[moved('1s', 'server1', 'server2', 'data', blackhole_ns='100ms', misdelivered=0, lost=1)])
    return case


def make():
    return [rarp_in_every_vlan(), late_frames(),
            there_and_back(403, 'garp-request', frames.garp_request(VM, VM_IP)),
            there_and_back(404, 'rarp', frames.rarp(VM)),
            there_and_back(405, 'na', frames.neighbor_advertisement(VM, VM_IP6)),
            old_port_believed(), new_port_talks(), reflection(), reflection_tagged(), move_to_uplink(), late_echo(),
            six_moves(), same_burst(), astray(), nobody_calls(), moved_then_gone(),
            introduced_by_the_move(), lost_at_the_way_out()]
