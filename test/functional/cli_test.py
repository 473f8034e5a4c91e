#!/usr/bin/python3
"""The command line of godwit: what it accepts, what it refuses and how, and what it leaves behind.

    cli_test.py GODWIT        prints 'N passed, N failed' as its last line
"""

import json
import os
import re
import shutil
import subprocess
import sys

from cli import PEER, TIMEOUT, VM, CliTest, captures, frames, hello, main, record

NOBODY = 65534

WRONG_CONFIG = '''\
prots: {}
ports:
  server1: {device: "vhost:/tmp/a", queue: 2}
  uplink: {}
bridges:
  tenant:
    vlan: 5000
    aging: 300
    ports: [server1, server9]
    static: [{mac: "52:54:00:00:00", port: server1}]
'''


class Usage(CliTest):
    def test_version_and_help_go_to_standard_output(self):
        code, output, errors = self.godwit('--version')
        self.assertEqual((code, errors), (0, ''))
        self.assertRegex(output, r'^godwit \d+\.\d+\.\d+')
        code, output, errors = self.godwit('--help')
        self.assertEqual((code, errors), (0, ''))
        for word in 'check', 'replay':
            self.assertIn(word, output)

    def test_every_command_has_help_of_its_own(self):
        for command, option in ('replay', '--until'), ('check', 'CONFIG'):
            code, output, _ = self.godwit(command, '--help')
            self.assertEqual(code, 0)
            self.assertIn(option, output)
            self.assertEqual(self.godwit(command, '--version')[0], 0)

    def test_no_command(self):
        self.assert_refused(self.godwit())

    def test_unknown_command(self):
        self.assert_refused(self.godwit('replya', self.config), 'replya')

    def test_unknown_option(self):
        self.assert_refused(self.godwit('replay', self.config, *self.inputs(), '--untill', '3s'), 'untill')
        self.assert_refused(self.godwit('check', self.config, '--frob'), 'frob')

    def test_missing_config_argument(self):
        self.assert_refused(self.godwit('check'))
        self.assert_refused(self.godwit('replay'))


class Check(CliTest):
    def test_good_config(self):
        self.assertEqual(self.godwit('check', self.config)[0], 0)
        self.assertEqual(self.godwit('check', self.file('least.yaml', b'ports: {p1: {}}\n'))[0], 0)

    def test_missing_file(self):
        self.assert_refused(self.godwit('check', self.directory / 'none.yaml'), 'none.yaml')

    def test_every_error_at_once_with_its_place_and_the_nearest_name(self):
        wrong = self.file('wrong.yaml', WRONG_CONFIG.encode())
        code, _, errors = self.godwit('check', wrong)
        self.assertEqual(code, 2)
        places = {(int(line), int(column)) for line, column in re.findall(r'wrong\.yaml:(\d+):(\d+)', errors)}
        self.assertLessEqual({1, 3, 7, 8, 9, 10}, {line for line, _ in places}, errors)
        self.assertIn((1, 1), places)
        self.assertRegex(errors, r'prots.*\bports\b')
        for text in 'queues', 'server9', '5000':
            self.assertIn(text, errors)

    def test_broken_yaml(self):
        code, _, errors = self.godwit('check', self.file('broken.yaml', b'ports: {a: {}\nbridges: [\n'))
        self.assertEqual(code, 2)
        self.assertRegex(errors, r'broken\.yaml:\d+:\d+')

    def test_duplicate_key(self):
        code, _, errors = self.godwit('check', self.file('twice.yaml', b'ports:\n  p1: {}\n  p1: {}\n'))
        self.assertEqual(code, 2)
        self.assertRegex(errors, r'twice\.yaml:3:3')

    def test_replay_refuses_a_wrong_config_too(self):
        wrong = self.file('wrong.yaml', WRONG_CONFIG.encode())
        self.assert_refused(self.godwit('replay', wrong, *self.inputs(), *self.outputs()), 'wrong.yaml:1:1')
        self.assert_nothing_written()


class ReplayRefuses(CliTest):
    def refused(self, *arguments):
        return self.godwit('replay', self.config, *arguments, *self.outputs())

    def tearDown(self):
        self.assert_nothing_written()

    def test_in_without_a_value_or_malformed(self):
        self.assert_refused(self.refused('--in'))
        self.assert_refused(self.refused('--in', 'server1'), 'server1')
        self.assert_refused(self.refused('--in', f'={self.server1}'))
        self.assert_refused(self.refused('--in', 'server1='))

    def test_no_capture_at_all(self):
        self.assert_refused(self.refused())

    def test_missing_capture(self):
        self.assert_refused(self.refused('--in', f'server1={self.directory}/none.pcap'), 'none.pcap')

    def test_unknown_port(self):
        self.assert_refused(self.refused('--in', f'server7={self.server1}'), 'server7')

    def test_unknown_interface(self):
        data = captures.pcapng_bytes(['server1', 'server8'], [(0, record(0, hello())), (1, record(1, hello(PEER)))])
        self.assert_refused(self.refused(self.file('all.pcapng', data)), 'all.pcapng', 'server8')

    def test_linktype_other_than_ethernet(self):
        raw = self.file('raw.pcap', captures.pcap_bytes([record(0, hello())], linktype=101))
        self.assert_refused(self.refused('--in', f'server1={raw}'), 'raw.pcap', '101')

    def test_no_capture_in_the_file(self):
        for data in b'', b'not a capture, but a text of some length':
            text = self.file('text.pcap', data)
            self.assert_refused(self.refused('--in', f'server1={text}'), 'text.pcap')

    def test_capture_cut_off(self):
        data = self.server1.read_bytes()
        last = 24 + 16 + 42  # where the second record starts
        for size in len(data) - 1, last + 16, last + 1:
            cut = self.file('cut.pcap', data[:size])
            self.assert_refused(self.refused('--in', f'server1={cut}', '--in', f'uplink={self.uplink}'),
                                f'cut.pcap: offset {last}')

    def test_pcapng_cut_off(self):
        data = captures.pcapng_bytes(['server1'], [(0, record(0, hello())), (0, record(1, hello()))])
        last = len(data) - (28 + 44 + 4)  # where the second packet block starts: 42 octets, aligned
        cut = self.file('cut.pcapng', data[:-5])
        self.assert_refused(self.refused(cut), f'cut.pcapng: offset {last}')

    def test_outputs_without_a_name(self):
        for option in '--report', '--out':
            self.assert_refused(self.godwit('replay', self.config, *self.inputs(), option, ''), option)

    def test_report_where_a_capture_goes(self):
        for report in self.out / 'server1.pcap', self.directory / 'x' / '..' / 'out' / 'uplink.pcap':
            self.assert_refused(self.godwit('replay', self.config, *self.inputs(), '--out', self.out, '--report',
                                            report), report)

    def test_until_without_a_unit_or_malformed(self):
        for value in '300', 'soon', '-1s', '':
            self.assert_refused(self.refused(*self.inputs(), '--until', value))


class ReplayWrites(CliTest):
    def replay(self, *arguments):
        code, output, errors = self.godwit('replay', self.config, *self.inputs(), *arguments)
        self.assertEqual(code, 0, errors)
        return output, errors

    def test_failure_leaves_older_output_untouched(self):
        self.out.mkdir()
        old = {self.out / 'server1.pcap': b'old capture', self.report: b'old report'}
        for path, data in old.items():
            path.write_bytes(data)
        cut = self.file('cut.pcap', self.server1.read_bytes()[:-1])
        code, _, _ = self.godwit('replay', self.config, '--in', f'server1={cut}', *self.outputs())
        self.assertEqual(code, 2)
        self.assertEqual({path: path.read_bytes() for path in old}, old)
        self.assertEqual(sorted(self.out.iterdir()), [self.out / 'server1.pcap'])

    def test_success_replaces_older_output(self):
        self.out.mkdir()
        (self.out / 'server1.pcap').write_bytes(b'old capture')
        self.replay(*self.outputs())
        self.assertEqual(len(captures.read_pcap((self.out / 'server1.pcap').read_bytes())), 1)
        self.assertEqual(sorted(path.name for path in self.out.iterdir()), ['server1.pcap', 'uplink.pcap'])

    def test_output_that_cannot_be_written(self):
        nowhere = self.config / 'report.json'  # in a file, not in a directory
        code, _, errors = self.godwit('replay', self.config, *self.inputs(), '--report', nowhere)
        self.assertEqual(code, 1, errors)
        self.assertIn('report.json', errors)

    def test_output_that_cannot_be_written_shows_before_the_replay_runs(self):
        nowhere = self.directory / 'none' / 'report.json'
        code, output, _ = self.godwit('replay', self.config, *self.inputs(), '--report', nowhere, '--explain')
        self.assertEqual((code, output), (1, ''))

    def test_standard_output_that_is_full(self):
        replay = ['replay', self.config, *self.inputs()]
        for arguments in (['check', self.config], replay, [*replay, '--explain'], ['--help'], ['--version'],
                          [*replay, '--out', self.out, '--report', '-']):
            with open('/dev/full', 'wb') as full:
                done = subprocess.run([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn('No space left on device', done.stderr.decode())
        self.assertFalse(self.out.exists())  # the report is written before the captures appear

    def test_report_to_what_is_no_file(self):
        for path in '/dev/stdout', '/proc/self/fd/1':
            output, errors = self.replay('--report', path)
            self.assertEqual(json.loads(output)['schema'], 'godwit-report/1')
            self.assertIn('frames in', errors)
        errors = self.replay('--report', '/dev/stderr')[1]
        self.assertEqual(json.loads(errors)['schema'], 'godwit-report/1')
        code, _, errors = self.godwit('replay', self.config, *self.inputs(), '--out', self.out, '--report', '/dev/full')
        self.assertEqual(code, 1)
        self.assertIn('/dev/full', errors)
        self.assertFalse(self.out.exists())

    def test_summary_names_who_moved(self):
        moved = self.file('moved.pcap', captures.pcap_bytes([record(10, hello())]))
        code, output, errors = self.godwit('replay', self.config, '--in', f'server1={self.server1}', '--in',
                                           f'uplink={moved}')
        self.assertEqual(code, 0, errors)
        for text in VM, '10.9.0.2', 'server1 -> uplink', 'gratuitous ARP request':
            self.assertIn(text, output)

    def test_report_on_standard_output_is_nothing_but_json(self):
        output, errors = self.replay('--report', '-', '--explain')
        self.assertEqual(json.loads(output)['schema'], 'godwit-report/1')
        self.assertIn(VM, errors)

    def test_explain_takes_its_value_only_behind_an_equals_sign(self):
        code, _, errors = self.godwit('replay', '--explain', self.config, *self.inputs(), '--report', '-')
        self.assertEqual(code, 0, errors)
        everything = self.replay('--report', '-', '--explain')[1]
        for wanted in VM, '2', '10.9.0.2':
            some = self.replay('--report', '-', f'--explain={wanted}')[1]
            self.assertTrue(some)
            self.assertLessEqual(len(some), len(everything))
        self.assertLess(len(self.replay('--report', '-', f'--explain={PEER}')[1]), len(everything))

    def explain(self, bridges, **frames_of):
        """What is said of these frames, given as (seconds, frame) by port."""
        ports = ', '.join(f'{port}: {{}}' for port in frames_of)
        config = self.file('explain.yaml', f'ports: {{{ports}}}\n{bridges}'.encode())
        inputs = []
        for port, received in frames_of.items():
            capture = self.file(f'{port}.pcap', captures.pcap_bytes([record(*item) for item in received]))
            inputs += ['--in', f'{port}={capture}']
        code, output, errors = self.godwit('replay', config, *inputs, '--explain')
        self.assertEqual(code, 0, errors)
        return output

    def test_explain_tells_of_a_rarp_in_other_bridges(self):
        told = self.explain('''
bridges:
  red: {vlan: 10, ports: [{port: east, tagged: true}, {port: west, tagged: true}]}
  blue: {vlan: 20, ports: [{port: east, tagged: true}, {port: west, tagged: true}]}
''', east=[(0, frames.tag(hello(), 10)), (1, frames.tag(hello(), 20))], west=[(2, frames.rarp(VM))])
        self.assertRegex(told, r'which takes no such frame: dropped \(vlan-mismatch\)\n'
                               rf'  resolve .*{VM} in every bridge of the port: moved to west in 2 bridges\n')

    def test_explain_tells_how_long_a_move_settles(self):
        told = self.explain('bridges: {lan: {ports: [east, west], moves: {settle: 500ms}}}\n', east=[(0, hello())],
                            west=[(1, hello())])
        self.assertIn('settling for 500ms\n', told)

    def test_explain_tells_why_a_mapping_is_not_looked_at(self):
        inner = frames.tag(frames.tag(hello(), 7), 10)
        told = self.explain('bridges: {red: {vlan: 10, ports: [{port: east, tagged: true}, west]}}\n',
                            east=[(0, inner)], west=[])
        self.assertIn('behind a second VLAN tag', told)
        self.assertNotIn('not believed', told)

    def test_until_lets_time_run_on(self):
        ages = [json.loads(self.replay('--report', '-', *more)[0])['fdb'] for more in ([], ['--until', '299s'],
                                                                                       ['--until', '400s'])]
        self.assertEqual([len(fdb) for fdb in ages], [2, 2, 0])

    def test_same_input_gives_the_same_octets(self):
        self.replay(*self.outputs())
        first = {path: path.read_bytes() for path in [self.report, *self.out.iterdir()]}
        self.replay(*self.outputs())
        self.assertEqual({path: path.read_bytes() for path in [self.report, *self.out.iterdir()]}, first)

    def test_an_ordinary_user_may_replay(self):
        if os.getuid() == 0:
            self.directory.chmod(0o777)
            program = self.directory / 'godwit'  # where that user can reach it
            shutil.copy(self.program, program)
            program.chmod(0o755)
            done = subprocess.run(['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', program,
                                   'replay', self.config, *self.inputs(), *self.outputs()],
                                  cwd=self.directory, capture_output=True, timeout=TIMEOUT, check=False)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual(self.report.stat().st_uid, NOBODY)
        else:
            self.replay(*self.outputs())


if __name__ == '__main__':
    sys.exit(main(__name__, __doc__))
