/* Tables read into memory: the last answer of a key counts, whatever the line that carries it looks like. */
#include "unit/cmocka_all.h"

#include <signal.h>

#include "base/stop.h"
#include "capture.h"
#include "frame/table.h"
#include "questions.h"
#include "scratch.h"

#define MAX_LINE 100

static questions q;
static uint64_t without;

static int number_line(size_t i, char *text, size_t size) {
    return snprintf(text, size, "{\"k\":%zu}", i);
}

static jl_lookup *table_of(const char *const *file, size_t n, jl_err *err) {
    jl_table_options o = {file, n, &q.key, &q.names, MAX_LINE};
    without = 0;
    return jl_table_open(&o, &without, err);
}

static jl_lookup *table(const char *text, jl_err *err) {
    scratch_write("table", jl_span_of(text));
    return table_of((const char *const[]){"table"}, 1, err);
}

static void answers(const char *text, const char *const *want, size_t n, uint64_t keys, uint64_t lines_without) {
    jl_err err = {0};
    jl_lookup *l = table(text, &err);
    if (!l)
        fail_msg("%s", err.text);
    assert_int_equal(jl_table_keys(l), keys);
    assert_int_equal(without, lines_without);
    questions_close(&q);
    questions_open(&q, "k", "a", 100, number_line);
    assert_int_equal(questions_submit(&q, l, 0, 100, &err), 0); /* more than are prefetched at once */
    assert_int_equal(questions_outstanding(l), 0);
    questions_answered_once(&q);
    for (size_t i = 0; i < 100; i++) {
        const char *value = i < n ? want[i] : NULL;
        assert_int_equal(q.is[i].state, value ? JL_FOUND : JL_UNKNOWN);
        assert_string_equal(q.is[i].value, value ? value : "");
    }
    l->ops->close(l);
}

static void the_last_answer_counts(void **state) {
    (void)state;
    questions_open(&q, "k", "a", 1, number_line);
    const char *const want[] = {"\"new\"", "[1, 2]", NULL, "4", NULL, "6"};
    answers("\xef\xbb\xbf{\"k\":0,\"a\":\"old\"}\r\n"
            "\n"
            "{\"a\":[1, 2],\"k\":1}\n"
            "{\"k\":2}\n"
            "{\"k\":2,\"a\":null}\n"
            "{\"k\":3,\"a\":4}\n"
            "{\"k\":3}\n" /* an answer is not taken back by a line that has none */
            "{\"k\":3,\"a\":null}\n"
            "{\"a\":5}\n"
            "{\"k\":null,\"a\":5}\n"
            " \t\n"
            "{\"k\":5,\"a\":6}\n"
            "{\"k\":\"4\",\"a\":6}\n" /* another key */
            "{\"\\u006b\":0,\"\\u0061\":\"new\"}",
            want, 6, 5, 6);
    questions_close(&q);
    questions_open(&q, "k", "a", 1, number_line);
    answers("", NULL, 0, 0, 0);
    questions_close(&q);
}

static void several_files(void **state) {
    (void)state;
    jl_err err = {0};
    questions_open(&q, "k", "a", 5, number_line);
    scratch_write("t1", JL_SPAN("{\"k\":0,\"a\":1}\n{\"k\":1,\"a\":1}"));
    scratch_write("t2", JL_SPAN("{\"k\":1,\"a\":2}\n{\"k\":2,\"a\":2}\n"));
    jl_lookup *l = table_of((const char *const[]){"t1", "/dev/null", "t2"}, 3, &err);
    assert_non_null(l);
    assert_int_equal(questions_submit(&q, l, 0, 5, &err), 0);
    assert_string_equal(q.is[0].value, "1");
    assert_string_equal(q.is[1].value, "2");
    assert_string_equal(q.is[2].value, "2");
    assert_int_equal(q.is[3].state, JL_UNKNOWN);
    l->ops->close(l);
    l = table_of(NULL, 0, &err);
    assert_non_null(l);
    assert_int_equal(jl_table_keys(l), 0);
    l->ops->close(l);
    questions_close(&q);
}

static void what_is_wrong_is_told_with_its_place(void **state) {
    (void)state;
    questions_open(&q, "k", "a", 1, number_line);
    char over[400];
    const char *const good = "{\"k\":1,\"a\":2}";
    struct {
        const char *text;
        uint64_t line, byte;
        const char *says;
    } bad[] = {
        {"{\"k\":0,\"a\":1}\n\n{\"k\":0,\"a\":}\n", 3, 12, NULL},
        {"x", 1, 1, NULL},
        {"{\"k\":0,\"a\":1}\n[]", 2, 1, NULL},
        {over, 2, MAX_LINE + 1, "longer than --max-line"}, /* whole in the block */
        {over, 2, MAX_LINE + 1, "longer than --max-line"}, /* and without an end */
        {over, 2, MAX_LINE + 1, "longer than --max-line"}, /* a blank one */
    };
    for (size_t i = 0; i < 6; i++) {
        jl_err err = {0};
        snprintf(over, sizeof over, "%s\n{\"k\":2,\"a\":\"%0*d\"}%s%s", good, MAX_LINE, 7, i == 3 ? "\n" : "",
                 i == 3 ? good : "");
        if (i == 5)
            snprintf(over, sizeof over, "%s\n%*s\n%s", good, MAX_LINE + 1, "", good);
        assert_null(table(bad[i].text, &err));
        assert_int_equal(err.class, JL_DATA);
        assert_string_equal(err.file, "table");
        assert_int_equal(err.line, bad[i].line);
        assert_int_equal(err.byte, bad[i].byte);
        if (bad[i].says)
            assert_string_equal(err.text, bad[i].says);
    }
    /* Exactly as long as allowed, blank lines too. */
    jl_err err = {0};
    snprintf(over, sizeof over, "{\"k\":1,\"a\":\"%0*d\"}\n%*s\n%s", MAX_LINE - 14, 7, MAX_LINE, "", good);
    assert_int_equal(strcspn(over, "\n"), MAX_LINE);
    jl_lookup *l = table(over, &err);
    if (!l)
        fail_msg("%s", err.text);
    l->ops->close(l);

    assert_null(table_of((const char *const[]){"table", "no-such-file"}, 2, &err));
    assert_int_equal(err.class, JL_NOINPUT);
    assert_null(table_of((const char *const[]){"."}, 1, &err));
    assert_int_equal(err.class, JL_NOINPUT);
    questions_close(&q);
}

static void many_keys_and_distinct_answers(void **state) {
    (void)state;
    enum { KEYS = 50000 };
    FILE *f = fopen("many", "w");
    assert_non_null(f);
    for (int i = 0; i < 2 * KEYS; i++)
        fprintf(f, "{\"k\":%d,\"a\":\"%d of %d\"}\n", i % KEYS, i / KEYS, i % KEYS);
    assert_int_equal(fclose(f), 0);
    questions_open(&q, "k", "a", KEYS, number_line);
    jl_err err = {0};
    jl_lookup *l = table_of((const char *const[]){"many"}, 1, &err);
    assert_non_null(l);
    assert_int_equal(jl_table_keys(l), KEYS);
    assert_int_equal(questions_submit(&q, l, 0, KEYS, &err), 0);
    questions_answered_once(&q);
    for (size_t i = 0; i < KEYS; i++) {
        char want[40];
        snprintf(want, sizeof want, "\"1 of %zu\"", i);
        assert_string_equal(q.is[i].value, want);
    }
    l->ops->close(l);
    questions_close(&q);
}

/* ---- a table that comes through a pipe ---- */

static int from_stdin(void *self) {
    const int *flags = self;
    int fd[2];
    if (pipe(fd) != 0 || dup2(fd[0], STDIN_FILENO) != STDIN_FILENO || fcntl(STDIN_FILENO, F_SETFL, *flags) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        close(STDIN_FILENO);
        close(fd[0]);
        for (int i = 0; i < 100; i++) {
            char text[40];
            int n = snprintf(text, sizeof text, "{\"k\":%d,\"a\":%d}\n", i, i + 1);
            for (int byte = 0; byte < n; byte++)
                if (write(fd[1], text + byte, 1) != 1)
                    _exit(1);
        }
        _exit(0);
    }
    close(fd[1]);
    close(fd[0]);
    jl_err err = {0};
    questions_open(&q, "k", "a", 100, number_line);
    jl_lookup *l = table_of((const char *const[]){"-"}, 1, &err);
    if (!l || jl_table_keys(l) != 100 || capture_wait(pid) != 0)
        return 2;
    l->ops->close(l);
    questions_close(&q);
    return 0;
}

static void a_table_from_a_pipe(void **state) {
    (void)state;
    static capture c;
    capture_run(&c, NULL, from_stdin, &(int){0});
    assert_int_equal(c.status, 0);
    capture_run(&c, NULL, from_stdin, &(int){O_NONBLOCK});
    assert_int_equal(c.status, 0);
}

/* The pipe never ends and never gives the rest of its line. */
static int asked_to_stop(void *self) {
    const bool *before = self;
    int fd[2];
    if (pipe(fd) != 0 || dup2(fd[0], STDIN_FILENO) != STDIN_FILENO || write(fd[1], "{\"k\":1,\"a\":1}\n{", 15) != 15)
        return 1;
    signal(SIGTERM, jl_stop_ask);
    pid_t parent = getpid(), pid = *before ? (raise(SIGTERM), 0) : fork();
    if (!*before && pid == 0) {
        while (getppid() == parent && kill(parent, SIGTERM) == 0)
            usleep(1000);
        _exit(0);
    }
    jl_err err = {0};
    questions_open(&q, "k", "a", 1, number_line);
    jl_lookup *l = table_of((const char *const[]){"-"}, 1, &err);
    if (!l)
        return 2;
    l->ops->close(l);
    questions_close(&q);
    if (pid)
        kill(pid, SIGKILL);
    return jl_stop_asked() == SIGTERM ? 0 : 3;
}

static void a_stop_ends_the_reading(void **state) {
    (void)state;
    static capture c;
    capture_run(&c, NULL, asked_to_stop, &(bool){true});
    assert_int_equal(c.status, 0);
    capture_run(&c, NULL, asked_to_stop, &(bool){false});
    assert_int_equal(c.status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_ends_the_reading), /* before jl_stop_fd is made here: processes would share it */
        cmocka_unit_test(the_last_answer_counts),
        cmocka_unit_test(several_files),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(many_keys_and_distinct_answers),
        cmocka_unit_test(a_table_from_a_pipe),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
