// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation

/// A child of fork that is still this program.
enum ChildProcess {
    /// ThreadSanitizer's own locks may be left taken in the child of a process with several threads.
    static let isThreadSanitized = dlsym(nil, "__tsan_init") != nil

    /// Runs `body` in a child and returns its exit code; 128 + the signal's number where one ended it.
    ///
    /// The child has one thread and whatever locks others held: `body` must keep to what is under test.
    static func run(_ body: () -> Int32) -> Int32 {
        let child = fork()
        if child == 0 {
            // A child that hangs must not hang the test; the pool's threads, which tests run on, block signals.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGALRM)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            alarm(20)
            _exit(body())
        }
        precondition(child > 0)
        var status: Int32 = -1
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
    }
}
