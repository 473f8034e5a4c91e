"""95x and 96x: what guards a bridge against its own hosts."""

import dhcp
import frames
from casefile import Case
from scene import OTHER, OTHER_IP, PEER, PEER_IP, PEER_IP6, PORTS, UNKNOWN, VM, VM_IP, VM_IP6, tenant_case

ATTACKER, ATTACKER_IP, ATTACKER_IP6 = '52:54:00:00:00:66', '10.9.0.66', 'fd00:9::66'
SERVER, SERVER_IP = '52:54:00:00:00:fd', '10.9.0.253'
FAMILIES = ('v4', VM_IP), ('v6', VM_IP6)


def ask(case, seconds, port, client, address, xid, kind=None, src=None):
    """What a client sends to get, or with `kind` to give up, an address."""
    if ':' in address:
        frame = dhcp.from_client6(kind or dhcp.REQUEST6, xid, client, address, src)
    elif kind == dhcp.RELEASE:
        frame = dhcp.from_client(kind, xid, client, src, ciaddr=address)
    else:
        frame = dhcp.from_client(kind or dhcp.REQUEST, xid, client, src, requested=address)
    case.rx(seconds, port, frame)


def grant(case, seconds, port, client, address, xid, lease=3600, server=SERVER):
    """What a server answers."""
    if ':' in address:
        case.rx(seconds, port, dhcp.from_server6(dhcp.REPLY, xid, server, client, address, lease))
    else:
        case.rx(seconds, port, dhcp.from_server(dhcp.ACK, xid, server, SERVER_IP, client, address, lease))


def lease(case, seconds, port, client, address, xid, **more):
    """The whole exchange: the server is behind the uplink."""
    v6 = ':' in address
    case.rx(seconds, port, dhcp.from_client6(dhcp.SOLICIT, xid + 1, client) if v6 else
            dhcp.from_client(dhcp.DISCOVER, xid, client))
    case.rx(seconds + 0.01, 'uplink', dhcp.from_server6(dhcp.ADVERTISE, xid + 1, SERVER, client, address) if v6 else
            dhcp.from_server(dhcp.OFFER, xid, SERVER, SERVER_IP, client, address))
    ask(case, seconds + 0.02, port, client, address, xid)
    grant(case, seconds + 0.03, 'uplink', client, address, xid, **more)


def data(src, dst, src_ip, text):
    v6 = ':' in src_ip
    return (frames.udp6 if v6 else frames.udp4)(src, dst, src_ip, PEER_IP6 if v6 else PEER_IP, text)


def announced(mac, address):
    return (frames.neighbor_advertisement if ':' in address else frames.garp_request)(mac, address)


def binds(family, address):
    case = tenant_case(f'951-dhcp-binds-{family}', '''
DHCP gives the VM an address: the VM is registered where it asked. A frame with its MAC from another port is not
believed, since the VM goes on from where it is; nobody else gets the address, though the VM is silent for longer than
hosts are remembered.''', 'inspect: {dhcp: true}', 'aging: 100s')
    lease(case, 0, 'server1', VM, address, 0x100)
    case.rx(1, 'uplink', announced(PEER, PEER_IP6 if family == 'v6' else PEER_IP))
    case.rx(10, 'server3', data(VM, PEER, address, 'from a thief'))
    case.rx(10.1, 'server1', data(VM, PEER, address, 'from the vm'))
    case.rx(20, 'server2', announced(ATTACKER, address))
    case.rx(300, 'server2', announced(ATTACKER, address))
    case.rx(301, 'uplink', frames.other(PEER, VM, 'to the vm'))
    case.out('uplink', 0, text='from a thief')
    case.out('uplink', 1, text='from the vm')
    for port in PORTS:
        case.out(port, int(port == 'server1'), text='to the vm')
    case.report(drops={'unverified': 1}, counters={'leases_begun': 1, 'leases_ended': 0},
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'class': 'registered'}]},
                neighbors={'contains': [{'ip': address, 'mac': VM, 'port': 'server1'}],
                           'absent': [{'mac': ATTACKER}]},
                moves=[{'mac': VM, 'from': 'server1', 'to': 'server3', 'verdict': 'rejected'}],
                alarms={'contains': [{'kind': 'address-conflict', 'port': 'server2', 'mac': ATTACKER, 'ip': address}],
                        'absent': [{'kind': 'address-taken'}]})
    return case


def rogue(family, address):
    case = tenant_case(f'952-rogue-dhcp-{family}', '''
Only a trusted port speaks for a DHCP server. What another says in such a name is dropped and told, makes no binding,
and reaches nobody: offers, grants, a grant in fragments, and one to a relay. So are a host's words for another.''',
                       'inspect: {dhcp: true}')
    v6 = family == 'v6'
    ask(case, 0, 'server1', VM, address, 0x100)
    grant(case, 0.01, 'server2', VM, address, 0x100, server=ATTACKER)
    offer = dhcp.from_server6(dhcp.ADVERTISE, 0x100, ATTACKER, VM, address) if v6 else \
        dhcp.from_server(dhcp.OFFER, 0x100, ATTACKER, SERVER_IP, VM, address)
    case.rx(0.02, 'server2', offer)
    case.rx(0.03, 'server2', first_fragment(offer))
    case.rx(0.04, 'server2', to_relay(v6, address))
    ask(case, 1, 'server1', OTHER, address, 0x200)
    grant(case, 1.01, 'uplink', OTHER, address, 0x200)
    ask(case, 2, 'server2', ATTACKER if v6 else OTHER, address, 0x300, dhcp.RELEASE6 if v6 else dhcp.RELEASE, ATTACKER)
    for port in PORTS:
        case.out(port, 0, src=ATTACKER)
    case.report(drops={'rogue-dhcp': 5}, counters={'leases_begun': 1, 'leases_ended': 0},
                neighbors=[{'ip': address, 'mac': OTHER}],
                alarms=[{'at_ns': '10ms', 'kind': 'rogue-dhcp', 'port': 'server2', 'mac': ATTACKER}])
    return case


def first_fragment(frame):
    """Of a datagram: its first 16 octets, of which 8 are UDP's header."""
    eth, packet = frame[:14], frame[14:]
    if packet[0] >> 4 == 6:
        fragment = bytes([17, 0, 0, 1]) + bytes(4) + packet[40:56]
        return eth + packet[:4] + len(fragment).to_bytes(2, 'big') + bytes([44]) + packet[7:40] + fragment
    head = bytearray(packet[:20])
    head[2:4] = (36).to_bytes(2, 'big')
    head[6] = 0x20
    head[10:12] = bytes(2)
    head[10:12] = frames.checksum(bytes(head)).to_bytes(2, 'big')
    return eth + bytes(head) + packet[20:36]


def to_relay(v6, address):
    """A server's answer that a relay is to pass on."""
    if not v6:
        return dhcp.udp(ATTACKER, PEER, SERVER_IP, PEER_IP, 67, 67,
                        dhcp.message(2, dhcp.ACK, 0x100, VM, yiaddr=address, options=bytes([51, 4, 0, 0, 1, 0])))
    carried = dhcp.option6(9, dhcp.message6(dhcp.REPLY, 0x100, VM, address, 600))
    return dhcp.udp(ATTACKER, PEER, dhcp.link_local(ATTACKER), dhcp.link_local(PEER), 547, 547,
                    bytes([13, 0]) + bytes(32) + carried)


def released(family, address):
    case = tenant_case(f'953-release-{family}', '''
The VM gives its address back: it is an ordinary host again, and so is who comes next. A release in its name from
another port does nothing.''', 'inspect: {dhcp: true}')
    kind = dhcp.RELEASE6 if family == 'v6' else dhcp.RELEASE
    lease(case, 0, 'server1', VM, address, 0x100)
    ask(case, 10, 'server3', VM, address, 0x200, kind)
    case.rx(11, 'server1', data(VM, PEER, address, 'still here'))
    case.rx(12, 'server3', data(ATTACKER, PEER, address, 'a thief'))
    case.rx(13, 'server3', announced(ATTACKER, address))
    ask(case, 20, 'server1', VM, address, 0x300, kind)
    case.rx(21, 'server2', announced(OTHER, address))
    case.report(drops={'unverified': 1}, counters={'leases_begun': 1, 'leases_ended': 1},
                fdb={'contains': [{'mac': VM, 'port': 'server1', 'class': 'learned'}]},
                neighbors={'contains': [{'ip': address, 'mac': OTHER}], 'absent': [{'mac': VM}]},
                alarms={'contains': [{'at_ns': '13s', 'kind': 'address-conflict', 'mac': ATTACKER}],
                        'absent': [{'at_ns': '21s'}]})
    return case


def ends(family, address):
    """One VM renews, another does not."""
    second = address.replace('2', '3') if family == 'v6' else OTHER_IP
    second = 'fd00:9::3' if family == 'v6' else second
    case = tenant_case(f'954-lease-ends-{family}', '''
A lease of 100 s that one VM renews and another does not: the second one's ends to the second, whatever the VM says
meanwhile without the server; and nobody else could have had the address before.''', 'inspect: {dhcp: true}')
    lease(case, 0, 'server1', VM, address, 0x100, lease=100)
    lease(case, 0.1, 'server2', OTHER, second, 0x200, lease=100)
    ask(case, 50, 'server1', VM, address, 0x300)
    grant(case, 50.01, 'uplink', VM, address, 0x300, lease=100)
    case.rx(60, 'server2', announced(OTHER, second))
    case.rx(100.12, 'server3', announced(ATTACKER, second))
    case.rx(100.14, 'server3', announced(ATTACKER, second))
    case.rx(101, 'server3', announced(ATTACKER, address))
    case.report(drops={}, counters={'leases_begun': 2, 'leases_ended': 1},
                fdb={'contains': [{'mac': VM, 'class': 'registered'}, {'mac': OTHER, 'class': 'learned'}]},
                neighbors={'contains': [{'ip': address, 'mac': VM}, {'ip': second, 'mac': ATTACKER}]},
                alarms=[{'at_ns': '100.12s', 'kind': 'address-conflict', 'ip': second},
                        {'at_ns': '101s', 'kind': 'address-conflict', 'ip': address}])
    return case


def inspected():
    case = tenant_case('955-dai-drops', '''
ARP and neighbor discovery are held against the bindings: what contradicts one, or has none, is dropped and told once a
minute. Probes, duplicate address detection, RARP, link-local addresses and whatever is true pass; trusted ports are not
asked. What is dropped shows its sender's place all the same.''', 'inspect: {arp: true, dhcp: true}',
                       f'static: [{{mac: "{OTHER}", port: server2, ip: {OTHER_IP}}}, '
                       f'{{mac: "{PEER}", port: uplink, ip: "{PEER_IP6}"}}]')
    lease(case, 0, 'server1', VM, VM_IP, 0x100)
    lease(case, 1, 'server1', VM, VM_IP6, 0x200)
    attacker_link_local, vm_link_local = dhcp.link_local(ATTACKER), dhcp.link_local(VM)
    false = [frames.garp_request(ATTACKER, VM_IP), frames.garp_reply(ATTACKER, VM_IP),
             frames.arp_request(ATTACKER, VM_IP, PEER_IP), frames.arp_reply(ATTACKER, OTHER_IP, VM, VM_IP),
             frames.arp_reply(ATTACKER, ATTACKER_IP, VM, VM_IP), frames.garp_request(ATTACKER, ATTACKER_IP),
             frames.neighbor_advertisement(ATTACKER, VM_IP6), frames.neighbor_advertisement(ATTACKER, ATTACKER_IP6),
             frames.neighbor_advertisement(ATTACKER, PEER_IP6, solicited=True, dst=VM, dst_ip=VM_IP6),
             frames.neighbor_solicitation(ATTACKER, VM_IP6, PEER_IP6),
             frames.arp(ATTACKER, VM, 2, frames.BROADCAST, PEER_IP, VM, VM_IP),
             frames.garp_request(ATTACKER, VM_IP)[:30], behind_options(frames.neighbor_advertisement(ATTACKER, VM_IP6)),
             router_advertisement(ATTACKER, attacker_link_local)]
    true = [frames.arp_probe(ATTACKER, VM_IP), frames.dad_solicitation(ATTACKER, VM_IP6), frames.rarp(ATTACKER),
            frames.neighbor_advertisement(ATTACKER, attacker_link_local),
            frames.neighbor_solicitation(ATTACKER, attacker_link_local, VM_IP6),
            frames.router_solicitation(ATTACKER, attacker_link_local)]
    for n, frame in enumerate(false + true):
        case.rx(10 + n, 'server3', frame)
    case.rx(50, 'server1', frames.garp_request(VM, VM_IP))
    case.rx(51, 'server1', frames.neighbor_advertisement(VM, VM_IP6))
    case.rx(52, 'server1', frames.neighbor_advertisement(VM, vm_link_local))
    case.rx(53, 'server2', frames.garp_request(OTHER, OTHER_IP))
    case.rx(54, 'uplink', frames.garp_request(PEER, PEER_IP))
    for frame in false:
        for port in PORTS:
            case.out(port, 0, octets=frame.hex())
    for frame in true:
        case.out('server1', 1, octets=frame.hex())
    case.report(drops={'arp-inspection': len(false)},
                fdb={'contains': [{'mac': ATTACKER, 'port': 'server3', 'class': 'learned'},
                                  {'mac': VM, 'port': 'server1', 'class': 'registered'}]},
                neighbors=[{'ip': VM_IP, 'mac': VM}, {'ip': VM_IP6, 'mac': VM}, {'ip': vm_link_local, 'mac': VM},
                           {'ip': OTHER_IP, 'mac': OTHER}, {'ip': PEER_IP6, 'mac': PEER},
                           {'ip': PEER_IP, 'mac': PEER}, {'ip': attacker_link_local, 'mac': ATTACKER}],
                moves=[], alarms={'contains': [
                    {'at_ns': '10s', 'kind': 'arp-inspection', 'port': 'server3', 'mac': ATTACKER, 'ip': VM_IP},
                    {'kind': 'arp-inspection', 'ip': ATTACKER_IP}, {'kind': 'arp-inspection', 'ip': ATTACKER_IP6},
                    {'kind': 'arp-inspection', 'ip': VM_IP6}, {'kind': 'arp-inspection', 'ip': None}]})
    return case


def behind_options(frame):
    """The same message behind a header of destination options, as filters are evaded (RFC 7113)."""
    packet = frame[14:]
    options = bytes([packet[6], 0, 1, 4, 0, 0, 0, 0])
    length = len(packet) - 40 + len(options)
    return frame[:14] + packet[:4] + length.to_bytes(2, 'big') + bytes([60]) + packet[7:40] + options + packet[40:]


def router_advertisement(src, src_ip):
    return frames.icmp6(src, '33:33:00:00:00:01', src_ip, 'ff02::1', 134, bytes([64, 0]) + (1800).to_bytes(2, 'big') +
                        bytes(8))


GW, GW_IP, GW_IP6 = '02:00:5e:10:00:01', '10.9.0.254', 'fd00:9::fe'
GATEWAY = f'gateway: {{mac: "{GW}", addresses: [{GW_IP}/24, "{GW_IP6}/64"]}}'


def confirmed(mac, address):
    """The answer to the gateway's question."""
    if ':' in address:
        return frames.neighbor_advertisement(mac, address, dst=GW, dst_ip=GW_IP6, solicited=True)
    return frames.arp_reply(mac, address, GW, GW_IP)


def follows():
    case = tenant_case('956-dai-follows-the-vm', '''
Five VMs that have their addresses by DHCP migrate from server 1 to server 2, under inspection, and without a word of
DHCP. Three were told of by the VM manager: a RARP, an announcement and a packet are believed at once. Of two nothing is
known but their announcement, in either family: it waits until the VM has been asked at both places, answers at the new
one, and is silent at the old. Whose the address is was never in doubt; the bindings are where the VMs are.''', GATEWAY,
                       'inspect: {arp: true, dhcp: true, source: true}')
    vms = [(f'52:54:00:00:01:0{n}', address) for n, address in
           enumerate(['10.9.0.10', '10.9.0.11', 'fd00:9::12', '10.9.0.13', 'fd00:9::14'])]
    for n, (mac, address) in enumerate(vms):
        lease(case, n, 'server1', mac, address, 0x1000 * (n + 1))
    signs = [frames.rarp(vms[0][0]), announced(*vms[1]), data(vms[2][0], PEER, vms[2][1], 'i am here')]
    for n, ((mac, _), sign) in enumerate(zip(vms, signs)):
        case.hint(10 + n, prepare={'bridge': 'tenant', 'mac': mac, 'from': 'server1', 'to': 'server2'})
        case.rx(10.5 + n, 'server2', sign)
        case.out('uplink', 1, octets=sign.hex(), until='20s')
    for n, vm in enumerate(vms[3:], 3):
        case.rx(10.5 + n, 'server2', announced(*vm))
        case.rx(10.501 + n, 'server2', confirmed(*vm))
        case.out('uplink', 0, octets=announced(*vm).hex(), since=f'{10 + n}s', until=f'{10.6 + n}s', src=vm[0])
    for n, (mac, address) in enumerate(vms):
        case.rx(20 + n, 'uplink', frames.other(PEER, mac, f'to vm {n}'))
        case.rx(20.1 + n, 'server2', announced(mac, address))
        case.rx(20.2 + n, 'server2', data(mac, PEER, address, f'from vm {n}'))
        case.rx(20.3 + n, 'server3', announced(ATTACKER, address))
        for port in PORTS:
            case.out(port, int(port == 'server2'), text=f'to vm {n}')
        case.out('server1', 1, octets=announced(mac, address).hex(), since=f'{20.1 + n}s', until=f'{20.2 + n}s')
        case.out('uplink', 1, text=f'from vm {n}')
    case.report(drops={'unverified': 4, 'arp-inspection': len(vms)},
                moves=[{'at_ns': f'{10.5 + n}s', 'mac': mac, 'from': 'server1', 'to': 'server2', 'verdict': 'accepted',
                        'misdelivered': 0, 'lost': 0} for n, (mac, _) in enumerate(vms)],
                fdb={'contains': [{'mac': mac, 'port': 'server2', 'class': 'registered'} for mac, _ in vms]},
                neighbors={'contains': [{'ip': address, 'mac': mac, 'port': 'server2'} for mac, address in vms],
                           'absent': [{'mac': ATTACKER}]})
    return case


def gateway_is_kept():
    case = tenant_case('960-gateway-is-nobody-else', '''
The gateway's MAC and its addresses are nobody else's, whichever way they are claimed: as a source, in every kind of ARP
and neighbor discovery, by DHCP, or in the source of a packet. Each is dropped and told, and none changes where the
gateway's traffic goes.''', GATEWAY, 'inspect: {arp: true, dhcp: true, source: true}')
    claims = [frames.other(GW, VM, 'from the gateway'), frames.rarp(GW), frames.garp_reply(GW, GW_IP),
              frames.garp_request(ATTACKER, GW_IP), frames.garp_reply(ATTACKER, GW_IP),
              frames.arp_request(ATTACKER, GW_IP, VM_IP), frames.arp_reply(ATTACKER, GW_IP, VM, VM_IP),
              frames.neighbor_advertisement(ATTACKER, GW_IP6), frames.neighbor_solicitation(ATTACKER, GW_IP6, VM_IP6),
              frames.neighbor_advertisement(ATTACKER, dhcp.link_local(GW))]
    sources = [data(ATTACKER, VM, GW_IP, 'as the gateway'), data(ATTACKER, VM, GW_IP6, 'as the gateway')]
    lease(case, 0, 'server1', VM, VM_IP, 0x100)
    for n, frame in enumerate(claims + sources):
        case.rx(1 + n, 'server3', frame)
    lease(case, 20, 'server3', ATTACKER, GW_IP, 0x200)
    lease(case, 21, 'server3', ATTACKER, GW_IP6, 0x300)
    case.rx(30, 'server1', frames.arp_request(VM, VM_IP, GW_IP))
    for frame in claims + sources:
        for port in PORTS:
            case.out(port, 0, octets=frame.hex(), src=frames.mac_text(frame[6:12]), since='0.5s', until='19s')
    case.out('server1', 1, op=2, spa=GW_IP, sha=GW, dst=VM, since='30s')
    case.report(drops={'gateway-claim': len(claims), 'source-guard': len(sources)}, moves=[],
                fdb={'absent': [{'mac': GW}]}, neighbors={'absent': [{'ip': GW_IP}, {'ip': GW_IP6}]},
                alarms={'contains': [{'kind': 'gateway-claim', 'port': 'server3', 'mac': ATTACKER, 'ip': GW_IP},
                                     {'kind': 'gateway-claim', 'port': 'server3', 'mac': ATTACKER, 'ip': GW_IP6},
                                     {'kind': 'gateway-claim', 'port': 'server3', 'mac': GW}]})
    return case


def floor():
    case = tenant_case('959-floor', '''
Server 3 uses up all the room that the bridge has to learn. The other servers may have four hosts each all the same, and
none more; both limits are told.''', 'learning: {limit: 64}')
    for n in range(200):
        case.rx(n / 1000, 'server3', frames.other(f'52:54:00:00:02:{n:02x}', PEER, 'flood'))
    fair = [(port, f'52:54:00:00:0{place}:0{n}') for place, port in ((3, 'server1'), (4, 'server2'))
            for n in range(5)]
    for n, (port, mac) in enumerate(fair):
        case.rx(1 + n, port, frames.other(mac, PEER, f'from {mac}'))
        case.rx(1.5 + n, 'uplink', frames.other(PEER, mac, f'to {mac}'))
        case.out('server3', int(mac.endswith('04')), text=f'to {mac}')  # unknown: flooded
        case.out(port, 1, text=f'to {mac}')
    case.report(counters={'learned': 64 + 8, 'not_learned_bridge_full': 200 - 64 + 2 + 10},
                alarms={'contains': [{'kind': 'learn-limit', 'port': port}
                                     for port in ('server1', 'server2', 'server3')]})
    return case


def source_guard():
    case = tenant_case('957-source-guard', '''
A host sends only from addresses that are registered for it: another's, an unknown one, and one of nobody are dropped,
in both families. Who has no address yet may speak from none, and link-local is free for all but what another is
registered for. Trusted ports are not asked; what is no IP passes.''', 'inspect: {dhcp: true, source: true}',
                       f'static: [{{mac: "{OTHER}", port: server2, ip: {OTHER_IP}}}]')
    lease(case, 0, 'server1', VM, VM_IP, 0x100)
    lease(case, 1, 'server1', VM, VM_IP6, 0x200)
    for n, (port, src, address) in enumerate([('server1', VM, VM_IP), ('server1', VM, VM_IP6),
                                              ('server1', VM, dhcp.link_local(VM)), ('server2', OTHER, OTHER_IP),
                                              ('server3', ATTACKER, '::'), ('uplink', PEER, ATTACKER_IP)]):
        case.rx(10 + n, port, data(src, UNKNOWN, address, f'right {n}'))
        case.out('server3' if port != 'server3' else 'server1', 1, text=f'right {n}')
    wrong = [(ATTACKER, VM_IP), (ATTACKER, VM_IP6), (ATTACKER, OTHER_IP), (ATTACKER, ATTACKER_IP),
             (ATTACKER, ATTACKER_IP6), (ATTACKER, '255.255.255.255'), (ATTACKER, '192.0.2.1')]
    for n, (src, address) in enumerate(wrong):
        case.rx(20 + n, 'server3', data(src, UNKNOWN, address, f'wrong {n}'))
        case.rx(20.5 + n, 'server3', frames.tag(data(src, UNKNOWN, address, f'wrong {n}'), 0, pcp=5))
        for port in PORTS:
            case.out(port, 0, text=f'wrong {n}')
    case.rx(30, 'server3', frames.ethernet(ATTACKER, UNKNOWN, frames.IPV4, b'wrong header'))
    case.rx(31, 'server3', frames.other(ATTACKER, UNKNOWN, 'no ip'))
    case.rx(32, 'server3', frames.garp_request(ATTACKER, ATTACKER_IP))  # what `arp` would be for
    case.out('server1', 1, text='no ip')
    case.out('server1', 1, spa=ATTACKER_IP)
    case.report(drops={'source-guard': 2 * len(wrong) + 1}, moves=[],
                fdb={'contains': [{'mac': ATTACKER, 'port': 'server3'}]},
                alarms=[{'at_ns': f'{20 + n}s', 'kind': 'source-guard', 'port': 'server3', 'mac': src, 'ip': address}
                        for n, (src, address) in enumerate(wrong)])
    return case


def storm_limits():
    case = Case('958-storm-limits', '''
Server 3 floods: a thousand frames in one second of each kind, of which its limits let as many through as they say and
one second's worth at once (a RARP among them). The rest is dropped and told once for the port. What is known is not
limited, nor is any other port; and a VM that comes to the loud port during the storm is followed at once.''', '''
ports:
  server1: {}
  server2: {}
  server3: {storm: {broadcast: 100/s, multicast: 50/s, unknown_unicast: 10/s}}
  uplink: {}
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


def no_way_around():
    case = tenant_case('961-no-way-around-by-tags', '''
A bridge that looks into frames takes none with a second tag behind a priority: the first one is taken off on the way
out, and a receiver takes the other for none.''', 'vlan: 10', 'inspect: {dhcp: true, arp: true, source: true}')
    lease(case, 0, 'server1', VM, VM_IP, 0x100)
    lies = [frames.arp_reply(ATTACKER, VM_IP, PEER, PEER_IP), frames.garp_request(ATTACKER, VM_IP),
            data(ATTACKER, VM, ATTACKER_IP, 'lie')]
    for n, lie in enumerate(lies):
        case.rx(10 + n, 'server3', frames.tag(frames.tag(lie, 0), 0))
    for port in PORTS:
        case.out(port, 0, src=ATTACKER)
    case.report(drops={'vlan-mismatch': len(lies)})
    return case


def make():
    both = [one(family, address) for one in (binds, rogue, released, ends) for family, address in FAMILIES]
    return both + [inspected(), follows(), source_guard(), storm_limits(), floor(), gateway_is_kept(), no_way_around()]
