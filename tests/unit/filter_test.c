/* The loop under lookups that answer in any order, late, twice, never, or fail. */
#include "unit/cmocka_all.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "capture.h"
#include "chance.h"
#include "frame/cmd.h"
#include "frame/fields.h"
#include "frame/filter.h"
#include "jsonl/splice.h"
#include "scratch.h"

/* ---- a lookup that knows the answer of every number, and how to be difficult ---- */

typedef enum place { NOWHERE, SUBMIT, COLLECT, IDLE, PRESSED, FINISH, COMMIT } place;

enum { NUMBERS = 5000, OPEN = 100000 };

typedef struct oracle {
    jl_lookup base;
    chance c;
    unsigned at_hand;  /* of ten questions, answered in submit() */
    unsigned eager;    /* answers a collect() hands on, at most; 0: waits until idle, pressed or finished */
    unsigned twice;    /* of ten answers, given again at once or later */
    unsigned stranger; /* of ten answers, followed by one that nobody asked for */
    bool lazy_when_idle;
    place fails_in;
    size_t fails_at; /* at which call, from 1 */
    jl_class verdict;
    bool only_once; /* each number in the run */
    bool repeats;   /* a number may be in flight twice */
    size_t batch;

    int fd; /* readable while there is something to collect */
    struct {
        jl_hash key;
        uint64_t ticket, number;
    } open[OPEN], old[16];
    size_t n_open, n_old;
    unsigned char asked[NUMBERS];
    unsigned is_open[NUMBERS];
    size_t calls[COMMIT + 1];
    uint64_t questions;
    bool urged; /* was pressed: hands on answers until it has none */
    bool stopped;
    size_t memory; /* in use when the window was full the last time; 0 under a sanitizer */
} oracle;

static oracle *oracle_of(jl_lookup *l) {
    return (oracle *)(void *)l;
}

static jl_answer answer_of(uint64_t number, char text[24]) {
    static const jl_state state[] = {JL_UNKNOWN, JL_REFUSED, JL_UNANSWERED};
    if (number % 7 < 3)
        return (jl_answer){state[number % 7], {NULL, 0}};
    return (jl_answer){JL_FOUND, {text, (size_t)snprintf(text, 24, "%" PRIu64, number * 3)}};
}

static int oracle_fails(oracle *o, place here, jl_err *err) {
    o->calls[here]++;
    if (o->fails_in != here || o->calls[here] != o->fails_at)
        return 0;
    return jl_err_set(err, JL_UNAVAILABLE, "the oracle has left");
}

static void oracle_ready(oracle *o) {
    uint64_t one = 1;
    o->urged = o->urged && o->n_open;
    ssize_t rc = o->n_open && (o->eager || o->urged) ? write(o->fd, &one, sizeof one) : read(o->fd, &one, sizeof one);
    (void)rc;
}

static uint64_t number_of(const jl_rec *rec) {
    return strtoull(jl_rec_value(rec, 0).p, NULL, 10);
}

static int oracle_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    oracle *o = oracle_of(l);
    static char text[10000][24]; /* valid until the next call */
    assert_in_range(n, 1, o->batch);
    assert_int_equal(o->calls[FINISH], 0);
    if (oracle_fails(o, SUBMIT, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint64_t number = number_of(query[i].rec);
        assert_true(query[i].rec->has_key);
        assert_true(jl_hash_eq(query[i].key, query[i].rec->key));
        assert_int_equal(query[i].answer.state, JL_PENDING);
        assert_true(number < NUMBERS);
        assert_true(o->repeats || !o->is_open[number]);
        assert_false(o->only_once && o->asked[number]);
        o->asked[number] = 1;
        o->questions++;
        if (chance_below(&o->c, 10) < o->at_hand) {
            query[i].answer = answer_of(number, text[i]);
            continue;
        }
        o->is_open[number]++;
        assert_true(o->n_open < OPEN);
        o->open[o->n_open].key = query[i].key;
        o->open[o->n_open].ticket = query[i].ticket;
        o->open[o->n_open++].number = number;
    }
    oracle_ready(o);
    return 0;
}

static int oracle_tell(oracle *o, size_t most, jl_sink sink, jl_err *err) {
    char text[24];
    for (; most > 0 && o->n_open > 0; most--) {
        size_t i = chance_below(&o->c, o->n_open);
        uint64_t number = o->open[i].number, ticket = o->open[i].ticket;
        jl_hash key = o->open[i].key;
        o->open[i] = o->open[--o->n_open];
        o->is_open[number]--;
        if (sink.answer(sink.self, key, ticket, answer_of(number, text), err) != 0)
            return -1;
        memset(text, '?', sizeof text); /* it was copied */
        if (chance_below(&o->c, 10) < o->stranger) {
            uint64_t nobody = UINT64_MAX - chance_below(&o->c, 1000);
            assert_int_equal(sink.answer(sink.self, key, nobody, (jl_answer){JL_FOUND, JL_SPAN("-1")}, err), 0);
        }
        if (chance_below(&o->c, 10) < o->twice) /* the second one is wrong: it must not count */
            assert_int_equal(sink.answer(sink.self, key, ticket, (jl_answer){JL_FOUND, JL_SPAN("-2")}, err), 0);
        if (o->n_old && chance_below(&o->c, 10) < o->twice) /* of long ago */
            assert_int_equal(sink.answer(sink.self, key, o->old[chance_below(&o->c, o->n_old)].ticket,
                                         (jl_answer){JL_UNKNOWN, {NULL, 0}}, err),
                             0);
        if (o->n_old < 16)
            o->old[o->n_old++].ticket = ticket;
    }
    oracle_ready(o);
    return 0;
}

static size_t oracle_pollfds(jl_lookup *l, struct pollfd *fds, size_t max) {
    assert_true(max >= 8);
    fds[0] = (struct pollfd){.fd = oracle_of(l)->fd, .events = POLLIN};
    return 1;
}

static int oracle_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    oracle *o = oracle_of(l);
    if (oracle_fails(o, COLLECT, err) != 0)
        return -1;
    size_t most = o->eager ? o->eager : o->urged ? 10 : 0;
    return oracle_tell(o, most ? 1 + chance_below(&o->c, most) : 0, sink, err);
}

static int oracle_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    oracle *o = oracle_of(l);
    if (oracle_fails(o, IDLE, err) != 0)
        return -1;
    return o->lazy_when_idle ? 0 : oracle_tell(o, SIZE_MAX, sink, err);
}

static int oracle_pressed(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err) {
    oracle *o = oracle_of(l);
    assert_true(now <= jl_clock_now());
    assert_true(o->n_open > 0); /* else nothing could ever free the window */
    if (oracle_fails(o, PRESSED, err) != 0)
        return -1;
    o->urged = true;
    struct mallinfo2 m = mallinfo2();
    o->memory = m.uordblks + m.hblkhd;
    return oracle_tell(o, 1 + chance_below(&o->c, o->n_open), sink, err);
}

static int oracle_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    oracle *o = oracle_of(l);
    assert_true(o->calls[FINISH] == 0 || (stop && !o->stopped)); /* a second time only to stop after all */
    o->stopped = stop;
    if (oracle_fails(o, FINISH, err) != 0)
        return -1;
    if (o->eager == 0)
        o->eager = 10; /* the rest comes through collect() */
    oracle_ready(o);
    return o->n_open ? oracle_tell(o, chance_below(&o->c, o->n_open), sink, err) : 0;
}

static size_t oracle_outstanding(const jl_lookup *l) {
    return ((const oracle *)(const void *)l)->n_open;
}

static jl_class oracle_verdict(jl_lookup *l, jl_err *err) {
    const oracle *o = oracle_of(l);
    assert_int_equal(o->n_open, 0);
    assert_int_equal(o->calls[FINISH], 1);
    if (o->verdict != JL_OK)
        (void)jl_err_set(err, o->verdict, "the oracle was never reached");
    return o->verdict;
}

static int oracle_commit(jl_lookup *l, jl_err *err) {
    return oracle_fails(oracle_of(l), COMMIT, err);
}

static const jl_lookup_ops oracle_ops = {
    .submit = oracle_submit,
    .pollfds = oracle_pollfds,
    .collect = oracle_collect,
    .idle = oracle_idle,
    .pressed = oracle_pressed,
    .finish = oracle_finish,
    .outstanding = oracle_outstanding,
    .verdict = oracle_verdict,
    .commit = oracle_commit,
};

/* All that may be missing is. */
static const jl_lookup_ops oracle_at_hand_ops = {.submit = oracle_submit};

/* ---- a program ---- */

typedef struct program {
    jl_run run;
    jl_fields fields;
    jl_filter filter;
    oracle o;
    bool plain;      /* the lookup is not the oracle: the answer of a number is the number */
    bool unanswered; /* is allowed for any number */
    uint64_t looks, answers;
    uint64_t bytes_open, most_open; /* of lines looked at, not answered yet */
    uint64_t look_fails_at, answer_fails_at;
    jl_class says; /* in verdict() */
    size_t ends, verdicts;
} program;

static int look(void *self, const jl_rec *rec, jl_err *err) {
    program *p = self;
    if (++p->looks == p->look_fails_at)
        return jl_err_set(err, JL_DATA, "not such a line");
    if (!rec->has_key)
        return JL_PASS;
    uint64_t number = number_of(rec);
    if (!p->plain && number % 11 == 3)
        return JL_DROP;
    if (!p->plain && number % 13 == 5)
        return JL_PASS;
    p->bytes_open += rec->len;
    p->most_open = p->bytes_open > p->most_open ? p->bytes_open : p->most_open;
    return JL_ASK;
}

static int answered(void *self, const jl_rec *rec, const jl_answer *answer, jl_out *out, jl_err *err) {
    program *p = self;
    char text[24];
    uint64_t number = number_of(rec);
    jl_answer want = answer_of(number, text);
    if (p->plain)
        want = (jl_answer){JL_FOUND, {text, (size_t)snprintf(text, sizeof text, "%" PRIu64, number)}};
    p->bytes_open -= rec->len;
    if (++p->answers == p->answer_fails_at)
        return jl_err_set(err, JL_TEMPFAIL, "no answer");
    if (answer->state != JL_UNANSWERED || !p->unanswered) {
        assert_int_equal(answer->state, want.state);
        if (want.state == JL_FOUND)
            assert_true(jl_span_eq(answer->value, want.value));
    }
    if (answer->state == JL_UNKNOWN && number % 2)
        return JL_DROP;
    jl_member member = {p->fields.answer.token[0], answer->value, p->fields.first_answer};
    int rc = answer->state == JL_FOUND ? jl_splice(out, rec, &member, 1, err)
                                       : jl_out_line(out, (jl_span){rec->line, rec->len}, err);
    return rc == 0 ? JL_PASS : -1;
}

static int ended(void *self, jl_out *out, jl_err *err) {
    (void)out, (void)err;
    ((program *)self)->ends++;
    return 0;
}

static int program_verdict(void *self, jl_err *err) {
    program *p = self;
    p->verdicts++;
    return p->says == JL_OK ? 0 : jl_err_set(err, p->says, "some lines have no answer");
}

/* When a lookup answers and what it is asked. */
typedef enum mode {
    AT_ONCE, /* all in submit(); every line is a question */
    EACH,    /* later; every line is a question */
    ONCE     /* later; each key is asked once */
} mode;

static void program_open(program *p, mode how, chance *c) {
    memset(p, 0, sizeof *p);
    p->run = (jl_run){.quiet = true,
                      .max_rejects = {-1, -1},
                      .max_line = 2000,
                      .progress = JL_WHEN_NEVER,
                      .output = "o",
                      .rejects = "r"};
    p->fields = (jl_fields){.key_text = "k", .answer_text = "a"};
    assert_int_equal(jl_fields_open(&p->fields, true, NULL), 0);
    p->o = (oracle){.base = {&oracle_ops}, .c = *c, .eager = 20, .only_once = how == ONCE, .batch = 256};
    p->o.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    p->filter = (jl_filter){.self = p,
                            .want = p->fields.want,
                            .key = &p->fields.key,
                            .first_key = p->fields.first_key,
                            .lookup = &p->o.base,
                            .remember = how == ONCE,
                            .look = look,
                            .answer = answered,
                            .end = ended,
                            .verdict = program_verdict};
    p->o.repeats = how != ONCE;
    if (how == AT_ONCE) {
        p->o.at_hand = 10;
        p->o.base.ops = &oracle_at_hand_ops;
    }
}

static void program_close(program *p) {
    close(p->o.fd);
    jl_fields_close(&p->fields);
}

static program p; /* large */

/* ---- lines, and what must become of them ---- */

typedef struct story {
    jl_buf in[3], out, rejects;
    uint64_t lines, lines_out, dropped, blank, rejected, boms;
} story;

static void put(jl_buf *b, jl_span bytes) {
    assert_int_equal(jl_buf_add(b, bytes, NULL), 0);
}

static void put_line(jl_buf *b, jl_span bytes) {
    put(b, bytes);
    put(b, JL_SPAN("\n"));
}

/* A record in the spelling of chance, of at least `least` bytes, and what the program makes of it. */
static void tell_record(story *s, jl_buf *in, chance *c, size_t numbers, size_t least, size_t max_line) {
    jl_buf line = {0}, out = {0};
    char text[24];
    uint64_t number = chance_below(c, numbers);
    bool has_key = chance_below(c, 12) > 0, had_answer = chance_below(c, 4) == 0;
    jl_answer answer = answer_of(number, text);
    bool drop = has_key && (number % 11 == 3 || (number % 13 != 5 && answer.state == JL_UNKNOWN && number % 2));
    bool set = has_key && number % 11 != 3 && number % 13 != 5 && answer.state == JL_FOUND;
    for (int o = 0; o < 2; o++) {
        jl_buf *b = o ? &out : &line;
        chance same = *c;
        if (chance_below(&same, 3) == 0)
            put(b, JL_SPAN(" \t"));
        put(b, JL_SPAN("{\"s\":\"x"));
        for (size_t n = chance_below(&same, 60); n > 0; n--)
            put(b, chance_below(&same, 9) ? JL_SPAN("y") : JL_SPAN("\\n\xc3\xa9"));
        while (b->n + 40 < least)
            put(b, JL_SPAN("zzzzzzzzzzzzzzzz"));
        put(b, JL_SPAN("\""));
        if (has_key)
            assert_int_equal(
                jl_buf_addf(b, NULL, chance_below(&same, 2) ? ", \"k\": %d" : ",\"\\u006b\":%d", (int)number), 0);
        else if (chance_below(&same, 2))
            put(b, JL_SPAN(",\"k\":null"));
        if (had_answer && set && o)
            assert_int_equal(jl_buf_addf(b, NULL, ",\"a\" : %d", (int)number * 3), 0);
        else if (had_answer)
            put(b, JL_SPAN(",\"a\" : [1]"));
        if (chance_below(&same, 3) == 0)
            put(b, JL_SPAN(" "));
        if (!had_answer && set && o)
            assert_int_equal(jl_buf_addf(b, NULL, ",\"a\":%d", (int)number * 3), 0);
        put(b, JL_SPAN("}"));
        if (chance_below(&same, 5) == 0)
            put(b, JL_SPAN("\r"));
        if (o)
            *c = same;
    }
    put_line(in, jl_buf_span(&line));
    if (line.n > max_line) {
        s->rejected++;
        put_line(&s->rejects, jl_buf_span(&line));
    } else if (drop) {
        s->dropped++;
    } else {
        s->lines_out++;
        put_line(&s->out, jl_buf_span(&out));
    }
    jl_buf_free(&line);
    jl_buf_free(&out);
}

static void tell(story *s, chance *c, size_t lines, size_t numbers, size_t max_line) {
    static const jl_span bad[] = {
        {"{", 1},  {"{\"k\":1", 6}, {"{\"k\":01}", 8}, {"{\"k\":\"\xff\"}", 9},
        {"[]", 2}, {"\0", 1},       {"{}{}", 4},       {"{\"k\":1}\0", 8},
    };
    static const jl_span blank[] = {{"", 0}, {" \t", 2}, {"\r", 1}};
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < 3; i++) {
        jl_buf *in = &s->in[i];
        if (chance_below(c, 3) == 0) {
            put(in, JL_SPAN("\xef\xbb\xbf"));
            s->boms++;
        }
        for (size_t n = chance_below(c, lines); n > 0; n--) {
            size_t kind = chance_below(c, 200);
            s->lines++;
            if (kind < 4) {
                jl_span b = bad[chance_below(c, sizeof bad / sizeof *bad)];
                put_line(in, b);
                put_line(&s->rejects, b);
                s->rejected++;
            } else if (kind < 10) {
                put_line(in, blank[chance_below(c, 3)]);
                s->blank++;
                s->dropped++;
            } else {
                size_t least = kind == 10                               ? max_line + chance_below(c, 200)
                               : kind == 11                             ? max_line - 100
                               : kind == 12 && chance_below(c, 20) == 0 ? (size_t)3 << 20
                                                                        : 0;
                tell_record(s, in, c, numbers, least, max_line);
            }
        }
        if (in->n && s->out.n && chance_below(c, 3) == 0 && in->p[in->n - 1] == '\n' && in->n > 1 &&
            in->p[in->n - 2] == '}')
            in->n--; /* no LF at the end: it gets one */
    }
}

static void story_free(story *s) {
    for (size_t i = 0; i < 3; i++)
        jl_buf_free(&s->in[i]);
    jl_buf_free(&s->out);
    jl_buf_free(&s->rejects);
}

static void file_is(const char *path, const jl_buf *want) {
    jl_buf is = scratch_read(path, NULL);
    size_t n = is.n < want->n ? is.n : want->n, same = 0;
    while (same < n && is.p[same] == want->p[same])
        same++;
    if (same < is.n || same < want->n)
        fail_msg("%s: %zu bytes instead of %zu, differs at %zu: »%.*s« instead of »%.*s«", path, is.n, want->n, same,
                 (int)(is.n - same < 80 ? is.n - same : 80), is.p + same,
                 (int)(want->n - same < 80 ? want->n - same : 80), want->p + same);
    jl_buf_free(&is);
}

/* Writes the text in random pieces into a pipe; the path of its other end. */
static pid_t through_a_pipe(const jl_buf *text, chance *c, int *fd, char path[32]) {
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(pair[0]);
        size_t most = chance_below(c, 2) ? 300 : 100000;
        for (size_t at = 0; at < text->n;) {
            size_t n = 1 + chance_below(c, most);
            n = n < text->n - at ? n : text->n - at;
            ssize_t done = write(pair[1], text->p + at, n);
            if (done < 0)
                _exit(1);
            at += (size_t)done;
        }
        _exit(0);
    }
    close(pair[1]);
    *fd = pair[0];
    snprintf(path, 32, "/dev/fd/%d", pair[0]);
    return pid;
}

static void whatever_the_lookup_does(void **state) {
    (void)state;
    chance c = chance_seeded();
    static const size_t batches[] = {0, 1, 2, 7, 300, 10000};
    static const uint64_t windows[] = {0, 1, 500, 20000, 100000};
    for (size_t round = chance_rounds(60); round > 0; round--) {
        mode how = (mode)chance_below(&c, 3);
        story s;
        char path[3][32];
        int fd[3] = {-1, -1, -1};
        pid_t pid[3] = {0, 0, 0};
        program_open(&p, how, &c);
        p.run.max_line = 300 + chance_below(&c, 2000);
        p.run.threads = 1 + chance_below(&c, 4);
        size_t lines = chance_below(&c, 8) == 0 ? 30000 : chance_below(&c, 2) ? 30 : 1500;
        tell(&s, &c, lines, 1 + chance_below(&c, NUMBERS), p.run.max_line);
        size_t batch = batches[chance_below(&c, 6)];
        p.filter.batch = batch;
        p.o.batch = batch ? batch : 256;
        p.filter.window = windows[chance_below(&c, 5)];
        p.o.at_hand = how == AT_ONCE ? 10 : (unsigned)chance_below(&c, 10);
        p.o.eager = chance_below(&c, 3) ? 1 + (unsigned)chance_below(&c, 100) : 0;
        p.o.twice = chance_below(&c, 2) ? (unsigned)chance_below(&c, 8) : 0;
        p.o.stranger = chance_below(&c, 2) ? (unsigned)chance_below(&c, 5) : 0;
        p.o.lazy_when_idle = chance_below(&c, 2);
        char *inputs[] = {path[0], path[1], path[2], NULL};
        p.filter.inputs = inputs;
        for (size_t i = 0; i < 3; i++) {
            if (chance_below(&c, 3) == 0) {
                pid[i] = through_a_pipe(&s.in[i], &c, &fd[i], path[i]);
            } else {
                snprintf(path[i], sizeof path[i], "in%zu", i);
                scratch_write(path[i], jl_buf_span(&s.in[i]));
            }
        }
        jl_err err = {0};
        if (jl_filter_run(&p.run, &p.filter, &err) != 0)
            fail_msg("%s:%d: %s", err.file, (int)err.line, err.text);
        file_is("o", &s.out);
        file_is("r", &s.rejects);
        assert_int_equal(p.run.lines_in, s.lines);
        assert_int_equal(p.run.lines_out, s.lines_out);
        assert_int_equal(p.run.rejected, s.rejected);
        assert_int_equal(p.run.dropped, s.dropped);
        assert_int_equal(p.run.lines_in, p.run.lines_out + p.run.rejected + p.run.dropped);
        assert_int_equal(p.run.blank, s.blank);
        assert_int_equal(p.run.boms, s.boms);
        assert_int_equal(p.run.bytes_in, s.in[0].n + s.in[1].n + s.in[2].n);
        assert_int_equal(p.run.bytes_out, s.out.n);
        assert_int_equal(p.o.n_open, 0);
        assert_int_equal(p.ends, 1);
        assert_int_equal(p.verdicts, 1);
        assert_int_equal(p.bytes_open, 0);
        if (how != AT_ONCE) {
            assert_int_equal(p.o.calls[FINISH], 1);
            assert_int_equal(p.o.calls[COMMIT], 1);
        }
        for (size_t i = 0; i < 3; i++) {
            if (pid[i])
                assert_int_equal(capture_wait(pid[i]), 0);
            if (fd[i] >= 0)
                close(fd[i]);
        }
        story_free(&s);
        program_close(&p);
    }
}

/* ---- simple lines: {"k":N,…}, which all get an answer or pass ---- */

/* Line i asks for a number of its own that is neither dropped nor passed. */
static uint64_t nth(size_t i) {
    uint64_t number = 3;
    for (size_t n = 0;; number++) {
        bool asks = number % 11 != 3 && number % 13 != 5 && number % 7 > 2;
        if (asks && n++ == i)
            return number;
    }
}

static void simple_lines(jl_buf *in, jl_buf *out, size_t n, size_t size) {
    uint64_t number = 3;
    for (size_t i = 0; i < n; number++) {
        if (number % 11 == 3 || number % 13 == 5 || number % 7 < 3)
            continue;
        assert_int_equal(jl_buf_addf(in, NULL, "{\"k\":%d,\"s\":\"%0*d\"}\n", (int)number, (int)size, 0), 0);
        if (out)
            assert_int_equal(jl_buf_addf(out, NULL, "{\"k\":%d,\"s\":\"%0*d\",\"a\":%d}\n", (int)number, (int)size, 0,
                                         (int)number * 3),
                             0);
        i++;
    }
}

static char *const in_file[] = {(char *)"in", NULL};
static char in_folder[160];

/* A run over the simple lines in the file "in", whose output is written at once to the file "out". */
static int simple_run(const jl_buf *in, jl_err *err) {
    static char to[32];
    int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    snprintf(to, sizeof to, "/dev/fd/%d", fd);
    scratch_write("in", jl_buf_span(in));
    p.run.output = to;
    p.filter.inputs = in_file;
    *err = (jl_err){0};
    int rc = jl_filter_run(&p.run, &p.filter, err);
    close(fd);
    return rc;
}

/* The file "out" has the first lines of `in`, each with its answer or as it was; returns how many have theirs. */
static size_t out_is_a_beginning(const jl_buf *in, const jl_buf *with, uint64_t lines) {
    jl_buf is = scratch_read("out", NULL);
    const char *i = in->p, *w = with->p, *o = is.p;
    size_t have = 0;
    for (uint64_t n = 0; n < lines; n++) {
        size_t in_n = (size_t)(strchr(i, '\n') - i) + 1, with_n = (size_t)(strchr(w, '\n') - w) + 1;
        size_t left = is.n - (size_t)(o - is.p);
        if (left >= with_n && memcmp(o, w, with_n) == 0) {
            o += with_n;
            have++;
        } else if (left >= in_n && memcmp(o, i, in_n) == 0) {
            o += in_n;
        } else {
            fail_msg("line %d: »%.*s«", (int)n + 1, (int)(left < 60 ? left : 60), o);
        }
        i += in_n;
        w += with_n;
    }
    assert_int_equal(o - is.p, is.n);
    jl_buf_free(&is);
    return have;
}

static const char *const place_name[] = {"nowhere", "submit", "collect", "idle", "pressed", "finish", "commit"};

/* When the lookup fails, all lines that were read go out; those answered by then with their answers. */
static void a_lookup_that_fails(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_buf in = {0}, out = {0};
    enum { LINES = 1500 };
    simple_lines(&in, &out, LINES, 20);
    for (size_t how = 0; how < 3; how++) {
        for (place where = SUBMIT; where <= FINISH; where++) {
            for (size_t at = 1; at <= 4; at++) {
                if (how == AT_ONCE && where != SUBMIT)
                    continue;
                program_open(&p, (mode)how, &c);
                p.filter.batch = p.o.batch = 100;
                p.filter.window = where == PRESSED ? 5000 : where == IDLE || where == FINISH ? 0 : 50000;
                p.o.eager = where == SUBMIT || where == COLLECT ? 5 : 0;
                p.o.lazy_when_idle = true;
                p.o.fails_in = where;
                p.o.fails_at = at;
                p.unanswered = true;
                jl_err err;
                int rc = simple_run(&in, &err);
                if (p.o.calls[where] < at) { /* a file keeps nobody idle; one finish is all there is */
                    assert_true(where == IDLE || where == FINISH);
                    assert_int_equal(rc, 0);
                    assert_int_equal(out_is_a_beginning(&in, &out, LINES), LINES);
                } else {
                    if (rc != -1 || err.class != JL_UNAVAILABLE || strcmp(err.text, "the oracle has left") != 0)
                        fail_msg("%s %zu: %d %s", place_name[where], at, (int)err.class, err.text);
                    assert_int_equal(p.o.calls[where], at); /* nothing is asked of it any more */
                    assert_int_equal(p.o.calls[COMMIT], 0);
                    assert_int_equal(p.run.lines_out, p.run.lines_in);
                    assert_int_equal(p.run.lines_in, where == FINISH ? LINES : p.looks);
                    size_t have = out_is_a_beginning(&in, &out, p.run.lines_in);
                    if (p.run.lines_in > 0)
                        assert_true(have < p.run.lines_in);
                    if (how == AT_ONCE)
                        assert_int_equal(have, (at - 1) * 100);
                    assert_int_equal(p.ends + p.verdicts, 0);
                }
                program_close(&p);
            }
        }
    }
    jl_buf_free(&in);
    jl_buf_free(&out);
}

/* The run ends at a bad line, one that look() refuses, one that answer() refuses: those before it go out answered. */
static void lines_before_the_last_one(void **state) {
    (void)state;
    chance c = chance_seeded();
    enum { LINES = 1500, AT = 700 };
    for (int how = 0; how < 3; how++) {
        for (int way = 0; way < 4; way++) {
            jl_buf in = {0}, out = {0};
            program_open(&p, (mode)how, &c);
            simple_lines(&in, &out, AT, 20);
            size_t good = in.n;
            if (way < 2)
                put(&in, way ? JL_SPAN("{\"k\":1,}\n") : JL_SPAN("\"\xff\n"));
            else
                p.look_fails_at = way == 2 ? AT + 1 : 0, p.answer_fails_at = way == 3 ? AT + 1 : 0;
            simple_lines(&in, NULL, LINES - AT, 20);
            p.run.rejects = NULL;
            p.o.eager = way == 3 ? 7 : 0;
            jl_err err;
            assert_int_equal(simple_run(&in, &err), -1);
            assert_int_equal(err.class, way == 3 ? JL_TEMPFAIL : JL_DATA);
            assert_string_equal(err.file, "in");
            assert_int_equal(err.line, AT + 1);
            assert_int_equal(p.run.lines_out, AT);
            if (way < 3)
                assert_int_equal(p.run.lines_in, AT + (way < 2)); /* a bad line is counted */
            assert_int_equal(p.run.rejected, way < 2);
            assert_int_equal(p.o.n_open, 0); /* what was asked came to its end */
            if (how != AT_ONCE) {
                assert_true(p.o.calls[FINISH] > 0);
                if (way < 3)
                    assert_false(p.o.stopped);
            }
            in.n = good;
            assert_int_equal(out_is_a_beginning(&in, &out, AT), AT);
            assert_int_equal(p.ends + p.verdicts + p.o.calls[COMMIT], 0);
            program_close(&p);
            jl_buf_free(&in);
            jl_buf_free(&out);
        }
    }
}

static void what_waits_is_bounded(void **state) {
    (void)state;
    chance c = chance_seeded();
    const struct {
        size_t lines, size;
        uint64_t window;
    } way[] = {{3500, 3000, 300000}, {3500, 3000, 1}, {3500, 1, 100000}, {2500, 1500, 2000000}};
    for (size_t i = 0; i < 4; i++) {
        jl_buf in = {0}, out = {0};
        simple_lines(&in, &out, i == 2 ? 1500 : 1000, way[i].size);
        program_open(&p, ONCE, &c);
        p.run.max_line = 10000;
        p.filter.window = way[i].window;
        p.filter.batch = p.o.batch = 10;
        p.o.eager = 0; /* answers only when pressed */
        jl_err err;
        assert_int_equal(simple_run(&in, &err), 0);
        file_is("out", &out);
        assert_true(p.most_open <= way[i].window + 10 * (way[i].size + 40)); /* one batch more */
        if (in.n > 2 * way[i].window)
            assert_true(p.o.calls[PRESSED] > 0);
        jl_buf_free(&in);
        jl_buf_free(&out);
        program_close(&p);
    }
}

/* Short lines take far more memory where they wait than where they were read. */
static void short_lines_are_bounded_too(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_buf in = {0};
    put(&in, JL_SPAN("{\"k\":6}\n"));
    for (int i = 0; i < 300000; i++)
        put(&in, JL_SPAN("{}\n"));
    program_open(&p, ONCE, &c);
    p.o.eager = 0;
    p.filter.window = 1 << 20;
    struct mallinfo2 before = mallinfo2();
    jl_err err;
    assert_int_equal(simple_run(&in, &err), 0);
    assert_int_equal(p.run.lines_out, 300001);
    assert_int_equal(p.o.calls[PRESSED], 1);
    if (p.o.memory > 0) /* a megabyte of lines in their buffer is fifty of waiting ones */
        assert_true(p.o.memory - before.uordblks - before.hblkhd < (size_t)8 << 20);
    jl_buf_free(&in);
    program_close(&p);
}

/* ---- verdicts, marks, places ---- */

static void marks_are_committed_last_or_not_at_all(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_buf in = {0}, out = {0};
    simple_lines(&in, &out, 10, 5);
    for (int way = 0; way < 5; way++) {
        jl_err err = {0};
        scratch_write("in", jl_buf_span(&in));
        scratch_write("o", JL_SPAN("old"));
        unlink("o.partial");
        program_open(&p, EACH, &c);
        p.filter.inputs = in_file;
        jl_class want = JL_OK;
        if (way == 1)
            want = p.says = JL_TEMPFAIL;
        if (way == 2)
            want = p.o.verdict = JL_CONFIG, p.says = JL_TEMPFAIL; /* the lookup's comes first */
        if (way == 3)
            want = JL_UNAVAILABLE, p.o.fails_in = COMMIT, p.o.fails_at = 1;
        if (way == 4)
            want = JL_DATA, p.run.max_rejects.percent = 5, put(&in, JL_SPAN("bad\n")),
            scratch_write("in", jl_buf_span(&in));
        assert_int_equal(jl_filter_run(&p.run, &p.filter, &err), want == JL_OK ? 0 : -1);
        assert_int_equal(err.class, want);
        assert_int_equal(p.o.calls[COMMIT], way == 0 || way == 3);
        assert_int_equal(scratch_exists("o.partial"), way == 1);
        if (way == 1)
            file_is("o.partial", &out);
        if (way == 0 || way == 3)
            file_is("o", &out); /* in its place before the marks are made */
        else
            file_is("o", &(jl_buf){.p = (char *)"old", .n = 3});
        program_close(&p);
    }
    jl_buf_free(&in);
    jl_buf_free(&out);
}

static void a_command_takes_the_lines(void **state) {
    (void)state;
    chance c = chance_seeded();
    const struct {
        const char *script;
        size_t lines;
        jl_class want;
    } way[] = {
        {"cat >got", 1000, JL_OK},
        {"cat >got; exit 66", 1000, JL_NOINPUT},
        {"cat >got; kill -9 $$", 1000, JL_SOFTWARE},
        {"head -n 1 >/dev/null; exit 66", 1500, JL_NOINPUT}, /* its own account, not that it read no further */
        {"exec <&-; exit 75", 1500, JL_TEMPFAIL},
        {"exec <&-; exit 0", 1500, JL_PIPE}, /* it cannot be relied on to have taken them */
    };
    for (size_t i = 0; i < 6; i++) {
        jl_buf in = {0}, out = {0};
        simple_lines(&in, &out, way[i].lines, 1500);
        scratch_write("in", jl_buf_span(&in));
        program_open(&p, ONCE, &c);
        p.run.output = NULL;
        p.filter.inputs = in_file;
        p.filter.then = (char *const[]){(char *)"sh", (char *)"-c", (char *)way[i].script, NULL};
        jl_err err = {0};
        int rc = jl_filter_run(&p.run, &p.filter, &err);
        if (rc != (way[i].want == JL_OK ? 0 : -1) || err.class != way[i].want)
            fail_msg("%s: %d %s", way[i].script, (int)err.class, err.text);
        assert_int_equal(p.o.calls[COMMIT], i == 0);
        assert_int_equal(p.o.n_open, 0);
        if (i == 0)
            file_is("got", &out);
        program_close(&p);
        jl_buf_free(&in);
        jl_buf_free(&out);
    }
}

static void inputs_that_are_not_there(void **state) {
    (void)state;
    chance c = chance_seeded();
    scratch_write("in", JL_SPAN("{\"k\":1}\n"));
    snprintf(in_folder, sizeof in_folder, "%s", scratch_folder);
    char *const missing[] = {(char *)"in", (char *)"missing", NULL}, *const folder[] = {(char *)"in", in_folder, NULL};
    for (int i = 0; i < 2; i++) {
        jl_err err = {0};
        program_open(&p, ONCE, &c);
        scratch_write("o", JL_SPAN("old"));
        p.filter.inputs = i ? folder : missing;
        assert_int_equal(jl_filter_run(&p.run, &p.filter, &err), -1);
        assert_int_equal(err.class, JL_NOINPUT);
        assert_int_equal(p.looks, 0); /* found out before the first line */
        file_is("o", &(jl_buf){.p = (char *)"old", .n = 3});
        program_close(&p);
    }
}

/* No lookup, no callbacks: a program that only checks. */
static void nothing_is_asked(void **state) {
    (void)state;
    chance c = chance_seeded();
    program_open(&p, AT_ONCE, &c);
    p.filter.lookup = NULL;
    p.filter.end = NULL;
    p.filter.verdict = NULL;
    p.filter.look = NULL;
    p.unanswered = true;
    jl_err err;
    jl_buf in = {0};
    put(&in, JL_SPAN("{}\n{\"k\":null}\n"));
    assert_int_equal(simple_run(&in, &err), 0);
    file_is("out", &in);
    program_close(&p);
    jl_buf_free(&in);
}

/* ---- processes of their own: a pipe that is slow, a reader that leaves, a signal ---- */

typedef struct live {
    mode how;
    unsigned at_hand, eager;
    bool lazy_when_idle;
    int in, out;
} live;

static int live_run(const live *v) {
    chance c = chance_seeded();
    jl_err err = {0};
    signal(SIGPIPE, SIG_IGN);
    alarm(60);
    program_open(&p, v->how, &c);
    p.run.output = p.run.rejects = NULL;
    p.o.at_hand = v->at_hand;
    p.o.eager = v->eager;
    p.o.lazy_when_idle = v->lazy_when_idle;
    if (dup2(v->in, 0) < 0 || dup2(v->out, 1) < 0)
        return 99;
    int rc = jl_filter_run(&p.run, &p.filter, &err);
    if (p.o.n_open)
        return 98; /* what was asked must come to its end, whatever happens */
    if (jl_stop_asked())
        return rc == 0 && p.o.stopped && p.ends + p.verdicts == 0 && p.o.calls[COMMIT] == 1 ? 128 + jl_stop_asked()
                                                                                            : 97;
    program_close(&p);
    return rc == 0 ? 0 : (int)err.class;
}

/* Starts it with pipes at both ends, which are close-on-exec here and closed there. */
static pid_t live_start(live *v, int *to, int *from) {
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    v->in = in[0];
    v->out = out[1];
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(in[1]);
        close(out[0]);
        exit(live_run(v));
    }
    close(in[0]);
    close(out[1]);
    *to = in[1];
    *from = out[0];
    return pid;
}

static void read_exactly(int fd, const char *want) {
    char text[200];
    size_t n = strlen(want);
    for (size_t at = 0; at < n;) {
        ssize_t got = read(fd, text + at, n - at);
        if (got <= 0)
            fail_msg("it ended before »%s«", want);
        at += (size_t)got;
    }
    assert_memory_equal(text, want, n);
}

/* Each line comes out before the next goes in: nothing may be held back while the loop waits. */
static void a_line_at_a_time(void **state) {
    (void)state;
    const live ways[] = {
        {.how = AT_ONCE, .at_hand = 10},
        {.how = EACH, .at_hand = 10},
        {.how = ONCE, .eager = 0}, /* held back until the loop is idle */
        {.how = EACH, .eager = 0},
        {.how = ONCE, .eager = 1, .lazy_when_idle = true},
        {.how = EACH, .eager = 1, .lazy_when_idle = true},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        live v = ways[i];
        int to, from;
        pid_t pid = live_start(&v, &to, &from);
        for (size_t line = 0; line < 60; line++) {
            char text[100], want[100];
            uint64_t number = nth(line / 2);
            int n = snprintf(text, sizeof text, "{\"k\":%" PRIu64 "}\n", number);
            snprintf(want, sizeof want, "{\"k\":%" PRIu64 ",\"a\":%" PRIu64 "}\n", number, number * 3);
            int cut = (int)line % n; /* in two pieces */
            assert_int_equal(write(to, text, (size_t)cut), cut);
            assert_int_equal(write(to, text + cut, (size_t)(n - cut)), n - cut);
            read_exactly(from, want);
        }
        assert_int_equal(write(to, "{\"k\":6}", 7), 7);
        close(to);
        read_exactly(from, "{\"k\":6,\"a\":18}\n");
        assert_int_equal(capture_wait(pid), 0);
        close(from);
    }
}

/* The reader of stdout has gone: what was asked is seen to its end all the same (live_run says so by its status). */
static void nobody_reads_any_more(void **state) {
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        live v = {
            .how = i % 2 ? ONCE : EACH, .at_hand = i < 2 ? 5 : 0, .eager = i < 4 ? 3 : 0, .lazy_when_idle = i >= 4};
        jl_buf in = {0};
        int to, from;
        simple_lines(&in, NULL, 1400, 30);
        pid_t pid = live_start(&v, &to, &from);
        close(from);
        assert_true(write(to, in.p, in.n) > 0 || errno == EPIPE);
        close(to);
        assert_int_equal(capture_wait(pid), JL_PIPE);
        jl_buf_free(&in);
    }
}

/* Asked to stop while input is at rest: the lines read go out, with the answers in flight. */
static void stop_in_the_middle(void **state) {
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        live v = {
            .how = i % 2 ? ONCE : EACH, .at_hand = i < 2 ? 10 : 0, .eager = i < 4 ? 3 : 0, .lazy_when_idle = true};
        jl_buf in = {0}, want = {0}, is = {0};
        int to, from;
        struct sigaction action = {.sa_handler = jl_stop_ask}, before;
        assert_int_equal(sigaction(SIGTERM, &action, &before), 0); /* inherited */
        simple_lines(&in, &want, 300, 30);
        pid_t pid = live_start(&v, &to, &from);
        assert_int_equal(sigaction(SIGTERM, &before, NULL), 0);
        assert_int_equal(write(to, in.p, in.n), in.n);
        if (i < 4) { /* it has read all: the last line is out */
            while (is.n < want.n) {
                assert_int_equal(jl_buf_reserve(&is, want.n, NULL), 0);
                ssize_t got = read(from, is.p + is.n, want.n - is.n);
                assert_true(got > 0);
                is.n += (size_t)got;
            }
        }
        assert_int_equal(kill(pid, SIGTERM), 0);
        scratch_drain(from, &is);
        assert_int_equal(capture_wait(pid), 128 + SIGTERM);
        assert_true(is.n <= want.n);
        if (i < 4)
            assert_int_equal(is.n, want.n);
        assert_true(is.n == 0 || is.p[is.n - 1] == '\n');
        if (is.n)
            assert_memory_equal(is.p, want.p, is.n);
        close(to);
        close(from);
        jl_buf_free(&in);
        jl_buf_free(&want);
        jl_buf_free(&is);
    }
}

/* ---- with a command that answers, and a window that is too small for it ---- */

static void a_command_at_the_end_of_a_pipe(void **state) {
    (void)state;
    chance c = chance_seeded();
    const char *const script[] = {
        "sed 's/:\\([0-9]*\\)/&,\"a\":\\1/'",
        "sed 's/:\\([0-9]*\\)/&,\"a\":\\1/' | tac",
        "sed 's/:\\([0-9]*\\)/&,\"a\":\\1/' | sort -R",
        "sed -u 's/:\\([0-9]*\\)/&,\"a\":\\1/'",
    };
    jl_buf in = {0}, out = {0};
    for (int i = 0; i < 4000; i++) {
        int number = (int)chance_below(&c, 1000), pad = (int)chance_below(&c, 300);
        assert_int_equal(jl_buf_addf(&in, NULL, "{\"k\":%d,\"s\":\"%0*d\"}\n", number, pad, 0), 0);
        assert_int_equal(jl_buf_addf(&out, NULL, "{\"k\":%d,\"s\":\"%0*d\",\"a\":%d}\n", number, pad, 0, number), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        for (int pipe = 0; pipe < 2; pipe++) {
            program_open(&p, ONCE, &c);
            jl_cmd_options o = {.argv = (char *const[]){(char *)"sh", (char *)"-c", (char *)script[i], NULL},
                                .key = &p.fields.key,
                                .answer = &p.fields.answer,
                                .first_key = p.fields.first_key,
                                .max_line = 1000,
                                .stall = 3 * JL_MILLISECOND};
            jl_err err = {0};
            char path[32] = "in";
            int fd = -1;
            pid_t pid = 0;
            p.plain = true;
            p.filter.lookup = jl_cmd_open(&p.run, &o, &err);
            p.filter.window = 60000;
            assert_non_null(p.filter.lookup);
            if (pipe)
                pid = through_a_pipe(&in, &c, &fd, path);
            else
                scratch_write("in", jl_buf_span(&in));
            p.filter.inputs = (char *const[]){path, NULL};
            if (jl_filter_run(&p.run, &p.filter, &err) != 0)
                fail_msg("%s: %s", script[i], err.text);
            file_is("o", &out);
            assert_true(p.most_open <= 60000 + 256 * 340);
            p.filter.lookup->ops->close(p.filter.lookup);
            if (pid) {
                assert_int_equal(capture_wait(pid), 0);
                close(fd);
            }
            program_close(&p);
        }
    }
    jl_buf_free(&in);
    jl_buf_free(&out);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        /* First those that fork, before jl_stop_fd is made here: processes would share it. */
        cmocka_unit_test(a_line_at_a_time),
        cmocka_unit_test(nobody_reads_any_more),
        cmocka_unit_test(stop_in_the_middle),
        cmocka_unit_test(whatever_the_lookup_does),
        cmocka_unit_test(a_lookup_that_fails),
        cmocka_unit_test(lines_before_the_last_one),
        cmocka_unit_test(what_waits_is_bounded),
        cmocka_unit_test(short_lines_are_bounded_too),
        cmocka_unit_test(marks_are_committed_last_or_not_at_all),
        cmocka_unit_test(a_command_takes_the_lines),
        cmocka_unit_test(inputs_that_are_not_there),
        cmocka_unit_test(nothing_is_asked),
        cmocka_unit_test(a_command_at_the_end_of_a_pipe),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
