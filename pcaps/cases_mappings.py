"""5xx: whose an IP address is: what teaches it, and what must not."""

import struct

import frames
from scene import OTHER, PEER, PEER_IP, PEER_IP6, UNKNOWN, VM, VM_IP, VM_IP6, tenant_case

NS, NA, RS = frames.NEIGHBOR_SOLICITATION, frames.NEIGHBOR_ADVERTISEMENT, frames.ROUTER_SOLICITATION


def host(n):
    return f'52:54:00:00:03:{n:02x}'


def teachers():
    case = tenant_case('501-what-teaches-a-mapping', '''
ARP requests and replies, gratuitous or not, NS, NA and RS each say whose an address is.''')
    messages = [
        ('10.9.0.10', lambda mac, ip: frames.arp_request(mac, ip, PEER_IP)),
        ('10.9.0.11', lambda mac, ip: frames.arp_reply(mac, ip, PEER, PEER_IP)),
        ('10.9.0.12', frames.garp_request),
        ('10.9.0.13', frames.garp_reply),
        ('fd00:9::14', lambda mac, ip: frames.neighbor_solicitation(mac, ip, PEER_IP6)),
        ('fd00:9::15', frames.neighbor_advertisement),
        ('fe80::16', frames.router_solicitation),
    ]
    for n, (address, message) in enumerate(messages):
        case.rx(n, 'server1', message(host(n), address))
    case.report(drops={}, moves=[], alarms=[],
                neighbors=[{'bridge': 'tenant', 'ip': address, 'mac': host(n), 'port': 'server1'}
                           for n, (address, _) in enumerate(messages)])
    return case


def no_teachers():
    case = tenant_case('502-what-teaches-no-mapping', '''
RARP has no address in it, an ARP probe and a DAD solicitation ask whether one is free, and data proves no mapping.
All show where their sender is.''')
    questions = [frames.rarp(host(0)), frames.rarp(host(1), op=4), frames.arp_probe(host(2), VM_IP),
                 frames.dad_solicitation(host(3), VM_IP6), frames.udp4(host(4), UNKNOWN, VM_IP, PEER_IP, 'data'),
                 frames.udp6(host(5), UNKNOWN, VM_IP6, PEER_IP6, 'data'),
                 frames.arp(host(6), frames.BROADCAST, 3, host(6), VM_IP, host(6), VM_IP, frames.RARP)]
    for n, frame in enumerate(questions):
        case.rx(n, 'server1', frame)
    case.report(drops={}, moves=[], alarms=[], neighbors=[],
                fdb=[{'mac': host(n), 'port': 'server1'} for n in range(len(questions))])
    return case


def with_hop_limit(frame, hops):
    """The IPv6 frame with another hop limit, which ICMPv6's checksum does not cover."""
    return frame[:21] + bytes([hops]) + frame[22:]


def with_flipped(frame, at):
    return frame[:at] + bytes([frame[at] ^ 0xFF]) + frame[at + 1:]


def malformed():
    case = tenant_case('503-malformed-messages', '''
A broken ARP or ND message teaches no mapping (RFC 826, RFC 4861 sections 6.1 and 7.1). It is a frame like any other:
forwarded, and its source learned.''')
    arp = [frames.garp_request(host(n), VM_IP) for n in range(4)]
    na = [frames.neighbor_advertisement(host(n), VM_IP6) for n in range(10)]
    broken = [
        arp[0][:30],                                           # cut off in the sender's address
        arp[1][:18] + bytes([8]) + arp[1][19:],                # hardware addresses of 8 octets
        arp[2][:14] + struct.pack('!H', 6) + arp[2][16:],      # hardware that is not Ethernet
        arp[3][:16] + struct.pack('!H', 0x86DD) + arp[3][18:],  # a protocol that is not IPv4
        with_hop_limit(na[4], 64),                             # came through a router
        with_flipped(na[5], 56),                               # the checksum no longer fits
        na[6][:70],                                            # cut off in the target
        frames.ethernet(host(7), frames.BROADCAST, frames.ARP, b''),
    ]
    for n, frame in enumerate(broken):
        case.rx(n, 'server1', frame)
        case.out('server2', 1, src=host(n))
    case.report(drops={}, moves=[], neighbors=[], fdb=[{'mac': host(n), 'port': 'server1'} for n in range(len(broken))])
    return case


def impossible():
    case = tenant_case('504-impossible-mappings', '''
An address that no host can have, or a MAC address that is no station, is not believed (RFC 1812 section 3.3.2).''')
    for n, address in enumerate(['255.255.255.255', '224.0.0.1', '127.0.0.1', '0.0.0.0']):
        case.rx(n, 'server1', frames.arp_request(host(0), address, PEER_IP))
    case.rx(5, 'server1', frames.arp(host(0), frames.BROADCAST, 1, frames.BROADCAST, VM_IP, frames.ZERO_MAC, VM_IP))
    case.rx(6, 'uplink', frames.arp(host(1), frames.BROADCAST, 2, '01:00:5e:00:00:01', VM_IP, frames.BROADCAST, VM_IP))
    case.rx(7, 'uplink', frames.neighbor_advertisement(host(1), VM_IP6, link_layer='33:33:00:00:00:01'))
    case.report(drops={}, moves=[], neighbors=[])
    return case


def other_mac():
    case = tenant_case('505-another-mac-claims-the-address', '''
Another MAC that claims the VM's address has not moved the VM: that is a question of whose the address is. The mapping
stays, and the claim is told.''')
    case.rx(0, 'server1', frames.garp_request(VM, VM_IP))
    case.rx(0.1, 'server1', frames.neighbor_advertisement(VM, VM_IP6))
    case.rx(10, 'server2', frames.garp_request(OTHER, VM_IP))
    case.rx(10.05, 'server2', frames.neighbor_advertisement(OTHER, VM_IP6))
    case.report(moves=[], alarms={'contains': [{'ip': VM_IP, 'port': 'server2'}, {'ip': VM_IP6, 'port': 'server2'}]},
                neighbors=[{'ip': VM_IP, 'mac': VM, 'port': 'server1'}, {'ip': VM_IP6, 'mac': VM, 'port': 'server1'}])
    return case


def foreign_sender():
    case = tenant_case('506-speaking-for-another', '''
On an untrusted port nobody speaks for another MAC: where the address in the message is not the frame's source, it maps
nothing. Beyond a trusted uplink it may be another switch that answers for a host.''')
    messages = [frames.arp(OTHER, frames.BROADCAST, 2, VM, VM_IP, frames.BROADCAST, VM_IP),
                frames.neighbor_advertisement(OTHER, VM_IP6, link_layer=VM)]
    case.rx(0, 'server2', messages[0])
    case.rx(1, 'server2', messages[1])
    case.rx(2, 'uplink', frames.arp(PEER, frames.BROADCAST, 2, UNKNOWN, '10.9.0.99', frames.BROADCAST, '10.9.0.99'))
    case.report(moves=[], neighbors=[{'ip': '10.9.0.99', 'mac': UNKNOWN}],
                fdb=[{'mac': PEER, 'port': 'uplink'}, {'mac': OTHER, 'port': 'server2'}])
    return case


def off_link():
    case = tenant_case('507-off-link', '''
Where the bridge has a gateway, only an address of the gateway's subnets, or a link-local one, is mapped.''',
                       'gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}')
    addresses = ['10.9.0.10', '10.9.1.11', 'fd00:9::12', 'fd00:8::13', 'fe80::14']
    for n, address in enumerate(addresses):
        announce = frames.neighbor_advertisement if ':' in address else frames.garp_request
        case.rx(n, 'server1', announce(host(n), address))
    case.report(drops={}, moves=[], neighbors={
        'contains': [{'ip': address, 'mac': host(n)} for n, address in enumerate(addresses) if n not in (1, 3)],
        'absent': [{'ip': addresses[1]}, {'ip': addresses[3]}]})
    return case


def make():
    return [teachers(), no_teachers(), malformed(), impossible(), other_mac(), foreign_sender(), off_link()]
