// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// The ways to a MAC other than EVP_MAC, what is built on MACs, and their parameters.
@Suite struct MACUseTests {
    static let preferring = "?provider=uacce"

    private func library() throws -> LibraryContext { try LibraryContext(DevicePath.deviceV3.settings) }

    /// Requests that a piece of work made, wherever they were done.
    private func work(_ library: LibraryContext, _ body: () throws -> Void) throws -> Int {
        let before = try Statistics(of: library)
        try body()
        let after = try Statistics(of: library)
        return after.requests - before.requests + after.processor.total - before.processor.total
    }

    // MARK: TLS records

    /// The MAC of a record whose padding is a secret: header, then payload, of any length with any padding.
    @Test(arguments: ["MD5", "SHA1", "SHA2-256", "SHA2-384", "SHA2-512", "SM3"])
    func tlsRecord(_ digest: String) throws {
        let library = try library()
        let twin = try MACTwin("HMAC", library)
        var random = SeededRandom(digest, 7)
        for index in 0..<CaseCount.scaled(120) {
            try Difference.locate("\(digest), record \(index)") {
                try twin.initialize(
                    key: random.bytes(random.below(65)), Parameters().add(OSSL_MAC_PARAM_DIGEST, text: digest))
                let payload = random.below(random.chance(oneIn: 4) ? 16_384 : 300)
                let record = payload + 64 + random.below(257)
                // As libssl does: a copy for each record, and the size set there.
                let copy = try twin.duplicate()
                try copy.set("tls-data-size", Parameters().add(OSSL_MAC_PARAM_TLS_DATA_SIZE, size: record))
                try copy.update(RandomBytes.slice(13, &random))
                if random.chance(oneIn: 5) {
                    let second = try copy.duplicate()
                    try update(second, payload, of: record, &random)
                    try second.finish()
                }
                try update(copy, payload, of: record, &random)
                try copy.finish()
                // The original still makes ordinary MACs.
                try twin.update(RandomBytes.slice(payload, &random))
                try twin.finish()
            }
        }
        // There is no TLS of this kind with SM3, and both providers refuse it.
        if digest != "SM3" { #expect(try Statistics(of: library).processor.unsupported > 0) }
    }

    /// The record's bytes go on behind its payload.
    private func update(_ twin: MACTwin, _ payload: Int, of record: Int, _ random: inout SeededRandom) throws {
        let whole = RandomBytes.slice(record + 64, &random)
        try twin.update(UnsafeBufferPointer(rebasing: whole[..<payload]))
    }

    @Test func tlsRecordMisuse() throws {
        let twin = try MACTwin("HMAC", library())
        let size = Parameters().add(OSSL_MAC_PARAM_TLS_DATA_SIZE, size: 100)
        var random = SeededRandom(8)
        try twin.initialize(key: random.bytes(20), Parameters().add(OSSL_MAC_PARAM_DIGEST, text: "SHA1"))
        try twin.set("tls-data-size", size)
        try twin.update(RandomBytes.slice(12, &random))
        try twin.update(RandomBytes.slice(13, &random))
        try twin.update(RandomBytes.slice(101, &random))
        try twin.finish()
        // Without the parameter it is an HMAC again.
        try twin.set("no tls-data-size", Parameters().add(OSSL_MAC_PARAM_TLS_DATA_SIZE, size: 0))
        try twin.initialize(key: nil)
        try twin.update(RandomBytes.slice(500, &random))
        try twin.finish()
    }

    // MARK: Parameters

    @Test func hmacParameters() throws {
        let twin = try MACTwin("HMAC", library())
        var random = SeededRandom(9)
        let key = random.bytes(30)
        let message = RandomBytes.slice(777, &random)
        try twin.update(message)
        try twin.finish()
        try twin.initialize(key: key)
        try twin.initialize(key: nil)
        for name in [
            "SHA1", "no-such-digest", "SHAKE128", "SHA3-256", "SHA256", "sha-256", "2.16.840.1.101.3.4.2.1", "SM3", "",
        ] {
            try Difference.locate("digest \(name)") {
                try twin.set("digest", Parameters().add(OSSL_MAC_PARAM_DIGEST, text: name))
                if try twin.initialize(key: key) {
                    try twin.update(message)
                    try twin.finish()
                }
            }
        }
        // A digest takes effect with the next key.
        try twin.set("digest", Parameters().add(OSSL_MAC_PARAM_DIGEST, text: "MD5"))
        try twin.initialize(key: nil)
        try twin.update(message)
        try twin.finish()
        try twin.initialize(key: key)
        try twin.update(message)
        try twin.finish(capacity: 15)
        try twin.finish(capacity: 16)
        for name in [
            OSSL_MAC_PARAM_DIGEST, OSSL_MAC_PARAM_KEY, OSSL_MAC_PARAM_DIGEST_NOINIT, OSSL_MAC_PARAM_DIGEST_ONESHOT,
            OSSL_MAC_PARAM_TLS_DATA_SIZE, OSSL_MAC_PARAM_PROPERTIES, "no-such-parameter",
        ] {
            try Difference.locate(name) {
                if name != OSSL_MAC_PARAM_DIGEST, name != OSSL_MAC_PARAM_PROPERTIES {
                    try twin.set("as text", Parameters().add(name, text: "x"))
                }
                if name != OSSL_MAC_PARAM_KEY { try twin.set("as octets", Parameters().add(name, octets: [1, 2, 3])) }
            }
        }
    }

    /// A MAC is finished once; what follows needs a new start.
    @Test(arguments: MACAlgorithm.onDevice)
    func afterTheEnd(_ algorithm: MACAlgorithm) throws {
        let walker = try MACWalker(algorithm, library())
        var random = SeededRandom(10)
        try walker.begin(&random, keepingKey: false)
        try walker.twin.update(RandomBytes.slice(100, &random))
        try walker.twin.finish()
        let context = walker.twin.subject
        #expect(context.update(RandomBytes.slice(100, &random)) == 0)
        #expect(context.finish() == nil)
        let copy = try #require(MACContext(copying: context))
        #expect(copy.finish() == nil)
        try walker.begin(&random, keepingKey: true)
        try walker.twin.update(RandomBytes.slice(100, &random))
        try walker.twin.finish()
    }

    @Test(arguments: Set(MACAlgorithm.all.map(\.name)).sorted())
    func metadata(_ name: String) throws {
        let library = try library()
        let (subject, reference) = (try library.mac(name), try library.mac(name, from: .reference))
        #expect(
            describedParameters(EVP_MAC_gettable_params(subject.raw))
                == describedParameters(EVP_MAC_gettable_params(reference.raw)))
        #expect(
            describedParameters(EVP_MAC_gettable_ctx_params(subject.raw))
                == describedParameters(EVP_MAC_gettable_ctx_params(reference.raw)))
        #expect(
            describedParameters(EVP_MAC_settable_ctx_params(subject.raw))
                == describedParameters(EVP_MAC_settable_ctx_params(reference.raw)))
        let twin = try MACTwin(name, library)
        #expect(twin.subject.size == twin.reference.size)
        #expect(twin.subject.blockSize == twin.reference.blockSize)
    }

    // MARK: Other ways

    @Test(arguments: MACAlgorithm.all.filter { !$0.hasIV })
    func oneCall(_ algorithm: MACAlgorithm) throws {
        let library = try library()
        var random = SeededRandom(11)
        let (key, message) = (random.bytes(algorithm.keyLength ?? 40), RandomBytes.slice(3_000, &random))
        func mac(_ properties: String) -> [UInt8] {
            var result = [UInt8](repeating: 0, count: 64)
            var length = 0
            let isDone = EVP_Q_mac(
                library.raw, algorithm.name, properties, algorithm.below, nil, key, key.count, message.baseAddress,
                message.count, &result, 64, &length)
            return isDone == nil ? [] : Array(result.prefix(length))
        }
        var ours: [UInt8] = []
        #expect(try work(library) { ours = mac(Self.preferring) } > 0)
        #expect(!ours.isEmpty && ours == mac("provider=default"))
    }

    /// EVP_PKEY keys of type HMAC and CMAC, through EVP_DigestSign.
    @Test(arguments: MACAlgorithm.all.filter { !$0.hasIV })
    func signing(_ algorithm: MACAlgorithm) throws {
        let library = try library()
        var random = SeededRandom(12)
        let key = random.bytes(algorithm.keyLength ?? 40)
        func sign(_ properties: String) throws -> [UInt8] {
            let type = algorithm.name == "HMAC" ? "HMAC" : "CMAC"
            let maker = try #require(EVP_PKEY_CTX_new_from_name(library.raw, type, "provider=default"))
            defer { EVP_PKEY_CTX_free(maker) }
            let parameters = Parameters().add(OSSL_PKEY_PARAM_PRIV_KEY, octets: key)
            if type == "CMAC" { parameters.add(OSSL_PKEY_PARAM_CIPHER, text: algorithm.below) }
            var pair: OpaquePointer?
            try #require(EVP_PKEY_fromdata_init(maker) == 1)
            // EVP_PKEY_KEYPAIR, a macro of macros.
            let whole: Int32 = 0x87
            try #require(parameters.pass { EVP_PKEY_fromdata(maker, &pair, whole, $0) } == 1)
            defer { EVP_PKEY_free(pair) }
            let context = try #require(EVP_MD_CTX_new())
            defer { EVP_MD_CTX_free(context) }
            let digest = algorithm.name == "HMAC" ? algorithm.below : nil
            try #require(EVP_DigestSignInit_ex(context, nil, digest, library.raw, properties, pair, nil) == 1)
            var stream = SeededRandom(13)
            for length in [0, 13, 5_000, 100] {
                let data = RandomBytes.slice(length, &stream)
                try #require(EVP_DigestSignUpdate(context, data.baseAddress, data.count) == 1)
            }
            // As libssl does: finish a copy.
            let copy = try #require(EVP_MD_CTX_new())
            defer { EVP_MD_CTX_free(copy) }
            try #require(EVP_MD_CTX_copy_ex(copy, context) == 1)
            var result = [UInt8](repeating: 0, count: 64)
            var length = 64
            try #require(EVP_DigestSignFinal(copy, &result, &length) == 1)
            return Array(result.prefix(length))
        }
        var ours: [UInt8] = []
        #expect(try work(library) { ours = try sign(Self.preferring) } > 0)
        #expect(try ours == sign("provider=default"))
    }

    /// Key derivation, which goes to MACs or digests of the preferred provider.
    @Test(
        arguments: ["HKDF", "TLS1-PRF", "PBKDF2", "SSKDF", "X963KDF", "KBKDF", "TLS13-KDF"],
        ["SHA2-256", "SHA2-384", "SM3", "SHA3-256"])
    func derivation(_ name: String, _ digest: String) throws {
        if name == "TLS13-KDF", digest != "SHA2-256", digest != "SHA2-384" { return }
        let library = try library()
        // Something for the device, so that there is one to report on.
        try OneRequest.digest("SHA1", 100, library)
        func derive(_ properties: String) throws -> [UInt8] {
            // Some of them hand the parameter on to what they fetch, and some go by the context's own properties.
            try #require(EVP_set_default_properties(library.raw, properties) == 1)
            let algorithm = try #require(EVP_KDF_fetch(library.raw, name, "provider=default"))
            defer { EVP_KDF_free(algorithm) }
            let context = try #require(EVP_KDF_CTX_new(algorithm))
            defer { EVP_KDF_CTX_free(context) }
            let secret: [UInt8] = Array("secret of some length".utf8)
            let parameters = Parameters()
                .add(OSSL_KDF_PARAM_PROPERTIES, text: properties).add(OSSL_KDF_PARAM_DIGEST, text: digest)
            switch name {
            case "HKDF":
                parameters.add(OSSL_KDF_PARAM_KEY, octets: secret).add(OSSL_KDF_PARAM_SALT, octets: [1, 2, 3])
                    .add(OSSL_KDF_PARAM_INFO, octets: [4, 5])
            case "TLS1-PRF":
                parameters.add(OSSL_KDF_PARAM_SECRET, octets: secret).add(OSSL_KDF_PARAM_SEED, octets: [1, 2, 3])
            case "PBKDF2":
                parameters.add(OSSL_KDF_PARAM_PASSWORD, octets: secret).add(OSSL_KDF_PARAM_SALT, octets: secret)
                    .add(OSSL_KDF_PARAM_ITER, unsigned: 20)
            case "SSKDF":
                parameters.add(OSSL_KDF_PARAM_KEY, octets: secret).add(OSSL_KDF_PARAM_MAC, text: "HMAC")
                    .add(OSSL_KDF_PARAM_INFO, octets: [4, 5])
            case "KBKDF":
                parameters.add(OSSL_KDF_PARAM_KEY, octets: secret).add(OSSL_KDF_PARAM_MAC, text: "HMAC")
                    .add(OSSL_KDF_PARAM_SALT, octets: [4, 5])
            case "TLS13-KDF":
                parameters.add(OSSL_KDF_PARAM_MODE, text: "EXTRACT_ONLY").add(OSSL_KDF_PARAM_KEY, octets: secret)
                    .add(OSSL_KDF_PARAM_PREFIX, octets: Array("tls13 ".utf8))
                    .add(OSSL_KDF_PARAM_LABEL, octets: Array("derived".utf8))
            default:
                parameters.add(OSSL_KDF_PARAM_SECRET, octets: secret).add(OSSL_KDF_PARAM_INFO, octets: [4, 5])
            }
            let count = name == "TLS13-KDF" ? (digest == "SHA2-384" ? 48 : 32) : 100
            var result = [UInt8](repeating: 0, count: count)
            ErrorQueue.clear()
            let isDone = parameters.pass { EVP_KDF_derive(context, &result, count, $0) }
            try #require(isDone == 1, "\(ErrorQueue.drain())")
            return result
        }
        var ours: [UInt8] = []
        let requests = try work(library) { ours = try derive(Self.preferring) }
        // SHA-3 reaches uacce by way of an HMAC only.
        if digest != "SHA3-256" || !["PBKDF2", "X963KDF"].contains(name) { #expect(requests > 0) }
        #expect(try ours == derive("provider=default"))
    }
}

/// Names and types of a list of parameters.
private func describedParameters(_ list: UnsafePointer<OSSL_PARAM>?) -> [String] {
    guard var entry = list else { return ["none"] }
    var result: [String] = []
    while let key = entry.pointee.key {
        result.append("\(String(cString: key)) \(entry.pointee.data_type)")
        entry += 1
    }
    return result.sorted()
}
