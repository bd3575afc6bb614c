/* An embedding between a line and memory. */
#include "vector/vector.h"

#include "jsonl/each.h"
#include "jsonl/write.h"
#include "vector/base64.h"
#include "vector/float.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "vectors travel and are kept as little-endian float32: this machine would have to turn them around"
#endif

const char *const jl_stage_name[JL_STAGES] = {"listing", "full"};

static bool stage_of(jl_span text, jl_stage *stage) {
    for (int i = 0; i < JL_STAGES; ++i)
        if (jl_span_eq(text, jl_span_of(jl_stage_name[i]))) {
            *stage = (jl_stage)i;
            return true;
        }
    return false;
}

bool jl_vector_model_good(jl_span model) {
    for (size_t i = 0; i < model.n; ++i)
        if (model.p[i] <= ' ' || model.p[i] > '~' || model.p[i] == '"' || model.p[i] == '\'' || model.p[i] == '\\')
            return false;
    return model.n > 0 && model.n < JL_MODEL_MAX;
}

/* ---- read ---- */

enum { MODEL, STAGE, DIMS, DATA, MEMBERS };

/* What a string member means: the bytes between its quotes, or in `room` when it has escapes. */
static int meaning(const jl_value *value, jl_buf *room, jl_span *text, jl_err *err) {
    if (jl_json_plain(value->text)) {
        *text = (jl_span){value->text.p + 1, value->text.n - 2};
        return 0;
    }
    jl_buf_clear(room);
    if (jl_json_decode(value->text, room, err) != 0)
        return -1;
    *text = jl_buf_span(room);
    return 0;
}

static int read_stage(const jl_value *value, jl_buf *room, jl_stage *stage, jl_err *err) {
    *stage = JL_STAGE_LISTING;
    if (value->type == JL_ABSENT || value->type == JL_NULL)
        return 0;
    jl_span text;
    if (value->type != JL_STRING)
        return jl_err_set(err, JL_DATA, "the embedding's stage is no string");
    if (meaning(value, room, &text, err) != 0)
        return -1;
    if (!stage_of(text, stage))
        return jl_err_set(err, JL_DATA, "the embedding's stage is neither listing nor full");
    return 0;
}

static int read_dims(const jl_value *value, uint32_t *n, jl_err *err) {
    int64_t dims;
    if (value->type != JL_NUMBER || !jl_json_integer(value->text, &dims) || dims < 1 || dims > JL_DIMS_MAX)
        return jl_err_set(err, JL_DATA, "the embedding's dims is no integer from 1 to %d", JL_DIMS_MAX);
    *n = (uint32_t)dims;
    return 0;
}

/* Into memory for 4n bytes and JL_BASE64_SLACK. */
static int read_data(const jl_value *value, jl_buf *room, uint32_t n, char *to, jl_err *err) {
    jl_span text;
    size_t bytes;
    if (value->type != JL_STRING)
        return jl_err_set(err, JL_DATA, "the embedding's data is no string");
    if (meaning(value, room, &text, err) != 0)
        return -1;
    if (text.n != jl_base64_length((size_t)n * sizeof(float)))
        return jl_err_set(err, JL_DATA, "the embedding's data is not %u float32 in base64", (unsigned)n);
    if (!jl_base64_read(text, to, &bytes))
        return jl_err_set(err, JL_DATA, "the embedding's data is no base64");
    if (bytes != (size_t)n * sizeof(float))
        return jl_err_set(err, JL_DATA, "the embedding's data is not %u float32 in base64", (unsigned)n);
    return 0;
}

/* The floats at `p`, of any alignment, brought to length 1 where they stand. */
static int bring_to_length(char *p, uint32_t n, jl_err *err) {
    float v[JL_DIMS_MAX];
    memcpy(v, p, n * sizeof *v);
    if (!jl_float_normalise(v, n))
        return jl_err_set(err, JL_DATA, "the embedding has a number that is NaN or infinite");
    memcpy(p, v, n * sizeof *v);
    return 0;
}

static int read_members(const jl_value *member, jl_buf *room, jl_buf *out, jl_vector *v, jl_stage *stage, jl_err *err) {
    uint32_t n = 0;
    if (read_dims(&member[DIMS], &n, err) != 0 || read_stage(&member[STAGE], room, stage, err) != 0)
        return -1;
    size_t bytes = (size_t)n * sizeof(float);
    if (jl_buf_reserve(out, bytes + JL_BASE64_SLACK + JL_MODEL_MAX, err) != 0)
        return -1;
    char *floats = out->p + out->n;
    if (read_data(&member[DATA], room, n, floats, err) != 0 || bring_to_length(floats, n, err) != 0)
        return -1;
    jl_span model = {0};
    if (member[MODEL].type == JL_STRING && meaning(&member[MODEL], room, &model, err) != 0)
        return -1;
    if (!jl_vector_model_good(model))
        return jl_err_set(err, JL_DATA, "the embedding names no model (1 to %d printable ASCII characters)",
                          JL_MODEL_MAX - 1);
    size_t used = bytes;
    if (room->p && model.p == room->p) {
        memcpy(floats + bytes, model.p, model.n);
        model.p = floats + bytes;
        used += model.n;
    }
    *v = (jl_vector){model, {floats, bytes}, n};
    out->n += used;
    return 0;
}

int jl_vector_read(jl_span json, jl_buf *out, jl_vector *v, jl_stage *stage, jl_err *err) {
    static const char *const name[MEMBERS] = {"model", "stage", "dims", "data"};
    *v = (jl_vector){0};
    *stage = JL_STAGE_LISTING;
    if (json.n == 0 || *json.p != '{')
        return jl_err_set(err, JL_DATA, "the embedding is no object");
    jl_value member[MEMBERS];
    jl_each_pick((jl_value){json, JL_OBJECT}, name, MEMBERS, member);
    jl_buf room = {0};
    int result = read_members(member, &room, out, v, stage, err);
    jl_buf_free(&room);
    return result;
}

/* ---- write ---- */

int jl_vector_write(jl_span model, jl_stage stage, const float *v, uint32_t n, jl_buf *out, jl_err *err) {
    if (!jl_vector_model_good(model) || n == 0 || n > JL_DIMS_MAX)
        return jl_err_set(err, JL_DATA, "an embedding without a model's name or with %u dimensions", (unsigned)n);
    if (jl_buf_addf(out, err, "{\"model\":\"%.*s\",\"stage\":\"%s\",\"dims\":%u,\"data\":\"", (int)model.n, model.p,
                    jl_stage_name[stage], (unsigned)n) != 0)
        return -1;
    jl_span bytes = {(const char *)v, n * sizeof *v};
    if (jl_buf_reserve(out, jl_base64_length(bytes.n) + JL_BASE64_SLACK, err) != 0)
        return -1;
    out->n = (size_t)(jl_base64_write(bytes, out->p + out->n) - out->p);
    return jl_buf_add(out, JL_SPAN("\"}"), err);
}
