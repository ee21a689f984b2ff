// SPDX-License-Identifier: Apache-2.0
//
// A TLS client and a TLS server in one process and one thread, with memory between them, for tools that watch memory.
//
//   tls_in_memory 1.2|1.3 SUITE BYTES [mac-under]
//
// Shakes hands, sends BYTES each way (with TLS 1.3 a key update of either side in the middle), closes, and does it all
// once more with the session resumed. "mac-under" refuses encrypt-then-mac. Exit status 0 when all data arrived
// unchanged. Certificate and key are made on the way. Everything is fetched from the default library context, so
// OPENSSL_CONF says who serves.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

enum { piece_size = 40000, steps_without_progress = 1000 };

static void fail(const char *what)
{
    fprintf(stderr, "tls_in_memory: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

#define MUST(condition) ((condition) ? (void)0 : fail(#condition))

static X509 *self_signed_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name;

    MUST(certificate != NULL && X509_set_version(certificate, X509_VERSION_3));
    MUST(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1));
    MUST(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL);
    MUST(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != NULL);
    name = X509_get_subject_name(certificate);
    MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0));
    MUST(X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key));
    MUST(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static SSL_CTX *new_context(const SSL_METHOD *method, int version, const char *suite, int mac_under)
{
    SSL_CTX *context = SSL_CTX_new(method);

    MUST(context != NULL);
    MUST(SSL_CTX_set_min_proto_version(context, version) && SSL_CTX_set_max_proto_version(context, version));
    MUST(version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(context, suite) : SSL_CTX_set_cipher_list(context, suite));
    if (mac_under)
        SSL_CTX_set_options(context, SSL_OP_NO_ENCRYPT_THEN_MAC);
    return context;
}

static int must_go_on(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);

    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        fail("a connection failed");
    return 1;
}

static void shake_hands(SSL *client, SSL *server)
{
    int steps = 0, client_done = 0, server_done = 0;

    while (!client_done || !server_done) {
        int result = SSL_do_handshake(client);

        client_done = result == 1 || !must_go_on(client, result);
        result = SSL_do_handshake(server);
        server_done = result == 1 || !must_go_on(server, result);
        MUST(++steps < steps_without_progress);
    }
}

// Sends `size` bytes from one side to the other, in pieces that are no multiple of a record.
static void transfer(SSL *from, SSL *to, const unsigned char *data, unsigned char *received, size_t size)
{
    size_t sent = 0, arrived = 0;
    int steps = 0, result;

    memset(received, 0, size);
    while (arrived < size) {
        steps++;
        if (sent < size) {
            size_t piece = size - sent < piece_size ? size - sent : piece_size, written = 0;

            if ((result = SSL_write_ex(from, data + sent, piece, &written)) == 1) {
                sent += written;
                steps = 0;
            } else {
                must_go_on(from, result);
            }
        }
        for (;;) {
            size_t count = 0;

            if ((result = SSL_read_ex(to, received + arrived, size - arrived, &count)) != 1) {
                if (arrived < size)
                    must_go_on(to, result);
                break;
            }
            arrived += count;
            steps = 0;
        }
        MUST(steps < steps_without_progress);
    }
    MUST(memcmp(data, received, size) == 0);
}

static SSL_SESSION *connection(SSL_CTX *client_context, SSL_CTX *server_context, SSL_SESSION *resumed,
                               const unsigned char *data, unsigned char *received, size_t size)
{
    SSL *client = SSL_new(client_context), *server = SSL_new(server_context);
    BIO *client_end, *server_end;
    SSL_SESSION *session;

    MUST(client != NULL && server != NULL && BIO_new_bio_pair(&client_end, 1 << 17, &server_end, 1 << 17));
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    SSL_set_mode(client, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_mode(server, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    MUST(resumed == NULL || SSL_set_session(client, resumed));
    shake_hands(client, server);
    MUST(SSL_session_reused(client) == (resumed != NULL));
    transfer(client, server, data, received, size);
    transfer(server, client, data, received, size);
    if (SSL_version(client) == TLS1_3_VERSION) {
        MUST(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED));
        transfer(client, server, data, received, size / 4);
        transfer(server, client, data, received, size / 4);
    }
    session = SSL_get1_session(client);
    SSL_shutdown(client);
    SSL_shutdown(server);
    SSL_shutdown(client);
    SSL_free(client);
    SSL_free(server);
    return session;
}

int main(int argc, char **argv)
{
    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *client, *server;
    SSL_SESSION *first, *second;
    unsigned char *data, *received;
    size_t size;
    int version;

    if (argc < 4) {
        fprintf(stderr, "usage: tls_in_memory 1.2|1.3 SUITE BYTES [mac-under]\n");
        return 2;
    }
    version = strcmp(argv[1], "1.3") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
    size = strtoul(argv[3], NULL, 10);
    MUST(size > 0 && (data = malloc(size)) != NULL && (received = malloc(size)) != NULL);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(i * 2654435761u >> 13);

    MUST((key = EVP_EC_gen("P-256")) != NULL);
    certificate = self_signed_certificate(key);
    client = new_context(TLS_client_method(), version, argv[2], argc > 4);
    server = new_context(TLS_server_method(), version, argv[2], argc > 4);
    MUST(SSL_CTX_use_certificate(server, certificate) && SSL_CTX_use_PrivateKey(server, key));
    MUST(X509_STORE_add_cert(SSL_CTX_get_cert_store(client), certificate));
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);

    first = connection(client, server, NULL, data, received, size);
    second = connection(client, server, first, data, received, size);

    SSL_SESSION_free(first);
    SSL_SESSION_free(second);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    X509_free(certificate);
    EVP_PKEY_free(key);
    free(data);
    free(received);
    return 0;
}
