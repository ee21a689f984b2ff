// SPDX-License-Identifier: Apache-2.0

/// The lines that `uaccectl enable` appends to an OpenSSL configuration and `uaccectl disable` takes away.
///
/// Nothing that was in the file is touched. OpenSSL lets a file open a section again and add to it, and the later of two
/// values wins, so a block at the end can say everything. Its last line opens the section again that was open before, so
/// that what somebody appends later belongs where it would have belonged without it.
struct EnablingBlock {
    /// Why a file is left alone, in words for whom it belongs to.
    struct Refusal: Error { let reason: String }

    static let begin = "# >>> uaccectl enable: 'uaccectl disable' removes the lines from here on"
    static let end = "# <<< uaccectl enable: up to here"
    /// Stands on the first line where the file did not end in a newline.
    private static let unended = " and the newline before"

    /// Sections of the block's own.
    private static let main = "uacce_openssl"
    private static let providers = "uacce_providers"
    private static let fallback = "uacce_default"
    private static let settings = "uacce_settings"
    private static let algorithms = "uacce_algorithms"
    private static let random = "uacce_random"

    /// Whose provider sections are not to be mixed with this one, and why.
    private static let validated = "fips"

    private static let preference = "?provider=uacce"

    // MARK: - Adding

    /// `text` with the block at its end, which has OpenSSL load and prefer uacce.
    ///
    /// - Parameter module: where the module is; nil: in OpenSSL's modules directory.
    static func append(to text: [UInt8], module: String?) throws(Refusal) -> [UInt8] {
        let lines = Lines(text)
        if text.contains(0) { throw Refusal(reason: "it is not a text file") }
        if lines.isContinued {
            throw Refusal(reason: "its last line ends in a backslash, so OpenSSL would join another to it")
        }
        let view = try read(text)
        let last = lines.lastSection
        // What an included file left open is not to be seen in the text.
        guard try read(text + lines.separator + Array("uacce_probe = 1\n".utf8)).value("uacce_probe", in: last) != nil
        else {
            throw Refusal(reason: "a file that it includes leaves another section open than [\(last)]")
        }
        let sections = try plan(view, module)
        var result = text + lines.separator
        let newline = lines.newline
        for line in [begin + (lines.separator.isEmpty ? "" : unended)] + written(sections) + ["[\(last)]", end] {
            result += Array(line.utf8) + newline
        }
        try check(result, sections)
        return result
    }

    /// What the block must say, section by section.
    private static func plan(_ view: ConfigurationView, _ module: String?) throws(Refusal) -> [Section] {
        for name in [main, providers, fallback, settings, algorithms, random] where view.section(name) != nil {
            throw Refusal(reason: "it has a section [\(name)] already, which this command did not write")
        }
        var sections: [Section] = []
        let main = view.value("openssl_conf", in: "default") ?? self.main
        if main == self.main {
            sections.append(Section("default", [("openssl_conf", main)]))
        } else if view.section(main) == nil {
            throw Refusal(reason: "openssl_conf names [\(main)], and there is no such section")
        }
        var added: [(String, String)] = []
        var below: [Section] = []
        try planProviders(view, main, module, &added, &below)
        try planPreference(view, main, &added, &below)
        try planRandom(view, main, &added, &below)
        if !added.isEmpty { sections.append(Section(main, added)) }
        sections += below
        for section in sections {
            try checkWritable(section.name)
            for (_, value) in section.values { try checkWritable(value) }
        }
        return sections
    }

    private static func planProviders(
        _ view: ConfigurationView, _ main: String, _ module: String?, _ added: inout [(String, String)],
        _ below: inout [Section]
    ) throws(Refusal) {
        let list = try named("providers", in: view, main)
        if list == nil { added.append(("providers", providers)) }
        var rows: [(String, String)] = []
        let known = list.flatMap { view.section($0) } ?? []
        var active: [String] = []
        for provider in known {
            guard let values = view.section(provider.value) else {
                throw Refusal(reason: "the provider \(provider.name) has no section [\(provider.value)]")
            }
            let name = values.last { $0.name == "identity" }?.value ?? provider.name
            if name == "uacce" { throw Refusal(reason: "it names the provider uacce already, in [\(list ?? "")]") }
            if values.contains(where: { $0.name == "activate" && isOn($0.value) }) { active.append(name) }
        }
        if active.contains(validated) {
            throw Refusal(
                reason: "it activates the FIPS provider; uacce is not validated and would take its algorithms over")
        }
        if active.isEmpty {
            // The implicit default provider goes as soon as another one is activated.
            if let section = known.last(where: { $0.name == "default" })?.value {
                below.append(Section(section, [("activate", "1")]))
            } else {
                rows.append(("default", fallback))
                below.append(Section(fallback, [("activate", "1")]))
            }
        } else if !active.contains("default") {
            throw Refusal(
                reason:
                    "it activates \(active.joined(separator: ", ")) but not the default provider, which has to do what "
                    + "uacce does not offer")
        }
        rows.append(("uacce", settings))
        below.insert(Section(list ?? providers, rows), at: 0)
        below.append(Section(settings, (module.map { [("module", $0)] } ?? []) + [("activate", "1")]))
    }

    private static func planPreference(
        _ view: ConfigurationView, _ main: String, _ added: inout [(String, String)], _ below: inout [Section]
    ) throws(Refusal) {
        let section = try named("alg_section", in: view, main)
        if section == nil { added.append(("alg_section", algorithms)) }
        var properties = preference
        if let present = section.flatMap({ view.value("default_properties", in: $0) }), !present.isEmpty {
            // `fips=yes` leaves nothing of uacce, and `provider=` has somebody else preferred or demanded.
            for word in ["fips", "provider"] where present.contains(word) {
                throw Refusal(reason: "default_properties is '\(present)' already")
            }
            properties = present + "," + preference
        }
        below.append(Section(section ?? algorithms, [("default_properties", properties)]))
    }

    private static func planRandom(
        _ view: ConfigurationView, _ main: String, _ added: inout [(String, String)], _ below: inout [Section]
    ) throws(Refusal) {
        let section = try named("random", in: view, main)
        if section == nil { added.append(("random", random)) }
        if let section, view.value("properties", in: section) != nil { return }
        below.append(Section(section ?? random, [("properties", "provider=default")]))
    }

    /// The section that the main one names for one of OpenSSL's modules; nil where it names none.
    private static func named(_ module: String, in view: ConfigurationView, _ main: String) throws(Refusal) -> String? {
        let values = view.section(main) ?? []
        // OpenSSL takes `providers.1` for another word for `providers`.
        if let other = values.first(where: { $0.name.hasPrefix(module + ".") }) {
            throw Refusal(reason: "[\(main)] has '\(other.name)', which this command does not understand")
        }
        guard let section = values.last(where: { $0.name == module })?.value else { return nil }
        if view.section(section) == nil {
            throw Refusal(reason: "\(module) names [\(section)], and there is no such section")
        }
        return section
    }

    /// As later versions of OpenSSL read it; 3.0 takes any value for on, and it will be 1 in the end.
    private static func isOn(_ value: String) -> Bool { !["0", "off", "no", "false"].contains(value.lowercased()) }

    /// Names and values in which no character means something to OpenSSL's reader.
    private static func checkWritable(_ text: String) throws(Refusal) {
        let plain = text.utf8.allSatisfy { 0x20...0x7e ~= $0 && !"\"#$'\\[]`;".utf8.contains($0) }
        if text.isEmpty || !plain { throw Refusal(reason: "'\(text)' has characters that this command does not write") }
    }

    private static func written(_ sections: [Section]) -> [String] {
        sections.flatMap { section in
            ["[\(section.name)]"] + section.values.map { "\($0.0) = \($0.1)" }
                + (section.name == settings ? ["# Settings of the provider go here, see uacce.cnf(5)."] : [])
        }
    }

    /// Reads the result as OpenSSL will, and sees whether it says what it should.
    private static func check(_ text: [UInt8], _ sections: [Section]) throws(Refusal) {
        let view = try read(text)
        for section in sections {
            for (name, value) in section.values where view.value(name, in: section.name) != value {
                throw Refusal(reason: "OpenSSL would not read '\(name) = \(value)' in [\(section.name)]")
            }
        }
    }

    private static func read(_ text: [UInt8]) throws(Refusal) -> ConfigurationView {
        do throws(ConfigurationView.Malformed) { return try ConfigurationView(text) } catch {
            throw Refusal(
                reason: "OpenSSL cannot read it" + (error.line > 0 ? ": there is an error in line \(error.line)" : ""))
        }
    }

    private struct Section {
        let name: String
        let values: [(String, String)]

        init(_ name: String, _ values: [(String, String)]) { (self.name, self.values) = (name, values) }
    }

    // MARK: - Removing

    /// Where in `text` the block is; nil where there is none.
    static func find(in text: [UInt8]) throws(Refusal) -> Range<Int>? {
        let lines = Lines(text)
        let begins = lines.ranges.filter { lines.text($0).hasPrefix(begin) }
        let ends = lines.ranges.filter { lines.text($0) == end }
        if begins.isEmpty && ends.isEmpty { return nil }
        guard begins.count == 1, ends.count == 1, begins[0].lowerBound < ends[0].lowerBound else {
            throw Refusal(
                reason:
                    "the lines '>>> uaccectl enable' and '<<< uaccectl enable' do not stand once each, in this order")
        }
        var start = begins[0].lowerBound
        if lines.text(begins[0]).hasSuffix(unended) {
            let newline = start >= 2 && text[start - 2] == 0x0d ? 2 : 1
            start = max(0, start - newline)
        }
        return start..<ends[0].upperBound
    }

    /// Whether these are lines as this command writes them after `text`, with no settings added by hand.
    static func isUnchanged(_ block: [UInt8], after text: [UInt8]) -> Bool {
        let lines = Lines(block)
        let module = lines.ranges.map(lines.text).first { $0.hasPrefix("module = ") }.map { String($0.dropFirst(9)) }
        return (try? append(to: text, module: module)) == text + block
    }
}

/// A text as lines.
private struct Lines {
    let bytes: [UInt8]
    /// Each with its newline.
    let ranges: [Range<Int>]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var ranges: [Range<Int>] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == 0x0a {
            ranges.append(start..<index + 1)
            start = index + 1
        }
        if start < bytes.count { ranges.append(start..<bytes.count) }
        self.ranges = ranges
    }

    /// A line without its newline and the blanks before that.
    func text(_ range: Range<Int>) -> String {
        var end = range.upperBound
        while end > range.lowerBound, [0x0a, 0x0d, 0x20, 0x09].contains(bytes[end - 1]) { end -= 1 }
        return String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
    }

    /// How this file ends its lines.
    var newline: [UInt8] {
        guard let first = ranges.first, bytes[first].reversed().starts(with: [0x0a, 0x0d]) else { return [0x0a] }
        return [0x0d, 0x0a]
    }

    /// What is missing at the end before another line can follow.
    var separator: [UInt8] { bytes.isEmpty || bytes.last == 0x0a ? [] : newline }

    /// Whether what follows would be the last line's continuation.
    var isContinued: Bool { ranges.last.map { text($0).hasSuffix("\\") } ?? false }

    /// The section that is open at the end.
    var lastSection: String {
        for range in ranges.reversed() {
            let line = text(range).drop { $0 == " " || $0 == "\t" }
            guard line.first == "[", let end = line.firstIndex(of: "]") else { continue }
            let name = line[line.index(after: line.startIndex)..<end]
            return name.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
        }
        return "default"
    }
}
