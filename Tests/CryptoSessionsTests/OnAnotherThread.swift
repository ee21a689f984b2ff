// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A thread that is started for one piece of work, and has ended when that is done.
enum OnAnotherThread {
    private final class Work: @unchecked Sendable {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// `body` may use what belongs to the caller, who does nothing meanwhile.
    static func run<Result>(_ body: () -> Result) -> Result {
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) var result: Result?
            let work = Unmanaged.passRetained(Work { result = body() })
            var thread = pthread_t()
            let error = pthread_create(
                &thread, nil,
                { work in
                    Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().body()
                    return nil
                }, work.toOpaque())
            precondition(error == 0)
            pthread_join(thread, nil)
            return result!
        }
    }
}
