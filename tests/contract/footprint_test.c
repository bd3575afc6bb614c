/* How many bytes a pair takes, in the file and in the server's memory: at most 80 from 10,000 pairs on, at most 10 at
   20 million (with JL_SCALE of 10 and more; 5 million else). */
#include "unit/cmocka_all.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bucket/store.h"
#include "chance.h"
#include "contract/redis_server.h"

static const jl_store_opener *const openers[] = {&jl_store_sqlite, &jl_store_redis_unix, NULL};
static const jl_entry_shape answers = {"senior", 6, 1};

static char folder[64];
static redis_server redis;
static char url_text[2][160]; /* sqlite, redis */

static uint64_t bytes_now(const char *url) {
    struct stat st;
    char reply[8192];
    if (strncmp(url, "sqlite:", 7) == 0)
        return stat(url + 7, &st) == 0 ? (uint64_t)st.st_size : 0;
    assert_true(redis_say(&redis, "INFO memory", reply, sizeof reply) > 0);
    return strtoull(strstr(reply, "used_memory:") + 12, NULL, 10);
}

/* Random pairs in batches, as they come. */
static void put_up_to(jl_store *s, chance *c, uint64_t from, uint64_t to, size_t batch) {
    jl_err err = {0};
    jl_put_counts counts = {0};
    jl_hash *key = malloc(batch * sizeof *key);
    uint8_t *value = malloc(batch);
    while (from < to) {
        size_t n = 0;
        for (; n < batch && from < to; n++, from++) {
            key[n].hi = chance_bits(c);
            key[n].lo = chance_bits(c);
            value[n] = (uint8_t)(1 + from % 7);
        }
        if (s->ops->put(s, key, value, NULL, n, &counts, &err) != 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(counts.added, counts.added + counts.present + counts.conflicts);
    free(key);
    free(value);
}

static void bytes_per_pair(void **state) {
    const char *scale = getenv("JL_SCALE");
    uint64_t full = scale && strtod(scale, NULL) >= 10 ? 20000000 : 5000000;
    const struct {
        uint64_t pairs;
        size_t batch;
        double most;
    } step[] = {{10000, 1000, 80}, {30000, 4096, 80}, {100000, 4096, 80}, {1000000, 100000, 80}, {full, 1000000, 10}};
    const char *text = *state;
    jl_err err = {0};
    jl_url url;
    jl_store_stat stat;
    chance c = chance_seeded();
    assert_int_equal(jl_url_parse(jl_span_of(text), &url, &err), 0);
    uint64_t before = bytes_now(text), pairs = 0;
    jl_store *s = jl_store_open(openers, &url, &(jl_space){&answers, "default", 0}, &err);
    for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
        put_up_to(s, &c, pairs, step[i].pairs, step[i].batch);
        pairs = step[i].pairs;
        /* Buffers of connections and of lazy frees come and go: the least of a few moments is what is kept. */
        uint64_t bytes = bytes_now(text) - before;
        for (int t = 0; t < 20; t++) {
            redis_nap();
            uint64_t now = bytes_now(text) - before;
            bytes = now < bytes ? now : bytes;
        }
        assert_int_equal(s->ops->stat(s, &stat, &err), 0);
        assert_int_equal(stat.entries, pairs);
        double per_pair = (double)bytes / (double)pairs;
        printf("# %.6s: %8llu pairs, %.2f bytes a pair (stat says %.2f)\n", text, (unsigned long long)pairs, per_pair,
               (double)stat.bytes / (double)pairs);
        assert_true(per_pair <= step[i].most);
        /* The server's memory has a connection and a script in it too, some 200 KB; and MEMORY USAGE counts 24 bytes
           for what takes 32. */
        assert_true(stat.bytes <= bytes * 21 / 20 && stat.bytes + 300000 >= bytes * 17 / 20);
    }
    s->ops->close(s);
}

static int on_sqlite(void **state) {
    *state = url_text[0];
    return 0;
}

static int on_redis(void **state) {
    *state = url_text[1];
    return 0;
}

static int begin(void **state) {
    (void)state;
    strcpy(folder, "/tmp/jobline-footprint.XXXXXX");
    if (!mkdtemp(folder) || !redis_start(&redis, NULL))
        return -1;
    snprintf(url_text[0], sizeof url_text[0], "sqlite:%s/store.db", folder);
    snprintf(url_text[1], sizeof url_text[1], "redis+unix://%s", redis.socket);
    return 0;
}

static int end(void **state) {
    char command[96];
    (void)state;
    redis_remove(&redis);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"bytes_per_pair (sqlite)", bytes_per_pair, on_sqlite, NULL, NULL},
        {"bytes_per_pair (redis)", bytes_per_pair, on_redis, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, begin, end);
}
