"""6xx: captures of every form, and frames and stamps that are out of the ordinary."""

import frames
from frames import BROADCAST
from scene import OTHER, OTHER_IP, PEER, PEER_IP, VM, VM_IP, from_vm, meet, moved, only, tenant_case, to_vm

YEAR = 365 * 86400
NANOSECOND = 0.000000001


def one_move(name, story, step):
    """A move whose frames are `step` seconds apart."""
    case = tenant_case(name, story)
    meet(case)
    to_vm(case, 1, 'before')
    case.rx(1 + step, 'server2', frames.rarp(VM))
    to_vm(case, 1 + 2 * step, 'after')
    only(case, 'before', 'server1')
    only(case, 'after', 'server2')
    unit = 'us' if step > NANOSECOND else 'ns'
    one = 10**6 if unit == 'us' else 10**9
    case.report(drops={}, alarms=[],
                moves=[moved(f'{one + 1}{unit}', 'server1', 'server2', 'rarp', blackhole_ns=f'1{unit}')])
    return case


def forms():
    microsecond = one_move('601-big-endian', 'A pcap of the other byte order.', 0.000001)
    microsecond.write_pcap(order='>')
    nano = one_move('602-nanosecond', 'A pcap with stamps in nanoseconds.', NANOSECOND)
    nano.write_pcap(nanosecond=True)
    big_nano = one_move('603-nanosecond-big-endian', 'A pcap with stamps in nanoseconds, of the other byte order.',
                        NANOSECOND)
    big_nano.write_pcap(nanosecond=True, order='>')
    section = one_move('604-pcapng', 'One pcapng; its interfaces are the ports.', NANOSECOND)
    section.write_pcapng('in.pcapng')
    big_section = one_move('605-pcapng-big-endian', 'One pcapng of the other byte order.', NANOSECOND)
    big_section.write_pcapng('in.pcapng', order='>')
    return [microsecond, nano, big_nano, section, big_section]


def cut_frames():
    case = tenant_case('606-cut-frames', '''
Frames that the capture cut short: learned from, and what there is of them is forwarded.''')
    whole = frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'x' * 1400)
    case.rx(0, 'server1', whole[:64], length=len(whole))
    case.rx(1, 'server1', frames.garp_request(VM, VM_IP)[:20], length=42)
    case.rx(2, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, 'found'))
    case.out('server2', 1, src=VM, ether_type='0x0800', length=64)
    case.out('server2', 1, src=VM, ether_type='0x0806')
    only(case, 'found', 'server1')
    case.expect(errors=['captured short'])
    case.report(drops={}, moves=[], neighbors=[], counters={'frames_cut': 2})
    return case


def large_frames():
    case = tenant_case('607-large-frames', 'Frames of 9200 octets pass whole, flooded and not.')
    fill = 'y' * (9200 - 42)
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', fill))
    case.rx(1, 'server2', frames.udp4(OTHER, VM, OTHER_IP, VM_IP, fill))
    for port in 'server2', 'server3', 'uplink':
        case.out(port, 1, dst=BROADCAST, length=9200, text='y' * 9158)
    case.out('server1', 1, dst=VM, length=9200, text=fill)
    case.report(drops={}, moves=[], alarms=[])
    return case


def runts():
    case = tenant_case('608-runts', 'Fewer than the 14 octets of an Ethernet header are no frame; 14 are.')
    header = frames.other(VM, BROADCAST, '')
    for n, size in enumerate([0, 1, 6, 13, 14]):
        case.rx(n, 'server1', header[:size])
    case.out('server2', 1)
    case.out('server2', 1, src=VM, dst=BROADCAST)
    case.report(drops={'runt': 4}, moves=[], fdb=[{'mac': VM, 'port': 'server1'}])
    return case


def backward():
    case = tenant_case('609-backward-stamps', '''
Virtual time never runs backward: a frame stamped before its predecessor passes at that one's time.''')
    for seconds, text in [(0, 'one'), (5, 'two'), (3, 'three'), (6, 'four')]:
        from_vm(case, seconds, 'server1', text)
    for text, since, until in [('one', '0s', '1ns'), ('two', '5s', '5.000000001s'), ('three', '5s', '5.000000001s'),
                               ('four', '6s', None)]:
        case.out('uplink', 1, text=text, since=since, until=until)
    case.out('uplink', 4)
    case.report(drops={}, moves=[], fdb=[{'mac': VM, 'port': 'server1'}], counters={'stamps_clamped': 1})
    return case


def year():
    case = tenant_case('610-gap-of-a-year', 'A year without a frame: everyone is forgotten, and nothing else happens.')
    meet(case)
    to_vm(case, YEAR, 'a year on')
    only(case, 'a year on', 'server1', 'server2', 'server3')
    case.report(drops={}, moves=[], alarms=[], fdb=[{'mac': PEER, 'port': 'uplink'}])
    return case


def one_stamp():
    case = tenant_case('611-one-stamp', 'Three hundred frames of one stamp: many bursts, each frame once.')
    meet(case)
    for n in range(300):
        to_vm(case, 1, f'number {n:03}.')
        case.out('server1', 1, text=f'number {n:03}.')
    case.out('server1', 300, since='1s', until='1.000000001s')
    case.report(drops={}, moves=[], alarms=[], frames={'in': 302, 'dropped': 0})
    return case


def silent_ports():
    case = tenant_case('612-silent-ports', '''
A port without a capture, or with an empty one, receives nothing, and still sends.''')
    case.rx(0, 'server1', frames.udp4(VM, BROADCAST, VM_IP, '10.9.0.255', 'hello'))
    case.silent('server2')
    only(case, 'hello', 'server2', 'server3', 'uplink')
    case.report(drops={}, moves=[], alarms=[], fdb=[{'mac': VM, 'port': 'server1'}])
    return case


def make():
    return forms() + [cut_frames(), large_frames(), runts(), backward(), year(), one_stamp(), silent_ports()]
