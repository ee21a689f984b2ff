// SPDX-License-Identifier: Apache-2.0
#ifndef UACCE_ISAL_H
#define UACCE_ISAL_H
#endif
