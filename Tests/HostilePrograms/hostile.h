// SPDX-License-Identifier: Apache-2.0
//
// What the programs of the hostile suite share. Such a program exits 0 when all is well, and otherwise 1 with a line on
// standard error. It names no provider: the configuration of its surroundings decides who serves it, and the variable
// EXPECTED_PROVIDER says who that must be, so that the same program, run with the default provider, is its own control.

#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// One line on standard error by a single system call, which every filter here allows.
__attribute__((format(printf, 1, 2), unused)) static void complain(const char *format, ...)
{
    char line[300];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        length = 0;
    if (length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length++] = '\n';
    if (write(2, line, (size_t)length) < 0)
        _exit(1);
}

#define FAIL(...) (complain(__VA_ARGS__), _exit(1))
#define REQUIRE(good, ...) ((good) ? (void)0 : FAIL(__VA_ARGS__))

// Bytes that compress, and do so the same in every run.
__attribute__((unused)) static void fill_text(unsigned char *bytes, size_t count)
{
    uint32_t state = 1;
    for (size_t index = 0; index < count; index++) {
        state = state * 1103515245u + 12345u;
        bytes[index] = (unsigned char)"etaoin shrdlu cmf"[(state >> 16) % 17];
    }
}

// Bytes that do not compress.
__attribute__((unused)) static void fill_noise(unsigned char *bytes, size_t count)
{
    uint32_t state = 1;
    for (size_t index = 0; index < count; index++) {
        state = state * 1103515245u + 12345u;
        bytes[index] = (unsigned char)(state >> 16);
    }
}

// How a process ended, in words; NULL where it exited with 0.
__attribute__((unused)) static const char *trouble_of(int status)
{
    static char text[80];
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(text, sizeof text, "exited with %d", WEXITSTATUS(status));
    else
        return NULL;
    return text;
}

#ifdef OPENSSL_EVP_H
#include <openssl/provider.h>

__attribute__((unused)) static void require_provider(const OSSL_PROVIDER *provider, const char *what)
{
    const char *expected = getenv("EXPECTED_PROVIDER");
    const char *actual = provider != NULL ? OSSL_PROVIDER_get0_name(provider) : "no provider";
    REQUIRE(expected == NULL || strcmp(expected, actual) == 0, "%s is served by %s instead of %s", what, actual, expected);
}

__attribute__((unused)) static EVP_MD *digest_named(const char *name)
{
    EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);
    REQUIRE(digest != NULL, "there is no %s", name);
    require_provider(EVP_MD_get0_provider(digest), name);
    return digest;
}

__attribute__((unused)) static EVP_CIPHER *cipher_named(const char *name)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    REQUIRE(cipher != NULL, "there is no %s", name);
    require_provider(EVP_CIPHER_get0_provider(cipher), name);
    return cipher;
}
#endif

#endif
