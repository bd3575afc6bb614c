/* What every lookup promises (lookup.h), asked of all there are. */
#include "unit/cmocka_all.h"

#include <limits.h>
#include <signal.h>

#include "bucket/seen.h"
#include "chance.h"
#include "contract/well.h"
#include "frame/cmd.h"
#include "frame/table.h"
#include "questions.h"
#include "scratch.h"
#include "senior/cache.h"
#include "senior/classify.h"
#include "senior/model.h"
#include "senior/model_serve.h"

enum { N = 400 };

static const jl_store_opener *const openers[] = {&jl_store_sqlite, NULL};
static questions q;
static jl_run run = {.quiet = true};
static jl_store *store;
static jl_cache_counts cache_counts;
static jl_model_counts model_counts;
static char server[32]; /* HOST:PORT of the model */

/* Every tenth line carries something that is no answer. */
static int line(size_t i, char *text, size_t size) {
    static const char *const rank[] = {"Intern",  "Engineer", "Senior Engineer", "Manager", "Director",
                                       "Partner", "CEO"};
    char answer[8];
    snprintf(answer, sizeof answer, "%zu", i % 7 + 1);
    return snprintf(text, size, "{\"title\":\"%s\",\"x\":[],\"company\":\"\\u00c9 %zu\",\"seniority\":%s}", rank[i % 7],
                    i, i % 10 == 0 ? "8" : answer);
}

static jl_answer found(size_t value) {
    static char text[10][2];
    snprintf(text[value], 2, "%zu", value);
    return (jl_answer){JL_FOUND, {text[value], 1}};
}

static jl_answer plain(jl_state state) {
    return (jl_answer){state, {NULL, 0}};
}

/* ---- the store ---- */

static void store_put(size_t from, size_t step, uint8_t value) {
    jl_err err = {0};
    jl_put_counts counts = {0};
    jl_hash key[N];
    uint8_t is[N];
    size_t n = 0;
    for (size_t i = from; i < N; i += step, n++) {
        key[n] = q.rec[i].key;
        is[n] = value ? value : (uint8_t)(i % 7 + 1);
    }
    well(store->ops->put(store, key, is, NULL, n, &counts, &err), &err);
}

static void store_get(uint8_t value[N]) {
    jl_err err = {0};
    jl_hash key[N];
    for (size_t i = 0; i < N; i++)
        key[i] = q.rec[i].key;
    well(store->ops->get(store, key, value, N, &err), &err);
}

static jl_url store_url(void) {
    jl_url url;
    jl_err err = {0};
    well(jl_url_parse(JL_SPAN("sqlite:store.db"), &url, &err), &err);
    return url;
}

/* A new one. */
static void store_open(void) {
    jl_err err = {0};
    jl_url url = store_url();
    assert_int_equal(system("rm -f store.db*"), 0);
    store = jl_store_open(openers, &url, &(jl_space){&jl_cache_shape, "default", 20 * JL_SECOND}, &err);
    if (!store)
        fail_msg("%s", err.text);
}

static jl_cache_options cache_options(jl_lookup *inner, size_t batch) {
    return (jl_cache_options){.store = store,
                              .scale = JL_SCALE_DEFAULT,
                              .counts = &cache_counts,
                              .answer_field = q.first_answer,
                              .batch = batch,
                              .inner = inner};
}

/* ---- who answers ---- */

static jl_lookup *some(jl_lookup *l, const jl_err *err) {
    if (!l)
        fail_msg("%s", err->text);
    return l;
}

static jl_lookup *open_table(void) {
    jl_err err = {0};
    uint64_t without = 0;
    FILE *f = fopen("table", "w");
    assert_non_null(f);
    for (size_t i = 0; i < N; i++)
        if (i % 3)
            fprintf(f, "{\"company\":\"\xc3\x89 %zu\",\"title\":%.*s,\"seniority\":%zu}\n", i,
                    (int)jl_rec_value(&q.rec[i], 1).n, jl_rec_value(&q.rec[i], 1).p, i % 7 + 1);
    assert_int_equal(fclose(f), 0);
    const char *const file[] = {"table"};
    return some(jl_table_open(&(jl_table_options){file, 1, &q.key, &q.names, 1000}, &without, &err), &err);
}
static jl_answer table_says(size_t i) {
    return i % 3 ? found(i % 7 + 1) : plain(JL_UNKNOWN);
}

static jl_lookup *open_command(const char *script) {
    jl_err err = {0};
    static char *argv[] = {(char *)"sh", (char *)"-c", NULL, NULL};
    argv[2] = (char *)script;
    jl_cmd_options o = {.argv = argv,
                        .key = &q.key,
                        .answer = &q.names,
                        .first_key = q.first_key,
                        .max_line = 1000,
                        .stall = 5 * JL_MILLISECOND};
    return some(jl_cmd_open(&run, &o, &err), &err);
}
/* Those whose number ends in 0 or 5 are passed back, in 6 get an answer off the scale, in 7 none. */
#define SCRIPT "sed '/[05]\",/b;/7\",/d;/6\",/{s/}$/,\"seniority\":66}/;b};s/}$/,\"seniority\":3}/'"
static jl_lookup *open_cmd(void) {
    return open_command(SCRIPT);
}
static jl_lookup *open_cmd_at_end(void) {
    return open_command(SCRIPT " | tac");
}
static jl_answer cmd_says(size_t i) {
    return i % 5 == 0    ? plain(JL_REFUSED)
           : i % 10 == 7 ? plain(JL_UNANSWERED)
           : i % 10 == 6 ? (jl_answer){JL_FOUND, JL_SPAN("66")}
                         : found(3);
}

static void fill_store(void) {
    store_open();
    store_put(1, 3, 0);
    store_put(2, 6, 9); /* of a larger scale, once */
}
static jl_lookup *open_get(void) {
    jl_err err = {0};
    fill_store();
    jl_cache_options o = cache_options(NULL, 0);
    return some(jl_cache_get_open(&o, &err), &err);
}
static jl_lookup *open_get_batches(void) {
    jl_err err = {0};
    fill_store();
    jl_cache_options o = cache_options(NULL, 64);
    return some(jl_cache_get_open(&o, &err), &err);
}
static jl_answer get_says(size_t i) {
    return i % 3 == 1 ? found(i % 7 + 1) : plain(JL_UNKNOWN);
}

static jl_lookup *open_put(void) {
    jl_err err = {0};
    store_open();
    store_put(1, 9, 0);
    store_put(2, 9, 5);
    jl_cache_options o = cache_options(NULL, 0);
    return some(jl_cache_put_open(&o, &err), &err);
}
static jl_answer put_says(size_t i) {
    return i % 10 == 0 ? plain(JL_REFUSED) : plain(JL_FOUND);
}
static uint8_t put_stores(size_t i) {
    return i % 9 == 2 ? 5 : i % 9 == 1 || i % 10 ? (uint8_t)(i % 7 + 1) : 0;
}

static jl_lookup *open_fill(jl_lookup *inner) {
    jl_err err = {0};
    fill_store();
    jl_cache_options o = cache_options(inner, 0);
    return some(jl_cache_fill_open(&o, &err), &err);
}
static jl_lookup *open_fill_cmd(void) {
    return open_fill(open_cmd());
}
static jl_lookup *open_fill_cmd_at_end(void) {
    return open_fill(open_cmd_at_end());
}
static jl_answer fill_cmd_says(size_t i) {
    jl_answer cmd = i % 10 == 6 ? plain(JL_REFUSED) : cmd_says(i);
    return i % 3 == 1 ? found(i % 7 + 1) : cmd;
}
static uint8_t fill_cmd_stores(size_t i) {
    return i % 3 == 1 ? (uint8_t)(i % 7 + 1) : i % 6 == 2 ? 9 : fill_cmd_says(i).state == JL_FOUND ? 3 : 0;
}
static jl_lookup *open_fill_table(void) {
    return open_fill(open_table());
}
static uint8_t fill_table_stores(size_t i) {
    return i % 6 == 2 ? 9 : i % 3 ? (uint8_t)(i % 7 + 1) : 0;
}

static jl_lookup *open_model(void) {
    jl_err err = {0};
    jl_model_options o = {.target = server,
                          .company = q.first_key,
                          .title = q.first_key + 1,
                          .scale = JL_SCALE_DEFAULT,
                          .batch = 50,
                          .in_flight = 3,
                          .window = 3 * JL_MILLISECOND,
                          .timeout = 20 * JL_SECOND,
                          .retries = 3};
    return some(jl_model_open(&o, &model_counts, &err), &err);
}
static jl_answer model_says(size_t i) {
    jl_span token = jl_rec_value(&q.rec[i], 1);
    return found((size_t)jl_classify((jl_span){token.p + 1, token.n - 2}));
}
static jl_lookup *open_fill_model(void) {
    return open_fill(open_model());
}
static jl_answer fill_model_says(size_t i) {
    return i % 3 == 1 ? found(i % 7 + 1) : model_says(i);
}
static uint8_t fill_model_stores(size_t i) {
    return i % 6 == 2 ? 9 : (uint8_t)(fill_model_says(i).value.p[0] - '0');
}

static jl_lookup *open_seen_again(void) {
    jl_err err = {0};
    jl_url url = store_url();
    return some(jl_seen_open(openers, &url, &err), &err);
}
static jl_lookup *open_seen(void) {
    assert_int_equal(system("rm -f store.db*"), 0);
    return open_seen_again();
}
static jl_answer seen_says(size_t i) {
    (void)i;
    return plain(JL_UNKNOWN);
}

typedef struct subject {
    const char *name;
    jl_lookup *(*open)(void);
    jl_answer (*says)(size_t i);
    uint8_t (*stores)(size_t i); /* what the store has once all is answered; NULL: there is none, or it is left alone */
    bool at_once;                /* all is answered in submit() */
} subject;

static const subject subjects[] = {
    {"table", open_table, table_says, NULL, true},
    {"command", open_cmd, cmd_says, NULL, false},
    {"command that answers at the end", open_cmd_at_end, cmd_says, NULL, false},
    {"cache get", open_get, get_says, NULL, true},
    {"cache get in batches", open_get_batches, get_says, NULL, false},
    {"cache put", open_put, put_says, put_stores, false},
    {"cache fill, command", open_fill_cmd, fill_cmd_says, fill_cmd_stores, false},
    {"cache fill, command that answers at the end", open_fill_cmd_at_end, fill_cmd_says, fill_cmd_stores, false},
    {"cache fill, table", open_fill_table, table_says, fill_table_stores, false},
    {"model", open_model, model_says, NULL, false},
    {"cache fill, model", open_fill_model, fill_model_says, fill_model_stores, false},
    {"seen", open_seen, seen_says, NULL, true},
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

/* ---- what is asked of each ---- */

static const subject *at; /* for messages */

static jl_lookup *begin(const subject *s) {
    at = s;
    questions_open(&q, "company,title", "seniority", N, line);
    cache_counts = (jl_cache_counts){0};
    model_counts = (jl_model_counts){0};
    return s->open();
}

static void end(jl_lookup *l) {
    l->ops->close(l);
    if (store)
        store->ops->close(store);
    store = NULL;
    questions_close(&q);
}

/* As many are outstanding as the sink has not heard of. */
static void counts_right(const jl_lookup *l) {
    size_t is = questions_outstanding(l), want = questions_open_count(&q);
    if (is != want)
        fail_msg("%s: %zu outstanding instead of %zu", at->name, is, want);
}

static void answers_are(size_t n, bool or_unanswered) {
    questions_answered_once(&q);
    for (size_t i = 0; i < n; i++) {
        jl_answer want = at->says(i);
        const answered *is = &q.is[i];
        if (or_unanswered && is->state == JL_UNANSWERED)
            continue;
        if (is->state != want.state || strncmp(is->value, want.value.p ? want.value.p : "", want.value.n) != 0 ||
            strlen(is->value) != want.value.n)
            fail_msg("%s: %s: %d »%s« instead of %d »%.*s«", at->name, q.line[i], (int)is->state, is->value,
                     (int)want.state, (int)want.value.n, want.value.p ? want.value.p : "");
    }
}

/* Now and then what the loop does between two batches. */
static void live(jl_lookup *l, chance *c) {
    jl_err err = {0};
    struct pollfd fd[8];
    const jl_lookup_ops *ops = l->ops;
    jl_sink sink = questions_sink(&q);
    if (chance_below(c, 2) && ops->collect)
        well(ops->collect(l, sink, &err), &err);
    if (chance_below(c, 4) == 0 && ops->idle)
        well(ops->idle(l, sink, &err), &err);
    if (chance_below(c, 4) == 0 && ops->pressed)
        well(ops->pressed(l, jl_clock_now(), sink, &err), &err);
    if (ops->pollfds) {
        size_t n = ops->pollfds(l, fd, 8);
        assert_true(n <= 8);
        for (size_t i = 0; i < n; i++)
            assert_true(fcntl(fd[i].fd, F_GETFD) >= 0);
    }
    if (ops->deadline)
        assert_true(ops->deadline(l) >= -1);
    counts_right(l);
}

static void each_is_answered_once(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t s = 0; s < SUBJECTS; s++) {
        for (size_t round = chance_rounds(3); round > 0; round--) {
            jl_err err = {0};
            jl_lookup *l = begin(&subjects[s]);
            size_t most = round == 1 ? N : round == 2 ? 1 : 60;
            counts_right(l);
            for (size_t from = 0; from < N;) {
                size_t to = from + 1 + chance_below(&c, most);
                to = to < N ? to : N;
                well(questions_submit(&q, l, from, to, &err), &err);
                counts_right(l);
                if (at->at_once)
                    assert_int_equal(questions_open_count(&q), 0);
                live(l, &c);
                from = to;
            }
            well(questions_finish(&q, l, false, &err), &err);
            assert_int_equal(questions_outstanding(l), 0);
            answers_are(N, false);
            if (l->ops->verdict)
                assert_int_equal(l->ops->verdict(l, &err), JL_OK);
            uint8_t stored[N];
            if (at->stores)
                store_get(stored);
            for (size_t i = 0; at->stores && i < N; i++)
                if (stored[i] != at->stores(i))
                    fail_msg("%s: %s: %d is stored instead of %d", at->name, q.line[i], stored[i], at->stores(i));
            if (l->ops->commit)
                well(l->ops->commit(l, &err), &err);
            end(l);
        }
    }
}

/* The window is full at a few questions: they get their answers all the same. */
static void pressed_until_answered(void **state) {
    (void)state;
    for (size_t s = 0; s < SUBJECTS; s++) {
        jl_err err = {0};
        jl_lookup *l = begin(&subjects[s]);
        enum { SOME = 90, OPEN = 30 };
        for (size_t from = 0; from < SOME;) {
            if (questions_open_count(&q) < OPEN) {
                size_t to = from + OPEN - questions_open_count(&q);
                to = to < SOME ? to : SOME;
                well(questions_submit(&q, l, from, to, &err), &err);
                from = to;
                continue;
            }
            if (l->ops->pressed)
                well(l->ops->pressed(l, jl_clock_now(), questions_sink(&q), &err), &err);
            if (questions_open_count(&q) >= OPEN)
                well(questions_wait(&q, l, &err), &err);
        }
        well(questions_finish(&q, l, false, &err), &err);
        answers_are(SOME, false);
        end(l);
    }
}

/* Nothing more is asked and no input comes: what is idle must not hold anything back. Only a command, which sees no
   end, may. */
static void idle_until_answered(void **state) {
    (void)state;
    for (size_t s = 0; s < SUBJECTS; s++) {
        if (strstr(subjects[s].name, "command"))
            continue;
        jl_err err = {0};
        jl_lookup *l = begin(&subjects[s]);
        well(questions_submit(&q, l, 0, 77, &err), &err);
        while (questions_open_count(&q) > 0) {
            if (l->ops->idle)
                well(l->ops->idle(l, questions_sink(&q), &err), &err);
            if (questions_open_count(&q) > 0)
                well(questions_wait(&q, l, &err), &err);
        }
        answers_are(77, false);
        well(questions_finish(&q, l, false, &err), &err);
        assert_int_equal(questions_outstanding(l), 0);
        end(l);
    }
}

static void stop_comes_to_an_end(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t s = 0; s < SUBJECTS; s++) {
        for (int way = 0; way < 4; way++) { /* with nothing asked, in the middle, behind an end, behind another stop */
            jl_err err = {0};
            jl_lookup *l = begin(&subjects[s]);
            jl_sink sink = questions_sink(&q);
            for (size_t from = 0; way > 0 && from < N; from += 100) {
                well(questions_submit(&q, l, from, from + 100, &err), &err);
                live(l, &c);
            }
            if (way > 1 && l->ops->finish)
                well(l->ops->finish(l, way == 3, sink, &err), &err);
            well(questions_finish(&q, l, true, &err), &err);
            assert_int_equal(questions_outstanding(l), 0);
            answers_are(way > 0 ? N : 0, true);
            end(l);
        }
    }
}

/* Whatever is in flight, close() frees it: for the sanitizers. */
static void closed_at_any_time(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t s = 0; s < SUBJECTS; s++) {
        for (int way = 0; way < 4; way++) {
            jl_err err = {0};
            jl_lookup *l = begin(&subjects[s]);
            if (way > 0)
                well(questions_submit(&q, l, 0, N, &err), &err);
            if (way > 1)
                live(l, &c);
            if (way > 2 && l->ops->finish)
                well(l->ops->finish(l, false, questions_sink(&q), &err), &err);
            end(l);
        }
    }
}

/* A sink that fails ends the call with its error; nothing is given out twice on that account. */
static void a_sink_without_memory(void **state) {
    (void)state;
    for (size_t s = 0; s < SUBJECTS; s++) {
        jl_err err = {0};
        if (subjects[s].at_once)
            continue;
        jl_lookup *l = begin(&subjects[s]);
        q.fail_after = N / 2;
        int rc = questions_submit(&q, l, 0, N, &err);
        if (rc == 0)
            rc = questions_finish(&q, l, false, &err);
        if (q.taken >= q.fail_after) {
            assert_int_equal(rc, -1);
            assert_int_equal(err.class, JL_SOFTWARE);
        }
        for (size_t i = 0; i < N; i++)
            assert_true(q.is[i].times <= 1);
        end(l);
    }
}

/* ---- what only some promise ---- */

static void keys_may_repeat_where_all_is_answered_at_once(void **state) {
    (void)state;
    for (size_t s = 0; s < SUBJECTS; s++) {
        jl_err err = {0};
        if (!subjects[s].at_once)
            continue;
        jl_lookup *l = begin(&subjects[s]);
        well(questions_submit(&q, l, 0, N, &err), &err);
        well(questions_submit(&q, l, 0, N, &err), &err);
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(q.is[i].times, 2);
            q.is[i].times = 1;
        }
        answers_are(N, false);
        end(l);
    }
}

static void seen_is_seen_once_it_is_committed(void **state) {
    (void)state;
    jl_err err = {0};
    for (int committed = 0; committed < 2; committed++) {
        jl_lookup *l = begin(&subjects[SUBJECTS - 1]);
        well(questions_submit(&q, l, 0, N / 2, &err), &err);
        if (committed)
            well(l->ops->commit(l, &err), &err);
        l->ops->close(l);
        memset(q.is, 0, N * sizeof *q.is);
        l = open_seen_again();
        well(questions_submit(&q, l, 0, N, &err), &err);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(q.is[i].state, committed && i < N / 2 ? JL_FOUND : JL_UNKNOWN);
        end(l);
    }
}

/* ---- a store that fails at a time of our choice ---- */

typedef struct failing {
    jl_store base;
    jl_store *inner;
    int gets_left, puts_left;
} failing;

static int failing_get(jl_store *s, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    failing *f = (failing *)(void *)s;
    if (f->gets_left-- <= 0)
        return jl_err_set(err, JL_UNAVAILABLE, "the store is away");
    return f->inner->ops->get(f->inner, key, value, n, err);
}

static int failing_epoch(jl_store *s, uint64_t *epoch, jl_err *err) {
    failing *f = (failing *)(void *)s;
    return f->inner->ops->epoch(f->inner, epoch, err);
}

static int failing_put(jl_store *s, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n,
                       jl_put_counts *counts, jl_err *err) {
    failing *f = (failing *)(void *)s;
    if (f->puts_left-- <= 0)
        return jl_err_set(err, JL_UNAVAILABLE, "the store is away");
    return f->inner->ops->put(f->inner, key, value, outcome, n, counts, err);
}

static void failing_close(jl_store *s) {
    failing *f = (failing *)(void *)s;
    f->inner->ops->close(f->inner);
}

static const jl_store_ops failing_ops = {
    .get = failing_get, .epoch = failing_epoch, .put = failing_put, .close = failing_close};

static void a_store_that_fails(void **state) {
    (void)state;
    int fails = 0;
    for (size_t s = 0; s < SUBJECTS; s++) {
        if (!strstr(subjects[s].name, "cache"))
            continue;
        for (int way = 0; way < 6; way++) { /* at which call, reading or writing */
            jl_err err = {0};
            failing f = {{&failing_ops, &jl_cache_shape}, NULL, way < 3 ? way : INT_MAX, way < 3 ? INT_MAX : way - 3};
            /* Opened twice: the lookup that is tried uses the store that fails, over what the first has laid down. */
            jl_lookup *l = begin(&subjects[s]);
            l->ops->close(l);
            f.inner = store;
            store = &f.base;
            jl_cache_options o = cache_options(NULL, strstr(at->name, "batches") ? 64 : 0);
            bool fills = strstr(at->name, "fill");
            if (fills)
                o.inner = strstr(at->name, "table")   ? open_table()
                          : strstr(at->name, "model") ? open_model()
                          : strstr(at->name, "end")   ? open_cmd_at_end()
                                                      : open_cmd();
            l = strstr(at->name, "put") ? jl_cache_put_open(&o, &err)
                : fills                 ? jl_cache_fill_open(&o, &err)
                                        : jl_cache_get_open(&o, &err);
            assert_non_null(l);
            int rc = 0;
            for (size_t from = 0; rc == 0 && from < N; from += 100) {
                rc = questions_submit(&q, l, from, from + 100, &err);
                if (rc == 0 && l->ops->collect)
                    rc = l->ops->collect(l, questions_sink(&q), &err);
                if (rc == 0 && l->ops->idle)
                    rc = l->ops->idle(l, questions_sink(&q), &err);
            }
            if (rc == 0)
                rc = questions_finish(&q, l, false, &err);
            bool failed = f.gets_left < 0 || f.puts_left < 0;
            assert_int_equal(rc, failed ? -1 : 0);
            assert_string_equal(err.text, failed ? "the store is away" : "");
            fails += failed;
            uint8_t stored[N];
            f.gets_left = 1;
            store_get(stored);
            for (size_t i = 0; i < N; i++) {
                assert_true(q.is[i].times <= 1);
                /* Nothing that was paid for is lost: what has come is handed on, all that was asked comes to its
                   end. */
                if (fills && q.is[i].asked)
                    assert_int_equal(q.is[i].times, 1);
                /* Found means stored. */
                if (strstr(at->name, "put") && q.is[i].times && q.is[i].state == JL_FOUND)
                    assert_true(stored[i] > 0);
            }
            jl_answer (*says)(size_t) = at->says;
            for (size_t i = 0; i < N; i++)
                if (q.is[i].times && q.is[i].state != JL_UNANSWERED)
                    assert_int_equal(q.is[i].state, says(i).state);
            end(l);
        }
    }
    assert_true(fails > 20);
}

/* ---- a model that is not there ---- */

static void a_model_that_is_away(void **state) {
    (void)state;
    char before[sizeof server];
    memcpy(before, server, sizeof server);
    snprintf(server, sizeof server, "127.0.0.1:1");
    jl_err err = {0};
    questions_open(&q, "company,title", "seniority", N, line);
    model_counts = (jl_model_counts){0};
    jl_model_options o = {.target = server,
                          .company = q.first_key,
                          .title = q.first_key + 1,
                          .scale = JL_SCALE_DEFAULT,
                          .batch = 50,
                          .in_flight = 2,
                          .timeout = 5 * JL_SECOND,
                          .retries = 0};
    jl_lookup *l = some(jl_model_open(&o, &model_counts, &err), &err);
    well(questions_submit(&q, l, 0, N, &err), &err);
    well(questions_finish(&q, l, false, &err), &err);
    questions_answered_once(&q);
    assert_int_equal(questions_count(&q, JL_UNANSWERED), N);
    assert_int_equal(l->ops->verdict(l, &err), JL_UNAVAILABLE);
    end(l);
    memcpy(server, before, sizeof server);
}

static jl_model_server *model_server;

static int enter(void **state) {
    jl_err err = {0};
    uint16_t port;
    if (scratch_enter(state) != 0)
        return -1;
    model_server = jl_model_server_open(&(jl_model_service){.listen = "127.0.0.1:0"}, &port, &err);
    if (!model_server) {
        print_error("%s\n", err.text);
        return -1;
    }
    snprintf(server, sizeof server, "127.0.0.1:%d", (int)port);
    return 0;
}

static int leave(void **state) {
    jl_model_served served;
    jl_model_server_close(model_server, &served);
    return scratch_leave(state);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_answered_once),
        cmocka_unit_test(pressed_until_answered),
        cmocka_unit_test(idle_until_answered),
        cmocka_unit_test(stop_comes_to_an_end),
        cmocka_unit_test(closed_at_any_time),
        cmocka_unit_test(a_sink_without_memory),
        cmocka_unit_test(keys_may_repeat_where_all_is_answered_at_once),
        cmocka_unit_test(seen_is_seen_once_it_is_committed),
        cmocka_unit_test(a_store_that_fails),
        cmocka_unit_test(a_model_that_is_away),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
