// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import QueueScheduler

extension JobPausing {
    /// OpenSSL's ASYNC jobs, as `ASYNC_start_job(3)` has them.
    ///
    /// A program waits for a paused job on the descriptor in its wait context. Ours is always readable: the job that is
    /// resumed first has the device do the work of all, so it may be resumed at any time, and no request costs a write
    /// and a read. A program that has set a callback is called instead, just before the pause.
    static var openSSL: JobPausing {
        JobPausing(
            currentJob: { ASYNC_get_current_job().map { UnsafeMutableRawPointer($0) } },
            announce: { job in announceResumption(of: OpaquePointer(job)) },
            pause: { _ = ASYNC_pause_job() })
    }
}

private func announceResumption(of job: OpaquePointer) -> Bool {
    guard let waitContext = ASYNC_get_wait_ctx(job) else { return false }
    var callback: ASYNC_callback_fn?
    var argument: UnsafeMutableRawPointer?
    if ASYNC_WAIT_CTX_get_callback(waitContext, &callback, &argument) == 1, let callback {
        ASYNC_WAIT_CTX_set_status(waitContext, ASYNC_STATUS_OK)
        return callback(argument) == 1
    }
    var descriptor: Int32 = -1
    var data: UnsafeMutableRawPointer?
    let key = waitKey.utf8Start
    if ASYNC_WAIT_CTX_get_fd(waitContext, key, &descriptor, &data) == 1 { return true }
    return addDescriptor(to: waitContext, key)
}

/// Once for every wait context, which closes the descriptor when it goes.
@inline(never)
private func addDescriptor(to waitContext: OpaquePointer, _ key: UnsafePointer<UInt8>) -> Bool {
    let descriptor = linux_readable_descriptor()
    guard descriptor >= 0 else { return false }
    let isKept = ASYNC_WAIT_CTX_set_wait_fd(waitContext, key, descriptor, nil) { _, _, descriptor, _ in
        close(descriptor)
    }
    if isKept != 1 { close(descriptor) }
    return isKept == 1
}

/// Its address tells our descriptor from other engines' and providers'.
private let waitKey: StaticString = "uacce"
