/* Questions are written and replies read as the pipes take and give them, so neither side can block the other. */
#include "frame/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "frame/child.h"
#include "frame/reply.h"
#include "jsonl/in.h"
#include "jsonl/set.h"
#include "jsonl/splice.h"

#define STALL_KNOWN JL_SECOND           /* the stall of a command known to answer only at the end of its input */
#define GRACE JL_SECOND                 /* for a command to end by itself once the run is to stop */
#define UNSENT_MOST (UINT32_C(8) << 10) /* bytes; fewer are sent when the loop has a moment for it */
#define BLOCKS_PER_COLLECT 8            /* then the lines that were answered go out */

/* The life of one command, and of the next when it had to be ended to get its answers (a command that answers at the
   end of its input, as sort does):
   questions go to `unsent`, then to the pipe; their keys stand in `out` until the reply. Once `closing` is set no
   question of this command is left unsent; new ones gather in `unsent` and `later` for the next. */
struct cmd {
    jl_lookup base;
    jl_run *run;
    jl_cmd_options options;
    jl_names names; /* the key's NAMEs as tokens */

    jl_child child;
    bool running, closing, restart, finished;
    bool replied_early; /* it has answered while its input was open */
    bool failed;        /* ended by itself, or not to be asked again */
    jl_class status;
    jl_err why;

    jl_buf unsent;
    size_t sent;         /* bytes of it that the pipe has taken */
    bool half;           /* the question taken last is not in the pipe to its end */
    jl_set *out, *later; /* key -> ticket */
    int64_t quiet_since; /* monotonic ns: nothing has moved in either pipe since then */
    bool pressed;
    int64_t end_at; /* when a command that was left without input is sent SIGTERM; 0 = never */

    jl_in in;
    jl_reply reply;
    uint64_t bad_replies;
};

static struct cmd *cmd_of(jl_lookup *l) {
    return (struct cmd *)(void *)l;
}

/* ---- the process ---- */

static int cmd_start(struct cmd *c, jl_err *err) {
    if (jl_child_start(&c->child, c->options.argv, true, c->options.unset, err) != 0)
        return -1;
    if (fcntl(c->child.to, F_SETFL, O_NONBLOCK) != 0 || fcntl(c->child.from, F_SETFL, O_NONBLOCK) != 0)
        return jl_err_errno(err, JL_IO, errno, "cannot make a pipe non-blocking");
    if (jl_in_from(&c->in, c->child.from, c->child.name, c->options.max_line, err) != 0)
        return -1;
    c->running = true;
    c->closing = c->restart = c->half = false;
    c->quiet_since = jl_clock_now();
    return 0;
}

static void cmd_close_input(struct cmd *c) {
    if (c->child.to >= 0)
        (void)close(c->child.to);
    c->child.to = -1;
    c->closing = true;
}

/* Writes what the pipe takes. A command that reads no further is no error: what it has not answered stays
   unanswered. */
static int cmd_send(struct cmd *c, jl_err *err) {
    while (c->running && !c->closing && c->sent < c->unsent.n) {
        ssize_t put = write(c->child.to, c->unsent.p + c->sent, c->unsent.n - c->sent);
        if (put > 0) {
            c->sent += (size_t)put;
            c->half = c->unsent.p[c->sent - 1] != '\n';
            c->quiet_since = jl_clock_now();
        } else if (put < 0 && errno == EPIPE) {
            c->failed = true;
            cmd_close_input(c);
        } else if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        } else if (put < 0 && errno != EINTR) {
            return jl_err_errno(err, JL_IO, errno, "cannot write to '%s'", c->child.name);
        }
    }
    /* A command that is always a little behind never empties the buffer: what it has taken goes once that is half of
       it. */
    if (c->sent > 0 && c->sent >= c->unsent.n / 2) {
        jl_buf_drop(&c->unsent, c->sent);
        c->sent = 0;
    }
    if (c->finished && c->running && !c->closing && c->unsent.n == 0)
        cmd_close_input(c);
    return 0;
}

/* ---- replies ---- */

/* A reply to a question that nobody asked, or that is answered already, changes nothing. */
static int cmd_reply(struct cmd *c, jl_sink sink, jl_err *err) {
    const jl_reply *r = &c->reply;
    const uint64_t *place = r->rec.has_key ? jl_set_find(c->out, r->rec.key) : NULL;
    if (!place)
        return 0;
    uint64_t ticket = *place;
    (void)jl_set_remove(c->out, r->rec.key);
    return sink.answer(sink.self, r->rec.key, ticket, r->answer, err);
}

/* A reply that is no JSON object costs its own answer only. The first is reported. */
static void cmd_bad_reply(struct cmd *c, const jl_err *why) {
    if (c->bad_replies++ > 0)
        return;
    (void)jl_err_set(&c->why, JL_SOFTWARE, "a reply of '%s' is bad: byte %" PRIu64 ": %s", c->child.name, why->byte,
                     why->text);
}

static void cmd_long_reply(struct cmd *c) {
    jl_err why = {0};
    (void)jl_in_too_long(c->in.name, c->in.max_line, c->in.line, &why);
    cmd_bad_reply(c, &why);
}

/* All complete lines of the buffer. */
static int cmd_block(struct cmd *c, jl_sink sink, jl_err *err) {
    jl_span block = jl_in_lines(&c->in);
    const char *p = block.p, *limit = p + block.n;
    uint64_t lines = 0;
    while (p < limit) {
        jl_err why = {0};
        jl_scan kind = jl_reply_read(&c->reply, p, limit, &why);
        if (kind == JL_SCAN_BAD && why.class != JL_DATA) {
            *err = why;
            return -1;
        }
        if (c->reply.rec.len > c->options.max_line)
            cmd_long_reply(c);
        else if (kind == JL_SCAN_BAD)
            cmd_bad_reply(c, &why);
        else if (kind == JL_SCAN_RECORD && cmd_reply(c, sink, err) != 0)
            return -1;
        p += c->reply.rec.len + 1;
        lines++;
    }
    jl_in_take(&c->in, block.n, lines);
    return 0;
}

/* All that has come, up to the line that is not complete yet: behind the end of a line too long more may stand. */
static int cmd_replies(struct cmd *c, jl_sink sink, jl_err *err) {
    jl_span piece;
    bool last;
    do {
        if (cmd_block(c, sink, err) != 0)
            return -1;
        last = false;
        if (jl_in_long(&c->in, &piece, &last) && last)
            cmd_long_reply(c);
    } while (last);
    return 0;
}

struct giving_up {
    jl_sink sink;
    jl_err *err;
};

static int cmd_give_up_one(void *self, jl_hash key, uint64_t ticket) {
    const struct giving_up *g = self;
    return g->sink.answer(g->sink.self, key, ticket, (jl_answer){JL_UNANSWERED, {NULL, 0}}, g->err);
}

static int cmd_give_up(jl_set *keys, jl_sink sink, jl_err *err) {
    struct giving_up g = {sink, err};
    if (jl_set_walk(keys, cmd_give_up_one, &g) != 0)
        return -1;
    jl_set_clear(keys);
    return 0;
}

/* The command has closed its stdout. What it was asked and has not answered is unanswered; what it was not asked
   yet goes to the next command if this one was ended for that. */
static int cmd_ended(struct cmd *c, jl_sink sink, jl_err *err) {
    jl_in_close(&c->in);
    c->running = false;
    jl_err why = {0};
    jl_class status = jl_child_wait(&c->child, &why);
    if (status != JL_OK && c->status == JL_OK) {
        c->status = status;
        c->why = why;
    }
    if (cmd_give_up(c->out, sink, err) != 0)
        return -1;
    if (!c->restart || status != JL_OK) {
        c->failed = true;
        jl_buf_clear(&c->unsent);
        c->sent = 0;
        return cmd_give_up(c->later, sink, err);
    }
    jl_set *swap = c->out;
    c->out = c->later;
    c->later = swap;
    if (c->finished && jl_set_count(c->out) == 0) {
        c->failed = true;
        return 0;
    }
    return cmd_start(c, err) == 0 ? cmd_send(c, err) : -1;
}

/* ---- the vtable ---- */

static int cmd_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct cmd *c = cmd_of(l);
    for (size_t i = 0; i < n; i++) {
        if (c->failed) {
            query[i].answer.state = JL_UNANSWERED;
            continue;
        }
        uint64_t *ticket;
        if (jl_set_add(c->closing ? c->later : c->out, query[i].key, &ticket, err) < 0)
            return -1;
        *ticket = query[i].ticket;
        if (jl_splice_key(&c->unsent, query[i].rec, &c->names, c->options.first_key, (jl_span){NULL, 0}, err) != 0)
            return -1;
    }
    c->pressed = false;
    return c->unsent.n - c->sent >= UNSENT_MOST ? cmd_send(c, err) : 0;
}

static size_t cmd_pollfds(jl_lookup *l, struct pollfd *fds, size_t max) {
    const struct cmd *c = cmd_of(l);
    size_t n = 0;
    if (c->running && max >= 2) {
        fds[n++] = (struct pollfd){.fd = c->child.from, .events = POLLIN};
        if (!c->closing && c->unsent.n > 0)
            fds[n++] = (struct pollfd){.fd = c->child.to, .events = POLLOUT};
    }
    return n;
}

static int64_t cmd_deadline(jl_lookup *l) {
    const struct cmd *c = cmd_of(l);
    if (c->running && c->end_at)
        return c->end_at;
    return c->pressed && c->running && !c->closing ? c->quiet_since + c->options.stall : -1;
}

/* Megabytes of questions may stand in its pipe: asked to stop, it does what we do, and ends what is in flight. */
static void cmd_end(struct cmd *c) {
    if (c->running && c->end_at && jl_clock_now() >= c->end_at) {
        (void)kill(c->child.pid, SIGTERM);
        c->end_at = 0;
    }
}

static int cmd_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct cmd *c = cmd_of(l);
    if (cmd_send(c, err) != 0)
        return -1;
    cmd_end(c);
    for (int blocks = 0; c->running && blocks < BLOCKS_PER_COLLECT; blocks++) {
        int got = jl_in_fill(&c->in, err);
        if (got == -1)
            return -1;
        if (got == -2)
            return 0;
        c->quiet_since = jl_clock_now();
        c->replied_early = c->replied_early || (got == 1 && !c->closing);
        if (cmd_replies(c, sink, err) != 0)
            return -1;
        if (got == 0)
            return cmd_ended(c, sink, err);
    }
    return 0;
}

static int cmd_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    (void)sink;
    struct cmd *c = cmd_of(l);
    c->pressed = false;
    return cmd_send(c, err);
}

/* The window is full. Bytes in a pipe are work that the command has yet to do; when there are none and nothing has
   come for `stall`, it waits for the end of its input before it answers: give it that. */
static int cmd_pressed(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err) {
    (void)sink;
    struct cmd *c = cmd_of(l);
    int unread = 0, unseen = 0;
    if (!c->running || c->closing)
        return 0;
    if (cmd_send(c, err) != 0)
        return -1;
    if (c->closing)
        return 0;
    bool busy = c->unsent.n > 0 || (ioctl(c->child.to, FIONREAD, &unread) == 0 && unread > 0) ||
                (ioctl(c->child.from, FIONREAD, &unseen) == 0 && unseen > 0);
    if (busy || !c->pressed)
        c->quiet_since = now;
    c->pressed = true;
    if (!busy && now - c->quiet_since >= c->options.stall) {
        jl_run_info(c->run, "'%s' answers nothing while its input is open: it is ended, and started again for the rest",
                    c->child.name);
        if (!c->replied_early && c->options.stall > STALL_KNOWN)
            c->options.stall = STALL_KNOWN;
        cmd_close_input(c);
        c->restart = true;
    }
    return 0;
}

static int cmd_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    struct cmd *c = cmd_of(l);
    c->finished = true;
    c->pressed = false;
    if (stop && c->unsent.n > 0) {
        /* Questions not sent never will be, but the one that is half in the pipe is completed. */
        size_t keep = c->sent;
        if (c->half) {
            const char *lf = memchr(c->unsent.p + c->sent, '\n', c->unsent.n - c->sent);
            keep = (size_t)(lf - c->unsent.p) + 1;
        }
        c->unsent.n = keep;
        c->restart = false;
        if (c->closing && cmd_give_up(c->later, sink, err) != 0)
            return -1;
    }
    if (cmd_send(c, err) != 0)
        return -1;
    if (stop && c->running)
        c->end_at = jl_clock_now() + GRACE;
    return 0;
}

static size_t cmd_outstanding(const jl_lookup *l) {
    const struct cmd *c = (const struct cmd *)(const void *)l;
    size_t keys = jl_set_count(c->out) + jl_set_count(c->later);
    return keys > 0 ? keys : c->running && c->finished; /* a command that still runs has its end outstanding */
}

static jl_class cmd_verdict(jl_lookup *l, jl_err *err) {
    const struct cmd *c = cmd_of(l);
    if (c->status == JL_OK && c->bad_replies == 0)
        return JL_OK;
    *err = c->why;
    return c->why.class;
}

static void cmd_close(jl_lookup *l) {
    struct cmd *c = cmd_of(l);
    if (c->running)
        jl_in_close(&c->in);
    if (c->child.pid)
        (void)jl_child_wait(&c->child, NULL);
    jl_set_free(c->out);
    jl_set_free(c->later);
    jl_reply_close(&c->reply);
    jl_names_free(&c->names);
    jl_buf_free(&c->unsent);
    free(c);
}

static const jl_lookup_ops cmd_ops = {
    .submit = cmd_submit,
    .pollfds = cmd_pollfds,
    .deadline = cmd_deadline,
    .collect = cmd_collect,
    .idle = cmd_idle,
    .pressed = cmd_pressed,
    .finish = cmd_finish,
    .outstanding = cmd_outstanding,
    .verdict = cmd_verdict,
    .close = cmd_close,
};

static int cmd_prepare(struct cmd *c, jl_err *err) {
    if (jl_reply_open(&c->reply, c->options.key, c->options.answer, err) != 0 ||
        jl_keyspec_names(c->options.key, &c->names, err) != 0)
        return -1;
    c->out = jl_set_new(true, err);
    c->later = c->out ? jl_set_new(true, err) : NULL;
    return c->later ? 0 : -1;
}

jl_lookup *jl_cmd_open(jl_run *run, const jl_cmd_options *options, jl_err *err) {
    struct cmd *c = calloc(1, sizeof *c);
    if (!c) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    c->base.ops = &cmd_ops;
    c->run = run;
    c->options = *options;
    c->child.to = c->child.from = -1;
    if (cmd_prepare(c, err) == 0 && cmd_start(c, err) == 0)
        return &c->base;
    cmd_close(&c->base);
    return NULL;
}
