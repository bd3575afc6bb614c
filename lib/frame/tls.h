/* The options --tls, --ca, --cert and --key, and the files that they name. */
#ifndef JL_FRAME_TLS_H
#define JL_FRAME_TLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "wire/rpc.h"

/* Zero-initialise; the option table fills the first four, jl_tls_read the rest. */
typedef struct jl_tls {
    bool on; /* --tls, or any of the others */
    const char *ca, *cert, *key;
    jl_buf ca_pem, cert_pem, key_pem;
    jl_rpc_tls texts; /* spans over these; valid until jl_tls_free */
} jl_tls;

/* Reads the files that were named; the key file is refused when others can read it. -1: JL_USAGE when --cert and --key
   do not come together, JL_NOINPUT, JL_IO, JL_CONFIG, JL_NOPERM. */
int jl_tls_read(jl_tls *tls, jl_err *err);
/* For a connection: the texts, or NULL when TLS was not asked for. */
const jl_rpc_tls *jl_tls_texts(const jl_tls *tls);
/* Overwrites the key. */
void jl_tls_free(jl_tls *tls);

#endif
