/* Text out of buckets, buckets out of text that is believed only after it has been checked. */
#include "bucket/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/stop.h"
#include "jsonl/in.h"
#include "jsonl/rec.h"
#include "jsonl/write.h"

#define VERSION 1
#define BATCH ((size_t)1 << 17) /* entries put at once */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- base64, RFC 4648 section 4 ---- */

static int base64_write(jl_buf *out, const unsigned char *p, size_t n, jl_err *err) {
    if (jl_buf_reserve(out, (n + 2) / 3 * 4, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        char *to = out->p + out->n;
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = i + 1 < n ? alphabet[bits >> 6 & 63] : '=';
        to[3] = i + 2 < n ? alphabet[bits & 63] : '=';
        out->n += 4;
    }
    return 0;
}

static int base64_digit(char c) {
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* False when the text is no base64 as it is written here: padded, nothing in between, no bits left over. */
static bool base64_read(jl_span text, unsigned char *to, size_t *n) {
    *n = 0;
    if (text.n % 4)
        return false;
    for (size_t i = 0; i < text.n; i += 4) {
        bool last = i + 4 == text.n;
        int pad = last ? (text.p[i + 3] == '=') + (text.p[i + 3] == '=' && text.p[i + 2] == '=') : 0;
        unsigned bits = 0;
        for (int d = 0; d < 4; d++) {
            int digit = d >= 4 - pad ? 0 : base64_digit(text.p[i + (size_t)d]);
            if (digit < 0)
                return false;
            bits = bits << 6 | (unsigned)digit;
        }
        if ((pad == 1 && bits & 0xff) || (pad == 2 && bits & 0xffff))
            return false;
        to[(*n)++] = (unsigned char)(bits >> 16);
        if (pad < 2)
            to[(*n)++] = (unsigned char)(bits >> 8);
        if (pad < 1)
            to[(*n)++] = (unsigned char)bits;
    }
    return true;
}

/* ---- export ---- */

struct export {
    const jl_entry_shape *shape;
    jl_out *out;
    jl_transfer *done;
    jl_buf line, sorted;
};

static int export_line(struct export *e, jl_err *err) {
    int rc = jl_out_line(e->out, jl_buf_span(&e->line), err);
    jl_buf_clear(&e->line);
    return rc;
}

static int export_header(struct export *e, const char *model, jl_err *err) {
    bool bad = jl_write_open(&e->line, err) || jl_write_text(&e->line, "jobline", JL_SPAN("store"), err) ||
               jl_write_u64(&e->line, "version", VERSION, err) ||
               jl_write_text(&e->line, "kind", jl_span_of(e->shape->kind), err) ||
               jl_write_u64(&e->line, "bits", JL_BUCKET_BITS, err) ||
               jl_write_u64(&e->line, "fingerprint", e->shape->fingerprint, err) ||
               jl_write_u64(&e->line, "value", e->shape->value, err) ||
               jl_write_text(&e->line, "model", jl_span_of(model), err) || jl_write_close(&e->line, err);
    return bad ? -1 : export_line(e, err);
}

static int compare(const void *a, const void *b, void *size) {
    return memcmp(a, b, *(const size_t *)size);
}

static int export_bucket(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err) {
    struct export *e = self;
    size_t size = jl_entry_size(e->shape);
    jl_buf_clear(&e->sorted);
    if (jl_stop_asked())
        return 1;
    if (jl_buf_add(&e->sorted, (jl_span){(const char *)entries, n}, err) != 0)
        return -1;
    qsort_r(e->sorted.p, n / size, size, compare, &size);
    if (jl_buf_addf(&e->line, err, "{\"bucket\":%" PRIu32 ",\"entries\":\"", number) != 0 ||
        base64_write(&e->line, (const unsigned char *)e->sorted.p, n, err) != 0 ||
        jl_buf_addf(&e->line, err, "\",\"sum\":\"%016" PRIx64 "\"}", jl_digest(jl_buf_span(&e->sorted), number)) != 0)
        return -1;
    e->done->buckets++;
    e->done->entries += n / size;
    return export_line(e, err);
}

static int export_end(struct export *e, jl_err *err) {
    bool bad = jl_write_open(&e->line, err) || jl_write_raw(&e->line, "end", JL_SPAN("true"), err) ||
               jl_write_u64(&e->line, "buckets", e->done->buckets, err) ||
               jl_write_u64(&e->line, "entries", e->done->entries, err) || jl_write_close(&e->line, err);
    return bad ? -1 : export_line(e, err);
}

int jl_transfer_export(jl_store *store, const char *model, jl_out *out, jl_transfer *done, jl_err *err) {
    struct export e = {.shape = store->shape, .out = out, .done = done};
    int rc = export_header(&e, model, err);
    if (rc == 0)
        rc = store->ops->walk(store, export_bucket, &e, err);
    if (rc == 0)
        rc = export_end(&e, err);
    jl_buf_free(&e.line);
    jl_buf_free(&e.sorted);
    return rc > 0 ? 0 : rc; /* asked to stop: the end is missing, as it should */
}

/* ---- import ---- */

/* The members of all lines. */
enum {
    F_JOBLINE,
    F_VERSION,
    F_KIND,
    F_BITS,
    F_FINGERPRINT,
    F_VALUE,
    F_MODEL,
    F_BUCKET,
    F_ENTRIES,
    F_SUM,
    F_END,
    F_BUCKETS,
    N_FIELDS
};
static const char *const members[N_FIELDS] = {"jobline", "version", "kind",    "bits", "fingerprint", "value",
                                              "model",   "bucket",  "entries", "sum",  "end",         "buckets"};

struct jl_import {
    const jl_entry_shape *shape;
    jl_in in;
    jl_want *want;
    jl_field field[N_FIELDS];
    jl_rec rec;
    jl_buf model, bytes;
    jl_hash *key;
    uint8_t *value;
    size_t n;
    int64_t last; /* bucket read */
    bool ended;
};

static int import_bad(const jl_import *i, jl_err *err, const char *what) {
    (void)jl_err_set(err, JL_DATA, "%s", what);
    jl_err_place(err, i->in.name, i->in.line);
    return -1;
}

/* The next line, which is a record. 1: there is one, 0: the end. It stays valid until the next call; the caller takes
   it. */
static int import_next(jl_import *i, jl_err *err) {
    jl_span piece;
    bool last;
    while (jl_in_lines(&i->in).n == 0) {
        if (jl_in_long(&i->in, &piece, &last))
            return import_bad(i, err, "longer than --max-line");
        if (i->in.eof)
            return 0;
        if (jl_in_fill(&i->in, err) == -1)
            return -1;
    }
    jl_span lines = jl_in_lines(&i->in);
    jl_scan scan = jl_rec_scan(i->want, lines.p, lines.p + lines.n, false, i->field, &i->rec, err);
    if (scan == JL_SCAN_RECORD)
        return 1;
    if (scan == JL_SCAN_BLANK)
        return import_bad(i, err, "a blank line");
    jl_err_place(err, i->in.name, i->in.line);
    return -1;
}

static void import_take(jl_import *i) {
    jl_in_take(&i->in, (size_t)i->rec.len + 1, 1);
}

static bool field_number(const jl_import *i, size_t f, int64_t *value) {
    return i->field[f].type == JL_NUMBER && jl_json_integer(jl_rec_value(&i->rec, f), value) && *value >= 0;
}

static bool field_is(const jl_import *i, size_t f, int64_t wanted) {
    int64_t value;
    return field_number(i, f, &value) && value == wanted;
}

static bool field_says(const jl_import *i, size_t f, const char *text) {
    jl_span token = jl_rec_value(&i->rec, f);
    return i->field[f].type == JL_STRING && token.n == strlen(text) + 2 && memcmp(token.p + 1, text, token.n - 2) == 0;
}

static int import_header(jl_import *i, jl_err *err) {
    int rc = import_next(i, err);
    if (rc < 0)
        return -1;
    if (rc == 0 || !field_says(i, F_JOBLINE, "store") || i->field[F_MODEL].type != JL_STRING)
        return import_bad(i, err, "this is not an export of a jobline store");
    int64_t version;
    if (!field_number(i, F_VERSION, &version) || version > VERSION) {
        (void)jl_err_set(err, JL_CONFIG, "%s: an export of a newer format: use a newer jobline", i->in.name);
        return -1;
    }
    if (!field_says(i, F_KIND, i->shape->kind) || !field_is(i, F_BITS, JL_BUCKET_BITS) ||
        !field_is(i, F_FINGERPRINT, i->shape->fingerprint) || !field_is(i, F_VALUE, i->shape->value)) {
        (void)jl_err_set(err, JL_CONFIG, "%s: an export of another kind of store, or of another layout", i->in.name);
        return -1;
    }
    if (jl_json_decode(jl_rec_value(&i->rec, F_MODEL), &i->model, err) != 0 || !jl_buf_text(&i->model, err))
        return -1;
    if (memchr(i->model.p, '\0', i->model.n))
        return import_bad(i, err, "the model's name contains a NUL");
    import_take(i);
    return 0;
}

jl_import *jl_import_open(const char *path, const jl_entry_shape *shape, uint64_t max_line, jl_err *err) {
    jl_import *i = calloc(1, sizeof *i);
    if (!i) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    i->shape = shape;
    i->last = -1;
    i->in.fd = -1;
    i->want = jl_want_new(err);
    int rc = i->want ? jl_in_open(&i->in, path, max_line, err) : -1;
    for (size_t f = 0; rc == 0 && f < N_FIELDS; f++)
        rc = jl_want_name(i->want, jl_span_of(members[f]), err) < 0 ? -1 : 0;
    if (rc == 0)
        rc = import_header(i, err);
    if (rc == 0 && (!(i->key = malloc(BATCH * sizeof *i->key)) || !(i->value = malloc(BATCH))))
        rc = jl_err_nomem(err);
    if (rc == 0)
        return i;
    jl_import_close(i);
    return NULL;
}

const char *jl_import_model(const jl_import *i) {
    return i->model.p;
}

static int import_put(jl_import *i, jl_store *store, jl_put_counts *counts, jl_err *err) {
    if (i->n == 0)
        return 0;
    uint8_t *value = i->shape->value ? i->value : NULL;
    if (store->ops->put(store, i->key, value, NULL, i->n, counts, err) != 0)
        return -1;
    i->n = 0;
    return 0;
}

struct target {
    jl_store *store;
    uint8_t min, max;
    jl_put_counts *counts;
    jl_transfer *done;
};

static int import_entries(jl_import *i, const struct target *t, uint32_t bucket, jl_err *err) {
    jl_span text = jl_rec_value(&i->rec, F_ENTRIES);
    size_t size = jl_entry_size(i->shape), n;
    jl_buf_clear(&i->bytes);
    if (jl_buf_reserve(&i->bytes, text.n, err) != 0)
        return -1;
    unsigned char *bytes = (unsigned char *)i->bytes.p;
    char sum[17];
    if (!base64_read((jl_span){text.p + 1, text.n - 2}, bytes, &n) || n == 0 || n % size)
        return import_bad(i, err, "the entries are damaged");
    (void)snprintf(sum, sizeof sum, "%016" PRIx64, jl_digest((jl_span){i->bytes.p, n}, bucket));
    if (!field_says(i, F_SUM, sum))
        return import_bad(i, err, "the entries do not agree with their sum");
    for (size_t at = 0; at < n; at += size) {
        uint8_t value = jl_entry_value(i->shape, bytes + at);
        if (i->shape->value && (value < t->min || value > t->max))
            return import_bad(i, err, "an entry's answer is not on the scale");
        if (at > 0 && memcmp(bytes + at - size, bytes + at, i->shape->fingerprint) >= 0)
            return import_bad(i, err, "the entries are not in order");
    }
    for (size_t at = 0; at < n; at += size) {
        if (i->n == BATCH && import_put(i, t->store, t->counts, err) != 0)
            return -1;
        i->key[i->n] = jl_entry_key(i->shape, bucket, bytes + at);
        i->value[i->n++] = jl_entry_value(i->shape, bytes + at);
    }
    t->done->buckets++;
    t->done->entries += n / size;
    return 0;
}

static int import_line(jl_import *i, const struct target *t, jl_err *err) {
    int64_t bucket;
    if (i->ended)
        return import_bad(i, err, "a line behind the end");
    if (i->field[F_END].type == JL_TRUE) {
        if (!field_is(i, F_BUCKETS, (int64_t)t->done->buckets) || !field_is(i, F_ENTRIES, (int64_t)t->done->entries))
            return import_bad(i, err, "the totals differ from what was read: lines are missing");
        i->ended = true;
        return 0;
    }
    if (!field_number(i, F_BUCKET, &bucket) || bucket >= (int64_t)JL_BUCKETS || i->field[F_ENTRIES].type != JL_STRING)
        return import_bad(i, err, "not a line of an export");
    if (bucket <= i->last)
        return import_bad(i, err, "the buckets are not in order");
    i->last = bucket;
    return import_entries(i, t, (uint32_t)bucket, err);
}

int jl_import_run(jl_import *i, jl_store *store, uint8_t min, uint8_t max, jl_put_counts *counts, jl_transfer *done,
                  jl_err *err) {
    struct target t = {store, min, max, counts, done};
    int rc;
    while ((rc = import_next(i, err)) == 1) {
        if (import_line(i, &t, err) != 0)
            return -1;
        import_take(i);
        if (jl_stop_asked())
            return import_put(i, store, counts, err);
    }
    if (rc != 0)
        return -1;
    if (!i->ended)
        return import_bad(i, err, "the end is missing: the export was cut short");
    return import_put(i, store, counts, err);
}

void jl_import_close(jl_import *i) {
    if (i->in.buf)
        jl_in_close(&i->in);
    jl_want_free(i->want);
    jl_buf_free(&i->model);
    jl_buf_free(&i->bytes);
    free(i->key);
    free(i->value);
    free(i);
}
