/* The progress line. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "frame/run.h"
#include "frame/say.h"

typedef enum style {
    UNDECIDED = 0,
    SILENT,
    REWRITE, /* one line, cleared by an escape sequence */
    PAD,     /* one line, cleared by spaces: NO_COLOR */
    LINES    /* a new line each time: no terminal, or a dumb one */
} style;

/* One process has one stderr, so its state is one, too. Used by the loop's thread alone. */
static struct {
    style style;
    int64_t next; /* when to draw again, monotonic ns */
    size_t shown; /* bytes of the line on the screen; 0 = none */
} line;

bool jl_say_styled(int fd) {
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fd) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

static style decide(const jl_run *run) {
    if (run->progress == JL_WHEN_NEVER)
        return SILENT;
    if (!isatty(STDERR_FILENO))
        return run->progress == JL_WHEN_ALWAYS ? LINES : SILENT;
    const char *term = getenv("TERM");
    if (!term || !*term || strcmp(term, "dumb") == 0)
        return LINES;
    return jl_say_styled(STDERR_FILENO) ? REWRITE : PAD;
}

/* "830 MB" and the like with three digits. */
void jl_say_size(double bytes, char text[24]) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t u = 0;
    while (bytes >= 999.5 && u + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1000;
        u++;
    }
    snprintf(text, 24, "%.*f %s", u > 0 && bytes < 9.95 ? 1 : 0, bytes, units[u]);
}

static void duration(double seconds, char text[24]) {
    if (seconds > 359999) { /* a guess of more than 99 hours tells nobody anything */
        snprintf(text, 24, "long");
        return;
    }
    int s = (int)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, 24, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, 24, "%d:%02d", s / 60, s % 60);
}

/* Appends to `text` as far as it fits. */
static size_t add(char *text, size_t n, size_t size, const char *what) {
    size_t more = strlen(what);
    if (n + more < size) {
        memcpy(text + n, what, more + 1);
        n += more;
    }
    return n;
}

static size_t compose(const jl_run *run, int64_t now, uint64_t done, uint64_t total, char *text, size_t size) {
    char part[128];
    char a[24];
    char b[24];
    double seconds = (double)(now - run->started) / (double)JL_SECOND;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    jl_say_size((double)done, a);
    jl_say_size(rate, b);
    snprintf(part, sizeof part, "%" PRIu64 " lines  %s  %s/s", run->lines_in, a, b);
    size_t n = add(text, 0, size, part);
    for (size_t i = 0; i < run->n_counters; i++) {
        if (run->counter[i].progress) {
            snprintf(part, sizeof part, "  %" PRIu64 " %s", *run->counter[i].value, run->counter[i].name);
            for (char *c = part; *c; c++)
                *c = *c == '_' ? ' ' : *c;
            n = add(text, n, size, part);
        }
    }
    if (total > 0 && done <= total) {
        snprintf(part, sizeof part, "  %d%%", (int)((double)done * 100 / (double)total));
        n = add(text, n, size, part);
        if (rate > 0 && done < total) {
            duration((double)(total - done) / rate, a);
            snprintf(part, sizeof part, "  %s left", a);
            n = add(text, n, size, part);
        }
    }
    return n;
}

/* A line wider than the terminal would wrap and could not be cleared. */
static size_t width(void) {
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? (size_t)w.ws_col - 1 : 79;
}

static void draw(const char *text, size_t n) {
    char bytes[1024];
    int made;
    if (line.style == REWRITE) {
        made = snprintf(bytes, sizeof bytes, "\r%.*s\x1b[K", (int)n, text);
    } else {
        int pad = line.shown > n ? (int)(line.shown - n) : 0;
        made = snprintf(bytes, sizeof bytes, "\r%.*s%*s", (int)n, text, pad, "");
    }
    jl_say_bytes(bytes, (size_t)made);
    line.shown = n;
}

void jl_run_progress(jl_run *run, uint64_t done, uint64_t total) {
    if (line.style == SILENT)
        return;
    if (line.style == UNDECIDED) {
        line.style = decide(run);
        if (line.style == SILENT)
            return;
    }
    int64_t now = jl_clock_now();
    if (now < line.next)
        return;
    char text[480];
    if (line.style == LINES) {
        line.next = now + JL_SECOND;
        compose(run, now, done, total, text, sizeof text);
        jl_say_line(run, text);
        return;
    }
    line.next = now + 100 * JL_MILLISECOND;
    size_t columns = width();
    draw(text, compose(run, now, done, total, text, columns + 1 < sizeof text ? columns + 1 : sizeof text));
}

void jl_run_progress_end(jl_run *run, uint64_t done, uint64_t total) {
    line.next = 0;
    jl_run_progress(run, done, total);
    if (line.shown > 0)
        jl_say_bytes("\n", 1);
    line.shown = 0;
    line.style = SILENT;
}

void jl_run_progress_clear(const jl_run *run) {
    (void)run;
    if (line.shown == 0)
        return;
    if (line.style == REWRITE) {
        jl_say_bytes("\r\x1b[K", 4);
    } else {
        draw("", 0);
        jl_say_bytes("\r", 1);
    }
    line.shown = 0;
}
