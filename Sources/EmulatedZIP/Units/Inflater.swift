// SPDX-License-Identifier: Apache-2.0

import DeflateKernel

/// One stream's state while it is decompressed: the kernel's, and how much of the trailer has come. Used by one thread at a
/// time.
///
/// There is one unit for all of it. ISA-L is as fast, and faster into buffers of a few KiB, but takes sets of codes that are
/// incomplete, sees a header's faults only when all of the header is there, and keeps back output; zlib takes twice as long or
/// longer.
final class Inflater {
    private let kernel: OpaquePointer

    /// Requests of the stream so far.
    var requestCount = 0
    /// Whether the last block is over.
    var isInTrailer = false
    /// What came of the trailer.
    var trailer = (UInt64(0), byteCount: 0)

    /// nil: there is no memory.
    init?() {
        guard let kernel = inflate_kernel_new() else { return nil }
        self.kernel = kernel
    }

    deinit { inflate_kernel_free(kernel) }

    /// Begins a stream.
    func begin() {
        requestCount = 0
        isInTrailer = false
        trailer = (0, 0)
        inflate_kernel_begin(kernel)
    }

    func run(
        _ input: UnsafePointer<UInt8>, byteCount: Int, into output: UnsafeMutablePointer<UInt8>, room: Int
    ) -> inflate_result {
        inflate_kernel_run(kernel, input, byteCount, output, room)
    }
}
