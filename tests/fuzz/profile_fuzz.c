/* Any bytes as a profile and as a posting for it: an answer or a refusal, a score within its bounds.
 *
 * The first byte chooses: 't' the rest is a profile's free text, 'd' a posting's description, else a profile as JSON. */
#include "fuzz/target.h"
#include "jsonl/utf8.h"
#include "jsonl/write.h"
#include "match/need.h"

#define NOW INT64_C(1767268800)

static void wrapped(const char *before, jl_span text, const char *after, jl_buf *out) {
    MUST(jl_buf_add(out, jl_span_of(before), NULL) == 0 && jl_write_string(out, text, NULL) == 0);
    MUST(jl_buf_add(out, jl_span_of(after), NULL) == 0 && jl_buf_reserve(out, JL_PAD, NULL) == 0);
    memset(out->p + out->n, '"', JL_PAD);
}

static void match_one(const jl_profile *profile, jl_span line) {
    jl_weights weights = jl_weights_default();
    jl_matcher *m = jl_matcher_new(&weights, NULL);
    jl_postings *p = jl_postings_new(NULL);
    jl_buf out = {0}, reasons = {0};
    jl_posting job;
    jl_match match;
    MUST(m && p && jl_matcher_profile(m, profile, NOW, NULL) == 0);
    MUST(jl_postings_load(p, line, &out, &job, NULL) == 0);
    MUST(jl_matcher_score(m, &job, JL_STAGE_FULL, 0.5F, &match, &reasons, NULL) == 0);
    MUST(match.score >= 0 && match.score <= 100 && match.ats >= 0 && match.ats <= 1);
    for (size_t i = 0; i < JL_PARTS; ++i)
        MUST(match.part[i] <= 1 && (match.part[i] >= 0 || match.part[i] == -1));
    jl_value value;
    MUST(jl_buf_reserve(&reasons, JL_PAD, NULL) == 0);
    memset(reasons.p + reasons.n, 0, JL_PAD);
    MUST(jl_each_check(jl_buf_span(&reasons), &value, NULL) == 0 && value.type == JL_ARRAY);
    jl_buf_free(&out);
    jl_buf_free(&reasons);
    jl_postings_free(p);
    jl_matcher_free(m);
}

static void profile_holds(const jl_profile *p) {
    MUST(p->titles <= JL_PROFILE_TITLES && p->skills <= JL_PROFILE_SKILLS && p->seniority <= 7);
    MUST(p->years == -1 || (p->years >= 0 && p->years < 200));
    for (size_t i = 0; i < p->skills; ++i)
        MUST(p->skill[i].n > 0 && p->skill[i].n <= 128);
    for (size_t i = 0; i < p->titles; ++i)
        MUST(p->title[i].n > 0 && jl_utf8_valid(p->title[i].p, p->title[i].n));
    MUST(p->id[0] && strlen(p->id) < sizeof p->id);
}

static void as_profile(jl_span json) {
    jl_profile profile = {0};
    jl_value value;
    jl_err err = {0};
    jl_buf needs = {0};
    size_t n;
    if (jl_each_check(json, &value, NULL) == 0) {
        if (jl_profile_read(&profile, value, NOW, &err) == 0) {
            profile_holds(&profile);
            match_one(
                &profile,
                JL_SPAN("{\"id\":\"1\",\"company\":\"A\",\"title\":\"Nurse\",\"description\":\"Python, 5 years\"}"));
            MUST(jl_need_requests(&profile, 5, &needs, &n, &err) == 0 || err.class == JL_DATA);
            MUST(n <= 5);
        } else {
            MUST(err.class == JL_DATA && err.text[0]);
        }
    }
    jl_buf_free(&needs);
    jl_profile_free(&profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    jl_buf json = {0};
    jl_profile profile = {0};
    jl_value value;
    if (size == 0)
        return 0;
    jl_span rest = {(const char *)data + 1, size - 1};
    if (data[0] == 't') {
        wrapped("{\"text\":", rest, "}", &json);
        as_profile(jl_buf_span(&json));
    } else if (data[0] == 'd') {
        static const char who[] = "{\"title\":\"Nurse\",\"skills\":[\"Python\",\"R\"],\"years\":4}                     "
                                  "                                           ";
        MUST(jl_each_check((jl_span){who, 51}, &value, NULL) == 0 && jl_profile_read(&profile, value, NOW, NULL) == 0);
        wrapped("{\"id\":\"1\",\"company\":\"A\",\"title\":\"Nurse\",\"description\":", rest, "}", &json);
        match_one(&profile, jl_buf_span(&json));
        jl_profile_free(&profile);
    } else {
        MUST(jl_buf_reserve(&json, rest.n + JL_PAD, NULL) == 0 && jl_buf_add(&json, rest, NULL) == 0);
        memset(json.p + json.n, '}', JL_PAD);
        as_profile(jl_buf_span(&json));
    }
    jl_buf_free(&json);
    return 0;
}
