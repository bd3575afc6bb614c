/* Certificates are read like any file, the key like the secret that it is. */
#include "frame/tls.h"

#include <string.h>

#include "frame/run.h"
#include "wire/pem.h"

int jl_tls_read(jl_tls *tls, jl_err *err) {
    tls->on = tls->on || tls->ca || tls->cert || tls->key;
    if (!tls->cert != !tls->key)
        return jl_err_set(err, JL_USAGE, "--cert and --key go together");
    if ((tls->ca && jl_pem_read(tls->ca, &tls->ca_pem, err) != 0) ||
        (tls->cert && jl_pem_read(tls->cert, &tls->cert_pem, err) != 0) ||
        (tls->key && jl_run_secret(tls->key, NULL, NULL, &tls->key_pem, err) != 0))
        return -1;
    tls->texts = (jl_rpc_tls){
        .ca = jl_buf_span(&tls->ca_pem), .cert = jl_buf_span(&tls->cert_pem), .key = jl_buf_span(&tls->key_pem)};
    return 0;
}

const jl_rpc_tls *jl_tls_texts(const jl_tls *tls) {
    return tls->on ? &tls->texts : NULL;
}

void jl_tls_free(jl_tls *tls) {
    if (tls->key_pem.p)
        explicit_bzero(tls->key_pem.p, tls->key_pem.cap);
    jl_buf_free(&tls->ca_pem);
    jl_buf_free(&tls->cert_pem);
    jl_buf_free(&tls->key_pem);
}
