// SPDX-License-Identifier: Apache-2.0
//
// libuacce-devices.so: what LD_PRELOAD shows a program as /dev/hisi_* and /sys/class/uacce. `uaccectl run` sets it up.
//
// It leads paths to a directory tree that holds what the kernel would show (see DeviceTree in Sources/Fronts/DeviceNodes), and
// answers the calls that concern a queue: open, ioctl, mmap, poll, close. The devices themselves are in
// libuacce-emulator.so beside it, which is opened for the first queue: this library is C and needs libc alone, so that
// a shell or a compiler that runs under it is not burdened with libcrypto.
//
// All else passes through to the next definition of the function, without allocation and without a lock.

#ifndef UACCE_DEVICE_INTERPOSER_H
#define UACCE_DEVICE_INTERPOSER_H

/// Environment variable that tells the directory of the set of devices. Without it nothing is interposed. Not one of
/// UACCE_*, which are keys of the provider's configuration.
#define DEVICE_INTERPOSER_VARIABLE "LIBUACCE_DEVICES"

#endif
