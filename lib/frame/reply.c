/* One reader, so that a table and a command can never disagree on what an answer is. */
#include "frame/reply.h"

#include <stdlib.h>

int jl_reply_open(jl_reply *r, const jl_keyspec *key, const jl_names *answer, jl_err *err) {
    memset(r, 0, sizeof *r);
    r->want = jl_want_new(err);
    if (!r->want || jl_keyspec_flat(key, &r->flat, err) != 0)
        return -1;
    int name = jl_want_key(r->want, &r->flat, err);
    int path = name < 0 ? -1 : jl_want_key(r->want, key, err);
    if (path < 0 || jl_keyer_init(&r->by_name, &r->flat, (size_t)name, err) != 0 ||
        jl_keyer_init(&r->by_path, key, (size_t)path, err) != 0)
        return -1;
    r->first_answer = jl_want_count(r->want);
    r->n_answers = answer->n;
    for (size_t i = 0; i < answer->n; i++)
        if (jl_want_name(r->want, answer->name[i], err) < 0)
            return -1;
    r->field = calloc(jl_want_count(r->want), sizeof *r->field);
    return r->field ? 0 : jl_err_nomem(err);
}

void jl_reply_close(jl_reply *r) {
    jl_keyer_free(&r->by_name);
    jl_keyer_free(&r->by_path);
    jl_keyspec_free(&r->flat);
    jl_want_free(r->want);
    jl_buf_free(&r->value);
    free(r->field);
    memset(r, 0, sizeof *r);
}

static int reply_answer(jl_reply *r, jl_err *err) {
    r->answer = (jl_answer){JL_REFUSED, {NULL, 0}};
    jl_buf_clear(&r->value);
    for (size_t i = r->first_answer; i < r->first_answer + r->n_answers; i++) {
        const jl_field *f = &r->rec.field[i];
        if (f->type != JL_ABSENT && f->type != JL_NULL) {
            r->answer.state = JL_FOUND;
            if (jl_buf_add(&r->value, jl_rec_value(&r->rec, i), err) != 0)
                return -1;
        }
        if (r->n_answers > 1 && jl_buf_addc(&r->value, '\n', err) != 0)
            return -1;
    }
    if (r->answer.state == JL_FOUND)
        r->answer.value = jl_buf_span(&r->value);
    return 0;
}

jl_scan jl_reply_read(jl_reply *r, const char *p, const char *limit, jl_err *err) {
    jl_scan kind = jl_rec_scan(r->want, p, limit, false, r->field, &r->rec, err);
    if (kind != JL_SCAN_RECORD)
        return kind;
    if (jl_key_of(&r->by_name, &r->rec, err) != 0 || (!r->rec.has_key && jl_key_of(&r->by_path, &r->rec, err) != 0) ||
        reply_answer(r, err) != 0)
        return JL_SCAN_BAD;
    return JL_SCAN_RECORD;
}
