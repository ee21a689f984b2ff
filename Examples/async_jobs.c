// SPDX-License-Identifier: Apache-2.0
//
// Digests many messages on one thread in ASYNC jobs. A request inside of a job is posted to the queue, and the job pauses;
// when the first job is resumed, the device works on everything that waits as one batch, and a batch is what lanes of
// vector code, and hardware, want. A web server with SSL_MODE_ASYNC does the same with its connections.
//
// To run it:
//     cc -O2 -Wall -Wextra -Werror -o async_jobs async_jobs.c -lcrypto
//     ./async_jobs
//     UACCE_STATS=counters ./async_jobs && cat counters
//     test "$(sed 's/.*"max_batch":\([0-9]*\).*/\1/' counters)" -ge 16

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 16, MESSAGES = 400, MESSAGE_BYTES = 16 * 1024 };

static EVP_MD *sha256;

static void require(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

struct message {
    unsigned char *bytes;
    unsigned char digest[EVP_MAX_MD_SIZE];
};

// Runs inside of a job, on a small stack of its own. It knows nothing of jobs: EVP_Digest returns when the digest is
// there, however often the job was paused meanwhile.
static int digest_message(void *argument)
{
    struct message *message;
    memcpy(&message, argument, sizeof message);
    return EVP_Digest(message->bytes, MESSAGE_BYTES, message->digest, NULL, sha256, NULL);
}

// Waits until one of a job's descriptors is readable. This provider's always is, because the device works on the thread
// of whoever resumes a job; hardware of others may take its time.
static void wait_for(ASYNC_WAIT_CTX *wait)
{
    OSSL_ASYNC_FD descriptors[4];
    size_t count = 4;
    if (!ASYNC_WAIT_CTX_get_all_fds(wait, NULL, &count) || count > 4 ||
        !ASYNC_WAIT_CTX_get_all_fds(wait, descriptors, &count))
        return;
    struct pollfd events[4];
    for (size_t index = 0; index < count; index++)
        events[index] = (struct pollfd){.fd = descriptors[index], .events = POLLIN};
    poll(events, count, 100);
}

static void digest_all(struct message *messages)
{
    ASYNC_JOB *jobs[JOBS] = {NULL};
    ASYNC_WAIT_CTX *waits[JOBS];
    int started = 0, finished = 0;
    struct message *work[JOBS] = {NULL};
    require(ASYNC_init_thread(JOBS, 0), "ASYNC_init_thread");
    for (int index = 0; index < JOBS; index++)
        require((waits[index] = ASYNC_WAIT_CTX_new()) != NULL, "ASYNC_WAIT_CTX_new");

    while (finished < MESSAGES) {
        int waiting = -1;
        for (int index = 0; index < JOBS; index++) {
            if (work[index] == NULL && started < MESSAGES)
                work[index] = &messages[started++];
            if (work[index] == NULL)
                continue;
            int result = 0;
            switch (ASYNC_start_job(&jobs[index], waits[index], &result, digest_message, &work[index], sizeof work[index])) {
            case ASYNC_FINISH:
                require(result == 1, "a digest");
                work[index] = NULL;
                finished++;
                break;
            case ASYNC_PAUSE:
                waiting = index;
                break;
            default:
                require(0, "ASYNC_start_job");
            }
        }
        if (waiting >= 0)
            wait_for(waits[waiting]);
    }
    for (int index = 0; index < JOBS; index++)
        ASYNC_WAIT_CTX_free(waits[index]);
    ASYNC_cleanup_thread();
}

int main(void)
{
    OSSL_PROVIDER *fallback = OSSL_PROVIDER_load(NULL, "default"), *uacce = OSSL_PROVIDER_load(NULL, "uacce");
    require(fallback != NULL && uacce != NULL, "loading providers");
    require((sha256 = EVP_MD_fetch(NULL, "SHA256", "provider=uacce")) != NULL, "fetching SHA-256");
    EVP_MD *other = EVP_MD_fetch(NULL, "SHA256", "provider=default");
    require(other != NULL, "fetching the other SHA-256");

    static struct message messages[MESSAGES];
    for (int index = 0; index < MESSAGES; index++) {
        require((messages[index].bytes = malloc(MESSAGE_BYTES)) != NULL, "allocating memory");
        memset(messages[index].bytes, index, MESSAGE_BYTES);
    }
    digest_all(messages);
    for (int index = 0; index < MESSAGES; index++) {
        unsigned char expected[EVP_MAX_MD_SIZE];
        require(EVP_Digest(messages[index].bytes, MESSAGE_BYTES, expected, NULL, other, NULL), "the other digest");
        require(memcmp(expected, messages[index].digest, 32) == 0, "comparing");
        free(messages[index].bytes);
    }
    printf("%d messages digested in %d jobs, all right\n", MESSAGES, JOBS);
    EVP_MD_free(sha256);
    EVP_MD_free(other);
    // Who loads a provider unloads it; with its end uacce writes its counters.
    OSSL_PROVIDER_unload(uacce);
    OSSL_PROVIDER_unload(fallback);
    return 0;
}
