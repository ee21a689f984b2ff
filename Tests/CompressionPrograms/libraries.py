# SPDX-License-Identifier: Apache-2.0
"""The compression operation (through operation.c) and the BIO filters, as Python objects, and data to give them.

BRIDGE and FILTERS in the environment name the libraries.
"""

import ctypes
import os
import random

NONE, PARTIAL, SYNC, FULL, FINISH, BLOCK = range(6)
ERROR, PROGRESS, END, NEED_DICTIONARY = range(4)
(NO_LIBRARY, BAD_SETTING, WRONG_STATE, BAD_DATA, TRUNCATED, WRONG_DICTIONARY, NEEDS_DICTIONARY, OUTPUT_TOO_SMALL,
 TRAILING_DATA, NO_MEMORY, ENGINE_FAILED) = range(551, 562)
UNSET = -1000

bridge = ctypes.CDLL(os.environ['BRIDGE'])
bridge.operation_new.restype = bridge.operation_copy.restype = ctypes.c_void_p
bridge.operation_bound.restype = ctypes.c_size_t
bridge.operation_get.restype = ctypes.c_int64
size_t, pointer = ctypes.c_size_t, ctypes.c_void_p


class Failure(Exception):
    """The reason's number of OpenSSL's last error, and its text."""

    def __init__(self, number, text):
        super().__init__(text)
        self.number = number


def last_error():
    text = ctypes.create_string_buffer(1000)
    number = bridge.operation_error(text)
    return Failure(number, text.value.decode())


def capability(name):
    text = ctypes.create_string_buffer(1000)
    assert bridge.operation_capability(name.encode(), text) == 1
    return text.value.decode()


class Stream:
    """A context of the operation. A failure is a `Failure`, with the bytes before it in `before`."""

    def __init__(self, name, handle=None):
        self.name = name
        self.handle = handle or bridge.operation_new(name.encode())
        if not self.handle:
            raise last_error()

    def __del__(self):
        if self.handle:
            bridge.operation_free(pointer(self.handle))

    def check(self, good):
        if not good:
            raise last_error()

    def begin(self, compress, level=UNSET, strategy=UNSET, window=UNSET, memory=UNSET, dictionary=None):
        self.check(bridge.operation_init(pointer(self.handle), compress, level, strategy, window, memory, dictionary,
                                         size_t(len(dictionary or b''))))
        return self

    def compress(self, **settings):
        return self.begin(1, **settings)

    def decompress(self, **settings):
        return self.begin(0, **settings)

    def set(self, level=UNSET, strategy=UNSET, window=UNSET, memory=UNSET, dictionary=None):
        self.check(bridge.operation_set(pointer(self.handle), level, strategy, window, memory, dictionary,
                                        size_t(len(dictionary or b''))))

    def update(self, data, room, flush=NONE):
        """Status, what was written, and how much of the data was taken."""
        # Exactly as large as it may be, for whoever watches memory.
        output = (ctypes.c_ubyte * room)()
        written, taken = size_t(99), size_t(99)
        status = bridge.operation_update(pointer(self.handle), output, ctypes.byref(written), size_t(room), bytes(data),
                                         ctypes.byref(taken), size_t(len(data)), flush)
        assert written.value <= room and taken.value <= len(data)
        if status == ERROR:
            failure = last_error()
            failure.before = bytes(output[:written.value])
            raise failure
        return status, bytes(output[:written.value]), taken.value

    def whole(self, data, room):
        output = (ctypes.c_ubyte * room)()
        written = size_t(99)
        status = bridge.operation_whole(pointer(self.handle), output, ctypes.byref(written), size_t(room), bytes(data),
                                        size_t(len(data)))
        self.check(status != ERROR)
        assert status == END
        return bytes(output[:written.value])

    def reset(self):
        self.check(bridge.operation_reset(pointer(self.handle)))

    def bound(self, size):
        return bridge.operation_bound(pointer(self.handle), size_t(size))

    def get(self, name):
        return bridge.operation_get(pointer(self.handle), name.encode())

    def copy(self):
        return Stream(self.name, bridge.operation_copy(pointer(self.handle)))

    def push(self, data, flush=NONE, room=lambda: 4096, piece=lambda: 1 << 30):
        """All that comes of the data: status and output."""
        output, position, status = [], 0, PROGRESS
        while True:
            chunk = data[position:position + piece()]
            is_last = position + len(chunk) == len(data)
            space = room()
            status, written, taken = self.update(chunk, space, flush if is_last else NONE)
            output.append(written)
            position += taken
            if status in (END, NEED_DICTIONARY):
                break
            if position == len(data) and is_last and len(written) < space:
                break
        return status, b''.join(output)


def material(generator, size):
    """Bytes that compress, that do not, and that do for a while."""
    parts, total = [], 0
    while total < size:
        kind = generator.randrange(4)
        count = min(generator.randrange(1, 40000), size - total)
        if kind == 0:
            part = generator.randbytes(count)
        elif kind == 1:
            part = bytes([generator.randrange(256)]) * count
        elif kind == 2:
            words = [generator.randbytes(generator.randrange(1, 12)) for _ in range(50)]
            part = b''.join(generator.choices(words, k=count))[:count]
        else:
            part = (b''.join(parts) or b'nothing yet')[-count:]
        parts.append(part)
        total += len(part)
    return b''.join(parts)[:size]


def sizes(generator):
    """A function that draws sizes of buffers, in one of several tempers."""
    return generator.choice([
        lambda: 1,
        lambda: generator.randrange(1, 9),
        lambda: generator.randrange(1, 200),
        lambda: generator.choice([1, 63, 64, 65, 1000, 5000]),
        lambda: generator.randrange(1, 70000),
        lambda: 1 << 17,
    ])


def size_of_data(generator, draw):
    """As much as can be done in small pieces in a moment."""
    return generator.randrange(0, 1500 if draw() < 9 and draw() < 9 else 120000)


def seeds(count):
    return [random.Random(seed) for seed in range(count)]
