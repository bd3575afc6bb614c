/* Commands at our side: how they start, what they get, what their end means. */
#include "unit/cmocka_all.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>

#include "capture.h"
#include "frame/child.h"
#include "frame/signals.h"
#include "scratch.h"

#define COMMAND(...) ((char *const[]){__VA_ARGS__, NULL})
#define SHELL(text) COMMAND((char *)"sh", (char *)"-c", (char *)(text))

static int descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Runs to the end with both ends in our hands; `out` gets what it wrote. */
static jl_class run(const char *script, const char *in, jl_buf *out, jl_err *err) {
    jl_child c;
    int before = descriptors();
    assert_int_equal(jl_child_start(&c, SHELL(script), true, NULL, err), 0);
    assert_true(c.pid > 0 && c.to >= 0 && c.from >= 0);
    assert_int_equal(fcntl(c.to, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(c.from, F_GETFD), FD_CLOEXEC);
    if (in)
        assert_int_equal(write(c.to, in, strlen(in)), strlen(in));
    close(c.to);
    c.to = -1;
    jl_buf none = {0};
    scratch_drain(c.from, out ? out : &none);
    jl_buf_free(&none);
    jl_class class = jl_child_wait(&c, err);
    assert_int_equal(c.pid, 0);
    assert_int_equal(c.to, -1);
    assert_int_equal(c.from, -1);
    assert_int_equal(jl_child_wait(&c, NULL), JL_OK); /* nothing is left to wait for */
    assert_int_equal(descriptors(), before);
    return class;
}

static void what_its_end_means(void **state) {
    (void)state;
    const struct {
        const char *script;
        jl_class class;
        const char *text;
    } end[] = {
        {"exit 0", JL_OK, ""},
        {"exit 1", JL_SOFTWARE, "'sh' ended with status 1"},
        {"exit 63", JL_SOFTWARE, "'sh' ended with status 63"},
        {"exit 64", JL_USAGE, "'sh' ended with status 64"},
        {"exit 65", JL_DATA, "'sh' ended with status 65"},
        {"exit 72", (jl_class)72, "'sh' ended with status 72"},
        {"exit 75", JL_TEMPFAIL, "'sh' ended with status 75"},
        {"exit 78", JL_CONFIG, "'sh' ended with status 78"},
        {"exit 79", JL_SOFTWARE, "'sh' ended with status 79"},
        {"exit 141", JL_SOFTWARE, "'sh' ended with status 141"},
        {"exit 255", JL_SOFTWARE, "'sh' ended with status 255"},
        {"kill -9 $$", JL_SOFTWARE, "'sh' was killed by signal 9 (Killed)"},
        {"kill -15 $$", JL_SOFTWARE, "'sh' was killed by signal 15 (Terminated)"},
        {"kill -13 $$", JL_SOFTWARE, "'sh' was killed by signal 13 (Broken pipe)"},
    };
    for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
        jl_err err = {0};
        assert_int_equal(run(end[i].script, NULL, NULL, &err), end[i].class);
        assert_string_equal(err.text, end[i].text);
        assert_int_equal(err.class, end[i].class);
    }
}

static void bytes_go_through(void **state) {
    (void)state;
    jl_buf out = {0};
    assert_int_equal(run("cat; echo end", "a\nb", &out, NULL), JL_OK);
    assert_true(jl_span_eq(jl_buf_span(&out), JL_SPAN("a\nbend\n")));
    jl_buf_free(&out);
}

static void what_cannot_be_run(void **state) {
    (void)state;
    int before = descriptors();
    jl_child c;
    jl_err err = {0};
    scratch_write("not-executable", JL_SPAN("#!/bin/sh\n"));
    assert_int_equal(jl_child_start(&c, COMMAND((char *)"no-such-command"), true, NULL, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    assert_string_equal(err.text, "cannot run 'no-such-command': No such file or directory");
    assert_int_equal(c.pid, 0);
    assert_int_equal(jl_child_wait(&c, NULL), JL_OK);
    assert_int_equal(jl_child_start(&c, COMMAND((char *)"./not-executable"), false, NULL, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    assert_int_equal(jl_child_start(&c, COMMAND((char *)""), false, NULL, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    assert_int_equal(descriptors(), before);
}

static void secrets_stay_here(void **state) {
    (void)state;
    const char *const unset[] = {"JL_SECRET", "JL_OTHER", NULL};
    setenv("JL_SECRET", "x", 1);
    setenv("JL_SECRET_NOT", "y", 1);
    setenv("JL_OTHER", "", 1);
    jl_child c;
    jl_buf out = {0};
    assert_int_equal(jl_child_start(&c, SHELL("env | grep ^JL_ | sort"), true, unset, NULL), 0);
    scratch_drain(c.from, &out);
    assert_int_equal(jl_child_wait(&c, NULL), JL_OK);
    assert_true(jl_span_eq(jl_buf_span(&out), JL_SPAN("JL_SECRET_NOT=y\n")));
    assert_string_equal(getenv("JL_SECRET"), "x");
    jl_buf_free(&out);
    assert_int_equal(unsetenv("JL_SECRET") | unsetenv("JL_SECRET_NOT") | unsetenv("JL_OTHER"), 0);
}

static int shares_stdout(void *self) {
    (void)self;
    jl_child c;
    signal(SIGPIPE, SIG_IGN); /* as a parent of ours might, and as exec would hand on */
    if (jl_child_start(&c, SHELL("cat; (yes; kill -l $? >&2) | head -n 1"), false, NULL, NULL) != 0 || c.from != -1)
        return 1;
    return write(c.to, "in\n", 3) == 3 ? (int)jl_child_wait(&c, NULL) : 2;
}

static void stdout_is_shared_and_sigpipe_kills(void **state) {
    (void)state;
    static capture c;
    capture_run(&c, NULL, shares_stdout, NULL);
    assert_int_equal(c.status, 0);
    assert_string_equal(c.out, "in\ny\n");
    assert_string_equal(c.err, "PIPE\n");
}

/* The wait goes on after a signal that has a handler. */
static int waits_through_signals(void *self) {
    (void)self;
    jl_child c;
    jl_signals_install();
    char script[100];
    snprintf(script, sizeof script, "kill -HUP %ld; exit 66", (long)getpid());
    return jl_child_start(&c, SHELL(script), false, NULL, NULL) == 0 ? (int)jl_child_wait(&c, NULL) : 1;
}

static void a_signal_does_not_end_the_wait(void **state) {
    (void)state;
    static capture c;
    capture_run(&c, NULL, waits_through_signals, NULL);
    assert_int_equal(c.status, 66);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_its_end_means),
        cmocka_unit_test(bytes_go_through),
        cmocka_unit_test(what_cannot_be_run),
        cmocka_unit_test(secrets_stay_here),
        cmocka_unit_test(stdout_is_shared_and_sigpipe_kills),
        cmocka_unit_test(a_signal_does_not_end_the_wait),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
