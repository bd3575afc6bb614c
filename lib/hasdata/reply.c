/* What an answer of HasData means. */
#include <stdio.h>
#include <strings.h>

#include "hasdata/site.h"
#include "job/space.h"
#include "jsonl/utf8.h"

const char *jl_hasdata_verdict_word(jl_hasdata_verdict verdict) {
    static const char *const words[] = {"ok",     "dead",        "key",     "quota",   "busy",
                                        "failed", "bad-request", "garbled", "redirect"};
    return words[verdict];
}

/* ---- numbers ---- */

/* Digits, a fraction of nothing but zeros behind them at most; a number or the text of one. */
static bool read_count(jl_span text, uint64_t *count) {
    uint64_t sum = 0;
    size_t i = 0;
    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; ++i) {
        if (i == 18)
            return false;
        sum = sum * 10 + (uint64_t)(text.p[i] - '0');
    }
    size_t digits = i;
    if (i < text.n && text.p[i] == '.')
        for (++i; i < text.n && text.p[i] == '0'; ++i)
            ;
    *count = sum;
    return digits > 0 && i == text.n;
}

static bool count_of(jl_value value, uint64_t *count) {
    jl_span text = value.text;
    if (value.type == JL_STRING)
        text = jl_space_trim((jl_span){text.p + 1, text.n - 2});
    else if (value.type != JL_NUMBER)
        return false;
    return read_count(text, count);
}

/* ---- what it cost ---- */

/* Where two places differ, the higher figure is the careful one. */
static void note_cost(jl_hasdata_reply *reply, uint64_t cost) {
    if (!reply->has_cost || cost > reply->cost)
        reply->cost = cost;
    reply->has_cost = true;
}

/* Only names that can mean nothing else: "credits" may be what is left. */
static void costs_in(jl_value object, jl_hasdata_reply *reply) {
    static const char *const names[] = {"creditsUsed", "creditsSpent", "creditsCharged"};
    jl_value found[3];
    uint64_t cost;
    jl_each_pick(object, names, 3, found);
    for (size_t i = 0; i < 3; ++i)
        if (count_of(found[i], &cost))
            note_cost(reply, cost);
}

static bool next_line(jl_span *text, jl_span *line) {
    if (text->n == 0)
        return false;
    const char *lf = memchr(text->p, '\n', text->n);
    size_t n = lf ? (size_t)(lf - text->p) : text->n;
    *line = (jl_span){text->p, n};
    text->p += n + (lf != NULL);
    text->n -= n + (lf != NULL);
    return true;
}

/* The value when the header line has this name. */
static bool header_is(jl_span line, const char *name, jl_span *value) {
    size_t n = strlen(name);
    if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
        return false;
    *value = jl_space_trim((jl_span){line.p + n + 1, line.n - n - 1});
    return true;
}

static void costs_in_headers(jl_span headers, jl_hasdata_reply *reply) {
    static const char *const names[] = {"x-credits-used", "x-credits-spent", "x-credits-cost", "x-request-cost"};
    jl_span line, value;
    uint64_t cost;
    while (next_line(&headers, &line))
        for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
            if (header_is(line, names[i], &value) && read_count(value, &cost))
                note_cost(reply, cost);
}

/* ---- words for a person ---- */

/* The provider's own message: the first string under one of its usual names. */
static jl_value message_in(jl_value body, int levels) {
    static const char *const names[] = {"message", "error", "detail", "errors", "requestMetadata"};
    jl_value found[5];
    jl_value none = {{"", 0}, JL_ABSENT};
    if (body.type == JL_ARRAY) {
        jl_each it = jl_each_start(body);
        jl_value first;
        return jl_each_next(&it, NULL, &first) ? (first.type == JL_STRING ? first : message_in(first, levels)) : none;
    }
    if (body.type != JL_OBJECT || levels == 0)
        return none;
    jl_each_pick(body, names, 5, found);
    for (size_t i = 0; i < 4; ++i)
        if (found[i].type == JL_STRING && found[i].text.n > 2)
            return found[i];
    for (size_t i = 1; i < 5; ++i) {
        jl_value inside = message_in(found[i], levels - 1);
        if (inside.type == JL_STRING)
            return inside;
    }
    return none;
}

static void say(jl_hasdata_reply *reply, long status, jl_value body) {
    static const char *const means[] = {
        [JL_HASDATA_OK] = "answered",
        [JL_HASDATA_DEAD] = "the posting is gone",
        [JL_HASDATA_KEY] = "the key was refused",
        [JL_HASDATA_QUOTA] = "the quota is used up",
        [JL_HASDATA_BUSY] = "too many calls at once",
        [JL_HASDATA_FAILED] = "the provider failed",
        [JL_HASDATA_BAD_REQUEST] = "the request was refused",
        [JL_HASDATA_GARBLED] = "the answer cannot be used",
        [JL_HASDATA_REDIRECT] = "a redirect, which is not followed",
    };
    char shown[160] = "";
    jl_value message = message_in(body, 3);
    jl_buf text = {0};
    jl_span cut = {message.text.p, message.text.n < 4096 ? message.text.n : 0};
    if (message.type == JL_STRING && cut.n && jl_json_decode(cut, &text, NULL) == 0) {
        jl_span words = jl_space_trim(jl_buf_span(&text));
        words.n -= words.n && words.p[words.n - 1] == '.';
        jl_err_escape(words, shown, sizeof shown);
    }
    jl_buf_free(&text);
    snprintf(reply->text, sizeof reply->text, "HTTP %ld: %s%s%s", status, means[reply->verdict], shown[0] ? ": " : "",
             shown);
}

/* ---- verdicts ---- */

static bool status_is(jl_value body, const char *word) {
    jl_value metadata = jl_each_member(body, "requestMetadata");
    jl_value status = jl_each_member(metadata, "status");
    if (status.type == JL_ABSENT)
        status = jl_each_member(body, "status");
    return status.type == JL_STRING && jl_json_is(status.text, jl_span_of(word));
}

static bool is_text(jl_span headers) {
    jl_span line, value;
    bool text = false;
    while (next_line(&headers, &line))
        if (header_is(line, "content-type", &value))
            text = value.n > 5 && strncasecmp(value.p, "text/", 5) == 0;
    return text;
}

/* A page that comes as it is, without JSON around it. */
static bool is_page(const jl_hasdata_endpoint *e, jl_span headers, jl_span body) {
    body = jl_space_trim(body);
    if (!e || e->kind != JL_HASDATA_PAGE || body.n == 0 || strchr("{[", *body.p))
        return false;
    return (*body.p == '<' || is_text(headers)) && jl_utf8_valid(body.p, body.n);
}

static jl_hasdata_verdict of_success(const jl_hasdata_endpoint *e, long status, jl_span headers, jl_span body,
                                     jl_value value) {
    if (status != 200)
        return JL_HASDATA_GARBLED;
    if (is_page(e, headers, body))
        return JL_HASDATA_OK;
    /* Usage answers have their status at the top, if anywhere. */
    if (!e && value.type == JL_OBJECT && !status_is(value, "error"))
        return JL_HASDATA_OK;
    jl_value metadata = jl_each_member(value, "requestMetadata");
    return metadata.type == JL_OBJECT && status_is(value, "ok") ? JL_HASDATA_OK : JL_HASDATA_GARBLED;
}

static jl_hasdata_verdict of_status(const jl_hasdata_endpoint *e, long status, jl_value value) {
    bool posting = e && e->kind != JL_HASDATA_LISTING;
    switch (status) {
    case 400:
        return posting && status_is(value, "error") ? JL_HASDATA_DEAD : JL_HASDATA_BAD_REQUEST;
    case 401:
        return JL_HASDATA_KEY;
    case 403:
        return JL_HASDATA_QUOTA;
    case 429:
        return JL_HASDATA_BUSY;
    default:
        if (status >= 500 && status <= 599)
            return JL_HASDATA_FAILED;
        return status >= 300 && status <= 399 ? JL_HASDATA_REDIRECT : JL_HASDATA_BAD_REQUEST;
    }
}

void jl_hasdata_judge(const jl_hasdata_endpoint *e, long status, jl_span headers, jl_span body,
                      jl_hasdata_reply *reply) {
    jl_value value = {{"", 0}, JL_ABSENT};
    *reply = (jl_hasdata_reply){0};
    if (body.n)
        jl_each_check(body, &value, NULL);
    reply->verdict =
        status >= 200 && status <= 299 ? of_success(e, status, headers, body, value) : of_status(e, status, value);
    costs_in(jl_each_member(value, "requestMetadata"), reply);
    if (e)
        costs_in(value, reply);
    costs_in_headers(headers, reply);
    bool paid = reply->verdict == JL_HASDATA_OK || reply->verdict == JL_HASDATA_GARBLED;
    reply->billed = (e && paid) || (reply->has_cost && reply->cost > 0);
    say(reply, status, value);
}

/* ---- usage ---- */

/* The letters of a name in lower case, so that total_credits is totalCredits; "" when it is too long. */
static void plain_name(jl_span token, char name[32]) {
    size_t n = 0;
    for (size_t i = 1; i + 1 < token.n; ++i) {
        char c = token.p[i] >= 'A' && token.p[i] <= 'Z' ? (char)(token.p[i] + 32) : token.p[i];
        if (c < 'a' || c > 'z')
            continue;
        if (n == 31) {
            n = 0;
            break;
        }
        name[n++] = c;
    }
    name[n] = '\0';
}

typedef struct figures {
    bool has_total, has_available, has_used;
    uint64_t total, available, used;
} figures;

static bool listed(const char *name, const char *list) {
    char padded[34];
    snprintf(padded, sizeof padded, " %s ", name);
    return name[0] && strstr(list, padded) != NULL;
}

/* What an account has drawn beyond its credits leaves nothing available. */
static bool available_of(jl_value value, uint64_t *count) {
    jl_span text = value.text;
    bool quoted = value.type == JL_STRING;
    size_t at = quoted ? 1 : 0;
    if ((quoted || value.type == JL_NUMBER) && text.n > at + quoted + 1 && text.p[at] == '-') {
        jl_span rest = {text.p + at + 1, text.n - at - 1 - quoted};
        bool number = read_count(rest, count);
        *count = 0;
        return number;
    }
    return count_of(value, count);
}

static void note_figure(const char *name, bool in_credits, jl_value value, figures *f, jl_hasdata_usage *usage) {
    uint64_t n;
    if (listed(name, " totalcredits creditstotal creditslimit creditlimit ") ||
        (in_credits && listed(name, " total limit "))) {
        f->has_total = count_of(value, &f->total);
    } else if (listed(name, " availablecredits creditsavailable remainingcredits creditsremaining creditsleft ") ||
               (in_credits && listed(name, " available remaining left "))) {
        f->has_available = available_of(value, &f->available);
    } else if (listed(name, " usedcredits creditsused spentcredits creditsspent ") ||
               (in_credits && listed(name, " used spent "))) {
        f->has_used = count_of(value, &f->used);
    } else if (listed(name, " totalconcurrency concurrencylimit maxconcurrency concurrency ") && count_of(value, &n)) {
        usage->has_concurrency = true;
        usage->concurrency = n;
    }
}

static void read_figures(jl_value object, bool in_credits, int levels, figures *f, jl_hasdata_usage *usage) {
    jl_span token;
    jl_value value;
    char name[32];
    if (object.type != JL_OBJECT || levels == 0)
        return;
    jl_each it = jl_each_start(object);
    while (jl_each_next(&it, &token, &value)) {
        plain_name(token, name);
        if (value.type != JL_OBJECT)
            note_figure(name, in_credits, value, f, usage);
        else if (listed(name, " data usage credits account plan subscription result "))
            read_figures(value, strcmp(name, "credits") == 0, levels - 1, f, usage);
    }
}

int jl_hasdata_read_usage(jl_span body, jl_hasdata_usage *usage, jl_err *err) {
    jl_value value;
    figures f = {0};
    *usage = (jl_hasdata_usage){0};
    if (jl_each_check(body, &value, err))
        return -1;
    read_figures(value, false, 4, &f, usage);
    if (!f.has_available && f.has_total && f.has_used) {
        f.available = f.used < f.total ? f.total - f.used : 0;
        f.has_available = true;
    }
    if (!f.has_total || !f.has_available)
        return jl_err_set(err, JL_DATA, "the usage does not tell %s", f.has_total ? "what is available" : "the total");
    usage->total = f.total;
    usage->available = f.available;
    return 0;
}
