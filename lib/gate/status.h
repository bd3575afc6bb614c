/* An account as it stands, for people, for programs, for Prometheus. */
#ifndef JL_GATE_STATUS_H
#define JL_GATE_STATUS_H

#include "base/buf.h"
#include "gate/forecast.h"
#include "gate/ledger.h"

/* Several lines. `ledger`: the URL to be shown; `width`: columns of the terminal; `blocks`: as jl_plot_bar. */
int jl_status_text(const jl_account *a, const char *provider, const char *ledger, const jl_forecast *f, size_t width,
                   bool blocks, jl_buf *out, jl_err *err);
/* One JSON object and LF. */
int jl_status_json(const jl_account *a, const char *provider, const char *ledger, const jl_forecast *f, jl_buf *out,
                   jl_err *err);
/* The account's gauges in the text format of Prometheus, jobline_gate_..., labelled with the provider. */
int jl_status_gauges(const jl_account *a, const char *provider, jl_buf *out, jl_err *err);

/* Would an ordinary call of this endpoint (NULL: of the cheapest price; none: of one credit), asked for now by nobody in
   particular, be refused, as far as the account tells? The rate is not looked at. */
jl_refusal jl_status_refuses(const jl_account *a, const char *endpoint, int64_t *wait);

/* What a person is told of a refusal: which limit, and when asking again may help. JL_TEMPFAIL; JL_CONFIG when nothing
   will help but a change. Always -1. */
int jl_refusal_say(const jl_admission *a, const jl_reserve *r, const char *provider, jl_err *err);
/* "41s", "3m 20s", "2d 4h": a span of time for people. Returns `text`. */
const char *jl_status_time(int64_t ns, char text[32]);

#endif
