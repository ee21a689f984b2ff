// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// The loader calls this when the library is loaded (DT_INIT), before anything else in it.
///
/// Every global that is made when it is first used must be used here: one that a thread makes while another one forks is
/// never made in the child, which waits for it for ever (Scripts/check-lazy-globals looks).
@_cdecl("uacce_wd_begin")
public func beginLibrary() {
    DriverTable.prepare()
    Publication.prepare()
    _ = prepareGaloisHash()
    _ = Hasher()
}
