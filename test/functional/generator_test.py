#!/usr/bin/python3
"""The cases kept here are what their generators make: the same octets when run again, and no case left over."""

import pathlib
import subprocess
import sys
import tempfile

PCAPS = pathlib.Path(__file__).resolve().parents[2] / 'pcaps'
# generator -> where its cases are kept, and what their folders are called
GENERATORS = {'make_figure2.py': ('figure2', '[0-9][0-9]-*'), 'make_cases.py': ('.', '[0-9][0-9][0-9]-*')}


def tree(folder, pattern):
    return {str(path.relative_to(folder)): path.read_bytes()
            for case in folder.glob(pattern) for path in case.rglob('*') if path.is_file()}


def differences(generator, kept, pattern):
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([PCAPS / generator, '--out', scratch], check=True)
        made = tree(pathlib.Path(scratch), pattern)
    have = tree(PCAPS / kept, pattern)
    if not made:
        return ['it makes nothing']
    return [name for name in sorted(made.keys() | have.keys()) if made.get(name) != have.get(name)]


def main():
    failed = 0
    for generator, (kept, pattern) in GENERATORS.items():
        differing = differences(generator, kept, pattern)
        failed += bool(differing)
        print(f'{"FAIL" if differing else "ok  "} {generator}')
        for name in differing:
            print(f'  differs: {name}')
    print(f'{len(GENERATORS) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
