/* A ring of blocks; the oldest that nobody has begun is always the next to be scanned. */
#include "frame/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "jsonl/utf8.h"

/* Lines of a block that are scanned ahead: more than a block of usual lines has, so that a block of tiny ones (whose
   records are much larger than they are) costs no more. */
#define SLAB_BYTES (UINT64_C(1) << 20)

struct jl_crew {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t *thread;
    size_t n_threads;
    /* Places are used round robin. Places first..next-1 hold blocks; of these, those before `begun` are being scanned
       or are scanned, the others wait. All three only ever grow. */
    jl_block *block;
    bool *scanned;
    size_t n_blocks;
    uint64_t first, begun, next;
    bool ended;
};

static jl_block *crew_block(const jl_crew *c, uint64_t i) {
    return &c->block[i % c->n_blocks];
}

static void block_scan(jl_block *b) {
    b->utf8 = jl_utf8_valid(b->lines.p, b->lines.n);
    b->trouble = (jl_err){0};
    (void)jl_slab_scan(&b->slab, b->lines, b->utf8, &b->scanned, &b->trouble);
}

/* Scans the next block that waits; the lock is held before and after. */
static void crew_scan(jl_crew *c) {
    uint64_t i = c->begun++;
    (void)pthread_mutex_unlock(&c->lock);
    block_scan(crew_block(c, i));
    (void)pthread_mutex_lock(&c->lock);
    c->scanned[i % c->n_blocks] = true;
}

static void *crew_work(void *self) {
    jl_crew *c = self;
    (void)pthread_mutex_lock(&c->lock);
    while (!c->ended) {
        if (c->begun == c->next) {
            (void)pthread_cond_wait(&c->work, &c->lock);
            continue;
        }
        crew_scan(c);
        (void)pthread_cond_signal(&c->done);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Signals are for the thread that sees to stopping. */
static int crew_start(jl_crew *c, size_t threads, jl_err *err) {
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = 0;
    while (rc == 0 && c->n_threads < threads) {
        rc = pthread_create(&c->thread[c->n_threads], NULL, crew_work, c);
        c->n_threads += rc == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? 0 : jl_err_errno(err, JL_SOFTWARE, rc, "cannot start a thread");
}

static int crew_open(jl_crew *c, size_t threads, const jl_want *want, const jl_keyspec *key, size_t first_key,
                     uint64_t max_line, jl_err *err) {
    size_t line = sizeof(jl_rec) + sizeof(uint32_t) + jl_want_count(want) * sizeof(jl_field);
    c->n_blocks = 2 * (threads + 1); /* one being scanned and one waiting for each that scans */
    c->thread = calloc(threads, sizeof *c->thread);
    c->block = calloc(c->n_blocks, sizeof *c->block);
    c->scanned = calloc(c->n_blocks, sizeof *c->scanned);
    if (!c->thread || !c->block || !c->scanned)
        return jl_err_nomem(err);
    for (size_t i = 0; i < c->n_blocks; i++)
        if (jl_slab_open(&c->block[i].slab, want, key, first_key, max_line, SLAB_BYTES / line + 1, err) != 0)
            return -1;
    return crew_start(c, threads, err);
}

jl_crew *jl_crew_new(size_t threads, const jl_want *want, const jl_keyspec *key, size_t first_key, uint64_t max_line,
                     jl_err *err) {
    jl_crew *c = calloc(1, sizeof *c);
    if (!c) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->work, NULL);
    (void)pthread_cond_init(&c->done, NULL);
    if (crew_open(c, threads, want, key, first_key, max_line, err) == 0)
        return c;
    jl_crew_free(c);
    return NULL;
}

void jl_crew_free(jl_crew *c) {
    if (!c)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->ended = true;
    (void)pthread_cond_broadcast(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->n_threads; i++)
        (void)pthread_join(c->thread[i], NULL);
    for (size_t i = 0; c->block && i < c->n_blocks; i++) {
        jl_slab_free(&c->block[i].slab);
        free(c->block[i].buf);
    }
    (void)pthread_cond_destroy(&c->done);
    (void)pthread_cond_destroy(&c->work);
    (void)pthread_mutex_destroy(&c->lock);
    free(c->thread);
    free(c->block);
    free(c->scanned);
    free(c);
}

/* `first` and `next` are written by the loop's thread alone, so it reads them without the lock. */

jl_block *jl_crew_place(jl_crew *c) {
    return c->next - c->first < c->n_blocks ? crew_block(c, c->next) : NULL;
}

void jl_crew_put(jl_crew *c) {
    (void)pthread_mutex_lock(&c->lock);
    c->scanned[c->next % c->n_blocks] = false;
    c->next++;
    (void)pthread_cond_signal(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
}

size_t jl_crew_count(const jl_crew *c) {
    return (size_t)(c->next - c->first);
}

bool jl_crew_hungry(jl_crew *c) {
    (void)pthread_mutex_lock(&c->lock);
    bool hungry = c->next - c->begun <= c->n_threads; /* one for each, one for the caller */
    (void)pthread_mutex_unlock(&c->lock);
    return hungry;
}

jl_block *jl_crew_first(jl_crew *c) {
    (void)pthread_mutex_lock(&c->lock);
    while (!c->scanned[c->first % c->n_blocks])
        if (c->begun < c->next)
            crew_scan(c);
        else
            (void)pthread_cond_wait(&c->done, &c->lock);
    (void)pthread_mutex_unlock(&c->lock);
    return crew_block(c, c->first);
}

void jl_crew_drop(jl_crew *c) {
    c->first++;
}
