/* Turns -k and -a into the members that jl_rec_scan looks for. */
#include "frame/fields.h"

int jl_fields_open(jl_fields *f, bool answers, jl_err *err) {
    const char *key = f->key_text ? f->key_text : JL_FIELDS_KEY;
    const char *answer = f->answer_text ? f->answer_text : JL_FIELDS_ANSWER;
    if (jl_keyspec_parse(jl_span_of(key), &f->key, err) != 0)
        return -1;
    if (answers && jl_names_parse(jl_span_of(answer), &f->answer, err) != 0)
        return -1;
    f->want = jl_want_new(err);
    int first = f->want ? jl_want_key(f->want, &f->key, err) : -1;
    if (first < 0)
        return -1;
    f->first_key = (size_t)first;
    f->first_answer = jl_want_count(f->want);
    for (size_t i = 0; i < f->answer.n; i++)
        if (jl_want_name(f->want, f->answer.name[i], err) < 0)
            return -1;
    return 0;
}

void jl_fields_close(jl_fields *f) {
    jl_keyspec_free(&f->key);
    jl_names_free(&f->answer);
    jl_want_free(f->want);
    *f = (jl_fields){0};
}
