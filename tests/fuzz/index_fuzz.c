/* A hostile side file: as it comes, and with its checksums made right around hostile rows, facts, codes and floats. Either
 * it is searched, or it is refused as damaged. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/target.h"
#include "vector/index_file.h"

static bool keep(void *self, size_t query, const void *facts) {
    const unsigned char *f = facts;
    size_t n = *(const size_t *)self;
    unsigned sum = (unsigned)query;
    for (size_t i = 0; i < n; ++i)
        sum += f[i];
    return sum % 5 != 0;
}

static void search(jl_index *x, const uint8_t *data, size_t size) {
    enum { QUERIES = 6, K = 40 };
    const jl_index_head *head = jl_index_about(x);
    float *q = calloc(QUERIES * (size_t)head->dims, sizeof *q);
    jl_hit hit[QUERIES * K];
    size_t hits[QUERIES], facts = head->facts;
    jl_err err = {0};
    MUST(q != NULL);
    for (size_t i = 0; i < QUERIES * (size_t)head->dims; ++i)
        q[i] = size ? (float)(int8_t)data[i % size] : 1;
    jl_index_query query = {q, QUERIES, K, keep, &facts};
    int result = jl_index_search(x, &query, hit, hits, &err);
    MUST(result == 0 || err.class == JL_CONFIG || err.class == JL_SOFTWARE);
    for (size_t i = 0; result == 0 && i < QUERIES; ++i) {
        MUST(hits[i] <= K);
        for (size_t j = 1; j < hits[i]; ++j)
            MUST(hit[i * K + j - 1].score >= hit[i * K + j].score);
    }
    free(q);
}

static void open_and_search(const char *bytes, size_t n, const uint8_t *data, size_t size) {
    char path[64];
    int fd = memfd_create("index", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    jl_index *x;
    jl_err err = {0};
    if (jl_index_open(&x, path, NULL, &err) == 0) {
        MUST(x != NULL);
        static const char none[JL_INDEX_FACTS_MAX];
        float *v = calloc(jl_index_about(x)->dims, sizeof *v);
        MUST(v && jl_index_hide(x, 1, NULL) == 0 && jl_index_set(x, 3, none, v, NULL) == 0);
        free(v);
        search(x, data, size);
        jl_index_close(x);
    } else {
        MUST(err.class == JL_CONFIG || err.class == JL_DATA);
    }
    close(fd);
}

/* A file of the right shape whose content is the data over and over. */
static void repaired(const uint8_t *data, size_t size) {
    jl_index_head head = {.model = "m", .dims = 1 + data[0] % 70u, .facts = data[1] % 40u};
    head.rows = data[2] | (data[3] & 15u) << 8;
    jl_index_shape shape = jl_index_shape_of(head.dims, head.facts);
    jl_index_parts parts = jl_index_parts_of(&shape, (size_t)head.rows);
    size_t n = JL_INDEX_HEADER + (head.rows ? parts.end : 0);
    char *p = malloc(n);
    MUST(p != NULL && head.rows < shape.block_rows);
    for (size_t i = 0; i < n; ++i)
        p[i] = (char)data[4 + i % (size - 4)];
    jl_index_header_write(&head, n, p);
    if (head.rows)
        jl_index_block_write(&shape, 0, (size_t)head.rows, p + JL_INDEX_HEADER);
    open_and_search(p, n, data, size);
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    open_and_search((const char *)data, size, data, size);
    if (size > 4)
        repaired(data, size);
    return 0;
}
