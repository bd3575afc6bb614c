/* What counts as an answer, decided in one place. */
#include "senior/scale.h"

#include "base/num.h"

int jl_scale_parse(void *scale, const char *text, jl_err *err) {
    jl_span all = jl_span_of(text);
    const char *dash = all.n ? memchr(all.p, '-', all.n) : NULL;
    uint64_t min = 0, max = 0;
    if (!dash || jl_num_u64((jl_span){all.p, (size_t)(dash - all.p)}, 1, 255, &min, NULL) != 0 ||
        jl_num_u64((jl_span){dash + 1, all.n - (size_t)(dash - all.p) - 1}, 1, 255, &max, NULL) != 0 || min > max)
        return jl_err_set(err, JL_USAGE, "'%s' is not a scale: MIN-MAX, such as 1-7, within 1-255", text);
    *(jl_scale *)scale = (jl_scale){(uint8_t)min, (uint8_t)max};
    return 0;
}

uint8_t jl_scale_answer(jl_scale scale, jl_span token) {
    int64_t value;
    return token.n && jl_json_integer(token, &value) && value >= scale.min && value <= scale.max ? (uint8_t)value : 0;
}

uint8_t jl_scale_field(jl_scale scale, const jl_rec *rec, size_t field) {
    return rec->field[field].type == JL_NUMBER ? jl_scale_answer(scale, jl_rec_value(rec, field)) : 0;
}

jl_span jl_scale_token(uint8_t value, char text[4]) {
    size_t n = 0;
    if (value >= 100)
        text[n++] = (char)('0' + value / 100);
    if (value >= 10)
        text[n++] = (char)('0' + value / 10 % 10);
    text[n++] = (char)('0' + value % 10);
    return (jl_span){text, n};
}

int jl_pair_check(const jl_keyspec *spec, jl_err *err) {
    bool company = false, title = false;
    for (size_t i = 0; i < spec->n; i++) {
        company = company || jl_span_eq(spec->member[i].name, JL_SPAN("company"));
        title = title || jl_span_eq(spec->member[i].name, JL_SPAN("title"));
    }
    if (spec->n != 2 || !company || !title)
        return jl_err_set(err, JL_USAGE,
                          "-k: the seniority of a (company, title) is asked: name exactly these two, as in "
                          "-k company=hiringOrganization.name,title=jobTitle");
    return 0;
}
