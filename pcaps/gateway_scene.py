"""The scene of the gateway's cases: two bridges, red and blue, godwit routes between them.

The VM and its neighbor are in red, the host it talks to is in blue; each bridge has a gateway of its own MAC.
"""

import frames
import packets
from casefile import Case

RED, BLUE = 'red', 'blue'
RED_GW, RED_GW_IP, RED_GW_IP6 = '02:00:5e:10:00:01', '10.9.0.254', 'fd00:9::fe'
BLUE_GW, BLUE_GW_IP, BLUE_GW_IP6 = '02:00:5e:10:00:02', '10.8.0.254', 'fd00:8::fe'
RED_GW_LINK_LOCAL = 'fe80::5eff:fe10:1'  # of its MAC: RFC 4291, appendix A
VM, VM_IP, VM_IP6 = '52:54:00:00:00:02', '10.9.0.2', 'fd00:9::2'
NEAR, NEAR_IP, NEAR_IP6 = '52:54:00:00:00:03', '10.9.0.3', 'fd00:9::3'
FAR, FAR_IP, FAR_IP6 = '52:54:00:00:00:08', '10.8.0.8', 'fd00:8::8'
STRANGER = '52:54:00:00:00:66'

ANNOUNCED = [0, 1, 3, 7, 15, 31]  # seconds
PORTS = ['server1', 'server2', 'far', 'uplink']


def config(red=(), blue=(), more=(), red_prefix=24):
    """Two bridges with further keys of their own, and further keys of the whole."""
    lines = ['ports: {server1: {}, server2: {}, far: {}, uplink: {}}', 'bridges:', '  red:',
             '    ports: [server1, server2, {port: uplink, trusted: true}]',
             f'    gateway: {{mac: "{RED_GW}", addresses: [{RED_GW_IP}/{red_prefix}, "{RED_GW_IP6}/64"]}}']
    lines += [f'    {line}' for line in red]
    lines += ['  blue:', '    ports: [far]',
              f'    gateway: {{mac: "{BLUE_GW}", addresses: [{BLUE_GW_IP}/24, "{BLUE_GW_IP6}/64"]}}']
    return '\n'.join(lines + [f'    {line}' for line in blue] + list(more)) + '\n'


def gateway_case(name, story, red=(), blue=(), more=(), red_prefix=24):
    return Case(name, story, config(red, blue, more, red_prefix))


def meet(case, seconds=0.0, port='server1'):
    """The VM, at `port`, and the host in blue make both their addresses known to their gateways."""
    case.rx(seconds, port, frames.arp_request(VM, VM_IP, RED_GW_IP))
    case.rx(seconds, port, frames.neighbor_advertisement(VM, VM_IP6))
    case.rx(seconds, 'far', frames.arp_request(FAR, FAR_IP, BLUE_GW_IP))
    case.rx(seconds, 'far', frames.neighbor_advertisement(FAR, FAR_IP6))


def announcements():
    """What the gateway of red says of itself, at 0, 1, 3, 7, 15 and 31 seconds."""
    return [frames.garp_request(RED_GW, RED_GW_IP)] + \
        [frames.neighbor_advertisement(RED_GW, address, router=True) for address in (RED_GW_IP6, RED_GW_LINK_LOCAL)]


def to_red(address, text, **more):
    source = FAR_IP6 if ':' in address else FAR_IP
    return packets.data(FAR, BLUE_GW, source, address, text, **more)


def to_far(text, src_ip=VM_IP, src=VM, **more):
    return packets.data(src, RED_GW, src_ip, FAR_IP6 if ':' in src_ip else FAR_IP, text, **more)


def sent(case, port, frame, count=1, **when):
    """States that exactly this frame left the port, `count` times."""
    case.out(port, count, octets=frame.hex(), **when)


def nowhere(case, text, ports=PORTS):
    for port in ports:
        case.out(port, 0, text=text)
