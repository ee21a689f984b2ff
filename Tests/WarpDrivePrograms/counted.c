// SPDX-License-Identifier: Apache-2.0
//
// counted COMMAND...: has two queues do a known amount of work, and then shows what COMMAND prints: what other processes can
// see of it. Prints nothing of its own.

#include "warpdrive_program.h"

#include <sys/wait.h>
#include <unistd.h>

static int show(char **command)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int count, char **arguments)
{
    enum { REQUESTS = 40, BYTES = 1024, TEXT = 100000 };
    static unsigned char key[16], data[REQUESTS][BYTES], text[TEXT], packed[2 * TEXT];
    struct wd_queue ciphers, zip;
    if (count < 2 || request_queue(&ciphers, "cipher", 0) != 0 || request_queue(&zip, "zlib", 0) != 0) return 1;
    struct wd_cipher_msg messages[REQUESTS];
    void *done;
    for (int i = 0; i < REQUESTS; i++) {
        messages[i] = (struct wd_cipher_msg){
            .op = WD_ENCRYPT, .alg = WD_AES, .mode = WD_ECB, .key = key, .key_bytes = 16,
            .in = data[i], .out = data[i], .bytes = BYTES,
        };
        if (wd_send(&ciphers, &messages[i]) != 0) return 1;
    }
    for (int i = 0; i < REQUESTS; i++)
        if (wd_recv_sync(&ciphers, &done, 5000) != 0 || messages[i].status != 0) return 1;
    struct wd_comp_msg pack = {
        .op = WD_COMPRESS, .format = WD_ZLIB, .in = text, .out = packed, .bytes = TEXT, .out_bytes = sizeof(packed),
    };
    if (wd_send(&zip, &pack) != 0 || wd_recv_sync(&zip, &done, 5000) != 0 || pack.status != 0) return 1;
    // Room for nothing: an error.
    pack.out_bytes = 8;
    pack.bytes = TEXT;
    if (wd_send(&zip, &pack) != 0 || wd_recv_sync(&zip, &done, 5000) != 0 || pack.status == 0) return 1;
    // One is out while others look.
    messages[0].status = 0;
    if (wd_send(&ciphers, &messages[0]) != 0) return 1;
    if (show(arguments + 1) != 0) return 1;
    if (wd_recv_sync(&ciphers, &done, 5000) != 0) return 1;
    // What a queue has done outlives it.
    wd_release_queue(&ciphers);
    if (show(arguments + 1) != 0) return 1;
    wd_release_queue(&zip);
    return 0;
}
