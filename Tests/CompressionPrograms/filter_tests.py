# SPDX-License-Identifier: Apache-2.0
"""The BIO filters over memory, and over pairs that do not block and hold a few bytes. CASES says how many random ones."""

import gzip
import os
import random
import subprocess
import sys
import unittest
import zlib

from libraries import *

CASES = int(os.environ.get('CASES', '300'))
FORMATS = {'deflate': -15, 'zlib': 15, 'gzip': 31}
# openssl/bio.h, and uacce_bio.h.
(RESET, EOF, PENDING, FLUSH, DUP, WPENDING) = (1, 2, 10, 11, 12, 13)
SET_BUFF_SIZE, SET_BUF_MEM_EOF_RETURN, SHUTDOWN_WR = 117, 130, 142
SYNC_NOW, NEXT_STREAM, SET_LEVEL = 0x75610001, 0x75610002, 0x75610003
SHOULD_RETRY = 8

filters = ctypes.CDLL(os.environ['FILTERS'])
crypto = ctypes.CDLL('libcrypto.so.3')
for each in ('BIO_new', 'BIO_push', 'BIO_pop', 'BIO_next', 'BIO_dup_chain', 'BIO_s_mem'):
    getattr(crypto, each).restype = pointer
crypto.BIO_ctrl.restype = ctypes.c_long


class Chain:
    """A filter on top of another BIO, which it takes over."""

    def __init__(self, name, below):
        method = getattr(filters, 'BIO_f_uacce_' + name)
        method.restype = pointer
        self.top = crypto.BIO_push(pointer(crypto.BIO_new(pointer(method()))), pointer(below))
        self.below = below

    def __del__(self):
        crypto.BIO_free_all(pointer(self.top))

    def control(self, command, number=0, argument=None, bio=None):
        return crypto.BIO_ctrl(pointer(bio or self.top), command, ctypes.c_long(number), argument)

    def retries(self):
        return crypto.BIO_test_flags(pointer(self.top), SHOULD_RETRY) != 0

    def write(self, data, bio=None):
        return crypto.BIO_write(pointer(bio or self.top), bytes(data), len(data))

    def read(self, room, bio=None):
        """Bytes, or what BIO_read returned when there were none."""
        output = (ctypes.c_ubyte * room)()
        count = crypto.BIO_read(pointer(bio or self.top), output, room)
        assert count <= room
        return bytes(output[:count]) if count > 0 else count

    def read_below(self):
        """All that came out."""
        output = []
        while isinstance(some := self.read(100000, self.below), bytes):
            output.append(some)
        return b''.join(output)

    def read_all(self, room=5000):
        output = []
        while isinstance(some := self.read(room), bytes):
            output.append(some)
        return b''.join(output), some


def memory(data=b''):
    bio = crypto.BIO_new(pointer(crypto.BIO_s_mem()))
    crypto.BIO_write(pointer(bio), data, len(data))
    # Where there is no more, it is the end.
    crypto.BIO_ctrl(pointer(bio), SET_BUF_MEM_EOF_RETURN, ctypes.c_long(0), None)
    return bio


def pair(here, there):
    one, other = pointer(), pointer()
    assert crypto.BIO_new_bio_pair(ctypes.byref(one), size_t(here), ctypes.byref(other), size_t(there)) == 1
    return one.value, other.value


def plain(name, data):
    decompressor = zlib.decompressobj(FORMATS[name])
    result = decompressor.decompress(data)
    assert decompressor.eof and not decompressor.unused_data
    return result


def compressed(name, data, level=6):
    compressor = zlib.compressobj(level, zlib.DEFLATED, FORMATS[name])
    return compressor.compress(data) + compressor.flush()


class Memory(unittest.TestCase):
    def test_both_ways(self):
        for seed, generator in enumerate(seeds(CASES // 3)):
            name = generator.choice(list(FORMATS))
            data = material(generator, generator.randrange(1, 150000))
            with self.subTest(seed=seed, name=name):
                chain = Chain(name, memory())
                if generator.random() < .5:
                    self.assertEqual(chain.control(SET_BUFF_SIZE, generator.choice([1, 5, 63, 700, 100000])), 1)
                position = 0
                while position < len(data):
                    part = data[position:position + generator.randrange(1, 40000)]
                    self.assertEqual(chain.write(part), len(part))
                    position += len(part)
                    if generator.random() < .2:
                        self.assertEqual(chain.control(SET_LEVEL, generator.randrange(-1, 10)), 1)
                    if generator.random() < .2:
                        self.assertEqual(chain.control(SYNC_NOW), 1)
                        self.assertEqual(chain.control(WPENDING), 0 if chain.control(PENDING) == 0 else chain.control(WPENDING))
                self.assertEqual(chain.control(FLUSH), 1)
                self.assertEqual(chain.control(FLUSH), 1)
                stream = chain.read_below()
                self.assertEqual(plain(name, stream), data)
                chain = Chain(name, memory(stream))
                self.assertEqual(chain.read_all(generator.choice([1, 100, 4095, 4096, 70000]) if len(data) < 9000 else 50000),
                                 (data, 0))
                self.assertEqual(chain.control(EOF), 1)

    def test_sync(self):
        chain = Chain('gzip', memory())
        self.assertEqual(chain.control(SYNC_NOW), 1)
        self.assertEqual(chain.read_below(), b'')
        reader, output = zlib.decompressobj(31), b''
        for number in range(50):
            line = b'%d bottles of beer on the wall\n' % number
            chain.write(line)
            self.assertGreater(chain.control(WPENDING), 0)
            self.assertEqual(chain.control(SYNC_NOW), 1)
            output += reader.decompress(chain.read_below())
            self.assertTrue(output.endswith(line))
            self.assertEqual(chain.control(SYNC_NOW), 1)
            self.assertEqual(chain.read_below(), b'')
        chain.control(FLUSH)
        reader.decompress(chain.read_below())
        self.assertTrue(reader.eof)

    def test_flush_without_data(self):
        chain = Chain('gzip', memory())
        self.assertEqual(chain.control(FLUSH), 1)
        self.assertEqual(chain.read_below(), b'')
        self.assertEqual(chain.read_all(), (b'', 0))

    def test_after_the_end(self):
        chain = Chain('zlib', memory())
        chain.write(b'abc')
        chain.control(FLUSH)
        self.assertEqual(chain.write(b'more'), -1)
        self.assertFalse(chain.retries())
        self.assertEqual(last_error().number, WRONG_STATE)
        self.assertEqual(plain('zlib', chain.read_below()), b'abc')
        self.assertEqual(chain.control(NEXT_STREAM), 1)
        self.assertEqual(chain.write(b'more'), 4)
        chain.control(FLUSH)
        self.assertEqual(plain('zlib', chain.read_below()), b'more')

    def test_members(self):
        data = [bytes(5000), b'', os.urandom(3000)]
        for room in (1, 100000):
            chain = Chain('gzip', memory(b''.join(gzip.compress(each) for each in data)))
            for each in data:
                self.assertEqual(chain.read_all(room), (each, 0))
                self.assertEqual(chain.control(EOF), 1)
                self.assertEqual(chain.control(NEXT_STREAM), 1)
            self.assertEqual(chain.read_all(room), (b'', 0))
            self.assertEqual(last_error().number, 0)

    def test_reset(self):
        chain = Chain('gzip', memory())
        chain.write(os.urandom(100000))
        self.assertEqual(chain.control(RESET), 1)
        chain.read_below()
        chain.write(b'anew')
        chain.control(FLUSH)
        self.assertEqual(plain('gzip', chain.read_below()), b'anew')

    def test_wrong(self):
        stream = compressed('zlib', bytes(100000) + os.urandom(5000))
        damaged = bytearray(stream)
        damaged[-1] ^= 1
        for given, number in ((stream[:-1], TRUNCATED), (stream[:3], TRUNCATED), (bytes(damaged), BAD_DATA), (b'\xff', TRUNCATED),
                              (b'\xff\xff', BAD_DATA), (compressed('gzip', b'abc'), BAD_DATA)):
            # What is damaged is so whether or not more is to come.
            for room, ending in ((100, 0), (300000, 0), (100, -1), (300000, -1)):
                if ending != 0 and number == TRUNCATED:
                    continue
                with self.subTest(size=len(given), room=room, ending=ending):
                    chain = Chain('zlib', memory(given))
                    chain.control(SET_BUF_MEM_EOF_RETURN, ending)
                    output, result = chain.read_all(room)
                    self.assertEqual(result, -1)
                    self.assertFalse(chain.retries())
                    failure = last_error()
                    self.assertEqual(failure.number, number, failure)
                    self.assertTrue(str(failure).startswith('uacce bio: the compressed data '), failure)
                    if number == TRUNCATED and len(given) > 10:
                        self.assertEqual(len(output), 105000)

    def test_settings(self):
        chain = Chain('zlib', memory())
        for level in (10, -2, 1 << 40):
            self.assertEqual(chain.control(SET_LEVEL, level), 0)
            self.assertEqual(last_error().number, BAD_SETTING)
        self.assertEqual(chain.control(SET_BUFF_SIZE, 0), 0)
        self.assertEqual(chain.control(SET_LEVEL, 0), 1)
        data = bytes(10000)
        chain.write(data)
        chain.control(FLUSH)
        self.assertGreater(len(stored := chain.read_below()), len(data))
        self.assertEqual(plain('zlib', stored), data)

    def test_line(self):
        chain = Chain('gzip', memory())
        self.assertEqual(crypto.BIO_puts(pointer(chain.top), b'a line\n'), 7)
        self.assertEqual(crypto.BIO_write(pointer(chain.top), b'', 0), 0)
        chain.control(FLUSH)
        self.assertEqual(plain('gzip', chain.read_below()), b'a line\n')

    def test_alone(self):
        method = filters.BIO_f_uacce_zlib
        method.restype = pointer
        bio = crypto.BIO_new(pointer(method()))
        self.assertLessEqual(crypto.BIO_write(pointer(bio), b'abc', 3), 0)
        self.assertEqual(crypto.BIO_ctrl(pointer(bio), FLUSH, ctypes.c_long(0), None), 0)
        crypto.BIO_free(pointer(bio))


class Copies(unittest.TestCase):
    def test_in_the_middle(self):
        data = material(random.Random(3), 60000)
        chain = Chain('gzip', memory())
        self.assertEqual(chain.control(SET_BUFF_SIZE, 5000), 1)
        self.assertEqual(chain.write(data), len(data))
        copy = Chain.__new__(Chain)
        copy.top = crypto.BIO_dup_chain(pointer(chain.top))
        self.assertTrue(copy.top)
        copy.below = crypto.BIO_next(pointer(copy.top))
        # BIO_dup_chain makes a memory BIO without what is in the first.
        begin = chain.read_below()
        for each, rest in ((copy, b'one'), (chain, b'other')):
            self.assertEqual(each.write(rest), len(rest))
            self.assertEqual(each.control(FLUSH), 1)
            self.assertEqual(plain('gzip', begin + each.read_below()), data + rest)

    def test_reading(self):
        data = material(random.Random(4), 60000)
        stream = compressed('zlib', data)
        chain = Chain('zlib', memory(stream))
        begin = b''
        while len(begin) < 10000:
            begin += chain.read(1000)
        copy = Chain.__new__(Chain)
        copy.top = crypto.BIO_dup_chain(pointer(chain.top))
        copy.below = crypto.BIO_next(pointer(copy.top))
        copy.write(chain.read_below(), copy.below) if len(stream) > 32768 else None
        crypto.BIO_ctrl(pointer(copy.below), SET_BUF_MEM_EOF_RETURN, ctypes.c_long(0), None)
        self.assertEqual(begin + copy.read_all()[0], data)


class WithoutBlocking(unittest.TestCase):
    def test_writing(self):
        for seed, generator in enumerate(seeds(CASES // 3)):
            name = generator.choice(list(FORMATS))
            here, there = pair(generator.choice([1, 2, 17, 1000]), 100)
            chain = Chain(name, here)
            chain.control(SET_BUFF_SIZE, generator.choice([1, 7, 100, 10000]))
            data = material(generator, generator.randrange(1, 6000))
            with self.subTest(seed=seed, name=name):
                output, position, refused = b'', 0, 0

                def pump():
                    nonlocal output
                    if isinstance(some := chain.read(generator.randrange(1, 2000), there), bytes):
                        output += some

                def until_done(command):
                    while (result := chain.control(command)) != 1:
                        self.assertEqual((result, chain.retries()), (-1, True))
                        pump()
                while position < len(data):
                    part = data[position:position + generator.randrange(1, 2000)]
                    count = chain.write(part)
                    if count > 0:
                        position += count
                        self.assertLessEqual(count, len(part))
                    else:
                        self.assertEqual((count, chain.retries()), (-1, True))
                        refused += 1
                        pump()
                    if generator.random() < .05:
                        until_done(SYNC_NOW)
                        while chain.control(PENDING, bio=there) > 0:
                            pump()
                        self.assertEqual(zlib.decompressobj(FORMATS[name]).decompress(output), data[:position])
                until_done(FLUSH)
                while chain.control(PENDING, bio=there) > 0:
                    pump()
                self.assertEqual(plain(name, output), data)
                crypto.BIO_free(pointer(there))

    def test_reading(self):
        for seed, generator in enumerate(seeds(CASES // 3)):
            name = generator.choice(list(FORMATS))
            here, there = pair(100, generator.choice([1, 2, 17, 1000, 60000]))
            chain = Chain(name, here)
            chain.control(SET_BUFF_SIZE, generator.choice([1, 7, 100, 10000, 40000]))
            data = material(generator, generator.randrange(1, 20000))
            stream = compressed(name, data)
            cut = len(stream) - (generator.randrange(1, 4) if generator.random() < .3 else 0)
            with self.subTest(seed=seed, name=name, cut=len(stream) - cut):
                output, position = b'', 0
                while True:
                    some = chain.read(generator.choice([1, 50, 5000, 100000]))
                    if isinstance(some, bytes):
                        output += some
                        continue
                    if not chain.retries():
                        break
                    self.assertEqual(some, -1)
                    self.assertEqual(chain.control(EOF), 0)
                    if position < cut:
                        count = chain.write(stream[position:min(cut, position + generator.randrange(1, 5000))], there)
                        position += max(count, 0)
                    else:
                        chain.control(SHUTDOWN_WR, bio=there)
                if cut == len(stream):
                    self.assertEqual((some, output), (0, data))
                    self.assertEqual(chain.control(EOF), 1)
                else:
                    self.assertEqual((some, last_error().number), (-1, TRUNCATED))
                    self.assertTrue(data.startswith(output))
                crypto.BIO_free(pointer(there))

    def test_all_that_there_is(self):
        """Nothing that has arrived is kept until more arrives."""
        for seed, generator in enumerate(seeds(CASES // 3)):
            name = generator.choice(list(FORMATS))
            data = material(generator, generator.randrange(1, 200000))
            chain = Chain(name, memory(compressed(name, data)))
            chain.control(SET_BUF_MEM_EOF_RETURN, -1)
            rooms = [generator.randrange(1, 3000), generator.randrange(4096, 20000)]
            with self.subTest(seed=seed, name=name):
                output = b''
                while isinstance(some := chain.read(generator.choice(rooms)), bytes):
                    output += some
                self.assertEqual((some, output), (0, data))

    def test_both_directions(self):
        """A conversation: what one says is read by the other before the other answers."""
        one, other = pair(50, 50)
        left, right = Chain('zlib', one), Chain('zlib', other)
        generator = random.Random(9)
        for _ in range(30):
            for speaker, listener in ((left, right), (right, left)):
                said, heard = material(generator, generator.randrange(1, 500)), b''
                position = 0
                while position < len(said) or speaker.control(SYNC_NOW) != 1:
                    if position < len(said):
                        position += max(speaker.write(said[position:]), 0)
                    if isinstance(some := listener.read(1000), bytes):
                        heard += some
                while len(heard) < len(said):
                    heard += listener.read(1000)
                self.assertEqual(heard, said)


class Loading(unittest.TestCase):
    def test_library(self):
        for library, said in (('/nowhere/z.so', '/nowhere/z.so'), ('off', 'UACCE_COMPRESSION_LIBRARY=off')):
            program = '''
from filter_tests import *
chain = Chain('gzip', memory(b'abc'))
assert 'libuacce-z' not in open('/proc/self/maps').read()
assert chain.write(b'abc') == -1 and not chain.retries()
print(last_error())
assert chain.read(10) == -1 and last_error().number == NO_LIBRARY
'''
            result = subprocess.run([sys.executable, '-c', program], env=dict(os.environ, UACCE_COMPRESSION_LIBRARY=library),
                                    text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn('uacce bio: the compression library cannot be used: ', result.stdout)
            self.assertIn(said, result.stdout)


if __name__ == '__main__':
    unittest.main(verbosity=int(os.environ.get('VERBOSITY', '1')))
