/* A thread that asks the store, one question at a time. */
#include "pace/pace.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum state { IDLE, ASKED, ANSWERED };

struct jl_pace {
    jl_pace_store *store; /* the thread's own once it runs */
    int fd;
    pthread_t thread;
    bool running;

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t wake;
    enum state state;
    bool closed;
    bool left; /* in the middle of a question: nobody but the thread knows of all this any more */
    int64_t cost;
    int64_t at;
    int rc;
    jl_err err;
};

static void pace_free(jl_pace *p) {
    if (p->store)
        p->store->ops->close(p->store);
    if (p->fd >= 0)
        close(p->fd);
    (void)pthread_cond_destroy(&p->wake);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

/* The lock is held before and after. */
static void work_once(jl_pace *p) {
    int64_t cost = p->cost;
    int64_t wait = 0;
    jl_err err = {0};
    (void)pthread_mutex_unlock(&p->lock);
    int rc = p->store->ops->reserve(p->store, cost, &wait, &err);
    int64_t at = jl_clock_now() + wait;
    (void)pthread_mutex_lock(&p->lock);
    p->rc = rc;
    p->at = at;
    p->err = err;
    p->state = ANSWERED;
    (void)eventfd_write(p->fd, 1);
}

static void *work(void *self) {
    jl_pace *p = self;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->closed) {
        if (p->state != ASKED) {
            (void)pthread_cond_wait(&p->wake, &p->lock);
            continue;
        }
        work_once(p);
    }
    bool left = p->left;
    (void)pthread_mutex_unlock(&p->lock);
    if (left)
        pace_free(p);
    return NULL;
}

/* Signals are the main thread's. */
static int start(jl_pace *p, jl_err *err) {
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&p->thread, NULL, work, p);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0)
        return jl_err_errno(err, JL_SOFTWARE, number, "cannot start a thread");
    p->running = true;
    return 0;
}

jl_pace *jl_pace_open(const jl_pace_opener *const *openers, const jl_url *url, const char *name, int64_t patience,
                      jl_err *err) {
    jl_pace *p = calloc(1, sizeof *p);
    if (!p) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->wake, NULL);
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->fd < 0)
        (void)jl_err_errno(err, JL_SOFTWARE, errno, "eventfd");
    else
        p->store = jl_pace_store_open(openers, url, name, patience, err);
    if (!p->store) {
        pace_free(p);
        return NULL;
    }
    return p;
}

void jl_pace_close(jl_pace *p) {
    if (!p)
        return;
    bool running = p->running;
    pthread_t thread = p->thread;
    (void)pthread_mutex_lock(&p->lock);
    bool left = running && p->state == ASKED;
    p->closed = true;
    p->left = left;
    (void)pthread_cond_signal(&p->wake);
    /* Once it is unlocked, one that is left may be gone. */
    (void)pthread_mutex_unlock(&p->lock);
    if (left) {
        (void)pthread_detach(thread);
        return;
    }
    if (running)
        (void)pthread_join(thread, NULL);
    pace_free(p);
}

int jl_pace_fd(const jl_pace *p) {
    return p->fd;
}

int jl_pace_ask(jl_pace *p, int64_t cost, jl_err *err) {
    if (!p->running && start(p, err) != 0)
        return -1;
    (void)pthread_mutex_lock(&p->lock);
    p->cost = cost;
    p->state = ASKED;
    (void)pthread_cond_signal(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    return 0;
}

int jl_pace_answer(jl_pace *p, int64_t *at, jl_err *err) {
    (void)pthread_mutex_lock(&p->lock);
    int rc = 0;
    if (p->state == ANSWERED) {
        eventfd_t drained;
        (void)eventfd_read(p->fd, &drained);
        p->state = IDLE;
        rc = p->rc == 0 ? 1 : -1;
        *at = p->at;
        if (rc < 0 && err)
            *err = p->err;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return rc;
}
