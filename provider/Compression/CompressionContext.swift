// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams
import Host

/// What a program holds between `newctx` and `freectx` of the compression operation.
///
/// Functions return false or nil after putting the reason on the error queue.
final class CompressionContext {
    private let provider: Unmanaged<ProviderContext>
    private let stream: CompressionStream

    init(_ provider: Unmanaged<ProviderContext>, _ stream: CompressionStream) {
        self.provider = provider
        self.stream = stream
    }

    static func make(_ provider: Unmanaged<ProviderContext>, _ format: CompressionFormat) -> CompressionContext? {
        let owner = provider.takeUnretainedValue()
        let made = CompressionStream.make(format, owner.compressionLibrary) { problem in
            owner.core.raise(.noLibrary, problem)
        }
        guard let made else { return nil }
        return CompressionContext(provider, made)
    }

    func copy() -> CompressionContext? {
        guard let copy = stream.copy() else {
            _ = refuse(.noMemory)
            return nil
        }
        return CompressionContext(provider, copy)
    }

    /// Begins a stream with what `settings` say, and defaults for the rest.
    func begin(_ direction: CompressionStream.Direction, _ settings: ParameterSettings) -> Bool {
        var values = CompressionSettings()
        guard read(settings, into: &values) else { return false }
        do throws(CompressionFailure) {
            if settings.parameter(ParameterName.dictionary) != nil {
                guard let dictionary = octets(settings) else { return false }
                try stream.begin(direction, values, dictionary: dictionary)
            } else {
                try stream.begin(direction, values)
            }
            return true
        } catch {
            return refuse(error)
        }
    }

    func reset() -> Bool {
        do throws(CompressionFailure) {
            try stream.reset()
            return true
        } catch {
            return refuse(error)
        }
    }

    /// One of UACCE_COMPRESS_ERROR to _NEED_DICTIONARY.
    func update(
        _ input: UnsafeRawBufferPointer, _ consumed: UnsafeMutablePointer<Int>,
        _ output: UnsafeMutableRawBufferPointer, _ written: UnsafeMutablePointer<Int>, _ flush: Int32
    ) -> Int32 {
        guard let flush = CompressionFlush(rawValue: flush) else {
            consumed.pointee = 0
            written.pointee = 0
            return tell(.failed(.badSetting))
        }
        let progress = stream.update(input, into: output, flush)
        consumed.pointee = progress.consumed
        written.pointee = progress.written
        return tell(progress.status)
    }

    func whole(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ written: UnsafeMutablePointer<Int>
    ) -> Int32 {
        let progress = stream.whole(input, into: output)
        written.pointee = progress.written
        return tell(progress.status)
    }

    private func tell(_ status: CompressionProgress.Status) -> Int32 {
        switch status {
        case .progress: return UACCE_COMPRESS_PROGRESS
        case .end: return UACCE_COMPRESS_END
        case .needsDictionary: return UACCE_COMPRESS_NEED_DICTIONARY
        case .failed(let failure):
            _ = refuse(failure, stream.message)
            return UACCE_COMPRESS_ERROR
        }
    }

    func bound(_ byteCount: Int) -> Int {
        guard let bound = stream.bound(byteCount) else {
            _ = refuse(.wrongState)
            return 0
        }
        return bound
    }

    private func refuse(
        _ failure: CompressionFailure, _ detail: UnsafePointer<CChar>? = nil, line: Int32 = #line
    ) -> Bool {
        provider.takeUnretainedValue().core.raise(failure, detail, line: line)
        return false
    }

    // MARK: - Parameters

    func answer(_ answers: ParameterAnswers) -> Bool {
        let settings = stream.settings
        return answers.set(ParameterName.level, int: settings.level)
            && answers.set(ParameterName.strategy, int: settings.strategy)
            && answers.set(ParameterName.windowBits, int: settings.windowBits)
            && answers.set(ParameterName.memoryLevel, int: settings.memoryLevel)
            && answers.set(ParameterName.totalInput, uint64: stream.totalInput)
            && answers.set(ParameterName.totalOutput, uint64: stream.totalOutput)
            && answers.set(ParameterName.checksum, uint: stream.checksum)
    }

    /// Changes a stream that was begun.
    func set(_ settings: ParameterSettings) -> Bool {
        guard !settings.isEmpty else { return true }
        var values = stream.settings
        guard read(settings, into: &values) else { return false }
        do throws(CompressionFailure) {
            if values != stream.settings { try stream.change(values) }
            if settings.parameter(ParameterName.dictionary) != nil {
                guard let dictionary = octets(settings) else { return false }
                try stream.setDictionary(dictionary)
            }
            return true
        } catch {
            return refuse(error)
        }
    }

    private func octets(_ settings: ParameterSettings) -> UnsafeRawBufferPointer? {
        do throws(ParameterSettings.WrongType) {
            return try settings.octets(ParameterName.dictionary)
        } catch {
            raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
            return nil
        }
    }

    private func read(_ settings: ParameterSettings, into values: inout CompressionSettings) -> Bool {
        read(settings, ParameterName.level, &values.level, CompressionSettings.levels, "level: expected -1 to 9")
            && read(
                settings, ParameterName.strategy, &values.strategy, CompressionSettings.strategies,
                "strategy: expected 0 to 4")
            && read(
                settings, ParameterName.windowBits, &values.windowBits, CompressionSettings.windows,
                "window-bits: expected 9 to 15")
            && read(
                settings, ParameterName.memoryLevel, &values.memoryLevel, CompressionSettings.memoryLevels,
                "mem-level: expected 1 to 9")
    }

    private func read(
        _ settings: ParameterSettings, _ name: StaticString, _ value: inout Int32, _ range: ClosedRange<Int32>,
        _ expectation: StaticString
    ) -> Bool {
        do throws(ParameterSettings.WrongType) {
            guard let given = try settings.int(name) else { return true }
            guard range.contains(given) else { return refuse(.badSetting, expectation.cString) }
            value = given
            return true
        } catch {
            raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
            return false
        }
    }
}

extension Core {
    func raise(_ failure: CompressionFailure, _ detail: UnsafePointer<CChar>?, line: Int32 = #line) {
        raise(number: failure.rawValue, detail, line: line)
    }
}
