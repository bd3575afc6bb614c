/* The progress line on a real terminal, and where there is none. */
#include "unit/cmocka_all.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/clock.h"
#include "capture.h"
#include "frame/prog.h"

static uint64_t pairs = 17;
static uint64_t hidden = 4711;

static void pause_ms(long ms) {
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Draws, is too early, draws again, says something, draws once more. */
static int work(jl_run *run, jl_err *err) {
    (void)err;
    jl_run_counter(run, "distinct_pairs", &pairs, true);
    jl_run_counter(run, "hidden_figure", &hidden, false);
    run->lines_in = 1000;
    jl_run_progress(run, 250, 1000);
    run->lines_in = 2000;
    for (int i = 0; i < 1000; i++)
        jl_run_progress(run, 500, 1000); /* as a block loop would */
    jl_run_warn(run, "something happened");
    pause_ms(120);
    run->lines_in = 3000;
    jl_run_progress(run, 750, 0);
    return 0;
}

static const jl_prog prog = {.name = "jl-test", .run = work};

static char screen[1 << 16];
static int64_t took; /* ns that the run had at most */

typedef struct setup {
    const char *option, *term, *no_color;
    unsigned short columns;
} setup;

/* Runs with a pseudo-terminal on stderr and keeps what arrives there. */
static int on_terminal(setup s) {
    int master;
    struct winsize size = {.ws_row = 24, .ws_col = s.columns};
    fflush(NULL);
    int64_t start = jl_clock_now();
    pid_t pid = forkpty(&master, NULL, NULL, &size);
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        s.term ? setenv("TERM", s.term, 1) : unsetenv("TERM");
        s.no_color ? setenv("NO_COLOR", s.no_color, 1) : unsetenv("NO_COLOR");
        char *argv[] = {(char *)"x", (char *)s.option, NULL};
        exit(jl_main(&prog, s.option ? 2 : 1, argv));
    }
    size_t n = 0;
    ssize_t got;
    while ((got = read(master, screen + n, sizeof screen - 1 - n)) > 0)
        n += (size_t)got;
    screen[n] = '\0';
    close(master);
    took = jl_clock_now() - start;
    return capture_wait(pid);
}

static int count(const char *text, const char *what) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static void one_line_rewritten(void **state) {
    (void)state;
    assert_int_equal(on_terminal((setup){"--progress", "xterm", NULL, 80}), 0);
    assert_int_equal(strncmp(screen, "\r1000 lines  250 B  ", 20), 0);
    assert_non_null(strstr(screen, "  17 distinct pairs"));
    assert_null(strstr(screen, "hidden"));
    assert_non_null(strstr(screen, "  25%  0:0")); /* and the time left */
    assert_non_null(strstr(screen, " left\x1b[K"));
    assert_in_range(count(screen, " lines"), 2, took / (100 * JL_MILLISECOND) + 1); /* of 1002 calls */
    /* Cleared before the message, and at the end. */
    assert_non_null(strstr(screen, "\r\x1b[Kjl-test: something happened\r\n\r3000 lines"));
    assert_string_equal(screen + strlen(screen) - 4, "\r\x1b[K");
    assert_null(strstr(strstr(screen, "3000 lines"), "left")); /* the total is unknown now */
}

static void a_narrow_terminal_is_not_overrun(void **state) {
    (void)state;
    assert_int_equal(on_terminal((setup){"--progress", "xterm", NULL, 24}), 0);
    for (const char *p = screen; (p = strchr(p, '\r')); p++)
        assert_true(strcspn(p + 1, "\x1b\r\n") < 24);
    assert_int_equal(on_terminal((setup){"--progress", "xterm", NULL, 0}), 0); /* a terminal that tells no size */
    assert_non_null(strstr(screen, "1000 lines"));
}

static void no_color_means_no_escape_codes(void **state) {
    (void)state;
    assert_int_equal(on_terminal((setup){"--progress=always", "xterm", "1", 80}), 0);
    assert_null(strchr(screen, '\x1b'));
    assert_non_null(strstr(screen, "\r1000 lines"));
    assert_non_null(strstr(screen, " \rjl-test: something happened")); /* overwritten with blanks */
    assert_int_equal(on_terminal((setup){"--progress=always", "xterm", "", 80}), 0);
    assert_non_null(strchr(screen, '\x1b')); /* set but empty is not set: no-color.org */
}

static void a_dumb_terminal_gets_lines(void **state) {
    (void)state;
    static const char *const terms[] = {"dumb", "", NULL};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(on_terminal((setup){"--progress", terms[i], NULL, 80}), 0);
        assert_null(strchr(screen, '\x1b'));
        assert_int_equal(strncmp(screen, "jl-test: 1000 lines", 19), 0);
        assert_in_range(count(screen, " lines"), 1, took / JL_SECOND + 1);
        assert_int_equal(count(screen, "\n"), count(screen, " lines") + 1);
    }
}

static void silent_unless_asked(void **state) {
    (void)state;
    assert_int_equal(on_terminal((setup){NULL, "xterm", NULL, 80}), 0);
    assert_string_equal(screen, "jl-test: something happened\r\n");
    assert_int_equal(on_terminal((setup){"--progress=never", "xterm", NULL, 80}), 0);
    assert_string_equal(screen, "jl-test: something happened\r\n");
}

static int call_main(void *self) {
    char *argv[] = {(char *)"x", self, NULL};
    return jl_main(&prog, 2, argv);
}

static void without_a_terminal(void **state) {
    (void)state;
    static capture c;
    char automatic[] = "--progress=auto";
    char always[] = "--progress=always";
    capture_run(&c, NULL, call_main, automatic);
    assert_string_equal(c.err, "jl-test: something happened\n");
    int64_t start = jl_clock_now();
    capture_run(&c, NULL, call_main, always);
    took = jl_clock_now() - start;
    assert_int_equal(strncmp(c.err, "jl-test: 1000 lines  250 B  ", 28), 0);
    assert_in_range(count(c.err, " lines"), 1, took / JL_SECOND + 1);
    assert_null(strchr(c.err, '\r'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_rewritten),
        cmocka_unit_test(a_narrow_terminal_is_not_overrun),
        cmocka_unit_test(no_color_means_no_escape_codes),
        cmocka_unit_test(a_dumb_terminal_gets_lines),
        cmocka_unit_test(silent_unless_asked),
        cmocka_unit_test(without_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
