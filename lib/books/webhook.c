/* One POST for each piece of news; what failed is sent again by whoever comes next. */
#include "books/webhook.h"

#include "wire/http.h"

#define REPLY_MOST 65536

int jl_webhook_check(const char *url, bool in_argv, jl_err *err) {
    bool plain = strncmp(url, "http://", 7) == 0;
    if (!plain && strncmp(url, "https://", 8) != 0)
        return jl_err_set(err, JL_USAGE, "the webhook is no URL of http or https");
    if (!jl_http_private(url))
        return jl_err_set(err, JL_USAGE,
                          "everybody in between can read what goes to another machine by http: the "
                          "webhook takes https, or http on this machine");
    if (in_argv && !plain)
        return jl_err_set(err, JL_USAGE,
                          "whoever knows the URL of a webhook can write to it, and everybody can see a "
                          "command line: put it into JOBLINE_WEBHOOK, or into a file that only you can "
                          "read, given as @FILE");
    return 0;
}

static int judge(void *self, const jl_http_reply *reply, jl_err *err) {
    (void)self;
    if (reply->end != JL_HTTP_REPLY)
        return jl_err_set(err, JL_UNAVAILABLE, "the webhook was not told: %s", reply->why);
    if (reply->status < 200 || reply->status > 299)
        return jl_err_set(err, JL_UNAVAILABLE, "the webhook answers with status %d", reply->status);
    return 0;
}

int jl_webhook_post(const char *url, jl_span json, int64_t timeout, jl_err *err) {
    static const char *const header[] = {"Content-Type: application/json", NULL};
    const jl_http_options options = {.in_flight = 1, .connect_timeout = timeout, .user_agent = "jobline/" JL_VERSION};
    const jl_http_request request = {
        .method = "POST", .url = url, .header = header, .body = json, .timeout = timeout, .max_body = REPLY_MOST};
    jl_http *http = jl_http_open(&options, err);
    if (!http)
        return -1;
    int rc = jl_http_once(http, &request, judge, NULL, err);
    jl_http_close(http);
    return rc;
}
