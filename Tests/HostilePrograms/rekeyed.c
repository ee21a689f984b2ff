// SPDX-License-Identifier: Apache-2.0
//
// Contexts that get another key in the middle of a message, and no IV with it, at each place of a block: what comes then is
// an error, or is encrypted. It never is the input itself, nor the input under the first key's keystream. The same for a
// context that is reset by a new cipher without a key. Modes: GCM, CCM, CTR, OFB, CFB.
//
// Arguments: none.

#include <openssl/evp.h>
#include "hostile.h"

static const unsigned char text[100] =
    "SECRET TEXT THAT A PROGRAM WANTS TO HAVE ENCRYPTED, WHATEVER IT DID TO ITS CONTEXT BEFORE: SO IT IS";

static void rekey(const char *name, size_t before, size_t after, int isDecrypting)
{
    EVP_CIPHER *cipher = cipher_named(name);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new(), *reference = EVP_CIPHER_CTX_new();
    unsigned char first[32], second[32], iv[16], output[128] = {0}, keystream[256];
    static const unsigned char zeros[256];
    memset(first, 1, sizeof first), memset(second, 2, sizeof second), memset(iv, 3, sizeof iv);
    int length, isCCM = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CCM_MODE, isFeedback = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CFB_MODE;
    REQUIRE(EVP_CipherInit_ex2(context, cipher, first, iv, !isDecrypting, NULL), "%s: init", name);
    if (isCCM)
        EVP_CipherUpdate(context, NULL, &length, NULL, (int)before);
    if (before > 0)
        EVP_CipherUpdate(context, output, &length, text, (int)before);
    memset(output, 0, sizeof output);
    if (EVP_CipherInit_ex2(context, NULL, second, NULL, -1, NULL) == 1) {
        if (isCCM)
            EVP_CipherUpdate(context, NULL, &length, NULL, (int)after);
        if (EVP_CipherUpdate(context, output, &length, text, (int)after) == 1 && length == (int)after) {
            size_t same = 0, worst = 0;
            for (size_t index = 0; index < after; index++) {
                same = output[index] == text[index] ? same + 1 : 0;
                worst = same > worst ? same : worst;
            }
            REQUIRE(worst < 4, "%s: %zu bytes of the input come out as they are, re-keyed after %zu bytes", name, worst, before);
            if (!isFeedback && !isCCM) {
                REQUIRE(EVP_EncryptInit_ex2(reference, cipher, first, iv, NULL) &&
                    EVP_EncryptUpdate(reference, keystream, &length, zeros, sizeof keystream), "%s: keystream", name);
                int isFirst = 1;
                for (size_t index = 0; index < 4; index++)
                    isFirst = isFirst && (output[index] ^ text[index]) == keystream[before + index];
                REQUIRE(!isFirst, "%s: goes on with the first key's keystream after %zu bytes", name, before);
            }
        }
    }
    EVP_CIPHER_CTX_free(reference);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
}

int main(void)
{
    const char *const names[] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM", "AES-128-CTR",
        "AES-256-CTR", "AES-128-OFB", "AES-128-CFB", "SM4-CTR", "SM4-OFB", "SM4-CFB"};
    for (size_t name = 0; name < sizeof names / sizeof *names; name++)
        for (size_t before = 0; before <= 33; before++)
            for (size_t after = 5; after <= 96; after += 13)
                for (int isDecrypting = 0; isDecrypting < 2; isDecrypting++)
                    rekey(names[name], before, after, isDecrypting);
    return 0;
}
