/* All of main(): from the command line to the exit status. */
#include "frame/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "frame/parse.h"
#include "frame/say.h"
#include "frame/signals.h"

/* Writes all of `text` to stdout, close included: JL_IO, or JL_PIPE. */
static int print(jl_span text, jl_err *err) {
    while (text.n > 0) {
        ssize_t n = write(STDOUT_FILENO, text.p, text.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jl_err_errno(err, errno == EPIPE ? JL_PIPE : JL_IO, errno, "cannot write to stdout");
        text = (jl_span){text.p + n, text.n - (size_t)n};
    }
    return close(STDOUT_FILENO) == 0 ? 0 : jl_err_errno(err, JL_IO, errno, "cannot write to stdout");
}

static int print_what_was_asked(const jl_parse *p, jl_err *err) {
    jl_buf text = {0};
    int made = p->version                   ? jl_help_version(p, &text, err)
               : p->show == JL_SHOW_OPTIONS ? jl_help_options(p, &text, err)
               : p->show == JL_SHOW_VERBS   ? jl_help_verbs(p, &text, err)
               : p->show == JL_SHOW_PROGRAM ? jl_help_program(p, &text, err)
                                            : jl_help_text(p, jl_say_styled(STDOUT_FILENO), &text, err);
    if (made == 0)
        made = print(jl_buf_span(&text), err);
    jl_buf_free(&text);
    return made;
}

/* Somebody typed the bare name at a terminal. */
static int say_usage(const jl_parse *p, jl_err *err) {
    jl_buf text = {0};
    if (jl_help_usage(p, jl_say_styled(STDERR_FILENO), &text, err) != 0) {
        jl_buf_free(&text);
        return -1;
    }
    jl_say_bytes(text.p, text.n);
    jl_buf_free(&text);
    return 0;
}

static bool valid_id(const char *id) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
    size_t n = strlen(id);
    return n >= 1 && n < sizeof((jl_run *)0)->id && strspn(id, allowed) == n;
}

/* 128 random bits in hex. Before the kernel has gathered randomness, time and process tell runs apart well enough: the
   id is a name, not a secret. */
static void make_id(char *id, size_t size) {
    uint64_t bits[2];
    if (getrandom(bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits) {
        bits[0] = (uint64_t)jl_clock_wall();
        bits[1] = (uint64_t)jl_clock_now() ^ (uint64_t)getpid() << 40;
    }
    snprintf(id, size, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
}

/* All stages of a chain share the id of the first through the environment. */
static int settle_id(jl_run *run, jl_err *err) {
    const char *given = getenv("JOBLINE_RUN");
    if (given && valid_id(given)) {
        memcpy(run->id, given, strlen(given) + 1);
        return 0;
    }
    if (given && *given)
        jl_run_warn(run, "JOBLINE_RUN is not 1 to 64 letters, digits and '_.:-': a new run id is used");
    make_id(run->id, sizeof run->id);
    return setenv("JOBLINE_RUN", run->id, 1) == 0 ? 0 : jl_err_nomem(err);
}

/* An error wins over a signal, a signal over the status that the program chose. */
static int final_status(const jl_run *run, const jl_err *err) {
    if (err->class != JL_OK)
        return (int)err->class;
    return jl_stop_asked() ? 128 + jl_stop_asked() : run->status;
}

/* Everything about the run that is told after it: an error in that is one only when the run had none. */
static int tell(const jl_run *run, int stats_fd, int status, const jl_err *failure) {
    jl_err err = {0};
    int told = status;
    if (run->verbose)
        jl_summary_say(run);
    if (jl_summary_stats(run, stats_fd, status, failure, &err) != 0) {
        jl_run_error(run, &err);
        told = told ? told : (int)err.class;
    }
    err = (jl_err){0};
    if (jl_summary_metrics(run, status, &err) != 0) {
        jl_run_error(run, &err);
        told = told ? told : (int)err.class;
    }
    return told;
}

/* The run itself, once the command line is understood. */
static int perform(const jl_prog *prog, jl_run *run) {
    jl_err err = {0};
    int stats_fd = -1;
    jl_signals_install();
    if (settle_id(run, &err) == 0 && jl_summary_open(run, &stats_fd, &err) == 0 && prog->run(run, &err) != 0 &&
        err.class == JL_OK)
        jl_err_set(&err, JL_SOFTWARE, "failed without a reason");
    jl_run_progress_clear(run);
    if (err.class != JL_OK && err.class != JL_PIPE)
        jl_run_error(run, &err);
    int status = tell(run, stats_fd, final_status(run, &err), &err);
    jl_buf_free(&run->extra);
    jl_buf_free(&run->gauges);
    return status;
}

/* Parses and decides what is to be done. */
static int begin(const jl_prog *prog, jl_run *run, int argc, char **argv, jl_parse *p) {
    jl_err err = {0};
    jl_parse_init(p, prog, run);
    int failed = jl_parse_args(p, argc, argv, &err);
    if (failed == 0 && (p->version || p->show != JL_SHOW_NOTHING)) {
        failed = print_what_was_asked(p, &err);
        if (failed == 0)
            return JL_OK;
    } else if (failed == 0 && jl_parse_reads_stdin(p) && isatty(STDIN_FILENO)) {
        failed = say_usage(p, &err);
        if (failed == 0)
            return JL_USAGE;
    }
    if (failed == 0 && jl_parse_check(p, &err) == 0)
        return perform(prog, run);
    if (err.class != JL_PIPE)
        jl_run_error(run, &err);
    return (int)err.class;
}

int jl_main(const jl_prog *prog, int argc, char **argv) {
    jl_signals_descriptors();
    jl_run run = {.prog = prog, .started = jl_clock_now(), .started_wall = jl_clock_wall()};
    jl_parse parse;
    int status = begin(prog, &run, argc, argv, &parse);
    jl_parse_free(&parse);
    if (status == JL_PIPE)
        jl_signals_die_of_pipe();
    return status;
}
