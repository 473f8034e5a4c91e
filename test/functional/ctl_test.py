#!/usr/bin/python3
"""godwitctl against a godwit that runs: every noun and verb, wrong input of every kind, completion, man pages.

    ctl_test.py GODWIT GODWITCTL      prints 'N passed, N failed' as its last line. Wants no privilege.
"""

import json
import pathlib
import re
import selectors
import shutil
import subprocess
import sys
import time

from api_test import CONFIG, start_busy
from cli import PEER, VM, CliTest, captures, hello, main, record
from daemon import TIMEOUT, Daemon, environment

MAN = pathlib.Path(__file__).resolve().parents[2] / 'docs/man'
CTL = ''  # godwitctl, from the command line


class CtlTest(CliTest):
    def ctl(self, *words, **more):
        done = subprocess.run([CTL, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False, env=environment(**more))
        return done.returncode, done.stdout, done.stderr


class Speaking(CtlTest):
    def setUp(self):
        super().setUp()
        pcap = self.file('frames.pcap', captures.pcap_bytes([record(0, hello())]))
        self.daemon = Daemon(self.program, self.directory, CONFIG.format(pcap=pcap),
                             f', captures: "{self.directory}/captures"')
        self.addCleanup(self.daemon.stop)
        end = time.monotonic() + TIMEOUT
        while not re.search(rf'{VM}.*10\.9\.0\.2', self.say('fdb', 'show')):
            self.assertLess(time.monotonic(), end)

    def say(self, *words):
        code, output, errors = self.ctl(*words, GODWIT_SOCKET=self.daemon.socket)
        self.assertEqual((code, errors), (0, ''), words)
        return output

    def refused(self, code, words, text):
        with self.subTest(words):
            got, output, errors = self.ctl(*words.split(), GODWIT_SOCKET=self.daemon.socket)
            self.assertEqual((got, output), (code, ''), errors)
            self.assertRegex(errors, '^godwitctl: ')
            self.assertIn(text, errors)

    def rows(self, *words):
        return [re.split(r'\s{2,}', line.strip()) for line in self.say(*words).splitlines()]

    def test_every_verb_that_shows(self):
        head, *hosts = self.rows('fdb', 'show')
        self.assertEqual(head[:3], ['BRIDGE', 'MAC', 'PORT'])
        self.assertEqual(hosts[0][:5], ['tenant', VM, 'server1', 'learned', 'bound'])
        self.assertEqual(hosts[1][:5], ['tenant', '52:54:00:00:00:09', 'server2', 'static', 'bound'])
        self.assertEqual(hosts[0][7], '10.9.0.2')
        self.assertEqual(self.rows('fdb', 'show', '52:54:00:00:00:09', 'port=server2', 'tenant')[1:], hosts[1:])
        self.assertEqual(self.rows('neighbor', 'show', '10.9.0.2')[1][:4], ['tenant', '10.9.0.2', VM, 'server1'])
        self.assertEqual([row[0] for row in self.rows('port', 'show')], ['PORT', 'server1', 'server2', 'uplink'])
        self.assertEqual(len(self.rows('port', 'show', 'server2')), 2)
        self.assertEqual([row[:3] for row in self.rows('bridge', 'show')[1:]], [['tenant', '10', '2'], ['other', '-', '0']])
        self.assertIn(['counters.learned', '1'], self.rows('stats', 'show'))
        self.assertEqual(self.rows('worker', 'show')[1][0], '0')
        self.assertRegex(self.say('version', 'show'), rf'^godwit \S+ \(DPDK .*\), process {self.daemon.process.pid}, up ')

    def test_a_migration_and_what_is_told_of_it(self):
        follower = subprocess.Popen([CTL, '--socket', self.daemon.socket, 'move', 'follow'], stdout=subprocess.PIPE,
                                    text=True)
        self.addCleanup(lambda: (follower.kill(), follower.wait(), follower.stdout.close()))
        end = time.monotonic() + TIMEOUT
        # The move is made again and again until the follower is there to hear of it.
        waiting = selectors.DefaultSelector()
        waiting.register(follower.stdout, selectors.EVENT_READ)
        here, there = 'server1', 'server2'
        while not waiting.select(0.1):
            self.assertLess(time.monotonic(), end)
            self.assertEqual(self.say('hint', 'prepare', 'tenant', VM, here, there, 'ttl=60s'), '')
            self.say('hint', 'commit', 'tenant', VM, there)
            here, there = there, here
        line = follower.stdout.readline()
        self.assertRegex(line, r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} move tenant ' + VM +
                         r' server\d -> server\d hint accepted 10\.9\.0\.2\n$')
        self.assertEqual(self.rows('move', 'show', 'last=1')[1][1:7],
                         ['tenant', VM, there, here, 'hint', 'accepted'])
        for words in ('suspend ips=10.9.0.2', f'resume mac={VM}', f'suspend --mac {VM}', f'cancel --mac={VM}',
                      f'leave {VM}', 'announce'):
            verb, *rest = words.split()
            self.say('hint', verb, 'bridge=tenant', *rest)
        self.say('hint', 'link', 'uplink', 'down')
        self.refused(1, f'hint resume tenant {VM}', 'is not known')
        self.assertEqual(self.rows('alarm', 'show', 'kind=hint-refused')[1][1], 'hint-refused')

    def test_hosts_are_pinned_and_tables_flushed(self):
        self.say('fdb', 'add', 'tenant', PEER, 'uplink', '10.9.0.1')
        self.assertEqual(self.rows('fdb', 'show', PEER)[1][2:4], ['uplink', 'static'])
        self.say('fdb', 'del', 'tenant', PEER)
        self.refused(1, f'fdb del tenant {PEER}', 'is not known')
        self.say('neighbor', 'flush', 'family=ipv4')
        self.assertEqual(len(self.rows('neighbor', 'show')), 2)
        self.say('fdb', 'flush', 'port=server1')
        self.assertNotIn(VM, self.say('fdb', 'show'))
        self.say('fdb', 'flush')

    def test_traffic_is_looked_at(self):
        self.assertEqual(self.say('trace', 'start', VM, 'frames=3', 'time=5s'), f'0 of 3 frames of {VM} seen, waiting for more\n')
        self.assertEqual(self.say('trace', 'stop'), '')
        self.assertEqual(self.say('trace', 'start', '10.9.0.2', 'server1'),
                         '0 of 10 frames of 10.9.0.2 on server1 seen, waiting for more\n')
        self.refused(2, f'trace start {VM} 10.9.0.2', 'one of the two')
        self.assertEqual(self.say('pcap', 'show'), 'no capture\n')
        file = self.directory / 'captures/x.pcapng'
        self.assertEqual(self.rows('pcap', 'start', 'x.pcapng', 'server1', 'in', '10.9.0.2', 'frames=5')[1][:4],
                         [str(file), 'in', 'server1', '0'])
        self.refused(1, 'pcap start y.pcapng', 'runs already')
        self.assertEqual(self.rows('pcap', 'stop')[1][6], 'ended: stopped')
        self.refused(1, 'pcap stop', 'no capture runs')
        self.refused(1, 'pcap start x.pcapng', 'is there already')
        self.assertEqual(file.stat().st_mode & 0o7777, 0o640)

    def test_json_is_the_apis_own(self):
        for noun, name in (('fdb', 'fdb'), ('neighbor', 'neighbors'), ('move', 'moves'), ('alarm', 'alarms'),
                           ('port', 'ports'), ('bridge', 'bridges'), ('worker', 'workers')):
            answer = json.loads(self.say('--json', noun, 'show'))
            self.assertEqual(answer['schema'], 'godwit-api/1')
            self.assertIsInstance(answer[name], list)
        self.assertIn('uptime_ns', json.loads(self.say('stats', 'show', '--json')))

    def test_a_configuration_is_checked(self):
        good = self.file('good.yaml', b'ports: {p1: {}}\nbridges: {b: {ports: [p1]}}\n')
        self.assertEqual(self.say('config', 'check', good), f'{good}: no error\n')
        bad = self.file('bad.yaml', b'ports: {p1: {}}\nbridges: {b: {prots: [p1]}}\n')
        code, _, errors = self.ctl('config', 'check', bad, GODWIT_SOCKET=self.daemon.socket)
        self.assertEqual(code, 2)
        self.assertIn(f"{bad}:2:15: error: unknown key 'prots'", errors)

    def test_wrong_input_of_every_kind(self):
        for words, text in (
                ('fbd show', "did you mean 'fdb'?"), ('tables show', 'there are fdb, '),
                ('fdb', 'write a verb'), ('fdb shwo', "did you mean 'show'?"), ('fdb list', 'there are show, add'),
                ('fdb show brige=tenant', "did you mean 'bridge'?"), ('fdb show bridge=tennant', "did you mean 'tenant'?"),
                ('fdb show bridge=tenant bridge=tenant', 'given twice'), ('fdb show --port', 'write a value'),
                ('fdb show mac=52:54', 'is not a MAC address'), ('fdb show limit=0', 'limit'),
                (f'fdb add tenant {VM}', 'port is missing'), ('fdb add tenant server1', 'mac is missing'),
                (f'fdb show tenant server1 x y {VM} {PEER}', f"what is '{PEER}'?"), ('stats show all', "what is 'all'?"),
                ('hint prepare tenant to=server2', 'must name one host'), (f'hint prepare tenant {VM}', 'to is missing'),
                (f'hint prepare tenant {VM} to=server2 ttl=5', 'ttl'), ('config check /no/such/file', 'cannot be read'),
                ('--socket', 'write a path'), ('', 'no command')):
            self.refused(2, words, text)
        self.refused(1, 'fdb del tenant 52:54:00:00:00:09', 'is in the configuration')

    def test_names_are_completed(self):
        script = self.file('completion.bash', self.say('--completion').encode())

        def complete(*words):
            quoted = ' '.join(f"'{word}'" for word in (CTL, *words))
            text = f'source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _godwitctl; printf "%s\\n" "${{COMPREPLY[@]}}"'
            done = subprocess.run(['bash', '-c', text], capture_output=True, text=True, check=True,
                                  env=environment(GODWIT_SOCKET=self.daemon.socket))
            return done.stdout.split()

        self.assertEqual(complete('f'), ['fdb'])
        self.assertEqual(complete('fdb', 'f'), ['flush'])
        self.assertEqual(complete('hint', 'prepare', 'tt'), ['ttl='])
        self.assertEqual(complete('fdb', 'show', 'port', '=', 'ser'), ['server1', 'server2'])
        self.assertEqual(complete('fdb', 'show', 'bridge', '='), ['tenant', 'other'])
        self.assertEqual(complete('--socket', 'x', 'fdb', 'fl'), ['flush'])

    def test_it_is_told_when_godwit_hangs_up(self):
        follower = subprocess.Popen([CTL, '--socket', self.daemon.socket, '--json', 'move', 'follow'],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)
        self.daemon.stop()
        _, errors = follower.communicate(timeout=TIMEOUT)
        self.assertEqual(follower.returncode, 1)
        self.assertRegex(errors, 'godwit hung up|no godwit listens')


class Tracing(CtlTest):
    def test_what_was_done_is_told_in_lines(self):
        start_busy(self)
        self.ctl('trace', 'start', PEER, 'frames=4', GODWIT_SOCKET=self.daemon.socket)
        end = time.monotonic() + TIMEOUT
        while True:
            _, text, errors = self.ctl('trace', 'show', GODWIT_SOCKET=self.daemon.socket)
            self.assertEqual(errors, '')
            if text.endswith(f'4 of 4 frames of {PEER} seen\n'):
                break
            self.assertLess(time.monotonic(), end, text)
        self.assertRegex(text, r'(?m)^#1 \d{4}-\d\d-\d\d \S+ a \S+ > \S+: EtherType 0x88b5, 60 octets\n'
                               r'  classify  no tag on a: bridge lan\n  learn     ')
        self.assertIn(f'  bridge    {PEER} is at b: sent there\n', text)
        self.assertIn('dropped (mac-violation)\n', text)


class Alone(CtlTest):
    def test_nobody_listens(self):
        code, output, errors = self.ctl('--socket', '/no/such.sock', 'fdb', 'show')
        self.assertEqual((code, output), (1, ''))
        self.assertRegex(errors, r'no godwit listens on /no/such\.sock .*is it running\? try --socket')
        self.assertEqual(self.ctl('--socket=' + 'x' * 200, 'fdb', 'show')[0], 1)
        self.assertIn('/no/env.sock', self.ctl('fdb', 'show', GODWIT_SOCKET='/no/env.sock')[2])

    def test_help_and_version(self):
        self.assertRegex(self.ctl('--version')[1], r'^godwitctl \d')
        code, text, _ = self.ctl('--help')
        self.assertEqual(code, 0)
        man = (MAN / 'godwitctl.1').read_text()
        for noun, verb in re.findall(r'(?m)^  ([a-z]+) +([a-z]+) ', text):
            self.assertIn(f'.It Cm {noun} {verb}', man)
            code, usage, _ = self.ctl(noun, verb, '--help')
            self.assertEqual(code, 0)
            self.assertTrue(usage.startswith(f'godwitctl {noun} {verb}'))
        self.assertEqual(self.ctl('-h')[1], text)

    def test_the_man_pages_are_well_formed(self):
        if shutil.which('mandoc'):
            check = ['mandoc', '-Tlint', '-W', 'warning']
        elif shutil.which('man') and shutil.which('groff'):
            check = ['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z']
        else:
            self.skipTest('neither mandoc nor man with groff here')
        for page in sorted(MAN.iterdir()):
            with self.subTest(page.name):
                done = subprocess.run([*check, page], capture_output=True, text=True, check=False, env=environment(LC_ALL='C.UTF-8'))
                said = done.stderr + (done.stdout if check[0] == 'mandoc' else '')
                self.assertEqual((done.returncode, said), (0, ''))

    def test_the_man_page_of_the_configuration_knows_every_key(self):
        schema = json.loads((MAN.parent / 'schema/godwit-config.schema.json').read_text())
        page = (MAN / 'godwit.yaml.5').read_text()

        def keys(node):
            if isinstance(node, dict):
                yield from node.get('properties', {})
                for value in node.values():
                    yield from keys(value)
            elif isinstance(node, list):
                for value in node:
                    yield from keys(value)

        missing = {key for key in keys(schema) if not re.search(rf'\bCm [a-z_. ]*\b{key}\b', page)}
        self.assertEqual(missing, set())


if __name__ == '__main__':
    CTL = str(pathlib.Path(sys.argv.pop()).resolve())
    sys.exit(main(__name__, __doc__))
