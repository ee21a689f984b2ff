// SPDX-License-Identifier: Apache-2.0
//
// The system's zlib under names of its own: zlib_deflate for deflate, and so on for all that works on streams or memory.
//
// A library that exports zlib's names cannot also call them: the call would come back to itself, or, with the system's
// libz.so opened beside it, that library's inner calls would. So what other programs load links the system's static
// libz.a with its symbols renamed, which Scripts/build does from the list below. The ordinary build exports nothing and
// links libz.a as it is; there the names below are labels for zlib's own.

#ifndef UACCE_CZLIB_H
#define UACCE_CZLIB_H

#define deflate zlib_deflate
#define deflateBound zlib_deflateBound
#define deflateCopy zlib_deflateCopy
#define deflateEnd zlib_deflateEnd
#define deflateGetDictionary zlib_deflateGetDictionary
#define deflateInit2_ zlib_deflateInit2_
#define deflateInit_ zlib_deflateInit_
#define deflateParams zlib_deflateParams
#define deflatePending zlib_deflatePending
#define deflatePrime zlib_deflatePrime
#define deflateReset zlib_deflateReset
#define deflateResetKeep zlib_deflateResetKeep
#define deflateSetDictionary zlib_deflateSetDictionary
#define deflateSetHeader zlib_deflateSetHeader
#define deflateTune zlib_deflateTune
#define inflate zlib_inflate
#define inflateBack zlib_inflateBack
#define inflateBackEnd zlib_inflateBackEnd
#define inflateBackInit_ zlib_inflateBackInit_
#define inflateCodesUsed zlib_inflateCodesUsed
#define inflateCopy zlib_inflateCopy
#define inflateEnd zlib_inflateEnd
#define inflateGetDictionary zlib_inflateGetDictionary
#define inflateGetHeader zlib_inflateGetHeader
#define inflateInit2_ zlib_inflateInit2_
#define inflateInit_ zlib_inflateInit_
#define inflateMark zlib_inflateMark
#define inflatePrime zlib_inflatePrime
#define inflateReset zlib_inflateReset
#define inflateReset2 zlib_inflateReset2
#define inflateResetKeep zlib_inflateResetKeep
#define inflateSetDictionary zlib_inflateSetDictionary
#define inflateSync zlib_inflateSync
#define inflateSyncPoint zlib_inflateSyncPoint
#define inflateUndermine zlib_inflateUndermine
#define inflateValidate zlib_inflateValidate
#define adler32 zlib_adler32
#define adler32_combine zlib_adler32_combine
#define adler32_combine64 zlib_adler32_combine64
#define adler32_z zlib_adler32_z
#define crc32 zlib_crc32
#define crc32_combine zlib_crc32_combine
#define crc32_combine64 zlib_crc32_combine64
#define crc32_combine_gen zlib_crc32_combine_gen
#define crc32_combine_gen64 zlib_crc32_combine_gen64
#define crc32_combine_op zlib_crc32_combine_op
#define crc32_z zlib_crc32_z
#define compress zlib_compress
#define compress2 zlib_compress2
#define compressBound zlib_compressBound
#define uncompress zlib_uncompress
#define uncompress2 zlib_uncompress2
#define get_crc_table zlib_get_crc_table
#define zError zlib_zError
#define zlibCompileFlags zlib_zlibCompileFlags
#define zlibVersion zlib_zlibVersion

#include <zlib.h>

#undef deflate
#undef deflateBound
#undef deflateCopy
#undef deflateEnd
#undef deflateGetDictionary
#undef deflateInit2_
#undef deflateInit_
#undef deflateParams
#undef deflatePending
#undef deflatePrime
#undef deflateReset
#undef deflateResetKeep
#undef deflateSetDictionary
#undef deflateSetHeader
#undef deflateTune
#undef inflate
#undef inflateBack
#undef inflateBackEnd
#undef inflateBackInit_
#undef inflateCodesUsed
#undef inflateCopy
#undef inflateEnd
#undef inflateGetDictionary
#undef inflateGetHeader
#undef inflateInit2_
#undef inflateInit_
#undef inflateMark
#undef inflatePrime
#undef inflateReset
#undef inflateReset2
#undef inflateResetKeep
#undef inflateSetDictionary
#undef inflateSync
#undef inflateSyncPoint
#undef inflateUndermine
#undef inflateValidate
#undef adler32
#undef adler32_combine
#undef adler32_combine64
#undef adler32_z
#undef crc32
#undef crc32_combine
#undef crc32_combine64
#undef crc32_combine_gen
#undef crc32_combine_gen64
#undef crc32_combine_op
#undef crc32_z
#undef compress
#undef compress2
#undef compressBound
#undef uncompress
#undef uncompress2
#undef get_crc_table
#undef zError
#undef zlibCompileFlags
#undef zlibVersion

#ifndef UACCE_EMBEDDED
#pragma redefine_extname zlib_deflate deflate
#pragma redefine_extname zlib_deflateBound deflateBound
#pragma redefine_extname zlib_deflateCopy deflateCopy
#pragma redefine_extname zlib_deflateEnd deflateEnd
#pragma redefine_extname zlib_deflateGetDictionary deflateGetDictionary
#pragma redefine_extname zlib_deflateInit2_ deflateInit2_
#pragma redefine_extname zlib_deflateInit_ deflateInit_
#pragma redefine_extname zlib_deflateParams deflateParams
#pragma redefine_extname zlib_deflatePending deflatePending
#pragma redefine_extname zlib_deflatePrime deflatePrime
#pragma redefine_extname zlib_deflateReset deflateReset
#pragma redefine_extname zlib_deflateResetKeep deflateResetKeep
#pragma redefine_extname zlib_deflateSetDictionary deflateSetDictionary
#pragma redefine_extname zlib_deflateSetHeader deflateSetHeader
#pragma redefine_extname zlib_deflateTune deflateTune
#pragma redefine_extname zlib_inflate inflate
#pragma redefine_extname zlib_inflateBack inflateBack
#pragma redefine_extname zlib_inflateBackEnd inflateBackEnd
#pragma redefine_extname zlib_inflateBackInit_ inflateBackInit_
#pragma redefine_extname zlib_inflateCodesUsed inflateCodesUsed
#pragma redefine_extname zlib_inflateCopy inflateCopy
#pragma redefine_extname zlib_inflateEnd inflateEnd
#pragma redefine_extname zlib_inflateGetDictionary inflateGetDictionary
#pragma redefine_extname zlib_inflateGetHeader inflateGetHeader
#pragma redefine_extname zlib_inflateInit2_ inflateInit2_
#pragma redefine_extname zlib_inflateInit_ inflateInit_
#pragma redefine_extname zlib_inflateMark inflateMark
#pragma redefine_extname zlib_inflatePrime inflatePrime
#pragma redefine_extname zlib_inflateReset inflateReset
#pragma redefine_extname zlib_inflateReset2 inflateReset2
#pragma redefine_extname zlib_inflateResetKeep inflateResetKeep
#pragma redefine_extname zlib_inflateSetDictionary inflateSetDictionary
#pragma redefine_extname zlib_inflateSync inflateSync
#pragma redefine_extname zlib_inflateSyncPoint inflateSyncPoint
#pragma redefine_extname zlib_inflateUndermine inflateUndermine
#pragma redefine_extname zlib_inflateValidate inflateValidate
#pragma redefine_extname zlib_adler32 adler32
#pragma redefine_extname zlib_adler32_combine adler32_combine
#pragma redefine_extname zlib_adler32_combine64 adler32_combine64
#pragma redefine_extname zlib_adler32_z adler32_z
#pragma redefine_extname zlib_crc32 crc32
#pragma redefine_extname zlib_crc32_combine crc32_combine
#pragma redefine_extname zlib_crc32_combine64 crc32_combine64
#pragma redefine_extname zlib_crc32_combine_gen crc32_combine_gen
#pragma redefine_extname zlib_crc32_combine_gen64 crc32_combine_gen64
#pragma redefine_extname zlib_crc32_combine_op crc32_combine_op
#pragma redefine_extname zlib_crc32_z crc32_z
#pragma redefine_extname zlib_compress compress
#pragma redefine_extname zlib_compress2 compress2
#pragma redefine_extname zlib_compressBound compressBound
#pragma redefine_extname zlib_uncompress uncompress
#pragma redefine_extname zlib_uncompress2 uncompress2
#pragma redefine_extname zlib_get_crc_table get_crc_table
#pragma redefine_extname zlib_zError zError
#pragma redefine_extname zlib_zlibCompileFlags zlibCompileFlags
#pragma redefine_extname zlib_zlibVersion zlibVersion
#endif

// What zlib declares as macros, with the version and the size of z_stream that it wants to be told.
static inline int zlib_begin_deflate(z_streamp stream, int level, int window_bits, int memory_level, int strategy)
{
    return zlib_deflateInit2_(stream, level, Z_DEFLATED, window_bits, memory_level, strategy, ZLIB_VERSION,
                              (int)sizeof(z_stream));
}
static inline int zlib_begin_inflate(z_streamp stream, int window_bits)
{
    return zlib_inflateInit2_(stream, window_bits, ZLIB_VERSION, (int)sizeof(z_stream));
}

#endif
