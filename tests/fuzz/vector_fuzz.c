/* Any bytes as base64 and as an embedding: one spelling reads at all vector levels, what reads is written back and read as
 * the same bits. */
#include "fuzz/target.h"
#include "jsonl/each.h"
#include "jsonl/level.h"
#include "vector/base64.h"
#include "vector/vector.h"

static void base64(jl_span text) {
    char *bytes = malloc(text.n / 4 * 3 + JL_BASE64_SLACK), *again = malloc(text.n + 4 + JL_BASE64_SLACK);
    size_t n;
    MUST(bytes && again);
    if (jl_base64_read(text, bytes, &n)) {
        MUST(jl_base64_length(n) == text.n);
        MUST(jl_base64_write((jl_span){bytes, n}, again) == again + text.n);
        MUST(text.n == 0 || memcmp(again, text.p, text.n) == 0);
    }
    free(bytes);
    free(again);
}

static void same_again(const jl_vector *v, jl_stage stage) {
    jl_buf text = {0}, out = {0};
    jl_vector again;
    jl_stage again_stage;
    float *floats = malloc(v->data.n);
    MUST(floats && v->n > 0 && v->n <= JL_DIMS_MAX && v->data.n == 4 * (size_t)v->n);
    memcpy(floats, v->data.p, v->data.n);
    float length = jl_vector_dot(floats, floats, v->n);
    MUST(length == 0 || (length > 0.9999f && length < 1.0001f));
    MUST(jl_vector_write(v->model, stage, floats, v->n, &text, NULL) == 0);
    size_t n = text.n;
    MUST(jl_buf_reserve(&text, JL_PAD, NULL) == 0);
    memset(text.p + n, 0, JL_PAD);
    jl_value value;
    MUST(jl_each_check((jl_span){text.p, n}, &value, NULL) == 0);
    MUST(jl_vector_read(value.text, &out, &again, &again_stage, NULL) == 0);
    MUST(again.n == v->n && again_stage == stage && jl_span_eq(again.model, v->model) &&
         jl_span_eq(again.data, v->data));
    jl_buf_free(&text);
    jl_buf_free(&out);
    free(floats);
}

static bool member(jl_span body) {
    jl_value value;
    jl_vector v;
    jl_stage stage;
    jl_err err = {0};
    jl_buf out = {0};
    if (jl_each_check(body, &value, NULL) != 0)
        return false;
    bool read = jl_vector_read(value.text, &out, &v, &stage, &err) == 0;
    MUST(read || (err.class == JL_DATA && v.n == 0 && out.n == 0));
    if (read)
        same_again(&v, stage);
    jl_buf_free(&out);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *p = malloc(size + JL_PAD);
    MUST(p != NULL);
    if (size)
        memcpy(p, data, size);
    memset(p + size, '"', JL_PAD);
    bool first = false;
    const jl_level levels[] = {JL_LEVEL_PLAIN, JL_LEVEL_AVX2, JL_LEVEL_AVX512};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; ++i) {
        jl_level_force(levels[i]);
        base64((jl_span){p, size});
        bool read = member((jl_span){p, size});
        first = i ? first : read;
        MUST(read == first);
    }
    free(p);
    return 0;
}
