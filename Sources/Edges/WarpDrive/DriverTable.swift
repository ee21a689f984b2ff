// SPDX-License-Identifier: Apache-2.0

import CLinux
import CWarpDrive
import Host

/// The user drivers, those that were added last first. Guarded by the process's lock.
enum DriverTable {
    nonisolated(unsafe) private static var added: [UnsafePointer<wd_driver>] = []

    /// The drivers of this library: what a queue's messages mean to a kind of device.
    nonisolated(unsafe) private static let builtIn: [UnsafePointer<wd_driver>] = [
        make("hisi_sec2", { RingDriver.open($0, .sec) }), make("hisi_zip", { RingDriver.open($0, .zip) }),
    ]

    private static func make(
        _ name: StaticString, _ open: @escaping @convention(c) (UnsafeMutablePointer<wd_queue>?) -> Int32
    ) -> UnsafePointer<wd_driver> {
        let driver = UnsafeMutablePointer<wd_driver>.allocate(capacity: 1)
        driver.initialize(
            to: wd_driver(
                hw_type: name.cString, open: open,
                close: { RingDriver.close($0) }, send: { RingDriver.of($0)?.send($1) ?? WarpError.invalid },
                recv: { RingDriver.of($0)?.receive($1) ?? WarpError.invalid }))
        return UnsafePointer(driver)
    }

    /// Makes the tables, as the library is loaded.
    static func prepare() {
        added.reserveCapacity(Int(WD_DRIVERS))
        _ = isBuiltIn(builtIn[0])
    }

    static func add(_ driver: UnsafePointer<wd_driver>?) -> Int32 {
        guard let driver, let name = driver.pointee.hw_type, name.pointee != 0, strlen(name) < Int(WD_NAME_SIZE),
            driver.pointee.open != nil, driver.pointee.close != nil, driver.pointee.send != nil,
            driver.pointee.recv != nil
        else { return WarpError.invalid }
        guard added.count < Int(WD_DRIVERS) else { return WarpError.noMemory }
        added.insert(driver, at: 0)
        return 0
    }

    static func isBuiltIn(_ driver: UnsafePointer<wd_driver>) -> Bool { builtIn.contains { $0 == driver } }

    /// Kinds of devices that some driver drives, each once.
    static var names: [String] {
        var names: [String] = []
        for driver in added + builtIn {
            let name = String(cString: driver.pointee.hw_type)
            if !names.contains(where: { $0 == name }) { names.append(name) }
        }
        return names
    }

    /// The driver for a device, by its name `<driver>-<number>`.
    static func driver(ofDevice name: String) -> UnsafePointer<wd_driver>? {
        (added + builtIn).first { driver in
            let prefix = String(cString: driver.pointee.hw_type) + "-"
            return name.hasPrefix(prefix)
        }
    }
}
