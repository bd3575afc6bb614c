/* A line either goes straight from the input buffer to the output buffer or, when an answer is outstanding, through a
   queue of copies; order is the queue's order. */
#include "frame/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "frame/crew.h"
#include "frame/output.h"
#include "frame/rejects.h"
#include "frame/tickets.h"
#include "frame/waiting.h"
#include "jsonl/in.h"
#include "jsonl/set.h"
#include "jsonl/utf8.h"

#define BATCH 256
#define WINDOW (UINT64_C(32) << 20)
#define QUESTION 64 /* bytes that a question costs beside its key members */
#define LOOKUP_FDS 8
#define ROUNDS 8 /* batches between two looks for answers: lines that wait long fall out of the caches */
#define WORTH_A_THREAD (UINT32_C(64) << 10) /* bytes of lines */

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

    char *const *next_input;
    jl_in in;
    uint64_t bytes_before; /* of the inputs already closed */
    uint64_t bytes_total;  /* of all inputs, 0 when one has no known size */
    jl_output output;
    jl_rejects rejects;
    jl_err why;           /* of the bad line at hand */
    const char *valid_to; /* the block that the window has cut short is known to be UTF-8 up to its end, here */

    jl_slab slab;   /* the lines at hand, when no thread has scanned them */
    jl_crew *crew;  /* NULL: the loop's own thread does it all */
    uint64_t line;  /* number of the first line not taken yet */
    size_t taken;   /* records of the first block that are */
    jl_err trouble; /* of reading ahead, for when what was read before is done */

    size_t batch, n;
    unsigned rounds; /* batches settled while lines waited */
    jl_rec *rec;     /* of the batch at hand: n records of a slab */
    struct item *item;
    jl_query *query;

    uint64_t window;
    jl_waiting *waiting;
    jl_tickets *tickets; /* NULL: the lookup answers all in submit() */
    jl_set *memo;        /* key -> ticket; NULL: keys are not remembered */
    bool in_long;        /* the piece at hand is not the first of its line */
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

/* Line `i` of the batch, whose question was the `q`th, if it caused one. */
static jl_answer loop_answer_at_hand(const struct loop *l, size_t i, size_t q) {
    if (l->tickets)
        return loop_answer(l, l->item[i].ticket);
    jl_answer answer = l->query[q].answer;
    if (answer.state == JL_PENDING)
        answer.state = JL_UNANSWERED;
    return answer;
}

/* ---- lines out ---- */

int jl_filter_pass(const jl_rec *rec, jl_out *out, jl_err *err) {
    return jl_out_line(out, (jl_span){rec->line, rec->len}, err) == 0 ? JL_PASS : -1;
}

static int loop_emit(struct loop *l, const jl_rec *rec, bool asked, jl_answer answer, const char *file, uint64_t number,
                     jl_err *err) {
    if (l->discard)
        return 0;
    jl_out *out = &l->output.out;
    int rc = asked ? l->f->answer(l->f->self, rec, answer, out, err) : jl_filter_pass(rec, out, err);
    if (rc < 0) {
        l->discard = true;
        if (err->class == JL_DATA || err->class == JL_TEMPFAIL)
            jl_err_place(err, file, number);
        return -1;
    }
    if (rc == JL_DROP)
        l->run->dropped++;
    else
        l->run->lines_out++;
    return 0;
}

/* Lets the lines go whose turn has come. */
static int loop_drain(struct loop *l, jl_err *err) {
    const jl_waiter *w;
    while (l->waiting && (w = jl_waiting_first(l->waiting))) {
        jl_answer answer = {JL_PENDING, {NULL, 0}};
        if (w->asked) {
            answer = loop_answer(l, w->ticket);
            if (answer.state == JL_PENDING)
                return 0;
        }
        if (loop_emit(l, &w->rec, w->asked, answer, w->file, w->number, err) != 0)
            return -1;
        if (w->asked && !l->memo)
            jl_tickets_forget(l->tickets, w->ticket + 1);
        jl_waiting_take(l->waiting);
    }
    if (l->f->memory == JL_REMEMBER_FLIGHT && l->memo && jl_set_count(l->memo) > 0)
        jl_set_clear(l->memo);
    /* Also those of lines that never had to wait. */
    if (l->tickets && l->f->memory != JL_REMEMBER_RUN)
        jl_tickets_forget(l->tickets, jl_tickets_next(l->tickets));
    return 0;
}

/* Takes the answers that have come. */
static int loop_collect(struct loop *l, jl_err *err) {
    if (l->lookup && l->lookup->ops->collect && loop_called(l, l->lookup->ops->collect(l->lookup, l->sink, err)) != 0)
        return -1;
    jl_run_progress(l->run, l->bytes_before + l->in.bytes, l->bytes_total);
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

/* The verdicts on the batch. A line that ends the run ends the batch: those before it still go their way. */
static void loop_verdicts(struct loop *l, jl_err *trouble) {
    for (size_t i = 0; i < l->n; i++) {
        jl_rec *rec = &l->rec[i];
        int verdict = loop_look(l, rec, trouble);
        if (verdict < 0) {
            jl_err_place(trouble, l->in.name, l->item[i].number);
            l->n = i;
            return;
        }
        l->item[i].verdict = (uint8_t)verdict;
        l->item[i].asks = verdict == JL_ASK;
        if (verdict == JL_ASK && l->memo)
            jl_set_prefetch(l->memo, rec->key);
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

/* Fills the questions of the batch. Returns how many, -1 on failure. */
static ssize_t loop_questions(struct loop *l, jl_err *err) {
    size_t asked = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct item *item = &l->item[i];
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
    for (ssize_t q = 0; l->tickets && q < asked; q++)
        if (jl_tickets_answer(l->tickets, l->query[q].ticket, l->query[q].answer, err) != 0)
            return -1;
    return 0;
}

static int loop_queue(struct loop *l, size_t i, jl_err *err) {
    const jl_rec *rec = &l->rec[i];
    jl_waiter about = {.file = l->in.name,
                       .number = l->item[i].number,
                       .ticket = l->item[i].ticket,
                       .asked = l->item[i].verdict == JL_ASK};
    if (l->item[i].asks) {
        about.extra = QUESTION;
        for (size_t k = 0; k < l->f->key->n; k++)
            about.extra += rec->field[l->f->first_key + k].len;
    }
    return jl_waiting_add(l->waiting, rec, about, err);
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
        l->item[i].number = l->line + slab->line[from + i];
    loop_verdicts(l, &trouble);
    loop_count(l, slab, from, from + l->n);
    if (loop_ask(l, &trouble, err) != 0)
        return -1;
    size_t q = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct item *item = &l->item[i];
        const jl_rec *rec = &l->rec[i];
        if (item->verdict == JL_DROP) {
            l->run->dropped++;
            continue;
        }
        jl_answer answer = {JL_UNANSWERED, {NULL, 0}};
        if (item->verdict == JL_ASK)
            answer = loop_answer_at_hand(l, i, q);
        q += item->asks;
        bool waits = l->waiting && (answer.state == JL_PENDING || jl_waiting_first(l->waiting));
        if (waits ? loop_queue(l, i, err) != 0
                  : loop_emit(l, rec, item->verdict == JL_ASK, answer, l->in.name, item->number, err) != 0)
            return -1;
    }
    if (trouble.class == JL_OK)
        return 0;
    *err = trouble;
    return -1;
}

/* The bad line that ends the slab. */
static int loop_bad(struct loop *l, jl_slab *slab, jl_err *err) {
    const jl_rec *rec = &slab->rec[slab->n];
    uint64_t number = l->line + slab->line[slab->n];
    l->run->lines_in++;
    memset(&l->why, 0, sizeof l->why);
    if (slab->bad == JL_BAD_LENGTH) {
        (void)jl_in_too_long(&l->in, number, &l->why);
    } else {
        /* Bad lines are rare: the reason is found by looking again. */
        jl_rec again;
        jl_field *field = slab->field + slab->n * jl_want_count(l->f->want);
        (void)jl_rec_scan(l->f->want, rec->line, rec->line + rec->len + 1, false, field, &again, &l->why);
    }
    jl_err_place(&l->why, l->in.name, number);
    return jl_rejects_add(&l->rejects, (jl_span){rec->line, rec->len}, &l->why, err);
}

/* The slab's lines from record *taken on, as many as the window takes. *taken is behind the last record at the end. */
static int loop_slab(struct loop *l, jl_slab *slab, size_t *taken, jl_err *err) {
    while (*taken < slab->n) {
        if (*taken > 0 && loop_pressed(l))
            return 0;
        size_t n = slab->n - *taken < l->batch ? slab->n - *taken : l->batch;
        if (loop_settle(l, slab, *taken, n, err) != 0)
            return -1;
        *taken += n;
        if (l->waiting && jl_waiting_first(l->waiting) && ++l->rounds % ROUNDS == 0 && loop_collect(l, err) != 0)
            return -1;
    }
    if (slab->n == 0)
        loop_count(l, slab, 0, 0);
    if (slab->bad != JL_BAD_NONE && loop_bad(l, slab, err) != 0)
        return -1;
    l->line += jl_slab_lines(slab);
    return 0;
}

/* The lines, or as many as the window takes: short lines cost more waiting than in the buffer. Takes them off. */
static int loop_lines(struct loop *l, jl_span *lines, bool utf8, jl_err *err) {
    while (lines->n > 0 && !loop_pressed(l)) {
        size_t bytes, taken = 0;
        if (jl_slab_scan(&l->slab, *lines, utf8, &bytes, err) != 0 || loop_slab(l, &l->slab, &taken, err) != 0)
            return -1;
        *lines = (jl_span){lines->p + bytes, lines->n - bytes};
    }
    return 0;
}

/* The complete lines of the buffer. */
static int loop_block(struct loop *l, jl_err *err) {
    jl_span block = jl_in_lines(&l->in), lines = block;
    const char *limit = block.p + block.n;
    bool utf8 = l->valid_to == limit || jl_utf8_valid(block.p, block.n);
    uint64_t line = l->line;
    if (loop_lines(l, &lines, utf8, err) != 0)
        return -1;
    l->valid_to = utf8 && lines.n > 0 ? limit : NULL;
    jl_in_take(&l->in, block.n - lines.n, l->line - line);
    return 0;
}

static int loop_long(struct loop *l, jl_span piece, bool last, jl_err *err) {
    bool first = !l->in_long;
    l->in_long = !last;
    if (first) {
        l->run->lines_in++;
        memset(&l->why, 0, sizeof l->why);
        (void)jl_in_too_long(&l->in, l->line, &l->why);
    }
    l->line += last;
    return jl_rejects_piece(&l->rejects, piece, first, last, &l->why, err);
}

/* ---- inputs ---- */

static int loop_next_input(struct loop *l, jl_err *err) {
    if (l->in.buf) {
        l->run->boms += l->in.boms;
        l->bytes_before += l->in.bytes;
        jl_in_close(&l->in);
    }
    const char *path = *l->next_input;
    if (!path)
        return 0;
    l->next_input++;
    l->line = 1;
    if (jl_in_open(&l->in, path, l->run->max_line, err) != 0)
        return -1;
    if (jl_output_is(&l->output, l->in.fd))
        return jl_err_set(err, JL_USAGE, "%s: the input is the output", l->in.name);
    return 1;
}

/* Every input is there before the first line goes out. */
static int loop_check_inputs(struct loop *l, jl_err *err) {
    bool known = true;
    for (char *const *path = l->next_input; *path; path++) {
        struct stat st;
        bool is_stdin = strcmp(*path, "-") == 0;
        if (is_stdin ? fstat(STDIN_FILENO, &st) != 0 : stat(*path, &st) != 0)
            return jl_err_errno(err, JL_NOINPUT, errno, "%s", is_stdin ? "stdin" : *path);
        if (!is_stdin && access(*path, R_OK) != 0)
            return jl_err_errno(err, JL_NOINPUT, errno, "%s", *path);
        if (S_ISDIR(st.st_mode))
            return jl_err_set(err, JL_NOINPUT, "%s: is a directory", is_stdin ? "stdin" : *path);
        known = known && S_ISREG(st.st_mode);
        l->bytes_total += (uint64_t)st.st_size;
    }
    if (!known)
        l->bytes_total = 0;
    return 0;
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
    fd[0] = (struct pollfd){.fd = pressed ? -1 : l->in.fd, .events = POLLIN};
    fd[1] = (struct pollfd){.fd = jl_stop_fd(), .events = POLLIN};
    bool file = l->in.size > 0; /* a file never keeps anybody waiting */
    size_t n = 2 + loop_pollfds(l, fd + 2);
    bool ready = !pressed && file;
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
    return ready && jl_in_fill(&l->in, err) == -1 ? -1 : 0;
}

/* ---- threads ---- */

/* Hands the lines of the buffer to the crew, when they are worth it and there is a place for them. */
static int loop_hand_over(struct loop *l, bool *handed, jl_err *err) {
    jl_block *block = jl_crew_place(l->crew);
    *handed = block && jl_in_lines(&l->in).n >= WORTH_A_THREAD && jl_in_usual(&l->in);
    if (!*handed)
        return 0;
    if (jl_in_hand_over(&l->in, &block->buf, &block->cap, &block->lines, err) != 0)
        return -1;
    jl_crew_put(l->crew);
    return 0;
}

/* Reads more while the crew has little to do, if that needs no waiting. Trouble is told when its turn comes. */
static bool loop_read_ahead(struct loop *l) {
    if (l->in.eof || l->trouble.class != JL_OK || !jl_crew_place(l->crew) || !jl_crew_hungry(l->crew) ||
        !jl_in_roomy(&l->in))
        return false;
    struct pollfd fd = {.fd = l->in.fd, .events = POLLIN};
    if (l->in.size == 0 && poll(&fd, 1, 0) <= 0)
        return false;
    return jl_in_fill(&l->in, &l->trouble) == 1;
}

/* The oldest block: first what was scanned ahead, then the rest of it. */
static int loop_first_block(struct loop *l, jl_err *err) {
    jl_block *block = jl_crew_first(l->crew);
    if (block->trouble.class != JL_OK) {
        *err = block->trouble;
        return -1;
    }
    if (block->scanned > 0) {
        if (loop_slab(l, &block->slab, &l->taken, err) != 0)
            return -1;
        if (l->taken < block->slab.n)
            return 0;
        block->lines = (jl_span){block->lines.p + block->scanned, block->lines.n - block->scanned};
        block->scanned = 0;
        l->taken = 0;
    }
    if (loop_lines(l, &block->lines, block->utf8, err) != 0)
        return -1;
    if (block->lines.n == 0)
        jl_crew_drop(l->crew);
    return 0;
}

/* Something that the crew makes possible: 1: done, 0: there was nothing, -1. */
static int loop_with_crew(struct loop *l, jl_err *err) {
    bool handed;
    if (loop_hand_over(l, &handed, err) != 0)
        return -1;
    if (handed)
        return 1;
    if (jl_crew_count(l->crew) == 0)
        return 0;
    if (loop_read_ahead(l))
        return 1;
    return loop_first_block(l, err) == 0 && loop_collect(l, err) == 0 ? 1 : -1;
}

/* Something that can be done without waiting: 1: done, 0: there was nothing, -1. */
static int loop_step(struct loop *l, bool *more, jl_err *err) {
    jl_span piece;
    bool last;
    int done = l->crew ? loop_with_crew(l, err) : 0;
    if (done != 0)
        return done;
    if (jl_in_lines(&l->in).n > 0)
        return loop_block(l, err) == 0 ? 1 : -1;
    if (jl_in_long(&l->in, &piece, &last))
        return loop_long(l, piece, last, err) == 0 ? 1 : -1;
    if (l->trouble.class != JL_OK) {
        *err = l->trouble;
        return -1;
    }
    if (!l->in.eof)
        return 0;
    int opened = loop_next_input(l, err);
    *more = opened > 0;
    return opened < 0 ? -1 : 1;
}

static int loop_read(struct loop *l, jl_err *err) {
    int opened = loop_next_input(l, err);
    bool more = opened > 0;
    while (more && !jl_stop_asked()) {
        bool pressed = loop_pressed(l);
        int done = pressed ? 0 : loop_step(l, &more, err);
        if (done < 0 || (done == 0 && loop_wait(l, pressed, err) != 0))
            return -1;
    }
    return opened < 0 ? -1 : 0;
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
    jl_run_progress_end(l->run, l->bytes_before + l->in.bytes, l->bytes_total);
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
    static char *const only_stdin[] = {(char *)"-", NULL};
    const jl_filter *f = l->f;
    l->next_input = f->inputs && f->inputs[0] ? f->inputs : only_stdin;
    l->in.fd = -1;
    l->lookup = f->lookup;
    l->sink = (jl_sink){loop_take, l};
    l->batch = f->batch ? f->batch : BATCH;
    l->window = f->window ? f->window : WINDOW;
    l->item = calloc(l->batch, sizeof *l->item);
    l->query = calloc(l->batch, sizeof *l->query);
    if (!l->item || !l->query)
        return jl_err_nomem(err);
    if (jl_slab_open(&l->slab, f->want, f->key, f->first_key, l->run->max_line, l->batch, err) != 0)
        return -1;
    if (f->lookup && (f->memory != JL_REMEMBER_NOTHING || f->lookup->ops->outstanding)) {
        l->waiting = jl_waiting_new(jl_want_count(f->want), err);
        l->tickets = l->waiting ? jl_tickets_new(err) : NULL;
        if (!l->tickets)
            return -1;
    }
    if (f->lookup && f->memory != JL_REMEMBER_NOTHING) {
        l->memo = jl_set_new(true, err);
        if (!l->memo)
            return -1;
    }
    return loop_check_inputs(l, err);
}

static int loop_start_crew(struct loop *l, jl_err *err) {
    const jl_filter *f = l->f;
    if (l->run->threads <= 1)
        return 0;
    l->crew = jl_crew_new((size_t)l->run->threads - 1, f->want, f->key, f->first_key, l->run->max_line, err);
    return l->crew ? 0 : -1;
}

static void loop_free(struct loop *l) {
    jl_crew_free(l->crew);
    if (l->in.buf)
        jl_in_close(&l->in);
    jl_slab_free(&l->slab);
    jl_waiting_free(l->waiting);
    jl_set_free(l->memo);
    jl_tickets_free(l->tickets);
    free(l->item);
    free(l->query);
}

int jl_filter_run(jl_run *run, const jl_filter *filter, jl_err *err) {
    struct loop l = {.run = run, .f = filter};
    jl_err first = {0};
    if (loop_open(&l, &first) == 0 && jl_rejects_open(&l.rejects, run, &first) == 0) {
        if (jl_output_open(&l.output, run, filter->then, &first) == 0) {
            if (loop_start_crew(&l, &first) != 0 || (loop_read(&l, &first) != 0 && first.class == JL_PIPE))
                l.discard = true;
            loop_finish(&l, &first);
            loop_judge(&l, &first);
        }
        run->bytes_in = l.bytes_before + l.in.bytes;
        run->boms += l.in.boms;
        run->bytes_out = l.output.out.bytes;
        loop_close(&l, &first);
    }
    loop_free(&l);
    if (first.class == JL_OK)
        return 0;
    *err = first;
    return -1;
}
