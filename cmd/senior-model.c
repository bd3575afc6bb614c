/* senior-model serves the seniority model's contract on a port, with rules in place of the model.

   Contract: each pair of a call gets the level that jl_classify gives its title, under its own uuid, in the order
   asked; nothing is remembered. "listening on ADDR:PORT" goes to stdout once calls are taken. With --latency and
   --capacity replies come as late as those of a costly model: work queues, nothing is refused. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/stop.h"
#include "frame/prog.h"
#include "frame/tls.h"
#include "senior/model_serve.h"

static struct model {
    const char *listen, *method, *log;
    jl_tls tls;
    int64_t latency;
    uint64_t capacity, max_batch;
    jl_model_served served;
} m = {.listen = "127.0.0.1:50051"};

static int call_latency(void *to, const char *text, jl_err *err);

static const jl_opt options[] = {
    {.letter = 'l',
     .name = "listen",
     .arg = "ADDR:PORT",
     .kind = JL_OPT_TEXT,
     .to = &m.listen,
     .complete = JL_COMPLETE_HOST,
     .help = "where to listen; port 0 takes a free one [127.0.0.1:50051]"},
    {.name = "latency",
     .arg = "MS",
     .kind = JL_OPT_CALL,
     .to = &m.latency,
     .call = call_latency,
     .help = "no reply comes earlier than this after its request, in ms or with a unit [0]"},
    {.name = "capacity",
     .arg = "PAIRS_PER_S",
     .kind = JL_OPT_NUMBER,
     .to = &m.capacity,
     .help = "pairs answered a second in total, the rest queues; 0 = no limit [0]"},
    {.name = "max-batch",
     .arg = "PAIRS",
     .kind = JL_OPT_NUMBER,
     .to = &m.max_batch,
     .help = "refuse larger batches; 0 = no limit [0]"},
    {.name = "method",
     .arg = "PATH",
     .kind = JL_OPT_TEXT,
     .to = &m.method,
     .help = "the method served [/SeniorityModel/InferSeniority]"},
    {.name = "log",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.log,
     .complete = JL_COMPLETE_FILE,
     .help = "append each pair asked, as a line of JSON"},
    {.name = "tls", .kind = JL_OPT_FLAG, .to = &m.tls.on, .help = "serve with TLS; needs --cert and --key"},
    {.name = "cert",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.tls.cert,
     .complete = JL_COMPLETE_FILE,
     .help = "the server's certificate chain, PEM"},
    {.name = "key",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.tls.key,
     .complete = JL_COMPLETE_FILE,
     .help = "its private key, PEM; readable by its owner alone"},
    {.name = "ca",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.tls.ca,
     .complete = JL_COMPLETE_FILE,
     .help = "take only clients with a certificate of these authorities"},
    JL_OPT_END,
};

/* A bare number is milliseconds here, as the placeholder says; other durations are in seconds. */
static int call_latency(void *to, const char *text, jl_err *err) {
    uint64_t ms;
    if (strspn(text, "0123456789") != strlen(text))
        return jl_num_duration(jl_span_of(text), to, err);
    if (jl_num_u64(jl_span_of(text), 0, 86400000, &ms, err) != 0)
        return -1;
    *(int64_t *)to = (int64_t)ms * JL_MILLISECOND;
    return 0;
}

/* The address without its port; -1 unless there is one. */
static int address_length(const char *listen, jl_err *err) {
    const char *colon = strrchr(listen, ':');
    uint64_t port;
    if (!colon || colon == listen || jl_num_u64(jl_span_of(colon + 1), 0, UINT16_MAX, &port, NULL) != 0)
        return jl_err_set(err, JL_USAGE, "--listen=%s: ADDR:PORT was expected", listen);
    return (int)(colon - listen);
}

static int read_tls(jl_err *err) {
    if (jl_tls_read(&m.tls, err) != 0)
        return -1;
    return !m.tls.on || m.tls.cert ? 0 : jl_err_set(err, JL_USAGE, "TLS needs --cert and --key");
}

static int print(jl_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int print(jl_err *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vprintf(format, args);
    va_end(args);
    if (n < 0 || fflush(stdout) != 0)
        return jl_err_errno(err, errno == EPIPE ? JL_PIPE : JL_IO, errno, "cannot write to stdout");
    return 0;
}

static void wait_for_stop(void) {
    while (!jl_stop_asked()) {
        struct pollfd fd = {.fd = jl_stop_fd(), .events = POLLIN};
        (void)poll(&fd, 1, -1);
    }
}

static int serve(FILE *log, jl_err *err) {
    uint16_t port = 0;
    int address = address_length(m.listen, err);
    if (address < 0 || read_tls(err) != 0)
        return -1;
    jl_model_service service = {.listen = m.listen,
                                .method = m.method,
                                .tls = jl_tls_texts(&m.tls),
                                .latency_ns = m.latency,
                                .pairs_per_s = m.capacity,
                                .max_batch = m.max_batch,
                                .log = log};
    jl_model_server *server = jl_model_server_open(&service, &port, err);
    if (!server)
        return -1;
    int rc = print(err, "listening on %.*s:%u\n", address, m.listen, port);
    if (rc == 0)
        wait_for_stop();
    jl_model_server_close(server, &m.served);
    if (rc == 0)
        rc = print(err, "answered %" PRIu64 " pairs in %" PRIu64 " calls\n", m.served.pairs, m.served.calls);
    return rc;
}

static int run(jl_run *r, jl_err *err) {
    jl_run_counter(r, "calls", &m.served.calls, false);
    jl_run_counter(r, "pairs", &m.served.pairs, false);
    jl_run_counter(r, "refused_calls", &m.served.refused, false);
    if (r->n_operands)
        return jl_err_set(err, JL_USAGE, "'%s': no operand was expected", r->operand[0]);
    if (m.method && m.method[0] != '/')
        return jl_err_set(err, JL_USAGE, "--method=%s: a path like /Service/Method was expected", m.method);
    FILE *log = m.log ? fopen(m.log, "ae") : NULL;
    if (m.log && !log)
        return jl_err_errno(err, JL_CANTCREAT, errno, "cannot open '%s'", m.log);
    int rc = serve(log, err);
    bool lost = m.served.log_failed;
    lost = (log && fclose(log) != 0) || lost;
    if (rc == 0 && lost)
        rc = jl_err_set(err, JL_IO, "cannot write to '%s'", m.log);
    jl_tls_free(&m.tls);
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    char line[64];
    snprintf(line, sizeof line, "gRPC core %s", jl_rpc_version());
    say(to, line);
}

static const char *const synopsis[] = {
    "[-l ADDR:PORT] [--latency=MS] [--capacity=PAIRS_PER_S] [--max-batch=PAIRS] [--method=PATH] [--log=FILE]",
    "[OPTION...] --tls --cert=FILE --key=FILE [--ca=FILE]",
    NULL,
};

static const jl_prog prog = {
    .name = "senior-model",
    .about = "serve the seniority model's contract, with rules in place of the model",
    .synopsis = synopsis,
    .opts = options,
    .versions = versions,
    .no_input = true,
    .no_filter = true,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
