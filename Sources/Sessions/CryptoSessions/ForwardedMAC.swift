// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import QueueScheduler
import SoftwareCrypto

/// A MAC that no device can do and libcrypto does instead: over a digest or cipher that SEC lacks, or over a TLS record
/// whose padding must stay a secret. Each message counts as one request that the CPU did because it is `unsupported`.
public final class ForwardedMAC {
    private let engine: Unmanaged<CryptoEngine>
    private let mac: SoftwareMAC

    private init(_ engine: Unmanaged<CryptoEngine>, _ mac: SoftwareMAC) {
        self.engine = engine
        self.mac = mac
    }

    /// nil where libcrypto's default provider cannot be opened, or where there is no memory. The engine must outlive the
    /// MAC.
    public static func make(_ engine: CryptoEngine, _ name: StaticString) -> ForwardedMAC? {
        // Embedded Swift does not free an instance that is given up half made: the part that can fail comes first.
        guard let library = engine.library.get(), let mac = SoftwareMAC(library, name) else { return nil }
        return ForwardedMAC(.passUnretained(engine), mac)
    }

    /// An independent copy in the same state.
    public func copy() -> ForwardedMAC? {
        mac.copy().map { ForwardedMAC(engine, $0) }
    }

    /// Starts a message. nil key: with the key from before.
    public func start(key: UnsafeRawPointer?, byteCount: Int, parameters: UnsafePointer<OSSL_PARAM>? = nil) -> Bool {
        mac.start(key: key, byteCount: byteCount, parameters: parameters)
    }

    public func setParameters(_ parameters: UnsafePointer<OSSL_PARAM>?) -> Bool { mac.setParameters(parameters) }

    public func getParameters(_ parameters: UnsafeMutablePointer<OSSL_PARAM>?) -> Bool {
        mac.getParameters(parameters)
    }

    public func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool { mac.update(data, byteCount: byteCount) }

    /// Ends the message. Returns how many bytes were written, or nil.
    public func finish(into result: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        guard let written = mac.finish(into: result, capacity: capacity) else { return nil }
        engine.takeUnretainedValue().scheduler.countProcessor(.unsupported)
        return written
    }
}
