// SPDX-License-Identifier: Apache-2.0
//
// What loading the module adds to the life of a short program, from its start to its end: a process is started again
// and again, the kinds below in turn, and what one takes beyond another is taken within a turn.

#include "providers.h"
#include "samples.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { MOST_ROUNDS = 10000 };

enum kind { BARE, LOADED, DIGEST_BY_PEER, DIGEST_BY_UACCE, KINDS };

static const char *const kind_name[KINDS] = {"bare", "loaded", "digest-by-default", "digest-by-uacce"};

// What is reported: one kind beyond another.
static const struct {
    const char *name;
    const char *description;
    enum kind kind, beyond;
} differences[] = {
    {"load", "loading and unloading uacce", LOADED, BARE},
    {"first_digest", "the same and a first SHA2-256, beyond one by the default provider", DIGEST_BY_UACCE,
        DIGEST_BY_PEER},
};
enum { DIFFERENCES = sizeof(differences) / sizeof(differences[0]) };

extern char **environ;

// The short program: both providers or only the default one, and perhaps one digest.
static int live(enum kind kind)
{
    int with_uacce = kind == LOADED || kind == DIGEST_BY_UACCE;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    OSSL_PROVIDER_set_default_search_path(NULL, module_directory());
    OSSL_PROVIDER *peer = OSSL_PROVIDER_load(NULL, contender_name[PEER]);
    OSSL_PROVIDER *uacce = with_uacce ? OSSL_PROVIDER_load(NULL, contender_name[UACCE]) : NULL;
    if (peer == NULL || (with_uacce && uacce == NULL))
        fail("cannot load the provider (modules from %s)", module_directory());
    if (kind == DIGEST_BY_PEER || kind == DIGEST_BY_UACCE) {
        unsigned char output[EVP_MAX_MD_SIZE];
        EVP_MD *digest =
            EVP_MD_fetch(NULL, "SHA2-256", contender_properties[kind == DIGEST_BY_UACCE ? UACCE : PEER]);
        if (digest == NULL || !EVP_Digest("abc", 3, output, NULL, digest, NULL))
            fail("no first digest");
        EVP_MD_free(digest);
    }
    if (uacce != NULL)
        OSSL_PROVIDER_unload(uacce);
    OSSL_PROVIDER_unload(peer);
    return 0;
}

// Milliseconds of one such program.
static double lifetime(enum kind kind)
{
    char *arguments[] = {"load_time", "--live", (char *)kind_name[kind], NULL};
    pid_t child;
    int status = 0;
    uint64_t begin = nanoseconds_now();
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) != 0)
        fail("cannot start a process");
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            fail("cannot wait for a process");
    uint64_t end = nanoseconds_now();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the program \"%s\" failed", kind_name[kind]);
    return (double)(end - begin) / 1e6;
}

static _Noreturn void usage(void)
{
    fputs("usage: load_time [--rounds N] [--json FILE]\n", stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    static double lives[KINDS][MOST_ROUNDS], beyond[DIFFERENCES][MOST_ROUNDS];
    unsigned long rounds = 200;
    FILE *json = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--live") == 0)
            for (int kind = 0; kind < KINDS; kind++)
                if (strcmp(argv[i + 1], kind_name[kind]) == 0)
                    return live(kind);
        if (strcmp(argv[i], "--rounds") == 0) {
            rounds = strtoul(argv[i + 1], NULL, 10);
            if (rounds == 0 || rounds > MOST_ROUNDS)
                usage();
        } else if (strcmp(argv[i], "--json") == 0) {
            if ((json = fopen(argv[i + 1], "w")) == NULL)
                fail("cannot write %s", argv[i + 1]);
        } else {
            usage();
        }
    }
    if (argc % 2 == 0)
        usage();

    for (int kind = 0; kind < KINDS; kind++)
        lifetime(kind); // brings the files into the page cache
    for (unsigned long round = 0; round < rounds; round++) {
        for (int turn = 0; turn < KINDS; turn++) {
            int kind = (turn + (int)round) % KINDS;
            lives[kind][round] = lifetime(kind);
        }
        for (int i = 0; i < DIFFERENCES; i++)
            beyond[i][round] = lives[differences[i].kind][round] - lives[differences[i].beyond][round];
    }

    struct summary bare = summarize(lives[BARE], rounds);
    puts("| of a process that takes | ms | quartiles |\n|---|--:|--:|");
    printf("| its start, the default provider, its end | %.3f | %.3f to %.3f |\n", bare.median, bare.low, bare.high);
    if (json != NULL)
        fprintf(json, "{\"rounds\":%lu,\"bare_ms\":%.4f", rounds, bare.median);
    for (int i = 0; i < DIFFERENCES; i++) {
        struct summary difference = summarize(beyond[i], rounds);
        printf("| %s | %.3f | %.3f to %.3f |\n", differences[i].description, difference.median, difference.low,
            difference.high);
        if (json != NULL)
            fprintf(json, ",\n\"%s_ms\":{\"low\":%.4f,\"median\":%.4f,\"high\":%.4f}", differences[i].name,
                difference.low, difference.median, difference.high);
    }
    if (json != NULL) {
        fputs("}\n", json);
        if (fclose(json) != 0)
            fail("cannot write the results");
    }
    return 0;
}
