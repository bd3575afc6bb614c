/* Two lines of one job made into one: who wins, what is kept, what counts as the same. */
#include "unit/postings_bench.h"

#include "base/clock.h"

#define SEEN_ONE "\"first_seen_at\":\"2026-11-01T00:00:00Z\",\"last_seen_at\":\"2026-11-01T00:00:00Z\""
#define SEEN_TWO "\"first_seen_at\":\"2026-11-02T00:00:00Z\",\"last_seen_at\":\"2026-11-02T00:00:00Z\""
#define SEEN_BOTH "\"first_seen_at\":\"2026-11-01T00:00:00Z\",\"last_seen_at\":\"2026-11-02T00:00:00Z\""
#define JOB "\"id\":\"1\",\"source\":\"s\",\"company\":\"C\",\"title\":\"T\""
#define HASH "\"content_hash\":\"0123456789abcdef0123456789abcdef\""
#define TEXT                                                                                                           \
    "\"description\":\"All of it.\"," HASH ",\"enriched_at\":\"2026-11-01T00:00:00Z\",\"enrichment_status\":\"done\""
/* base64 of the little-endian float32 1, 0 and 0, 1 */
#define EAST "{\"model\":\"m\",\"dims\":2,\"data\":\"AACAPwAAAAA=\"}"
#define NORTH "{\"model\":\"m\",\"dims\":2,\"data\":\"AAAAAAAAgD8=\"}"
#define FULL_EAST "{\"model\":\"m\",\"stage\":\"full\",\"dims\":2,\"data\":\"AACAPwAAAAA=\"}"

/* ---- reading ---- */

static void missing_members_are_added_last(void **state) {
    (void)state;
    bench b;
    jl_buf out = {0};
    bench_open(&b);
    jl_posting p =
        posting_at(&b,
                   " { \"title\" : \"T\\u00e9\", "
                   "\"url\":\"https://www.Indeed.com/viewjob?utm_x=1&jk=0123456789ABCDEF\",\"company\":\"C\"} \r",
                   NOW, &out);
    span_is(p.line,
            "{ \"title\" : \"T\\u00e9\", \"url\":\"https://www.Indeed.com/viewjob?utm_x=1&jk=0123456789ABCDEF\","
            "\"company\":\"C\",\"id\":\"0123456789abcdef\",\"source\":\"indeed\","
            "\"first_seen_at\":\"2026-11-22T14:30:45Z\",\"last_seen_at\":\"2026-11-22T14:30:45Z\"}");
    assert_int_equal(p.line.p[p.line.n], '\n');
    span_is(p.id, "0123456789abcdef");
    span_is(p.source, "indeed");
    span_is(p.url, "https://www.indeed.com/viewjob?jk=0123456789abcdef");
    span_is(p.title, "T\xc3\xa9");
    span_is(p.company, "C");
    span_is(p.location, "");
    span_is(p.hash, "");
    assert_int_equal(p.facts.first_seen, NOW);
    assert_int_equal(p.facts.last_seen, NOW);
    assert_int_equal(p.facts.source, jl_facts_source(JL_SPAN("indeed")));
    jl_buf_free(&out);
    bench_close(&b);
}

static void a_line_with_everything_keeps_its_bytes(void **state) {
    (void)state;
    static const char line[] =
        "{\"id\":792633534497043297,\"source\":\"s\",\"x\":1e400,\"company\":\"C\",\"title\":\"T\"," SEEN_BOTH "}";
    bench b;
    jl_buf out = {0};
    bench_open(&b);
    jl_posting p = posting_at(&b, line, NOW, &out);
    span_is(p.line, line);
    span_is(p.id, "792633534497043297");
    jl_buf_free(&out);
    bench_close(&b);
}

/* NOW is 2026-11-22T14:30:45Z, 1795357845. */
static void a_raw_posting_was_seen_when_it_was_scraped(void **state) {
    (void)state;
    static const struct {
        const char *members;
        int64_t first, last;
    } cases[] = {
        {"\"scraped_on\":1721183934", 1721183934, 1721183934},
        {"\"scraped_on\":1721183934.75", 1721183934, 1721183934},
        {"\"scraped_on\":1721183934,\"last_seen_at\":null", 1721183934, 1721183934},
        {"\"scraped_on\":1721183934,\"first_seen_at\":\"2024-07-01T00:00:00Z\"", 1719792000, 1721183934},
        {"\"scraped_on\":1721183934,\"first_seen_at\":\"2026-11-01T00:00:00Z\"", 1793491200, 1793491200},
        {"\"scraped_on\":1721183934,\"last_seen_at\":\"2026-11-01T00:00:00Z\"", 1793491200, 1793491200},
        {"\"scraped_on\":1895357845", NOW, NOW},
        {"\"scraped_on\":1721183934000", NOW, NOW},
        {"\"scraped_on\":\"1721183934\"", NOW, NOW},
        {"\"scraped_on\":-1", NOW, NOW},
        {"\"scraped_on\":0", NOW, NOW},
        {"\"scraped_on\":1e9", NOW, NOW},
        {"\"scraped_on\":1.5e400", NOW, NOW},
        {"\"scraped_on\":null", NOW, NOW},
    };
    bench b;
    bench_open(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[256];
        jl_buf out = {0};
        snprintf(line, sizeof line, "{\"company\":\"C\",\"title\":\"T\",%s}", cases[i].members);
        jl_posting p = posting_at(&b, line, NOW, &out);
        assert_int_equal(p.facts.first_seen, cases[i].first);
        assert_int_equal(p.facts.last_seen, cases[i].last);
        jl_buf_free(&out);
    }
    jl_buf out = {0};
    jl_posting p =
        posting_at(&b, "{\"id\":\"1\",\"scraped_on\":1721183934,\"company\":\"C\",\"title\":\"T\"}", NOW, &out);
    span_is(p.line, "{\"id\":\"1\",\"scraped_on\":1721183934,\"company\":\"C\",\"title\":\"T\","
                    "\"first_seen_at\":\"2024-07-17T02:38:54Z\",\"last_seen_at\":\"2024-07-17T02:38:54Z\"}");
    jl_buf_free(&out);
    bench_close(&b);
}

static void an_id_follows_from_the_text_where_there_is_no_url(void **state) {
    (void)state;
    bench b;
    jl_buf one = {0}, two = {0};
    bench_open(&b);
    jl_posting p = posting_at(&b, "{\"id\":null,\"company\":\"C\",\"title\":\"T\",\"url\":\"none\"}", NOW, &one);
    jl_posting q = posting_at(&b, "{\"company\":\" C\",\"title\":\"T \",\"id\":\"\"}", NOW, &two);
    assert_int_equal(p.id.n, 16);
    assert_true(jl_span_eq(p.id, q.id));
    assert_int_equal(p.source.n, 0);
    char want[256];
    snprintf(want, sizeof want,
             "{\"id\":\"%.16s\",\"company\":\"C\",\"title\":\"T\",\"url\":\"none\","
             "\"first_seen_at\":\"2026-11-22T14:30:45Z\",\"last_seen_at\":\"2026-11-22T14:30:45Z\"}",
             p.id.p);
    span_is(p.line, want);
    jl_buf_free(&one);
    jl_buf_free(&two);
    bench_close(&b);
}

static void guests_leave_the_line(void **state) {
    (void)state;
    bench b;
    jl_buf out = {0};
    bench_open(&b);
    jl_posting p = posting_at(
        &b, "{\"stored\":\"new\", \"embedding\":null," JOB ", \"embedd\\u0069ng\":" EAST "," SEEN_ONE ",\"stored\":1}",
        NOW, &out);
    span_is(p.line, "{" JOB "," SEEN_ONE "}");
    assert_int_equal(p.vector[JL_STAGE_LISTING].n, 2);
    assert_int_equal(p.vector[JL_STAGE_FULL].n, 0);
    span_is(p.vector[JL_STAGE_LISTING].model, "m");
    assert_memory_equal(p.vector[JL_STAGE_LISTING].data.p, "\0\0\x80\x3f\0\0\0\0", 8);
    jl_buf_free(&out);
    bench_close(&b);
}

static void a_description_gets_its_hash(void **state) {
    (void)state;
    bench b;
    jl_buf one = {0}, two = {0};
    bench_open(&b);
    jl_posting p = posting_at(&b, "{" JOB ",\"description\":\"a \\n b\"," SEEN_ONE "}", NOW, &one);
    jl_posting q = posting_at(&b, "{" JOB ",\"description\":\"a b\",\"content_hash\":\"x\"," SEEN_ONE "}", NOW, &two);
    assert_int_equal(p.hash.n, 32);
    assert_true(jl_span_eq(p.hash, q.hash));
    assert_non_null(memmem(q.line.p, q.line.n, q.hash.p, 32));
    assert_int_equal(p.facts.status, JL_STATUS_DONE);
    jl_buf_free(&one);
    jl_buf_free(&two);
    bench_close(&b);
}

static void is_refused(bench *b, const char *line, const char *why) {
    jl_buf out = {0};
    jl_posting p;
    assert_int_equal(read_at(b, line, NOW, &out, &p), -1);
    assert_int_equal(b->err.class, JL_DATA);
    if (!strstr(b->err.text, why))
        fail_msg("%s instead of %s", b->err.text, why);
    jl_buf_free(&out);
}

static void bad_postings_are_refused(void **state) {
    (void)state;
    bench b;
    char *line = malloc(2000);
    assert_non_null(line);
    bench_open(&b);
    is_refused(&b, "{\"title\":\"T\"}", "no \"company\"");
    is_refused(&b, "{\"title\":7,\"company\":\"C\"}", "no \"title\"");
    is_refused(&b, "{\"title\":\" \\u00a0\",\"company\":\"C\"}", "no \"title\"");
    is_refused(&b, "{\"company\":\"C\",\"title\":\"T\",\"id\":\"a\\u0000b\"}", "NUL");
    snprintf(line, 2000, "{\"company\":\"C\",\"title\":\"T\",\"source\":\"%0600d\"}", 7);
    is_refused(&b, line, "at most 512");
    is_refused(&b, "{\"company\":\"C\",\"title\":\"T\",\"embedding\":[1]}", "");
    assert_int_equal(b.err.byte, 40);
    bench_close(&b);
    free(line);
}

/* ---- merging ---- */

/* Puts one line, then the other: the line that comes out and what it counts as. The merged one is what a load of it is. */
static void merges(const char *one, const char *two, jl_stored stored, const char *want) {
    bench b;
    jl_buf buf[4] = {{0}};
    jl_posting merged, loaded;
    jl_stored counts;
    bench_open(&b);
    jl_posting old = posting_at(&b, one, NOW, &buf[0]);
    jl_posting in = posting_at(&b, two, NOW, &buf[1]);
    if (jl_merge(b.p, &old, &in, &buf[2], &merged, &counts, &b.err))
        fail_msg("%s", b.err.text);
    span_is(merged.line, want);
    assert_string_equal(jl_stored_name[counts], jl_stored_name[stored]);
    assert_int_equal(jl_postings_load(b.p, merged.line, &buf[3], &loaded, &b.err), 0);
    span_is(loaded.line, want);
    assert_memory_equal(&loaded.facts, &merged.facts, sizeof loaded.facts);
    assert_true(jl_span_eq(loaded.id, merged.id) && jl_span_eq(loaded.source, merged.source));
    assert_true(jl_span_eq(loaded.url, merged.url) && jl_span_eq(loaded.hash, merged.hash));
    assert_true(jl_span_eq(loaded.title, merged.title) && jl_span_eq(loaded.location, merged.location));
    for (size_t i = 0; i < 4; ++i)
        jl_buf_free(&buf[i]);
    bench_close(&b);
}

static void the_same_again_moves_last_seen_alone(void **state) {
    (void)state;
    merges("{" JOB ",\"a\":1.0," SEEN_ONE ",\"b\":[1, 2]}", "{\"b\":[1, 2]," JOB ",\"a\":1.0," SEEN_TWO "}",
           JL_STORED_SAME, "{" JOB ",\"a\":1.0," SEEN_BOTH ",\"b\":[1, 2]}");
    merges("{" JOB ",\"a\":1,\"b\":2," SEEN_ONE "}", "{" JOB ",\"a\":1," SEEN_TWO "}", JL_STORED_SAME,
           "{" JOB ",\"a\":1,\"b\":2," SEEN_BOTH "}");
    /* An older copy of the same changes nothing but when it was first seen. */
    merges("{" JOB "," SEEN_TWO "}", "{" JOB "," SEEN_TWO "}", JL_STORED_SAME, "{" JOB "," SEEN_TWO "}");
    merges("{" JOB "," SEEN_TWO "}", "{" JOB "," SEEN_ONE "}", JL_STORED_UPDATED, "{" JOB "," SEEN_BOTH "}");
}

static void between_listings_the_later_wins(void **state) {
    (void)state;
    merges("{" JOB ",\"a\":1,\"b\":2," SEEN_ONE "}", "{" JOB ",\"a\":3,\"c\":4," SEEN_TWO "}", JL_STORED_UPDATED,
           "{" JOB ",\"a\":3,\"c\":4," SEEN_BOTH ",\"b\":2}");
    merges("{" JOB ",\"a\":1,\"b\":2," SEEN_TWO "}", "{" JOB ",\"a\":3,\"c\":4," SEEN_ONE "}", JL_STORED_UPDATED,
           "{" JOB ",\"a\":1,\"b\":2," SEEN_BOTH ",\"c\":4}");
}

static void a_listing_takes_nothing_from_an_enriched_job(void **state) {
    (void)state;
    merges("{" JOB "," TEXT "," SEEN_ONE "}", "{" JOB ",\"snippet\":\"short\",\"salary_min\":1," SEEN_TWO "}",
           JL_STORED_UPDATED, "{" JOB "," TEXT "," SEEN_BOTH ",\"snippet\":\"short\",\"salary_min\":1}");
    merges("{" JOB ",\"location\":\"X\"," TEXT "," SEEN_ONE "}",
           "{" JOB ",\"location\":\"Y\",\"enrichment_status\":\"none\"," SEEN_TWO "}", JL_STORED_SAME,
           "{" JOB ",\"location\":\"X\"," TEXT "," SEEN_BOTH "}");
}

static void enrichment_wins_whenever_it_was_seen(void **state) {
    (void)state;
    merges("{" JOB ",\"enrichment_status\":\"queued\",\"enrichment_tries\":1," SEEN_TWO "}",
           "{" JOB "," TEXT "," SEEN_ONE "}", JL_STORED_UPDATED, "{" JOB "," TEXT "," SEEN_BOTH "}");
    merges("{" JOB ",\"x\":1," SEEN_ONE "}", "{" JOB "," TEXT "," SEEN_TWO "}", JL_STORED_UPDATED,
           "{" JOB "," TEXT "," SEEN_BOTH ",\"x\":1}");
}

static void failed_and_queued_jobs_stay_so(void **state) {
    (void)state;
    merges("{" JOB ",\"enrichment_status\":\"failed\",\"enrichment_tries\":2," SEEN_ONE "}", "{" JOB "," SEEN_TWO "}",
           JL_STORED_SAME, "{" JOB ",\"enrichment_status\":\"failed\",\"enrichment_tries\":2," SEEN_BOTH "}");
    merges("{" JOB ",\"enrichment_status\":\"queued\"," SEEN_ONE "}",
           "{" JOB ",\"enrichment_status\":\"none\"," SEEN_TWO "}", JL_STORED_SAME,
           "{" JOB ",\"enrichment_status\":\"queued\"," SEEN_BOTH "}");
}

static void dead_beats_all_but_a_description(void **state) {
    (void)state;
    merges("{" JOB ",\"enrichment_status\":\"failed\"," SEEN_TWO "}",
           "{" JOB ",\"enrichment_status\":\"dead\"," SEEN_ONE "}", JL_STORED_UPDATED,
           "{" JOB ",\"enrichment_status\":\"dead\"," SEEN_BOTH "}");
    merges("{" JOB "," TEXT "," SEEN_ONE "}", "{" JOB ",\"enrichment_status\":\"dead\"," SEEN_TWO "}", JL_STORED_SAME,
           "{" JOB "," TEXT "," SEEN_BOTH "}");
    /* A text is a text, whatever status its line tells. */
    merges("{" JOB ",\"enrichment_status\":\"none\",\"description\":\"d\"," HASH "," SEEN_ONE "}",
           "{" JOB ",\"enrichment_status\":\"dead\"," SEEN_TWO "}", JL_STORED_SAME,
           "{" JOB ",\"enrichment_status\":\"none\",\"description\":\"d\"," HASH "," SEEN_BOTH "}");
}

static void a_text_gives_way_to_a_text_alone(void **state) {
    (void)state;
    static const char *const nothing[] = {
        "\"description\":\"  \\n \"",
        "\"description\":\" \\u00a0\",\"enrichment_status\":\"done\"",
        "\"description\":\"\"",
        "\"description\":null,\"enrichment_status\":\"done\"",
        "\"descriptio\\u006e\":null",
        "\"descriptio\\u006e\":\"\",\"enrichment_status\":\"done\"",
        "\"enrichment_status\":\"partial\"",
        "\"description\":7,\"enrichment_status\":\"done\"",
    };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; ++i) {
        char line[512];
        snprintf(line, sizeof line, "{" JOB ",%s," SEEN_TWO "}", nothing[i]);
        merges("{" JOB "," TEXT "," SEEN_ONE "}", line, JL_STORED_SAME, "{" JOB "," TEXT "," SEEN_BOTH "}");
        snprintf(line, sizeof line, "{" JOB ",%s," SEEN_ONE "}", nothing[i]);
        merges("{" JOB "," TEXT "," SEEN_TWO "}", line, JL_STORED_UPDATED, "{" JOB "," TEXT "," SEEN_BOTH "}");
    }
    /* What was only said to be enriched is no more than a listing beside a text, an old one too. */
    merges("{" JOB ",\"descriptio\\u006e\":\" \",\"enrichment_status\":\"done\"," SEEN_TWO "}",
           "{" JOB ",\"description\":\"d\"," HASH ",\"enrichment_status\":\"none\"," SEEN_ONE "}", JL_STORED_UPDATED,
           "{" JOB ",\"description\":\"d\"," HASH ",\"enrichment_status\":\"none\"," SEEN_BOTH "}");
}

static void a_member_without_a_value_is_none(void **state) {
    (void)state;
    merges("{" JOB ",\"location\":\"X\",\"url\":\"https://a.example/x\",\"a\":1," SEEN_ONE "}",
           "{" JOB ",\"location\":\"\",\"url\":null,\"\\u0061\":null,\"b\":2," SEEN_TWO "}", JL_STORED_UPDATED,
           "{" JOB ",\"location\":\"X\",\"url\":\"https://a.example/x\",\"\\u0061\":1,\"b\":2," SEEN_BOTH "}");
    merges("{" JOB ",\"location\":\"\",\"url\":null,\"a\":null,\"b\":2," SEEN_TWO "}",
           "{" JOB ",\"location\":\"X\",\"url\":\"https://a.example/x\",\"a\":1,\"c\":\"\"," SEEN_ONE "}",
           JL_STORED_UPDATED,
           "{" JOB ",\"location\":\"X\",\"url\":\"https://a.example/x\",\"a\":1,\"b\":2," SEEN_BOTH "}");
    merges("{" JOB ",\"snippet\":\"S\"," SEEN_ONE "}", "{" JOB ",\"snippet\":\"\",\"a\":null," SEEN_TWO "}",
           JL_STORED_SAME, "{" JOB ",\"snippet\":\"S\"," SEEN_BOTH "}");
    /* An amount takes its period along. */
    merges("{" JOB ",\"salary_min\":40000,\"salary_period\":\"year\",\"salary_currency\":\"USD\"," SEEN_ONE "}",
           "{" JOB ",\"salary_min\":null,\"salary_max\":\"\",\"salary_period\":\"hour\",\"x\":1," SEEN_TWO "}",
           JL_STORED_UPDATED,
           "{" JOB ",\"salary_min\":40000,\"salary_max\":\"\",\"salary_period\":\"year\",\"x\":1," SEEN_BOTH
           ",\"salary_currency\":\"USD\"}");
    merges("{\"id\":\"1\",\"company\":\"C\",\"title\":\"T\",\"url\":\"https://a.example/x\",\"a\":1," SEEN_ONE "}",
           "{\"source\":\"t\",\"id\":\"2\",\"company\":\"C\",\"title\":\"U\",\"url\":\"https://a.example/"
           "x\",\"a\":\"\"," SEEN_TWO "}",
           JL_STORED_UPDATED,
           "{\"id\":\"1\",\"company\":\"C\",\"title\":\"U\",\"url\":\"https://a.example/x\",\"a\":1," SEEN_BOTH "}");
}

static void what_belongs_together_comes_from_one_line(void **state) {
    (void)state;
    merges("{" JOB ",\"salary_max\":90000,\"salary_period\":\"year\"," SEEN_ONE "}",
           "{" JOB ",\"salary_min\":30,\"salary_period\":\"hour\"," SEEN_TWO "}", JL_STORED_UPDATED,
           "{" JOB ",\"salary_min\":30,\"salary_period\":\"hour\"," SEEN_BOTH "}");
    merges("{" JOB ",\"description\":\"one\"," HASH ",\"description_html\":\"<p>one\"," SEEN_ONE "}",
           "{" JOB ",\"description\":\"two\",\"content_hash\":\"fedcba9876543210fedcba9876543210\"," SEEN_TWO "}",
           JL_STORED_UPDATED,
           "{" JOB ",\"description\":\"two\",\"content_hash\":\"fedcba9876543210fedcba9876543210\"," SEEN_BOTH "}");
}

static void a_job_known_by_its_url_keeps_its_names(void **state) {
    (void)state;
    merges("{\"id\":\"1\",\"source\":\"s\",\"company\":\"C\",\"title\":\"T\",\"url\":\"https://a.example/x\"," SEEN_ONE
           "}",
           "{\"id\":\"2\",\"source\":\"t\",\"company\":\"C\",\"title\":\"U\",\"url\":\"https://a.example/"
           "x?utm_a=1\"," SEEN_TWO "}",
           JL_STORED_UPDATED,
           "{\"id\":\"1\",\"source\":\"s\",\"company\":\"C\",\"title\":\"U\",\"url\":\"https://a.example/x\"," SEEN_BOTH
           "}");
    merges("{\"id\":\"1\",\"company\":\"C\",\"title\":\"T\",\"url\":\"https://a.example/x\"," SEEN_ONE "}",
           "{\"source\":\"t\",\"id\":\"2\",\"company\":\"C\",\"title\":\"U\",\"url\":\"https://a.example/x\"," SEEN_TWO
           "}",
           JL_STORED_UPDATED,
           "{\"id\":\"1\",\"company\":\"C\",\"title\":\"U\",\"url\":\"https://a.example/x\"," SEEN_BOTH "}");
    merges("{\"id\":\"1\",\"company\":\"C\",\"title\":\"T\"," SEEN_TWO "}",
           "{\"id\":\"1\",\"company\":\"C\",\"title\":\"T\",\"url\":\"https://a.example/x\"," SEEN_ONE "}",
           JL_STORED_UPDATED,
           "{\"id\":\"1\",\"company\":\"C\",\"title\":\"T\"," SEEN_BOTH ",\"url\":\"https://a.example/x\"}");
}

static void strange_lines_merge(void **state) {
    (void)state;
    /* A name spelled otherwise is the same name; of several the last counts. */
    merges("{" JOB ",\"\\u0061\":1," SEEN_ONE "}", "{" JOB ",\"a\":2,\"a\":3," SEEN_TWO "}", JL_STORED_UPDATED,
           "{" JOB ",\"a\":2,\"a\":3," SEEN_BOTH "}");
    merges("{" JOB ",\"z\":1,\"z\":2," SEEN_ONE "}", "{" JOB ",\"z\":1,\"z\":2," SEEN_TWO "}", JL_STORED_SAME,
           "{" JOB ",\"z\":1,\"z\":2," SEEN_BOTH "}");
    merges("{" JOB ",\"z\":1,\"z\":2," SEEN_ONE "}", "{" JOB ",\"y\":3," SEEN_TWO "}", JL_STORED_UPDATED,
           "{" JOB ",\"y\":3," SEEN_BOTH ",\"z\":2}");
}

/* ---- vectors ---- */

typedef struct pair {
    bench b;
    jl_buf buf[3];
    jl_posting old, in, merged;
    jl_stored stored;
} pair;

static void pair_open(pair *t, const char *one, const char *two) {
    *t = (pair){0};
    bench_open(&t->b);
    t->old = posting_at(&t->b, one, NOW, &t->buf[0]);
    t->in = posting_at(&t->b, two, NOW, &t->buf[1]);
    assert_int_equal(jl_merge(t->b.p, &t->old, &t->in, &t->buf[2], &t->merged, &t->stored, &t->b.err), 0);
}

static void pair_close(pair *t) {
    for (size_t i = 0; i < 3; ++i)
        jl_buf_free(&t->buf[i]);
    bench_close(&t->b);
}

static void is_vector(const jl_vector *have, const jl_vector *want) {
    assert_int_equal(have->n, want->n);
    assert_true(have->n == 0 || jl_span_eq(have->data, want->data));
}

static void vectors_follow_the_text(void **state) {
    (void)state;
    static const jl_vector none = {0};
    pair t;
    /* Nothing came: the one at hand stays. */
    pair_open(&t, "{" JOB ",\"embedding\":" EAST "," SEEN_ONE "}", "{" JOB "," SEEN_TWO "}");
    is_vector(&t.merged.vector[JL_STAGE_LISTING], &t.old.vector[JL_STAGE_LISTING]);
    assert_int_equal(t.stored, JL_STORED_SAME);
    pair_close(&t);
    /* Another one came. */
    pair_open(&t, "{" JOB ",\"embedding\":" EAST "," SEEN_ONE "}", "{" JOB ",\"embedding\":" NORTH "," SEEN_TWO "}");
    is_vector(&t.merged.vector[JL_STAGE_LISTING], &t.in.vector[JL_STAGE_LISTING]);
    assert_int_equal(t.stored, JL_STORED_UPDATED);
    pair_close(&t);
    /* The text is another one now. */
    pair_open(&t, "{" JOB ",\"snippet\":\"a\",\"embedding\":" EAST "," SEEN_ONE "}",
              "{" JOB ",\"snippet\":\"b\"," SEEN_TWO "}");
    is_vector(&t.merged.vector[JL_STAGE_LISTING], &none);
    pair_close(&t);
    /* It was made of a line that said nothing there. */
    pair_open(&t, "{" JOB ",\"snippet\":\"a\",\"embedding\":" EAST "," SEEN_ONE "}",
              "{" JOB ",\"snippet\":\"\",\"embedding\":" NORTH ",\"x\":1," SEEN_TWO "}");
    is_vector(&t.merged.vector[JL_STAGE_LISTING], &t.old.vector[JL_STAGE_LISTING]);
    pair_close(&t);
    /* The line at hand stays, and so does its vector. */
    pair_open(&t, "{" JOB ",\"location\":\"a\"," TEXT ",\"embedding\":" FULL_EAST "," SEEN_ONE "}",
              "{" JOB ",\"location\":\"b\",\"embedding\":" NORTH "," SEEN_TWO "}");
    is_vector(&t.merged.vector[JL_STAGE_FULL], &t.old.vector[JL_STAGE_FULL]);
    is_vector(&t.merged.vector[JL_STAGE_LISTING], &t.in.vector[JL_STAGE_LISTING]);
    pair_close(&t);
    /* Another description. */
    pair_open(&t, "{" JOB ",\"description\":\"a\",\"embedding\":" FULL_EAST "," SEEN_ONE "}",
              "{" JOB ",\"description\":\"b\"," SEEN_TWO "}");
    is_vector(&t.merged.vector[JL_STAGE_FULL], &none);
    pair_close(&t);
}

/* ---- one line ---- */

static void a_duplicate_loses_its_text(void **state) {
    (void)state;
    bench b;
    jl_buf one = {0}, two = {0};
    jl_posting stripped;
    bench_open(&b);
    jl_posting p = posting_at(&b,
                              "{\"description\":\"d\"," JOB "," HASH
                              ",\"description_html\":\"<p>d\",\"embedding\":" FULL_EAST "," SEEN_ONE "}",
                              NOW, &one);
    assert_int_equal(p.vector[JL_STAGE_FULL].n, 2);
    assert_int_equal(jl_merge_strip(b.p, &p, &two, &stripped, &b.err), 0);
    span_is(stripped.line, "{" JOB "," HASH "," SEEN_ONE "}");
    assert_int_equal(stripped.facts.full, 0);
    assert_int_equal(stripped.vector[JL_STAGE_FULL].n, 0);
    span_is(stripped.hash, "");
    span_is(stripped.id, "1");
    jl_buf_free(&one);
    jl_buf_free(&two);
    bench_close(&b);
}

static void an_heir_gets_what_it_lost(void **state) {
    (void)state;
    bench b;
    jl_buf buf[4] = {{0}};
    jl_posting stripped, whole, again;
    bench_open(&b);
    jl_posting first = posting_at(
        &b, "{\"description\":\"d\"," JOB "," HASH ",\"description_html\":\"<p>d\",\"embedding\":" FULL_EAST "}", NOW,
        &buf[0]);
    jl_posting two = posting_at(&b,
                                "{\"description\":\"d \",\"id\":\"2\",\"company\":\"C\",\"title\":\"T\",\"content_"
                                "hash\":\"0\"," SEEN_ONE "}",
                                NOW, &buf[1]);
    assert_int_equal(jl_merge_strip(b.p, &two, &buf[2], &stripped, &b.err), 0);
    assert_int_equal(stripped.facts.status, JL_STATUS_NONE);
    assert_int_equal(jl_merge_inherit(b.p, &stripped, &first, &buf[3], &whole, &b.err), 0);
    span_is(whole.line, "{\"id\":\"2\",\"company\":\"C\",\"title\":\"T\"," HASH "," SEEN_ONE
                        ",\"description\":\"d\",\"description_html\":\"<p>d\"}");
    assert_true(jl_span_eq(whole.hash, first.hash));
    is_vector(&whole.vector[JL_STAGE_FULL], &first.vector[JL_STAGE_FULL]);
    assert_int_equal(whole.facts.full, 1);
    assert_int_equal(whole.facts.status, JL_STATUS_DONE);
    assert_int_equal(jl_postings_load(b.p, whole.line, &buf[1], &again, &b.err), 0);
    assert_memory_equal(&again.facts, &whole.facts, sizeof again.facts);
    for (size_t i = 0; i < 4; ++i)
        jl_buf_free(&buf[i]);
    bench_close(&b);
}

#define DAY 86400

static void lives(int64_t seen, int64_t expires, int64_t dup_seen, int64_t dup_expires, int64_t then_seen,
                  int64_t then_expires) {
    jl_facts first = {.last_seen = seen * DAY, .expires = expires * DAY, .tries = 7};
    jl_facts duplicate = {.last_seen = dup_seen * DAY, .expires = dup_expires * DAY};
    assert_int_equal(jl_merge_outlives(&first, &duplicate), seen != then_seen || expires != then_expires);
    assert_int_equal(first.last_seen, then_seen * DAY);
    assert_int_equal(first.expires, then_expires * DAY);
    assert_int_equal(first.tries, 7);
}

static void the_first_lives_as_its_youngest(void **state) {
    (void)state;
    lives(10, 0, 9, 0, 10, 0);
    lives(10, 0, 12, 0, 12, 0);
    lives(10, 0, 12, 5, 12, 0); /* has no end, and gets none */
    lives(10, 20, 12, 25, 12, 25);
    lives(10, 20, 9, 25, 10, 25);
    lives(10, 20, 12, 15, 12, 20);
    lives(10, 20, 19, 0, 19, 20); /* not over yet */
    lives(10, 20, 21, 0, 21, 0);
}

static void a_life_is_spliced(void **state) {
    (void)state;
    bench b;
    jl_buf one = {0}, two = {0}, three = {0};
    jl_posting lived, again;
    bench_open(&b);
    jl_posting p = posting_at(&b, "{" JOB ",\"expires_at\":\"2026-11-05\"," SEEN_ONE ",\"b\":1}", NOW, &one);
    jl_facts to = p.facts;
    to.last_seen = NOW;
    to.expires = NOW + DAY;
    assert_int_equal(jl_merge_live(b.p, &p, &to, &two, &lived, &b.err), 0);
    span_is(lived.line, "{" JOB ",\"expires_at\":\"2026-11-23T14:30:45Z\",\"first_seen_at\":\"2026-11-01T00:00:00Z\","
                        "\"last_seen_at\":\"2026-11-22T14:30:45Z\",\"b\":1}");
    to.expires = 0;
    assert_int_equal(jl_merge_live(b.p, &p, &to, &two, &lived, &b.err), 0);
    span_is(lived.line, "{" JOB ",\"first_seen_at\":\"2026-11-01T00:00:00Z\","
                        "\"last_seen_at\":\"2026-11-22T14:30:45Z\",\"b\":1}");
    assert_int_equal(jl_postings_load(b.p, lived.line, &three, &again, &b.err), 0);
    assert_memory_equal(&again.facts, &lived.facts, sizeof again.facts);
    jl_buf_free(&one);
    jl_buf_free(&two);
    jl_buf_free(&three);
    bench_close(&b);
}

static void marks_are_spliced(void **state) {
    (void)state;
    bench b;
    jl_buf one = {0}, two = {0}, three = {0};
    jl_posting queued, failed;
    bench_open(&b);
    jl_posting p = posting_at(&b, "{" JOB "," SEEN_ONE "}", NOW, &one);
    assert_int_equal(jl_merge_mark(b.p, &p, JL_STATUS_QUEUED, 0, &two, &queued, &b.err), 0);
    span_is(queued.line, "{" JOB "," SEEN_ONE ",\"enrichment_status\":\"queued\"}");
    assert_int_equal(jl_merge_mark(b.p, &queued, JL_STATUS_FAILED, 255, &three, &failed, &b.err), 0);
    span_is(failed.line, "{" JOB "," SEEN_ONE ",\"enrichment_status\":\"failed\",\"enrichment_tries\":255}");
    assert_int_equal(failed.facts.status, JL_STATUS_FAILED);
    assert_int_equal(failed.facts.tries, 255);
    jl_buf_free(&one);
    jl_buf_free(&two);
    jl_buf_free(&three);
    bench_close(&b);
}

static void a_damaged_line_is_told(void **state) {
    (void)state;
    bench b;
    jl_buf out = {0};
    jl_posting p;
    bench_open(&b);
    assert_int_equal(jl_postings_load(b.p, JL_SPAN("{\"id\":"), &out, &p, &b.err), -1);
    assert_int_equal(b.err.class, JL_DATA);
    assert_int_equal(jl_postings_load(b.p, JL_SPAN(""), &out, &p, &b.err), -1);
    assert_int_equal(b.err.class, JL_DATA);
    jl_buf_free(&out);
    bench_close(&b);
}

/* Members by the ten thousand are no reason to wait. */
static void wide_lines_merge_in_linear_time(void **state) {
    (void)state;
    enum { MEMBERS = 60000 };
    jl_buf one = {0}, two = {0};
    bench b;
    jl_buf buf[3] = {{0}};
    jl_posting merged;
    jl_stored stored;
    for (int i = 0; i < MEMBERS; ++i) {
        assert_int_equal(jl_buf_addf(&one, NULL, "%c\"a%d\":1", i ? ',' : '{', i), 0);
        assert_int_equal(jl_buf_addf(&two, NULL, "%c\"b%d\":1", i ? ',' : '{', i), 0);
    }
    assert_int_equal(jl_buf_add(&one, JL_SPAN("," JOB "," SEEN_ONE "}"), NULL), 0);
    assert_int_equal(jl_buf_add(&two, JL_SPAN("," JOB "," SEEN_TWO "}"), NULL), 0);
    bench_open(&b);
    jl_posting old = posting_at(&b, jl_buf_text(&one, NULL), NOW, &buf[0]);
    jl_posting in = posting_at(&b, jl_buf_text(&two, NULL), NOW, &buf[1]);
    int64_t start = jl_clock_cpu();
    assert_int_equal(jl_merge(b.p, &old, &in, &buf[2], &merged, &stored, &b.err), 0);
    assert_true(jl_clock_cpu() - start < 2 * JL_SECOND);
    assert_int_equal(merged.line.n, in.line.n + one.n - strlen("{," JOB "," SEEN_ONE "}") + 1);
    for (size_t i = 0; i < 3; ++i)
        jl_buf_free(&buf[i]);
    jl_buf_free(&one);
    jl_buf_free(&two);
    bench_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_members_are_added_last),
        cmocka_unit_test(a_line_with_everything_keeps_its_bytes),
        cmocka_unit_test(a_raw_posting_was_seen_when_it_was_scraped),
        cmocka_unit_test(an_id_follows_from_the_text_where_there_is_no_url),
        cmocka_unit_test(guests_leave_the_line),
        cmocka_unit_test(a_description_gets_its_hash),
        cmocka_unit_test(bad_postings_are_refused),
        cmocka_unit_test(the_same_again_moves_last_seen_alone),
        cmocka_unit_test(between_listings_the_later_wins),
        cmocka_unit_test(a_listing_takes_nothing_from_an_enriched_job),
        cmocka_unit_test(enrichment_wins_whenever_it_was_seen),
        cmocka_unit_test(failed_and_queued_jobs_stay_so),
        cmocka_unit_test(dead_beats_all_but_a_description),
        cmocka_unit_test(a_text_gives_way_to_a_text_alone),
        cmocka_unit_test(a_member_without_a_value_is_none),
        cmocka_unit_test(what_belongs_together_comes_from_one_line),
        cmocka_unit_test(a_job_known_by_its_url_keeps_its_names),
        cmocka_unit_test(strange_lines_merge),
        cmocka_unit_test(vectors_follow_the_text),
        cmocka_unit_test(a_duplicate_loses_its_text),
        cmocka_unit_test(an_heir_gets_what_it_lost),
        cmocka_unit_test(the_first_lives_as_its_youngest),
        cmocka_unit_test(a_life_is_spliced),
        cmocka_unit_test(marks_are_spliced),
        cmocka_unit_test(a_damaged_line_is_told),
        cmocka_unit_test(wide_lines_merge_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
