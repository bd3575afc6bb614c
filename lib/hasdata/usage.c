/* One small question, tried again while the server has trouble. */
#include "hasdata/usage.h"

#include <inttypes.h>
#include <poll.h>

#include "base/clock.h"
#include "base/stop.h"
#include "hasdata/key.h"
#include "wire/http.h"

#define TIMEOUT (60 * JL_SECOND)
#define PAUSE (JL_SECOND / 2)
#define TRIES 3
#define BODY_MOST (1 << 20)

struct asked {
    jl_hasdata_usage *usage;
    bool again; /* another try may help */
};

static int take(void *self, const jl_http_reply *reply, jl_err *err) {
    struct asked *asked = self;
    jl_hasdata_reply said;
    asked->again = true;
    if (reply->end != JL_HTTP_REPLY)
        return jl_err_set(err, JL_UNAVAILABLE, "the provider does not tell its usage: %s", reply->why);
    jl_hasdata_judge(NULL, reply->status, reply->header, reply->body, &said);
    asked->again = said.verdict == JL_HASDATA_FAILED || said.verdict == JL_HASDATA_BUSY;
    if (said.verdict == JL_HASDATA_OK || said.verdict == JL_HASDATA_GARBLED)
        return jl_hasdata_read_usage(reply->body, asked->usage, err);
    jl_class class = said.verdict == JL_HASDATA_KEY ? JL_NOPERM : asked->again ? JL_UNAVAILABLE : JL_CONFIG;
    return jl_err_set(err, class, "the provider does not tell its usage: %s", said.text);
}

static void rest(void) {
    struct pollfd stop = {.fd = jl_stop_fd(), .events = POLLIN};
    (void)poll(&stop, 1, jl_clock_poll_ms(jl_clock_now() + PAUSE));
}

static int ask(const char *url, const char *header, jl_hasdata_usage *usage, jl_err *err) {
    const char *const headers[] = {header, NULL};
    const jl_http_options options = {.in_flight = 1, .user_agent = "jobline/" JL_VERSION};
    const jl_http_request request = {
        .method = "GET", .url = url, .header = headers, .timeout = TIMEOUT, .max_body = BODY_MOST};
    struct asked asked = {.usage = usage, .again = true};
    jl_http *http = jl_http_open(&options, err);
    int rc = -1;
    if (!http)
        return -1;
    for (int i = 0; i < TRIES && rc != 0 && asked.again && !jl_stop_asked(); i++) {
        if (i > 0)
            rest();
        asked.again = false;
        rc = jl_http_once(http, &request, take, &asked, err);
    }
    jl_http_close(http);
    return rc;
}

int jl_hasdata_usage_ask(const char *api, jl_span key, jl_hasdata_usage *usage, jl_err *err) {
    char header[JL_HASDATA_KEY_SIZE];
    jl_buf url = {0};
    jl_hasdata_request request = {0};
    if (!jl_http_private(api))
        return jl_err_set(err, JL_USAGE, "the key goes by https, or by http on this machine, not to '%.200s'", api);
    int rc = jl_hasdata_key_header(key, header, err);
    if (rc == 0 && (jl_hasdata_ask_usage(&request, err) != 0 || jl_buf_add(&url, jl_span_of(api), err) != 0 ||
                    jl_buf_add(&url, jl_buf_span(&request.target), err) != 0 || !jl_buf_text(&url, err)))
        rc = -1;
    if (rc == 0)
        rc = ask(url.p, header, usage, err);
    explicit_bzero(header, sizeof header);
    jl_buf_free(&url);
    jl_hasdata_request_free(&request);
    return rc;
}
