// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// What the libcrypto unit has expanded a key to. Whoever holds one owns a reference.
enum LibcryptoKey {
    case cipher(Unmanaged<SoftwareCipher>)
    /// XTS with two equal halves of a key, with which libcrypto does not encrypt, or of SM4, for which 3.0 has no XTS.
    case tweaked(Unmanaged<TweakedCipher>)
    /// SM4 with ciphertext stealing, which libcrypto does not have.
    case stealing(Unmanaged<StealingCipher>)
    case hmac(Unmanaged<HMACKey>)
    case blockMAC(Unmanaged<BlockMACKey>)
    case aead(Unmanaged<SoftwareAEAD>)
    /// SM4-GCM and -CCM, which libcrypto 3.0 does not have.
    case combined(Unmanaged<CombinedAEAD>)
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
            } else if let cipher = StealingCipher(library, kind, key: key, encrypt: encrypt) {
                self = .stealing(.passRetained(cipher))
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
        case .nationalAEAD(let mode):
            guard let aead = CombinedAEAD(library, mode, .sm4, key: key, keyByteCount: byteCount) else { return nil }
            self = .combined(.passRetained(aead))
        case .gcmParts:
            guard let gcm = GCMKey.overLibcrypto(library, key: key, keyByteCount: byteCount) else { return nil }
            self = .gcm(.passRetained(gcm))
        }
    }

    func release() {
        switch self {
        case .cipher(let cipher): cipher.release()
        case .tweaked(let cipher): cipher.release()
        case .stealing(let cipher): cipher.release()
        case .hmac(let hmac): hmac.release()
        case .blockMAC(let mac): mac.release()
        case .aead(let aead): aead.release()
        case .combined(let aead): aead.release()
        case .gcm(let gcm): gcm.release()
        }
    }
}
