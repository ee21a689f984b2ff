// SPDX-License-Identifier: Apache-2.0

import Configuration
import Testing

@Suite struct ConfigurationTests {
    private func set(_ configuration: inout Configuration, _ name: String, _ value: String) -> Bool {
        configuration.set(name, to: value)
    }

    /// What a value changed, seen through the properties that tests can compare.
    private func described(_ configuration: Configuration) -> String {
        "\(configuration)"
    }

    @Test func everyDefaultIsAcceptedAndChangesNothing() {
        for key in ConfigurationKey.all where !key.defaultValue.isEmpty {
            var configuration = Configuration()
            #expect(set(&configuration, key.name, key.defaultValue), "\(key.name)")
            #expect(described(configuration) == described(Configuration()), "\(key.name)")
        }
    }

    @Test func everyRowIsComplete() {
        let names = ConfigurationKey.all.map(\.name)
        #expect(Set(names).count == names.count)
        for key in ConfigurationKey.all {
            #expect(!key.values.isEmpty && !key.help.isEmpty)
            #expect(key.environmentName == "UACCE_" + key.name.uppercased())
        }
    }

    @Test(arguments: [
        ("backend", "kernel"), ("backend", "emulator"), ("api", "v2"), ("engine_threads", "64"),
        ("algorithms", "ALL, -MD5"), ("min_offload", "512, sm4:64"), ("min_offload_async", "9"), ("company", "off"),
        ("unit_plan", "/tmp/p"), ("units", "vector"), ("async", "all"), ("fallback", "off"),
        ("timeout", "1"),
        ("timeout", "60000"), ("stats", "/tmp/x"), ("log", "stderr"), ("faults", "stuck@3,busy@2x4"),
        ("strict_addresses", "on"),
    ]) func valuesThatChangeSomething(name: String, value: String) {
        var configuration = Configuration()
        #expect(set(&configuration, name, value))
        #expect(described(configuration) != described(Configuration()))
    }

    @Test(arguments: [
        ("backend", ""), ("backend", "Kernel"), ("backend", "hardware"), ("api", "v1"), ("api", "3"), ("api", "v4"),
        ("api", "v03"), ("api", ""), ("engine_threads", "65"), ("engine_threads", "-1"), ("engine_threads", "two"),
        ("engine_threads", ""), ("algorithms", ""), ("algorithms", "-"), ("min_offload", "many"), ("fallback", "maybe"),
        ("fallback", ""), ("fallback", "ON"), ("timeout", "0"), ("timeout", "60001"), ("timeout", "1.5"),
        ("timeout", "99999999999999999999"), ("faults", "explode"), ("faults", "stuck@"), ("strict_addresses", "2"),
        ("no_such_key", "1"), ("", ""), ("Backend", "auto"),
    ]) func refusedValuesChangeNothing(name: String, value: String) {
        var configuration = Configuration()
        #expect(!set(&configuration, name, value))
        #expect(described(configuration) == described(Configuration()))
    }

    @Test func valuesArriveWhereTheyBelong() {
        var configuration = Configuration()
        for (name, value) in [
            ("backend", "kernel"), ("api", "v2"), ("engine_threads", "3"), ("algorithms", "SM3"), ("min_offload", "77"),
            ("min_offload_async", "78"), ("fallback", "no"), ("timeout", "250"), ("stats", "s"), ("log", "l"),
            ("faults", "busy@2"),
            ("strict_addresses", "yes"),
        ] {
            #expect(set(&configuration, name, value))
        }
        #expect(configuration.backend == .kernel)
        #expect(configuration.version == .v2)
        #expect(configuration.engineThreads == 3)
        #expect(configuration.algorithms == AlgorithmFilter("SM3"))
        #expect(configuration.minimumOffload[.aes] == 77)
        #expect(configuration.minimumOffloadInJobs[.aesGCM] == 78)
        #expect(!configuration.fallback)
        #expect(configuration.timeout == 250)
        #expect(configuration.statisticsFile == "s")
        #expect(configuration.logFile == "l")
        #expect(configuration.faults == FaultPlan(parsing: "busy@2"))
        #expect(configuration.strictAddresses)
    }

    @Test func capitalsOfASCII() {
        #expect("sha2-256/az{`é".asciiUppercased == "SHA2-256/AZ{`é")
        #expect("".asciiUppercased == "")
    }
}
