/* The URL that names a piece of state or a server. */
#ifndef JL_BASE_URL_H
#define JL_BASE_URL_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* All texts are owned by the jl_url and percent-decoded. sqlite:PATH has scheme and path only (PATH is taken
   literally, nothing is decoded). redis+unix:///path has an empty host. */
typedef struct jl_url {
    char scheme[32];
    char user[128];
    char pass[512]; /* a secret: wiped by jl_url_wipe, never printed */
    char host[256];
    uint16_t port;    /* 0 = not given */
    char path[1024];  /* with its leading '/' after an authority; "" when absent */
    char query[512];  /* without '?' */
    char hosts[1024]; /* the authority's list "h1:p1,h2:p2" as given, for cluster schemes; else "" */
} jl_url;

/* -1 (JL_USAGE): no scheme, a bad port, bad %XX, too long. The message never contains the password. */
int jl_url_parse(jl_span text, jl_url *url, jl_err *err);
/* The URL without user, password and query (but for "db=N"), for messages; cut when it does not fit. */
void jl_url_show(const jl_url *url, char *text, size_t size);
/* True when it carries a password, before the host or as a parameter. */
bool jl_url_secret(const jl_url *url);
/* Overwrites the secret with zeros. */
void jl_url_wipe(jl_url *url);

#endif
