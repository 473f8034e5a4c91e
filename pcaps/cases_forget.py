"""94x: what switches tell each other of hosts that are gone (FORGET), and who is not believed."""

import hashlib
import hmac
import struct

import frames
from casefile import EPOCH, Case
from scene import OTHER, OTHER_IP, PEER, PEER_IP, UNKNOWN, VM, VM_IP, VM_IP6, from_vm, only, to_vm

KEY = bytes(range(32))
NEXT_KEY = bytes(range(100, 132))
GROUP = '03:67:6f:64:77:74'
FAR, FAR_IP = '52:54:00:00:00:77', '10.9.0.77'
GATEWAY, GATEWAY_IP = '02:00:5e:10:00:01', '10.9.0.254'
LEFT, LINK_DOWN, SILENT, FLUSHED = 1, 2, 3, 4
PORTS = ['server1', 'server2', 'uplink', 'uplink2']


def name_hash(name):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for octet in name.encode():
        value = (value ^ octet) * 0x100000001B3 % 2**64
    return value


def switch_mac(name):
    """What a switch speaks with when it speaks to others."""
    return frames.mac_text(struct.pack('!Q', 2 << 40 | name_hash(name) & 0xFFFFFFFFFF)[2:])


def port_hash(name):
    value = name_hash(name)
    return (value ^ value >> 32) & 0xFFFFFFFF


def forget(sequence, issued, mac=VM, ips=(VM_IP,), sender='leaf1', vlan=0, age=0.0, port='server1', reason=LEFT,
           key=KEY, version=1, src=None):
    """The frame, issued so many seconds from EPOCH; `age` is how long before that the evidence was."""
    v4, v6 = ([ip for ip in ips if (':' in ip) == is_v6] for is_v6 in (False, True))
    text = b'gdwF' + bytes([version, reason, len(v4), len(v6)])
    text += struct.pack('!QQQ', name_hash(sender), sequence, EPOCH + round(issued * 10**9))
    text += struct.pack('!IIIH', vlan, round(age * 1000), port_hash(port), 0) + frames.mac(mac)
    text += b''.join(map(frames.ip, v4 + v6))
    tag = hmac.new(key, text, hashlib.sha256).digest()[:16]
    return frames.ethernet(src or switch_mac(sender), GROUP, 0x88B5, text + tag)


def passed_on(word, by='leaf2'):
    """The same from a switch that passes it on: each speaks with its own MAC, which is where it is."""
    return word[:6] + frames.mac(switch_mac(by)) + word[12:]


def scene(name, story, *more, forget_more='', gateway=False):
    """Two servers and two uplinks in one bridge of the switch `leaf2`."""
    lines = ['ports: {server1: {}, server2: {}, uplink: {}, uplink2: {}}',
             f'forget: {{switch: leaf2, key: "{KEY.hex()}"{forget_more}}}', 'bridges:', '  tenant:',
             '    ports: [server1, server2, {port: uplink, trusted: true}, {port: uplink2, trusted: true}]']
    if gateway:
        lines.append(f'    gateway: {{mac: "{GATEWAY}", addresses: [{GATEWAY_IP}/24]}}')
    return Case(name, story, '\n'.join(lines + [f'    {line}' for line in more]) + '\n')


def introduce(case, seconds=0.0, port='uplink'):
    """The VM is behind `port`, and its peer at server1."""
    case.rx(seconds, port, frames.arp_request(VM, VM_IP, PEER_IP))
    case.rx(seconds, port, frames.neighbor_advertisement(VM, VM_IP6))
    case.rx(seconds + 0.001, 'server1', frames.arp_reply(PEER, PEER_IP, VM, VM_IP))


def counted(received, **of):
    """What the counters must say of the FORGETs that came in."""
    kinds = ['applied', 'unknown', 'elsewhere', 'newer', 'own', 'replayed', 'malformed', 'forged', 'skewed', 'stale',
             'wrong_bridge', 'no_room']
    assert sum(of.values()) == received
    return {'forgets_received': received, **{f'forgets_{kind}': of.get(kind, 0) for kind in kinds}}


VM_GONE = {'absent': [{'mac': VM}]}


def believed():
    case = scene('940-forget', '''
The VM was behind an uplink, and the switch there says that it is gone. Its place and its addresses end at once: traffic
for it is flooded. The word is passed on by the other trusted port and by no other.''')
    introduce(case)
    to_vm(case, 10, 'before', src=PEER, src_ip=PEER_IP, port='server1')
    word = forget(1, 20, ips=[VM_IP, VM_IP6])
    case.rx(20, 'uplink', word)
    to_vm(case, 20.000001, 'after', src=PEER, src_ip=PEER_IP, port='server1')
    only(case, 'before', 'uplink', others=PORTS)
    only(case, 'after', 'server2', 'uplink', 'uplink2', others=PORTS)
    for port in PORTS:
        case.out(port, int(port == 'uplink2'), octets=passed_on(word).hex())
        case.out(port, int(port == 'uplink2'), ether_type='0x88b5')
    case.report(drops={}, alarms=[], moves=[], fdb=VM_GONE, neighbors=VM_GONE, counters=counted(1, applied=1))
    return case


def not_believed():
    case = scene('941-forget-not-believed', '''
Nobody makes this switch forget the VM without the key, or with a word that was said before: a forged word, one of
another version, one cut short, one kept back for longer than clocks may differ, one of a clock that is ahead, one of
another VLAN, one that speaks as this switch itself, one from a port where hosts are. Each is counted by its name, none
is passed on, and the alarm is told once for each port.''')
    introduce(case)
    tries = [(20, forget(1, 20, key=NEXT_KEY), 'forged'), (21, forget(2, 21)[:-1] + b'\0', 'forged'),
             (22, forget(3, 22, version=2), 'malformed'), (23, forget(4, 23)[:-1], 'malformed'),
             (24, forget(5, 24, reason=9), 'malformed'), (25, forget(6, 25, mac=GROUP), 'malformed'),
             (60, forget(7, 29.999), 'skewed'), (61, forget(8, 91.001), 'skewed'),
             (62, forget(9, 62, vlan=10), 'wrong_bridge'), (63, forget(10, 63, sender='leaf2'), 'own')]
    for seconds, word, _ in tries:
        case.rx(seconds, 'uplink', word)
    case.rx(64, 'server2', forget(11, 64, src=UNKNOWN))
    for port in PORTS:
        case.out(port, 0, ether_type='0x88b5')
    to_vm(case, 65, 'still known', src=PEER, src_ip=PEER_IP, port='server1')
    only(case, 'still known', 'uplink', others=PORTS)
    kinds = [kind for _, _, kind in tries]
    case.report(drops={'foreign-peer': 1}, moves=[], fdb={'contains': [{'mac': VM, 'port': 'uplink'}]},
                neighbors={'contains': [{'ip': VM_IP, 'mac': VM}, {'ip': VM_IP6, 'mac': VM}]},
                alarms=[{'at_ns': '20s', 'kind': 'forget-refused', 'port': 'uplink'},
                        {'at_ns': '64s', 'kind': 'forget-refused', 'port': 'server2'}],
                counters=counted(len(tries), **{kind: kinds.count(kind) for kind in set(kinds)}))
    return case


def replayed():
    case = scene('942-forget-replayed', '''
A word is good once. Played back it changes nothing, however soon; one with a number far behind its sender's newest is
too old to tell; one that was overtaken on its way is good. The numbers of another switch are its own.''')
    first = forget(5000, 20)
    case.rx(20, 'uplink', first)
    introduce(case, 20.5)
    case.rx(21, 'uplink', first)
    case.rx(21.1, 'uplink2', passed_on(first, by='leaf3'))
    case.rx(22, 'uplink', forget(5000 - 1024, 22))
    to_vm(case, 22.5, 'still known', src=PEER, src_ip=PEER_IP, port='server1')
    case.rx(23, 'uplink', forget(4999, 23))
    introduce(case, 24.5)
    case.rx(26, 'uplink', passed_on(forget(5000, 26, sender='leaf3'), by='leaf1'))
    only(case, 'still known', 'uplink', others=PORTS)
    case.out('uplink2', 1, octets=passed_on(first).hex())
    case.out('uplink2', 3, ether_type='0x88b5')
    case.out('uplink', 0, ether_type='0x88b5')
    case.report(drops={}, moves=[], fdb=VM_GONE, neighbors=VM_GONE,
                counters=counted(6, unknown=1, replayed=2, stale=1, applied=2))
    return case


def elsewhere():
    case = scene('943-forget-of-a-host-elsewhere', '''
The VM has moved by the time the word comes that it is gone from behind the uplink: it stays. So does a host at the
other uplink, and one that the configuration pins. The word is passed on all the same: others may not know.''',
                 f'static: [{{mac: "{UNKNOWN}", port: uplink}}]')
    introduce(case)
    from_vm(case, 19, 'server2', 'here')
    case.rx(19.5, 'uplink2', frames.arp_request(OTHER, OTHER_IP, PEER_IP))
    words = [forget(1, 20, age=2), forget(2, 20, mac=OTHER, ips=[OTHER_IP]), forget(3, 20, mac=UNKNOWN, ips=[])]
    for word in words:
        case.rx(20, 'uplink', word)
        case.out('uplink2', 1, octets=passed_on(word).hex())
    to_vm(case, 21, 'to its new place', src=PEER, src_ip=PEER_IP, port='server1')
    only(case, 'to its new place', 'server2', others=PORTS)
    places = {VM: 'server2', OTHER: 'uplink2', UNKNOWN: 'uplink'}
    case.report(drops={}, alarms=[], fdb={'contains': [{'mac': mac, 'port': port} for mac, port in places.items()]},
                neighbors={'contains': [{'ip': VM_IP, 'mac': VM}]}, counters=counted(3, elsewhere=3))
    return case


def newer():
    case = scene('944-forget-and-heard-since', '''
The switch says that it knew the VM for the last time 3 s ago, and the VM was heard behind the same uplink 2 s ago: it
lives behind a third switch there, and stays. When the sender's knowledge is as new as ours it goes; within one second
nobody can tell, and what is forgotten for nothing is only flooded until the host speaks.''')
    introduce(case)
    from_vm(case, 18, 'uplink', 'alive')
    case.rx(20, 'uplink', forget(1, 20, age=3))
    to_vm(case, 21, 'to the third', src=PEER, src_ip=PEER_IP, port='server1')
    case.rx(22.5, 'uplink', forget(2, 22.5, age=4.4))
    to_vm(case, 23, 'to all', src=PEER, src_ip=PEER_IP, port='server1')
    only(case, 'to the third', 'uplink', others=PORTS)
    only(case, 'to all', 'server2', 'uplink', 'uplink2', others=PORTS)
    case.report(drops={}, alarms=[], moves=[], fdb=VM_GONE, neighbors=VM_GONE, counters=counted(2, newer=1, applied=1))
    return case


def told():
    case = scene('945-forget-is-told', '''
An operator makes the switch forget the VM at server2, the VM manager says that another host has left, and the link of
server1 goes down with the peer there. The other switches are told each time, by every trusted port; and, for those that
know no such frames, the gateway asks there for each of the addresses, at once and twice more, a second apart. A host
behind an uplink is for the switch there to speak of: nothing is said of it.''', gateway=True)
    introduce(case, port='server2')
    case.rx(1, 'server2', frames.arp_request(OTHER, OTHER_IP, PEER_IP))
    case.rx(1, 'uplink', frames.arp_request(FAR, FAR_IP, PEER_IP))
    case.expect(until='30s')
    case.hint(10, flush={'mac': VM})
    case.hint(10, flush={'mac': FAR})
    case.hint(14, leave={'bridge': 'tenant', 'mac': OTHER})
    case.hint(18, link={'port': 'server1', 'state': 'down'})
    first = EPOCH + 10 * 10**9
    told = [(10, [VM_IP, VM_IP6], forget(first, 10, ips=[VM_IP, VM_IP6], sender='leaf2', port='server2',
                                         reason=FLUSHED)),
            (14, [OTHER_IP], forget(first + 1, 14, mac=OTHER, ips=[OTHER_IP], sender='leaf2', port='server2',
                                    reason=LEFT)),
            (18, [PEER_IP], forget(first + 2, 18, mac=PEER, ips=[PEER_IP], sender='leaf2', port='server1',
                                   reason=LINK_DOWN))]
    for port in PORTS:
        hears = int(port.startswith('uplink'))
        case.out(port, 3 * hears, ether_type='0x88b5')
        for seconds, ips, word in told:
            case.out(port, hears, octets=word.hex(), since=f'{seconds}s', until=f'{seconds}.000000001s')
            question = frames.arp_request(GATEWAY, GATEWAY_IP, ips[0])
            for at in range(seconds, seconds + 3):
                case.out(port, hears, octets=question.hex(), since=f'{at}s', until=f'{at}.000000001s')
            case.out(port, 3 * hears, octets=question.hex())
        case.out(port, 0, op=1, tpa=FAR_IP, since='2s')
    case.report(drops={}, alarms=[{'kind': 'link-down'}], fdb={'absent': [{'mac': VM}, {'mac': OTHER}]},
                counters={'forgets_sent': 3, 'forgets_not_sent': 0, 'forgets_asked': 12, **counted(0)})
    return case


def heard_again():
    case = scene('946-forgotten-and-heard-again', '''
The questions end when the host is heard, wherever it is: here behind an uplink, which brought it the question.''',
                 gateway=True)
    introduce(case, port='server2')
    case.expect(until='30s')
    case.hint(10, flush={'mac': VM})
    case.rx(10.5, 'uplink', frames.arp_reply(VM, VM_IP, GATEWAY, GATEWAY_IP))
    case.out('uplink', 1, op=1, tpa=VM_IP, src=GATEWAY)
    case.report(drops={}, alarms=[], moves=[], fdb={'contains': [{'mac': VM, 'port': 'uplink'}]},
                counters={'forgets_sent': 1, 'forgets_asked': 2})
    return case


def paced():
    case = scene('947-forget-is-no-storm', '''
Forty hosts go at once, and ten words a second are allowed: ten go at once, and the others follow a tenth of a second
apart; so do the questions, which are asked without an address where there is no gateway. Nothing is lost.''',
                 forget_more=', rate: 10/s')
    hosts = [(f'52:54:00:00:01:{n:02x}', f'10.9.0.{100 + n}') for n in range(40)]
    for mac, address in hosts:
        case.rx(0, 'server2', frames.arp_request(mac, address, PEER_IP))
        case.hint(10, flush={'mac': mac})
    case.expect(until='60s')
    for port in 'uplink', 'uplink2':
        case.out(port, 10, ether_type='0x88b5', since='10s', until='10.000000001s')
        case.out(port, 10, ether_type='0x88b5', since='10.01s', until='11.01s')
        case.out(port, 40, ether_type='0x88b5')
        case.out(port, 10, op=1, spa='0.0.0.0', since='13s', until='14s')
        case.out(port, 120, op=1, spa='0.0.0.0')
    case.report(drops={}, alarms=[], counters={'forgets_sent': 40, 'forgets_not_sent': 0, 'forgets_asked': 120})
    return case


def on_a_trunk():
    lines = ['ports: {server1: {}, uplink: {}, uplink2: {}}',
             f'forget: {{switch: leaf2, key: "{NEXT_KEY.hex()}"}}', 'bridges:']
    for vlan in 10, 20:
        lines += [f'  tenant{vlan}:', f'    vlan: {vlan}',
                  f'    ports: [{"server1, " if vlan == 10 else ""}{{port: uplink, tagged: true, trusted: true}}, '
                  '{port: uplink2, tagged: true, trusted: true}]']
    case = Case('948-forget-on-a-trunk', '''
On a trunk a word is about the VLAN of its tag, and says so itself: one that somebody puts into another VLAN is not
believed. The same MAC in the other VLAN stays. A customer's own, behind a second tag, is passed like any frame.''',
                '\n'.join(lines) + '\n')
    for vlan in 10, 20:
        case.rx(0, 'uplink', frames.tag(frames.arp_request(VM, VM_IP, PEER_IP), vlan))
    case.rx(1, 'uplink', frames.tag(forget(1, 1, vlan=20, key=NEXT_KEY), 10))
    inner = frames.tag(frames.tag(forget(2, 2, vlan=10, key=NEXT_KEY), 10), 10)
    case.rx(2, 'uplink', inner)
    word = frames.tag(forget(3, 3, vlan=10, key=NEXT_KEY), 10)
    case.rx(3, 'uplink', word)
    case.out('uplink2', 1, octets=inner.hex())
    case.out('uplink2', 1, octets=frames.tag(passed_on(word[:12] + word[16:]), 10).hex())
    case.out('uplink2', 2, ether_type='0x88b5')
    case.report(drops={}, fdb=[{'bridge': 'tenant20', 'mac': VM, 'port': 'uplink'},
                               {'bridge': 'tenant10', 'mac': switch_mac('leaf1')}],
                counters=counted(2, wrong_bridge=1, applied=1))
    return case


def without_a_key():
    case = Case('949-forget-without-a-key', '''
A switch that is not told to talk with others passes their words like any frame, by every port, and believes none.''',
                '''
ports: {server1: {}, server2: {}, uplink: {}, uplink2: {}}
bridges:
  tenant:
    ports: [server1, server2, {port: uplink, trusted: true}, {port: uplink2, trusted: true}]
''')
    introduce(case)
    word = forget(1, 20)
    case.rx(20, 'uplink', word)
    for port in PORTS:
        case.out(port, int(port != 'uplink'), octets=word.hex())
    case.report(drops={}, alarms=[], fdb={'contains': [{'mac': VM, 'port': 'uplink'}]}, counters=counted(0))
    return case


def make():
    return [believed(), not_believed(), replayed(), elsewhere(), newer(), told(), heard_again(), paced(), on_a_trunk(),
            without_a_key()]
