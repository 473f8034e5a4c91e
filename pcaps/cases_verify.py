"""421-440: claims that are verified. The VM is at server1 until t = 20 s unless a case says otherwise.

Replay is deterministic, so godwit's questions leave at known instants, and a case holds the answers that the VM gives.
"""

import frames
import packets
from scene import PEER, PEER_IP, PEER_IP6, PORTS, VM, VM_IP, VM_IP6, moved, only, tenant_case

GW, GW_IP, GW_IP6 = '02:00:5e:10:00:01', '10.9.0.254', 'fd00:9::fe'
GW_LINK_LOCAL = 'fe80::5eff:fe10:1'
GATEWAY = f'gateway: {{mac: "{GW}", addresses: [{GW_IP}/24, "{GW_IP6}/64"]}}'
REGISTERED, LOCKED = 'moves: {class: registered}', 'moves: {class: locked}'
CLAIM = 20  # seconds
WAIT, TIMEOUT = 0.06, 0.15
FAMILIES = {'v4': VM_IP, 'v6': VM_IP6}


def meet(case, address):
    """The VM at server1 and its peer beyond the uplink, each with one address of this family."""
    if ':' in address:
        case.rx(0, 'server1', frames.neighbor_advertisement(VM, address))
        case.rx(0.001, 'uplink', frames.neighbor_advertisement(PEER, PEER_IP6))
    else:
        case.rx(0, 'server1', frames.arp_request(VM, address, PEER_IP))
        case.rx(0.001, 'uplink', frames.arp_reply(PEER, PEER_IP, VM, address))


def answer(case, seconds, port, address=VM_IP, to=GW, to_ip=None):
    """The VM answers a question of godwit's."""
    if ':' in address:
        case.rx(seconds, port, frames.neighbor_advertisement(VM, address, dst=to, dst_ip=to_ip or GW_LINK_LOCAL,
                                                             solicited=True))
    else:
        case.rx(seconds, port, frames.arp_reply(VM, address, to, to_ip or GW_IP))


def asked(case, port, count, address=VM_IP, since=CLAIM, until=None, **match):
    """States that the VM was asked so many times at `port`, by unicast to it."""
    kind = {'icmp': '135/0', 'target': address} if ':' in address else {'op': 1, 'tpa': address, 'tha': frames.ZERO_MAC}
    times = {key: f'{value:.9g}s' for key, value in (('since', since), ('until', until)) if value}
    case.out(port, count, dst=VM, **kind, **match, **times)


def claimed(at, source, target, evidence, verdict, **more):
    return {**moved(at, source, target, evidence, **more), 'verdict': verdict}


def to_vm(case, seconds, text, address=VM_IP):
    case.rx(seconds, 'uplink', packets.data(PEER, VM, PEER_IP6 if ':' in address else PEER_IP, address, text))


def say(case, seconds, port, text='here', address=VM_IP):
    case.rx(seconds, port, packets.data(VM, PEER, address, PEER_IP6 if ':' in address else PEER_IP, text))


def verify_case(name, story, *more):
    return tenant_case(name, story, GATEWAY, *more)


def alarm(kind, port):
    return {'kind': kind, 'mac': VM, 'port': port}


def learned_moves(number, family):
    address = FAMILIES[family]
    case = verify_case(f'{number}-verified-{family}', '''
A learned host is followed at once and then asked at both places, by unicast and there alone: at once and after 60 ms,
and where it was also 1, 5 and 25 s later. It answers at the new place: all is well.''')
    meet(case, address)
    say(case, CLAIM, 'server2', address=address)
    answer(case, CLAIM + 0.0004, 'server2', address)
    for n, later in enumerate([0.001, 1, 10, 35]):
        to_vm(case, CLAIM + later, f'packet {n}', address)
        only(case, f'packet {n}', 'server2')
    for later in 2, 12, 24:
        say(case, CLAIM + later, 'server2', address=address)
    asked(case, 'server2', 1, address, until=CLAIM + 34)  # it has answered
    asked(case, 'server1', 5, address, until=CLAIM + 34)
    for since, until in [(0, 0.001), (WAIT, 0.061), (1, 1.001), (5, 5.001), (25, 25.001)]:
        asked(case, 'server1', 1, address, CLAIM + since, CLAIM + until)
    for port in 'server3', 'uplink':
        asked(case, port, 0, address, until=CLAIM + 34)
    case.expect(until=f'{CLAIM + 35}s')
    case.report(drops={}, alarms=[], counters={'probes': 6},
                moves=[moved(f'{CLAIM}s', 'server1', 'server2', 'data', blackhole_ns='1ms', misdelivered=0, held=0,
                             lost=0)],
                fdb={'contains': [{'mac': VM, 'port': 'server2', 'class': 'learned', 'state': 'bound'}]})
    return case


def learned_robbed(number, family):
    address = FAMILIES[family]
    case = verify_case(f'{number}-robbed-and-given-back-{family}', '''
Somebody at server2 uses the VM's address as his source. The VM answers where it is, and is there again from that
instant. For a second the robber's further frames move nothing before they are verified.''')
    meet(case, address)
    say(case, CLAIM, 'server2', 'robbery', address)
    to_vm(case, CLAIM + 0.0002, 'stolen', address)
    answer(case, CLAIM + 0.0005, 'server1', address)
    to_vm(case, CLAIM + 0.0006, 'at once', address)
    say(case, CLAIM + 0.01, 'server2', 'again', address)
    to_vm(case, CLAIM + 0.011, 'later', address)
    only(case, 'stolen', 'server2')
    only(case, 'at once', 'server1')
    only(case, 'later', 'server1')
    case.report(drops={}, alarms=[alarm('move-contested', 'server2')],
                moves=[claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'reverted')],
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'state': 'settling'}]})
    return case


def learned_both():
    case = verify_case('425-both-answer', 'A clone answers as well as the VM: who was there first stays.')
    meet(case, VM_IP)
    say(case, CLAIM, 'server2')
    answer(case, CLAIM + 0.0003, 'server2')
    answer(case, CLAIM + 0.0005, 'server1')
    to_vm(case, CLAIM + 0.001, 'stays')
    only(case, 'stays', 'server1')
    case.report(drops={}, alarms=[alarm('move-contested', 'server2')],
                moves=[claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'reverted')])
    return case


def learned_neither():
    case = verify_case('426-nobody-answers', 'A learned host that answers nowhere is where it was heard last.')
    meet(case, VM_IP)
    say(case, CLAIM, 'server2')
    for n, later in enumerate([0.1, 0.2, 3, 29]):
        to_vm(case, CLAIM + later, f'packet {n}')
        only(case, f'packet {n}', 'server2')
    case.expect(until=f'{CLAIM + 30}s')
    asked(case, 'server2', 2)
    asked(case, 'server1', 5)
    case.report(drops={}, alarms=[], moves=[moved(f'{CLAIM}s', 'server1', 'server2', 'data', misdelivered=0)])
    return case


def answers_that_do_not_count():
    case = verify_case('427-answers-that-do-not-count', '''
An answer counts only at the port that was asked, within 150 ms of the question, if it is one: these come from a third
port, too late, or to another host, and so the VM stays where it moved to. The third port's is late behind the move.''')
    meet(case, VM_IP)
    say(case, CLAIM, 'server2')
    answer(case, CLAIM + 0.001, 'server3')
    case.rx(CLAIM + 0.002, 'server1', frames.arp_reply(VM, VM_IP, PEER, PEER_IP))
    say(case, CLAIM + 0.01, 'server2')
    answer(case, CLAIM + WAIT + TIMEOUT + 0.0001, 'server1')
    say(case, CLAIM + 0.22, 'server2')
    to_vm(case, CLAIM + 0.23, 'still there')
    only(case, 'still there', 'server2')
    case.report(drops={}, alarms=[], moves=[moved(f'{CLAIM}s', 'server1', 'server2', 'data')])
    return case


def veto(number, later):
    case = verify_case(f'{number}-veto-after-{later}-s', f'''
The move has settled after 5 s, but {later} s after it the VM answers where it was: within `veto` (30 s) that takes the
move back.''')
    meet(case, VM_IP)
    say(case, CLAIM, 'server2')
    answer(case, CLAIM + later + 0.0005, 'server1')
    to_vm(case, CLAIM + later + 0.001, 'taken back')
    only(case, 'taken back', 'server1')
    case.report(drops={}, alarms=[alarm('move-contested', 'server2')],
                moves=[claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'reverted')])
    return case


def registered_moves(number, family):
    address = FAMILIES[family]
    case = verify_case(f'{number}-registered-moves-{family}', '''
A registered host is asked at both places first. It answers at the new one alone, and 150 ms after its first frame
there it has moved: what is sent to it until then still goes to the old place. godwit then announces it on its behalf,
because its own announcement was kept back.''', REGISTERED)
    meet(case, address)
    say(case, CLAIM, 'server2', 'kept back', address)
    answer(case, CLAIM + 0.0005, 'server2', address)
    to_vm(case, CLAIM + 0.1499, 'just before', address)
    to_vm(case, CLAIM + TIMEOUT, 'from then on', address)
    say(case, CLAIM + 0.2, 'server2', 'passed on', address)
    only(case, 'kept back')
    only(case, 'just before', 'server1')
    only(case, 'from then on', 'server2')
    only(case, 'passed on', 'uplink')
    asked(case, 'server1', 2, address)
    asked(case, 'server2', 1, address)
    told = {'icmp': '136/0', 'target': address} if family == 'v6' else {'op': 1, 'spa': address, 'tpa': address}
    for port in PORTS:
        for at in 0.15, 1.15, 3.15:
            case.out(port, 0 if port == 'server2' else 1, src=VM, **told, since=f'{CLAIM + at}s',
                     until=f'{CLAIM + at + 0.01}s')
    case.expect(until=f'{CLAIM + 4}s')
    case.report(drops={'unverified': 2}, alarms=[], counters={'tested_claims': 1},
                moves=[moved(f'{CLAIM}s', 'server1', 'server2', 'data', blackhole_ns='150ms', misdelivered=1)],
                fdb={'contains': [{'mac': VM, 'port': 'server2', 'class': 'registered', 'state': 'settling'}]})
    return case


def registered_stays(number, family, answers):
    address = FAMILIES[family]
    who = 'Both answer' if 'server2' in answers else 'It answers where it is'
    case = verify_case(f'{number}-registered-stays-{family}', f'''
A registered host is claimed elsewhere. {who}: not a frame for it goes astray, and none of the claimant's goes
further.''', REGISTERED)
    meet(case, address)
    say(case, CLAIM, 'server2', 'claim', address)
    for n, port in enumerate(answers):
        answer(case, CLAIM + 0.0004 + n / 10000, port, address)
    for later in 0.0001, 0.001, 0.2, 5:
        to_vm(case, CLAIM + later, 'stays', address)
    only(case, 'claim')
    only(case, 'stays', 'server1', count=4)
    case.report(drops={'unverified': len(answers)}, alarms=[alarm('move-contested', 'server2')],
                moves=[claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'rejected', misdelivered=0, lost=0)],
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'class': 'registered'}]})
    return case


def registered_mute():
    case = verify_case('434-registered-three-frames', '''
A registered host moves, and answers nowhere. When it was asked for 300 ms, three more frames from the new place are
believed.''', REGISTERED)
    meet(case, VM_IP)
    for n in range(7):  # 0 .. 300 ms
        say(case, CLAIM + n * 0.05, 'server2', 'kept back')
    to_vm(case, CLAIM + 0.39, 'not yet')
    say(case, CLAIM + 0.4, 'server2', 'passed on')
    to_vm(case, CLAIM + 0.4, 'now')
    only(case, 'kept back')
    only(case, 'passed on', 'uplink')
    only(case, 'not yet', 'server1')
    only(case, 'now', 'server2')
    # At 300 ms nobody has answered; the frame of that instant is the first of three.
    say(case, CLAIM + 0.35, 'server2', 'kept back')
    case.in_time()
    case.report(drops={'unverified': 8}, alarms=[],
                moves=[moved(f'{CLAIM}s', 'server1', 'server2', 'data', blackhole_ns='400ms', misdelivered=1)])
    return case


def registered_nobody():
    case = verify_case('435-registered-nobody', '''
One frame claims a registered host, and nobody answers or says another word: it stays where it is, and nobody is to
blame. The next claim is a new one.''', REGISTERED)
    meet(case, VM_IP)
    say(case, CLAIM, 'server2', 'claim')
    to_vm(case, CLAIM + 0.5, 'stays')
    to_vm(case, CLAIM + 2, 'stays')
    only(case, 'stays', 'server1', count=2)
    asked(case, 'server1', 3)
    asked(case, 'server2', 3)
    case.report(drops={'unverified': 1}, moves=[claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'rejected')],
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'state': 'bound'}]})
    return case


def registered_upheld():
    case = verify_case('436-registered-heard-at-home', '''
What a registered host sends at its place in the first 60 ms of a claim may have been under way and says nothing; after
that it ends the claim, though no question was answered.''', REGISTERED)
    meet(case, VM_IP)
    say(case, CLAIM, 'server2', 'claim')
    say(case, CLAIM + 0.05, 'server1', 'late')
    say(case, CLAIM + WAIT, 'server1', 'in time')
    answer(case, CLAIM + 0.1, 'server2')
    to_vm(case, CLAIM + 0.3, 'stays')
    only(case, 'late', 'uplink')
    only(case, 'in time', 'uplink')
    only(case, 'stays', 'server1')
    case.report(drops={'unverified': 2}, alarms=[alarm('move-contested', 'server2')],
                moves=[claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'rejected')])
    return case


def freeze(case, address=VM_IP, home='server1'):
    """Five false claims, each after the penalty for the one before: 1, 2, 4 and 8 s. The instant of the fifth."""
    at = CLAIM
    for penalty in 1, 2, 4, 8, 0:
        say(case, at, 'server2', 'robbery', address)
        answer(case, at + 0.0005, home, address)
        at += penalty + (0.1 if penalty else 0)
    return at


def frozen():
    case = verify_case('437-frozen-and-thawed', '''
Five false claims in three minutes freeze a host where it is: for 30 s claims from elsewhere are refused, whatever
their kind. Then it moves again.''', REGISTERED)
    meet(case, VM_IP)
    last = freeze(case)
    case.rx(last + 1, 'server3', frames.garp_request(VM, VM_IP))
    to_vm(case, last + 2, 'held fast')
    only(case, 'held fast', 'server1')
    case.rx(last + 31, 'server3', frames.garp_request(VM, VM_IP))
    answer(case, last + 31.001, 'server3')
    to_vm(case, last + 31.2, 'moved')
    only(case, 'moved', 'server3')
    case.report(drops={'unverified': 7, 'mac-violation': 1},
                alarms={'contains': [alarm('frozen', 'server2'), alarm('move-contested', 'server2')]},
                moves={'contains': [claimed(f'{CLAIM}s', 'server1', 'server2', 'data', 'rejected'),
                                    claimed(f'{last:g}s', 'server1', 'server2', 'data', 'frozen'),
                                    claimed(f'{last + 1:g}s', 'server1', 'server3', 'garp-request', 'rejected'),
                                    moved(f'{last + 31:g}s', 'server1', 'server3', 'garp-request')]})
    return case


def frozen_keeps_history():
    case = verify_case('438-frozen-after-a-move', '''
A host moved, and was verified. That a rival makes it freeze later does not change what the report says of that
move.''', REGISTERED)
    meet(case, VM_IP)
    say(case, 1, 'server3')
    answer(case, 1.001, 'server3')
    to_vm(case, 2, 'hello')
    say(case, 18, 'server3')
    last = freeze(case, home='server3')
    to_vm(case, last + 1, 'held fast')
    only(case, 'held fast', 'server3')
    case.report(moves=[moved('1s', 'server1', 'server3', 'data', blackhole_ns='1s', misdelivered=0),
                       claimed(f'{CLAIM}s', 'server3', 'server2', 'data', 'rejected'),
                       claimed(f'{last:g}s', 'server3', 'server2', 'data', 'frozen')],
                alarms={'contains': [alarm('frozen', 'server2')]},
                fdb={'contains': [{'mac': VM, 'port': 'server3', 'state': 'frozen'}]})
    return case


def no_gateway(number, family):
    address = FAMILIES[family]
    name = {'v4': 'As nobody (0.0.0.0): its address is known for longer than 10 s.',
            'v6': 'From the link-local address of the bridge.'}[family]
    case = tenant_case(f'{number}-without-a-gateway-{family}', f'''
In a bridge without a gateway the host is asked from the bridge's own MAC. {name}''')
    meet(case, address)
    say(case, CLAIM, 'server2', address=address)
    source = {'v4': {'spa': '0.0.0.0'}, 'v6': {}}[family]
    asked(case, 'server1', 2, address, until=CLAIM + 0.5, **source)
    asked(case, 'server2', 2, address, until=CLAIM + 0.5, **source)
    case.expect(until=f'{CLAIM + 0.5}s')
    case.report(drops={}, alarms=[], moves=[moved(f'{CLAIM}s', 'server1', 'server2', 'data')])
    return case


def make():
    return [learned_moves(421, 'v4'), learned_moves(422, 'v6'),
            learned_robbed(423, 'v4'), learned_robbed(424, 'v6'),
            learned_both(), learned_neither(), answers_that_do_not_count(), veto(428, 5), veto(429, 25),
            registered_moves(430, 'v4'), registered_moves(431, 'v6'),
            registered_stays(432, 'v4', ['server1']), registered_stays(433, 'v6', ['server2', 'server1']),
            registered_mute(), registered_nobody(), registered_upheld(), frozen(), frozen_keeps_history(),
            no_gateway(439, 'v4'), no_gateway(440, 'v6')]
