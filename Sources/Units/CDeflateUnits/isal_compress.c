// SPDX-License-Identifier: Apache-2.0

#include "content.h"
#include "isal_library.h"

#if HAS_ISAL

#include <stdlib.h>
#include <string.h>

// What each level wants for its tables and tokens; the largest will do for all. A block ends where there is no more room for
// tokens: with less than this at level 2, there are more codes to make, and the output is no smaller.
static const uint32_t level_buffer_sizes[] = {
    ISAL_DEF_LVL0_DEFAULT,
    ISAL_DEF_LVL1_DEFAULT,
    ISAL_DEF_LVL2_MEDIUM,
    ISAL_DEF_LVL3_DEFAULT,
};

// From here on, blocks end where the kind of content does. Programs become 2 to 3 percent smaller by that, in a quarter
// more time. Level 1 is for what hardly becomes smaller at all.
enum { SPLITTING_LEVEL = 2 };

struct isal_compressor {
    const struct isal_library *library;
    uint8_t *level_buffer;
    struct isal_zstream stream;
};

struct isal_compressor *isal_compressor_new(void)
{
    const struct isal_library *library = isal_library();
    if (library == NULL)
        return NULL;
    struct isal_compressor *compressor = malloc(sizeof(*compressor) + ISAL_SLACK);
    uint8_t *level_buffer = malloc(level_buffer_sizes[3] + ISAL_SLACK);
    if (compressor == NULL || level_buffer == NULL) {
        free(compressor);
        free(level_buffer);
        return NULL;
    }
    compressor->library = library;
    compressor->level_buffer = level_buffer;
    library->deflate_init(&compressor->stream);
    return compressor;
}

void isal_compressor_free(struct isal_compressor *compressor)
{
    if (compressor == NULL)
        return;
    free(compressor->level_buffer);
    free(compressor);
}

int isal_compressor_begin(
    struct isal_compressor *compressor, int level, int window_bits, const void *window, size_t window_byte_count)
{
    struct isal_zstream *stream = &compressor->stream;
    compressor->library->deflate_reset(stream);
    stream->level = (uint32_t)level;
    stream->level_buf = compressor->level_buffer;
    stream->level_buf_size = level_buffer_sizes[level];
    stream->gzip_flag = IGZIP_DEFLATE;
    stream->hist_bits = (uint16_t)window_bits;
    if (window_byte_count == 0)
        return 1;
    return compressor->library->deflate_set_dict(stream, (uint8_t *)window, (uint32_t)window_byte_count) == COMP_OK;
}

// Up to a sync marker, or to the end of the stream. Returns 0 where that has no room.
static int run_part(struct isal_compressor *compressor, const uint8_t *part, size_t byte_count, int finish)
{
    struct isal_zstream *stream = &compressor->stream;
    stream->next_in = (uint8_t *)part;
    stream->avail_in = (uint32_t)byte_count;
    stream->end_of_stream = (uint16_t)(finish != 0);
    stream->flush = finish ? NO_FLUSH : SYNC_FLUSH;
    if (compressor->library->deflate(stream) != COMP_OK || stream->avail_in != 0)
        return 0;
    // Anything else means that it would go on writing if it could.
    return stream->internal_state.state == (finish ? ZSTATE_END : ZSTATE_NEW_HDR);
}

size_t isal_compressor_run(
    struct isal_compressor *compressor, const void *input, size_t input_byte_count, void *output, size_t room, int finish)
{
    struct isal_zstream *stream = &compressor->stream;
    const uint8_t *next = input;
    size_t left = input_byte_count, taken;
    stream->next_out = output;
    stream->avail_out = (uint32_t)room;
    do {
        // ISA-L begins a block with new codes where its tokens have no more room, or behind a marker of 5 bytes.
        taken = stream->level < SPLITTING_LEVEL ? left : content_of_one_kind(next, left);
        if (!run_part(compressor, next, taken, finish && taken == left))
            return 0;
        next += taken;
        left -= taken;
    } while (left > 0);
    return room - stream->avail_out;
}

#else

struct isal_compressor *isal_compressor_new(void) { return NULL; }
void isal_compressor_free(struct isal_compressor *compressor) { (void)compressor; }

int isal_compressor_begin(
    struct isal_compressor *compressor, int level, int window_bits, const void *window, size_t window_byte_count)
{
    (void)compressor, (void)level, (void)window_bits, (void)window, (void)window_byte_count;
    return 0;
}

size_t isal_compressor_run(
    struct isal_compressor *compressor, const void *input, size_t input_byte_count, void *output, size_t room, int finish)
{
    (void)compressor, (void)input, (void)input_byte_count, (void)output, (void)room, (void)finish;
    return 0;
}

#endif
