/* News told to a URL. */
#ifndef JL_BOOKS_WEBHOOK_H
#define JL_BOOKS_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Whoever knows such a URL can write to it: it is a secret. -1 (JL_USAGE): no http or https URL; http to another machine,
   where everybody in between could read it; or `in_argv`, unless it stays on this machine, where no secret is needed.
   The message does not show it. */
int jl_webhook_check(const char *url, bool in_argv, jl_err *err);
/* Sends one object of JSON by POST, once; 2xx is a success. -1: JL_UNAVAILABLE; the classes of jl_http_open; JL_TEMPFAIL
   when a stop was asked. */
int jl_webhook_post(const char *url, jl_span json, int64_t timeout, jl_err *err);

#endif
