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
    // See Sources/AllocationReserve.
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

// What only the ordinary build has: the command line tool and the tests.
let hostTargets: [Target] = [
    .executableTarget(
        name: "uaccectl",
        dependencies: [
            "CryptoSessions", "CompressionSessions", "DeflateStream", "QueueScheduler", "PublishedCounters",
            "EmulatedQM", "EmulatedSEC", "EmulatedZIP", "SoftwareCrypto", "UacceDevice", "HisiliconABI",
            "CDeflateUnits", "CIPSecMB", "VectorKernels", "COpenSSL", "DeviceNodes", "CLinux",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: common),
    .testTarget(name: "HisiliconABITests", dependencies: ["HisiliconABI", "CUacce"], swiftSettings: common),
    .testTarget(name: "UacceDeviceTests", dependencies: ["UacceDevice"], swiftSettings: common),
    .testTarget(
        name: "EmulatedQMTests",
        dependencies: ["EmulatedQM", "UacceDevice", "HisiliconABI", "FaultGuard", "CUacce", "CProcess", "CLinux"],
        swiftSettings: common),
    .testTarget(
        name: "SoftwareCryptoTests", dependencies: ["SoftwareCrypto", "COpenSSL"], swiftSettings: common),
    .testTarget(
        name: "EmulatedSECTests",
        dependencies: ["EmulatedSEC", "EmulatedQM", "SoftwareCrypto", "HisiliconABI", "CUacce", "COpenSSL", "CLinux"],
        swiftSettings: common),
    .testTarget(
        name: "HisiliconDriverTests",
        dependencies: ["HisiliconDriver", "EmulatedQM", "UacceDevice", "HisiliconABI", "CUacce", "CLinux"],
        swiftSettings: common),
    .testTarget(
        name: "PublishedCountersTests", dependencies: ["PublishedCounters", "CCounterHead", "CLinux"],
        swiftSettings: common),
    .testTarget(
        name: "QueueSchedulerTests",
        dependencies: [
            "QueueScheduler", "PublishedCounters", "HisiliconDriver", "EmulatedQM", "EmulatedSEC", "SoftwareCrypto",
            "UacceDevice",
            "HisiliconABI", "CProcess", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "CryptoSessionsTests",
        dependencies: [
            "CryptoSessions", "QueueScheduler", "EmulatedQM", "EmulatedSEC", "SoftwareCrypto", "HisiliconDriver",
            "HisiliconABI", "CUacce", "COpenSSL", "CLinux",
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
            "CompressionSessions", "SoftwareInflate", "QueueScheduler", "EmulatedQM", "HisiliconABI", "CZlib", "CLinux",
        ],
        swiftSettings: common),
    .testTarget(
        name: "DeflateStreamTests",
        dependencies: ["DeflateStream", "CompressionSessions", "QueueScheduler", "EmulatedQM", "CZlib", "CLinux"],
        swiftSettings: common),
    .testTarget(
        name: "ZlibABITests",
        dependencies: ["ZlibABI", "DeflateStream", "CompressionSessions", "QueueScheduler", "CZlib"],
        swiftSettings: common),
    .testTarget(
        name: "CompressionStreamsTests", dependencies: ["CompressionStreams", "COpenSSL"], swiftSettings: common),
    .testTarget(
        name: "VectorKernelsTests", dependencies: ["VectorKernels", "COpenSSL"], swiftSettings: common),
    .testTarget(
        name: "DeviceNodesTests", dependencies: ["DeviceNodes", "EmulatedQM", "UacceDevice", "HisiliconABI"],
        swiftSettings: common),
    .testTarget(name: "UaccectlTests", dependencies: ["uaccectl", "PublishedCounters"], swiftSettings: common),
    .testTarget(name: "ProviderTests", dependencies: ["COpenSSL", "CLinux"], swiftSettings: common),
]

/// libFuzzer has the main function.
let fuzzingTargets: [Target] = [
    .executableTarget(
        name: "fuzzing",
        dependencies: [
            "DeflateStream", "CompressionSessions", "EmulatedZIP", "EmulatedQM", "QueueScheduler", "HisiliconABI",
            "CZlib", "CUacce", "CLinux",
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
        .systemLibrary(name: "CUacce"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CIntrinsics"),
        .systemLibrary(name: "CWarpDrive"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),

        .target(name: "CIPSecMB", cSettings: unitSettings),
        .target(name: "VectorKernels", cSettings: unitSettings),
        .target(name: "FaultGuard", cSettings: unitSettings),
        .target(name: "CProcess", cSettings: unitSettings),
        .target(name: "CZlib", cSettings: unitSettings, linkerSettings: zlibLinking),

        .target(name: "CCounterHead", cSettings: unitSettings),
        .target(name: "CDeflateUnits", cSettings: unitSettings),
        .target(name: "CZlibCalls", cSettings: unitSettings),
        .target(
            name: "AllocationReserve", cSettings: unitSettings + (embedded ? [.define("UACCE_EMBEDDED")] : [])),
        .target(name: "LibraryLoad", cSettings: unitSettings),
        .target(
            name: "LazyGlobals", cSettings: unitSettings + (embedded ? [.define("UACCE_EMBEDDED")] : [])),
        // It is quicker with -O2 (Scripts/bench-compression): what -O3 unrolls is seldom gone through twice.
        .target(name: "DeflateKernel", cSettings: unitSettings + [.unsafeFlags(["-O2"])]),

        .target(name: "PlainText", swiftSettings: shipped),
        .target(name: "HisiliconABI", dependencies: ["PlainText", "CUacce"], swiftSettings: shipped),
        .target(name: "UacceDevice", dependencies: ["CUacce", "CProcess", "CLinux"], swiftSettings: shipped),
        .target(
            name: "HisiliconDriver", dependencies: ["HisiliconABI", "UacceDevice", "CUacce", "CLinux"],
            swiftSettings: shipped),
        .target(
            name: "SoftwareCrypto",
            dependencies: ["VectorKernels", "COpenSSL", "CIntrinsics", "AllocationReserve", "CLinux"],
            swiftSettings: shipped),
        .target(
            name: "EmulatedQM",
            dependencies: ["PlainText", "HisiliconABI", "UacceDevice", "FaultGuard", "CUacce", "CProcess", "CLinux"],
            swiftSettings: shipped),
        .target(
            name: "EmulatedSEC",
            dependencies: [
                "PlainText", "EmulatedQM", "SoftwareCrypto", "HisiliconABI", "CIPSecMB", "VectorKernels", "CUacce",
                "AllocationReserve", "CProcess", "CLinux",
            ],
            swiftSettings: shipped),
        .target(name: "PublishedCounters", dependencies: ["CCounterHead", "CLinux"], swiftSettings: shipped),
        .target(
            name: "SoftwareInflate", dependencies: ["DeflateKernel", "CDeflateUnits", "CZlib", "CLinux"],
            swiftSettings: shipped),
        .target(
            name: "QueueScheduler",
            dependencies: [
                "PlainText", "PublishedCounters", "HisiliconDriver", "EmulatedQM", "UacceDevice", "HisiliconABI",
                "AllocationReserve", "CProcess", "CLinux",
            ],
            swiftSettings: shipped),
        .target(
            name: "EmulatedZIP",
            dependencies: [
                "EmulatedQM", "SoftwareInflate", "HisiliconABI", "CDeflateUnits", "DeflateKernel", "CZlib", "CUacce",
                "CLinux",
            ],
            swiftSettings: shipped),
        .target(
            name: "CompressionSessions",
            dependencies: [
                "QueueScheduler", "EmulatedZIP", "SoftwareInflate", "EmulatedQM", "HisiliconDriver", "HisiliconABI",
                "CZlib", "CUacce", "CLinux",
            ],
            swiftSettings: shipped),
        .target(
            name: "DeflateStream",
            dependencies: [
                "CompressionSessions", "SoftwareInflate", "QueueScheduler", "DeflateKernel", "CZlib", "CLinux",
            ],
            swiftSettings: shipped),
        .target(
            name: "CryptoSessions",
            dependencies: [
                "QueueScheduler", "EmulatedSEC", "EmulatedQM", "SoftwareCrypto", "HisiliconDriver", "HisiliconABI",
                "CUacce", "COpenSSL", "CLinux",
            ],
            swiftSettings: shipped),
        .target(
            name: "CompressionStreams", dependencies: ["CZlibCalls", "CLinux"], swiftSettings: shipped),
        .target(
            name: "ZlibABI",
            dependencies: [
                "PlainText",
                "DeflateStream", "CompressionSessions", "SoftwareInflate", "QueueScheduler", "HisiliconABI",
                "CDeflateUnits", "CZlib", "AllocationReserve", "LibraryLoad", "CLinux",
            ],
            exclude: ["zlib.map"], swiftSettings: shipped,
            linkerSettings: linking(
                exports: "Sources/ZlibABI/zlib.map",
                [
                    // It can be in libz.so.1's place, and then no other is loaded.
                    "-soname=libz.so.1", "-Bsymbolic", "-fini=uacce_z_end",
                    // zlib's functions for files and whole buffers, which call this library's deflate and inflate.
                    "--whole-archive", ".build-embedded/zlib/libzlib-callers.a", "--no-whole-archive",
                ])),
        .target(
            name: "DeviceNodes",
            dependencies: [
                "SoftwareCrypto",
                "EmulatedSEC", "EmulatedZIP", "EmulatedQM", "UacceDevice", "HisiliconABI", "FaultGuard",
                "AllocationReserve", "CLinux",
            ],
            exclude: ["emulator.map"], swiftSettings: shipped,
            linkerSettings: linking(exports: "Sources/DeviceNodes/emulator.map", ["-init=uacce_emulator_begin"])),
        .target(
            name: "WarpDrive",
            dependencies: [
                "SoftwareCrypto",
                "HisiliconDriver", "EmulatedSEC", "EmulatedZIP", "EmulatedQM", "PublishedCounters", "UacceDevice",
                "HisiliconABI", "CWarpDrive", "AllocationReserve", "CUacce", "CProcess", "CLinux",
            ],
            exclude: ["warpdrive.map", "uacce-wd.pc"], swiftSettings: shipped,
            linkerSettings: linking(
                exports: "Sources/WarpDrive/warpdrive.map", ["-soname=libuacce-wd.so", "-init=uacce_wd_begin"])),
        .target(
            name: "DeviceInterposer", exclude: ["interposer.map"], cSettings: unitSettings,
            linkerSettings: linking(
                exports: "Sources/DeviceInterposer/interposer.map", needsMathematics: false, hasSwift: false)),
        .target(
            name: "CompressionFilter",
            dependencies: ["CompressionStreams", "AllocationReserve", "LibraryLoad", "COpenSSL", "CLinux"],
            exclude: ["bio.map", "uacce-bio.pc"], swiftSettings: shipped,
            linkerSettings: linking(
                exports: "Sources/CompressionFilter/bio.map", needsMathematics: false,
                ["-soname=libuacce-bio.so"])),
        .target(
            name: "UacceProvider",
            dependencies: [
                "PlainText", "CryptoSessions", "CompressionStreams", "QueueScheduler", "SoftwareCrypto", "HisiliconABI",
                "AllocationReserve", "LazyGlobals", "COpenSSL", "CProcess", "CLinux",
            ],
            path: "provider", exclude: ["uacce.map"], swiftSettings: shipped,
            linkerSettings: linking(exports: "provider/uacce.map")),
    ] + (embedded ? [] : fuzzing ? fuzzingTargets : hostTargets)
)
