/* The little that both sides of rpc.h need from gRPC core: start, time, slices, credentials. */
#include <stdlib.h>

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>

#include "base/clock.h"
#include "wire/rpc_core.h"

static const char *const status_name[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

const char *jl_rpc_status_name(int status) {
    if (status < 0 || (size_t)status >= sizeof status_name / sizeof *status_name)
        return "UNKNOWN";
    return status_name[status];
}

const char *jl_rpc_version(void) {
    return grpc_version_string();
}

void jl_rpc_init(void) {
    setenv("GRPC_VERBOSITY", "NONE", 0);
    grpc_init();
}

gpr_timespec jl_rpc_time(int64_t monotonic_ns) {
    if (monotonic_ns == INT64_MAX)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    /* Their monotonic clock may have another origin than ours. */
    gpr_timespec left = gpr_time_from_nanos(monotonic_ns - jl_clock_now(), GPR_TIMESPAN);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), left);
}

int jl_rpc_read_buffer(grpc_byte_buffer *buffer, grpc_slice *slice) {
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return -1;
    *slice = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return 0;
}

/* gRPC wants NUL-terminated PEM and complains about a bad one only when somebody connects. NULL: none was given. */
static int pem_text(jl_span pem, const char *what, char **text, jl_err *err) {
    *text = NULL;
    if (pem.n == 0)
        return 0;
    if (!memmem(pem.p, pem.n, "-----BEGIN ", 11) || memchr(pem.p, 0, pem.n))
        return jl_err_set(err, JL_CONFIG, "the %s is no PEM text", what);
    *text = strndup(pem.p, pem.n);
    return *text ? 0 : jl_err_nomem(err);
}

static void wipe_free(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

typedef struct pems {
    char *ca, *cert, *key;
} pems;

static void pems_free(pems *p) {
    free(p->ca);
    free(p->cert);
    wipe_free(p->key);
}

static int pems_of(const jl_rpc_tls *tls, pems *p, jl_err *err) {
    *p = (pems){0};
    if (pem_text(tls->ca, "CA file", &p->ca, err) == 0 && pem_text(tls->cert, "certificate", &p->cert, err) == 0 &&
        pem_text(tls->key, "key", &p->key, err) == 0) {
        if (!p->cert == !p->key)
            return 0;
        jl_err_set(err, JL_CONFIG, "a certificate and a key come together; the %s is missing",
                   p->cert ? "key" : "certificate");
    }
    pems_free(p);
    return -1;
}

int jl_rpc_channel_creds(const jl_rpc_tls *tls, grpc_channel_credentials **creds, jl_err *err) {
    if (!tls) {
        *creds = grpc_insecure_credentials_create();
    } else {
        pems p;
        if (pems_of(tls, &p, err) != 0)
            return -1;
        grpc_ssl_pem_key_cert_pair pair = {.private_key = p.key, .cert_chain = p.cert};
        *creds = grpc_ssl_credentials_create_ex(p.ca, p.cert ? &pair : NULL, NULL, NULL);
        pems_free(&p);
    }
    return *creds ? 0 : jl_err_set(err, JL_CONFIG, "gRPC takes no credentials of these TLS files");
}

int jl_rpc_server_creds(const jl_rpc_tls *tls, grpc_server_credentials **creds, jl_err *err) {
    if (!tls) {
        *creds = grpc_insecure_server_credentials_create();
    } else {
        pems p;
        if (pems_of(tls, &p, err) != 0)
            return -1;
        if (!p.cert) {
            pems_free(&p);
            return jl_err_set(err, JL_CONFIG, "a server with TLS needs a certificate and its key");
        }
        grpc_ssl_pem_key_cert_pair pair = {.private_key = p.key, .cert_chain = p.cert};
        *creds = grpc_ssl_server_credentials_create_ex(p.ca, &pair, 1,
                                                       p.ca ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                            : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
                                                       NULL);
        pems_free(&p);
    }
    return *creds ? 0 : jl_err_set(err, JL_CONFIG, "gRPC takes no credentials of these TLS files");
}
