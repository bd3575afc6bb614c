/* An account as it stands, for people, for programs, for Prometheus. */
#ifndef JL_BOOKS_STATUS_H
#define JL_BOOKS_STATUS_H

#include "base/buf.h"
#include "books/forecast.h"
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
   particular, be refused, as far as the account tells? The rate is not looked at. `said` is what the gate would say. */
jl_refusal jl_status_refuses(const jl_account *a, const char *endpoint, jl_admission *said);

#endif
