// SPDX-License-Identifier: Apache-2.0
//
// Associated data of AES-CCM for which there is no memory to copy: what the program has on the heap stays as it is, and
// the call either works or gives an error. With memory, associated data of any size does not grow the process by as much.
//
// Arguments: none.

#include <openssl/evp.h>
#include "filters.h"

enum { SIZE = 64 << 20 };

static long pages(int which)
{
    long all, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    REQUIRE(file != NULL && fscanf(file, "%ld %ld", &all, &resident) == 2, "/proc/self/statm");
    fclose(file);
    return which == 0 ? all : resident;
}

int main(void)
{
    EVP_CIPHER *cipher = cipher_named("AES-128-CCM");
    unsigned char *data = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char key[16] = {1}, iv[12] = {2}, output[64], input[16] = {3};
    char *others[64];
    int length;
    REQUIRE(data != MAP_FAILED, "mmap");
    memset(data, 0x41, SIZE);
    for (int isLimited = 0; isLimited < 2; isLimited++) {
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        REQUIRE(EVP_EncryptInit_ex2(context, cipher, NULL, NULL, NULL) &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) > 0 &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, NULL) > 0 &&
            EVP_EncryptInit_ex2(context, NULL, key, iv, NULL) && EVP_EncryptUpdate(context, NULL, &length, NULL, 16), "init");
        for (int index = 0; index < 64; index++)
            others[index] = memset(malloc(700), 'o', 700);
        if (isLimited)
            set_limit(RLIMIT_AS, (rlim_t)(pages(0) + 64) * 4096);
        long before = pages(1);
        int added = EVP_EncryptUpdate(context, NULL, &length, data, SIZE);
        long grown = pages(1) - before;
        REQUIRE(isLimited || added == 1, "associated data of %d bytes is refused", SIZE);
        REQUIRE(grown * 4096 < SIZE / 4, "%d bytes of associated data took %ld KiB", SIZE, grown * 4);
        EVP_EncryptUpdate(context, output, &length, input, 16);
        for (int index = 0; index < 64; index++) {
            for (int byte = 0; byte < 700; byte++)
                REQUIRE(others[index][byte] == 'o', "memory of the program's own was overwritten");
            free(others[index]);
        }
        EVP_CIPHER_CTX_free(context);
    }
    return 0;
}
