#!/usr/bin/python3
"""scripts/libvirt-hook, qmp-watch and migrate against stand-ins for godwit's API and QEMU's monitor: who is told what.

    hypervisors_test.py        prints 'N passed, N failed' as its last line

The real ones meet in test/system/vm_migration_test.py; here is what goes wrong.
"""

import http.server
import json
import os
import pathlib
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / 'scripts'
NIC = 'bridge=tenant,mac=52:54:00:00:00:02,from=server1,to=server2'
HOST = {'bridge': 'tenant', 'mac': '52:54:00:00:00:02'}
TIMEOUT = 30

PORTS = [{'name': 'server1', 'device': 'net_af_packet0,iface=vnet3,qdisc_bypass=0',
          'bridges': [{'bridge': 'tenant', 'tagged': False}]},
         {'name': 'server2', 'device': 'vhost:/run/vm/net0.sock', 'bridges': [{'bridge': 'tenant', 'tagged': False},
                                                                          {'bridge': 'other', 'tagged': True}]},
         {'name': 'uplink', 'device': '0000:3b:00.1', 'bridges': [{'bridge': 'tenant', 'tagged': True}]}]

# As libvirt has it on a host where the VM runs; what has nothing to do with the network is left out.
DOMAIN = '''\
<domain type='kvm' id='7'>
  <name>web</name>
  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:02'/>
      <source bridge='br0'/>
      <target dev='vnet3'/>
      <model type='virtio'/>
      <alias name='net0'/>
    </interface>
    <interface type='vhostuser'>
      <mac address='52:54:00:00:00:12'/>
      <source type='unix' path='/run/vm/net0.sock' mode='server'/>
      <target dev=''/>
      <model type='virtio'/>
    </interface>
    <interface type='network'>
      <mac address='52:54:00:00:00:22'/>
      <source network='default'/>
      <target dev='vnet9'/>
    </interface>
    <interface type='hostdev' managed='yes'>
      <mac address='52:54:00:00:00:32'/>
    </interface>
  </devices>
</domain>
'''


class FakeGodwit(socketserver.UnixStreamServer):
    """Takes every hint, but those of the kinds in `refused`."""

    def __init__(self, path):
        self.told = []
        self.refused = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(handler):
                return 'unix'

            def log_message(handler, *_):
                pass

            def answer(handler, status, body):
                data = json.dumps(body).encode()
                handler.send_response(status)
                handler.send_header('Content-Length', str(len(data)))
                handler.end_headers()
                handler.wfile.write(data)

            def do_GET(handler):
                handler.answer(200 if handler.path == '/v1/ports' else 404, {'ports': PORTS})

            def do_POST(handler):
                kind = handler.path.removeprefix('/v1/hints/')
                body = json.loads(handler.rfile.read(int(handler.headers['Content-Length'])))
                self.told.append((kind, body))
                if kind in self.refused:
                    return handler.answer(409, {'error': 'conflict', 'what': self.refused[kind]})
                return handler.answer(200, {'accepted': True})

        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class FakeQemu:
    """A monitor: answers commands from `answers` (a value, or values in turn), says events when told to."""

    def __init__(self, path, answers=None):
        self.commands = []
        self._answers = {name: iter(values) for name, values in (answers or {}).items()}
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self.connected = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        self._client, _ = self._server.accept()
        self._client.sendall(b'{"QMP": {"version": {"qemu": {"major": 7, "minor": 2}}}}\r\n')
        for line in self._client.makefile():
            asked = json.loads(line)
            name = asked['execute']
            self.commands.append((name, asked.get('arguments', {})))
            answer = next(self._answers[name]) if name in self._answers else {}
            if callable(answer):
                answer = answer()
            self._send({'error': {'class': 'GenericError', 'desc': answer}} if isinstance(answer, str)
                       else {'return': answer})
            if name == 'migrate-set-capabilities' or name == 'qmp_capabilities':
                self.connected.set()

    def _send(self, words):
        self._client.sendall(json.dumps(words).encode() + b'\r\n')

    def say(self, event, **data):
        self._send({'event': event, 'data': data, 'timestamp': {'seconds': 1, 'microseconds': 2}})

    def gone(self):
        self._client.shutdown(socket.SHUT_RDWR)


class Hypervisors(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix='gwhv')
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.socket = self.directory / 'godwit.sock'
        self.godwit = FakeGodwit(self.socket)
        self.addCleanup(self.godwit.server_close)
        self.addCleanup(self.godwit.shutdown)

    def start(self, script, *words):
        process = subprocess.Popen([str(SCRIPTS / script), *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def kinds(self):
        return [kind for kind, _ in self.godwit.told]

    # ---- libvirt-hook ----

    def hook(self, *words, xml=DOMAIN):
        environment = os.environ | {'GODWIT_SOCKET': str(self.socket), 'GODWIT_STATE': str(self.directory / 'state')}
        done = subprocess.run([str(SCRIPTS / 'libvirt-hook'), *words], input=xml, capture_output=True, text=True,
                              timeout=TIMEOUT, env=environment, check=False)
        # Anything on standard output would take the place of the VM's description.
        self.assertEqual((done.returncode, done.stdout), (0, ''), done.stderr)
        return done.stderr

    def test_libvirt_a_vm_arrives(self):
        self.hook('web', 'migrate', 'begin', '-', xml=DOMAIN.replace("<target dev='vnet3'/>", ''))
        self.hook('web', 'prepare', 'begin', '-')
        self.hook('web', 'start', 'begin', '-')
        self.assertEqual(self.godwit.told, [])
        self.hook('web', 'started', 'begin', '-')
        self.assertEqual(self.godwit.told, [
            ('prepare', {'bridge': 'tenant', 'mac': '52:54:00:00:00:02', 'to': 'server1'}),
            ('prepare', {'bridge': 'tenant', 'mac': '52:54:00:00:00:12', 'to': 'server2'}),
            ('prepare', {'bridge': 'other', 'mac': '52:54:00:00:00:12', 'to': 'server2'})])

    def test_libvirt_a_vm_that_boots_is_not_prepared(self):
        for words in (('prepare', 'begin'), ('start', 'begin'), ('started', 'begin'), ('reconnect', 'begin')):
            self.hook('web', *words, '-')
        self.assertEqual(self.godwit.told, [])
        # Another's arrival is not this one's.
        self.hook('db', 'migrate', 'begin', '-')
        self.hook('web', 'started', 'begin', '-')
        self.assertEqual(self.godwit.told, [])

    def test_libvirt_a_vm_is_gone(self):
        self.hook('web', 'stopped', 'end', '-')
        self.hook('web', 'release', 'end', 'migrated')
        self.assertEqual(self.godwit.told, [
            ('leave', {'bridge': 'tenant', 'mac': '52:54:00:00:00:02', 'from': 'server1'}),
            ('leave', {'bridge': 'tenant', 'mac': '52:54:00:00:00:12', 'from': 'server2'}),
            ('leave', {'bridge': 'other', 'mac': '52:54:00:00:00:12', 'from': 'server2'})])

    def test_libvirt_an_arrival_that_failed_is_forgotten(self):
        self.hook('web', 'migrate', 'begin', '-')
        self.hook('web', 'stopped', 'end', '-')
        self.godwit.told.clear()
        self.hook('web', 'started', 'begin', '-')
        self.assertEqual(self.godwit.told, [])

    def test_libvirt_is_never_stopped(self):
        self.godwit.refused = {'leave': 'it is at uplink, not at server1'}
        self.assertIn('it is at uplink', self.hook('web', 'stopped', 'end', '-'))
        self.assertNotEqual(self.hook('web', 'stopped', 'end', '-', xml='<domain'), '')
        self.socket.unlink()
        self.assertIn('does not answer', self.hook('web', 'stopped', 'end', '-'))

    # ---- qmp-watch ----

    def watch(self, *more, target=True):
        self.source = FakeQemu(self.directory / 'source')
        self.target = FakeQemu(self.directory / 'target') if target else None
        monitors = [self.directory / 'source'] + [self.directory / 'target'] * target
        process = self.start('qmp-watch', '--socket', self.socket, '--nic', NIC, *more, *monitors)
        self.assertIn('watching', process.stderr.readline())
        return process

    def test_qmp_watch_tells_each_step(self):
        process = self.watch()
        self.assertIn(('migrate-set-capabilities', {'capabilities': [{'capability': 'events', 'state': True}]}),
                      self.source.commands)
        self.source.say('MIGRATION', status='setup')
        self.source.say('MIGRATION', status='active')
        self.source.say('STOP')
        self.source.say('MIGRATION', status='completed')
        self.target.say('RTC_CHANGE', offset=1)
        self.target.say('RESUME')
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(self.godwit.told, [('prepare', HOST | {'from': 'server1', 'to': 'server2'}), ('suspend', HOST),
                                            ('commit', HOST | {'to': 'server2'})])

    def test_qmp_watch_without_the_target(self):
        process = self.watch(target=False)
        for status in 'setup', 'active':
            self.source.say('MIGRATION', status=status)
        self.source.say('STOP')
        self.source.say('MIGRATION', status='completed')
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(self.kinds(), ['prepare', 'suspend', 'commit'])

    def test_qmp_watch_of_a_migration_that_fails(self):
        process = self.watch()
        self.source.say('MIGRATION', status='setup')
        self.source.say('STOP')
        self.source.say('MIGRATION', status='failed')
        self.source.say('RESUME')
        self.assertEqual(process.wait(TIMEOUT), 1)
        self.assertEqual(self.kinds(), ['prepare', 'suspend', 'cancel'])

    def test_qmp_watch_is_not_stopped_by_a_refusal(self):
        self.godwit.refused = {'suspend': 'it is unknown'}
        process = self.watch()
        self.source.say('MIGRATION', status='setup')
        self.source.say('STOP')
        self.target.say('RESUME')
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(self.kinds(), ['prepare', 'suspend', 'commit'])
        self.assertIn('suspend 52:54:00:00:00:02 is refused: it is unknown', process.stderr.read())

    def test_qmp_watch_stopping_a_vm_is_no_migration(self):
        process = self.watch('--forever')
        self.source.say('STOP')
        self.source.say('RESUME')
        self.source.gone()
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(self.kinds(), [])

    def test_qmp_watch_a_vm_that_runs_again_before_the_end(self):
        process = self.watch()
        self.source.say('MIGRATION', status='active')
        self.source.say('STOP')
        self.source.say('RESUME')
        self.source.say('STOP')
        self.target.say('RESUME')
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(self.kinds(), ['prepare', 'suspend', 'resume', 'suspend', 'commit'])

    # ---- migrate ----

    def migrate(self, states, **answers):
        self.source = FakeQemu(self.directory / 'source', {'query-migrate': states, **answers})
        process = self.start('migrate', '--socket', self.socket, '--nic', NIC, self.directory / 'source', 'unix:/there')
        said, errors = process.communicate(timeout=TIMEOUT)
        commands = [(name, arguments) for name, arguments in self.source.commands
                    if name not in ('query-migrate', 'qmp_capabilities')]
        return process.returncode, said, errors, commands

    @staticmethod
    def active(remaining, mbps=800):
        return {'status': 'active', 'ram': {'remaining': remaining, 'mbps': mbps}}

    def test_migrate_holds_before_qemu_stops_the_vm(self):
        def limit_is_zero_and_nothing_is_held():
            self.assertEqual(self.kinds(), ['prepare'])
            return self.active(40_000_000)
        states = [{'status': 'setup'}, self.active(90_000_000, 0), limit_is_zero_and_nothing_is_held,
                  self.active(20_000_000), self.active(1_000_000), {'status': 'device'},
                  {'status': 'completed', 'downtime': 25, 'total-time': 400}]
        code, said, errors, commands = self.migrate(states)
        self.assertEqual((code, errors), (0, ''))
        self.assertIn('25 ms', said)
        self.assertEqual(commands, [('migrate-set-parameters', {'downtime-limit': 0}),
                                    ('migrate', {'uri': 'unix:/there'}),
                                    ('migrate-set-parameters', {'downtime-limit': 300})])
        self.assertEqual(self.godwit.told, [('prepare', HOST | {'from': 'server1', 'to': 'server2', 'ttl': '600s'}),
                                            ('suspend', HOST), ('commit', HOST | {'to': 'server2'})])

    def test_migrate_does_not_begin_what_godwit_refuses(self):
        self.godwit.refused = {'prepare': 'it is at uplink, not at server1'}
        code, _, errors, commands = self.migrate([])
        self.assertEqual(code, 1)
        self.assertIn('it is at uplink', errors)
        self.assertNotIn('migrate', [name for name, _ in commands])

    def test_migrate_takes_back_what_fails(self):
        states = [self.active(1000), {'status': 'failed', 'error-desc': 'no route'}]
        code, _, errors, commands = self.migrate(states)
        self.assertEqual(code, 1)
        self.assertIn('no route', errors)
        self.assertEqual(commands[-2:], [('migrate_cancel', {}), ('migrate-set-parameters', {'downtime-limit': 300})])
        self.assertEqual(self.kinds(), ['prepare', 'suspend', 'cancel'])

    def test_migrate_says_when_it_could_not_hold(self):
        code, _, errors, _ = self.migrate([{'status': 'completed', 'downtime': 3, 'total-time': 9}] * 2)
        self.assertEqual(code, 0)
        self.assertIn('frames may be lost', errors)
        self.assertEqual(self.kinds(), ['prepare', 'commit'])

    def test_what_cannot_be_meant(self):
        for nic in 'mac=52:54:00:00:00:02', NIC + ',via=x':
            process = self.start('qmp-watch', '--nic', nic, self.directory / 'nobody')
            self.assertEqual(process.wait(TIMEOUT), 2)
            self.assertIn('write bridge=NAME', process.stderr.read())
        process = self.start('qmp-watch', '--nic', NIC, self.directory / 'nobody')
        self.assertEqual(process.wait(TIMEOUT), 1)
        self.assertIn('nobody', process.stderr.read())


def main():
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Hypervisors))
    failed = len({test.id() for test, _ in result.failures + result.errors})
    print(f'{result.testsRun - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
