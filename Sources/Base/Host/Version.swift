// SPDX-License-Identifier: Apache-2.0

/// The version of everything that is built here, `major.minor.patch`: of the provider, the tool, the libraries and the
/// packages.
public let uacceVersion: StaticString = "0.1.0"
