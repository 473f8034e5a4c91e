#!/usr/bin/python3
"""The API of a godwit that runs: every path, wrong input of every kind, many requests, and slow clients.

    api_test.py GODWIT        prints 'N passed, N failed' as its last line. Wants no privilege.
"""

import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import unittest

import jsonschema
import yaml
from cli import PEER, VM, CliTest, captures, frames, hello, main, record
from daemon import EAL, TIMEOUT, Daemon, UnixConnection, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENAPI = yaml.safe_load((ROOT / 'docs/schema/godwit-openapi.yaml').read_text())

CONFIG = '''\
ports:
  server1: {{device: "net_pcap0,rx_pcap={pcap}"}}
  server2: {{device: "net_null1,no-rx=1"}}
  uplink: {{device: "net_null2,no-rx=1"}}
bridges:
  tenant:
    vlan: 10
    ports: [server1, server2, {{port: uplink, tagged: true, trusted: true}}]
    gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}
    static: [{{mac: "52:54:00:00:00:09", port: server2, ip: 10.9.0.9}}]
  other: {{ports: [uplink]}}
'''


def checked(method, path, status, body):
    """The body, which is what the OpenAPI file says of this answer."""
    operation = OPENAPI['paths'][path][method.lower()]
    response = operation['responses'].get(str(status), operation['responses'].get('default'))
    if '$ref' in response:
        response = OPENAPI['components']['responses'][response['$ref'].rsplit('/', 1)[1]]
    schema = response['content']['application/json']['schema']
    value = json.loads(body)
    jsonschema.Draft202012Validator({**schema, 'components': OPENAPI['components']}).validate(value)
    return value


class ApiTest(CliTest):
    control = ''

    def setUp(self):
        super().setUp()
        pcap = self.file('frames.pcap', captures.pcap_bytes([record(0, hello()), record(0, b'runt')]))
        self.daemon = Daemon(self.program, self.directory, CONFIG.format(pcap=pcap),
                             self.control or ', captures: /dev/null/captures')
        self.addCleanup(self.daemon.stop)
        # Where it is, a worker writes; its address, control hears of.
        self.wait_for(lambda: any(host['ips'] for host in self.fdb(f'?mac={VM}')))
        self.wait_for(lambda: self.ask('GET', '/v1/stats')['drops'])

    def wait_for(self, what):
        end = time.monotonic() + TIMEOUT
        while not what():
            self.assertLess(time.monotonic(), end, self.daemon.said())
            time.sleep(0.01)

    def ask(self, method, target, body=None, status=200, path=None):
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        got, answer = self.daemon.request(method, target, body)
        self.assertEqual(got, status, (target, answer))
        return checked(method, path or target.split('?')[0], got, answer)

    def fdb(self, query=''):
        return self.ask('GET', '/v1/fdb' + query)['fdb']

    def hint(self, kind, status=200, **body):
        return self.ask('POST', f'/v1/hints/{kind}', {'bridge': 'tenant', 'mac': VM, **body}, status)


class Showing(ApiTest):
    def test_every_list_is_as_the_openapi_file_says(self):
        self.hint('prepare', to='server2')
        self.hint('commit', to='server2')
        self.hint('resume', status=409)
        for path in OPENAPI['paths']:
            content = OPENAPI['paths'][path].get('get', {}).get('responses', {}).get('200', {}).get('content', {})
            if 'application/json' in content:
                with self.subTest(path):
                    self.ask('GET', path)
        self.assertEqual(self.ask('GET', '/v1/moves')['moves'][0]['evidence'], 'hint')
        self.assertEqual(self.ask('GET', '/v1/alarms')['alarms'][0]['kind'], 'hint-refused')

    def test_hosts_are_shown_with_their_addresses(self):
        host = self.fdb(f'?mac={VM}&port=server1')[0]
        self.assertEqual((host['class'], host['state'], host['ips']), ('learned', 'bound', ['10.9.0.2']))
        self.assertEqual(self.ask('GET', '/v1/neighbors?ip=10.9.0.2')['neighbors'][0]['mac'], VM)
        self.assertEqual({host['mac'] for host in self.fdb()}, {VM, '52:54:00:00:00:09'})

    def test_pages_show_everything_once(self):
        seen, cursor = [], 0
        while cursor is not None:
            page = self.ask('GET', f'/v1/fdb?limit=1&cursor={cursor}')
            seen += [host['mac'] for host in page['fdb']]
            cursor = page['next']
        self.assertEqual(sorted(seen), [VM, '52:54:00:00:00:09'])

    def test_counts_are_the_ports(self):
        port = self.ask('GET', '/v1/ports?port=server1')['ports'][0]
        self.assertEqual((port['rx'], port['drops']), (2, {'runt': 1}))
        self.assertEqual(port['device'].split(',')[0], 'net_pcap0')
        self.assertEqual(self.ask('GET', '/v1/stats')['drops'], {'runt': 1})
        self.assertEqual(self.ask('GET', '/v1/version')['pid'], self.daemon.process.pid)

    def test_the_socket_is_its_owners_and_groups_and_goes_with_it(self):
        self.assertEqual(stat.S_IMODE(self.daemon.socket.stat().st_mode), 0o660)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertFalse(self.daemon.socket.exists())


class Changing(ApiTest):
    def test_a_host_is_pinned_and_let_go(self):
        host = {'bridge': 'tenant', 'mac': PEER, 'port': 'uplink', 'ip': '10.9.0.1'}
        self.assertTrue(self.ask('POST', '/v1/fdb', host)['changed'])
        self.assertFalse(self.ask('POST', '/v1/fdb', host)['changed'])
        self.assertEqual(self.fdb('?class=static&port=uplink')[0]['ips'], ['10.9.0.1'])
        self.ask('DELETE', f'/v1/fdb?bridge=tenant&mac={PEER}')
        self.assertEqual(self.fdb(f'?mac={PEER}'), [])
        self.ask('DELETE', f'/v1/fdb?bridge=tenant&mac={PEER}', status=404)
        self.ask('DELETE', '/v1/fdb?bridge=tenant&mac=52:54:00:00:00:09', status=409)

    def test_flushes_forget_what_was_learned(self):
        self.ask('POST', '/v1/neighbors/flush', {'bridge': 'tenant', 'family': 'ipv4'})
        self.assertEqual(len(self.ask('GET', '/v1/neighbors')['neighbors']), 1)
        self.assertEqual(len(self.fdb(f'?mac={VM}')), 1)
        self.ask('POST', '/v1/fdb/flush')
        self.assertEqual([host['class'] for host in self.fdb()], ['static'])
        self.ask('POST', '/v1/hints/flush', {'port': 'server1'})

    def test_a_migration_by_hints(self):
        self.hint('prepare', **{'from': 'server1', 'to': 'server2', 'ttl': '60s'})
        self.assertEqual(self.fdb(f'?mac={VM}')[0]['state'], 'migrating')
        self.hint('suspend')
        self.hint('commit', to='server2', generation=7)
        self.hint('commit', to='server1', generation=7, status=409)
        self.assertEqual(self.fdb(f'?mac={VM}')[0]['port'], 'server2')
        self.hint('prepare', to='server1')
        self.hint('cancel')
        self.hint('suspend')
        self.hint('resume')
        self.hint('leave')
        self.assertEqual(self.fdb(f'?mac={VM}'), [])
        self.ask('POST', '/v1/hints/announce', {'bridge': 'tenant'})
        self.ask('POST', '/v1/hints/link', {'port': 'server2', 'state': 'down'})

    def test_a_configuration_is_checked(self):
        self.assertTrue(self.ask('POST', '/v1/config/check', 'ports: {p1: {}}')['ok'])
        bad = self.ask('POST', '/v1/config/check', 'ports: {p1: {quues: 1}}')
        self.assertEqual((bad['ok'], bad['errors'][0]['line']), (False, 1))


class Reloading(ApiTest):
    def write(self, change):
        path = self.daemon.config
        path.write_text(change(path.read_text()))

    def test_a_configuration_is_reloaded(self):
        pinned = '52:54:00:00:00:0a'
        self.write(lambda text: text.replace('52:54:00:00:00:09', pinned))
        self.assertEqual(self.ask('POST', '/v1/config/reload')['reloaded'], True)
        self.assertEqual({host['mac'] for host in self.fdb()}, {VM, pinned})
        self.write(lambda text: text.replace(pinned, '52:54:00:00:00:09'))
        self.daemon.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: {host['mac'] for host in self.fdb()} == {VM, '52:54:00:00:00:09'})

    def test_a_wrong_configuration_changes_nothing(self):
        before = self.fdb()
        self.write(lambda text: text.replace('52:54:00:00:00:09', 'no mac') + 'nonsense: 1\n')
        refused = self.ask('POST', '/v1/config/reload', status=409)
        self.assertEqual(len(refused['errors']), 2, refused)
        self.assertEqual([host['mac'] for host in self.fdb()], [host['mac'] for host in before])

    def test_what_needs_a_restart_is_named(self):
        self.write(lambda text: text + 'workers: {burst: 8}\n')
        refused = self.ask('POST', '/v1/config/reload', status=409)
        self.assertIn('workers needs a restart', refused['what'])
        self.assertIn('workers needs a restart', self.daemon.said())

    def reload(self, change, status=200):
        self.write(change)
        return self.ask('POST', '/v1/config/reload', status=status)

    def names(self, what):
        return [one['name'] for one in self.ask('GET', f'/v1/{what}')[what]]

    def test_ports_and_bridges_come_and_go(self):
        pcap = self.file('guest.pcap', captures.pcap_bytes([record(0, frames.other(VM, PEER, 'guest'))]))
        guest = f'  guest: {{device: "net_pcap5,rx_pcap={pcap}"}}\n'
        bridge = '  third: {ports: [guest], gateway: {mac: "02:00:5e:10:00:03", addresses: [10.3.0.1/24]}}\n'
        for _ in range(3):  # a device is let go, and opened again
            self.reload(lambda text: text.replace('ports:\n', 'ports:\n' + guest, 1))
            self.reload(lambda text: text.replace('bridges:\n', 'bridges:\n' + bridge, 1))
            self.assertEqual(self.names('ports'), ['server1', 'server2', 'uplink', 'guest'])
            self.assertEqual(self.names('bridges'), ['tenant', 'other', 'third'])
            self.wait_for(lambda: self.ask('GET', '/v1/ports?port=guest')['ports'][0]['rx'])
            self.assertIn('port guest is up', self.daemon.said())
            self.reload(lambda text: text.replace(guest, '').replace(bridge, ''))
            self.assertEqual(self.names('ports'), ['server1', 'server2', 'uplink'])
            self.assertEqual(self.names('bridges'), ['tenant', 'other'])
            self.ask('GET', '/v1/ports?port=guest', status=400)
            self.assertEqual({host['port'] for host in self.fdb()}, {'server1', 'server2'})
        self.assertEqual(self.ask('GET', '/v1/ports?port=server1')['ports'][0]['rx'], 2)

    def test_hosts_end_with_their_ports_membership(self):
        self.hint('prepare', to='uplink')
        self.hint('commit', to='uplink')
        self.ask('POST', '/v1/fdb', {'bridge': 'tenant', 'mac': PEER, 'port': 'uplink', 'ip': '10.9.0.1'})
        self.reload(lambda text: text.replace(', {port: uplink, tagged: true, trusted: true}', ''))
        self.assertEqual([host['mac'] for host in self.fdb('?bridge=tenant')], ['52:54:00:00:00:09'])
        self.assertEqual([one['ip'] for one in self.ask('GET', '/v1/neighbors')['neighbors']], ['10.9.0.9'])
        self.ask('POST', '/v1/hints/prepare', {'bridge': 'tenant', 'mac': VM, 'to': 'uplink'}, status=400)

    def test_a_port_gets_another_device(self):
        self.reload(lambda text: text.replace('net_null1,no-rx=1', 'net_null7,no-rx=1').replace(
            'net_null2,no-rx=1"', 'net_null2,no-rx=1", mtu: 1400'))
        ports = self.ask('GET', '/v1/ports')['ports']
        self.assertEqual([(port['name'], port['device'], port['link']) for port in ports[1:]],
                         [('server2', 'net_null7,no-rx=1', 'up'), ('uplink', 'net_null2,no-rx=1', 'up')])
        self.assertEqual(ports[2]['mtu'], 1400)
        # Two ports change devices with each other.
        self.reload(lambda text: text.replace('net_null7', 'X').replace('net_null2', 'net_null7').replace(
            'X', 'net_null2').replace(', mtu: 1400', ''))
        self.assertEqual([port['device'][:9] for port in self.ask('GET', '/v1/ports')['ports'][1:]],
                         ['net_null2', 'net_null7'])
        self.assertEqual({host['mac'] for host in self.fdb()}, {VM, '52:54:00:00:00:09'})

    def test_a_device_that_cannot_be_opened_changes_nothing(self):
        refused = self.reload(lambda text: text.replace(
            'ports:\n', 'ports:\n  new: {device: "net_pcap9,rx_pcap=/nowhere"}\n', 1), status=409)
        self.assertIn("port 'new'", refused['what'])
        self.assertEqual(refused['hint'], 'nothing has changed')
        self.assertEqual(self.names('ports'), ['server1', 'server2', 'uplink'])

    def test_a_port_whose_new_device_does_not_open_has_none_until_it_does(self):
        good = self.daemon.config.read_text()
        refused = self.reload(lambda text: text.replace('net_null1,no-rx=1', 'net_null1,nothing=1'), status=409)
        self.assertIn("port 'server2'", refused['what'])
        port = self.ask('GET', '/v1/ports?port=server2')['ports'][0]
        self.assertEqual((port['link'], port['device']), ('down', 'net_null1,nothing=1'))
        # It stops nothing else meanwhile.
        refused = self.reload(lambda text: text.replace('vlan: 10', 'vlan: 10\n    aging: 77s'), status=409)
        self.assertIn("port 'server2'", refused['what'])
        self.assertIn('all the rest of it is done', refused['hint'])
        self.assertEqual(self.ask('GET', '/v1/bridges?bridge=tenant')['bridges'][0]['aging_ns'], 77 * 10**9)
        refused = self.reload(lambda text: text.replace('net_null1,nothing=1', 'net_null2,no-rx=1'), status=409)
        self.assertIn("is that of port 'uplink'", refused['what'])
        self.reload(lambda _: good)
        self.assertEqual(self.ask('GET', '/v1/ports?port=server2')['ports'][0]['link'], 'up')

    def test_a_little_more_to_hold_needs_a_few_buffers_more(self):
        self.reload(lambda text: text.replace('vlan: 10', 'vlan: 10\n    moves: {hold: {frames: 4100}}'))

    def test_a_host_does_not_move_to_a_port_that_is_gone(self):
        self.hint('prepare', to='uplink', ttl='60s')
        self.assertEqual(self.fdb(f'?mac={VM}')[0]['state'], 'migrating')
        self.reload(lambda text: text.replace(', {port: uplink, tagged: true, trusted: true}', ''))
        host = self.fdb(f'?mac={VM}')[0]
        self.assertEqual((host['port'], host['state'], host['other']), ('server1', 'bound', None))
        alarm = self.ask('GET', '/v1/alarms')['alarms'][-1]
        self.assertEqual((alarm['kind'], alarm['mac']), ('hint-expired', VM))
        self.hint('prepare', to='server2')
        self.hint('commit', to='server2')

    def test_a_gateways_mac_becomes_a_hosts_and_the_other_way_round(self):
        gateway = 'gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}'
        static = 'static: [{mac: "52:54:00:00:00:09", port: server2, ip: 10.9.0.9}]'
        self.reload(lambda text: text.replace(gateway, '').replace('52:54:00:00:00:09', '02:00:5e:10:00:01'))
        self.assertEqual([host['port'] for host in self.fdb('?mac=02:00:5e:10:00:01')], ['server2'])
        self.assertEqual(self.ask('GET', '/v1/neighbors?ip=10.9.0.9')['neighbors'][0]['mac'], '02:00:5e:10:00:01')
        time.sleep(1.1)  # when a gateway that is gone would be announced again
        self.reload(lambda text: text.replace('vlan: 10', 'vlan: 10\n    ' + gateway).replace(
            static.replace('52:54:00:00:00:09', '02:00:5e:10:00:01'), static))
        self.assertEqual({host['mac'] for host in self.fdb()}, {VM, '52:54:00:00:00:09'})
        self.ask('DELETE', '/v1/fdb?bridge=tenant&mac=02:00:5e:10:00:01', status=409)

    def test_a_port_that_comes_without_a_guest_is_down_and_no_alarm(self):
        guest = f'  guest: {{device: "vhost:{self.directory}/guest"}}\n'
        for _ in range(2):
            self.reload(lambda text: text.replace('ports:\n', 'ports:\n' + guest, 1))
            self.assertEqual(self.ask('GET', '/v1/ports?port=guest')['ports'][0]['link'], 'down')
            self.assertTrue((self.directory / 'guest').is_socket())
            time.sleep(0.3)  # links are looked at meanwhile
            self.reload(lambda text: text.replace(guest, ''))
            self.assertFalse((self.directory / 'guest').exists())
        self.assertEqual(self.ask('GET', '/v1/alarms')['alarms'], [])

    def test_a_port_is_switched_off_and_on(self):
        for enabled in 'false', 'true':
            self.reload(lambda text: re.sub(r'(net_null2,no-rx=1")[^}]*', rf'\1, enabled: {enabled}', text))
            down = enabled == 'false'
            members = self.ask('GET', '/v1/bridges?bridge=other')['bridges'][0]['ports']
            self.assertEqual(len(members), 0 if down else 1)
            alarms = self.ask('GET', '/v1/alarms')['alarms']
            self.assertEqual([(alarm['kind'], alarm['port'], alarm['bridge']) for alarm in alarms],
                             [('link-down', 'uplink', None)])

    def test_a_bridge_that_comes_has_its_own_hosts(self):
        self.reload(lambda text: text.replace('bridges:\n', '''bridges:
  new:
    ports: [{port: server1, tagged: true}]
    vlan: 77
    gateway: {mac: "02:00:5e:10:00:07", addresses: [10.7.0.254/24]}
    static: [{mac: "52:54:00:00:00:07", port: server1, ip: 10.7.0.7}]
''', 1))
        self.assertEqual([host['mac'] for host in self.fdb('?bridge=new')], ['52:54:00:00:00:07'])

    def test_a_port_without_a_device_changes_nothing(self):
        refused = self.reload(lambda text: text.replace('ports:\n', 'ports:\n  bare: {}\n', 1), status=409)
        self.assertIn('ports without a device: bare', refused['what'])
        self.assertEqual(self.names('ports'), ['server1', 'server2', 'uplink'])

    def test_a_trace_of_a_port_ends_with_it(self):
        self.ask('POST', '/v1/trace/start', {'port': 'uplink', 'frames': 5, 'time': '60s'})
        self.reload(lambda text: text.replace('  uplink: {', '  up: {').replace('uplink', 'up'))
        self.assertFalse(self.ask('GET', '/v1/trace')['trace']['running'])

    def test_more_ports_than_there_is_room_for_change_nothing(self):
        more = ''.join(f'  p{n}: {{device: "net_null1{n},no-rx=1"}}\n' for n in range(9))
        refused = self.reload(lambda text: text.replace('ports:\n', 'ports:\n' + more, 1), status=409)
        self.assertIn('ports.p8 (memory.ports has room for 11)', refused['what'])
        self.assertEqual(len(self.names('ports')), 3)

    def test_metrics_name_the_ports_that_are_there(self):
        def ports():
            text = self.daemon.request('GET', '/metrics')[1].decode()
            return set(re.findall(r'godwit_port_up{port="([^"]*)"}', text))
        self.assertEqual(ports(), {'server1', 'server2', 'uplink'})
        self.reload(lambda text: text.replace('ports:\n', 'ports:\n  new: {device: "net_null8,no-rx=1"}\n', 1))
        self.assertEqual(ports(), {'server1', 'server2', 'uplink', 'new'})


class Refusing(ApiTest):
    def refused(self, method, target, status, words, body=None, path='/v1/fdb'):
        with self.subTest(f'{method} {target} {body}'):
            got, answer = self.daemon.request(method, target, body)
            self.assertEqual(got, status, answer)
            error = checked('get', path, 'default', answer)
            self.assertIn(words, error['what'] + ' ' + error['hint'])

    def test_wrong_input_of_every_kind(self):
        good = f'"bridge": "tenant", "mac": "{VM}"'
        for args in [
            ('GET', '/v2/fdb', 404, '/v1/fdb'),
            ('GET', '/v1/neighbours', 404, 'did you mean /v1/neighbors?'),
            ('PATCH', '/v1/fdb', 405, 'GET, POST, DELETE'),
            ('POST', '/v1/stats', 405, 'GET', '{}'),
            ('GET', '/v1/hints/prepare', 405, 'POST'),
            ('POST', '/v1/hints/preparee', 404, "did you mean 'prepare'?", '{}'),
            ('GET', '/v1/fdb?prot=server1', 400, "did you mean 'port'?"),
            ('GET', '/v1/fdb?port=sever1', 400, "did you mean 'server1'?"),
            ('GET', '/v1/fdb?mac=zz', 400, 'is not a MAC address'),
            ('GET', '/v1/fdb?mac=01:00:5e:00:00:01', 400, 'group address'),
            ('GET', '/v1/fdb?limit=-1', 400, 'limit'),
            ('GET', '/v1/fdb?limit=99999999999999999999', 400, 'limit'),
            ('GET', '/v1/fdb?cursor=x', 400, 'cursor'),
            ('GET', '/v1/fdb?state=%00', 400, 'cannot be read'),
            ('GET', '/v1/fdb?state=%zz', 400, 'cannot be read'),
            ('GET', '/v1/fdb?%ff=%ff', 400, 'unknown key'),
            ('GET', '/v1/neighbors?ip=10.9.0.256', 400, 'is not an IP address'),
            ('GET', '/v1/events?only=mov', 400, "did you mean 'move'?"),
            ('POST', '/v1/fdb', 400, 'missing', ''),
            ('POST', '/v1/fdb', 400, 'expected a map', '"x"'),
            ('POST', '/v1/fdb', 400, '', '{' + good),
            ('POST', '/v1/fdb', 400, 'given twice', '{%s, "bridge": "tenant", "port": "server1"}' % good),
            ('POST', '/v1/fdb', 400, 'unknown key', '{%s, "port": "server1", "pot": 1}' % good),
            ('POST', '/v1/fdb', 400, '', '[' * 1000),
            ('POST', '/v1/fdb', 400, 'UTF-8', b'\xff\xfe\x00'),
            ('POST', '/v1/fdb', 409, 'not in bridge', '{"bridge": "other", "mac": "%s", "port": "server1"}' % VM),
            ('POST', '/v1/fdb', 409, "gateway's", '{"bridge": "tenant", "mac": "02:00:5e:10:00:01", "port": "server1"}'),
            ('POST', '/v1/hints/prepare', 400, 'to', '{%s}' % good),
            ('POST', '/v1/hints/prepare', 400, 'ttl', '{%s, "to": "server2", "ttl": 60}' % good),
            ('POST', '/v1/hints/prepare', 400, 'one host', '{"bridge": "tenant", "to": "server2"}'),
            ('POST', '/v1/hints/commit', 400, "did you mean 'server2'?", '{%s, "to": "server22"}' % good),
            ('POST', '/v1/hints/resume', 409, 'does not stand still', '{%s}' % good),
            ('POST', '/v1/hints/suspend', 409, 'not known', '{"bridge": "tenant", "mac": "%s"}' % PEER),
            ('POST', '/v1/hints/flush', 400, 'names nothing', '{}'),
            ('POST', '/v1/hints/announce', 400, 'has no gateway', '{"bridge": "other"}'),
            ('POST', '/v1/trace/start', 400, "did you mean 'frames'?", '{"frame": 1}'),
            ('POST', '/v1/trace/start', 400, 'frames', '{"frames": 1001}'),
            ('POST', '/v1/trace/start', 400, 'one of the two', '{"mac": "%s", "ip": "10.9.0.2"}' % VM),
            ('POST', '/v1/pcap/start', 400, 'file', '{}'),
            ('POST', '/v1/pcap/start', 400, "did you mean 'drops'?", '{"file": "x", "what": "drop"}'),
            ('POST', '/v1/pcap/start', 400, 'no plain name', '{"file": "../x"}'),
            ('POST', '/v1/pcap/start', 409, 'control.captures', '{"file": "x"}'),
            ('POST', '/v1/pcap/stop', 409, 'no capture runs', '{}'),
            ('POST', '/v1/config/check', 413, '', b'#' * (3 << 20)),
        ]:
            self.refused(*args)
        self.ask('GET', '/v1/stats')  # it lives

    def raw(self, octets, wait=True):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(str(self.daemon.socket))
            try:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                return client.makefile('rb').read() if wait else b''
            except ConnectionError:
                return b''

    def test_what_is_no_http(self):
        for octets in b'hello\r\n\r\n', b'GET /\r\n\r\n', b'\x16\x03\x01\x02\x00' * 50, b'GET / HTTP/1.1\r\n: x\r\n\r\n':
            self.assertIn(b' 400 ', self.raw(octets).split(b'\r\n')[0])
        self.assertIn(b' 431 ', self.raw(b'GET / HTTP/1.1\r\nx: ' + b'y' * 20000 + b'\r\n\r\n').split(b'\r\n')[0])
        for octets in b'', b'GET', b'POST /v1/fdb HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc':
            self.raw(octets, wait=False)
        self.ask('GET', '/v1/stats')

    def test_a_body_in_chunks_will_do(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.daemon.socket))
            client.sendall(b'POST /v1/fdb/flush HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
                           b'7\r\nbridge:\r\n7\r\n tenant\r\n0\r\n\r\n')
            self.assertIn(b'200 OK', client.recv(100))

    def test_too_many_connections_are_turned_away_and_it_recovers(self):
        clients = []
        for _ in range(200):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(self.daemon.socket))
            clients.append(client)
        last = clients[-1].makefile('rb').readline()
        self.assertIn(b'503', last)
        for client in clients:
            client.close()
        self.wait_for(lambda: self.raw(b'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').startswith(
            b'HTTP/1.1 200'))


def start_busy(test):
    """A godwit with traffic at full speed: what is for a host at b, and what its sender may not send from a."""
    back = bytes.fromhex(VM.replace(':', '') + PEER.replace(':', '')) + b'\x88\xb5' + bytes(46)
    there = bytes.fromhex(PEER.replace(':', '') + VM.replace(':', '')) + b'\x88\xb5' + bytes(46)
    pcap = test.file('traffic.pcap', captures.pcap_bytes([record(0, there), record(0, back)] * 16))
    test.text = f'''\
ports:
  a: {{device: "net_pcap0,rx_pcap={pcap},infinite_rx=1"}}
  b: {{device: "net_null0,no-rx=1"}}
bridges: {{lan: {{ports: [a, b], static: [{{mac: "{PEER}", port: b}}, {{mac: "{VM}", port: a}}]}}}}
'''
    test.daemon = Daemon(test.program, test.directory, test.text, f', captures: "{test.directory}/captures"',
                         eal=['--', '--no-huge', '-m', '512', '--no-telemetry'])
    test.addCleanup(test.daemon.stop)


class Looking(CliTest):
    def setUp(self):
        super().setUp()
        start_busy(self)

    def ask(self, method, path, body=None):
        status, answer = self.daemon.request(method, path, None if body is None else json.dumps(body))
        self.assertEqual(status, 200, answer)
        return checked(method, path, status, answer)

    def until(self, path, name):
        """The answer once what was started is over."""
        end = time.monotonic() + TIMEOUT
        while (answer := self.ask('GET', path))[name]['running']:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        return answer

    def test_a_trace_tells_of_each_frame(self):
        self.ask('POST', '/v1/trace/start', {'mac': PEER, 'frames': 8})
        frames_seen = self.until('/v1/trace', 'trace')['frames']
        self.assertEqual(len(frames_seen), 8)
        for frame in frames_seen:
            stages = {step['stage']: step['what'] for step in frame['stages']}
            if frame['dst'] == PEER:
                self.assertEqual((frame['fate'], frame['out'], frame['drop']), ('forwarded', ['b'], None))
                self.assertEqual(stages['bridge'], f'{PEER} is at b: sent there')
            else:
                self.assertEqual((frame['fate'], frame['out'], frame['drop']), ('dropped', [], 'mac-violation'))
                self.assertIn('pinned to b', stages['learn'])
        self.assertEqual({frame['dst'] for frame in frames_seen}, {PEER, VM})

    def test_a_capture_is_a_replay(self):
        """... of what ports took; godwit then does the same with it."""
        self.ask('POST', '/v1/pcap/start', {'file': 'in.pcapng', 'what': 'in', 'frames': 1000})
        capture = self.until('/v1/pcap', 'capture')['capture']
        self.assertEqual((capture['frames'], capture['ended']), (1000, 'frames'))
        config = self.file('replay.yaml', self.text.encode())
        code, output, errors = self.godwit('replay', config, capture['file'], '--report', '-')
        self.assertEqual(code, 0, errors)
        report = json.loads(output)
        self.assertEqual((report['frames']['in'], report['ports']['a']['rx']), (1000, 1000))
        self.assertEqual(report['drops'], {'mac-violation': 500})

    def test_a_capture_of_drops_has_the_reasons(self):
        self.ask('POST', '/v1/pcap/start', {'file': 'drops.pcapng', 'what': 'drops', 'frames': 50, 'snaplen': 32})
        file = self.until('/v1/pcap', 'capture')['capture']['file']
        self.assertEqual(pathlib.Path(file).read_bytes().count(b'mac-violation'), 50)
        for tool in 'capinfos', 'tcpdump':  # whichever is here says the same
            if shutil.which(tool):
                subprocess.run([tool, *(['-r'] if tool == 'tcpdump' else []), file], check=True, capture_output=True)

    def test_a_capture_that_cannot_keep_up_says_so_and_costs_no_frame(self):
        self.ask('POST', '/v1/pcap/start', {'file': 'all.pcapng', 'time': '500ms', 'octets': 64 << 20})
        capture = self.until('/v1/pcap', 'capture')['capture']
        self.assertEqual(pathlib.Path(capture['file']).stat().st_size, capture['octets'])
        self.assertTrue(all(port['tx_full'] == 0 for port in self.daemon.get('/v1/ports')['ports']))


class Events(ApiTest):
    def follow(self, headers=None, query=''):
        connection = self.daemon.connect()
        self.addCleanup(connection.close)
        connection.request('GET', '/v1/events' + query, headers=headers or {})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers['Content-Type']), (200, 'text/event-stream'))
        return answer

    def read(self, stream, count):
        """So many events: (id, name, data)."""
        events, event = [], {}
        while len(events) < count:
            line = stream.readline().decode().rstrip('\n')
            if line:
                name, _, value = line.partition(': ')
                event[name] = value
            elif 'data' in event:
                events.append((event['id'], event['event'], json.loads(event['data'])))
                event = {}
            else:
                event = {}
        return events

    def test_moves_alarms_and_links_are_told(self):
        stream = self.follow()
        self.hint('commit', to='server2')
        self.hint('resume', status=409)
        self.ask('POST', '/v1/hints/link', {'port': 'uplink', 'state': 'down'})
        told = self.read(stream, 2)
        self.assertEqual([name for _, name, _ in told[:2]], ['move', 'alarm'])
        self.assertEqual((told[0][2]['from'], told[0][2]['to']), ('server1', 'server2'))
        # Who comes again is told what came behind the last one.
        again = self.read(self.follow({'Last-Event-ID': told[0][0]}), 1)
        self.assertEqual(again[0], told[1])
        only = self.follow(query='?only=move')
        self.hint('resume', status=409)
        self.hint('commit', to='server1')
        self.assertEqual(self.read(only, 1)[0][1], 'move')

    def test_a_client_that_does_not_read_delays_nobody(self):
        self.follow()
        for n in range(3000):
            self.hint('commit', to=('server2', 'server1')[n % 2])
        self.assertEqual(self.ask('GET', '/v1/stats')['counters']['moves_omitted'], 0)


class Doors(ApiTest):
    def setUp(self):
        self.listen, self.metrics = free_port(), free_port()
        self.token = self.make_token()
        super().setUp()

    def make_token(self):
        return None

    @property
    def control(self):
        return f', listen: "127.0.0.1:{self.listen}", metrics: "127.0.0.1:{self.metrics}"'

    def tcp(self, port, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=TIMEOUT)
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data, answer

    def test_the_address_is_for_reading_only(self):
        self.assertEqual(self.tcp(self.listen, 'GET', '/v1/fdb')[0], 200)
        status, body, _ = self.tcp(self.listen, 'POST', '/v1/fdb/flush', '{}')
        self.assertEqual(status, 403)
        self.assertIn('control.token', json.loads(body)['hint'])
        self.assertEqual(self.tcp(self.listen, 'POST', '/v1/fdb/flush', '{}', {'Authorization': 'Bearer x'})[0], 403)

    def test_metrics_are_served_and_nothing_else(self):
        status, body, answer = self.tcp(self.metrics, 'GET', '/metrics')
        self.assertEqual(status, 200)
        self.assertEqual(answer.headers['Content-Type'], 'text/plain; version=0.0.4; charset=utf-8')
        text = body.decode()
        self.assertIn('godwit_port_received_frames_total{port="server1"} 2\n', text)
        self.assertIn('godwit_drops_total{port="server1",reason="runt"} 1\n', text)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) godwit_\w+ .+|godwit_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+)$')
        self.assertEqual(self.tcp(self.metrics, 'GET', '/healthz')[1], b'ok\n')
        self.assertEqual(self.tcp(self.metrics, 'GET', '/v1/fdb')[0], 404)

    def test_promtool_finds_them_well_formed(self):
        promtool = shutil.which('promtool')
        if promtool is None:
            self.skipTest('no promtool here (package prometheus)')
        text = self.tcp(self.metrics, 'GET', '/metrics')[1]
        done = subprocess.run([promtool, 'check', 'metrics'], input=text, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b''))

    def test_a_prometheus_scrapes_them(self):
        prometheus = shutil.which('prometheus')
        if prometheus is None:
            self.skipTest('no prometheus here (package prometheus)')
        port = free_port()
        config = self.file('prometheus.yml', f'''\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: godwit, static_configs: [{{targets: ["127.0.0.1:{self.metrics}"]}}]}}]
'''.encode())
        log = open(self.directory / 'prometheus.log', 'w+')
        self.addCleanup(log.close)
        process = subprocess.Popen([prometheus, f'--config.file={config}', f'--web.listen-address=127.0.0.1:{port}',
                                    f'--storage.tsdb.path={self.directory}/tsdb'], stdout=log, stderr=log)
        self.addCleanup(lambda: (process.kill(), process.wait()))

        def samples(query):
            try:
                status, body, _ = self.tcp(port, 'GET', f'/api/v1/query?query={query}')
                return json.loads(body)['data']['result'] if status == 200 else []
            except OSError:
                return []  # not yet

        query = 'godwit_port_received_frames_total'
        self.wait_for(lambda: samples(query) or process.poll() is not None)
        self.assertEqual({sample['metric']['port']: sample['value'][1] for sample in samples(query)},
                         {'server1': '2', 'server2': '0', 'uplink': '0'})
        self.assertEqual(samples('up')[0]['value'][1], '1')


class Token(Doors):
    def make_token(self):
        return 'a secret'

    @property
    def control(self):
        path = self.directory / 'token'
        path.write_text(self.token + '\n')
        return f'{super().control}, token: "{path}"'

    def test_the_address_is_for_reading_only(self):
        """... but for whoever has the token."""
        for header, status in (None, 401), ('Bearer wrong', 401), ('Basic a secret', 401), ('Bearer a secret', 200):
            headers = {'Authorization': header} if header else {}
            got, _, answer = self.tcp(self.listen, 'POST', '/v1/fdb/flush', '{}', headers)
            self.assertEqual(got, status)
            if status == 401:
                self.assertEqual(answer.headers['WWW-Authenticate'], 'Bearer')


class Starting(CliTest):
    def start(self, control=''):
        daemon = Daemon(self.program, self.directory, CONFIG.format(pcap=self.server1), control)
        self.addCleanup(daemon.stop)
        return daemon

    def test_a_socket_of_the_dead_is_taken_over_and_one_of_the_living_is_not(self):
        first = self.start()
        first.process.kill()
        first.process.wait()
        self.assertTrue(first.socket.exists())
        second = self.start()
        done = subprocess.run([self.program, 'run', self.directory / 'godwit.yaml', *EAL], capture_output=True,
                              text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'{second.socket}: another godwit listens here', done.stderr)
        self.assertEqual(second.request('GET', '/healthz')[0], 200)

    def test_what_cannot_be_listened_on_is_told(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            port = taken.getsockname()[1]
            with self.assertRaisesRegex(RuntimeError, f'127.0.0.1:{port}: Address already in use'):
                self.start(f', metrics: "127.0.0.1:{port}"')
        with self.assertRaisesRegex(RuntimeError, 'control.token: /no/such/file'):
            self.start(f', listen: "127.0.0.1:{free_port()}", token: /no/such/file')


class Load(CliTest):
    """Traffic at full speed from one port to another, while the API is asked as fast as it answers."""

    REQUESTS = 3000
    CLIENTS = 4

    def ask_many(self, daemon, count):
        connection = UnixConnection(daemon.socket)
        for n in range(count):
            connection.request('GET', ('/v1/fdb?limit=20', '/v1/stats', '/v1/ports', f'/v1/fdb?mac={VM}')[n % 4])
            answer = connection.getresponse()
            json.loads(answer.read())
            if answer.status != 200:
                return False
        connection.close()
        return True

    def test_many_requests_cost_no_frame(self):
        data = bytes.fromhex(PEER.replace(':', '') + VM.replace(':', '')) + b'\x88\xb5' + bytes(46)
        pcap = self.file('traffic.pcap', captures.pcap_bytes([record(0, data)] * 32))
        config = f'''\
ports:
  a: {{device: "net_pcap0,rx_pcap={pcap},infinite_rx=1"}}
  b: {{device: "net_null0,no-rx=1"}}
bridges: {{lan: {{ports: [a, b], static: [{{mac: "{PEER}", port: b}}]}}}}
'''
        daemon = Daemon(self.program, self.directory, config, eal=['--', '--no-huge', '-m', '512', '--no-telemetry'])
        self.addCleanup(daemon.stop)
        before = daemon.get('/v1/stats')
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(self.CLIENTS) as clients:
            share = self.REQUESTS // self.CLIENTS
            self.assertTrue(all(clients.map(lambda _: self.ask_many(daemon, share), range(self.CLIENTS))))
        seconds = time.monotonic() - start
        after = daemon.get('/v1/stats')
        frames_in = after['frames']['in'] - before['frames']['in']
        print(f'{self.REQUESTS / seconds:.0f} requests a second beside {frames_in / seconds / 1e6:.2f} Mpps', flush=True)
        self.assertEqual(after['drops'], {})
        self.assertGreater(frames_in, 0)
        self.assertTrue(all(port['tx_full'] == 0 for port in daemon.get('/v1/ports')['ports']))


if __name__ == '__main__':
    sys.exit(main(__name__, __doc__))
