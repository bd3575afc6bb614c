/* jl-dedupe passes the first line of each key, in input order, byte for byte.

   Contract: a line goes out unchanged, or it is dropped because its key was seen before; nothing else happens to it.
   With --seen the keys of earlier runs count too, and those of this run are stored only after the output is safe, so
   that a run that dies can be run again with the same result. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/stop.h"
#include "base/url.h"
#include "bucket/seen.h"
#include "frame/fields.h"
#include "frame/filter.h"
#include "frame/prog.h"
#include "jsonl/set.h"
#include "jsonl/splice.h"

#define AHEAD 32        /* look-ups whose slots are on their way into the cache */
#define BATCH 256       /* lines asked about at once */
#define SEEN_BATCH 8192 /* the same with --seen: a store wants large batches */

enum no_key { NO_KEY_PASS, NO_KEY_DROP, NO_KEY_FAIL };

/* The keys of this run. With counting, the payload of a key is 1 + the index of its count, or SEEN. */
struct first {
    jl_lookup base;
    jl_set *keys;
    bool counting;
    uint64_t *count;
    size_t n, cap;
    jl_lookup *seen;
    jl_query *ask; /* the questions that go on to `seen` */
    size_t *asked; /* and whose they are */
};

/* A line kept until the end of the input, in a file that has no name. */
struct spooled {
    uint32_t len, close;
    jl_field count; /* of a member named "count", to be replaced */
    bool empty, keyed;
};

static struct dedupe {
    jl_run *run;
    jl_fields fields;
    bool keys_only, count, only_repeated, only_unique, then;
    const char *seen_url;
    const char *shard_text;
    int no_key;

    uint32_t shard, shards;
    jl_names names; /* of the key, for --keys-only */
    size_t count_field;
    struct first first;
    FILE *spool;
    jl_buf line;
    uint64_t keys, duplicates, seen_before, other_shard, without_key;
} d;

static const jl_store_opener *const stores[] = {&jl_store_sqlite, &jl_store_redis, &jl_store_redis_unix,
                                                &jl_store_redis_cluster, NULL};

static const jl_opt options[] = {
    JL_FIELDS_OPT_KEY(d.fields),
    {.name = "keys-only",
     .kind = JL_OPT_FLAG,
     .to = &d.keys_only,
     .help = "write only the key members, under their NAMEs"},
    {.letter = 'c',
     .name = "count",
     .kind = JL_OPT_FLAG,
     .to = &d.count,
     .help = "add \"count\", how often the key came; written at the end of the input"},
    {.letter = 'd',
     .name = "repeated",
     .kind = JL_OPT_FLAG,
     .to = &d.only_repeated,
     .help = "only keys that came more than once"},
    {.letter = 'u', .name = "unique", .kind = JL_OPT_FLAG, .to = &d.only_unique, .help = "only keys that came once"},
    {.name = "seen",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &d.seen_url,
     .complete = JL_COMPLETE_FILE,
     .help = "sqlite:PATH, redis://HOST:PORT/DB: drop the keys of earlier runs too, remember this run's"},
    {.name = "shard",
     .arg = "I/N",
     .kind = JL_OPT_TEXT,
     .to = &d.shard_text,
     .help = "only the keys of shard I of N, 0 <= I < N"},
    {.name = "no-key",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &d.no_key,
     .words = "pass|drop|fail",
     .help = "lines without a key: pass, drop or fail [pass]"},
    {.name = "then",
     .kind = JL_OPT_REST,
     .to = &d.then,
     .complete = JL_COMPLETE_COMMAND,
     .help = "hand the lines to COMMAND; its exit 0 makes them safe"},
    JL_OPT_END,
};

/* ---- which keys are new ---- */

static struct first *first_of(jl_lookup *l) {
    return (struct first *)(void *)l;
}

#define SEEN UINT64_MAX

static int first_count(struct first *f, jl_err *err) {
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap + f->cap / 2 : 1024;
        uint64_t *grown = realloc(f->count, cap * sizeof *grown);
        if (!grown)
            return jl_err_nomem(err);
        f->count = grown;
        f->cap = cap;
    }
    f->count[f->n++] = 1;
    return 0;
}

/* A key comes for the first time, or again. */
static int first_add(struct first *f, jl_query *q, jl_err *err) {
    uint64_t *payload = NULL;
    q->answer.state = JL_UNKNOWN;
    if (!q->rec->has_key)
        return 0; /* only on its way to the spool */
    int added = jl_set_add(f->keys, q->key, f->counting ? &payload : NULL, err);
    if (added < 0)
        return -1;
    q->answer.state = added ? JL_UNKNOWN : JL_FOUND;
    if (!f->counting)
        return 0;
    if (!added) {
        if (*payload != SEEN)
            f->count[*payload - 1]++;
        return 0;
    }
    *payload = f->n + 1;
    return first_count(f, err);
}

/* Asks the store about the keys that are new in this run. */
static int first_ask(struct first *f, jl_query *query, size_t n, jl_err *err) {
    size_t asked = 0;
    for (size_t i = 0; i < n; i++) {
        if (query[i].answer.state == JL_UNKNOWN && query[i].rec->has_key) {
            f->ask[asked] = (jl_query){query[i].key, query[i].ticket, query[i].rec, {JL_PENDING, {NULL, 0}}};
            f->asked[asked++] = i;
        }
    }
    if (asked > 0 && f->seen->ops->submit(f->seen, f->ask, asked, err) != 0)
        return -1;
    for (size_t i = 0; i < asked; i++) {
        query[f->asked[i]].answer.state = f->ask[i].answer.state;
        if (f->ask[i].answer.state == JL_FOUND)
            d.seen_before++;
        if (f->counting && f->ask[i].answer.state == JL_FOUND)
            *jl_set_find(f->keys, f->ask[i].key) = SEEN;
    }
    return 0;
}

static int first_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct first *f = first_of(l);
    for (size_t from = 0; from < n; from += AHEAD) {
        size_t to = n - from < AHEAD ? n : from + AHEAD;
        for (size_t i = from; i < to; i++)
            jl_set_prefetch(f->keys, query[i].key);
        for (size_t i = from; i < to; i++)
            if (first_add(f, &query[i], err) != 0)
                return -1;
    }
    return f->seen ? first_ask(f, query, n, err) : 0;
}

static int first_commit(jl_lookup *l, jl_err *err) {
    struct first *f = first_of(l);
    bool held_back = d.spool && jl_stop_asked(); /* lines that wait for their counts never went out */
    return f->seen && !held_back ? f->seen->ops->commit(f->seen, err) : 0;
}

static void first_close(jl_lookup *l) {
    struct first *f = first_of(l);
    if (f->seen)
        f->seen->ops->close(f->seen);
    jl_set_free(f->keys);
    free(f->count);
    free(f->ask);
    free(f->asked);
}

static const jl_lookup_ops first_ops = {.submit = first_submit, .close = first_close};
static const jl_lookup_ops lasting_ops = {.submit = first_submit, .commit = first_commit, .close = first_close};

static int first_open(struct first *f, jl_err *err) {
    f->base.ops = d.seen_url ? &lasting_ops : &first_ops;
    f->counting = d.count || d.only_repeated || d.only_unique;
    f->keys = jl_set_new(f->counting, err);
    if (!f->keys)
        return -1;
    if (!d.seen_url)
        return 0;
    jl_url url;
    if (jl_run_state_url(d.run, d.seen_url, true, NULL, "seen", &url, err) != 0)
        return -1;
    f->seen = jl_seen_open(stores, &url, err);
    jl_url_wipe(&url);
    f->ask = calloc(SEEN_BATCH, sizeof *f->ask);
    f->asked = calloc(SEEN_BATCH, sizeof *f->asked);
    if (f->seen && (!f->ask || !f->asked))
        return jl_err_nomem(err);
    return f->seen ? 0 : -1;
}

/* ---- the line ---- */

static int look(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    if (rec->has_key) {
        if (d.shards == 0 || jl_key_shard(rec->key, d.shards) == d.shard)
            return JL_ASK;
        d.other_shard++;
        return JL_DROP;
    }
    if (d.no_key == NO_KEY_FAIL)
        return jl_err_set(err, JL_DATA, "no key (%s)", d.fields.key_text ? d.fields.key_text : JL_FIELDS_KEY);
    if (d.without_key++ == 0)
        jl_run_warn(d.run, "a line has no key (%s): %s", d.fields.key_text ? d.fields.key_text : JL_FIELDS_KEY,
                    d.no_key == NO_KEY_PASS && !d.keys_only ? "such lines are passed on" : "such lines are dropped");
    /* One shard has them all, so that the shards together are the whole. */
    if (d.no_key == NO_KEY_DROP || d.keys_only || (d.shards > 0 && d.shard != 0))
        return JL_DROP;
    return d.spool ? JL_ASK : JL_PASS;
}

/* Keeps a line, or its key members, until its count is known. */
static int spool(const jl_rec *rec, jl_span text, jl_err *err) {
    struct spooled s = {.len = (uint32_t)text.n, .keyed = rec->has_key};
    s.close = d.keys_only ? s.len - 1 : rec->close;
    s.empty = rec->empty;
    if (!d.keys_only)
        s.count = rec->field[d.count_field];
    if (fwrite(&s, sizeof s, 1, d.spool) != 1 || fwrite(text.p, 1, text.n, d.spool) != text.n)
        return jl_err_errno(err, JL_IO, errno, "cannot write the temporary file");
    return JL_DROP;
}

static int answer(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    jl_span text = {rec->line, rec->len};
    if (rec->has_key && known->state == JL_FOUND) {
        d.duplicates++;
        return JL_DROP;
    }
    d.keys += rec->has_key;
    if (d.keys_only) {
        jl_buf_clear(&d.line);
        if (jl_splice_key(&d.line, rec, &d.names, d.fields.first_key, (jl_span){NULL, 0}, err) != 0)
            return -1;
        text = (jl_span){d.line.p, d.line.n - 1};
    }
    if (d.spool)
        return spool(rec, text, err);
    return jl_out_line(out, text, err) == 0 ? JL_PASS : -1;
}

/* ---- the end of the input, with counts ---- */

static int write_counted(jl_out *out, const struct spooled *s, uint64_t count, jl_err *err) {
    char number[24];
    int digits = snprintf(number, sizeof number, "%" PRIu64, count);
    jl_rec rec = {.line = d.line.p, .field = &s->count, .len = s->len, .close = s->close, .empty = s->empty};
    jl_member member = {JL_SPAN("\"count\""), {number, (size_t)digits}, 0};
    if (d.count && s->keyed)
        return jl_splice(out, &rec, &member, 1, err);
    return jl_out_line(out, (jl_span){d.line.p, s->len}, err);
}

static int end(void *self, jl_out *out, jl_err *err) {
    (void)self;
    struct spooled s;
    size_t keyed = 0;
    if (!d.spool)
        return 0;
    if (fflush(d.spool) != 0 || fseeko(d.spool, 0, SEEK_SET) != 0)
        return jl_err_errno(err, JL_IO, errno, "cannot write the temporary file");
    while (fread(&s, sizeof s, 1, d.spool) == 1) {
        jl_buf_clear(&d.line);
        if (jl_buf_reserve(&d.line, (size_t)s.len + 1, err) != 0)
            return -1;
        if (fread(d.line.p, 1, s.len, d.spool) != s.len)
            return jl_err_errno(err, JL_IO, errno, "cannot read the temporary file");
        uint64_t count = s.keyed ? d.first.count[keyed++] : 0;
        if (s.keyed && ((d.only_repeated && count == 1) || (d.only_unique && count > 1)))
            continue;
        if (write_counted(out, &s, count, err) != 0)
            return -1;
        d.run->dropped--; /* it was only put aside */
        d.run->lines_out++;
    }
    return ferror(d.spool) ? jl_err_errno(err, JL_IO, errno, "cannot read the temporary file") : 0;
}

static int spool_open(jl_err *err) {
    const char *folder = getenv("TMPDIR");
    folder = folder && *folder ? folder : "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) { /* a file system that cannot make a file without a name */
        jl_buf name = {0};
        if (jl_buf_addf(&name, err, "%s/jl-dedupe-XXXXXX", folder) != 0 || !jl_buf_text(&name, err))
            return -1;
        fd = mkostemp(name.p, O_CLOEXEC);
        if (fd >= 0)
            (void)unlink(name.p);
        jl_buf_free(&name);
    }
    d.spool = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (!d.spool)
        return jl_err_errno(err, JL_CANTCREAT, errno, "cannot create a temporary file in %s", folder);
    return 0;
}

/* ---- the program ---- */

static int parse_shard(jl_err *err) {
    const char *slash = strchr(d.shard_text, '/');
    uint64_t i, n;
    if (!slash || jl_num_u64((jl_span){d.shard_text, (size_t)(slash - d.shard_text)}, 0, UINT32_MAX, &i, NULL) != 0 ||
        jl_num_u64(jl_span_of(slash + 1), 1, UINT32_MAX, &n, NULL) != 0 || i >= n)
        return jl_err_set(err, JL_USAGE, "--shard=%s: I/N with 0 <= I < N was expected", d.shard_text);
    d.shard = (uint32_t)i;
    d.shards = (uint32_t)n;
    return 0;
}

static int prepare(jl_err *err) {
    if (d.only_repeated && d.only_unique)
        return jl_err_set(err, JL_USAGE, "-d and -u exclude each other");
    if (d.shard_text && parse_shard(err) != 0)
        return -1;
    if (d.then && !d.run->rest[0])
        return jl_err_set(err, JL_USAGE, "--then needs a command");
    if (jl_fields_open(&d.fields, false, err) != 0 || jl_keyspec_names(&d.fields.key, &d.names, err) != 0)
        return -1;
    for (size_t i = 0; d.count && d.keys_only && i < d.names.n; i++)
        if (jl_span_eq(d.names.name[i], JL_SPAN("count")))
            return jl_err_set(err, JL_USAGE, "-c adds \"count\", which is a NAME of the key: write -k NAME=count");
    int field = jl_want_name(d.fields.want, JL_SPAN("count"), err);
    if (field < 0)
        return -1;
    d.count_field = (size_t)field;
    if ((d.count || d.only_repeated || d.only_unique) && spool_open(err) != 0)
        return -1;
    return first_open(&d.first, err);
}

static int run(jl_run *r, jl_err *err) {
    d.run = r;
    jl_run_counter(r, "keys", &d.keys, true);
    jl_run_counter(r, "duplicates", &d.duplicates, false);
    jl_run_counter(r, "seen_before", &d.seen_before, false);
    jl_run_counter(r, "other_shard", &d.other_shard, false);
    jl_run_counter(r, "no_key", &d.without_key, false);
    int rc = prepare(err);
    if (rc == 0) {
        jl_filter filter = {
            .want = d.fields.want,
            .key = &d.fields.key,
            .first_key = d.fields.first_key,
            .lookup = &d.first.base,
            .batch = d.seen_url ? SEEN_BATCH : BATCH,
            .inputs = r->operand,
            .then = d.then ? r->rest : NULL,
            .look = look,
            .answer = answer,
            .end = end,
        };
        rc = jl_filter_run(r, &filter, err);
    }
    if (d.spool)
        (void)fclose(d.spool); /* nothing in it is needed any more */
    first_close(&d.first.base);
    jl_buf_free(&d.line);
    jl_names_free(&d.names);
    jl_fields_close(&d.fields);
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    for (const jl_store_opener *const *s = stores; *s; s++)
        say(to, (*s)->version());
}

static const char *const synopsis[] = {
    "[-k KEY] [--keys-only] [-c] [-d | -u] [--seen=URL] [--shard=I/N] [--no-key=WHAT] [FILE...]",
    "[OPTION...] [FILE...] --then COMMAND [ARG...]",
    NULL,
};

static const jl_prog prog = {
    .name = "jl-dedupe",
    .about = "pass the first line of each key",
    .synopsis = synopsis,
    .opts = options,
    .versions = versions,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
