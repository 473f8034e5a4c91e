"""441-459: what a VM manager says (--hints). The VM is at server1 until the manager moves it."""

import frames
import gateway_scene
import packets
from casefile import Case
from cases_verify import FAMILIES, GW, GW_IP, LOCKED, REGISTERED, alarm, answer, claimed, say, to_vm, verify_case
from cases_verify import meet as meet_one
from frames import tag
from scene import OTHER, PEER, PEER_IP, PEER_IP6, PORTS, VM, VM_IP, VM_IP6, moved, only, tenant_case

HOST = {'bridge': 'tenant', 'mac': VM}
RED = 10
ANNOUNCED = [0, 1, 3, 7, 15, 31]


def tell(case, seconds, kind, **body):
    case.hint(round(seconds, 9), **{kind: body})


def meet(case):
    for address in FAMILIES.values():
        meet_one(case, address)


def peer_calls(case, start, count, text, step=0.01):
    """Frames for the VM, each with a number of its own: the instants."""
    for n in range(count):
        to_vm(case, start + n * step, f'{text} {n:02}')


def in_order(case, port, text, count, at):
    """States that each of the numbered frames left `port` once, at that instant, and nowhere else."""
    for n in range(count):
        only(case, f'{text} {n:02}', port)
    case.out(port, count, text=text, since=f'{at:g}s', until=f'{at + 0.000001:.6f}s')


def quiet_frames():
    """What a destination's kernel sends before the VM runs there."""
    report = b'\x8f\0\0\0\0\0\0\x01' + b'\x04\0\0\0' + frames.ip('ff02::1:ff00:2')  # MLDv2, one group
    mld = frames.icmp6(VM, '33:33:00:00:00:16', 'fe80::5054:ff:fe00:2', 'ff02::16', 143, report[4:], hops=1)
    return [frames.neighbor_solicitation(VM, VM_IP6, PEER_IP6), frames.dad_solicitation(VM, VM_IP6),
            frames.router_solicitation(VM, VM_IP6), frames.arp_probe(VM, VM_IP), mld]


def announcements():
    return {'garp-request': frames.garp_request(VM, VM_IP), 'garp-reply': frames.garp_reply(VM, VM_IP),
            'rarp': frames.rarp(VM), 'na': frames.neighbor_advertisement(VM, VM_IP6)}


def traffic():
    return {'data': packets.udp4(VM, PEER, VM_IP, PEER_IP, 'here'),
            'arp-request': frames.arp_request(VM, VM_IP, PEER_IP),
            'arp-reply': frames.arp_reply(VM, VM_IP, PEER, PEER_IP)}


def activation(number, activate):
    """Five VMs' worth of patience: each kind of frame is tried on a preparation of its own."""
    quiet = {f'quiet-{n}': frame for n, frame in enumerate(quiet_frames())}
    counts = {'any': {**quiet, **traffic(), **announcements()}, 'traffic': {**traffic(), **announcements()},
              'announce': announcements(), 'commit': {}}[activate]
    case = verify_case(f'{number}-activate-{activate}', f'''
The VM is prepared to move to server2, and something with its address is heard there. With `activate: {activate}` these
kinds of frames show that it runs there: {', '.join(counts) or 'none'}. The others leave it where it is. A move that was
prepared is not verified.''', f'moves: {{activate: {activate}}}')
    meet(case)
    at, expected = 20, []
    for kind, frame in {**quiet, **traffic(), **announcements()}.items():
        tell(case, at, 'prepare', **HOST, to='server2')
        case.rx(at + 0.5, 'server2', frame)
        to_vm(case, at + 0.6, f'after {kind}')
        if kind in counts:
            only(case, f'after {kind}', 'server2')
            evidence = {'quiet-0': 'ns', 'quiet-1': 'dad', 'quiet-2': 'rs', 'quiet-3': 'arp-probe', 'quiet-4': 'data'}
            expected.append(moved(f'{at + 0.5}s', 'server1', 'server2', evidence.get(kind, kind), blackhole_ns='100ms',
                                  misdelivered=0))
            tell(case, at + 0.7, 'commit', **HOST, to='server1')
            expected.append(moved(f'{at + 0.7}s', 'server2', 'server1', 'hint'))
        else:
            only(case, f'after {kind}', 'server1')
            tell(case, at + 0.7, 'cancel', **HOST)
        at += 1
    case.expect(until=f'{at}s')
    case.report(moves=expected, alarms=[], counters={'tested_claims': 0})
    return case


def expires():
    case = verify_case('445-preparation-expires', '''
What is prepared for 10 s and does not happen is over: the VM stays, there is an alarm, and the target is a place as
any other: for a registered host, one that must be verified.''', REGISTERED)
    meet(case)
    tell(case, 20, 'prepare', **HOST, **{'from': 'server1'}, to='server2', ttl='10s')
    case.rx(25, 'server3', frames.garp_request(VM, VM_IP))  # a third place
    case.rx(29.999, 'server2', frames.dad_solicitation(VM, VM_IP6))
    case.rx(30, 'server2', frames.garp_request(VM, VM_IP))
    answer(case, 30.001, 'server1')
    to_vm(case, 30.2, 'stays')
    only(case, 'stays', 'server1')
    case.report(drops={'mac-violation': 1, 'unverified': 1},
                alarms=[{'kind': 'hint-expired', 'mac': VM, 'port': 'server2', 'at_ns': '30s'},
                        alarm('mac-violation', 'server3'), alarm('move-contested', 'server2')],
                moves=[claimed('25s', 'server1', 'server3', 'garp-request', 'rejected'),
                       claimed('30s', 'server1', 'server2', 'garp-request', 'rejected')])
    return case


def held(number, name, moves, how, config=''):
    """A whole migration with its stop-and-copy: prepare, suspend, then `how` it arrives."""
    case = verify_case(f'{number}-{name}', f'''
A hinted migration of a {moves} host loses nothing: what is sent to the VM while it stands still is held, and goes to
its new place in order, at the instant in which it arrives and ahead of what is sent then.''',
                       f'moves: {{class: {moves}{config}}}')
    meet(case)
    tell(case, 20, 'prepare', **HOST, to='server2')
    peer_calls(case, 20.1, 3, 'before')
    tell(case, 20.2, 'suspend', **HOST)
    peer_calls(case, 20.2, 20, 'held')
    how(case, 20.5)
    to_vm(case, 20.5, 'right behind')
    for n in range(3):
        only(case, f'before {n:02}', 'server1')
    in_order(case, 'server2', 'held', 20, 20.5)
    only(case, 'right behind', 'server2')
    evidence = 'hint' if how is by_commit else 'rarp'
    case.report(drops={}, alarms=[], frames={'held': 0},
                moves=[moved('20.5s', 'server1', 'server2', evidence, blackhole_ns=0, misdelivered=0, held=20, lost=0)])
    return case


def by_rarp(case, at):
    case.rx(at, 'server2', frames.rarp(VM))


def by_commit(case, at):
    tell(case, at, 'commit', **HOST, to='server2')


def released_at_once():
    case = tenant_case('448-released-at-once', '''
What is held leaves at the instant at which the VM arrives, though nothing else is sent to it then, and nobody knows an
address to ask it by.''')
    case.rx(0, 'server1', frames.other(VM, PEER, 'hello'))
    case.rx(0, 'uplink', frames.other(PEER, VM, 'hello'))
    tell(case, 20, 'suspend', **HOST)
    peer_calls(case, 20, 5, 'held')
    by_rarp(case, 20.5)
    in_order(case, 'server2', 'held', 5, 20.5)
    case.rx(25, 'server3', frames.garp_request(OTHER, '10.9.0.3'))
    case.report(drops={}, alarms=[],
                moves=[moved('20.5s', 'server1', 'server2', 'rarp', blackhole_ns=0, held=5, lost=0)])
    return case


def held_routed():
    case = gateway_scene.gateway_case('449-held-with-tags-and-routed', '''
Frames are held in the form in which they would leave: routed packets behind their router, and tagged frames, and they
leave as their new port wants them.''')
    case._config = f'''ports: {{server1: {{}}, server2: {{}}, far: {{}}, uplink: {{}}}}
bridges:
  red:
    vlan: {RED}
    ports: [server1, {{port: server2, tagged: true}}, {{port: uplink, tagged: true, trusted: true}}]
    gateway: {{mac: "{gateway_scene.RED_GW}", addresses: [{gateway_scene.RED_GW_IP}/24]}}
  blue:
    ports: [far]
    gateway: {{mac: "{gateway_scene.BLUE_GW}", addresses: [{gateway_scene.BLUE_GW_IP}/24]}}
'''
    vm, far = gateway_scene.VM_IP, gateway_scene.FAR_IP
    case.rx(0, 'server1', frames.arp_request(VM, vm, gateway_scene.RED_GW_IP))
    case.rx(0, 'far', frames.arp_request(gateway_scene.FAR, far, gateway_scene.BLUE_GW_IP))
    case.rx(0, 'uplink', tag(frames.arp_request(PEER, PEER_IP, vm), RED))
    tell(case, 20, 'suspend', bridge='red', ips=[vm])
    for n in range(4):
        case.rx(20 + n / 100, 'far', packets.udp4(gateway_scene.FAR, gateway_scene.BLUE_GW, far, vm, f'routed {n}'))
        case.rx(20.005 + n / 100, 'uplink', tag(frames.udp4(PEER, VM, PEER_IP, vm, f'bridged {n}'), RED, pcp=3))
    case.rx(20.5, 'server2', tag(frames.rarp(VM), RED))
    case.rx(20.5, 'far', packets.udp4(gateway_scene.FAR, gateway_scene.BLUE_GW, far, vm, 'right behind'))
    for n in range(4):
        routed = packets.routed(packets.udp4(gateway_scene.FAR, gateway_scene.BLUE_GW, far, vm, f'routed {n}'),
                                gateway_scene.RED_GW, VM)
        case.out('server2', 1, octets=tag(routed, RED).hex())
        case.out('server2', 1, octets=tag(frames.udp4(PEER, VM, PEER_IP, vm, f'bridged {n}'), RED, pcp=3).hex())
        for port in 'server1', 'far', 'uplink':
            for text in f'routed {n}', f'bridged {n}':
                case.out(port, 0, text=text)
    case.report(drops={}, alarms=[], frames={'held': 0},
                moves=[moved('20.5s', 'server1', 'server2', 'rarp', blackhole_ns=0, misdelivered=0, held=8, lost=0)])
    return case


def hold_full():
    case = verify_case('450-hold-is-full', '''
Three frames are held for each VM. The oldest give way, and are counted as lost; another VM's are not touched.''',
                       'moves: {hold: {frames: 3}}')
    meet(case)
    case.rx(0, 'server1', frames.arp_request(OTHER, '10.9.0.3', PEER_IP))
    tell(case, 20, 'suspend', **HOST)
    tell(case, 20, 'suspend', bridge='tenant', mac=OTHER)
    for n in range(3):
        case.rx(20.001 + n / 1000, 'uplink', frames.udp4(PEER, OTHER, PEER_IP, '10.9.0.3', f'other {n:02}'))
    peer_calls(case, 20.1, 8, 'held')
    by_rarp(case, 20.5)
    case.rx(20.6, 'server2', frames.rarp(OTHER))
    for n in range(5):
        only(case, f'held {n:02}')
    for n in range(5, 8):
        only(case, f'held {n:02}', 'server2')
    in_order(case, 'server2', 'other', 3, 20.6)
    case.report(drops={'hold-full': 5}, alarms=[], frames={'held': 0},
                moves=[moved('20.5s', 'server1', 'server2', 'rarp', held=3, lost=5),
                       {**moved('20.6s', 'server1', 'server2', 'rarp', held=3, lost=0), 'mac': OTHER}])
    return case


def hold_over():
    case = verify_case('451-stands-still-for-too-long', '''
Frames are held for 2 s and no longer: then they go to where the VM is, and there is an alarm.''')
    meet(case)
    tell(case, 20, 'suspend', **HOST)
    peer_calls(case, 20.5, 3, 'held')
    to_vm(case, 21.9999, 'held 03')
    to_vm(case, 22.0001, 'right behind')
    in_order(case, 'server1', 'held', 4, 22)
    only(case, 'right behind', 'server1')
    case.report(drops={}, moves=[], frames={'held': 0},
                alarms=[{'kind': 'hold-expired', 'mac': VM, 'port': 'server1', 'at_ns': '22s'}],
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'state': 'bound'}]})
    return case


def taken_back(number, word):
    case = verify_case(f'{number}-{word}', f'''
The migration is off ({word}): what was held goes to where the VM is, at once, and it moves no more than before.''')
    meet(case)
    if word == 'cancel':
        tell(case, 20, 'prepare', **HOST, to='server2')
    tell(case, 20.1, 'suspend', **HOST)
    peer_calls(case, 20.2, 5, 'held')
    tell(case, 20.5, word, **HOST)
    tell(case, 20.6, word, **HOST)  # nothing is left of it
    in_order(case, 'server1', 'held', 5, 20.5)
    to_vm(case, 25, 'stays')
    only(case, 'stays', 'server1')
    case.report(drops={}, moves=[], alarms=[alarm('hint-refused', None)], frames={'held': 0},
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'state': 'bound'}]})
    return case


def commit_mute():
    case = verify_case('454-commit-of-a-mute-vm', f'''
The VM is at server2 by the manager's word, and says nothing at all. It is announced in its name on all ports but its
own, at {', '.join(map(str, ANNOUNCED))} s; where it was it is asked, and its silence there is fine.''', LOCKED)
    meet(case)
    tell(case, 20, 'commit', **HOST, to='server2')
    to_vm(case, 20, 'at once')
    only(case, 'at once', 'server2')
    for port in PORTS:
        count = 0 if port == 'server2' else 1
        for later in ANNOUNCED:
            when = {'since': f'{20 + later}s', 'until': f'{20 + later}.001s'}
            case.out(port, count, octets=frames.garp_request(VM, VM_IP).hex(), **when)
            case.out(port, count, octets=frames.neighbor_advertisement(VM, VM_IP6).hex(), **when)
        case.out(port, 6 * count, src=VM, op=1, since='20s')
    say(case, 30, 'server1', 'violation')
    only(case, 'violation')
    case.expect(until='60s')
    case.report(drops={'mac-violation': 1}, alarms=[alarm('mac-violation', 'server1')],
                moves=[moved('20s', 'server1', 'server2', 'hint', ips=[VM_IP, VM_IP6], blackhole_ns=0, misdelivered=0),
                       claimed('30s', 'server2', 'server1', 'data', 'rejected')],
                fdb={'contains': [{'mac': VM, 'port': 'server2', 'class': 'locked', 'state': 'bound'}]})
    return case


def commit_unknown():
    case = verify_case('455-commit-of-a-vm-without-an-address', '''
A VM without a known address is announced by RARP; one that was never heard is at server3 by the manager's word
alone.''')
    case.rx(0, 'server1', frames.other(VM, PEER, 'hello'))
    case.rx(0, 'uplink', frames.garp_request(PEER, PEER_IP))
    for mac, to in (VM, 'server2'), (OTHER, 'server3'):
        tell(case, 20, 'commit', bridge='tenant', mac=mac, to=to)
        case.rx(20.1, 'uplink', frames.other(PEER, mac, f'to {mac}'))
        only(case, f'to {mac}', to)
        for port in PORTS:
            case.out(port, 0 if port == to else 6, octets=frames.rarp(mac)[:42].hex())
    case.expect(until='60s')
    case.report(drops={}, alarms=[], moves=[moved('20s', 'server1', 'server2', 'hint', blackhole_ns='100ms', ips=[])],
                fdb={'contains': [{'mac': VM, 'port': 'server2'}, {'mac': OTHER, 'port': 'server3'}]})
    return case


def leave_and_generations():
    case = verify_case('456-leave-and-generations', '''
A VM that leaves is gone with its addresses. A hint whose generation is not above the last is refused, also after that:
it is replayed, or came too late. So is one that names the wrong place.''')
    meet(case)
    tell(case, 20, 'prepare', **HOST, to='server2', generation=7)
    tell(case, 21, 'commit', **HOST, to='server2', generation=7)
    tell(case, 22, 'leave', **HOST, generation=8)  # it is about to move
    tell(case, 23, 'cancel', **HOST, generation=9)
    tell(case, 24, 'suspend', **HOST, **{'from': 'server2'})
    tell(case, 25, 'leave', **HOST, generation=10)
    to_vm(case, 26, 'to whom it may concern')
    only(case, 'to whom it may concern', 'server1', 'server2', 'server3')
    tell(case, 27, 'commit', **HOST, to='server3', generation=10)
    case.rx(28, 'uplink', frames.garp_request(PEER, PEER_IP))
    refused = [('server2', 'commit: generation 7 is not above 7, which was heard already'),
               (None, 'leave: it is about to move: cancel that first, or commit it'),
               ('server3', 'commit: generation 10 is not above 10, which was heard already')]
    case.report(alarms=[{'kind': 'hint-refused', 'mac': VM, 'port': port, 'detail': why} for port, why in refused],
                moves=[], counters={'alarms_suppressed': 1},  # of those without a port
                fdb={'absent': [{'mac': VM}]}, neighbors={'absent': [{'mac': VM}]})
    return case


def link_down():
    case = verify_case('457-link-down', '''
A link goes down: in that instant every host there is offline. Frames for it are flooded, and it is asked for, once a
second. It is heard elsewhere, or at its place when that is back, or is forgotten after half a minute.''')
    meet(case)
    case.rx(0, 'server1', frames.garp_request(OTHER, '10.9.0.3'))
    case.rx(0, 'server1', frames.garp_request('52:54:00:00:00:04', '10.9.0.4'))
    tell(case, 20, 'link', port='server1', state='down')
    for n in range(4):
        to_vm(case, 20 + n / 2, f'flooded {n}')
        only(case, f'flooded {n}', 'server2', 'server3')
    for port in 'server2', 'server3', 'uplink':
        case.out(port, 2, op=1, tpa=VM_IP, tha=frames.ZERO_MAC, src=GW, dst=frames.BROADCAST, since='20s')
    case.out('server1', 0, since='20s', until='21.8s')
    case.rx(21.6, 'server2', frames.rarp(VM))
    to_vm(case, 21.7, 'found')
    only(case, 'found', 'server2')
    tell(case, 21.8, 'link', port='server1', state='up')
    case.rx(22, 'uplink', frames.udp4(PEER, OTHER, PEER_IP, '10.9.0.3', 'lost contact'))
    only(case, 'lost contact', 'server1', 'server2', 'server3')
    case.rx(23, 'server1', frames.other(OTHER, PEER, 'here again'))
    case.rx(24, 'uplink', frames.udp4(PEER, OTHER, PEER_IP, '10.9.0.3', 'heard'))
    only(case, 'heard', 'server1')
    case.expect(until='52s')
    case.report(drops={}, alarms=[{'kind': 'link-down', 'port': 'server1', 'at_ns': '20s'}],
                moves=[moved('21.6s', 'server1', 'server2', 'rarp', blackhole_ns='100ms', misdelivered=0, lost=0)],
                fdb={'contains': [{'mac': VM, 'port': 'server2'}, {'mac': OTHER, 'port': 'server1', 'state': 'bound'}],
                     'absent': [{'mac': '52:54:00:00:00:04'}]})
    return case


def keepalive():
    case = verify_case('458-keepalive', '''
A host that is silent for a quarter of `aging` is asked at its place, three times, a second apart. One that answers is
there; one that talks is not asked; one that is mute is offline 3 s later, and forgotten half a minute after that.''',
                       'aging: 80s', 'moves: {keepalive: on}')
    talker, answerer = '52:54:00:00:00:03', '52:54:00:00:00:04'
    meet_one(case, VM_IP)
    case.rx(0, 'server2', frames.garp_request(talker, '10.9.0.3'))
    case.rx(0, 'server3', frames.garp_request(answerer, '10.9.0.4'))
    for n in range(1, 6):
        case.rx(5 * n, 'server2', frames.other(talker, PEER, 'talk'))
        case.rx(5 * n, 'uplink', frames.other(PEER, talker, 'talk'))
    case.rx(20.0002, 'server3', frames.arp_reply(answerer, '10.9.0.4', '02:00:5e:10:00:01', '10.9.0.254'))
    to_vm(case, 22.9, 'known')
    only(case, 'known', 'server1')
    to_vm(case, 23, 'flooded')
    only(case, 'flooded', 'server1', 'server2', 'server3')
    for at in 20, 21, 22:
        case.out('server1', 1, dst=VM, op=1, tpa=VM_IP, since=f'{at}s', until=f'{at}.001s')
    case.out('server1', 3, dst=VM, op=1, tpa=VM_IP)
    case.out('server2', 0, dst=talker, op=1, tpa='10.9.0.3', until='30s')
    case.out('server3', 1, dst=answerer, op=1, tpa='10.9.0.4', until='30s')
    case.expect(until='54s')
    case.in_time()
    case.report(alarms={'contains': [{'kind': 'host-offline', 'mac': VM, 'port': 'server1', 'at_ns': '23s'}]},
                moves=[], drops={}, fdb={'absent': [{'mac': VM}], 'contains': [{'mac': answerer}, {'mac': talker}]})
    return case


def late_words():
    case = verify_case('459-the-manager-speaks-late', '''
A registered host has said a word at its new place, and is asked about. Then the manager says that it is to move there
(`prepare`), and its next word moves it: no need to ask. A host that is committed to where it is stays there: what was
held for it is sent, and the claim under way is false, whoever answers. One that is committed to where it has moved
already stays there as well, though somebody answers where it was.''', REGISTERED)
    meet(case)
    third, third_ip = '52:54:00:00:00:04', '10.9.0.4'
    case.rx(0, 'server1', frames.garp_request(OTHER, '10.9.0.3'))
    case.rx(0, 'server1', frames.garp_request(third, third_ip))
    case.rx(20, 'server2', frames.rarp(VM))
    tell(case, 20.05, 'prepare', **HOST, to='server2')
    say(case, 20.06, 'server2')
    to_vm(case, 20.06, 'at once')
    only(case, 'at once', 'server2')
    tell(case, 30, 'suspend', bridge='tenant', mac=OTHER)
    case.rx(30.1, 'uplink', frames.udp4(PEER, OTHER, PEER_IP, '10.9.0.3', 'held'))
    case.rx(30.2, 'server3', frames.garp_request(OTHER, '10.9.0.3'))
    tell(case, 30.3, 'commit', bridge='tenant', mac=OTHER, to='server1')
    case.rx(30.3001, 'server3', frames.arp_reply(OTHER, '10.9.0.3', GW, GW_IP))
    case.out('server1', 1, text='held', since='30.3s', until='30.301s')
    case.rx(30.5, 'uplink', frames.udp4(PEER, OTHER, PEER_IP, '10.9.0.3', 'stays'))
    only(case, 'stays', 'server1')
    case.rx(40, 'server2', frames.garp_request(third, third_ip))
    case.rx(40.001, 'server2', frames.arp_reply(third, third_ip, GW, GW_IP))
    tell(case, 40.2, 'commit', bridge='tenant', mac=third, to='server2')
    case.rx(40.3, 'server1', frames.arp_reply(third, third_ip, GW, GW_IP))
    case.rx(41, 'uplink', frames.udp4(PEER, third, PEER_IP, third_ip, 'has moved'))
    only(case, 'has moved', 'server2')
    case.expect(until='42s')
    case.report(moves=[moved('20s', 'server1', 'server2', 'rarp', blackhole_ns='60ms'),
                       {**claimed('30.2s', 'server1', 'server3', 'garp-request', 'rejected'), 'mac': OTHER},
                       {**moved('40s', 'server1', 'server2', 'garp-request'), 'mac': third},
                       {**claimed('40.3s', 'server2', 'server1', 'arp-reply', 'rejected'), 'mac': third}],
                fdb={'contains': [{'mac': VM, 'port': 'server2'}, {'mac': OTHER, 'port': 'server1'},
                                  {'mac': third, 'port': 'server2'}]})
    return case


def make():
    return [activation(441, 'any'), activation(442, 'traffic'), activation(443, 'announce'), activation(444, 'commit'),
            expires(), held(446, 'held-and-released-by-rarp', 'learned', by_rarp),
            held(447, 'held-and-released-by-commit', 'locked', by_commit),
            released_at_once(), held_routed(), hold_full(), hold_over(), taken_back(452, 'cancel'),
            taken_back(453, 'resume'), commit_mute(), commit_unknown(), leave_and_generations(), link_down(),
            keepalive(), late_words()]
