// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host
import SoftwareCrypto

/// What becomes of a message whose tag is computed.
extension UnsafeMutablePointer<SecJob> {
    /// Who encrypts gets the tag; who decrypts, the message, or nothing of it when the tag is wrong.
    @inline(__always)
    func finishAEAD(tag: UnsafeRawPointer) {
        if pointee.encrypt {
            memcpy(pointee.mac, tag, pointee.macByteCount)
        } else if !isEqualInConstantTime(tag, pointee.mac, byteCount: pointee.macByteCount) {
            linux_wipe(pointee.destination, pointee.byteCount)
            pointee.hasWrongTag = true
            return
        }
        copyAdditional()
    }

    /// The destination is laid out as the source, additional data first.
    @inline(__always)
    func copyAdditional() {
        guard pointee.additionalByteCount != 0, pointee.additionalCopy != pointee.additional else { return }
        memmove(pointee.additionalCopy, pointee.additional, pointee.additionalByteCount)
    }
}
