#!/usr/bin/python3
"""Two switches: what one sends by its uplink is what the other receives by its own, one replay after the other.

    forget_test.py GODWIT        prints 'N passed, N failed' as its last line
"""

import json
import sys

from cli import START, VM, CliTest, captures, frames, main, record

KEY = '0f' * 32
GROUP = frames.mac('03:67:6f:64:77:74')
VM_IP, PEER_IP = '10.9.0.2', '10.9.0.1'
CONFIG = '''\
ports: {{server1: {{}}, server2: {{}}, uplink: {{}}}}
forget: {{switch: {name}, key: "{key}"}}
bridges:
  tenant: {{ports: [server1, server2, {{port: uplink, trusted: true}}]}}
'''


def delayed(records, seconds):
    return [(stamp + seconds * 10**9, octets, length) for stamp, octets, length in records]


class Forget(CliTest):
    def replay(self, name, received, hints='', key=KEY):
        """The switch of that name receives; returns what its uplink sent, and its report."""
        where = self.directory / name
        where.mkdir(exist_ok=True)
        (where / 'config.yaml').write_text(CONFIG.format(name=name, key=key))
        (where / 'hints.yaml').write_text(hints)
        inputs = []
        for port, records in received.items():
            path = where / f'in-{port}.pcap'
            path.write_bytes(captures.pcap_bytes(sorted(records, key=lambda one: one[0]), nanosecond=True))
            inputs += ['--in', f'{port}={path}']
        code, _, errors = self.godwit('replay', where / 'config.yaml', *inputs, '--hints', where / 'hints.yaml',
                                      '--until', '20s', '--out', where / 'out', '--report', where / 'report.json')
        self.assertEqual((code, errors), (0, ''))
        sent = captures.read_pcap((where / 'out/uplink.pcap').read_bytes())
        return sent, json.loads((where / 'report.json').read_text())

    def leave(self, seconds=10):
        """What the switch sends where the VM is, and is forgotten then: its words, and the rest."""
        sent, report = self.replay('leaf1', {'server1': [record(0, frames.arp_request(VM, VM_IP, PEER_IP))]},
                                   f'- {{at: {seconds}s, flush: {{mac: "{VM}"}}}}\n')
        self.assertEqual(report['counters']['forgets_sent'], 1)
        words = [one for one in sent if one[1].startswith(GROUP)]
        self.assertEqual([one[0] - START for one in words], [seconds * 10**9])
        return words, [one for one in sent if one not in words]

    def remote(self, from_uplink, from_server2=(), **more):
        _, report = self.replay('leaf2', {'uplink': from_uplink, 'server2': list(from_server2)}, **more)
        places = {host['mac']: host['port'] for host in report['fdb']}
        addresses = {host['ip']: host['mac'] for host in report['neighbors']}
        return places.get(VM), addresses.get(VM_IP), report['counters']

    def test_it_is_gone_there_too(self):
        words, rest = self.leave()
        place, address, counters = self.remote(rest)
        self.assertEqual((place, address), ('uplink', VM))
        place, address, counters = self.remote(rest + words)
        self.assertEqual((place, address), (None, None))
        self.assertEqual((counters['forgets_received'], counters['forgets_applied']), (1, 1))

    def test_replayed_it_does_nothing(self):
        words, rest = self.leave()
        back = record(12, frames.arp_request(VM, VM_IP, PEER_IP))
        place, address, counters = self.remote(rest + words + [back] + delayed(words, 5))
        self.assertEqual((place, address), ('uplink', VM))
        self.assertEqual((counters['forgets_applied'], counters['forgets_replayed']), (1, 1))

    def test_kept_back_it_does_nothing(self):
        words, rest = self.leave()
        _, address, counters = self.remote(rest + delayed(words, 31))
        self.assertEqual(address, VM)
        self.assertEqual((counters['forgets_applied'], counters['forgets_skewed']), (0, 1))

    def test_a_stale_number_does_nothing(self):
        """An older word that comes behind a newer one: the numbers of a switch are its clock's at its first word."""
        words, rest = self.leave(10)
        newer, _ = self.leave(12)
        back = record(13, frames.arp_request(VM, VM_IP, PEER_IP))
        place, _, counters = self.remote(rest + newer + [back] + delayed(words, 4))
        self.assertEqual(place, 'uplink')
        self.assertEqual((counters['forgets_applied'], counters['forgets_stale']), (1, 1))

    def test_forged_it_does_nothing(self):
        words, rest = self.leave()
        (stamp, octets, length), = words
        for at in 14, 19, 29, 37, 45, 49, 53, 57, 65, 69, length - 1:  # an octet of each field
            forged = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]
            place, _, counters = self.remote(rest + [(stamp, forged, length)])
            self.assertEqual((place, counters['forgets_applied']), ('uplink', 0), at)
        place, _, counters = self.remote(rest + words, key='f0' * 32)
        self.assertEqual((place, counters['forgets_forged']), ('uplink', 1))

    def test_a_host_that_moved_stays(self):
        words, rest = self.leave()
        here = record(9.9, frames.garp_request(VM, VM_IP))
        place, address, counters = self.remote(rest + words, [here])
        self.assertEqual((place, address), ('server2', VM))
        self.assertEqual((counters['forgets_applied'], counters['forgets_elsewhere']), (0, 1))

    def test_the_question_finds_a_host_that_lives(self):
        """A switch that knows no FORGET hears the question, the host answers, and its place is known again."""
        _, rest = self.leave()  # the VM is silent from then on
        questions = [one for one in rest if one[0] >= START + 10 * 10**9]
        self.assertEqual([one[0] - START for one in questions], [n * 10**9 for n in (10, 11, 12)])
        for _, octets, _ in questions:
            self.assertEqual(octets[:6] + octets[12:14], b'\xff' * 6 + b'\x08\x06')
            self.assertEqual(octets[38:42], frames.ip(VM_IP))


if __name__ == '__main__':
    sys.exit(main(__name__, __doc__))
