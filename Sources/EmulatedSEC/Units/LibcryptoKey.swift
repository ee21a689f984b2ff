// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// What the libcrypto unit has expanded a key to. Whoever holds one owns a reference.
enum LibcryptoKey {
    case cipher(Unmanaged<SoftwareCipher>)
    /// XTS with two equal halves of a key, with which libcrypto does not encrypt, or of SM4, for which 3.0 has no XTS.
    case tweaked(Unmanaged<TweakedCipher>)
    case hmac(Unmanaged<HMACKey>)
    case blockMAC(Unmanaged<BlockMACKey>)
    case aead(Unmanaged<SoftwareAEAD>)
    case gcm(Unmanaged<GCMKey>)

    /// Expands the key of a cache entry. nil when libcrypto has nothing for it, or when out of memory.
    init?(_ entry: UnsafeMutablePointer<KeyCacheEntry>, _ library: LibcryptoHolder) {
        // The key lies at the entry's address.
        let key = UnsafeRawPointer(entry)
        let byteCount = entry.pointee.keyByteCount
        // HMAC alone needs no library that would have to be opened.
        if case .hmac(let algorithm) = entry.pointee.purpose {
            self = .hmac(.passRetained(HMACKey(algorithm, key: key, byteCount: byteCount)))
            return
        }
        guard let library = library.get() else { return nil }
        switch entry.pointee.purpose {
        case .hmac: return nil
        case .cipher(let kind, let encrypt):
            if let cipher = SoftwareCipher(library, kind, key: key, encrypt: encrypt) {
                self = .cipher(.passRetained(cipher))
            } else {
                guard let cipher = TweakedCipher(library, kind, key: key, encrypt: encrypt) else { return nil }
                self = .tweaked(.passRetained(cipher))
            }
        case .blockMAC(let scheme):
            guard let mac = BlockMACKey(library, scheme, key: key, keyByteCount: byteCount) else { return nil }
            self = .blockMAC(.passRetained(mac))
        case .aead(let mode):
            guard let aead = SoftwareAEAD(library, mode, key: key, keyByteCount: byteCount) else { return nil }
            self = .aead(.passRetained(aead))
        case .gcmParts:
            guard let gcm = GCMKey.overLibcrypto(library, key: key, keyByteCount: byteCount) else { return nil }
            self = .gcm(.passRetained(gcm))
        }
    }

    func release() {
        switch self {
        case .cipher(let cipher): cipher.release()
        case .tweaked(let cipher): cipher.release()
        case .hmac(let hmac): hmac.release()
        case .blockMAC(let mac): mac.release()
        case .aead(let aead): aead.release()
        case .gcm(let gcm): gcm.release()
        }
    }
}
