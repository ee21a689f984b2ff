// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// Two builds of one source: the ordinary one (tests, sanitizers, uaccectl), and with UACCE_EMBEDDED=1 the Embedded
// Swift one that ships. Scripts/build runs both, each in its own scratch path. With UACCE_PORTABLE=1 either leaves out
// what only x86-64 has, as on another processor (Scripts/swift-tests --portable).

import PackageDescription

let embedded = Context.environment["UACCE_EMBEDDED"] == "1"
/// Scripts/fuzz: what libFuzzer drives, and nothing but.
let fuzzing = Context.environment["UACCE_FUZZING"] == "1"
let portable = Context.environment["UACCE_PORTABLE"] == "1"

let common: [SwiftSetting] =
    [.treatAllWarnings(as: .error)]
    // For the C headers that Swift reads itself.
    + (portable ? [.define("UACCE_PORTABLE"), .unsafeFlags(["-Xcc", "-DUACCE_PORTABLE"])] : [])
let shipped: [SwiftSetting] =
    common
    + (embedded
        ? [
            .enableExperimentalFeature("Embedded"),
            // The ordinary build, which all tests run too, checks that no access overlaps another.
            .unsafeFlags(["-wmo", "-Xfrontend", "-function-sections", "-enforce-exclusivity=unchecked"]),
            .unsafeFlags(["-Xcc", "-DUACCE_EMBEDDED"]),
        ] : [])

/// Units in C: optimised in every build, and in sections of their own, so that the linker can drop what nobody calls.
let unitSettings: [CSetting] =
    [
        .unsafeFlags([
            "-O3", "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror",
        ])
    ] + (portable ? [.define("UACCE_PORTABLE")] : [])

// Scripts/build tells where the toolchain keeps the Unicode tables that String comparison needs.
let tables = Context.environment["UACCE_UNICODE_TABLES"] ?? "libswiftUnicodeDataTables.a"

/// What other programs load: nothing exported but what its version script tells.
func linking(
    exports: String, needsMathematics: Bool = true, hasSwift: Bool = true, _ more: [String] = []
) -> [LinkerSetting] {
    guard embedded else { return [] }
    // See Sources/Base/AllocationReserve.
    let more = more + (hasSwift ? ["--wrap=posix_memalign", "--wrap=free"] : [])
    return (needsMathematics ? [.linkedLibrary("m")] : []) + [
        .unsafeFlags([
            // A product without Swift would be given the Swift library otherwise.
            "-enable-experimental-feature", "Embedded",
            "-use-ld=lld", "-nostartfiles", "-Xlinker", "--gc-sections", "-Xlinker", "--icf=safe", "-Xlinker",
            "--version-script=\(exports)",
            "-Xlinker", tables, "-Xlinker", "-z", "-Xlinker", "now",
            // Tables are built once and the program may still point at them; threads that used a queue may end later.
            "-Xlinker", "-z", "-Xlinker", "nodelete",
        ]),
        .unsafeFlags(more.flatMap { ["-Xlinker", $0] }),
    ]
}

/// The system's zlib, linked statically: as it is, or in what ships with its symbols renamed (Scripts/build does that).
let zlibLinking: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", embedded ? ".build-embedded/zlib/libzlib-renamed.a" : "-l:libz.a"])
]

/// The targets of one floor of the house, which is a folder of Sources.
///
/// A target imports nothing of a floor above its own, nor of a floor beside it: Scripts/check-floors has the rules, and
/// Docs/architecture.md the picture.
func floor(_ name: String, _ targets: [Target]) -> [Target] {
    for target in targets where target.path == nil { target.path = "Sources/\(name)/\(target.name)" }
    return targets
}

/// What knows nothing of devices.
let base: [Target] = [
    .systemLibrary(name: "CLinux"),
    .target(name: "CProcess", cSettings: unitSettings),
    .target(
        name: "AllocationReserve", cSettings: unitSettings + (embedded ? [.define("UACCE_EMBEDDED")] : [])),
    .target(name: "LibraryLoad", cSettings: unitSettings),
    .target(
        name: "LazyGlobals", cSettings: unitSettings + (embedded ? [.define("UACCE_EMBEDDED")] : [])),
    .target(name: "PlainText", swiftSettings: shipped),
    .target(name: "Host", dependencies: ["PlainText", "CProcess", "CLinux"], swiftSettings: shipped),
    .target(name: "Configuration", dependencies: ["PlainText"], swiftSettings: shipped),
]

/// What a driver and a device agree on.
let boundary: [Target] = [
    .systemLibrary(name: "CUacce"),
    .target(name: "HisiliconABI", dependencies: ["PlainText", "CUacce"], swiftSettings: shipped),
    .target(name: "UacceDevice", dependencies: ["Host", "CUacce", "CLinux"], swiftSettings: shipped),
]

/// Queues, from the side of those who post.
let driver: [Target] = [
    .target(
        name: "HisiliconDriver", dependencies: ["Host", "HisiliconABI", "UacceDevice", "CUacce", "CLinux"],
        swiftSettings: shipped),
    .target(name: "CCounterHead", cSettings: unitSettings),
    .target(name: "PublishedCounters", dependencies: ["Host", "CCounterHead", "CLinux"], swiftSettings: shipped),
    .target(
        name: "QueueScheduler",
        dependencies: [
            "Host", "Configuration", "PublishedCounters", "HisiliconDriver", "EmulatedQM", "UacceDevice",
            "HisiliconABI", "AllocationReserve", "CUacce", "CProcess", "CLinux",
        ],
        swiftSettings: shipped),
]

/// Arithmetic, which knows nothing of queues.
let units: [Target] = [
    .systemLibrary(name: "CIntrinsics"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    .target(name: "CIPSecMB", cSettings: unitSettings),
    .target(name: "VectorKernels", cSettings: unitSettings),
    .target(name: "CZlib", cSettings: unitSettings, linkerSettings: zlibLinking),
    .target(name: "CDeflateUnits", cSettings: unitSettings),
    // It is quicker with -O2 (Scripts/bench-compression): what -O3 unrolls is seldom gone through twice.
    .target(name: "DeflateKernel", cSettings: unitSettings + [.unsafeFlags(["-O2"])]),
    .target(
        name: "SoftwareCrypto",
        dependencies: ["Host", "VectorKernels", "COpenSSL", "CIntrinsics", "AllocationReserve", "CLinux"],
        swiftSettings: shipped),
    .target(
        name: "SoftwareInflate", dependencies: ["Host", "DeflateKernel", "CDeflateUnits", "CZlib", "CLinux"],
        swiftSettings: shipped),
]

/// One stream or context of a program, as requests.
let sessions: [Target] = [
    .target(
        name: "CompressionSessions",
        dependencies: [
            "Configuration", "QueueScheduler", "EmulatedZIP", "SoftwareInflate", "EmulatedQM", "HisiliconDriver",
            "HisiliconABI", "CZlib", "CUacce", "CLinux",
        ],
        swiftSettings: shipped),
    .target(
        name: "DeflateStream",
        dependencies: [
            "Host", "CompressionSessions", "SoftwareInflate", "QueueScheduler", "DeflateKernel", "CZlib", "CLinux",
        ],
        swiftSettings: shipped),
    .target(
        name: "CryptoSessions",
        dependencies: [
            "Host", "Configuration", "QueueScheduler", "EmulatedSEC", "EmulatedQM", "SoftwareCrypto",
            "HisiliconDriver", "HisiliconABI", "CUacce", "COpenSSL", "CLinux",
        ],
        swiftSettings: shipped),
]

/// The other side of the boundary, emulated.
let device: [Target] = [
    .target(name: "FaultGuard", cSettings: unitSettings),
    .target(
        name: "EmulatedQM",
        dependencies: [
            "PlainText", "Host", "Configuration", "HisiliconABI", "UacceDevice", "FaultGuard", "CUacce", "CProcess",
            "CLinux",
        ],
        swiftSettings: shipped),
    .target(
        name: "EmulatedSEC",
        dependencies: [
            "PlainText", "Host", "Configuration", "EmulatedQM", "UacceDevice", "SoftwareCrypto", "HisiliconABI",
            "CIPSecMB", "VectorKernels", "CUacce", "AllocationReserve", "CLinux",
        ],
        swiftSettings: shipped),
    .target(
        name: "EmulatedZIP",
        dependencies: [
            "Host", "EmulatedQM", "UacceDevice", "SoftwareInflate", "HisiliconABI", "CDeflateUnits", "DeflateKernel",
            "CZlib", "CUacce", "CLinux",
        ],
        swiftSettings: shipped),
]

/// Ways to reach the emulated device.
let fronts: [Target] = [
    .target(
        name: "DeviceNodes",
        dependencies: [
            "PlainText", "Host", "Configuration", "SoftwareCrypto", "EmulatedSEC", "EmulatedZIP", "EmulatedQM",
            "UacceDevice", "HisiliconABI", "FaultGuard", "AllocationReserve", "CLinux",
        ],
        exclude: ["emulator.map"], swiftSettings: shipped,
        linkerSettings: linking(exports: "Sources/Fronts/DeviceNodes/emulator.map", ["-init=uacce_emulator_begin"])),
    .target(
        name: "DeviceInterposer", exclude: ["interposer.map"], cSettings: unitSettings,
        linkerSettings: linking(
            exports: "Sources/Fronts/DeviceInterposer/interposer.map", needsMathematics: false, hasSwift: false)),
]

/// What programs call.
let edges: [Target] = [
    .systemLibrary(name: "CWarpDrive"),
    .target(name: "CZlibCalls", cSettings: unitSettings),
    .target(name: "CompressionStreams", dependencies: ["CZlibCalls", "CLinux"], swiftSettings: shipped),
    .target(
        name: "CompressionFilter",
        dependencies: ["Host", "CompressionStreams", "AllocationReserve", "LibraryLoad", "COpenSSL", "CLinux"],
        exclude: ["bio.map", "uacce-bio.pc"], swiftSettings: shipped,
        linkerSettings: linking(
            exports: "Sources/Edges/CompressionFilter/bio.map", needsMathematics: false,
            ["-soname=libuacce-bio.so.0"])),
    .target(
        name: "ZlibABI",
        dependencies: [
            "PlainText", "Host", "Configuration", "DeflateStream", "CompressionSessions", "SoftwareInflate",
            "QueueScheduler", "HisiliconABI", "CDeflateUnits", "CZlib", "AllocationReserve", "LibraryLoad", "CLinux",
        ],
        exclude: ["zlib.map"], swiftSettings: shipped,
        linkerSettings: linking(
            exports: "Sources/Edges/ZlibABI/zlib.map",
            [
                // It can be in libz.so.1's place, and then no other is loaded.
                "-soname=libz.so.1", "-Bsymbolic", "-fini=uacce_z_end",
                // zlib's functions for files and whole buffers, which call this library's deflate and inflate.
                "--whole-archive", ".build-embedded/zlib/libzlib-callers.a", "--no-whole-archive",
            ])),
    .target(
        name: "WarpDrive",
        dependencies: [
            "Host", "Configuration", "SoftwareCrypto", "HisiliconDriver", "EmulatedSEC", "EmulatedZIP", "EmulatedQM",
            "PublishedCounters", "UacceDevice", "HisiliconABI", "CWarpDrive", "AllocationReserve", "CUacce", "CLinux",
        ],
        exclude: ["warpdrive.map", "uacce-wd.pc"], swiftSettings: shipped,
        linkerSettings: linking(
            exports: "Sources/Edges/WarpDrive/warpdrive.map", ["-soname=libuacce-wd.so.0", "-init=uacce_wd_begin"])),
    .target(
        name: "UacceProvider",
        dependencies: [
            "PlainText", "Host", "Configuration", "CryptoSessions", "EmulatedSEC", "CompressionStreams",
            "QueueScheduler", "SoftwareCrypto", "HisiliconABI", "AllocationReserve", "LazyGlobals", "COpenSSL",
            "CProcess", "CLinux",
        ],
        path: "provider", exclude: ["uacce.map"], swiftSettings: shipped,
        linkerSettings: linking(exports: "provider/uacce.map")),
]

/// ... and the command, which stands above all floors: it tries and measures what is on any of them.
let tools: [Target] = [
    .executableTarget(
        name: "uaccectl",
        dependencies: [
            "Host", "Configuration", "CryptoSessions", "CompressionSessions", "DeflateStream", "QueueScheduler",
            "PublishedCounters", "EmulatedQM", "EmulatedSEC", "EmulatedZIP", "SoftwareCrypto", "UacceDevice",
            "HisiliconABI",
            "CDeflateUnits", "CIPSecMB", "VectorKernels", "COpenSSL", "DeviceNodes", "CLinux",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: common)
]

/// What only the ordinary build has: the tests ...
let tests: [Target] = [
    .testTarget(name: "HisiliconABITests", dependencies: ["HisiliconABI", "CUacce"], swiftSettings: common),
    .testTarget(name: "HostTests", dependencies: ["Host"], swiftSettings: common),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"], swiftSettings: common),
    .testTarget(name: "UacceDeviceTests", dependencies: ["UacceDevice", "Host"], swiftSettings: common),
    .testTarget(
        name: "EmulatedQMTests",
        dependencies: [
            "EmulatedQM", "UacceDevice", "HisiliconABI", "Host", "Configuration", "FaultGuard", "CUacce", "CProcess",
            "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "SoftwareCryptoTests", dependencies: ["SoftwareCrypto", "COpenSSL"], swiftSettings: common),
    .testTarget(
        name: "EmulatedSECTests",
        dependencies: [
            "EmulatedSEC", "EmulatedQM", "SoftwareCrypto", "HisiliconABI", "Configuration", "CUacce", "COpenSSL",
            "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "HisiliconDriverTests",
        dependencies: [
            "HisiliconDriver", "EmulatedQM", "UacceDevice", "HisiliconABI", "Host", "Configuration", "CUacce", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "PublishedCountersTests", dependencies: ["PublishedCounters", "CCounterHead", "CLinux"],
        swiftSettings: common),
    .testTarget(
        name: "QueueSchedulerTests",
        dependencies: [
            "QueueScheduler", "PublishedCounters", "HisiliconDriver", "EmulatedQM", "HisiliconABI", "Host",
            "Configuration", "CProcess", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "CryptoSessionsTests",
        dependencies: [
            "CryptoSessions", "QueueScheduler", "EmulatedQM", "SoftwareCrypto", "HisiliconABI", "Host", "Configuration",
            "CUacce", "COpenSSL", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "EmulatedZIPTests",
        dependencies: [
            "EmulatedZIP", "EmulatedQM", "HisiliconABI", "CDeflateUnits", "DeflateKernel", "CZlib", "CUacce", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "CompressionSessionsTests",
        dependencies: [
            "CompressionSessions", "SoftwareInflate", "QueueScheduler", "Configuration", "CZlib", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "DeflateStreamTests",
        dependencies: [
            "DeflateStream", "CompressionSessions", "QueueScheduler", "EmulatedQM", "Configuration", "CZlib", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "ZlibABITests",
        dependencies: ["ZlibABI", "DeflateStream", "CompressionSessions", "QueueScheduler", "Configuration", "CZlib"],
        swiftSettings: common),
    .testTarget(
        name: "CompressionStreamsTests", dependencies: ["CompressionStreams", "COpenSSL"], swiftSettings: common),
    .testTarget(
        name: "VectorKernelsTests", dependencies: ["VectorKernels", "COpenSSL"], swiftSettings: common),
    .testTarget(
        name: "DeviceNodesTests", dependencies: ["DeviceNodes", "EmulatedQM", "UacceDevice", "HisiliconABI", "Host"],
        swiftSettings: common),
    .testTarget(name: "UaccectlTests", dependencies: ["uaccectl", "PublishedCounters"], swiftSettings: common),
    .testTarget(name: "ProviderTests", dependencies: ["COpenSSL", "CLinux"], swiftSettings: common),
]

/// libFuzzer has the main function.
let fuzzingTargets: [Target] = [
    .executableTarget(
        name: "fuzzing",
        dependencies: [
            "DeflateStream", "CompressionSessions", "EmulatedZIP", "EmulatedQM", "QueueScheduler", "Configuration",
            "HisiliconABI", "CZlib", "CUacce", "CLinux",
        ],
        path: "Tests/Fuzzing", exclude: ["seeds"],
        swiftSettings: common + [.unsafeFlags(["-parse-as-library"])])
]

let package = Package(
    name: "uacce",
    products: [
        .library(name: "uacce", type: .dynamic, targets: ["UacceProvider"])
    ]
        + (embedded
            ? [
                .library(name: "uacce-z", type: .dynamic, targets: ["ZlibABI"]),
                .library(name: "uacce-emulator", type: .dynamic, targets: ["DeviceNodes"]),
                .library(name: "uacce-devices", type: .dynamic, targets: ["DeviceInterposer"]),
                .library(name: "uacce-wd", type: .dynamic, targets: ["WarpDrive"]),
                .library(name: "uacce-bio", type: .dynamic, targets: ["CompressionFilter"]),
            ] : []),
    dependencies: embedded
        ? [] : [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")],
    targets: [
        floor("Base", base), floor("Boundary", boundary), floor("Driver", driver), floor("Units", units),
        floor("Sessions", sessions), floor("Device", device), floor("Fronts", fronts), floor("Edges", edges),
        embedded ? [] : fuzzing ? fuzzingTargets : floor("Tools", tools) + tests,
    ].flatMap { $0 }
)
