/* Commands that answer: well, badly, late, in pieces, not at all. */
#include "unit/cmocka_all.h"

#include <malloc.h>
#include <signal.h>

#include "chance.h"
#include "frame/cmd.h"
#include "questions.h"
#include "scratch.h"

#define MAX_LINE 5000
#define ANSWER "s/\"n\":\\([0-9]*\\)/&,\"a\":\\1/" /* sed: the answer of key n is n */
#define N 300

static questions q;
static jl_run run = {.quiet = true};

/* Questions carry the text as it is spelled here. */
static int line(size_t i, char *text, size_t size) {
    return snprintf(text, size, "{\"deep\":{\"t\":\"\\u00e9\\\"\\\\ %zu\"},\"x\":[{}], \"n\": %zu ,\"a\":0}", i / 3, i);
}

static jl_lookup *open_command(const char *script, int64_t stall) {
    static char *argv[] = {(char *)"sh", (char *)"-c", NULL, NULL};
    argv[2] = (char *)script;
    jl_cmd_options o = {.argv = argv,
                        .key = &q.key,
                        .answer = &q.names,
                        .first_key = q.first_key,
                        .max_line = MAX_LINE,
                        .stall = stall};
    jl_err err = {0};
    jl_lookup *l = jl_cmd_open(&run, &o, &err);
    if (!l)
        fail_msg("%s", err.text);
    return l;
}

static void well(int rc, const jl_err *err) {
    if (rc != 0)
        fail_msg("%d: %s", (int)err->class, err->text);
}

/* Asks all in random batches, with a look at what has come now and then; returns the verdict. */
static jl_class ask_all(const char *script, size_t n, jl_err *why) {
    chance c = chance_seeded();
    jl_err err = {0};
    questions_open(&q, "t=deep.t,n", "a", n, line);
    jl_lookup *l = open_command(script, 600 * JL_SECOND);
    for (size_t at = 0; at < n;) {
        size_t to = at + 1 + chance_below(&c, chance_below(&c, 2) ? 10 : 2000);
        to = to < n ? to : n;
        well(questions_submit(&q, l, at, to, &err), &err);
        at = to;
        if (chance_below(&c, 2))
            well(l->ops->collect(l, questions_sink(&q), &err), &err);
        if (chance_below(&c, 4) == 0)
            well(l->ops->idle(l, questions_sink(&q), &err), &err);
        assert_int_equal(questions_outstanding(l), questions_open_count(&q));
    }
    well(questions_finish(&q, l, false, &err), &err);
    assert_int_equal(questions_outstanding(l), 0);
    jl_class verdict = l->ops->verdict(l, why);
    l->ops->close(l);
    for (size_t i = 0; i < n; i++)
        if (q.is[i].state == JL_FOUND && strtoull(q.is[i].value, NULL, 10) != i)
            fail_msg("the answer of %zu is %s", i, q.is[i].value);
    questions_answered_once(&q);
    return verdict;
}

static void scripts(const char *script, size_t n, size_t found, size_t refused, jl_class verdict) {
    jl_err why = {0};
    jl_class is = ask_all(script, n, &why);
    if (is != verdict || questions_count(&q, JL_FOUND) != found || questions_count(&q, JL_REFUSED) != refused ||
        questions_count(&q, JL_UNANSWERED) != n - found - refused)
        fail_msg("%s: %zu found, %zu refused, %d: %s", script, questions_count(&q, JL_FOUND),
                 questions_count(&q, JL_REFUSED), (int)is, why.text);
    assert_int_equal(why.class, is);
    questions_close(&q);
}

static void commands_that_answer(void **state) {
    (void)state;
    scripts("sed '" ANSWER "'", N, N, 0, JL_OK);
    scripts("sed -u '" ANSWER "'", N, N, 0, JL_OK);
    scripts("sed '" ANSWER "' | tac", N, N, 0, JL_OK);
    scripts("sed '" ANSWER "' | sort -R", N, N, 0, JL_OK);
    scripts("sed '" ANSWER "' | tac", 40000, 40000, 0, JL_OK);                    /* more than a pipe holds */
    scripts("sed '" ANSWER "' | tr -d '\\n' | sed 's/}/}\\n/g'", N, N, 0, JL_OK); /* no LF at the end */
    /* Keys spelled otherwise, members in another order, members of its own. */
    scripts("sed -u "
            "'s/\\\\u00e9/\xc3\xa9/;s/\\\\\"/\\\\u0022/;s/,\"n\":\\([0-9]*\\)}/"
            ",\"more\":[1,{}],\"a\":\\1,\"\\\\u006e\":\\1}/'",
            N, N, 0, JL_OK);
    /* As an output of ours would carry the key: by the paths. */
    scripts("sed 's/{\"t\":\\(.*\\),\"n\":\\(.*\\)}/{\"deep\":{\"t\":\\1},\"n\":\\2,\"a\":\\2}/'", N, N, 0, JL_OK);
    scripts("while read -r l; do printf '%s\\n' \"$l\" | sed '" ANSWER "'; sleep 0.001; done", 40, 40, 0, JL_OK);
    scripts("", 0, 0, 0, JL_OK);
    scripts("sed '" ANSWER "'", 1, 1, 0, JL_OK);
}

static void commands_that_answer_oddly(void **state) {
    (void)state;
    /* Twice: the first answer counts. */
    scripts("sed 'h;" ANSWER ";p;g;s/\"n\":\\([0-9]*\\)/&,\"a\":99\\1/'", N, N, 0, JL_OK);
    scripts("sed '" ANSWER "' | tee -a all; cat all; rm all", N, N, 0, JL_OK);
    /* Nobody's keys, lines without a key, blank lines. */
    scripts("sed 'h;s/\"n\":/&1234567/;s/}/,\"a\":5}/p;s/.*/{\"a\":1}/p;s/.*/ \\t/p;g;" ANSWER "'", N, N, 0, JL_OK);
    /* Passed back: without the member, with null. */
    scripts("cat", N, 0, N, JL_OK);
    scripts("sed 's/}/,\"a\":null}/'", N, 0, N, JL_OK);
    scripts("sed '/[13579]}/!" ANSWER "'", N, N / 2, N / 2, JL_OK);
    /* Silence. */
    scripts("cat >/dev/null", N, 0, 0, JL_OK);
    scripts("sed -n '/0}/{" ANSWER ";p;}'", N, N / 10, 0, JL_OK);
    /* A member in place of another thing is an answer as well: what it is worth others decide. */
    scripts("sed 's/}/,\"a\":\"x\"}/;" ANSWER "' | sed 's/,\"a\":\"x\"//'", N, N, 0, JL_OK);
}

static void commands_that_talk_nonsense(void **state) {
    (void)state;
    scripts("sed 's/.*/&\\nnonsense/;" ANSWER "'", N, N, 0, JL_SOFTWARE);
    scripts("sed 's/.*/]/'", N, 0, 0, JL_SOFTWARE);
    scripts("sed '" ANSWER "'; printf '{\"t\":'", N, N, 0, JL_SOFTWARE);
    scripts("sed '" ANSWER "' | tr '\\n' '\\0'", N, 0, 0, JL_SOFTWARE);
    scripts("head -c 100000 /dev/zero; echo; sed '" ANSWER "'", N, N, 0, JL_SOFTWARE);
    scripts("sed '" ANSWER ";7s/}/,\"x\":\"'$(head -c 6000 /dev/zero | tr '\\0' x)'\"}/'", N, N - 1, 0, JL_SOFTWARE);
    scripts("sed '" ANSWER "'; head -c 3000000 /dev/zero", N, N, 0, JL_SOFTWARE);
    jl_err why = {0};
    assert_int_equal(ask_all("echo; echo nonsense; sed '" ANSWER "'; exit 0", 3, &why), JL_SOFTWARE);
    assert_string_equal(why.text, "a reply of 'sh' is bad: byte 1: not a JSON object");
    questions_close(&q);
}

static void commands_that_end_early(void **state) {
    (void)state;
    scripts("exit 0", N, 0, 0, JL_OK);
    scripts("exit 3", N, 0, 0, JL_SOFTWARE);
    scripts("exit 75", N, 0, 0, JL_TEMPFAIL);
    scripts("exit 75", 40000, 0, 0, JL_TEMPFAIL);
    scripts("kill -9 $$", N, 0, 0, JL_SOFTWARE);
    scripts("head -n 50 | sed '" ANSWER "'", N, 50, 0, JL_OK);
    scripts("head -n 50 | sed '" ANSWER "'", 40000, 50, 0, JL_OK);
    scripts("head -n 50 | sed '" ANSWER "'; exit 69", 40000, 50, 0, JL_UNAVAILABLE);
    scripts("head -n 50 | sed '" ANSWER "'; kill -15 $$", N, 50, 0, JL_SOFTWARE);
    /* One end closed, the other not yet. */
    scripts("head -n 5 | sed '" ANSWER "'; exec <&-; sleep 0.05; exit 66", 40000, 5, 0, JL_NOINPUT);
    scripts("head -n 5 | sed '" ANSWER "'; exec >&-; cat >/dev/null; exit 65", 40000, 5, 0, JL_DATA);
    scripts("exec >&- <&-; sleep 0.05; exit 78", N, 0, 0, JL_CONFIG);
    /* All answered, and yet it failed. */
    scripts("sed '" ANSWER "'; exit 75", N, N, 0, JL_TEMPFAIL);
    scripts("sed '" ANSWER "'; exit 1", N, N, 0, JL_SOFTWARE);
}

static void commands_that_write_more_than_they_read(void **state) {
    (void)state;
    scripts("yes '{\"t\":\"x\",\"n\":-1,\"a\":0}' | head -n 350000; sed '" ANSWER "'", 40000, 40000, 0, JL_OK);
    scripts("sed '" ANSWER ";h;s/\"n\":/\"n\":7777/;p;p;p;p;p;p;p;p;g'", 40000, 40000, 0, JL_OK);
}

static int line_of_one(size_t i, char *text, size_t size) {
    return snprintf(text, size, "{\"n\":%zu}", i);
}

static void several_members(void **state) {
    (void)state;
    jl_err err = {0};
    questions_open(&q, "n", "b,a", 3, line_of_one);
    jl_lookup *l =
        open_command("read -r l; echo '{\"n\":0,\"a\":\"x\",\"b\":[1, 2]}'; read -r l; echo '{\"a\":1,\"n\":1}';"
                     "read -r l; echo '{\"n\":2,\"b\":null}'",
                     JL_SECOND);
    well(questions_submit(&q, l, 0, 3, &err), &err);
    well(questions_finish(&q, l, false, &err), &err);
    questions_answered_once(&q);
    assert_string_equal(q.is[0].value, "[1, 2]\n\"x\"\n");
    assert_string_equal(q.is[1].value, "\n1\n");
    assert_int_equal(q.is[2].state, JL_REFUSED);
    l->ops->close(l);
    questions_close(&q);
}

/* What stands behind the end of a reply too long is read at once, not when more comes. */
static void replies_behind_a_long_one(void **state) {
    (void)state;
    jl_err err = {0};
    questions_open(&q, "n", "a", 3, line_of_one);
    jl_lookup *l = open_command("x=$(head -c 9000 /dev/zero | tr '\\0' x); read -r l; printf %s \"$x\"; read -r l;"
                                "printf 'x\\n{\"n\":0,\"a\":1}\\n{\"n\":1,\"a\":1}\\n%s' \"$x\"; read -r l;"
                                "printf 'x\\n{\"n\":2,\"a\":1}\\n'; cat",
                                600 * JL_SECOND);
    for (size_t i = 0; i < 3; i++) {
        well(questions_submit(&q, l, i, i + 1, &err), &err);
        well(questions_wait(&q, l, &err), &err);
        while (i > 0 && questions_open_count(&q) > 0)
            well(questions_wait(&q, l, &err), &err);
    }
    questions_answered_once(&q);
    assert_int_equal(questions_count(&q, JL_FOUND), 3);
    well(questions_finish(&q, l, false, &err), &err);
    assert_int_equal(l->ops->verdict(l, &err), JL_SOFTWARE);
    assert_string_equal(err.text, "a reply of 'sh' is bad: byte 5001: longer than --max-line");
    l->ops->close(l);
    questions_close(&q);
}

/* ---- a window that is full ---- */

/* Asks all, never with more than `most` open: then it presses, as the loop does. */
static jl_class press(const char *script, size_t n, size_t most, int64_t stall) {
    jl_err err = {0};
    questions_open(&q, "t=deep.t,n", "a", n, line);
    jl_lookup *l = open_command(script, stall);
    for (size_t at = 0; at < n;) {
        size_t open = questions_open_count(&q);
        if (open < most) {
            size_t to = at + most - open < n ? at + most - open : n;
            well(questions_submit(&q, l, at, to, &err), &err);
            at = to;
            well(l->ops->collect(l, questions_sink(&q), &err), &err);
        } else {
            well(l->ops->pressed(l, jl_clock_now(), questions_sink(&q), &err), &err);
            if (questions_open_count(&q) >= most)
                well(questions_wait(&q, l, &err), &err);
        }
    }
    well(questions_finish(&q, l, false, &err), &err);
    questions_answered_once(&q);
    jl_class verdict = l->ops->verdict(l, &err);
    l->ops->close(l);
    return verdict;
}

static size_t lines_of(const char *path) {
    jl_buf b = scratch_read(path, NULL);
    size_t n = 0;
    for (size_t i = 0; i < b.n; i++)
        n += b.p[i] == '\n';
    jl_buf_free(&b);
    unlink(path);
    return n;
}

static void a_command_that_waits_for_the_end_is_given_one(void **state) {
    (void)state;
    const char *const script[] = {
        "echo >>starts; tee -a asked | sed '" ANSWER "' | sort",
        "echo >>starts; tee -a asked | sed '" ANSWER "' | tac",
        /* some at once, the rest at the end */
        "echo >>starts; tee -a asked | sed -u '" ANSWER "' | { sed -u 7q; tac; }",
        /* some of them never */
        "echo >>starts; tee -a asked | sed '" ANSWER ";/5,/d' | sort",
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(press(script[i], 500, 100, 2 * JL_MILLISECOND), JL_OK);
        size_t found = questions_count(&q, JL_FOUND);
        if (i < 3)
            assert_int_equal(found, 500);
        else
            assert_int_equal(questions_count(&q, JL_UNANSWERED), 50);
        assert_int_equal(questions_count(&q, JL_UNANSWERED) + found, 500);
        assert_int_equal(lines_of("asked"), 500); /* each once, whichever command it was */
        assert_in_range(lines_of("starts"), 2, 100);
        questions_close(&q);
    }
}

static void a_command_that_answers_is_left_alone(void **state) {
    (void)state;
    assert_int_equal(press("echo >>starts; sed -u '" ANSWER "'", 2000, 10, 60 * JL_SECOND), JL_OK);
    assert_int_equal(questions_count(&q, JL_FOUND), 2000);
    assert_int_equal(lines_of("starts"), 1);
    questions_close(&q);
    /* Nothing to wait for: it has closed its stdin, or is gone. */
    assert_int_equal(press("exec <&-; sleep 0.05", 500, 100, JL_MILLISECOND), JL_OK);
    assert_int_equal(questions_count(&q, JL_UNANSWERED), 500);
    questions_close(&q);
}

/* Bytes in the pipe are work to be done, however long it takes to begin with it. */
static void a_command_that_is_slow_to_read_is_not_ended(void **state) {
    (void)state;
    assert_int_equal(press("echo >>starts; sleep 0.2; sed -u '" ANSWER "'", 150, 100, 150 * JL_MILLISECOND), JL_OK);
    assert_int_equal(questions_count(&q, JL_FOUND), 150);
    assert_in_range(lines_of("starts"), 1, 2);
    questions_close(&q);
}

static void a_command_that_fails_is_not_started_again(void **state) {
    (void)state;
    assert_int_equal(press("echo >>starts; sed '" ANSWER "' | sort; exit 75", 500, 100, JL_MILLISECOND), JL_TEMPFAIL);
    assert_int_equal(lines_of("starts"), 1);
    assert_in_range(questions_count(&q, JL_FOUND), 100, 499);
    assert_int_equal(questions_count(&q, JL_FOUND) + questions_count(&q, JL_UNANSWERED), 500);
    questions_close(&q);
    assert_int_equal(
        press("echo >>starts; [ -e once ] && exit 66; touch once; sed '" ANSWER "' | sort", 500, 100, JL_MILLISECOND),
        JL_NOINPUT);
    assert_int_equal(lines_of("starts"), 2);
    assert_in_range(questions_count(&q, JL_FOUND), 100, 499);
    questions_close(&q);
}

/* ---- an end before the end ---- */

/* The command reads nothing until it may. What is in the pipe is asked, the question on the edge of it in full; the
   rest never is. */
static void stop_asks_nothing_more(void **state) {
    (void)state;
    enum { MANY = 60000 };
    for (int twice = 0; twice < 2; twice++) {
        jl_err err = {0};
        questions_open(&q, "t=deep.t,n", "a", MANY, line);
        jl_lookup *l =
            open_command("trap '' TERM; while [ ! -e go ]; do sleep 0.01; done; sed '" ANSWER "'", 600 * JL_SECOND);
        well(questions_submit(&q, l, 0, MANY, &err), &err);
        if (twice)
            well(l->ops->finish(l, false, questions_sink(&q), &err), &err);
        well(l->ops->finish(l, true, questions_sink(&q), &err), &err);
        scratch_write("go", JL_SPAN(""));
        while (questions_outstanding(l) > 0)
            well(questions_wait(&q, l, &err), &err);
        unlink("go");
        questions_answered_once(&q);
        size_t found = questions_count(&q, JL_FOUND);
        assert_in_range(found, 1, MANY - 1);
        for (size_t i = 0; i < MANY; i++)
            assert_int_equal(q.is[i].state, i < found ? JL_FOUND : JL_UNANSWERED);
        jl_class verdict = l->ops->verdict(l, &err); /* a half of a question would have come back as a bad reply */
        if (verdict != JL_OK)
            fail_msg("%s", err.text);
        l->ops->close(l);
        questions_close(&q);
    }
}

/* A command that does nothing on its own account is not waited for. */
static void stop_ends_a_sleeper(void **state) {
    (void)state;
    jl_err err = {0};
    questions_open(&q, "t=deep.t,n", "a", 20, line);
    jl_lookup *l = open_command("exec sleep 600", 600 * JL_SECOND);
    well(questions_submit(&q, l, 0, 20, &err), &err);
    well(l->ops->finish(l, true, questions_sink(&q), &err), &err);
    while (questions_outstanding(l) > 0)
        well(questions_wait(&q, l, &err), &err);
    questions_answered_once(&q);
    assert_int_equal(questions_count(&q, JL_UNANSWERED), 20);
    l->ops->close(l);
    questions_close(&q);
}

/* A stop while the command is being ended for its answers: those come, what was kept for the next one does not. */
static void stop_between_two_commands(void **state) {
    (void)state;
    jl_err err = {0};
    questions_open(&q, "t=deep.t,n", "a", 60, line);
    jl_lookup *l =
        open_command("trap '' TERM; sed '" ANSWER "' | { cat >all; while [ ! -e go ]; do sleep 0.01; done; cat all; }",
                     JL_MILLISECOND);
    well(questions_submit(&q, l, 0, 20, &err), &err);
    while (l->ops->deadline(l) >= 0 || questions_open_count(&q) == 0 || q.taken == 0) {
        well(l->ops->pressed(l, jl_clock_now(), questions_sink(&q), &err), &err);
        if (l->ops->deadline(l) < 0)
            break; /* its input is closed */
        well(questions_wait(&q, l, &err), &err);
    }
    well(questions_submit(&q, l, 20, 60, &err), &err);
    assert_int_equal(questions_outstanding(l), 60);
    well(l->ops->finish(l, true, questions_sink(&q), &err), &err);
    scratch_write("go", JL_SPAN(""));
    while (questions_outstanding(l) > 0)
        well(questions_wait(&q, l, &err), &err);
    unlink("go");
    questions_answered_once(&q);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(q.is[i].state, i < 20 ? JL_FOUND : JL_UNANSWERED);
    assert_int_equal(l->ops->verdict(l, &err), JL_OK);
    l->ops->close(l);
    questions_close(&q);
}

static void closed_in_the_middle(void **state) {
    (void)state;
    jl_err err = {0};
    questions_open(&q, "t=deep.t,n", "a", N, line);
    jl_lookup *l = open_command("cat", JL_SECOND);
    l->ops->close(l);
    l = open_command("cat >/dev/null", JL_SECOND);
    well(questions_submit(&q, l, 0, N, &err), &err);
    l->ops->close(l);

    /* The sink ran out of memory. */
    memset(q.is, 0, N * sizeof *q.is);
    l = open_command("sed '" ANSWER "'", JL_SECOND);
    q.fail_after = 100;
    well(questions_submit(&q, l, 0, N, &err), &err);
    assert_int_equal(questions_finish(&q, l, false, &err), -1);
    assert_int_equal(err.class, JL_SOFTWARE);
    l->ops->close(l);
    questions_close(&q);
}

static void a_command_that_cannot_be_run(void **state) {
    (void)state;
    questions_open(&q, "n", "a", 1, line_of_one);
    char *argv[] = {(char *)"no-such-command", NULL};
    jl_cmd_options o = {.argv = argv, .key = &q.key, .answer = &q.names, .max_line = 100};
    jl_err err = {0};
    assert_null(jl_cmd_open(&run, &o, &err));
    assert_int_equal(err.class, JL_USAGE);
    questions_close(&q);
}

/* ---- memory ---- */

static int long_line(size_t i, char *text, size_t size) {
    return snprintf(text, size, "{\"n\":%zu,\"t\":\"%03900d\"}", i, 7);
}

/* A command that is always behind: what is held for it stays as large as what is open, not as what was ever asked. */
static void questions_sent_are_let_go(void **state) {
    (void)state;
    enum { MANY = 10000, OPEN = 1500 };
    jl_err err = {0};
    questions_open(&q, "n,t", "a", MANY, long_line);
    jl_lookup *l = open_command("sed '" ANSWER "'", 600 * JL_SECOND);
    struct mallinfo2 before = mallinfo2(); /* all 0 under a sanitizer: then this shows nothing */
    for (size_t at = 0; at < MANY;) {
        if (questions_outstanding(l) < OPEN) {
            size_t to = at + 100 < MANY ? at + 100 : MANY;
            well(questions_submit(&q, l, at, to, &err), &err);
            at = to;
        } else {
            well(questions_wait(&q, l, &err), &err);
        }
    }
    struct mallinfo2 after = mallinfo2();
    size_t held = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    assert_true(held < (size_t)20 << 20); /* 6 MB of open questions, twice that for what grows by doubling */
    well(questions_finish(&q, l, false, &err), &err);
    questions_answered_once(&q);
    assert_int_equal(questions_count(&q, JL_FOUND), MANY);
    l->ops->close(l);
    questions_close(&q);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_that_answer),
        cmocka_unit_test(commands_that_answer_oddly),
        cmocka_unit_test(commands_that_talk_nonsense),
        cmocka_unit_test(commands_that_end_early),
        cmocka_unit_test(commands_that_write_more_than_they_read),
        cmocka_unit_test(several_members),
        cmocka_unit_test(replies_behind_a_long_one),
        cmocka_unit_test(a_command_that_waits_for_the_end_is_given_one),
        cmocka_unit_test(a_command_that_answers_is_left_alone),
        cmocka_unit_test(a_command_that_is_slow_to_read_is_not_ended),
        cmocka_unit_test(a_command_that_fails_is_not_started_again),
        cmocka_unit_test(stop_asks_nothing_more),
        cmocka_unit_test(stop_ends_a_sleeper),
        cmocka_unit_test(stop_between_two_commands),
        cmocka_unit_test(closed_in_the_middle),
        cmocka_unit_test(a_command_that_cannot_be_run),
        cmocka_unit_test(questions_sent_are_let_go),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
