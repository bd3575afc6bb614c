/* What a run says on stderr, one whole line at a time. */
#include "frame/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#include "frame/prog.h"
#include "frame/say.h"

void jl_run_counter(jl_run *run, const char *name, const uint64_t *value, bool progress) {
    const size_t most = sizeof run->counter / sizeof run->counter[0];
    if (run->n_counters < most)
        run->counter[run->n_counters++] = (jl_counter){name, value, progress};
}

void jl_say_bytes(const char *text, size_t n) {
    while (n > 0) {
        ssize_t done = write(STDERR_FILENO, text, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return; /* nobody is left to be told */
        text += done;
        n -= (size_t)done;
    }
}

/* Escapes, adds the newline, and hands it to the kernel in one piece, so that lines of the stages of a chain do not
   mix. */
void jl_say_line(const jl_run *run, const char *text) {
    char line[2048];
    const char *name = run->prog ? run->prog->name : "jobline";
    size_t n = (size_t)snprintf(line, sizeof line / 2, "%s: ", name);
    n += jl_err_escape(jl_span_of(text), line + n, sizeof line - n - 1);
    line[n++] = '\n';
    jl_run_progress_clear(run);
    jl_say_bytes(line, n);
}

void jl_say_error_text(const jl_err *err, char *text, size_t size) {
    char line[32] = "";
    char byte[40] = "";
    if (err->line)
        snprintf(line, sizeof line, "%s%" PRIu64 ": ", err->file[0] ? "" : "line ", err->line);
    if (err->byte)
        snprintf(byte, sizeof byte, "byte %" PRIu64 ": ", err->byte);
    snprintf(text, size, "%s%s%s%s%s", err->file, err->file[0] ? (err->line ? ":" : ": ") : "", line, byte, err->text);
}

void jl_run_error(const jl_run *run, const jl_err *err) {
    char text[sizeof err->file + sizeof err->text + 80];
    jl_say_error_text(err, text, sizeof text);
    jl_say_line(run, text);
}

static void say_formatted(const jl_run *run, const char *format, va_list args) {
    char text[1024];
    if (vsnprintf(text, sizeof text, format, args) >= 0)
        jl_say_line(run, text);
}

void jl_run_warn(const jl_run *run, const char *format, ...) {
    if (!run->quiet) {
        va_list args;
        va_start(args, format);
        say_formatted(run, format, args);
        va_end(args);
    }
}

void jl_run_info(const jl_run *run, const char *format, ...) {
    if (run->verbose) {
        va_list args;
        va_start(args, format);
        say_formatted(run, format, args);
        va_end(args);
    }
}
