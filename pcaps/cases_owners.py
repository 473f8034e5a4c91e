"""8xx, too: whose an address is, and how the gateway makes sure: conflicts, probes, and neighbors that fell silent."""

import frames
from cases_answers import RED_PORTS, advertised, at, solicitation_to, unicast_request
from gateway_scene import (NEAR, NEAR_IP, NEAR_IP6, RED_GW, RED_GW_IP, RED_GW_IP6, STRANGER, VM, VM_IP, VM_IP6,
                           gateway_case, meet, sent, to_red)


def challenge(address, owner):
    """How the gateway asks an owner whether it still has its address."""
    if ':' in address:
        return solicitation_to(owner, RED_GW, RED_GW_IP6, address)
    return unicast_request(RED_GW, RED_GW_IP, owner, address)


def confirmed(address, owner):
    if ':' in address:
        return advertised(owner, address, RED_GW, RED_GW_IP6)
    return frames.arp_reply(owner, address, RED_GW, RED_GW_IP)


def announced(mac, address):
    return (frames.neighbor_advertisement if ':' in address else frames.garp_request)(mac, address)


def conflict_answered(number, address):
    case = gateway_case(f'{number}-claimed-and-kept-{"v6" if ":" in address else "v4"}', '''
Another MAC claims the VM's address. The VM is asked by unicast at its port and nowhere else, answers, and keeps it; the
claim is told. It is not asked a second time.''')
    meet(case)
    case.rx(40, 'server2', announced(STRANGER, address))
    case.rx(40.02, 'server1', confirmed(address, VM))
    case.rx(41.5, 'far', to_red(address, 'still the VM'))
    sent(case, 'server1', challenge(address, VM), **at(40))
    for port in RED_PORTS:
        sent(case, port, challenge(address, VM), int(port == 'server1'))
    case.out('server1', 1, text='still the VM', dst=VM)
    case.report(drops={}, moves=[], alarms=[{'at_ns': '40s', 'kind': 'address-conflict', 'ip': address,
                                             'mac': STRANGER, 'port': 'server2'}],
                neighbors={'contains': [{'ip': address, 'mac': VM, 'state': 'reachable'}]})
    return case


def conflict_silent(number, address):
    case = gateway_case(f'{number}-claimed-and-given-over-{"v6" if ":" in address else "v4"}', '''
Another MAC claims the VM's address, and the VM is silent: it is asked by unicast at its port, at once and after 150 ms,
and 300 ms after the claim the address is the other's. Both are told.''')
    meet(case)
    case.rx(40, 'server2', announced(STRANGER, address))
    case.rx(40.299, 'far', to_red(address, 'before'))
    case.rx(40.3, 'far', to_red(address, 'after'))
    for seconds in 40, 40.15:
        sent(case, 'server1', challenge(address, VM), **at(seconds))
    for port in RED_PORTS:
        sent(case, port, challenge(address, VM), 2 * (port == 'server1'))
    case.out('server1', 1, text='before', dst=VM)
    case.out('server2', 1, text='after', dst=STRANGER)
    case.report(drops={}, moves=[], alarms=[{'at_ns': '40s', 'kind': 'address-conflict', 'ip': address},
                                            {'at_ns': '40.3s', 'kind': 'address-taken', 'ip': address}],
                neighbors={'contains': [{'ip': address, 'mac': STRANGER, 'port': 'server2'}],
                           'absent': [{'ip': address, 'mac': VM}]})
    return case


def kept():
    case = gateway_case('813-static-and-gateway-are-kept', '''
An address of the configuration is its owner's, whoever claims it and whether or not the owner answers: one of a static
host, and the gateway's own. Each is announced once in ten seconds while it is claimed (RFC 5227 section 2.4 (c)), to
all but the owner's port. A claim of the gateway's own address is not passed on.''', red=[
        f'static: [{{mac: "{VM}", port: server1, ip: {VM_IP}}}, {{mac: "{NEAR}", port: server1, ip: "{NEAR_IP6}"}}]'])
    case.rx(0, 'server2', frames.other(STRANGER, VM, 'first'))
    claims = [(40, VM_IP), (60, NEAR_IP6), (80, RED_GW_IP), (100, RED_GW_IP6)]
    for start, address in claims:
        for n in range(12):
            case.rx(start + n, 'server2', announced(STRANGER, address))
    for start, address in claims[:2]:
        owner = VM if ':' not in address else NEAR
        for port in RED_PORTS:
            key = {'target': address, 'lla': owner} if ':' in address else {'op': 1, 'spa': address, 'sha': owner}
            for seconds in start, start + 10:
                case.out(port, int(port != 'server1'), src=RED_GW, **key, **at(seconds))
            case.out(port, 2 * (port != 'server1'), src=RED_GW, **key)
    for start, address in claims[2:]:
        said = frames.neighbor_advertisement(RED_GW, address, router=True) if ':' in address else \
            frames.garp_request(RED_GW, address)
        for port in RED_PORTS:
            for seconds in start, start + 10:
                sent(case, port, said, **at(seconds))
            sent(case, port, said, 2, since='39s')
    case.report(drops={'gateway-claim': 24}, moves=[],
                neighbors={'contains': [{'ip': VM_IP, 'mac': VM}, {'ip': NEAR_IP6, 'mac': NEAR}],
                           'absent': [{'mac': STRANGER}]})
    return case


def squatter(number, address):
    probe = frames.dad_solicitation(STRANGER, address) if ':' in address else frames.arp_probe(STRANGER, address)
    case = gateway_case(f'{number}-address-of-a-silent-vm-{"v6" if ":" in address else "v4"}', '''
The VM is paused, and another probes its address (R38). The VM is asked at its port, twice; when it has not answered the
prober gets one reply with the VM's MAC. When the binding is over, nobody answers, and no probe has made a mapping
(R37). A VM that answers defends itself.''', red=['aging: 100s'])
    meet(case)
    case.rx(20, 'server2', probe)
    case.rx(20.01, 'server1', confirmed(address, VM))
    case.rx(40, 'server2', probe)
    case.rx(120, 'server2', probe)
    case.expect(until='130s')
    for seconds in 20, 40, 40.15:
        sent(case, 'server1', challenge(address, VM), **at(seconds))
    key = {'target': address, 'lla': VM, 'icmp': '136/0'} if ':' in address else \
        {'op': 2, 'spa': address, 'sha': VM, 'tha': STRANGER, 'tpa': '0.0.0.0', 'dst': STRANGER}
    case.out('server2', 1, **key, **at(40.3))
    case.out('server2', 1, **key, since='10s')
    case.report(drops={}, moves=[], neighbors={'absent': [{'mac': STRANGER}, {'ip': address}]})
    return case


def probe_makes_nothing():
    case = gateway_case('816-a-probe-is-no-mapping', '''
A probe, or duplicate address detection, for an address of another makes no mapping and takes none (R37): the traffic
goes on to the owner, while it is asked and after it has answered, and the prober is where it is.''')
    meet(case)
    for address, probe in ((VM_IP, frames.arp_probe(STRANGER, VM_IP)),
                           (VM_IP6, frames.dad_solicitation(STRANGER, VM_IP6))):
        start = 50 if ':' in address else 40
        case.rx(start, 'server2', probe)
        case.rx(start + 0.001, 'far', to_red(address, f'one to {address}.'))
        case.rx(start + 0.01, 'server1', confirmed(address, VM))
        case.rx(start + 1, 'far', to_red(address, f'two to {address}.'))
        for text in 'one', 'two':
            case.out('server1', 1, text=f'{text} to {address}.', dst=VM)
    case.report(drops={}, moves=[], alarms=[], neighbors={'absent': [{'mac': STRANGER}]},
                fdb={'contains': [{'mac': STRANGER, 'port': 'server2'}]})
    return case


def verified():
    case = gateway_case('817-asked-before-it-ends', '''
A neighbor that was not heard for three quarters of the FDB's aging is asked: by unicast, at its port alone, with the
gateway's address as sender. One that answers is reachable, and stale again after 30 s; one that does not is asked three
times, a second apart, and then it is gone. Data keeps its place, not its mapping.''', red=['aging: 100s'])
    case.rx(0, 'server1', frames.arp_request(VM, VM_IP, RED_GW_IP))
    case.rx(0, 'server1', frames.neighbor_advertisement(VM, VM_IP6))
    case.rx(0, 'server2', frames.arp_request(NEAR, NEAR_IP, RED_GW_IP))
    case.rx(0, 'server2', frames.neighbor_advertisement(NEAR, NEAR_IP6))
    for n in range(1, 11):
        for port, mac in ('server1', VM), ('server2', NEAR):
            case.rx(10 * n, port, frames.other(mac, STRANGER, 'still here'))
        for address in (VM_IP, VM_IP6) if n == 7 else ():
            case.rx(77.5, 'server1', confirmed(address, VM))
    for address, owner, home, times in ((VM_IP, VM, 'server1', [76, 77]), (VM_IP6, VM, 'server1', [76, 77]),
                                        (NEAR_IP, NEAR, 'server2', [76, 77, 78]),
                                        (NEAR_IP6, NEAR, 'server2', [76, 77, 78])):
        for port in RED_PORTS:
            sent(case, port, challenge(address, owner), len(times) * (port == home))
        for seconds in times:
            sent(case, home, challenge(address, owner), **at(seconds))
    case.expect(until='105s')
    case.report(drops={}, alarms=[], moves=[],
                neighbors=[{'ip': address, 'mac': VM, 'state': 'reachable'} for address in (VM_IP, VM_IP6)])
    return case


def stale():
    case = gateway_case('818-reachable-then-stale', '''
Who answers the gateway is reachable; after 30 s without another answer it is stale, and used as before. Who only speaks
is stale from the beginning.''')
    meet(case)
    case.rx(1, 'far', to_red(NEAR_IP, 'first'))
    case.rx(1.1, 'server2', confirmed(NEAR_IP, NEAR))
    case.rx(40, 'far', to_red(NEAR_IP, 'second'))
    case.out('server2', 1, text='second', **at(40))
    case.out('server2', 0, op=1, tpa=NEAR_IP, since='2s')
    case.report(drops={}, neighbors={'contains': [{'ip': NEAR_IP, 'state': 'stale'}, {'ip': VM_IP, 'state': 'stale'}]})
    return case


def owner_is_spared(number, address):
    case = gateway_case(f'{number}-the-owner-is-spared-{"v6" if ":" in address else "v4"}', '''
The VM has moved when another announces the VM's address. The announcement reaches every port but the VM's own (R39),
and a VM that answers the gateway keeps the address.''')
    meet(case)
    case.rx(10, 'server2', announced(VM, address))
    for start in 11, 40:
        case.rx(start, 'server1', announced(STRANGER, address))
        case.rx(start + 0.01, 'server2', confirmed(address, VM))
        for port in RED_PORTS:
            sent(case, port, announced(STRANGER, address), int(port == 'uplink'), **at(start))
        sent(case, 'server2', challenge(address, VM), **at(start))
    case.report(drops={}, moves=[{'mac': VM, 'from': 'server1', 'to': 'server2'}],
                neighbors={'contains': [{'ip': address, 'mac': VM, 'port': 'server2'}]})
    return case


def learned_anew():
    case = gateway_case('823-an-address-changes-hands', '''
The VM is gone: nothing was heard of it for as long as a place is remembered. Its address is
that of the one who announces it then, at once and without a conflict, and traffic follows.''', red=['aging: 20s'])
    meet(case)
    case.rx(40, 'server2', frames.garp_request(NEAR, VM_IP))
    case.rx(40, 'server2', frames.neighbor_advertisement(NEAR, VM_IP6))
    for address in VM_IP, VM_IP6:
        case.rx(40.000001, 'far', to_red(address, f'to {address}.'))
        case.out('server2', 1, text=f'to {address}.', dst=NEAR)
    case.report(drops={}, alarms=[], moves=[],
                neighbors={'contains': [{'ip': VM_IP, 'mac': NEAR}, {'ip': VM_IP6, 'mac': NEAR}]})
    return case


def make():
    return [conflict_answered(809, VM_IP), conflict_answered(810, VM_IP6), conflict_silent(811, VM_IP),
            conflict_silent(812, VM_IP6), kept(), squatter(814, VM_IP), squatter(815, VM_IP6), probe_makes_nothing(),
            verified(), stale(), owner_is_spared(821, VM_IP), owner_is_spared(822, VM_IP6), learned_anew()]
