/* The raw payloads of jobs that are no more. */
#include "store/payload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/stop.h"
#include "job/job.h"
#include "jsonl/set.h"

#define NAME 40 /* the longest: "ab/", 32 digits, ".json" */
#define BATCH ((size_t)1000)

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool jl_payload_is_name(jl_span name) {
    if (name.n != NAME || name.p[2] != '/')
        return false;
    for (size_t i = 0; i < 35; i++)
        if (i != 2 && !is_hex(name.p[i]))
            return false;
    return memcmp(name.p + 35, ".json", 5) == 0 || memcmp(name.p + 35, ".html", 5) == 0;
}

int jl_payloads_open(jl_payloads *p, const char *path, jl_err *err) {
    *p = (jl_payloads){.list = {.fd = -1}};
    return jl_append_open(&p->list, path, err);
}

int jl_payloads_add(jl_payloads *p, jl_span name, jl_err *err) {
    if (!jl_payload_is_name(name)) {
        p->strange++;
        return 0;
    }
    return jl_out_line(&p->list.out, name, err);
}

int jl_payloads_sync(jl_payloads *p, jl_err *err) {
    return jl_append_sync(&p->list, err);
}

void jl_payloads_close(jl_payloads *p) {
    jl_append_close(&p->list);
}

/* ---- the end ---- */

struct ending {
    jl_payloads *p;
    jl_set *set; /* names on the list; payload 1: done with */
    jl_want *want;
    jl_field field[1];
    jl_buf text;
};

static jl_hash hash_of(jl_span name) {
    jl_digest128 d = jl_digest_wide(name, 0);
    return (jl_hash){d.hi, d.lo};
}

/* Calls `each` for every name on the list. */
static int each_listed(struct ending *e, int (*each)(struct ending *e, const char *name, void *self, jl_err *err),
                       void *self, jl_err *err) {
    char piece[(NAME + 1) * 512];
    int64_t at = 0;
    for (ssize_t n; at < e->p->list.safe; at += n) {
        n = pread(e->p->list.fd, piece, sizeof piece, (off_t)at);
        if (n <= 0)
            return jl_err_errno(err, JL_IO, n < 0 ? errno : EIO, "%s: read", e->p->list.path);
        n -= n % (NAME + 1);
        if (n == 0)
            return jl_err_set(err, JL_DATA, "%s: byte %lld: no list of payloads", e->p->list.path, (long long)at + 1);
        for (char *name = piece; name < piece + n; name += NAME + 1) {
            if (name[NAME] != '\n' || !jl_payload_is_name((jl_span){name, NAME}))
                return jl_err_set(err, JL_DATA, "%s: byte %lld: no list of payloads", e->p->list.path,
                                  (long long)(at + (name - piece)) + 1);
            name[NAME] = '\0';
            if (each(e, name, self, err) != 0)
                return -1;
        }
    }
    return 0;
}

static int list_name(struct ending *e, const char *name, void *self, jl_err *err) {
    (void)self;
    int added = jl_set_add(e->set, hash_of((jl_span){name, NAME}), NULL, err);
    e->p->listed += added > 0;
    return added < 0 ? -1 : 0;
}

/* A job that is there: what it names stays. */
static int spare(void *self, const jl_stored_job *job, jl_err *err) {
    struct ending *e = self;
    jl_span line = job->job.line, raw;
    jl_rec rec;
    if (jl_stop_asked())
        return 1;
    jl_buf_clear(&e->text);
    if (jl_buf_reserve(&e->text, line.n + 1 + JL_PAD, err) != 0 || jl_buf_add(&e->text, line, err) != 0 ||
        jl_buf_addc(&e->text, '\n', err) != 0)
        return -1;
    if (jl_rec_scan(e->want, e->text.p, e->text.p + e->text.n, false, e->field, &rec, NULL) != JL_SCAN_RECORD ||
        rec.field[0].type != JL_STRING)
        return 0;
    raw = jl_rec_value(&rec, 0);
    jl_buf name = {0};
    int rc = jl_json_decode(raw, &name, err);
    uint64_t *found = rc == 0 ? jl_set_find(e->set, hash_of(jl_buf_span(&name))) : NULL;
    if (found && *found == 0) {
        *found = 1;
        e->p->named++;
    }
    jl_buf_free(&name);
    return rc;
}

struct batch {
    jl_payloads_drop drop;
    void *self;
    char name[BATCH][NAME + 1];
    const char *pointer[BATCH];
    size_t n;
};

static int drop_batch(struct ending *e, struct batch *b, jl_err *err) {
    size_t n = b->n;
    b->n = 0;
    if (n == 0)
        return 0;
    if (b->drop(b->self, b->pointer, n, err) != 0)
        return -1;
    e->p->dropped += n;
    return 0;
}

static int drop_name(struct ending *e, const char *name, void *self, jl_err *err) {
    struct batch *b = self;
    uint64_t *done = jl_set_find(e->set, hash_of((jl_span){name, NAME}));
    if (!done || *done)
        return 0;
    *done = 1;
    memcpy(b->name[b->n], name, NAME + 1);
    b->pointer[b->n] = b->name[b->n];
    return ++b->n == BATCH ? drop_batch(e, b, err) : 0;
}

static int drop_rest(struct ending *e, jl_payloads_drop drop, void *self, jl_err *err) {
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return jl_err_nomem(err);
    b->drop = drop;
    b->self = self;
    int rc = each_listed(e, drop_name, b, err);
    if (rc == 0)
        rc = drop_batch(e, b, err);
    free(b);
    return rc;
}

static int end_list(struct ending *e, jl_jobs *store, jl_payloads_drop drop, void *self, jl_err *err) {
    jl_find everything = {.duplicates = true, .lines = true};
    if (each_listed(e, list_name, NULL, err) != 0)
        return -1;
    if (e->p->listed == 0)
        return 0;
    if (store->ops->find(store, &everything, spare, e, err) != 0)
        return -1;
    return jl_stop_asked() ? 0 : drop_rest(e, drop, self, err);
}

int jl_payloads_end(jl_payloads *p, jl_jobs *store, jl_payloads_drop drop, void *self, jl_err *err) {
    struct ending e = {.p = p, .set = jl_set_new(true, err)};
    e.want = e.set ? jl_want_new(err) : NULL;
    int rc = e.want && jl_want_name(e.want, jl_job_bare(JL_JOB_RAW), err) >= 0 ? 0 : -1;
    if (rc == 0)
        rc = end_list(&e, store, drop, self, err);
    if (rc == 0 && !jl_stop_asked() && unlink(p->list.path) != 0)
        rc = jl_err_errno(err, JL_IO, errno, "%s: remove", p->list.path);
    jl_set_free(e.set);
    jl_want_free(e.want);
    jl_buf_free(&e.text);
    return rc;
}
