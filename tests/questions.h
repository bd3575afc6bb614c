/* Questions for a lookup, with a sink that remembers what was answered: a filter loop in miniature. */
#ifndef JL_TESTS_QUESTIONS_H
#define JL_TESTS_QUESTIONS_H

#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "jsonl/key.h"
#include "jsonl/set.h"
#include "lookup/lookup.h"

/* The ticket of question i. */
#define QUESTIONS_TICKET(i) (UINT64_C(1000000007) * (i))

/* What is known of one question. */
typedef struct answered {
    unsigned times; /* answers through the sink or in place */
    jl_state state;
    char value[160]; /* NUL-terminated */
    bool asked;
} answered;

typedef struct questions {
    jl_keyspec key;
    jl_names names;
    jl_want *want;
    size_t first_key, first_answer;
    jl_keyer keyer;
    size_t n, n_fields;
    char **line; /* JL_PAD readable bytes behind each */
    jl_rec *rec;
    jl_field *field;
    answered *is;
    jl_set *index;     /* key -> number + 1 */
    uint64_t unknown;  /* answers for keys that are nobody's */
    size_t fail_after; /* the sink fails once it has taken so many answers; 0 = never */
    size_t taken;
} questions;

/* Question i is the line that `write` makes; `keys` and `answers` are as typed behind -k and -a. */
static inline void questions_open(questions *q, const char *keys, const char *answers, size_t n,
                                  int (*write)(size_t i, char *text, size_t size)) {
    memset(q, 0, sizeof *q);
    assert_int_equal(jl_keyspec_parse(jl_span_of(keys), &q->key, NULL), 0);
    assert_int_equal(jl_names_parse(jl_span_of(answers), &q->names, NULL), 0);
    q->want = jl_want_new(NULL);
    q->first_key = (size_t)jl_want_key(q->want, &q->key, NULL);
    q->first_answer = jl_want_count(q->want);
    for (size_t i = 0; i < q->names.n; i++)
        assert_true(jl_want_name(q->want, q->names.name[i], NULL) >= 0);
    q->n = n;
    q->n_fields = jl_want_count(q->want);
    assert_int_equal(jl_keyer_init(&q->keyer, &q->key, q->first_key, NULL), 0);
    q->line = calloc(n, sizeof *q->line);
    q->rec = calloc(n, sizeof *q->rec);
    q->field = calloc(n * q->n_fields, sizeof *q->field);
    q->is = calloc(n, sizeof *q->is);
    q->index = jl_set_new(true, NULL);
    for (size_t i = 0; i < n; i++) {
        char text[4096];
        size_t length = (size_t)write(i, text, sizeof text);
        assert_true(length < sizeof text);
        q->line[i] = calloc(1, length + 1 + JL_PAD);
        memcpy(q->line[i], text, length);
        q->line[i][length] = '\n';
        jl_err err = {0};
        if (jl_rec_scan(q->want, q->line[i], q->line[i] + length + 1, false, q->field + i * q->n_fields, &q->rec[i],
                        &err) != JL_SCAN_RECORD)
            fail_msg("%s: %s", text, err.text);
        assert_int_equal(jl_key_of(&q->keyer, &q->rec[i], NULL), 0);
        assert_true(q->rec[i].has_key);
        uint64_t *number;
        assert_int_equal(jl_set_add(q->index, q->rec[i].key, &number, NULL), 1);
        *number = i + 1;
    }
}

static inline void questions_close(questions *q) {
    for (size_t i = 0; i < q->n; i++)
        free(q->line[i]);
    free(q->line);
    free(q->rec);
    free(q->field);
    free(q->is);
    jl_set_free(q->index);
    jl_keyer_free(&q->keyer);
    jl_want_free(q->want);
    jl_names_free(&q->names);
    jl_keyspec_free(&q->key);
}

static inline int questions_note(void *self, jl_hash key, uint64_t ticket, jl_answer answer, jl_err *err) {
    questions *q = self;
    const uint64_t *number = jl_set_find(q->index, key);
    (void)err;
    assert_in_range(answer.state, JL_FOUND, JL_UNANSWERED); /* JL_PENDING never comes out */
    if (!number) {
        q->unknown++;
        return 0;
    }
    assert_int_equal(ticket, QUESTIONS_TICKET(*number - 1));
    answered *a = &q->is[*number - 1];
    assert_true(a->asked);
    a->times++;
    a->state = answer.state;
    if (answer.state != JL_FOUND)
        answer.value = (jl_span){NULL, 0};
    snprintf(a->value, sizeof a->value, "%.*s", (int)answer.value.n, answer.value.p ? answer.value.p : "");
    return 0;
}

static inline int questions_take(void *self, jl_hash key, uint64_t ticket, jl_answer answer, jl_err *err) {
    questions *q = self;
    if (q->fail_after && ++q->taken >= q->fail_after)
        return jl_err_nomem(err);
    return questions_note(self, key, ticket, answer, err);
}

static inline jl_sink questions_sink(questions *q) {
    return (jl_sink){questions_take, q};
}

/* Submits questions from..to-1 as one batch. The lines are out of reach afterwards, as they are in the loop. */
static inline int questions_submit(questions *q, jl_lookup *l, size_t from, size_t to, jl_err *err) {
    size_t n = to - from;
    jl_query *query = calloc(n ? n : 1, sizeof *query);
    jl_rec *rec = calloc(n ? n : 1, sizeof *rec);
    for (size_t i = 0; i < n; i++) {
        rec[i] = q->rec[from + i];
        query[i] = (jl_query){rec[i].key, QUESTIONS_TICKET(from + i), &rec[i], {JL_PENDING, {NULL, 0}}};
        q->is[from + i].asked = true;
    }
    int rc = l->ops->submit(l, query, n, err);
    for (size_t i = 0; i < n; i++)
        if (query[i].answer.state != JL_PENDING)
            assert_int_equal(questions_note(q, query[i].key, query[i].ticket, query[i].answer, NULL), 0);
    free(rec);
    free(query);
    return rc;
}

static inline size_t questions_outstanding(const jl_lookup *l) {
    return l->ops->outstanding ? l->ops->outstanding(l) : 0;
}

/* Questions asked and not answered, as the sink sees it. */
static inline size_t questions_open_count(const questions *q) {
    size_t n = 0;
    for (size_t i = 0; i < q->n; i++)
        n += q->is[i].asked && q->is[i].times == 0;
    return n;
}

/* Waits as the loop does, collects once. */
static inline int questions_wait(questions *q, jl_lookup *l, jl_err *err) {
    struct pollfd fd[8];
    size_t n = l->ops->pollfds ? l->ops->pollfds(l, fd, 8) : 0;
    assert_true(n <= 8);
    assert_true(poll(fd, n, jl_clock_poll_ms(l->ops->deadline ? l->ops->deadline(l) : -1)) >= 0);
    return l->ops->collect ? l->ops->collect(l, questions_sink(q), err) : 0;
}

/* Ends the questions, waits until none is outstanding. */
static inline int questions_finish(questions *q, jl_lookup *l, bool stop, jl_err *err) {
    int rc = l->ops->finish ? l->ops->finish(l, stop, questions_sink(q), err) : 0;
    while (rc == 0 && questions_outstanding(l) > 0)
        rc = questions_wait(q, l, err);
    return rc;
}

/* Every question that was asked has exactly one answer. */
static inline void questions_answered_once(const questions *q) {
    for (size_t i = 0; i < q->n; i++)
        if (q->is[i].times != q->is[i].asked)
            fail_msg("%s was answered %u times", q->line[i], q->is[i].times);
    assert_int_equal(q->unknown, 0);
}

static inline size_t questions_count(const questions *q, jl_state state) {
    size_t n = 0;
    for (size_t i = 0; i < q->n; i++)
        n += q->is[i].times > 0 && q->is[i].state == state;
    return n;
}

#endif
