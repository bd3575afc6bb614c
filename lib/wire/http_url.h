/* Which URLs can be asked for, beyond doubt about where they lead. */
#ifndef JL_WIRE_HTTP_URL_H
#define JL_WIRE_HTTP_URL_H

#include <stdbool.h>

#include "base/span.h"

typedef struct jl_http_url {
    bool tls, v6;
    jl_span host; /* without brackets; a part of the URL's text */
} jl_http_url;

/* Stricter than RFC 3986, so that no two readers can differ over the host: http or https, no user, printable ASCII
   without backslash, a host of letters, digits, '.', '-', '_' or an IPv6 address in brackets, perhaps a port. False for
   all else. */
bool jl_http_url_read(const char *url, jl_http_url *to);
/* True when the host is this very machine: localhost, an address of 127.0.0.0/8 in four plain numbers, ::1. */
bool jl_http_url_here(const jl_http_url *url);

#endif
