/* Bytes out: all of them, in order, or an error. */
#include "unit/cmocka_all.h"

#include <signal.h>
#include <sys/wait.h>

#include "chance.h"
#include "jsonl/out.h"
#include "scratch.h"

/* Byte i of a stream that no shift or loss leaves the same. */
static char byte_at(uint64_t i) {
    return (char)(i * 2654435761u >> 13);
}

#define LARGEST 700000

/* Writes `total` bytes in random pieces by every function that there is; returns the number of lines. */
static uint64_t write_stream(jl_out *out, uint64_t total, chance *c) {
    static char piece[LARGEST];
    uint64_t at = 0, lines = 0;
    while (at < total) {
        size_t most = chance_below(c, 30) ? 2000 : LARGEST, n = chance_below(c, most);
        n = n < total - at ? n : (size_t)(total - at);
        size_t how = chance_below(c, 4);
        for (size_t i = 0; i < n; i++)
            piece[i] = byte_at(at + i);
        if (how == 0) {
            char *room = jl_out_room(out, n, NULL);
            assert_non_null(room);
            memcpy(room, piece, n);
            jl_out_advance(out, n, 1);
            lines++;
        } else if (how == 1 && n > 0 && piece[n - 1] == '\n') {
            assert_int_equal(jl_out_line(out, (jl_span){piece, n - 1}, NULL), 0);
            lines++;
        } else {
            assert_int_equal(jl_out_add(out, (jl_span){piece, n}, NULL), 0);
        }
        if (chance_below(c, 50) == 0)
            assert_int_equal(jl_out_flush(out, NULL), 0);
        at += n;
    }
    assert_int_equal(jl_out_flush(out, NULL), 0);
    return lines;
}

/* Reads a stream in odd pieces; exit status 0 when it is `total` bytes and the right ones. */
static pid_t reader_of(int fd[2], uint64_t total) {
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    close(fd[1]);
    static char piece[9973];
    uint64_t at = 0;
    for (ssize_t got; (got = read(fd[0], piece, 1 + at % sizeof piece)) > 0;)
        for (ssize_t i = 0; i < got; i++, at++)
            if (piece[i] != byte_at(at))
                _exit(1);
    _exit(at == total ? 0 : 2);
}

static void everything_arrives(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (int flags = 0; flags < 2; flags++) {
        int fd[2], status;
        uint64_t total = 20000000;
        assert_int_equal(pipe(fd), 0);
        assert_true(fcntl(fd[1], F_SETPIPE_SZ, 4096) >= 0); /* always full: every write is a partial one */
        assert_int_equal(fcntl(fd[1], F_SETFL, flags ? O_NONBLOCK : 0), 0);
        pid_t pid = reader_of(fd, total);
        close(fd[0]);
        jl_out out;
        assert_int_equal(jl_out_open(&out, fd[1], "pipe", NULL), 0);
        uint64_t lines = write_stream(&out, total, &c);
        assert_int_equal(out.bytes, total);
        assert_int_equal(out.lines, lines);
        jl_out_free(&out);
        close(fd[1]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

/* After a failure nothing succeeds any more. */
static void stays_broken(jl_out *out) {
    jl_err err = {0};
    assert_true(out->broken);
    assert_int_equal(jl_out_flush(out, &err), -1);
    assert_int_equal(err.class, JL_IO);
    assert_int_equal(jl_out_add(out, JL_SPAN("x"), &err), -1);
    assert_int_equal(jl_out_line(out, JL_SPAN("x"), &err), -1);
    assert_null(jl_out_room(out, 1, &err));
    assert_null(jl_out_room(out, 10 << 20, &err));
    assert_int_equal(jl_out_flush(out, NULL), -1);
}

static void nobody_reads(void **state) {
    (void)state;
    int fd[2];
    jl_out out;
    jl_err err = {0};
    assert_int_equal(pipe(fd), 0);
    close(fd[0]);
    assert_int_equal(jl_out_open(&out, fd[1], "stdout", NULL), 0);
    assert_int_equal(jl_out_line(&out, JL_SPAN("{}"), &err), 0);
    assert_int_equal(jl_out_flush(&out, &err), -1);
    assert_int_equal(err.class, JL_PIPE);
    assert_string_equal(err.text, "stdout: the reader has gone away");
    stays_broken(&out);
    jl_out_free(&out);

    /* Found out by an add that does not fit, and by one that is larger than the buffer. */
    static char large[300000];
    for (size_t first = 0; first < 2; first++) {
        assert_int_equal(jl_out_open(&out, fd[1], "stdout", NULL), 0);
        if (first)
            assert_int_equal(jl_out_add(&out, (jl_span){large, 200000}, &err), 0);
        err = (jl_err){0};
        assert_int_equal(jl_out_add(&out, (jl_span){large, sizeof large}, &err), -1);
        assert_int_equal(err.class, JL_PIPE);
        stays_broken(&out);
        jl_out_free(&out);
    }
    close(fd[1]);
}

static void no_room_on_the_disk(void **state) {
    (void)state;
    jl_out out;
    jl_err err = {0};
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(jl_out_open(&out, fd, "full", NULL), 0);
    assert_int_equal(jl_out_flush(&out, &err), 0); /* nothing to write */
    assert_int_equal(jl_out_line(&out, JL_SPAN("{}"), &err), 0);
    assert_int_equal(jl_out_flush(&out, &err), -1);
    assert_int_equal(err.class, JL_IO);
    assert_string_equal(err.text, "full: write failed: No space left on device");
    stays_broken(&out);
    jl_out_free(&out);
    close(fd);

    fd = open("/dev/null", O_RDONLY);
    assert_int_equal(jl_out_open(&out, fd, "null", NULL), 0);
    assert_int_equal(jl_out_line(&out, JL_SPAN("{}"), &err), 0);
    assert_int_equal(jl_out_flush(&out, &err), -1);
    assert_int_equal(err.class, JL_IO);
    stays_broken(&out);
    jl_out_free(&out);
    close(fd);
}

static int drain_from;
static uint64_t drained;
static bool drained_well = true;
static void on_signal(int number) {
    (void)number;
    char piece[1000];
    ssize_t got = read(drain_from, piece, sizeof piece);
    for (ssize_t i = 0; i < got; i++)
        drained_well = drained_well && piece[i] == byte_at(drained++);
}

/* Only the signal handler reads: a write that did not go on after an interruption would lose bytes. */
static void a_signal_interrupts(void **state) {
    (void)state;
    int fd[2];
    struct sigaction action = {.sa_handler = on_signal}, before;
    assert_int_equal(pipe(fd), 0);
    assert_true(fcntl(fd[1], F_SETPIPE_SZ, 4096) >= 0);
    assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
    drain_from = fd[0];
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (;;) {
            usleep(200);
            if (getppid() != parent || kill(parent, SIGUSR1) != 0)
                _exit(0);
        }
    }
    jl_out out;
    static char text[300000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = byte_at(i);
    assert_int_equal(jl_out_open(&out, fd[1], "pipe", NULL), 0);
    assert_int_equal(jl_out_add(&out, (jl_span){text, sizeof text}, NULL), 0);
    assert_int_equal(jl_out_flush(&out, NULL), 0);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    for (uint64_t had = drained - 1; had != drained;) {
        had = drained;
        on_signal(0);
    }
    assert_int_equal(drained, sizeof text);
    assert_true(drained_well);
    jl_out_free(&out);
    close(fd[0]);
    close(fd[1]);
}

static void nothing_is_written_before_it_is_due(void **state) {
    (void)state;
    int fd = open("f", O_RDWR | O_CREAT, 0666);
    struct stat st;
    jl_out out;
    assert_int_equal(jl_out_open(&out, fd, "f", NULL), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(jl_out_line(&out, JL_SPAN("line"), NULL), 0);
    assert_int_equal(jl_out_add(&out, (jl_span){NULL, 0}, NULL), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(out.lines, 1000);
    assert_int_equal(out.bytes, 5000);
    assert_int_equal(jl_out_flush(&out, NULL), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 5000);
    jl_out_free(&out);
    assert_int_equal(close(fd), 0); /* was left open */
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives),
        cmocka_unit_test(nobody_reads),
        cmocka_unit_test(no_room_on_the_disk),
        cmocka_unit_test(a_signal_interrupts),
        cmocka_unit_test(nothing_is_written_before_it_is_due),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
