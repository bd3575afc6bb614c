/* What the asking and the serving side of rpc.h share about gRPC core; included by wire/rpc*.c alone. */
#ifndef JL_WIRE_RPC_CORE_H
#define JL_WIRE_RPC_CORE_H

#include <grpc/byte_buffer.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include "wire/rpc.h"

/* grpc_init, silent unless GRPC_VERBOSITY says otherwise; ended by one grpc_shutdown. */
void jl_rpc_init(void);
/* Monotonic ns as gRPC wants them; INT64_MAX = never. */
gpr_timespec jl_rpc_time(int64_t monotonic_ns);
/* The bytes of a slice, which live as long as it stands where it is: short slices hold their bytes themselves. */
static inline jl_span jl_rpc_slice_span(const grpc_slice *s) {
    return (jl_span){(const char *)GRPC_SLICE_START_PTR(*s), GRPC_SLICE_LENGTH(*s)};
}
/* A message as one slice that the caller unrefs. -1: it cannot be decompressed, `slice` is untouched. */
int jl_rpc_read_buffer(grpc_byte_buffer *buffer, grpc_slice *slice);
/* Credentials for a client, insecure ones when `tls` is NULL. -1: JL_CONFIG. */
int jl_rpc_channel_creds(const jl_rpc_tls *tls, grpc_channel_credentials **creds, jl_err *err);
/* The same for a server. */
int jl_rpc_server_creds(const jl_rpc_tls *tls, grpc_server_credentials **creds, jl_err *err);

#endif
