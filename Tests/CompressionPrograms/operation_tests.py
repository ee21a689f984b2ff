# SPDX-License-Identifier: Apache-2.0
"""The provider's compression operation against Python's zlib and gzip. CASES in the environment says how many random ones."""

import gzip
import os
import random
import threading
import unittest
import zlib

from libraries import *

FORMATS = {'DEFLATE': -1, 'ZLIB': 1, 'GZIP': 17}
CASES = int(os.environ.get('CASES', '300'))


def window_argument(name, bits):
    return {'DEFLATE': -bits, 'ZLIB': bits, 'GZIP': bits + 16}[name]


def plain(name, data, dictionary=None):
    """What Python makes of a whole stream."""
    decompressor = zlib.decompressobj(window_argument(name, 15), *([dictionary] if dictionary else []))
    result = decompressor.decompress(data)
    assert decompressor.eof and not decompressor.unused_data
    return result


def compressed(name, data, level=6, window=15, memory=8, strategy=0, dictionary=None):
    compressor = zlib.compressobj(level, zlib.DEFLATED, window_argument(name, window), memory, strategy,
                                  *([dictionary] if dictionary else []))
    return compressor.compress(data) + compressor.flush()


class Finding(unittest.TestCase):
    def test_names(self):
        for name in list(FORMATS) + ['gzip', 'Zlib']:
            self.assertEqual(bridge.operation_exists(name.encode()), 1, name)
        for name in ['', 'LZ4', 'GZI', 'GZIPS', 'SHA256']:
            self.assertEqual(bridge.operation_exists(name.encode()), 0, name)

    def test_capability(self):
        self.assertEqual(capability('UACCE-COMPRESSION'), ''.join(f'{name} 75616301 1 provider=uacce\n' for name in FORMATS))
        # libssl asks every provider for these.
        self.assertEqual(capability('TLS-GROUP') + capability('TLS-SIGALG') + capability('nothing'), '')


class Random(unittest.TestCase):
    def test_compressing(self):
        for seed, generator in enumerate(seeds(CASES)):
            name = generator.choice(list(FORMATS))
            settings = dict(level=generator.randrange(-1, 10))
            if generator.random() < .3:
                settings.update(strategy=generator.randrange(5), window=generator.randrange(9, 16),
                                memory=generator.randrange(1, 10))
            with self.subTest(seed=seed, name=name, **settings):
                room, piece = sizes(generator), sizes(generator)
                data = material(generator, min(size_of_data(generator, room), size_of_data(generator, piece)))
                stream = Stream(name).compress(**settings)
                reader = zlib.decompressobj(window_argument(name, 15))
                output, position = b'', 0
                while position < len(data):
                    part = data[position:position + generator.randrange(1, len(data) + 1)]
                    flush = generator.choice([NONE, NONE, PARTIAL, SYNC, SYNC, FULL, BLOCK])
                    status, some = stream.push(part, flush, room, piece)
                    self.assertEqual(status, PROGRESS)
                    output += some
                    position += len(part)
                    self.assertEqual(stream.get('total-in'), position)
                    self.assertEqual(stream.get('total-out'), len(output))
                    # What was flushed can be read.
                    read = reader.decompress(some)
                    self.assertTrue(data.startswith(read, position - len(part)) or flush != SYNC or read)
                    if flush in (SYNC, FULL):
                        self.assertEqual(plain_so_far(name, output), data[:position])
                status, some = stream.push(b'', FINISH, room)
                self.assertEqual(status, END)
                self.assertEqual(plain(name, output + some), data)
                if name != 'DEFLATE':
                    check = zlib.crc32 if name == 'GZIP' else zlib.adler32
                    self.assertEqual(stream.get('checksum'), check(data))

    def test_decompressing(self):
        for seed, generator in enumerate(seeds(CASES)):
            name = generator.choice(list(FORMATS))
            room, piece = sizes(generator), sizes(generator)
            data = material(generator, min(size_of_data(generator, room), size_of_data(generator, piece)))
            stream = compressed(name, data, generator.randrange(10), generator.randrange(9, 16), generator.randrange(1, 10),
                                generator.randrange(5))
            with self.subTest(seed=seed, name=name):
                reader = Stream(name).decompress()
                behind = generator.randbytes(generator.randrange(20))
                status, output = reader.push(stream + behind, generator.choice([NONE, SYNC, FINISH]), room, piece)
                self.assertEqual((status, output), (END, data))
                # What is behind the end was not touched.
                self.assertEqual(reader.get('total-in'), len(stream))

    def test_damaged(self):
        found = 0
        for seed, generator in enumerate(seeds(CASES)):
            name = generator.choice(['ZLIB', 'GZIP'])
            data = material(generator, generator.randrange(1, 60000))
            stream = bytearray(compressed(name, data, generator.randrange(10)))
            for _ in range(generator.randrange(1, 4)):
                stream[generator.randrange(len(stream))] ^= 1 << generator.randrange(8)
            with self.subTest(seed=seed, name=name):
                room, piece = (lambda: generator.randrange(1, 30000)), (lambda: generator.randrange(1, 30000))
                try:
                    expected = plain(name, stream)
                except (zlib.error, AssertionError):
                    expected = None
                try:
                    status, output = Stream(name).decompress().push(bytes(stream), FINISH, room, piece)
                    self.assertEqual(status, NEED_DICTIONARY if expected is None and status != END else END)
                    # A flag of gzip's header may have changed, or nothing of the data; or the end came before the end.
                    self.assertEqual(output, expected if expected is not None else output)
                except Failure as failure:
                    found += 1
                    self.assertIn(failure.number, (BAD_DATA, TRUNCATED), failure)
                    self.assertIsNone(expected, failure)
        self.assertGreater(found, CASES // 2)

    def test_cut_off(self):
        for seed, generator in enumerate(seeds(CASES // 3)):
            name = generator.choice(list(FORMATS))
            data = material(generator, generator.randrange(1, 60000))
            stream = compressed(name, data)
            cut = stream[:generator.randrange(len(stream))]
            with self.subTest(seed=seed, name=name, cut=len(cut)):
                output, position, reader = b'', 0, Stream(name).decompress()
                with self.assertRaises(Failure) as raised:
                    while True:
                        status, some, taken = reader.update(cut[position:], generator.randrange(1, 30000), FINISH)
                        output, position = output + some, position + taken
                        self.assertEqual(status, PROGRESS)
                self.assertEqual(raised.exception.number, TRUNCATED)
                output += raised.exception.before
                self.assertTrue(data.startswith(output))
                # It stays that way.
                with self.assertRaises(Failure) as again:
                    reader.update(stream[len(cut):], 100)
                self.assertEqual(again.exception.number, TRUNCATED)


def plain_so_far(name, data):
    return zlib.decompressobj(window_argument(name, 15)).decompress(data)


class Flushing(unittest.TestCase):
    """Each flush ends, whatever the room, and is done once."""

    def test_every_flush_in_every_room(self):
        for name in FORMATS:
            for flush in (PARTIAL, SYNC, FULL, BLOCK):
                for room in (1, 2, 5, 6, 7, 63, 64, 1000):
                    for data in (b'a', b'abc' * 10, bytes(5000), os.urandom(3000)):
                        with self.subTest(name=name, flush=flush, room=room, size=len(data)):
                            stream = Stream(name).compress()
                            _, output = stream.push(data, flush, lambda: room)
                            # Headers, the data stored, and a marker or two.
                            self.assertLess(len(output), len(data) + 60)
                            self.assertEqual(stream.push(b'', flush, lambda: room), (PROGRESS, b''))
                            self.assertEqual(stream.push(b'', NONE, lambda: room), (PROGRESS, b''))
                            if flush != BLOCK:
                                self.assertEqual(plain_so_far(name, output), data)
                            output += stream.push(data, FINISH, lambda: room)[1]
                            self.assertEqual(plain(name, output), data + data)

    def test_full_flush_forgets(self):
        data = os.urandom(4000)
        stream = Stream('DEFLATE').compress()
        first = stream.push(data, FULL)[1]
        second = stream.push(data, FINISH)[1]
        self.assertEqual(plain('DEFLATE', second), data)
        self.assertEqual(plain('DEFLATE', first + second), data + data)

    def test_empty(self):
        for name in FORMATS:
            for room in (1, 100):
                status, output = Stream(name).compress().push(b'', FINISH, lambda: room)
                self.assertEqual((status, plain(name, output)), (END, b''))
                self.assertEqual(Stream(name).decompress().push(output, FINISH, lambda: room), (END, b''))

    def test_changing_level(self):
        for name in FORMATS:
            for room in (1, 40, 100000):
                with self.subTest(name=name, room=room):
                    generator = random.Random(room)
                    data = material(generator, 3000 if room == 1 else 200000)
                    stream = Stream(name).compress(level=1)
                    output = b''
                    for index in range(0, len(data), len(data) // 10):
                        output += stream.push(data[index:index + len(data) // 10], NONE, lambda: room)[1]
                        stream.set(level=generator.randrange(10), strategy=generator.randrange(5))
                    output += stream.push(b'', FINISH, lambda: room)[1]
                    self.assertEqual(plain(name, output), data)


class Dictionaries(unittest.TestCase):
    words = b'the quick brown fox jumps over the lazy dog, again and again and again'
    data = words[10:50] * 3 + b'?'

    def test_both_ways(self):
        for name in ('DEFLATE', 'ZLIB'):
            with self.subTest(name=name):
                writer = Stream(name).compress(dictionary=self.words)
                for _ in range(2):
                    _, output = writer.push(self.data, FINISH)
                    self.assertEqual(plain(name, output, self.words), self.data)
                    self.assertLess(len(output), len(Stream(name).compress().push(self.data, FINISH)[1]))
                    # The dictionary stays over a reset.
                    writer.reset()
                stream = compressed(name, self.data, dictionary=self.words)
                reader = Stream(name).decompress(dictionary=self.words)
                for _ in range(2):
                    self.assertEqual(reader.push(stream, FINISH, lambda: 1), (END, self.data))
                    reader.reset()

    def test_asked_for(self):
        stream = compressed('ZLIB', self.data, dictionary=self.words)
        reader = Stream('ZLIB').decompress()
        status, output, taken = reader.update(stream, 1000)
        self.assertEqual((status, output), (NEED_DICTIONARY, b''))
        self.assertEqual(reader.update(stream[taken:], 1000)[0], NEED_DICTIONARY)
        reader.set(dictionary=self.words)
        self.assertEqual(reader.push(stream[taken:], FINISH), (END, self.data))
        with self.assertRaises(Failure) as raised:
            Stream('ZLIB').decompress().whole(stream, 1000)
        self.assertEqual(raised.exception.number, NEEDS_DICTIONARY)

    def test_another(self):
        stream = compressed('ZLIB', self.data, dictionary=self.words)
        with self.assertRaises(Failure) as raised:
            Stream('ZLIB').decompress(dictionary=b'something else').push(stream)
        self.assertEqual(raised.exception.number, WRONG_DICTIONARY)

    def test_where_there_can_be_none(self):
        with self.assertRaises(Failure) as raised:
            Stream('GZIP').compress(dictionary=self.words)
        self.assertEqual(raised.exception.number, BAD_SETTING)
        writer = Stream('ZLIB').compress()
        writer.push(self.data)
        with self.assertRaises(Failure) as raised:
            writer.set(dictionary=self.words)
        self.assertEqual(raised.exception.number, WRONG_STATE)


class Copies(unittest.TestCase):
    def test_in_the_middle(self):
        for seed, generator in enumerate(seeds(30)):
            name = generator.choice(list(FORMATS))
            data = material(generator, 60000)
            cut = generator.randrange(len(data))
            with self.subTest(seed=seed, name=name, cut=cut):
                writer = Stream(name).compress(level=generator.randrange(10))
                _, first = writer.push(data[:cut], generator.choice([NONE, SYNC]), lambda: generator.randrange(1, 5000))
                copy = writer.copy()
                _, other = copy.push(data[:1000], FINISH)
                _, second = writer.push(data[cut:], FINISH)
                del writer
                self.assertEqual(plain(name, first + second), data)
                self.assertEqual(plain(name, first + other), data[:cut] + data[:1000])
                stream = first + second
                cut = generator.randrange(len(stream))
                reader = Stream(name).decompress()
                _, begin = reader.push(stream[:cut], NONE, lambda: generator.randrange(1, 5000))
                copy = reader.copy()
                for half in (copy, reader):
                    self.assertEqual(half.push(stream[cut:], FINISH, lambda: generator.randrange(1, 5000)),
                                     (END, data[len(begin):]))

    def test_of_what_waits(self):
        writer = Stream('GZIP').compress()
        data = os.urandom(500)
        _, first, taken = writer.update(data, 1, SYNC)
        copy = writer.copy()
        for stream in (writer, copy):
            self.assertEqual(plain('GZIP', first + stream.push(data[taken:], FINISH)[1]), data)
        self.assertEqual(Stream('GZIP').copy().compress().push(b'', FINISH)[0], END)


class Whole(unittest.TestCase):
    def test_bound(self):
        for seed, generator in enumerate(seeds(40)):
            name = generator.choice(list(FORMATS))
            data = material(generator, generator.choice([0, 1, 100, 5000, 200000]))
            with self.subTest(seed=seed, name=name, size=len(data)):
                level = generator.randrange(10)
                writer = Stream(name).compress(level=level)
                output = writer.whole(data, writer.bound(len(data)))
                self.assertEqual(plain(name, output), data)
                self.assertEqual(Stream(name).decompress().whole(output, len(data)), data)
                for stream, given, room in ((Stream(name).compress(level=level), data, len(output) // 2),
                                            (Stream(name).decompress(), output, len(data) - 1)):
                    if len(data) < 100:
                        continue
                    with self.assertRaises(Failure) as raised:
                        stream.whole(given, room)
                    self.assertEqual(raised.exception.number, OUTPUT_TOO_SMALL)

    def test_members(self):
        data = [os.urandom(10), b'', bytes(100000)]
        file = b''.join(gzip.compress(each) for each in data)
        size = sum(map(len, data))
        reader = Stream('GZIP').decompress()
        self.assertEqual(reader.whole(file, size), b''.join(data))
        self.assertEqual((reader.get('total-in'), reader.get('total-out')), (len(file), size))
        # The same by hand, as the header tells.
        reader = Stream('GZIP').decompress()
        output, rest = [], file
        while rest:
            status, some, taken = reader.update(rest, size, FINISH)
            output.append(some)
            rest = rest[taken:]
            if status == END:
                reader.reset()
        self.assertEqual(b''.join(output), b''.join(data))

    def test_what_is_wrong(self):
        data = bytes(1000)
        for name in FORMATS:
            stream = compressed(name, data)
            for given, room, number in ((stream[:-1], 1000, TRUNCATED), (stream[:-1], 2000, TRUNCATED), (b'', 1000, TRUNCATED),
                                        (stream + b'x', 1000, BAD_DATA if name == 'GZIP' else TRAILING_DATA)):
                with self.subTest(name=name, size=len(given), room=room):
                    with self.assertRaises(Failure) as raised:
                        Stream(name).decompress().whole(given, room)
                    # Of a member that begins with one byte nobody knows what it would have been.
                    self.assertIn(raised.exception.number, (number, TRUNCATED if name == 'GZIP' else number))


class Mistakes(unittest.TestCase):
    def fails(self, number, call, *arguments, **settings):
        with self.assertRaises(Failure) as raised:
            call(*arguments, **settings)
        self.assertEqual(raised.exception.number, number, raised.exception)
        return str(raised.exception)

    def test_settings(self):
        for settings in (dict(level=10), dict(level=-2), dict(strategy=5), dict(strategy=-1), dict(window=8), dict(window=16),
                         dict(memory=0), dict(memory=10), dict(level=2**31 - 1)):
            self.fails(BAD_SETTING, Stream('ZLIB').compress, **settings)
        self.assertIn('level: expected -1 to 9', self.fails(BAD_SETTING, Stream('ZLIB').compress, level=10))
        writer = Stream('ZLIB').compress()
        self.fails(BAD_SETTING, writer.set, level=10)
        self.fails(WRONG_STATE, writer.set, window=12)
        self.fails(BAD_SETTING, writer.update, b'', 10, 6)
        self.fails(BAD_SETTING, writer.update, b'', 10, -1)
        # And none of it did any harm.
        self.assertEqual(plain('ZLIB', writer.push(b'abc', FINISH)[1]), b'abc')

    def test_order(self):
        stream = Stream('ZLIB')
        self.fails(WRONG_STATE, stream.update, b'abc', 10)
        self.fails(WRONG_STATE, stream.whole, b'abc', 10)
        self.fails(WRONG_STATE, stream.reset)
        self.fails(WRONG_STATE, stream.set, level=1)
        self.fails(WRONG_STATE, stream.set, dictionary=b'abc')
        self.assertEqual(stream.bound(1), 0)
        last_error()
        stream.compress()
        output = stream.push(b'abc', FINISH)[1]
        self.assertEqual(stream.update(b'', 10, FINISH), (END, b'', 0))
        self.fails(WRONG_STATE, stream.update, b'more', 10, FINISH)
        self.fails(WRONG_STATE, stream.update, b'', 10, NONE)
        self.fails(WRONG_STATE, stream.whole, b'abc', 100)
        stream.decompress()
        self.assertEqual(stream.bound(1), 0)
        last_error()
        self.fails(WRONG_STATE, stream.set, level=1)
        self.assertEqual(stream.push(output), (END, b'abc'))
        self.assertEqual(stream.update(b'somebody else\'s', 10), (END, b'', 0))

    def test_nothing(self):
        stream = Stream('ZLIB').compress()
        count = size_t()
        for written, room, taken, size in ((count, 5, count, 0), (count, 0, count, 5), (None, 0, count, 0), (count, 0, None, 0)):
            self.assertEqual(bridge.operation_update(pointer(stream.handle), None, written and ctypes.byref(written),
                                                     size_t(room), None, taken and ctypes.byref(taken), size_t(size), NONE), 0)
            last_error()
        self.assertEqual(stream.update(b'', 0), (PROGRESS, b'', 0))
        self.assertEqual(Stream('ZLIB').decompress().update(b'', 0), (PROGRESS, b'', 0))

    def test_texts(self):
        text = self.fails(BAD_DATA, Stream('ZLIB').decompress().update, b'\xff' * 10, 10)
        self.assertEqual(text, 'uacce: the compressed data is damaged: incorrect header check')


class Company(unittest.TestCase):
    def test_threads(self):
        wrong = []

        def work(seed):
            generator = random.Random(seed)
            for _ in range(20):
                data = material(generator, 50000)
                stream = Stream('GZIP').compress().push(data, FINISH, lambda: 3000)[1]
                if Stream('GZIP').decompress().push(stream, FINISH) != (END, data) or gzip.decompress(stream) != data:
                    wrong.append(seed)
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_fork(self):
        data = material(random.Random(5), 200000)
        writer, reader = Stream('GZIP').compress(), Stream('ZLIB').decompress()
        first = writer.push(data[:90000])[1]
        stream = zlib.compress(data)
        _, begin = reader.push(stream[:30000])
        child = os.fork()
        good = plain('GZIP', first + writer.push(data[90000:], FINISH)[1]) == data
        good = good and reader.push(stream[30000:], FINISH) == (END, data[len(begin):])
        if child == 0:
            os._exit(0 if good else 1)
        self.assertTrue(good)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


@unittest.skipUnless(os.environ.get('LONG'), 'takes long')
class Large(unittest.TestCase):
    def test_beyond_32_bits(self):
        import mmap
        size = (1 << 32) + (1 << 30) + 12345
        zeros = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(zeros))
        writer = Stream('GZIP').compress(level=1)
        room = 1 << 27
        output = (ctypes.c_ubyte * room)()
        written, taken = size_t(), size_t()
        self.assertEqual(bridge.operation_update(pointer(writer.handle), output, ctypes.byref(written), size_t(room),
                                                 pointer(address), ctypes.byref(taken), size_t(size), FINISH), END)
        self.assertEqual((taken.value, writer.get('total-in')), (size, size))
        reader = Stream('GZIP').decompress()
        target = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ | mmap.PROT_WRITE)
        count = size_t()
        self.assertEqual(bridge.operation_whole(pointer(reader.handle),
                                                pointer(ctypes.addressof(ctypes.c_char.from_buffer(target))),
                                                ctypes.byref(count), size_t(size), output, written), END)
        self.assertEqual(count.value, size)
        self.assertEqual(reader.get('checksum'), writer.get('checksum'))
        self.assertEqual(target[-1000:], bytes(1000))


if __name__ == '__main__':
    assert bridge.operation_load() == 1, last_error()
    unittest.main(exit=False, verbosity=int(os.environ.get('VERBOSITY', '1'))).result.wasSuccessful() or os._exit(1)
    import gc
    gc.collect()
    bridge.operation_unload()
