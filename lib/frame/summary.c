/* The figures of a run: a sentence for people, a line of JSON for logs, a page for Prometheus. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "frame/prog.h"
#include "frame/say.h"

static double elapsed(const jl_run *run) {
    return (double)(jl_clock_now() - run->started) / (double)JL_SECOND;
}

/* ", 17 rejected lines" from 17 and "rejected_lines". */
static void count(jl_buf *text, const char *separator, uint64_t value, const char *name) {
    char words[64];
    snprintf(words, sizeof words, "%s", name);
    for (char *c = words; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    (void)jl_buf_addf(text, NULL, "%s%" PRIu64 " %s", separator, value, words);
}

void jl_summary_say(const jl_run *run) {
    jl_buf text = {.max = 1024}; /* what does not fit any more is left out */
    const char *separator = "";
    if (!run->prog->no_filter) {
        (void)jl_buf_addf(&text, NULL,
                          "%" PRIu64 " lines in, %" PRIu64 " out, %" PRIu64 " dropped, %" PRIu64 " rejected",
                          run->lines_in, run->lines_out, run->dropped, run->rejected);
        if (run->blank)
            count(&text, ", ", run->blank, "blank");
        if (run->boms)
            count(&text, ", ", run->boms, "byte_order_marks");
        separator = "; ";
    }
    for (size_t i = 0; i < run->n_counters; i++) {
        /* A line for people: what did not happen is left out. --stats has all of it. */
        if (*run->counter[i].value > 0) {
            count(&text, separator, *run->counter[i].value, run->counter[i].name);
            separator = ", ";
        }
    }
    double seconds = elapsed(run);
    char bytes[24];
    char rate[24];
    jl_say_size((double)run->bytes_in, bytes);
    jl_say_size(seconds > 0 ? (double)run->bytes_in / seconds : 0, rate);
    separator = text.n ? "; " : "";
    char took[32];
    snprintf(took, sizeof took, seconds < 0.1 ? "%.0f ms" : "%.1f s", seconds < 0.1 ? seconds * 1000 : seconds);
    if (run->prog->no_filter)
        (void)jl_buf_addf(&text, NULL, "%s%s", separator, took);
    else
        (void)jl_buf_addf(&text, NULL, "%s%s in %s (%s/s)", separator, bytes, took, rate);
    const char *whole = jl_buf_text(&text, NULL);
    if (whole)
        jl_say_line(run, whole);
    jl_buf_free(&text);
}

int jl_summary_open(const jl_run *run, int *fd, jl_err *err) {
    *fd = -1;
    if (!run->stats)
        return 0;
    *fd = open(run->stats, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    return *fd >= 0 ? 0 : jl_err_errno(err, JL_CANTCREAT, errno, "cannot open '%s'", run->stats);
}

static uint64_t max_rss(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

/* The figures that every program has, under the names that they have everywhere. */
typedef struct figure {
    const char *name;
    uint64_t value;
} figure;

#define N_FIGURES 8
static void figures(const jl_run *run, figure f[N_FIGURES]) {
    const figure all[N_FIGURES] = {
        {"lines_in", run->lines_in}, {"lines_out", run->lines_out}, {"rejected", run->rejected},
        {"dropped", run->dropped},   {"blank", run->blank},         {"boms", run->boms},
        {"bytes_in", run->bytes_in}, {"bytes_out", run->bytes_out},
    };
    memcpy(f, all, sizeof all);
}

static int describe(const jl_run *run, int status, const jl_err *failure, jl_buf *out, jl_err *err) {
    char started[21];
    jl_clock_rfc3339(run->started_wall, started);
    int bad = jl_write_open(out, err) || jl_write_text(out, "run", jl_span_of(run->id), err) ||
              jl_write_text(out, "program", jl_span_of(run->prog->name), err);
    if (!bad && run->verb)
        bad = jl_write_text(out, "verb", jl_span_of(run->verb), err);
    bad = bad || jl_write_text(out, "version", JL_SPAN(JL_VERSION), err) ||
          jl_write_text(out, "started_at", jl_span_of(started), err) ||
          jl_write_real(out, "seconds", elapsed(run), 3, err) ||
          jl_write_real(out, "cpu_seconds", (double)jl_clock_cpu() / (double)JL_SECOND, 3, err) ||
          jl_write_u64(out, "max_rss_bytes", max_rss(), err) || jl_write_u64(out, "status", (uint64_t)status, err);
    if (!bad && failure->class != JL_OK && failure->class != JL_PIPE) {
        char text[sizeof failure->file + sizeof failure->text + 80];
        jl_say_error_text(failure, text, sizeof text);
        bad = jl_write_text(out, "error", jl_span_of(text), err);
    }
    figure f[N_FIGURES];
    figures(run, f);
    for (size_t i = 0; i < N_FIGURES && !bad && !run->prog->no_filter; i++)
        bad = jl_write_u64(out, f[i].name, f[i].value, err);
    for (size_t i = 0; i < run->n_counters && !bad; i++)
        bad = jl_write_u64(out, run->counter[i].name, *run->counter[i].value, err);
    return bad || jl_buf_add(out, jl_buf_span(&run->extra), err) || jl_write_close(out, err) ||
                   jl_buf_addc(out, '\n', err)
               ? -1
               : 0;
}

int jl_summary_stats(const jl_run *run, int fd, int status, const jl_err *failure, jl_err *err) {
    if (fd < 0)
        return 0;
    jl_buf text = {0};
    int result = describe(run, status, failure, &text, err);
    if (result == 0) {
        /* One write: lines of runs that end at the same time do not mix. */
        ssize_t n = write(fd, text.p, text.n);
        if (n != (ssize_t)text.n)
            result = jl_err_errno(err, JL_IO, n < 0 ? errno : ENOSPC, "cannot write to '%s'", run->stats);
    }
    if (close(fd) != 0 && result == 0)
        result = jl_err_errno(err, JL_IO, errno, "cannot write to '%s'", run->stats);
    jl_buf_free(&text);
    return result;
}

/* Appends one gauge in the text format of Prometheus 0.0.4. `help` may be NULL: then it is the name in words. */
static int gauge(const jl_run *run, jl_buf *out, const char *name, const char *help, const char *value, jl_err *err) {
    char full[192];
    char words[96];
    snprintf(full, sizeof full, "jobline_%s_%s", run->prog->name, name);
    for (char *c = full; *c; c++) {
        bool fits = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        *c = fits ? *c : '_';
    }
    snprintf(words, sizeof words, "%s", help ? help : name);
    for (char *c = words; *c && !help; c++)
        *c = *c == '_' ? ' ' : *c;
    char label[96] = "";
    if (run->verb)
        snprintf(label, sizeof label, "{verb=\"%s\"}", run->verb);
    return jl_buf_addf(out, err, "# HELP %s %s%s\n# TYPE %s gauge\n%s%s %s\n", full, words,
                       help ? "" : " (of the last run)", full, full, label, value);
}

static int gauge_u64(const jl_run *run, jl_buf *out, const char *name, uint64_t value, jl_err *err) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return gauge(run, out, name, NULL, text, err);
}

static int page(const jl_run *run, int status, jl_buf *out, jl_err *err) {
    char ended[40];
    char took[40];
    char ended_with[16];
    snprintf(ended, sizeof ended, "%.3f", (double)jl_clock_wall() / (double)JL_SECOND);
    snprintf(took, sizeof took, "%.6f", elapsed(run));
    snprintf(ended_with, sizeof ended_with, "%d", status);
    if (gauge(run, out, "last_run_timestamp_seconds", "When the last run ended, Unix time", ended, err) ||
        gauge(run, out, "last_run_status", "Exit status of the last run", ended_with, err) ||
        gauge(run, out, "duration_seconds", "How long the last run took", took, err))
        return -1;
    figure f[N_FIGURES];
    figures(run, f);
    for (size_t i = 0; i < N_FIGURES && !run->prog->no_filter; i++)
        if (gauge_u64(run, out, f[i].name, f[i].value, err) != 0)
            return -1;
    for (size_t i = 0; i < run->n_counters; i++)
        if (gauge_u64(run, out, run->counter[i].name, *run->counter[i].value, err) != 0)
            return -1;
    return jl_buf_add(out, jl_buf_span(&run->gauges), err);
}

static int write_all(int fd, jl_span bytes, const char *name, jl_err *err) {
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jl_err_errno(err, JL_IO, errno, "cannot write to '%s'", name);
        bytes = (jl_span){bytes.p + n, bytes.n - (size_t)n};
    }
    return 0;
}

int jl_summary_metrics(const jl_run *run, int status, jl_err *err) {
    if (!run->metrics)
        return 0;
    jl_buf text = {0};
    jl_atomic file = {.fd = -1};
    int result = -1;
    if (page(run, status, &text, err) == 0 && jl_atomic_open(&file, run->metrics, err) == 0 &&
        write_all(file.fd, jl_buf_span(&text), run->metrics, err) == 0)
        result = jl_atomic_commit(&file, "", err);
    jl_atomic_abandon(&file);
    jl_buf_free(&text);
    return result;
}
