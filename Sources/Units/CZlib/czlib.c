// SPDX-License-Identifier: Apache-2.0
//
// What the code over zlib counts on.

#include "czlib.h"

// crc32_combine_gen and _op came with 1.2.12, and with them the newest version node of zlib's ABI.
_Static_assert(ZLIB_VERNUM >= 0x12c0, "zlib 1.2.12 or newer is needed");
_Static_assert(sizeof(z_stream) == 112, "z_stream has another layout than in zlib's ABI of 64-bit systems");
