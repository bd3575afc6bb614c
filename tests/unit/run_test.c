/* jl_main from the outside: messages, exit statuses, signals, the run id, --stats and --metrics. */
#include "unit/cmocka_all.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/stop.h"
#include "capture.h"
#include "frame/prog.h"

static capture c; /* too large for the stack */
static char folder[64];

/* What the program under test does. */
static int (*act)(jl_run *run, jl_err *err);
static uint64_t pairs = 150000;

static int run_act(jl_run *run, jl_err *err) {
    jl_run_counter(run, "distinct_pairs", &pairs, true);
    return act(run, err);
}

static const jl_verb verbs[] = {{.name = "get"}, {.name = "put"}, {0}};
static const jl_prog prog = {.name = "jl-test", .about = "Tests.", .run = run_act};
static const jl_prog verbal = {.name = "jl-test", .about = "Tests.", .verbs = verbs, .run = run_act};
static const jl_prog server = {.name = "server", .no_filter = true, .no_input = true, .run = run_act};

typedef struct call {
    const jl_prog *prog;
    const char *args[8];
    int closed;     /* descriptors to close first, one bit each */
    const char *to; /* where stdout goes, NULL = captured */
} call;

static int call_main(void *self) {
    call *k = self;
    char *argv[10] = {(char *)"prog"};
    int argc = 1;
    for (int i = 0; i < 8 && k->args[i]; i++)
        argv[argc++] = (char *)k->args[i];
    if (k->to && dup2(open(k->to, O_WRONLY), 1) != 1)
        return 250;
    for (int fd = 0; fd < 3; fd++)
        if (k->closed & 1 << fd)
            close(fd);
    return jl_main(k->prog, argc, argv);
}

static void go(int (*what)(jl_run *run, jl_err *err), call k) {
    act = what;
    if (!k.prog)
        k.prog = &prog;
    capture_run(&c, NULL, call_main, &k);
}

static void assert_starts(const char *text, const char *beginning) {
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("does not begin with »%s«:\n%s", beginning, text);
}

/* --- Statuses and messages ------------------------------------------------------------------------------------- */

static int succeed(jl_run *run, jl_err *err) {
    (void)run, (void)err;
    return 0;
}
static int fail_data(jl_run *run, jl_err *err) {
    (void)run;
    jl_err_set(err, JL_DATA, "unterminated string");
    jl_err_place(err, "jobs.jsonl", 17);
    err->byte = 42;
    return -1;
}
static int fail_hostile(jl_run *run, jl_err *err) {
    (void)run;
    /* Filled by hand, as a careless caller would. */
    err->class = JL_UNAVAILABLE;
    strcpy(err->text, "the server says \x1b]0;owned\x07 \xc2\x9b");
    strcpy(err->file, "a\nb");
    return -1;
}
static int fail_silently(jl_run *run, jl_err *err) {
    (void)run, (void)err;
    return -1;
}
static int unfinished(jl_run *run, jl_err *err) {
    (void)err;
    jl_run_warn(run, "%d lines are unanswered", 3);
    run->status = JL_TEMPFAIL;
    return 0;
}
static int fail_after_status(jl_run *run, jl_err *err) {
    run->status = JL_TEMPFAIL;
    return jl_err_set(err, JL_IO, "disk");
}
static int reader_gone(jl_run *run, jl_err *err) {
    (void)run;
    return jl_err_set(err, JL_PIPE, "the reader has gone");
}
static int talk(jl_run *run, jl_err *err) {
    (void)err;
    jl_run_info(run, "info %s", "\x1b");
    jl_run_warn(run, "warning \n%s", "\xff");
    return 0;
}

static void statuses(void **state) {
    (void)state;
    go(succeed, (call){0});
    assert_int_equal(c.status, 0);
    assert_string_equal(c.err, "");
    go(fail_data, (call){0});
    assert_int_equal(c.status, 65);
    assert_string_equal(c.err, "jl-test: jobs.jsonl:17: byte 42: unterminated string\n");
    go(fail_data, (call){.args = {"-q"}});
    assert_int_equal(c.status, 65);
    assert_string_equal(c.err, "jl-test: jobs.jsonl:17: byte 42: unterminated string\n");
    go(fail_hostile, (call){0});
    assert_int_equal(c.status, 69);
    assert_string_equal(c.err, "jl-test: a\\x0ab: the server says \\x1b]0;owned\\x07 \\xc2\\x9b\n");
    go(fail_silently, (call){0});
    assert_int_equal(c.status, 70);
    assert_string_equal(c.err, "jl-test: failed without a reason\n");
    go(unfinished, (call){0});
    assert_int_equal(c.status, 75);
    assert_string_equal(c.err, "jl-test: 3 lines are unanswered\n");
    go(unfinished, (call){.args = {"--quiet"}});
    assert_int_equal(c.status, 75);
    assert_string_equal(c.err, "");
    go(fail_after_status, (call){0});
    assert_int_equal(c.status, 74);
    go(succeed, (call){.args = {"--nothing"}});
    assert_int_equal(c.status, 64);
    assert_string_equal(c.err, "jl-test: unknown option '--nothing'; try 'jl-test --help'\n");
}

static void messages(void **state) {
    (void)state;
    go(talk, (call){0});
    assert_string_equal(c.err, "jl-test: warning \\x0a\\xff\n");
    go(talk, (call){.args = {"-v"}});
    assert_starts(c.err, "jl-test: info \\x1b\njl-test: warning \\x0a\\xff\njl-test: 0 lines in");
}

static int count_things(jl_run *run, jl_err *err) {
    (void)err;
    run->lines_in = 5000000;
    run->lines_out = 150000;
    run->dropped = 4850000;
    run->bytes_in = 1100000000;
    return 0;
}

static void summary_with_v(void **state) {
    (void)state;
    go(count_things, (call){.args = {"-v"}});
    assert_starts(c.err, "jl-test: 5000000 lines in, 150000 out, 4850000 dropped, 0 rejected; "
                         "150000 distinct pairs; 1.1 GB in ");
    assert_int_equal(c.err[strlen(c.err) - 1], '\n');
    go(count_things, (call){0});
    assert_string_equal(c.err, "");
    go(count_things, (call){.prog = &server, .args = {"-v"}});
    assert_starts(c.err, "server: 150000 distinct pairs; ");
    assert_null(strstr(c.err, "lines in"));
}

static void a_reader_that_left_ends_it_silently(void **state) {
    (void)state;
    go(reader_gone, (call){.args = {"--stats=stats"}});
    assert_int_equal(c.status, 128 + SIGPIPE);
    assert_string_equal(c.err, "");
    assert_int_equal(access("stats", F_OK), 0);
}

/* --- Descriptors and failing writes ---------------------------------------------------------------------------- */

static int open_one(jl_run *run, jl_err *err) {
    (void)err;
    int fd = open("/dev/null", O_RDONLY);
    run->status = fd;
    return 0;
}
static int write_to_stdout(jl_run *run, jl_err *err) {
    (void)run;
    return write(1, "x", 1) == 1 ? 0 : jl_err_errno(err, JL_IO, errno, "cannot write");
}
static int read_stdin(jl_run *run, jl_err *err) {
    (void)run;
    char byte;
    return read(0, &byte, 1) >= 0 ? 0 : jl_err_errno(err, JL_IO, errno, "cannot read");
}

static void no_data_file_gets_a_standard_descriptor(void **state) {
    (void)state;
    for (int closed = 0; closed < 8; closed++) {
        go(open_one, (call){.closed = closed});
        assert_true(c.status >= 3 && c.status < 20);
    }
    go(write_to_stdout, (call){.closed = 2});
    assert_int_equal(c.status, 74);
    go(read_stdin, (call){.closed = 1});
    assert_int_equal(c.status, 74);
}

static void help_that_cannot_be_written(void **state) {
    (void)state;
    static const char *const ways[] = {"--help", "--version", "--help=options", "--help=verbs", "--help=program"};
    for (size_t i = 0; i < 5; i++) {
        go(succeed, (call){.args = {ways[i]}});
        assert_int_equal(c.status, 0);
        assert_true(strlen(c.out) > 5);
        go(succeed, (call){.args = {ways[i]}, .to = "/dev/full"});
        assert_int_equal(c.status, 74);
        assert_string_equal(c.err, "jl-test: cannot write to stdout: No space left on device\n");
        go(succeed, (call){.args = {ways[i]}, .closed = 2});
        assert_int_equal(c.status, 74);
    }
}

/* --- A terminal on stdin --------------------------------------------------------------------------------------- */

static int at_a_terminal(void *self) {
    int other;
    int mine;
    if (openpty(&other, &mine, NULL, NULL, NULL) != 0 || dup2(mine, 0) != 0)
        return 250;
    return call_main(self);
}

static void the_bare_name_at_a_terminal(void **state) {
    (void)state;
    act = succeed;
    call k = {.prog = &prog};
    capture_run(&c, NULL, at_a_terminal, &k);
    assert_int_equal(c.status, 64);
    assert_starts(c.err, "Usage: jl-test\n");
    k.args[0] = "-";
    capture_run(&c, NULL, at_a_terminal, &k);
    assert_int_equal(c.status, 0);
    k = (call){.prog = &server};
    capture_run(&c, NULL, at_a_terminal, &k);
    assert_int_equal(c.status, 0);
}

/* --- Signals --------------------------------------------------------------------------------------------------- */

static int raise_term(jl_run *run, jl_err *err) {
    (void)err;
    raise(SIGTERM);
    run->status = jl_stop_asked() == SIGTERM ? 0 : 99;
    return 0;
}
static int raise_int_then_fail(jl_run *run, jl_err *err) {
    (void)run;
    raise(SIGINT);
    return jl_err_set(err, JL_IO, "disk");
}
static int raise_hup_unfinished(jl_run *run, jl_err *err) {
    (void)err;
    raise(SIGHUP);
    run->status = JL_TEMPFAIL;
    return 0;
}
static int raise_twice(jl_run *run, jl_err *err) {
    (void)run, (void)err;
    raise(SIGINT);
    raise(SIGTERM);
    return 0;
}
static int write_to_nobody(jl_run *run, jl_err *err) {
    (void)run;
    int fd[2];
    if (pipe(fd) != 0 || close(fd[0]) != 0)
        return jl_err_set(err, JL_SOFTWARE, "no pipe");
    return write(fd[1], "x", 1) < 0 && errno == EPIPE ? 0 : jl_err_set(err, JL_SOFTWARE, "no EPIPE");
}
/* A command must be killed by SIGPIPE as if we had not been there. */
static int command_dies_of_pipe(jl_run *run, jl_err *err) {
    (void)err;
    run->status = WEXITSTATUS(system("bash -c '(yes; echo $? >&2) | head -n 1 >/dev/null; trap -p PIPE; "
                                     "exit ${PIPESTATUS[0]}'"));
    return 0;
}

static void signals(void **state) {
    (void)state;
    go(raise_term, (call){0});
    assert_int_equal(c.status, 128 + SIGTERM);
    go(raise_int_then_fail, (call){0});
    assert_int_equal(c.status, 74);
    go(raise_hup_unfinished, (call){0});
    assert_int_equal(c.status, 128 + SIGHUP);
    go(raise_twice, (call){0});
    assert_int_equal(c.status, 128 + SIGTERM); /* killed by the second */
    go(write_to_nobody, (call){0});
    assert_int_equal(c.status, 0);
    go(command_dies_of_pipe, (call){0});
    assert_string_equal(c.err, "141\n");
}

static int nohup_main(void *self) {
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    return call_main(self);
}
static int raise_ignored(jl_run *run, jl_err *err) {
    (void)err;
    raise(SIGHUP);
    raise(SIGINT);
    run->status = jl_stop_asked();
    return 0;
}
static void what_is_ignored_stays_ignored(void **state) {
    (void)state;
    act = raise_ignored;
    call k = {.prog = &prog};
    capture_run(&c, NULL, nohup_main, &k);
    assert_int_equal(c.status, 0);
}

/* --- Run id ---------------------------------------------------------------------------------------------------- */

static int tell_id(jl_run *run, jl_err *err) {
    (void)err;
    printf("%s %s", run->id, getenv("JOBLINE_RUN"));
    return 0;
}

static void run_id(void **state) {
    (void)state;
    char mine[65];
    char env[65];
    unsetenv("JOBLINE_RUN");
    go(tell_id, (call){0});
    assert_int_equal(sscanf(c.out, "%64s %64s", mine, env), 2);
    assert_string_equal(mine, env);
    assert_int_equal(strlen(mine), 32);
    assert_int_equal(strspn(mine, "0123456789abcdef"), 32);
    go(tell_id, (call){0});
    assert_int_equal(sscanf(c.out, "%64s", env), 1);
    assert_string_not_equal(mine, env);

    setenv("JOBLINE_RUN", "nightly:2026-11-22_04.45", 1);
    go(tell_id, (call){0});
    assert_string_equal(c.out, "nightly:2026-11-22_04.45 nightly:2026-11-22_04.45");
    char longest[66];
    memset(longest, 'x', 65);
    longest[65] = '\0';
    setenv("JOBLINE_RUN", longest + 1, 1);
    go(tell_id, (call){0});
    assert_int_equal(strncmp(c.out, longest + 1, 64), 0);
    static const char *const bad[] = {"a b", "a\"b", "a\n", "ä"};
    for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
        setenv("JOBLINE_RUN", i < 4 ? bad[i] : longest, 1);
        go(tell_id, (call){0});
        assert_int_equal(sscanf(c.out, "%64s %64s", mine, env), 2);
        assert_int_equal(strlen(mine), 32);
        assert_string_equal(mine, env);
        assert_non_null(strstr(c.err, "JOBLINE_RUN"));
    }
    unsetenv("JOBLINE_RUN");
}

/* --- --stats --------------------------------------------------------------------------------------------------- */

static int count_and_fail(jl_run *run, jl_err *err) {
    count_things(run, err);
    run->rejected = 2;
    run->blank = 3;
    run->boms = 1;
    run->bytes_out = 77;
    if (jl_buf_add(&run->extra, JL_SPAN(",\"cache\":{\"hits\":7}"), err) != 0)
        return -1;
    return fail_data(run, err);
}

static json_t *last_line(const char *path, int *lines) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    static char text[1 << 12];
    *lines = 0;
    char last[sizeof text] = "";
    while (fgets(text, sizeof text, f)) {
        ++*lines;
        assert_int_equal(text[strlen(text) - 1], '\n');
        memcpy(last, text, sizeof last);
    }
    fclose(f);
    json_error_t error;
    json_t *object = json_loads(last, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s: %s", error.text, last);
    return object;
}

static json_int_t number(json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}
static const char *string(json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_value(value) : "(none)";
}

static void stats(void **state) {
    (void)state;
    int lines;
    setenv("JOBLINE_RUN", "r1", 1);
    go(count_and_fail, (call){.prog = &verbal, .args = {"--stats=s", "put"}});
    json_t *o = last_line("s", &lines);
    assert_int_equal(lines, 1);
    assert_string_equal(string(o, "run"), "r1");
    assert_string_equal(string(o, "program"), "jl-test");
    assert_string_equal(string(o, "verb"), "put");
    assert_string_equal(string(o, "version"), JL_VERSION);
    assert_string_equal(string(o, "error"), "jobs.jsonl:17: byte 42: unterminated string");
    assert_int_equal(strlen(string(o, "started_at")), 20);
    assert_int_equal(number(o, "status"), 65);
    assert_int_equal(number(o, "lines_in"), 5000000);
    assert_int_equal(number(o, "lines_out"), 150000);
    assert_int_equal(number(o, "rejected"), 2);
    assert_int_equal(number(o, "dropped"), 4850000);
    assert_int_equal(number(o, "blank"), 3);
    assert_int_equal(number(o, "boms"), 1);
    assert_int_equal(number(o, "bytes_in"), 1100000000);
    assert_int_equal(number(o, "bytes_out"), 77);
    assert_int_equal(number(o, "distinct_pairs"), 150000);
    assert_true(number(o, "max_rss_bytes") > 100000);
    assert_true(json_is_real(json_object_get(o, "seconds")));
    assert_true(json_is_real(json_object_get(o, "cpu_seconds")));
    assert_int_equal(number(json_object_get(o, "cache"), "hits"), 7);
    json_decref(o);

    go(succeed, (call){.args = {"--stats", "s"}});
    o = last_line("s", &lines);
    assert_int_equal(lines, 2);
    assert_int_equal(number(o, "status"), 0);
    assert_null(json_object_get(o, "error"));
    assert_null(json_object_get(o, "verb"));
    json_decref(o);

    go(raise_term, (call){.args = {"--stats", "s"}});
    o = last_line("s", &lines);
    assert_int_equal(number(o, "status"), 143);
    json_decref(o);
    unsetenv("JOBLINE_RUN");
}

static int must_not_run(jl_run *run, jl_err *err) {
    (void)run, (void)err;
    printf("ran");
    return 0;
}

static void stats_that_cannot_be_written(void **state) {
    (void)state;
    go(must_not_run, (call){.args = {"--stats=no/such/folder"}});
    assert_int_equal(c.status, 73);
    assert_string_equal(c.out, "");
    go(succeed, (call){.args = {"--stats=/dev/full"}});
    assert_int_equal(c.status, 74);
    assert_string_equal(c.err, "jl-test: cannot write to '/dev/full': No space left on device\n");
    go(fail_data, (call){.args = {"--stats=/dev/full"}});
    assert_int_equal(c.status, 65); /* the run's own error is the one that counts */
}

/* --- --metrics ------------------------------------------------------------------------------------------------- */

/* A strict reader of the text format 0.0.4, as far as gauges go: for each metric exactly HELP, TYPE and one sample, in
   this order, under one name that no other metric has. */
typedef struct metrics {
    struct {
        char name[128], label[64];
        double value;
    } m[80];
    int n;
} metrics;

static const char *take_name(const char *p, char *name) {
    assert_true(isalpha((unsigned char)*p) || *p == '_' || *p == ':');
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
    assert_true(n < 128);
    memcpy(name, p, n);
    name[n] = '\0';
    return p + n;
}

static const char *take(const char *p, const char *literal) {
    if (strncmp(p, literal, strlen(literal)) != 0)
        fail_msg("wanted »%s« at: %.60s", literal, p);
    return p + strlen(literal);
}

static void parse_metrics(const char *path, metrics *all) {
    static char text[1 << 16];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    all->n = 0;
    for (const char *p = text; *p; all->n++) {
        assert_true(all->n < 80);
        char *name = all->m[all->n].name;
        char again[128];
        p = take_name(take(p, "# HELP "), name);
        p = take(p, " ");
        size_t help = strcspn(p, "\n");
        assert_true(help > 0);
        assert_null(memchr(p, '\\', help));
        p = take_name(take(p + help, "\n# TYPE "), again);
        assert_string_equal(name, again);
        p = take_name(take(p, " gauge\n"), again);
        assert_string_equal(name, again);
        size_t label = *p == '{' ? strcspn(p, "}") + 1 : 0;
        assert_true(label < 64);
        memcpy(all->m[all->n].label, p, label);
        all->m[all->n].label[label] = '\0';
        p = take(p + label, " ");
        char *end;
        all->m[all->n].value = strtod(p, &end);
        assert_true(end > p);
        p = take(end, "\n");
        for (int i = 0; i < all->n; i++)
            assert_string_not_equal(all->m[i].name, name);
    }
}

static double metric(const metrics *all, const char *name) {
    for (int i = 0; i < all->n; i++)
        if (strcmp(all->m[i].name, name) == 0)
            return all->m[i].value;
    fail_msg("no metric %s", name);
    return 0;
}

static void metrics_file(void **state) {
    (void)state;
    static metrics all;
    go(count_and_fail, (call){.args = {"--metrics=m.prom"}});
    assert_int_equal(c.status, 65);
    parse_metrics("m.prom", &all);
    assert_int_equal(all.n, 12);
    assert_true(metric(&all, "jobline_jl_test_lines_in") == 5000000);
    assert_true(metric(&all, "jobline_jl_test_distinct_pairs") == 150000);
    assert_true(metric(&all, "jobline_jl_test_last_run_status") == 65);
    assert_true(metric(&all, "jobline_jl_test_last_run_timestamp_seconds") > 1.6e9);
    assert_true(metric(&all, "jobline_jl_test_duration_seconds") >= 0);
    assert_string_equal(all.m[0].label, "");

    assert_int_equal(chmod("m.prom", 0604), 0);
    go(succeed, (call){.prog = &verbal, .args = {"get", "--metrics=m.prom"}});
    parse_metrics("m.prom", &all);
    assert_true(metric(&all, "jobline_jl_test_last_run_status") == 0);
    assert_string_equal(all.m[3].label, "{verb=\"get\"}");
    struct stat is;
    assert_int_equal(stat("m.prom", &is), 0);
    assert_int_equal(is.st_mode & 0777, 0604);

    go(succeed, (call){.args = {"--metrics=no/such/m.prom"}});
    assert_int_equal(c.status, 73);
    go(fail_data, (call){.args = {"--metrics=no/such/m.prom"}});
    assert_int_equal(c.status, 65);
}

static int enter(void **state) {
    (void)state;
    strcpy(folder, "/tmp/jobline-run.XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}
static int leave(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(messages),
        cmocka_unit_test(summary_with_v),
        cmocka_unit_test(a_reader_that_left_ends_it_silently),
        cmocka_unit_test(no_data_file_gets_a_standard_descriptor),
        cmocka_unit_test(help_that_cannot_be_written),
        cmocka_unit_test(the_bare_name_at_a_terminal),
        cmocka_unit_test(signals),
        cmocka_unit_test(what_is_ignored_stays_ignored),
        cmocka_unit_test(run_id),
        cmocka_unit_test(stats),
        cmocka_unit_test(stats_that_cannot_be_written),
        cmocka_unit_test(metrics_file),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
