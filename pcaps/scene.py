"""The scene most cases share: three servers and an uplink in one bridge, a VM, its peer and others."""

import frames
from casefile import Case

VM = '52:54:00:00:00:02'
VM_IP = '10.9.0.2'
VM_IP6 = 'fd00:9::2'
PEER = '52:54:00:00:00:01'
PEER_IP = '10.9.0.1'
PEER_IP6 = 'fd00:9::1'
OTHER = '52:54:00:00:00:03'
OTHER_IP = '10.9.0.3'
UNKNOWN = '52:54:00:00:00:99'  # nobody has it

SERVERS = ['server1', 'server2', 'server3']
PORTS = SERVERS + ['uplink']


def tenant(*more):
    """One bridge, VLAN-transparent, with further lines of its own."""
    lines = ['ports: {server1: {}, server2: {}, server3: {}, uplink: {}}', 'bridges:', '  tenant:',
             '    ports: [server1, server2, server3, {port: uplink, trusted: true}]']
    return '\n'.join(lines + [f'    {line}' for line in more]) + '\n'


def tenant_case(name, story, *more):
    return Case(name, story, tenant(*more))


def meet(case, seconds=0.0, port='server1'):
    """VM, at `port`, and peer, beyond the uplink, come to know each other."""
    case.rx(seconds, port, frames.arp_request(VM, VM_IP, PEER_IP))
    case.rx(seconds + 0.001, 'uplink', frames.arp_reply(PEER, PEER_IP, VM, VM_IP))


def to_vm(case, seconds, text, src=PEER, src_ip=PEER_IP, port='uplink'):
    case.rx(seconds, port, frames.udp4(src, VM, src_ip, VM_IP, text))


def from_vm(case, seconds, port, text):
    case.rx(seconds, port, frames.udp4(VM, PEER, VM_IP, PEER_IP, text))


def only(case, text, *ports, count=1, others=PORTS, **match):
    """States that a frame with `text` left each of `ports` `count` times and none of the others."""
    for port in others:
        case.out(port, count if port in ports else 0, text=text, **(match if port in ports else {}))


def moved(at, source, target, evidence, **more):
    """A record of an accepted move of the VM."""
    return {'at_ns': at, 'mac': VM, 'from': source, 'to': target, 'evidence': evidence, 'verdict': 'accepted', **more}
