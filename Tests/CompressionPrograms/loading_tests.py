# SPDX-License-Identifier: Apache-2.0
"""When the library behind the operation is opened, which one, and what is said where it cannot be. Each in a process of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

MODULES = os.environ['OPENSSL_MODULES']
LIBRARIES = os.path.dirname(MODULES)
BEGIN = '''
import os
from libraries import *
def mapped(name): return name in open('/proc/self/maps').read()
assert bridge.operation_load() == 1, last_error()
assert not mapped('libuacce-z'), 'opened before it is wanted'
'''


def run(program, **environment):
    result = subprocess.run([sys.executable, '-c', BEGIN + program], env=dict(os.environ, **environment), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    assert result.returncode == 0, result.stdout
    return result.stdout


class Loading(unittest.TestCase):
    def test_only_when_wanted(self):
        run('''
assert bridge.operation_exists(b'GZIP') == 1 and capability('UACCE-COMPRESSION')
assert not mapped('libuacce-z')
Stream('GZIP').compress().push(b'abc', FINISH)
assert mapped('libuacce-z')
bridge.operation_unload()
''')

    def test_missing(self):
        with tempfile.NamedTemporaryFile() as empty:
            for library, said in (('/nowhere/libuacce-z.so', '/nowhere/libuacce-z.so'), (empty.name, empty.name),
                                  ('libcrypto.so.3', 'libcrypto.so.3 has no deflateInit2_'), ('libnothing.so', 'libnothing.so')):
                output = run('''
assert bridge.operation_exists(b'GZIP') == 1
for _ in range(2):
    try:
        Stream('GZIP')
        assert False
    except Failure as failure:
        assert failure.number == NO_LIBRARY
        print(failure)
''', UACCE_COMPRESSION_LIBRARY=library)
                self.assertEqual(output.count('uacce: the compression library cannot be used: '), 2, output)
                self.assertIn(said, output)

    def test_off(self):
        run('''
assert bridge.operation_exists(b'GZIP') == 0
assert capability('UACCE-COMPRESSION') == ''
''', UACCE_COMPRESSION_LIBRARY='off')

    def test_algorithms(self):
        run('''
assert [bridge.operation_exists(name) for name in (b'GZIP', b'ZLIB', b'DEFLATE')] == [0, 1, 1]
assert capability('UACCE-COMPRESSION').count('\\n') == 2
''', UACCE_ALGORITHMS='ALL, -GZIP')

    def test_another_library(self):
        output = run('''
stream = Stream('GZIP').compress().push(bytes(100000), FINISH)[1]
assert Stream('GZIP').decompress().push(stream, FINISH) == (END, bytes(100000))
assert not mapped('libuacce-z')
''', UACCE_COMPRESSION_LIBRARY='libz.so.1')
        self.assertEqual(output, '')

    def test_where_packages_put_it(self):
        """The folders of the packages, Scripts/install and the tarball, and nothing in the linker's path."""
        for modules, library in (('usr/lib/x86_64-linux-gnu/ossl-modules', 'usr/lib/uacce'), ('lib/ossl-modules', 'lib/uacce'),
                                 ('lib/ossl-modules', 'lib')):
            with tempfile.TemporaryDirectory() as root:
                for folder, file in ((modules, MODULES + '/uacce.so'), (library, LIBRARIES + '/libuacce-z.so')):
                    os.makedirs(os.path.join(root, folder), exist_ok=True)
                    shutil.copy(file, os.path.join(root, folder))
                run(f'''
Stream('GZIP').compress().push(b'abc', FINISH)
assert mapped('{os.path.join(root, library)}/libuacce-z.so')
''', OPENSSL_MODULES=os.path.join(root, modules))

    @unittest.skipIf(os.geteuid() != 0, 'only root can give files away')
    def test_not_somebody_elses(self):
        with tempfile.TemporaryDirectory() as root:
            modules = os.path.join(root, 'lib/ossl-modules')
            os.makedirs(modules)
            shutil.copy(MODULES + '/uacce.so', modules)
            shutil.copy(LIBRARIES + '/libuacce-z.so', os.path.dirname(modules))
            os.chown(os.path.join(root, 'lib/libuacce-z.so'), 12345, 12345)
            run('''
try:
    Stream('GZIP')
    assert False
except Failure as failure:
    assert failure.number == NO_LIBRARY, failure
''', OPENSSL_MODULES=modules)


if __name__ == '__main__':
    unittest.main(verbosity=int(os.environ.get('VERBOSITY', '1')))
