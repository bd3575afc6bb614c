/* A line either goes straight from the input buffer to the output buffer or, when an answer is outstanding, through a
   queue of copies; order is the queue's order. */
#include "frame/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "frame/output.h"
#include "frame/rejects.h"
#include "frame/source.h"
#include "frame/tickets.h"
#include "frame/waiting.h"
#include "jsonl/set.h"

#define BATCH 256
#define WINDOW (UINT64_C(32) << 20)
#define QUESTION 64 /* bytes that a question costs beside its key members */
#define LOOKUP_FDS 8
#define AHEAD 32 /* lines between asking for the place of a key and looking there */
#define ROUNDS 8 /* batches between two looks for answers: lines that wait long fall out of the caches */

/* A line of the batch at hand. */
struct item {
    uint64_t number;
    uint8_t verdict;
    bool asks;       /* its key was not known: it caused a question */
    uint64_t ticket; /* of the question about its key */
};

struct loop {
    jl_run *run;
    const jl_filter *f;
    jl_lookup *lookup;
    jl_sink sink;

    jl_source source;
    jl_output output;
    jl_rejects rejects;
    jl_err why; /* of the bad line at hand */

    bool busy;    /* the source's slab is not done with */
    size_t taken; /* records of it that are settled */
    size_t batch, n;
    unsigned rounds; /* batches settled */
    jl_rec *rec;     /* of the batch at hand: n records of a slab */
    struct item *item;
    jl_query *query;
    jl_field *scratch; /* for one line */

    uint64_t window;
    jl_waiting *waiting;
    jl_tickets *tickets; /* NULL: the lookup answers all in submit() */
    jl_set *memo;        /* key -> ticket; NULL: keys are not remembered */
    bool discard;        /* nothing can be written any more */
    bool failed;         /* the lookup as a whole has failed: it is asked nothing more */
    bool last_call;      /* no answer will come any more: what is pending is unanswered */
    bool judged;         /* the first error is a verdict on the answers, not trouble with lines or files */
};

/* ---- answers ---- */

/* Notes the failure of a call into the lookup, which ends the run but not the lines that are read. */
static int loop_called(struct loop *l, int rc) {
    l->failed = l->failed || rc != 0;
    return rc;
}

static int loop_take(void *self, jl_hash key, uint64_t ticket, jl_answer answer, jl_err *err) {
    struct loop *l = self;
    (void)key;
    return l->tickets ? jl_tickets_answer(l->tickets, ticket, answer, err) : 0;
}

static jl_answer loop_answer(const struct loop *l, uint64_t ticket) {
    jl_answer answer = jl_tickets_look(l->tickets, ticket);
    if (answer.state == JL_PENDING && l->last_call)
        answer.state = JL_UNANSWERED;
    return answer;
}

/* ---- lines out ---- */

int jl_filter_pass(const jl_rec *rec, jl_out *out, jl_err *err) {
    return jl_out_line(out, (jl_span){rec->line, rec->len}, err) == 0 ? JL_PASS : -1;
}

/* `answer`: NULL for a line that asked nothing. A line that cannot be written any more counts as not read. */
static int loop_emit(struct loop *l, const jl_rec *rec, const jl_answer *answer, const char *file, uint64_t number,
                     jl_err *err) {
    if (l->discard) {
        l->run->lines_in--;
        return 0;
    }
    jl_out *out = &l->output.out;
    int rc = answer ? l->f->answer(l->f->self, rec, answer, out, err) : jl_filter_pass(rec, out, err);
    if (rc < 0) {
        l->discard = true;
        l->run->lines_in--;
        if (err->class == JL_DATA || err->class == JL_TEMPFAIL)
            jl_err_place(err, file, number);
        return -1;
    }
    if (rc == JL_DROP)
        l->run->dropped++;
    else if (rc == JL_PASS)
        l->run->lines_out++;
    return 0;
}

/* Lets the lines go whose turn has come. */
static int loop_drain(struct loop *l, jl_err *err) {
    const jl_waiter *w;
    while (l->waiting && (w = jl_waiting_first(l->waiting))) {
        const jl_waiter *next = jl_waiting_second(l->waiting);
        if (next && next->asked)
            jl_tickets_prefetch(l->tickets, next->ticket);
        jl_answer answer = {JL_PENDING, {NULL, 0}};
        if (w->asked) {
            answer = loop_answer(l, w->ticket);
            if (answer.state == JL_PENDING)
                return 0;
        }
        if (loop_emit(l, &w->rec, w->asked ? &answer : NULL, w->file, w->number, err) != 0)
            return -1;
        if (w->asked && !l->memo)
            jl_tickets_forget(l->tickets, w->ticket + 1);
        jl_waiting_take(l->waiting);
    }
    /* Also those of lines that never had to wait. */
    if (l->tickets && !l->memo)
        jl_tickets_forget(l->tickets, jl_tickets_next(l->tickets));
    return 0;
}

/* Takes the answers that have come. */
static int loop_collect(struct loop *l, jl_err *err) {
    if (l->lookup && l->lookup->ops->collect && loop_called(l, l->lookup->ops->collect(l->lookup, l->sink, err)) != 0)
        return -1;
    jl_run_progress(l->run, jl_source_bytes(&l->source), l->source.bytes_total);
    return loop_drain(l, err);
}

/* ---- lines in ---- */

static bool loop_pressed(const struct loop *l) {
    return l->waiting && jl_waiting_bytes(l->waiting) >= l->window;
}

static int loop_look(struct loop *l, const jl_rec *rec, jl_err *err) {
    if (l->f->look)
        return l->f->look(l->f->self, rec, err);
    return rec->has_key ? JL_ASK : JL_PASS;
}

/* `why` has the reason, and gets the trouble that this is. */
static int loop_reject(struct loop *l, size_t i, jl_err *why) {
    const jl_rec *rec = &l->rec[i];
    l->why = *why;
    *why = (jl_err){0};
    jl_err_place(&l->why, l->source.name, l->item[i].number);
    return jl_rejects_add(&l->rejects, (jl_span){rec->line, rec->len}, l->source.name, &l->why, why);
}

/* The verdicts on the batch. A line that ends the run ends the batch: those before it still go their way. */
static void loop_verdicts(struct loop *l, jl_err *trouble) {
    for (size_t i = 0; i < l->n; i++) {
        jl_rec *rec = &l->rec[i];
        int verdict = loop_look(l, rec, trouble);
        bool ends = verdict < 0;
        if (ends) {
            jl_err_place(trouble, l->source.name, l->item[i].number);
        } else if (verdict == JL_REJECT) {
            ends = loop_reject(l, i, trouble) != 0;
            l->run->lines_in += ends; /* it was read, and judged */
        }
        if (ends) {
            l->n = i;
            return;
        }
        l->item[i].verdict = (uint8_t)verdict;
        l->item[i].asks = verdict == JL_ASK;
    }
}

/* Gives the line a ticket, or that of an earlier line with its key. */
static int loop_ticket(struct loop *l, jl_hash key, struct item *item, jl_err *err) {
    item->ticket = jl_tickets_next(l->tickets);
    if (l->memo) {
        uint64_t *ticket;
        int added = jl_set_add(l->memo, key, &ticket, err);
        if (added < 0)
            return -1;
        if (!added) {
            item->ticket = *ticket;
            jl_tickets_prefetch(l->tickets, *ticket);
            item->asks = false;
            return 0;
        }
        *ticket = item->ticket;
    }
    return jl_tickets_add(l->tickets, 1, err);
}

static void loop_prefetch(const struct loop *l, size_t i) {
    if (l->memo && i < l->n && l->item[i].asks)
        jl_set_prefetch(l->memo, l->rec[i].key);
}

/* Fills the questions of the batch. Returns how many, -1 on failure. */
static ssize_t loop_questions(struct loop *l, jl_err *err) {
    size_t asked = 0;
    for (size_t i = 0; i < AHEAD; i++)
        loop_prefetch(l, i);
    for (size_t i = 0; i < l->n; i++) {
        struct item *item = &l->item[i];
        loop_prefetch(l, i + AHEAD);
        if (item->asks && l->tickets && loop_ticket(l, l->rec[i].key, item, err) != 0)
            return -1;
        if (item->asks)
            l->query[asked++] = (jl_query){l->rec[i].key, item->ticket, &l->rec[i], {JL_PENDING, {NULL, 0}}};
    }
    return (ssize_t)asked;
}

/* Asks them. The failure of the lookup is trouble for later: the lines at hand go out all the same. */
static int loop_ask(struct loop *l, jl_err *trouble, jl_err *err) {
    ssize_t asked = loop_questions(l, err);
    if (asked <= 0)
        return (int)asked;
    jl_err failure = {0};
    if (loop_called(l, l->lookup->ops->submit(l->lookup, l->query, (size_t)asked, &failure)) != 0)
        *trouble = failure;
    l->last_call = l->failed;
    for (ssize_t q = 0; !l->tickets && q < asked; q++)
        if (l->query[q].answer.state == JL_PENDING) /* the lookup has failed */
            l->query[q].answer.state = JL_UNANSWERED;
    for (ssize_t q = 0; l->tickets && q < asked; q++)
        if (jl_tickets_answer(l->tickets, l->query[q].ticket, l->query[q].answer, err) != 0)
            return -1;
    return 0;
}

static int loop_queue(struct loop *l, size_t i, jl_err *err) {
    const jl_rec *rec = &l->rec[i];
    size_t question = 0;
    if (l->item[i].asks && l->f->question) {
        question = l->f->question;
    } else if (l->item[i].asks) {
        question = QUESTION;
        for (size_t k = 0; k < l->f->key->n; k++)
            question += rec->field[l->f->first_key + k].len;
    }
    jl_waiter *waiter = jl_waiting_add(l->waiting, rec, question, err);
    if (!waiter)
        return -1;
    waiter->file = l->source.name;
    waiter->number = l->item[i].number;
    waiter->ticket = l->item[i].ticket;
    waiter->asked = l->item[i].verdict == JL_ASK;
    return 0;
}

/* Lines that have been looked at: records from..to-1 of the slab and the blank ones before and between. */
static void loop_count(struct loop *l, const jl_slab *slab, size_t from, size_t to) {
    uint64_t lines = slab->line[to] - (from ? slab->line[from] : 0);
    uint64_t blank = lines - (to - from);
    l->run->lines_in += lines;
    l->run->blank += blank;
    l->run->dropped += blank;
}

/* Asks about the records from..from+n-1 of the slab, lets go the lines whose answers are there, queues the rest. */
static int loop_settle(struct loop *l, const jl_slab *slab, size_t from, size_t n, jl_err *err) {
    jl_err trouble = {0};
    l->rec = slab->rec + from;
    l->n = n;
    for (size_t i = 0; i < n; i++)
        l->item[i].number = l->source.line + slab->line[from + i];
    loop_verdicts(l, &trouble);
    loop_count(l, slab, from, from + l->n);
    if (loop_ask(l, &trouble, err) != 0)
        return -1;
    size_t q = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct item *item = &l->item[i];
        const jl_rec *rec = &l->rec[i];
        if (item->verdict == JL_DROP || item->verdict == JL_REJECT) {
            l->run->dropped += item->verdict == JL_DROP;
            continue;
        }
        jl_answer looked_up;
        const jl_answer *answer = NULL;
        if (item->verdict == JL_ASK && l->tickets) {
            looked_up = loop_answer(l, item->ticket);
            answer = &looked_up;
        } else if (item->verdict == JL_ASK) {
            answer = &l->query[q++].answer;
        }
        bool waits = l->waiting && ((answer && answer->state == JL_PENDING) || jl_waiting_first(l->waiting));
        if (waits ? loop_queue(l, i, err) != 0 : loop_emit(l, rec, answer, l->source.name, item->number, err) != 0) {
            l->run->lines_in -= l->n - i - 1;
            return -1;
        }
    }
    if (trouble.class == JL_OK)
        return 0;
    *err = trouble;
    return -1;
}

/* A line longer than --max-line. */
static void loop_too_long(struct loop *l, uint64_t number) {
    l->why = (jl_err){0};
    (void)jl_in_too_long(l->source.name, l->run->max_line, number, &l->why);
}

/* The bad line that ends the slab. */
static int loop_bad(struct loop *l, const jl_slab *slab, jl_err *err) {
    const jl_rec *rec = &slab->rec[slab->n];
    uint64_t number = l->source.line + slab->line[slab->n];
    l->run->lines_in++;
    if (slab->bad == JL_BAD_LENGTH) {
        loop_too_long(l, number);
    } else {
        /* Bad lines are rare: the reason is found by looking again. */
        jl_rec again;
        l->why = (jl_err){0};
        (void)jl_rec_scan(l->f->want, rec->line, rec->line + rec->len + 1, false, l->scratch, &again, &l->why);
        jl_err_place(&l->why, l->source.name, number);
    }
    return jl_rejects_add(&l->rejects, (jl_span){rec->line, rec->len}, l->source.name, &l->why, err);
}

/* The slab at hand, or as much of it as the window takes: short lines cost more waiting than where they are. */
static int loop_slab(struct loop *l, jl_err *err) {
    const jl_slab *slab = l->source.slab;
    while (l->taken < slab->n) {
        if (loop_pressed(l))
            return 0;
        size_t n = slab->n - l->taken < l->batch ? slab->n - l->taken : l->batch;
        if (loop_settle(l, slab, l->taken, n, err) != 0)
            return -1;
        l->taken += n;
        if (++l->rounds % ROUNDS == 0 && loop_collect(l, err) != 0)
            return -1;
    }
    l->busy = false;
    if (slab->n == 0)
        loop_count(l, slab, 0, 0);
    return slab->bad != JL_BAD_NONE ? loop_bad(l, slab, err) : 0;
}

static int loop_piece(struct loop *l, jl_err *err) {
    const jl_source *s = &l->source;
    l->run->lines_in += jl_rejects_judges(&l->rejects, s->first, s->last);
    loop_too_long(l, s->line);
    return jl_rejects_piece(&l->rejects, s->piece, s->first, s->last, s->name, &l->why, err);
}

/* ---- waiting ---- */

static int64_t loop_deadline(const struct loop *l) {
    return l->lookup && l->lookup->ops->deadline ? l->lookup->ops->deadline(l->lookup) : -1;
}

static size_t loop_pollfds(const struct loop *l, struct pollfd *fd) {
    return l->lookup && l->lookup->ops->pollfds ? l->lookup->ops->pollfds(l->lookup, fd, LOOKUP_FDS) : 0;
}

/* What is done before a wait: nothing that could go out stays behind. */
static int loop_before_wait(struct loop *l, bool pressed, jl_err *err) {
    const jl_lookup_ops *ops = l->lookup ? l->lookup->ops : NULL;
    if (pressed && ops && ops->pressed && loop_called(l, ops->pressed(l->lookup, jl_clock_now(), l->sink, err)) != 0)
        return -1;
    if (!pressed && ops && ops->idle && loop_called(l, ops->idle(l->lookup, l->sink, err)) != 0)
        return -1;
    if (loop_drain(l, err) != 0)
        return -1;
    if (jl_out_flush(&l->output.out, err) != 0) {
        l->discard = true;
        return -1;
    }
    return 0;
}

/* Waits for input (unless the window is full) or for answers, takes what has come. */
static int loop_wait(struct loop *l, bool pressed, jl_err *err) {
    struct pollfd fd[2 + LOOKUP_FDS];
    int input = jl_source_fd(&l->source);
    fd[0] = (struct pollfd){.fd = pressed ? -1 : input, .events = POLLIN};
    fd[1] = (struct pollfd){.fd = jl_stop_fd(), .events = POLLIN};
    size_t n = 2 + loop_pollfds(l, fd + 2);
    bool ready = !pressed && input < 0;
    if (!ready) {
        if (poll(fd, n, 0) < 0 && errno != EINTR)
            return jl_err_errno(err, JL_IO, errno, "poll");
        ready = fd[0].revents != 0;
    }
    if (!ready) {
        if (loop_before_wait(l, pressed, err) != 0)
            return -1;
        if (pressed && !loop_pressed(l))
            return 0;
        n = 2 + loop_pollfds(l, fd + 2);
        if (poll(fd, n, jl_clock_poll_ms(loop_deadline(l))) < 0) {
            if (errno != EINTR)
                return jl_err_errno(err, JL_IO, errno, "poll");
            return 0;
        }
        ready = fd[0].revents != 0;
    }
    if (loop_collect(l, err) != 0)
        return -1;
    return ready ? jl_source_fill(&l->source, err) : 0;
}

/* What can be done without waiting: 1: done, 0: nothing, -1; *more is false at the end of the input. */
static int loop_step(struct loop *l, bool *more, jl_err *err) {
    if (l->busy)
        return loop_slab(l, err) == 0 ? 1 : -1;
    int has = jl_source_next(&l->source, err);
    switch (has) {
    case JL_SOURCE_LINES:
        l->busy = true;
        l->taken = 0;
        return loop_slab(l, err) == 0 ? 1 : -1;
    case JL_SOURCE_PIECE:
        return loop_piece(l, err) == 0 ? 1 : -1;
    case JL_SOURCE_END:
        *more = false;
        return 1;
    default:
        return has < 0 ? -1 : 0;
    }
}

static int loop_read(struct loop *l, jl_err *err) {
    bool more = true;
    while (more && !jl_stop_asked()) {
        bool pressed = loop_pressed(l);
        int done = pressed ? 0 : loop_step(l, &more, err);
        if (done < 0 || (done == 0 && loop_wait(l, pressed, err) != 0))
            return -1;
    }
    return 0;
}

/* ---- the end ---- */

/* Keeps the first error. */
static void loop_fail(jl_err *first, const jl_err *next) {
    if (first->class == JL_OK)
        *first = *next;
}

/* Nothing more will be asked; `stop`: what has not been asked yet never will be. */
static int loop_end_questions(struct loop *l, bool stop, jl_err *err) {
    const jl_lookup_ops *ops = l->lookup->ops;
    return ops->finish ? loop_called(l, ops->finish(l->lookup, stop, l->sink, err)) : 0;
}

/* One wait for answers that are still out. */
static int loop_finish_step(struct loop *l, bool stopping, jl_err *err) {
    struct pollfd fd[1 + LOOKUP_FDS];
    if (loop_drain(l, err) != 0)
        return -1;
    if (!l->discard && jl_out_flush(&l->output.out, err) != 0) {
        l->discard = true;
        return -1;
    }
    if (l->lookup->ops->outstanding(l->lookup) == 0)
        return 0;
    fd[0] = (struct pollfd){.fd = stopping ? -1 : jl_stop_fd(), .events = POLLIN};
    size_t n = 1 + loop_pollfds(l, fd + 1);
    if (poll(fd, n, jl_clock_poll_ms(loop_deadline(l))) < 0 && errno != EINTR)
        return loop_called(l, jl_err_errno(err, JL_IO, errno, "poll"));
    return loop_collect(l, err);
}

/* Sees what was asked to its end. Trouble with the output does not cut that short: what is paid for is stored. */
static void loop_finish(struct loop *l, jl_err *first) {
    jl_err err = {0};
    bool stopping = jl_stop_asked() || l->discard;
    if (l->lookup && !l->failed && loop_end_questions(l, stopping, &err) != 0)
        loop_fail(first, &err);
    while (l->lookup && l->lookup->ops->outstanding && !l->failed && l->lookup->ops->outstanding(l->lookup) > 0) {
        err = (jl_err){0};
        if (loop_finish_step(l, stopping, &err) != 0)
            loop_fail(first, &err);
        if (!stopping && !l->failed && (jl_stop_asked() || l->discard)) {
            stopping = true;
            if (loop_end_questions(l, true, &err) != 0)
                loop_fail(first, &err);
        }
    }
    l->last_call = true;
    err = (jl_err){0};
    if (loop_drain(l, &err) != 0)
        loop_fail(first, &err);
}

/* What the run has come to, after its last line. */
static void loop_judge(struct loop *l, jl_err *first) {
    jl_err err = {0};
    jl_run_progress_end(l->run, jl_source_bytes(&l->source), l->source.bytes_total);
    if (first->class == JL_OK && jl_rejects_share(&l->rejects, &err) != 0)
        *first = err;
    if (first->class == JL_OK && !jl_stop_asked() && l->f->end && l->f->end(l->f->self, &l->output.out, &err) != 0)
        *first = err;
    if (first->class != JL_OK || jl_stop_asked())
        return;
    if (l->lookup && l->lookup->ops->verdict && l->lookup->ops->verdict(l->lookup, &err) != JL_OK)
        *first = err;
    if (first->class == JL_OK && l->f->verdict && l->f->verdict(l->f->self, &err) != 0)
        *first = err;
    l->judged = first->class != JL_OK;
}

/* Trouble with an output comes before any verdict: that lines are unanswered says that they are there. */
static void loop_fail_output(struct loop *l, jl_err *first, const jl_err *err) {
    if (l->judged)
        *first = *err;
    loop_fail(first, err);
    l->judged = false;
}

static void loop_close(struct loop *l, jl_err *first) {
    jl_err err = {0};
    int status = first->class != JL_OK ? (int)first->class : jl_stop_asked() ? 128 + jl_stop_asked() : JL_OK;
    if (jl_rejects_close(&l->rejects, &err) != 0) {
        loop_fail_output(l, first, &err);
        status = (int)first->class;
    }
    err = (jl_err){0};
    bool stopped = first->class == JL_OK && jl_stop_asked();
    bool ended = jl_output_end(&l->output, status, &err) == 0;
    if (!ended && !(stopped && l->output.kind == JL_TO_COMMAND)) { /* the signal may have ended the command too */
        if (first->class == JL_PIPE && l->output.kind == JL_TO_COMMAND)
            *first = err; /* the command says why it read no further */
        loop_fail_output(l, first, &err);
    }
    err = (jl_err){0};
    /* A signal ends a run like the end of its input, but for the file of -o, which is not put in place then. */
    bool safe = ended && first->class == JL_OK && !(stopped && l->output.kind == JL_TO_FILE);
    if (safe && l->lookup && l->lookup->ops->commit && l->lookup->ops->commit(l->lookup, &err) != 0)
        loop_fail(first, &err);
}

static int loop_open(struct loop *l, jl_err *err) {
    const jl_filter *f = l->f;
    l->lookup = f->lookup;
    l->sink = (jl_sink){loop_take, l};
    l->batch = f->batch ? f->batch : BATCH;
    l->window = f->window ? f->window : WINDOW;
    l->item = calloc(l->batch, sizeof *l->item);
    l->query = calloc(l->batch, sizeof *l->query);
    l->scratch = calloc(jl_want_count(f->want) + 1, sizeof *l->scratch);
    if (!l->item || !l->query || !l->scratch)
        return jl_err_nomem(err);
    if (f->lookup && (f->remember || f->lookup->ops->outstanding)) {
        l->waiting = jl_waiting_new(f->as_is ? 0 : jl_want_count(f->want), err);
        l->tickets = l->waiting ? jl_tickets_new(err) : NULL;
        if (!l->tickets)
            return -1;
    }
    if (f->lookup && f->remember) {
        l->memo = jl_set_new(true, err);
        if (!l->memo)
            return -1;
    }
    jl_source_options source = {.inputs = f->inputs,
                                .output = &l->output,
                                .want = f->want,
                                .key = f->key,
                                .first_key = f->first_key,
                                .max_line = l->run->max_line,
                                .slab = l->batch,
                                .threads = (size_t)l->run->threads};
    return jl_source_open(&l->source, &source, err);
}

static void loop_free(struct loop *l) {
    jl_source_close(&l->source);
    jl_waiting_free(l->waiting);
    jl_set_free(l->memo);
    jl_tickets_free(l->tickets);
    free(l->scratch);
    free(l->item);
    free(l->query);
}

int jl_filter_run(jl_run *run, const jl_filter *filter, jl_err *err) {
    struct loop l = {.run = run, .f = filter};
    jl_err first = {0};
    if (loop_open(&l, &first) == 0 && jl_rejects_open(&l.rejects, run, &first) == 0) {
        if (jl_output_open(&l.output, run, filter->then, &first) == 0) {
            l.output.sync = l.lookup && l.lookup->ops->commit;
            if (loop_read(&l, &first) != 0 && first.class == JL_PIPE)
                l.discard = true;
            loop_finish(&l, &first);
            loop_judge(&l, &first);
        }
        run->bytes_in = jl_source_bytes(&l.source);
        run->boms = jl_source_boms(&l.source);
        run->bytes_out = l.output.out.bytes;
        loop_close(&l, &first);
    }
    loop_free(&l);
    if (first.class == JL_OK)
        return 0;
    *err = first;
    return -1;
}
