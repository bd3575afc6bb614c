/* The lookups of the cache: what they answer, when, and that nothing goes out before it is stored. */
#include "unit/cmocka_all.h"

#include <unistd.h>

#include "base/clock.h"
#include "chance.h"
#include "senior/cache.h"

static const jl_store_opener *const openers[] = {&jl_store_sqlite, NULL};
static char folder[64], file[96];
static jl_store *store, *witness; /* the witness is another connection: it sees what is durable */
static jl_cache_counts counts;

static jl_hash hash_of(uint64_t i) {
    chance c = {i * 77};
    uint64_t hi = chance_bits(&c);
    return (jl_hash){hi, chance_bits(&c)};
}

static jl_store *open_store(void) {
    jl_err err = {0};
    jl_url url = {.scheme = "sqlite"};
    snprintf(url.path, sizeof url.path, "%s", file);
    jl_store *s = jl_store_open(openers, &url, &(jl_space){&jl_cache_shape, "default", JL_SECOND}, &err);
    assert_non_null(s);
    return s;
}

static uint8_t stored(uint64_t i) {
    jl_err err = {0};
    jl_hash key = hash_of(i);
    uint8_t value;
    assert_int_equal(witness->ops->get(witness, &key, &value, 1, &err), 0);
    return value;
}

static void store_one(uint64_t i, uint8_t value) {
    jl_err err = {0};
    jl_hash key = hash_of(i);
    jl_put_counts c = {0};
    assert_int_equal(witness->ops->put(witness, &key, &value, NULL, 1, &c, &err), 0);
}

/* The file is something else from now on: every operation fails. */
static void break_store(void) {
    FILE *f;
    (void)unlink(file);
    assert_non_null(f = fopen(file, "w"));
    for (int i = 0; i < 1000; i++)
        fputs("no database ", f);
    assert_int_equal(fclose(f), 0);
}

/* ---- what the loop does ---- */

enum { KEYS = 64 };
static struct {
    int state[KEYS]; /* as handed on through the sink; -1 = nothing */
    char value[KEYS][8];
    bool check_stored; /* an answer that is handed on is there already */
    size_t n;
} got;

/* Far apart, so that none is taken for an index. */
static uint64_t ticket_of(uint64_t i) {
    return i << 40;
}

static int take(void *self, jl_hash key, uint64_t ticket, jl_answer answer, jl_err *err) {
    (void)self;
    (void)err;
    for (uint64_t i = 0; i < KEYS; i++) {
        if (!jl_hash_eq(key, hash_of(i)))
            continue;
        assert_int_equal(ticket, ticket_of(i));
        assert_int_equal(got.state[i], -1);
        got.state[i] = (int)answer.state;
        snprintf(got.value[i], sizeof got.value[i], "%.*s", (int)answer.value.n, answer.value.n ? answer.value.p : "");
        got.n++;
        if (got.check_stored && answer.state == JL_FOUND)
            assert_int_not_equal(stored(i), 0);
        return 0;
    }
    fail_msg("an answer for a key that nobody asked about");
    return -1;
}

static const jl_sink sink = {take, NULL};

static void ask(jl_lookup *l, uint64_t first, size_t n, jl_query *query) {
    jl_err err = {0};
    for (size_t i = 0; i < n; i++)
        query[i] = (jl_query){.key = hash_of(first + i), .ticket = ticket_of(first + i)};
    assert_int_equal(l->ops->submit(l, query, n, &err), 0);
    assert_int_equal(err.class, JL_OK);
}

static void is_answer(const jl_query *q, jl_state state, const char *value) {
    assert_int_equal(q->answer.state, state);
    assert_int_equal(q->answer.value.n, strlen(value));
    assert_memory_equal(q->answer.value.p ? q->answer.value.p : "", value, strlen(value));
}

static void was_handed_on(uint64_t i, jl_state state, const char *value) {
    assert_int_equal(got.state[i], state);
    assert_string_equal(got.value[i], value);
}

static jl_cache_options options(void) {
    return (jl_cache_options){.store = store, .scale = {1, 7}, .counts = &counts};
}

static void idle(jl_lookup *l) {
    jl_err err = {0};
    assert_int_equal(l->ops->idle(l, sink, &err), 0);
}

/* ---- get ---- */

static void get_at_once(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[3];
    jl_cache_options o = options();
    jl_lookup *l = jl_cache_get_open(&o, &err);
    store_one(1, 5);
    store_one(2, 9); /* of another scale */
    ask(l, 0, 3, q);
    is_answer(&q[0], JL_UNKNOWN, "");
    is_answer(&q[1], JL_FOUND, "5");
    is_answer(&q[2], JL_UNKNOWN, "");
    store_one(0, 7);
    ask(l, 0, 1, q);
    is_answer(&q[0], JL_FOUND, "7");
    assert_int_equal(counts.hits, 2);
    assert_int_equal(counts.misses, 2);
    break_store();
    q[0] = (jl_query){.key = hash_of(1)};
    assert_int_equal(l->ops->submit(l, q, 1, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    l->ops->close(l);
}

static void get_collected(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[4];
    jl_cache_options o = options();
    o.batch = 4;
    jl_lookup *l = jl_cache_get_open(&o, &err);
    store_one(1, 5);
    ask(l, 0, 2, q);
    is_answer(&q[1], JL_PENDING, "");
    assert_int_equal(l->ops->outstanding(l), 2);
    assert_int_equal(l->ops->deadline(l), -1);
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    assert_int_equal(got.n, 0);
    ask(l, 2, 2, q); /* four: asked now, handed on as soon as possible */
    assert_true(l->ops->deadline(l) >= 0 && l->ops->deadline(l) <= jl_clock_now());
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    assert_int_equal(got.n, 4);
    was_handed_on(0, JL_UNKNOWN, "");
    was_handed_on(1, JL_FOUND, "5");
    assert_int_equal(l->ops->outstanding(l), 0);
    ask(l, 4, 1, q);
    idle(l);
    was_handed_on(4, JL_UNKNOWN, "");
    ask(l, 5, 1, q);
    assert_int_equal(l->ops->pressed(l, jl_clock_now(), sink, &err), 0);
    was_handed_on(5, JL_UNKNOWN, "");
    ask(l, 6, 1, q);
    assert_int_equal(l->ops->finish(l, true, sink, &err), 0);
    was_handed_on(6, JL_UNKNOWN, "");
    assert_int_equal(counts.hits + counts.misses, 7);
    l->ops->close(l);
}

/* What is recalled is answered in place; one question in ten that is not is asked at once. */
static void get_what_need_not_wait(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[KEYS];
    jl_cache_options o = options();
    o.batch = KEYS;
    o.delay = JL_SECOND * 100;
    jl_lookup *l = jl_cache_get_open(&o, &err);
    for (uint64_t i = 0; i < 20; i++)
        store_one(i, 5);
    ask(l, 0, 18, q);
    is_answer(&q[17], JL_PENDING, "");
    assert_true(l->ops->deadline(l) > jl_clock_now());
    idle(l);
    assert_int_equal(got.n, 18);
    ask(l, 0, 20, q); /* two are new */
    is_answer(&q[0], JL_FOUND, "5");
    is_answer(&q[19], JL_FOUND, "5");
    assert_int_equal(l->ops->outstanding(l), 0);
    ask(l, 17, 4, q);
    is_answer(&q[0], JL_FOUND, "5");
    is_answer(&q[3], JL_PENDING, "");
    assert_int_equal(l->ops->outstanding(l), 1);
    l->ops->close(l);
}

static void get_what_has_waited(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[4];
    jl_cache_options o = options();
    o.batch = KEYS;
    o.delay = 1;
    jl_lookup *l = jl_cache_get_open(&o, &err);
    store_one(1, 5);
    ask(l, 0, 4, q);
    is_answer(&q[1], JL_PENDING, "");
    assert_true(l->ops->deadline(l) >= 0 && l->ops->deadline(l) <= jl_clock_now());
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    assert_int_equal(got.n, 4);
    was_handed_on(1, JL_FOUND, "5");
    assert_int_equal(l->ops->deadline(l), -1);
    l->ops->close(l);
}

/* ---- put ---- */

static void put_ask(jl_lookup *l, uint64_t i, const char *value, jl_query *q) {
    static char line[256];
    static jl_field field[1];
    static jl_rec rec;
    jl_err err = {0};
    snprintf(line, sizeof line, "%s", value);
    field[0] = (jl_field){.off = 0, .len = (uint32_t)strlen(value), .type = JL_NUMBER};
    rec = (jl_rec){.line = line, .field = field, .has_key = true};
    *q = (jl_query){.key = hash_of(i), .ticket = ticket_of(i), .rec = &rec};
    assert_int_equal(l->ops->submit(l, q, 1, &err), 0);
}

static void put_before_it_goes_out(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q;
    jl_cache_options o = options();
    jl_lookup *l = jl_cache_put_open(&o, &err);
    got.check_stored = true;
    store_one(1, 5);
    assert_int_equal(l->ops->deadline(l), -1);
    put_ask(l, 0, "3", &q);
    assert_int_equal(q.answer.state, JL_PENDING);
    int64_t date = l->ops->deadline(l);
    assert_true(date > jl_clock_now() && date <= jl_clock_now() + JL_SECOND);
    put_ask(l, 1, "4", &q);
    put_ask(l, 2, "8", &q);
    is_answer(&q, JL_REFUSED, ""); /* not on the scale */
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    assert_int_equal(got.n + stored(0), 0);
    assert_int_equal(l->ops->outstanding(l), 2);
    idle(l);
    was_handed_on(0, JL_FOUND, "");
    was_handed_on(1, JL_FOUND, "");
    assert_int_equal(stored(0), 3);
    assert_int_equal(stored(1), 5);
    assert_int_equal(stored(2), 0);
    put_ask(l, 3, "1", &q);
    assert_int_equal(l->ops->pressed(l, jl_clock_now(), sink, &err), 0);
    put_ask(l, 4, "2", &q);
    assert_int_equal(l->ops->finish(l, true, sink, &err), 0);
    assert_int_equal(stored(3), 1);
    assert_int_equal(stored(4), 2);
    assert_int_equal(got.n, 4);
    assert_int_equal(counts.stored, 3);
    assert_int_equal(counts.conflicts, 1);
    l->ops->close(l);
}

static void put_when_the_store_fails(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q;
    jl_cache_options o = options();
    jl_lookup *l = jl_cache_put_open(&o, &err);
    put_ask(l, 0, "3", &q);
    idle(l);
    break_store();
    put_ask(l, 1, "3", &q);
    put_ask(l, 2, "3", &q);
    assert_int_equal(l->ops->idle(l, sink, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    assert_int_equal(got.n, 1); /* the loop lets the others go unanswered */
    assert_int_equal(counts.not_stored, 2);
    l->ops->close(l);
}

/* ---- fill ---- */

/* Whom to ask: answers what the test tells it to, when the test tells it to. */
static struct inner {
    jl_lookup lookup;
    jl_hash out[KEYS];
    size_t n, submitted, closed;
    jl_answer answer[KEYS]; /* by key number; given by the next collect() unless JL_PENDING */
    bool fail_submit, fail_collect, stopped, finished;
} inner;

static int inner_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    (void)l;
    if (inner.fail_submit)
        return jl_err_set(err, JL_UNAVAILABLE, "submit failed");
    for (size_t i = 0; i < n; i++)
        inner.out[inner.n++] = query[i].key;
    inner.submitted += n;
    return 0;
}

static int inner_collect(jl_lookup *l, jl_sink to, jl_err *err) {
    (void)l;
    if (inner.fail_collect)
        return jl_err_set(err, JL_UNAVAILABLE, "collect failed");
    size_t left = 0;
    for (size_t i = 0; i < inner.n; i++)
        for (uint64_t k = 0; k < KEYS; k++) {
            if (!jl_hash_eq(inner.out[i], hash_of(k)))
                continue;
            if (inner.answer[k].state == JL_PENDING)
                inner.out[left++] = inner.out[i];
            else
                assert_int_equal(to.answer(to.self, inner.out[i], ticket_of(k), inner.answer[k], err), 0);
            break;
        }
    inner.n = left;
    return 0;
}

static int inner_finish(jl_lookup *l, bool stop, jl_sink to, jl_err *err) {
    (void)l;
    (void)to;
    (void)err;
    inner.finished = true;
    inner.stopped = inner.stopped || stop;
    return 0;
}

static size_t inner_outstanding(const jl_lookup *l) {
    (void)l;
    return inner.n;
}

static void inner_close(jl_lookup *l) {
    (void)l;
    inner.closed++;
}

static const jl_lookup_ops inner_ops = {.submit = inner_submit,
                                        .collect = inner_collect,
                                        .finish = inner_finish,
                                        .outstanding = inner_outstanding,
                                        .close = inner_close};

static jl_lookup *open_fill(void) {
    jl_err err = {0};
    jl_cache_options o = options();
    inner = (struct inner){.lookup = {&inner_ops}};
    o.inner = &inner.lookup;
    jl_lookup *l = jl_cache_fill_open(&o, &err);
    assert_non_null(l);
    return l;
}

static void inner_says(uint64_t i, jl_state state, const char *value) {
    inner.answer[i] = (jl_answer){state, jl_span_of(value)};
}

static void close_fill(jl_lookup *l) {
    l->ops->close(l);
    assert_int_equal(inner.closed, 1);
}

static void fill_stores_before_it_hands_on(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[6];
    jl_lookup *l = open_fill();
    got.check_stored = true;
    store_one(1, 5);
    ask(l, 0, 6, q);
    is_answer(&q[1], JL_FOUND, "5");
    is_answer(&q[0], JL_PENDING, "");
    assert_int_equal(inner.submitted, 5);
    inner_says(0, JL_FOUND, "3");
    inner_says(2, JL_FOUND, "8");
    inner_says(3, JL_REFUSED, "");
    inner_says(4, JL_UNANSWERED, "");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    was_handed_on(2, JL_REFUSED, "");
    was_handed_on(3, JL_REFUSED, "");
    was_handed_on(4, JL_UNANSWERED, "");
    was_handed_on(0, JL_FOUND, "3"); /* the first commit is not held back */
    assert_int_equal(l->ops->outstanding(l), 1);
    inner_says(5, JL_FOUND, "7");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    was_handed_on(5, JL_FOUND, "7"); /* nothing more is on its way: no reason to wait */
    assert_int_equal(l->ops->outstanding(l), 0);
    assert_int_equal(stored(0), 3);
    assert_int_equal(stored(2), 0);
    ask(l, 0, 1, q);
    is_answer(&q[0], JL_FOUND, "3");
    assert_int_equal(inner.submitted, 5);
    assert_int_equal(counts.hits, 2);
    assert_int_equal(counts.misses, 5);
    assert_int_equal(counts.stored, 2);
    assert_int_equal(counts.out_of_scale, 1);
    close_fill(l);
}

static void fill_gathers_under_load(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[8];
    jl_lookup *l = open_fill();
    ask(l, 0, 8, q);
    inner_says(0, JL_FOUND, "1");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    assert_int_equal(got.n, 1);
    inner_says(1, JL_FOUND, "1");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    int64_t date = l->ops->deadline(l);
    if (got.n == 1) { /* unless this machine has taken 100 ms since */
        assert_true(date > 0 && date <= jl_clock_now() + JL_SECOND / 10);
        assert_int_equal(l->ops->outstanding(l), 7);
        assert_int_equal(stored(1), 0);
        while (jl_clock_now() < date)
            usleep(1000);
        assert_int_equal(l->ops->collect(l, sink, &err), 0);
    }
    was_handed_on(1, JL_FOUND, "1");
    inner_says(2, JL_FOUND, "2");
    assert_int_equal(l->ops->finish(l, true, sink, &err), 0);
    assert_true(inner.stopped);
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    for (uint64_t i = 3; i < 8; i++)
        inner_says(i, JL_UNANSWERED, "");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    assert_int_equal(l->ops->outstanding(l), 0);
    was_handed_on(2, JL_FOUND, "2");
    assert_int_equal(stored(2), 2);
    close_fill(l);
}

/* Answers that have come are not lost with the store; those on their way are waited for. */
static void fill_when_the_store_fails(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[3];
    jl_lookup *l = open_fill();
    ask(l, 0, 3, q);
    break_store();
    inner_says(0, JL_FOUND, "1");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    was_handed_on(0, JL_FOUND, "1");
    assert_true(inner.stopped);
    ask(l, 3, 2, q);
    is_answer(&q[0], JL_UNANSWERED, ""); /* nobody is asked any more */
    assert_int_equal(inner.submitted, 3);
    assert_true(l->ops->outstanding(l) > 0);
    inner_says(1, JL_FOUND, "2");
    inner_says(2, JL_UNANSWERED, "");
    assert_int_equal(l->ops->collect(l, sink, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    was_handed_on(1, JL_FOUND, "2");
    was_handed_on(2, JL_UNANSWERED, "");
    assert_int_equal(counts.not_stored, 2);
    close_fill(l);
}

static void fill_when_the_store_fails_at_a_look_up(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[2];
    jl_lookup *l = open_fill();
    store_one(0, 1);
    ask(l, 0, 1, q);
    break_store();
    ask(l, 0, 2, q);
    is_answer(&q[0], JL_UNANSWERED, "");
    assert_true(l->ops->deadline(l) >= 0 && l->ops->deadline(l) <= jl_clock_now());
    assert_int_equal(l->ops->collect(l, sink, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    assert_int_equal(inner.submitted, 0);
    close_fill(l);
}

static void fill_when_the_one_behind_fails(void **state) {
    (void)state;
    jl_err err = {0};
    jl_query q[2];
    jl_lookup *l = open_fill();
    ask(l, 0, 2, q);
    inner_says(0, JL_FOUND, "1");
    assert_int_equal(l->ops->collect(l, sink, &err), 0);
    inner.fail_collect = true;
    assert_int_equal(l->ops->collect(l, sink, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    was_handed_on(0, JL_FOUND, "1");
    assert_int_equal(stored(0), 1);
    close_fill(l);

    l = open_fill();
    inner.fail_submit = true;
    ask(l, 10, 2, q);
    is_answer(&q[0], JL_UNANSWERED, "");
    assert_int_equal(l->ops->collect(l, sink, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    close_fill(l);
}

/* ---- setup ---- */

static int setup(void **state) {
    (void)state;
    strcpy(folder, "/tmp/jobline-cache.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/c.db", folder);
    store = open_store();
    witness = open_store();
    memset(&counts, 0, sizeof counts);
    memset(&got, 0, sizeof got);
    memset(got.state, -1, sizeof got.state);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[96];
    store->ops->close(store);
    witness->ops->close(witness);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(get_at_once),
        TEST(get_collected),
        TEST(get_what_need_not_wait),
        TEST(get_what_has_waited),
        TEST(put_before_it_goes_out),
        TEST(put_when_the_store_fails),
        TEST(fill_stores_before_it_hands_on),
        TEST(fill_gathers_under_load),
        TEST(fill_when_the_store_fails),
        TEST(fill_when_the_store_fails_at_a_look_up),
        TEST(fill_when_the_one_behind_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
