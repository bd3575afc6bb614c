/* What an output leaves behind says truly how the run went. */
#include "unit/cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "capture.h"
#include "frame/output.h"
#include "scratch.h"

/* ---- system calls that fail when a test says so: these take the place of libc's in this program ---- */

static bool sync_fails, close_fails;
static int syncs;

int fsync(int fd) {
    syncs++;
    if (sync_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int close(int fd) {
    int rc = (int)syscall(SYS_close, fd);
    if (!close_fails)
        return rc;
    errno = ENOSPC;
    return -1;
}

static const jl_run to_file = {.output = "o"};

static void file_is(const char *path, const char *want) {
    bool none;
    jl_buf b = scratch_read(path, &none);
    if (!want)
        assert_true(none);
    else if (none || b.n != strlen(want) || memcmp(b.p, want, b.n) != 0)
        fail_msg("%s: %s »%.*s« instead of »%s«", path, none ? "is missing" : "is", (int)b.n, b.p, want);
    jl_buf_free(&b);
}

static int write_and_end(const jl_run *run, int status, jl_err *err) {
    jl_output o;
    assert_int_equal(jl_output_open(&o, run, NULL, err), 0);
    assert_int_equal(jl_out_line(&o.out, JL_SPAN("new"), err), 0);
    assert_int_equal(jl_out_flush(&o.out, err), 0);
    return jl_output_end(&o, status, err);
}

static void a_file_appears_whole_or_not_at_all(void **state) {
    (void)state;
    const struct {
        int status;
        const char *before, *after, *partial;
    } end[] = {
        {0, NULL, "new\n", NULL},    {0, "old", "new\n", NULL},         {75, NULL, NULL, "new\n"},
        {75, "old", "old", "new\n"}, {65, "old", "old", NULL},          {65, NULL, NULL, NULL},
        {141, "old", "old", NULL},   {128 + 15, "old", "old", "new\n"}, {70, NULL, NULL, NULL},
        {69, NULL, NULL, "new\n"},
    };
    for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
        jl_err err = {0};
        unlink("o");
        unlink("o.partial");
        if (end[i].before)
            scratch_write("o", jl_span_of(end[i].before));
        int before = scratch_count();
        assert_int_equal(write_and_end(&to_file, end[i].status, &err), 0);
        file_is("o", end[i].after);
        file_is("o.partial", end[i].partial);
        assert_int_equal(scratch_count(), before + (end[i].after && !end[i].before) + (end[i].partial != NULL));
    }
}

static void nothing_is_seen_before_the_end(void **state) {
    (void)state;
    jl_output o;
    unlink("o");
    assert_int_equal(jl_output_open(&o, &to_file, NULL, NULL), 0);
    assert_int_equal(jl_out_line(&o.out, JL_SPAN("new"), NULL), 0);
    assert_int_equal(jl_out_flush(&o.out, NULL), 0);
    file_is("o", NULL);
    syncs = 0;
    assert_int_equal(jl_output_end(&o, 0, NULL), 0);
    assert_int_equal(syncs, 2); /* the file and its folder */
    file_is("o", "new\n");
}

static void a_failure_at_the_end_leaves_the_old_file(void **state) {
    (void)state;
    bool *const fails[] = {&sync_fails, &close_fails};
    for (size_t i = 0; i < 4; i++) {
        jl_err err = {0};
        scratch_write("o", JL_SPAN("old"));
        unlink("o.partial");
        int before = scratch_count();
        *fails[i % 2] = true;
        int rc = write_and_end(&to_file, i < 2 ? 0 : 75, &err);
        *fails[i % 2] = false;
        assert_int_equal(rc, -1);
        assert_int_equal(err.class, JL_IO);
        file_is("o", "old");
        file_is("o.partial", NULL);
        assert_int_equal(scratch_count(), before);
    }
}

static void a_write_that_failed_is_not_put_in_place(void **state) {
    (void)state;
    jl_output o;
    jl_err err = {0};
    scratch_write("o", JL_SPAN("old"));
    int before = scratch_count();
    assert_int_equal(jl_output_open(&o, &to_file, NULL, NULL), 0);
    int full = open("/dev/full", O_WRONLY);
    assert_int_equal(dup2(full, o.out.fd), o.out.fd);
    close(full);
    assert_int_equal(jl_out_line(&o.out, JL_SPAN("new"), NULL), 0);
    assert_int_equal(jl_output_end(&o, 0, &err), -1);
    assert_int_equal(err.class, JL_IO);
    file_is("o", "old");
    assert_int_equal(scratch_count(), before);

    /* Also when the caller knows of the failure already, and asks for the end of a good run all the same. */
    assert_int_equal(jl_output_open(&o, &to_file, NULL, NULL), 0);
    o.out.broken = true;
    assert_int_equal(jl_output_end(&o, 0, NULL), 0);
    file_is("o", "old");
    assert_int_equal(scratch_count(), before);
}

static void what_cannot_be_created(void **state) {
    (void)state;
    jl_output o;
    jl_err err = {0};
    const jl_run run = {.output = "no/such/folder"};
    assert_int_equal(jl_output_open(&o, &run, NULL, &err), -1);
    assert_int_equal(err.class, JL_CANTCREAT);
    assert_int_equal(jl_output_end(&o, JL_CANTCREAT, NULL), 0); /* harmless */
    char *const command[] = {(char *)"cat", NULL};
    assert_int_equal(jl_output_open(&o, &to_file, command, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    assert_int_equal(jl_output_end(&o, JL_USAGE, NULL), 0);
    char *const unknown[] = {(char *)"no-such-command", NULL};
    const jl_run plain = {0};
    assert_int_equal(jl_output_open(&o, &plain, unknown, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    assert_int_equal(jl_output_end(&o, JL_USAGE, NULL), 0);
}

/* ---- stdout, in a process of its own ---- */

typedef struct stdout_case {
    int status;
    size_t n;
    const char *to; /* NULL: the capture's file */
    bool no_marks, sync_fails, close_fails;
} stdout_case;

static int write_stdout(void *self) {
    const stdout_case *c = self;
    const jl_run run = {0};
    jl_output o;
    jl_err err = {0};
    if (c->to && dup2(open(c->to, O_RDWR), STDOUT_FILENO) < 0)
        return 1;
    int rc = jl_output_open(&o, &run, NULL, &err);
    o.sync = !c->no_marks;
    for (size_t i = 0; rc == 0 && i < c->n; i++)
        rc = jl_out_line(&o.out, JL_SPAN("line"), &err);
    sync_fails = c->sync_fails;
    close_fails = c->close_fails;
    if (jl_output_end(&o, rc == 0 ? c->status : JL_IO, rc == 0 ? &err : NULL) != 0)
        rc = -1;
    sync_fails = close_fails = false;
    fprintf(stderr, "%d %s", syncs, err.text);
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return 2; /* it is ours, but not ours to close */
    return rc == 0 ? 0 : (int)err.class;
}

static void stdout_is_synced_when_it_is_a_file_and_marks_follow(void **state) {
    (void)state;
    static capture c;
    syncs = 0;
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 2});
    assert_int_equal(c.status, 0);
    assert_string_equal(c.out, "line\nline\n");
    assert_string_equal(c.err, "1 ");
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 2, .status = 75});
    assert_int_equal(c.status, 0);
    assert_string_equal(c.out, "line\nline\n"); /* no mark will be committed: no need to sync */
    assert_string_equal(c.err, "0 ");
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 2, .no_marks = true});
    assert_string_equal(c.err, "0 ");
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 1, .sync_fails = true});
    assert_int_equal(c.status, JL_IO);
    assert_string_equal(c.err, "1 stdout: cannot sync: Input/output error");
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 1, .close_fails = true});
    assert_int_equal(c.status, JL_IO);
    assert_string_equal(c.err, "1 stdout: close failed: No space left on device");
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 1, .to = "/dev/full"});
    assert_int_equal(c.status, JL_IO);
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 200000, .to = "/dev/full"});
    assert_int_equal(c.status, JL_IO);
    capture_run(&c, NULL, write_stdout, &(stdout_case){.n = 1, .to = "/dev/null"});
    assert_int_equal(c.status, 0);
}

static int is_input(void *self) {
    (void)self;
    const jl_run run = {0};
    const jl_run file = {.output = "same"};
    jl_output o;
    int result = 0, same = open("same", O_RDWR | O_CREAT | O_TRUNC, 0666),
        other = open("other", O_RDWR | O_CREAT, 0666);
    int null = open("/dev/null", O_RDWR);
    if (dup2(same, STDOUT_FILENO) < 0 || jl_output_open(&o, &run, NULL, NULL) != 0)
        return 100;
    result |= jl_output_is(&o, same) ? 1 : 0; /* empty: nothing to be fed back yet */
    if (write(same, "x", 1) != 1)
        return 101;
    result |= jl_output_is(&o, same) ? 0 : 2;
    result |= jl_output_is(&o, other) ? 4 : 0;
    result |= jl_output_is(&o, null) ? 8 : 0;
    result |= jl_output_is(&o, 999) ? 16 : 0;
    if (dup2(null, STDOUT_FILENO) < 0)
        return 102;
    result |= jl_output_is(&o, null) ? 32 : 0; /* the same device, no file */
    jl_out_free(&o.out);
    if (jl_output_open(&o, &file, NULL, NULL) != 0)
        return 103;
    result |= jl_output_is(&o, same) ? 64 : 0; /* replaced at the end: reading it does no harm */
    return jl_output_end(&o, 1, NULL) == 0 ? result : 104;
}

static void an_input_that_is_the_output(void **state) {
    (void)state;
    static capture c;
    capture_run(&c, NULL, is_input, NULL);
    assert_int_equal(c.status, 0);
}

/* ---- a command that takes the lines ---- */

static int then(const char *script, size_t lines, int status, jl_err *err) {
    const jl_run run = {0};
    char *const command[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    jl_output o;
    *err = (jl_err){0};
    assert_int_equal(jl_output_open(&o, &run, command, err), 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < lines; i++)
        rc = jl_out_line(&o.out, JL_SPAN("a line"), err);
    return jl_output_end(&o, status, err);
}

static void the_command_decides(void **state) {
    (void)state;
    jl_err err;
    unlink("got");
    assert_int_equal(then("cat >got; echo end >>got", 2, 0, &err), 0);
    file_is("got", "a line\na line\nend\n"); /* it was waited for */
    const struct {
        const char *script;
        jl_class class;
    } end[] = {
        {"cat >got; exit 65", JL_DATA},     {"cat >got; exit 75", JL_TEMPFAIL}, {"cat >got; exit 1", JL_SOFTWARE},
        {"cat >got; exit 99", JL_SOFTWARE}, {"kill -9 $$", JL_SOFTWARE},        {"exit 73", JL_CANTCREAT},
    };
    for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
        assert_int_equal(then(end[i].script, 3, 0, &err), -1);
        assert_int_equal(err.class, end[i].class);
        /* Its own account counts, not that it did not read to the end. */
        assert_int_equal(then(end[i].script, 500000, 0, &err), -1);
        assert_int_equal(err.class, end[i].class);
    }
    /* One that says that all is well but has not taken the lines. */
    assert_int_equal(then("exec <&-; exit 0", 500000, 0, &err), 0);
    assert_int_equal(err.class, JL_PIPE); /* told by the write that failed */
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_whole_or_not_at_all),
        cmocka_unit_test(nothing_is_seen_before_the_end),
        cmocka_unit_test(a_failure_at_the_end_leaves_the_old_file),
        cmocka_unit_test(a_write_that_failed_is_not_put_in_place),
        cmocka_unit_test(what_cannot_be_created),
        cmocka_unit_test(stdout_is_synced_when_it_is_a_file_and_marks_follow),
        cmocka_unit_test(an_input_that_is_the_output),
        cmocka_unit_test(the_command_decides),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
