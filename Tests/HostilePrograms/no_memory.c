// SPDX-License-Identifier: Apache-2.0
//
// no_memory FOLDER [NAME [first|later [QUERY]]]
//
// Every allocation fails, one after the other: for each kind of algorithm that uacce, the module in FOLDER, offers, a
// message is processed with copies and parameters on its way, while the first, second, third ... allocation of the process
// fails, alone, or with all that follow. A call must fail or do its work: nothing may crash, a success must have the right
// result, a context must work again once there is memory, and nothing may be lost. The same inside of a job of OpenSSL's
// ASYNC, and for the first request of a process, in a child of its own for each allocation.
//
// NAME: only rows whose name has that in it. first, later: only first requests, or none. QUERY: what to try, provider=uacce
// by default; provider=default shows what OpenSSL itself loses. Settings come by UACCE_* variables; it is to be run with the default ones and
// with UACCE_MIN_OFFLOAD=0. Exits 0 when all is well; else 1, with what was wrong on stderr.

#include "../ProviderPrograms/provider_program.h"
#include <errno.h>
#include <openssl/async.h>
#include <openssl/core_names.h>
#include <signal.h>
#include <sys/wait.h>

// MARK: - Allocations that fail

// Allocations until the one that fails; negative: none does.
static long remaining = -1;
static int fails_on;
// How many allocations there are at present.
static long live;
static int has_failed;

static int is_refused(void)
{
    if (remaining < 0) return 0;
    if (remaining > 0 && --remaining > 0) return 0;
    if (!fails_on) {
        if (has_failed) return 0;
    }
    has_failed = 1;
    errno = ENOMEM;
    return 1;
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static void *counted(void *memory)
{
    if (memory != NULL) __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
    return memory;
}

void *malloc(size_t count) { return is_refused() ? NULL : counted(__libc_malloc(count)); }
void *calloc(size_t count, size_t size) { return is_refused() ? NULL : counted(__libc_calloc(count, size)); }
void *aligned_alloc(size_t alignment, size_t count) { return is_refused() ? NULL : counted(__libc_memalign(alignment, count)); }
void *memalign(size_t alignment, size_t count) { return is_refused() ? NULL : counted(__libc_memalign(alignment, count)); }

void *realloc(void *memory, size_t count)
{
    if (is_refused()) return NULL;
    return memory == NULL ? counted(__libc_realloc(NULL, count)) : __libc_realloc(memory, count);
}

int posix_memalign(void **memory, size_t alignment, size_t count)
{
    if (is_refused()) return ENOMEM;
    void *found = counted(__libc_memalign(alignment, count));
    if (found == NULL) return ENOMEM;
    *memory = found;
    return 0;
}

void free(void *memory)
{
    if (memory != NULL) __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
    __libc_free(memory);
}

// MARK: - One message

enum kind { DIGEST, CIPHER, GCM, CCM, MAC };

struct row {
    enum kind kind;
    const char *name;
    // Of a MAC, its digest or cipher.
    const char *under;
    int byte_count, associated_count;
    void *algorithm;
};

static struct row rows[] = {
    { DIGEST, "SHA256", NULL, 40, 0, NULL },
    { DIGEST, "SHA512", NULL, 40000, 0, NULL },
    { DIGEST, "SM3", NULL, 700, 0, NULL },
    { CIPHER, "AES-128-CBC", NULL, 40, 0, NULL },
    { CIPHER, "AES-256-CBC", NULL, 40000, 0, NULL },
    { CIPHER, "AES-128-CTR", NULL, 333, 0, NULL },
    { CIPHER, "AES-256-XTS", NULL, 4096, 0, NULL },
    { CIPHER, "AES-128-CBC-CTS", NULL, 333, 0, NULL },
    { CIPHER, "SM4-CTR", NULL, 5000, 0, NULL },
    { CIPHER, "DES-EDE3-CBC", NULL, 333, 0, NULL },
    { GCM, "AES-128-GCM", NULL, 333, 20, NULL },
    { GCM, "AES-256-GCM", NULL, 40000, 1000, NULL },
    { CCM, "AES-128-CCM", NULL, 333, 20, NULL },
    { CCM, "AES-256-CCM", NULL, 40000, 1000, NULL },
    { CCM, "AES-192-CCM", NULL, 333, 70000, NULL },
    { MAC, "HMAC", "SHA256", 333, 0, NULL },
    { MAC, "HMAC", "SHA512", 40000, 0, NULL },
    { MAC, "HMAC", "SHA3-256", 333, 0, NULL }, // libcrypto's, as uacce has no SHA3
    { MAC, "CMAC", "AES-128-CBC", 333, 0, NULL },
    { MAC, "CMAC", "AES-256-CBC", 40000, 0, NULL },
    { MAC, "CMAC", "CAMELLIA-128-CBC", 333, 0, NULL }, // the same
    { MAC, "GMAC", "AES-128-GCM", 333, 0, NULL },
    { MAC, "GMAC", "AES-256-GCM", 40000, 0, NULL },
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

#define LARGEST 80000
static unsigned char input[LARGEST], key[64], iv[16];

struct result {
    unsigned char bytes[LARGEST + 128];
    size_t count;
};

// What outlives a call that has failed.
struct contexts {
    void *first, *second;
};

static int append(struct result *result, int is_good, const int *count)
{
    if (is_good && *count > 0) result->count += (size_t)*count;
    return is_good;
}

static int digest(const struct row *row, struct contexts *contexts, struct result *result)
{
    int count = 0;
    if (contexts->first == NULL) contexts->first = EVP_MD_CTX_new();
    if (contexts->second == NULL) contexts->second = EVP_MD_CTX_new();
    return contexts->first != NULL && contexts->second != NULL && EVP_DigestInit_ex2(contexts->first, row->algorithm, NULL)
        && EVP_DigestUpdate(contexts->first, input, 7) && EVP_MD_CTX_copy_ex(contexts->second, contexts->first)
        && EVP_DigestUpdate(contexts->second, input + 7, (size_t)row->byte_count - 7)
        && append(result, EVP_DigestFinal_ex(contexts->second, result->bytes, (unsigned *)&count), &count);
}

static int cipher(const struct row *row, struct contexts *contexts, struct result *result)
{
    int count = 0, half = row->byte_count / 3, total = row->byte_count;
    int is_whole = strstr(row->name, "XTS") != NULL || strstr(row->name, "CTS") != NULL;
    if (contexts->first == NULL) contexts->first = EVP_CIPHER_CTX_new();
    if (contexts->second == NULL) contexts->second = EVP_CIPHER_CTX_new();
    if (contexts->first == NULL || contexts->second == NULL) return 0;
    if (!EVP_EncryptInit_ex2(contexts->first, row->algorithm, key, iv, NULL)) return 0;
    if (is_whole) half = 0;
    if (half > 0 && !append(result, EVP_EncryptUpdate(contexts->first, result->bytes, &count, input, half), &count)) return 0;
    if (!EVP_CIPHER_CTX_copy(contexts->second, contexts->first)) return 0;
    count = 0;
    unsigned char *target = result->bytes + result->count;
    if (!append(result, EVP_EncryptUpdate(contexts->second, target, &count, input + half, total - half), &count)) return 0;
    count = 0;
    return append(result, EVP_EncryptFinal_ex(contexts->second, result->bytes + result->count, &count), &count);
}

static int authenticated(const struct row *row, struct contexts *contexts, struct result *result)
{
    int count = 0, total = row->byte_count, half = row->kind == CCM ? 0 : total / 3;
    if (contexts->first == NULL) contexts->first = EVP_CIPHER_CTX_new();
    if (contexts->second == NULL) contexts->second = EVP_CIPHER_CTX_new();
    if (contexts->first == NULL || contexts->second == NULL) return 0;
    if (!EVP_EncryptInit_ex2(contexts->first, row->algorithm, NULL, NULL, NULL)) return 0;
    if (row->kind == CCM
        && (EVP_CIPHER_CTX_ctrl(contexts->first, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) <= 0
            || EVP_CIPHER_CTX_ctrl(contexts->first, EVP_CTRL_AEAD_SET_TAG, 16, NULL) <= 0))
        return 0;
    if (!EVP_EncryptInit_ex2(contexts->first, NULL, key, iv, NULL)) return 0;
    if (row->kind == CCM && !EVP_EncryptUpdate(contexts->first, NULL, &count, NULL, total)) return 0;
    if (!EVP_EncryptUpdate(contexts->first, NULL, &count, input, row->associated_count)) return 0;
    count = 0;
    if (half > 0 && !append(result, EVP_EncryptUpdate(contexts->first, result->bytes, &count, input, half), &count)) return 0;
    if (!EVP_CIPHER_CTX_copy(contexts->second, contexts->first)) return 0;
    unsigned char *target = result->bytes + result->count;
    if (!append(result, EVP_EncryptUpdate(contexts->second, target, &count, input + half, total - half), &count)) return 0;
    count = 0;
    if (!EVP_EncryptFinal_ex(contexts->second, result->bytes + result->count, &count)) return 0;
    if (EVP_CIPHER_CTX_ctrl(contexts->second, EVP_CTRL_AEAD_GET_TAG, 16, result->bytes + result->count) <= 0) return 0;
    result->count += 16;
    // And back, in place, in the first context. With the key: OpenSSL's CCM does not turn round without it.
    static unsigned char opened[LARGEST];
    if (!EVP_DecryptInit_ex2(contexts->first, NULL, key, iv, NULL)
        || EVP_CIPHER_CTX_ctrl(contexts->first, EVP_CTRL_AEAD_SET_TAG, 16, result->bytes + total) <= 0)
        return 0;
    if (row->kind == CCM && !EVP_DecryptUpdate(contexts->first, NULL, &count, NULL, total)) return 0;
    if (!EVP_DecryptUpdate(contexts->first, NULL, &count, input, row->associated_count)) return 0;
    memcpy(opened, result->bytes, (size_t)total);
    if (!EVP_DecryptUpdate(contexts->first, opened, &count, opened, total)) return 0;
    if (row->kind == GCM && !EVP_DecryptFinal_ex(contexts->first, opened + total, &count)) return 0;
    if (memcmp(opened, input, (size_t)total) != 0) die("%s: what was encrypted comes back as something else", row->name);
    return 1;
}

static int mac(const struct row *row, struct contexts *contexts, struct result *result)
{
    size_t count = 0;
    OSSL_PARAM list[3] = {
        OSSL_PARAM_construct_utf8_string(
            strcmp(row->name, "HMAC") == 0 ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER, (char *)row->under, 0),
        strcmp(row->name, "GMAC") == 0 ? OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, iv, 12) : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    if (contexts->first == NULL) contexts->first = EVP_MAC_CTX_new(row->algorithm);
    EVP_MAC_CTX_free(contexts->second);
    contexts->second = NULL;
    if (contexts->first == NULL) return 0;
    if (!EVP_MAC_init(contexts->first, key, strstr(row->under, "256-") != NULL ? 32 : 16, list)) return 0;
    if (!EVP_MAC_update(contexts->first, input, 7)) return 0;
    contexts->second = EVP_MAC_CTX_dup(contexts->first);
    if (contexts->second == NULL || !EVP_MAC_update(contexts->second, input + 7, (size_t)row->byte_count - 7)) return 0;
    int is_good = EVP_MAC_final(contexts->second, result->bytes, &count, 64);
    result->count = is_good ? count : 0;
    return is_good;
}

static int process(const struct row *row, struct contexts *contexts, struct result *result)
{
    result->count = 0;
    switch (row->kind) {
    case DIGEST: return digest(row, contexts, result);
    case CIPHER: return cipher(row, contexts, result);
    case GCM: case CCM: return authenticated(row, contexts, result);
    default: return mac(row, contexts, result);
    }
}

static void release(const struct row *row, struct contexts *contexts)
{
    switch (row->kind) {
    case DIGEST:
        EVP_MD_CTX_free(contexts->first);
        EVP_MD_CTX_free(contexts->second);
        break;
    case MAC:
        EVP_MAC_CTX_free(contexts->first);
        EVP_MAC_CTX_free(contexts->second);
        break;
    default:
        EVP_CIPHER_CTX_free(contexts->first);
        EVP_CIPHER_CTX_free(contexts->second);
    }
    contexts->first = contexts->second = NULL;
}

// MARK: - With one allocation that fails

static struct result expected, found;
static const char *way;
static char crash[100];
static int is_first_request;

// libcrypto computes MACs over what the device does not have. Of the allocations of the first fetch in a library context,
// four (OpenSSL 3.0.19) leave that context without the algorithm for good, with whatever provider.
// A copy of a digest that has failed is half made, from OpenSSL 3.5 on, and is no context when it is copied to again.
static int may_stay_broken(const struct row *row)
{
    if (row->kind == DIGEST && OpenSSL_version_num() >= 0x30500000) return 1;
    return is_first_request && row->kind == MAC && (strcmp(row->under, "SHA3-256") == 0 || strncmp(row->under, "CAMELLIA", 8) == 0);
}

static int is_expected(void)
{
    return found.count == expected.count && memcmp(found.bytes, expected.bytes, found.count) == 0;
}

// Returns whether the allocation was reached.
static int once(const struct row *row, long which)
{
    struct contexts contexts = { NULL, NULL };
    has_failed = 0;
    remaining = which;
    int is_good = process(row, &contexts, &found);
    remaining = -1;
    int was_reached = has_failed;
    if (is_good && !is_expected()) die("%s %s, allocation %ld, %s: a wrong result", row->name, row->under ? row->under : "", which, way);
    ERR_clear_error();
    if (!process(row, &contexts, &found)) {
        if (!may_stay_broken(row)) die("%s %s, allocation %ld, %s: fails again", row->name, row->under ? row->under : "", which, way);
    } else if (!is_expected())
        die("%s %s, allocation %ld, %s: does not work again", row->name, row->under ? row->under : "", which, way);
    release(row, &contexts);
    ERR_clear_error();
    return was_reached;
}

static const struct row *job_row;
static long job_which;
static int job(void *argument)
{
    (void)argument;
    return once(job_row, job_which) ? 2 : 1;
}

static int once_in_job(const struct row *row, long which)
{
    ASYNC_JOB *started = NULL;
    int value = 0, status;
    job_row = row;
    job_which = which;
    while ((status = ASYNC_start_job(&started, NULL, &value, job, NULL, 0)) == ASYNC_PAUSE) {}
    if (status != ASYNC_FINISH) die("no job");
    return value == 2;
}

static void all(const struct row *row, int (*run)(const struct row *, long), const char *where)
{
    static char description[64];
    for (fails_on = 0; fails_on < 2; fails_on++) {
        snprintf(description, sizeof description, "%s, %s", where, fails_on ? "and all that follow" : "alone");
        way = description;
        // What caches hold, they have after the first round; the second must leave nothing.
        long count = 0, before = 0;
        for (int round = 0; round < 3; round++) {
            if (round == 2) before = live;
            for (count = 1; run(row, count); count++)
                if (round == 2 && getenv("NO_MEMORY_TRACE")) fprintf(stderr, "%ld: %ld\n", count, live - before);
        }
        if (live > before) die("%s %s, %s: %ld allocations lost in %ld runs", row->name, row->under ? row->under : "", way, live - before, count);
        printf("%s%s%s, %s: %ld allocations\n", row->name, row->under ? " " : "", row->under ? row->under : "", way, count - 1);
    }
}

// The first request of a process: a child for each allocation. Returns how many of the children crashed, and names the last
// of them in `crash`.
static int first_requests(const struct row *row, int are_printed)
{
    int crashes = 0;
    is_first_request = 1;
    for (fails_on = 0; fails_on < 2; fails_on++) {
        way = fails_on ? "first request, and all that follow" : "first request, alone";
        long count = 1;
        for (int goes_on = 1; goes_on; count++) {
            fflush(stdout);
            pid_t child = fork();
            REQUIRE(child >= 0);
            if (child == 0) _exit(once(row, count) ? 0 : 3);
            int status;
            REQUIRE(waitpid(child, &status, 0) == child);
            if (WIFSIGNALED(status)) {
                crashes++;
                snprintf(crash, sizeof crash, "allocation %ld, %s: ended by signal %d", count, way, WTERMSIG(status));
                continue;
            }
            if (WEXITSTATUS(status) == 1) _exit(1);
            goes_on = WEXITSTATUS(status) == 0;
        }
        if (are_printed)
            printf("%s%s%s, %s: %ld allocations\n", row->name, row->under ? " " : "", row->under ? row->under : "", way, count - 2);
    }
    is_first_request = 0;
    return crashes;
}

static void *fetch(OSSL_LIB_CTX *library, const struct row *row, const char *query)
{
    switch (row->kind) {
    case DIGEST: return EVP_MD_fetch(library, row->name, query);
    case MAC: return EVP_MAC_fetch(library, row->name, query);
    default: return EVP_CIPHER_fetch(library, row->name, query);
    }
}

static void let_go(struct row *row)
{
    switch (row->kind) {
    case DIGEST: EVP_MD_free(row->algorithm); break;
    case MAC: EVP_MAC_free(row->algorithm); break;
    default: EVP_CIPHER_free(row->algorithm);
    }
}

int main(int count, char **arguments)
{
    if (count < 2) {
        fprintf(stderr, "usage: no_memory FOLDER [NAME [first|later [QUERY]]]\n");
        return 2;
    }
    struct providers providers = load_providers(arguments[1]);
    fill(input, sizeof input, 1);
    fill(key, sizeof key, 2);
    fill(iv, sizeof iv, 3);
    const char *wanted = count > 2 ? arguments[2] : "";
    const char *only = count > 3 ? arguments[3] : "", *query = count > 4 ? arguments[4] : "provider=uacce";
    for (int pass = strcmp(only, "later") == 0; pass < (strcmp(only, "first") == 0 ? 1 : 2); pass++) {
        for (int index = 0; index < ROW_COUNT; index++) {
            struct row *row = &rows[index];
            if (strstr(row->name, wanted) == NULL) continue;
            struct contexts contexts = { NULL, NULL };
            row->algorithm = fetch(providers.library, row, "provider=default");
            REQUIRE(row->algorithm != NULL && process(row, &contexts, &expected));
            release(row, &contexts);
            // OpenSSL 3.5 itself crashes where a digest is copied again after that has failed; 3.0 does not.
            int crashes_of_default = pass == 0 ? first_requests(row, 0) : 0;
            let_go(row);
            row->algorithm = fetch(providers.library, row, query);
            // Version v2 of the device has fewer.
            if (row->algorithm == NULL) continue;
            if (pass == 0) {
                int crashes = first_requests(row, 1);
                if (crashes > crashes_of_default)
                    die("%s %s, %s: %d crashes, and %d by default", row->name, row->under ? row->under : "", crash, crashes, crashes_of_default);
            } else {
                if (!process(row, &contexts, &found) || !is_expected()) die("%s: does not work", row->name);
                release(row, &contexts);
                all(row, once, "in a thread");
                if (ASYNC_is_capable()) {
                    REQUIRE(ASYNC_init_thread(1, 1));
                    all(row, once_in_job, "in a job");
                    ASYNC_cleanup_thread();
                }
            }
            let_go(row);
        }
    }
    unload_providers(&providers);
    return 0;
}
