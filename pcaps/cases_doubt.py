"""460-469: what a liar, a tag or bad timing must not get past verification and the VM manager's word."""

import frames
import packets
from casefile import Case
from cases_guards import ATTACKER, lease
from cases_hints import HOST, in_order, peer_calls, tell
from cases_verify import GATEWAY, LOCKED, REGISTERED, TIMEOUT, alarm, answer, asked, claimed, meet, say, to_vm, verify_case
from frames import tag
from scene import PEER, PEER_IP, PORTS, VM, VM_IP, moved, only, tenant_case

RED = 10


def rarp_is_verified():
    """A registered VM in a VLAN, whose hypervisor announces it by a RARP without a tag."""
    members = ', '.join(f'{{port: {port}, tagged: true}}' for port in ['server1', 'server2'])
    case = Case('460-rarp-of-a-registered-vm', '''
An untagged RARP on a trunk tells of a registered VM, whose VLAN it does not name. Its claim is verified as any other:
godwit asks in the VLAN, the VM answers at the new place alone, and has moved.''', f'''
ports: {{server1: {{}}, server2: {{}}, uplink: {{}}}}
bridges:
  red:
    vlan: {RED}
    ports: [{members}, {{port: uplink, tagged: true, trusted: true}}]
    {GATEWAY}
    {REGISTERED}
  native: {{ports: [server1, server2, {{port: uplink, trusted: true}}]}}
''')
    case.rx(0, 'server1', tag(frames.arp_request(VM, VM_IP, PEER_IP), RED))
    case.rx(0.001, 'uplink', tag(frames.arp_reply(PEER, PEER_IP, VM, VM_IP), RED))
    case.rx(20, 'server2', frames.rarp(VM))
    asked(case, 'server2', 1, until=20.001, vlan=RED)
    for later in 0.0004, 0.0604:
        case.rx(20 + later, 'server2', tag(frames.arp_reply(VM, VM_IP, '02:00:5e:10:00:01', '10.9.0.254'), RED))
    case.rx(20 + TIMEOUT + 0.01, 'uplink', tag(packets.udp4(PEER, VM, PEER_IP, VM_IP, 'follows'), RED))
    only(case, 'follows', 'server2', others=['server1', 'server2', 'uplink'], vlan=RED)
    case.expect(until='21s')
    case.report(drops={'unverified': 2}, alarms=[], counters={'tested_claims': 1},
                moves=[moved('20s', 'server1', 'server2', 'rarp', bridge='red', misdelivered=0)],
                fdb={'contains': [{'bridge': 'red', 'mac': VM, 'port': 'server2', 'state': 'settling'}]})
    return case


def stands_still(number, name, speak, *config):
    case = verify_case(f'{number}-{name}', '''
A VM stands still and nobody has said where it is to come. Somebody else speaks in its name: that is tested, since the
VM cannot object, and without an answer from there it comes to nothing. What was held goes to the VM.''', *config)
    meet(case, VM_IP)
    tell(case, 20, 'suspend', **HOST)
    peer_calls(case, 20.01, 20, 'held')
    for n in range(10):
        speak(case, 20.1 + n / 100)
    tell(case, 20.9, 'resume', **HOST)
    in_order(case, 'server1', 'held', 20, 20.9)
    case.expect(until='21s')
    case.report(counters={'tested_claims': 1}, drops={'unverified': 10} if config else {})
    return case


def dead_link_while_held():
    case = verify_case('463-link-down-while-held', '''
The link of the place that a VM leaves goes down while the VM stands still: it runs nowhere yet, and what is held waits
for it.''')
    meet(case, VM_IP)
    tell(case, 20, 'prepare', **HOST, to='server2')
    tell(case, 20.1, 'suspend', **HOST)
    tell(case, 20.2, 'link', port='server1', state='down')
    peer_calls(case, 20.11, 30, 'held')
    case.rx(20.7, 'server2', frames.rarp(VM))
    in_order(case, 'server2', 'held', 30, 20.7)
    case.report(drops={}, moves=[moved('20.7s', 'server1', 'server2', 'rarp', lost=0, held=30)])
    return case


def longer_than_prepared():
    case = verify_case('464-prepared-for-less-than-it-takes', '''
A VM that was prepared to move stands still when the time of the preparation is over: that goes on for as long as frames
may be held.''')
    meet(case, VM_IP)
    tell(case, 20, 'prepare', **HOST, to='server2', ttl='1s')
    tell(case, 20.9, 'suspend', **HOST)
    peer_calls(case, 20.91, 30, 'held')
    case.rx(21.5, 'server2', frames.rarp(VM))
    in_order(case, 'server2', 'held', 30, 21.5)
    case.report(drops={}, alarms=[], moves=[moved('21.5s', 'server1', 'server2', 'rarp', lost=0, held=30)])
    return case


def nobody_borrows():
    case = verify_case('465-nobody-speaks-for-a-locked-host', '''
Right after a move that the VM manager told of, frames in the name of a locked VM come from where it was and from a third
place. None is passed on.''', LOCKED)
    meet(case, VM_IP)
    tell(case, 20, 'commit', **HOST, to='server2')
    for n in range(50):
        say(case, 20.001 + n / 50, 'server2', f'genuine {n:02}')
        say(case, 20.002 + n / 50, 'server1', f'old place {n:02}')
        say(case, 20.003 + n / 50, 'server3', f'third place {n:02}')
    case.out('uplink', 50, text='genuine')
    for port in PORTS:
        for lie in 'old place', 'third place':
            case.out(port, 0, text=lie)
    case.report(drops={'mac-violation': 50, 'unverified': 50},
                moves=[moved('20s', 'server1', 'server2', 'hint'),
                       claimed('20.003s', 'server2', 'server3', 'data', 'rejected')])
    return case


def leave_ends_a_lease():
    case = tenant_case('466-leave-ends-a-lease', '''
A VM is gone by its manager's word, and its lease with it: the DHCP server may give the address to another host at once,
and that one may use it.''', GATEWAY, 'inspect: {dhcp: true, arp: true}')
    lease(case, 0, 'server1', VM, VM_IP, 0x100)
    tell(case, 10, 'leave', **HOST)
    lease(case, 20, 'server3', ATTACKER, VM_IP, 0x300)
    case.rx(21, 'server3', frames.garp_request(ATTACKER, VM_IP))
    case.out('server1', 1, dst=frames.BROADCAST, op=1, spa=VM_IP, since='21s')
    case.expect(until='22s')
    case.report(drops={}, alarms=[], neighbors={'contains': [{'ip': VM_IP, 'mac': ATTACKER}]})
    return case


def left_and_late():
    case = verify_case('467-left-and-late', '''
A frame of a VM that is gone by its manager's word was under way: it does not bring the VM back to where it was.''')
    meet(case, VM_IP)
    tell(case, 20, 'leave', **HOST)
    say(case, 20.001, 'server1', 'late')
    to_vm(case, 20.1, 'to a dead place')
    for port in 'server1', 'server2', 'server3':
        case.out(port, 1, text='to a dead place')
    case.expect(until='21s')
    return case


def third_place():
    case = verify_case('468-third-place-while-prepared', '''
A VM was prepared for server2 and is silent for a moment. Somebody at server3 speaks and answers in its name: the VM
manager's word is above that.''')
    meet(case, VM_IP)
    tell(case, 20, 'prepare', **HOST, to='server2')
    case.rx(20.5, 'server3', frames.garp_request(VM, VM_IP))
    answer(case, 20.5004, 'server3')
    answer(case, 20.5604, 'server3')
    peer_calls(case, 20.51, 20, 'to the vm')
    case.out('server3', 0, text='to the vm')
    case.rx(20.8, 'server2', frames.rarp(VM))
    to_vm(case, 20.9, 'moved')
    only(case, 'moved', 'server2')
    case.report(drops={'mac-violation': 3}, moves=[claimed('20.5s', 'server1', 'server3', 'garp-request', 'rejected'),
                                                   moved('20.8s', 'server1', 'server2', 'rarp')])
    return case


def slower_than_the_vm():
    case = verify_case('469-prepared-after-it-came', '''
A registered VM is heard at its new place before its manager prepares godwit for that. With the manager's word there is
nothing left to verify.''', REGISTERED)
    meet(case, VM_IP)
    case.rx(20, 'server2', frames.garp_request(VM, VM_IP))
    tell(case, 20.05, 'prepare', **HOST, to='server2')
    to_vm(case, 20.06, 'follows')
    only(case, 'follows', 'server2')
    case.report(drops={'unverified': 1}, alarms=[], moves=[moved('20s', 'server1', 'server2', 'garp-request')])
    return case


def make():
    data = stands_still(461, 'data-while-it-stands-still', lambda case, at: say(case, at, 'server3'))
    announced = stands_still(462, 'announced-while-it-stands-still',
                             lambda case, at: case.rx(at, 'server3', frames.garp_request(VM, VM_IP)), REGISTERED)
    return [rarp_is_verified(), data, announced, dead_link_while_held(), longer_than_prepared(), nobody_borrows(),
            leave_ends_a_lease(), left_and_late(), third_place(), slower_than_the_vm()]
