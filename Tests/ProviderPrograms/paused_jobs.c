// SPDX-License-Identifier: Apache-2.0
//
// paused_jobs FOLDER
//
// How requests wait in ASYNC jobs: that they pause, on what a program may wait, that callbacks come, that what waits runs
// as one batch with each its own result, and that a job which is dropped in the middle takes its request with it.

#include "streams.h"

#include <openssl/async.h>
#include <poll.h>
#include <sys/mman.h>

enum { JOBS = 16, BYTES = 4096 };

struct request {
    EVP_CIPHER_CTX *context;
    unsigned char *input, *output;
};

static int encrypt(void *argument)
{
    struct request *request = *(struct request **)argument;
    int written = 0;
    return EVP_EncryptUpdate(request->context, request->output, &written, request->input, BYTES) && written == BYTES;
}

static void prepare(struct request *request, const EVP_CIPHER *cipher, unsigned char mark)
{
    unsigned char key[16], iv[16];
    memset(key, mark, sizeof key);
    memset(iv, ~mark, sizeof iv);
    request->input = mmap(NULL, 2 * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(request->input != MAP_FAILED);
    request->output = request->input + BYTES;
    memset(request->input, mark + 1, BYTES);
    REQUIRE((request->context = EVP_CIPHER_CTX_new()) != NULL);
    REQUIRE(EVP_EncryptInit_ex2(request->context, cipher, key, iv, NULL));
}

static void discard(struct request *request)
{
    EVP_CIPHER_CTX_free(request->context);
    munmap(request->input, 2 * BYTES);
}

static int start(ASYNC_JOB **job, ASYNC_WAIT_CTX *wait, struct request *request)
{
    int result = 0;
    int status = ASYNC_start_job(job, wait, &result, encrypt, &request, sizeof request);
    REQUIRE(status == ASYNC_PAUSE || (status == ASYNC_FINISH && result == 1));
    return status;
}

static void check(const struct request *request, const EVP_CIPHER *reference, unsigned char mark)
{
    struct request twin;
    prepare(&twin, reference, mark);
    struct request *argument = &twin;
    REQUIRE(encrypt(&argument));
    REQUIRE(memcmp(request->output, twin.output, BYTES) == 0);
    discard(&twin);
}

static void batch(const EVP_CIPHER *cipher, const EVP_CIPHER *reference)
{
    struct request requests[JOBS];
    ASYNC_WAIT_CTX *waits[JOBS];
    ASYNC_JOB *jobs[JOBS] = {NULL};
    for (int index = 0; index < JOBS; index++) {
        prepare(&requests[index], cipher, (unsigned char)index);
        REQUIRE((waits[index] = ASYNC_WAIT_CTX_new()) != NULL);
        REQUIRE(start(&jobs[index], waits[index], &requests[index]) == ASYNC_PAUSE);
        OSSL_ASYNC_FD descriptor;
        size_t count = 0;
        REQUIRE(ASYNC_WAIT_CTX_get_all_fds(waits[index], NULL, &count) && count == 1);
        REQUIRE(ASYNC_WAIT_CTX_get_all_fds(waits[index], &descriptor, &count));
        struct pollfd event = {.fd = descriptor, .events = POLLIN};
        REQUIRE(poll(&event, 1, 1000) == 1);
    }
    for (int index = JOBS - 1; index >= 0; index--) {
        while (start(&jobs[index], waits[index], &requests[index]) != ASYNC_FINISH) {}
        check(&requests[index], reference, (unsigned char)index);
    }
    for (int index = 0; index < JOBS; index++) {
        discard(&requests[index]);
        ASYNC_WAIT_CTX_free(waits[index]);
    }
}

static int called;
static int count_call(void *argument) { return ++*(int *)argument, 1; }

static void callback(const EVP_CIPHER *cipher, const EVP_CIPHER *reference)
{
    struct request request;
    ASYNC_JOB *job = NULL;
    ASYNC_WAIT_CTX *wait = ASYNC_WAIT_CTX_new();
    REQUIRE(wait != NULL && ASYNC_WAIT_CTX_set_callback(wait, count_call, &called));
    prepare(&request, cipher, 200);
    REQUIRE(start(&job, wait, &request) == ASYNC_PAUSE);
    REQUIRE(called == 1 && ASYNC_WAIT_CTX_get_status(wait) == ASYNC_STATUS_OK);
    size_t count = 1;
    REQUIRE(ASYNC_WAIT_CTX_get_all_fds(wait, NULL, &count) && count == 0);
    while (start(&job, wait, &request) != ASYNC_FINISH) {}
    check(&request, reference, 200);
    discard(&request);
    ASYNC_WAIT_CTX_free(wait);
}

/// The job's context and its memory go while its request waits. The next batch must not touch what is gone.
static void dropped(const EVP_CIPHER *cipher, const EVP_CIPHER *reference)
{
    struct request gone, request;
    ASYNC_JOB *lost = NULL, *job = NULL;
    ASYNC_WAIT_CTX *wait = ASYNC_WAIT_CTX_new(), *other = ASYNC_WAIT_CTX_new();
    REQUIRE(wait != NULL && other != NULL);
    prepare(&gone, cipher, 100);
    REQUIRE(start(&lost, wait, &gone) == ASYNC_PAUSE);
    munmap(gone.input, 2 * BYTES);
    EVP_CIPHER_CTX_free(gone.context);
    ASYNC_WAIT_CTX_free(wait);
    prepare(&request, cipher, 101);
    REQUIRE(start(&job, other, &request) == ASYNC_PAUSE);
    while (start(&job, other, &request) != ASYNC_FINISH) {}
    check(&request, reference, 101);
    discard(&request);
    ASYNC_WAIT_CTX_free(other);
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2);
    alarm(50);
    struct providers providers = load_providers(arguments[1]);
    REQUIRE(ASYNC_init_thread(JOBS + 4, 0));
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(providers.library, "AES-128-CBC", "provider=uacce");
    EVP_CIPHER *reference = EVP_CIPHER_fetch(NULL, "AES-128-CBC", "provider=default");
    REQUIRE(cipher != NULL && reference != NULL);
    batch(cipher, reference);
    callback(cipher, reference);
    dropped(cipher, reference);
    batch(cipher, reference);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_free(reference);
    ASYNC_cleanup_thread();
    unload_providers(&providers);
    return 0;
}
