// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlibCalls

/// The library that has zlib's ABI, opened for the first stream, or before.
public final class CompressionLibrary: @unchecked Sendable {
    private let library: UnsafeMutablePointer<zlib_library>?

    /// Opens nothing.
    ///
    /// - Parameter file: a path or a name; empty: libuacce-z.so, wherever it is (zlib_calls.h).
    public init(_ file: UnsafePointer<CChar>) {
        library = zlib_library_new(file)
    }

    deinit {
        zlib_library_free(library)
    }

    /// Opens it, where that can be done; if not, the first stream says why.
    public func open() {
        _ = calls { _ in }
    }

    /// Its calls, or nil after `explain` was given a text that says which file is the matter, and what is.
    func calls(_ explain: (UnsafePointer<CChar>) -> Void) -> UnsafePointer<zlib_calls>? {
        // A path, and what the dynamic linker says about it.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { problem in
            let text = problem.baseAddress!
            text.pointee = 0
            if let library, let calls = zlib_library_calls(library, text, problem.count) { return calls }
            explain(text)
            return nil
        }
    }
}
