/* Bad lines: put aside byte for byte with their reasons, counted, and one too many for the run. */
#include "unit/cmocka_all.h"

#include "frame/rejects.h"
#include "scratch.h"

static jl_run run;
static jl_rejects r;

static int begin(const char *path, int64_t count, double percent, jl_err *err) {
    run = (jl_run){.quiet = true, .rejects = path, .max_rejects = {count, percent}, .lines_in = 1000};
    *err = (jl_err){0};
    return jl_rejects_open(&r, &run, err);
}

static int reject(jl_span line, jl_err *err) {
    jl_err why = {0};
    (void)jl_err_set(&why, JL_DATA, "no good");
    jl_err_place(&why, "in", 17);
    why.byte = 3;
    return jl_rejects_add(&r, line, "in", &why, err);
}

static void no_bad_line_is_borne_unless_asked_for(void **state) {
    (void)state;
    jl_err err;
    assert_int_equal(begin(NULL, -1, -1, &err), 0);
    assert_int_equal(reject(JL_SPAN("x"), &err), -1);
    assert_int_equal(err.class, JL_DATA);
    assert_string_equal(err.file, "in");
    assert_int_equal(err.line, 17);
    assert_int_equal(err.byte, 3);
    assert_string_equal(err.text, "no good");
    assert_int_equal(run.rejected, 1);
    assert_int_equal(jl_rejects_close(&r, &err), 0);
}

static void so_many_and_no_more(void **state) {
    (void)state;
    jl_err err;
    for (int64_t most = 0; most < 30; most += 7) {
        assert_int_equal(begin(NULL, most, -1, &err), 0);
        for (int64_t i = 0; i < most; i++)
            assert_int_equal(reject(JL_SPAN("x"), &err), 0);
        assert_int_equal(reject(JL_SPAN("x"), &err), -1);
        char want[80];
        snprintf(want, sizeof want, "no good (more than --max-rejects=%d)", (int)most);
        assert_string_equal(err.text, want);
        assert_string_equal(err.file, "in");
        assert_int_equal(err.line, 17);
        assert_int_equal(err.byte, 3);
        assert_int_equal(run.rejected, most + 1);
        assert_int_equal(jl_rejects_share(&r, &err), 0);
    }
}

static void a_share_is_judged_at_the_end(void **state) {
    (void)state;
    jl_err err;
    assert_int_equal(begin(NULL, -1, 0.5, &err), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(reject(JL_SPAN("x"), &err), 0);
    assert_int_equal(jl_rejects_share(&r, &err), 0);
    assert_int_equal(reject(JL_SPAN("x"), &err), 0);
    assert_int_equal(jl_rejects_share(&r, &err), -1);
    assert_int_equal(err.class, JL_DATA);
    assert_string_equal(err.text, "6 of 1000 lines are bad, more than --max-rejects=0.5%");
    run.lines_in = run.rejected = 0;
    assert_int_equal(jl_rejects_share(&r, &err), 0); /* nothing of nothing */
}

static void bytes_are_kept(void **state) {
    (void)state;
    jl_err err, why = {.class = JL_DATA, .file = "in", .line = 2};
    scratch_write("r", JL_SPAN("old"));
    int before = scratch_count();
    assert_int_equal(begin("r", -1, -1, &err), 0);
    assert_int_equal(reject(JL_SPAN("\xff\0 x\r"), &err), 0);
    assert_int_equal(reject(JL_SPAN(""), &err), 0);
    assert_int_equal(jl_rejects_piece(&r, JL_SPAN("one "), true, false, "in", &why, &err), 0);
    assert_int_equal(jl_rejects_piece(&r, JL_SPAN("two"), false, false, "in", &why, &err), 0);
    assert_int_equal(jl_rejects_piece(&r, JL_SPAN(""), false, true, "in", &why, &err), 0);
    assert_int_equal(run.rejected, 3);
    assert_int_equal(jl_rejects_close(&r, &err), 0);
    assert_int_equal(jl_rejects_close(&r, &err), 0); /* harmless */
    jl_buf is = scratch_read("r", NULL);
    assert_true(jl_span_eq(jl_buf_span(&is), JL_SPAN("\xff\0 x\r\n\none two\n")));
    jl_buf_free(&is);

    /* Also the line that was one too many; and without bad lines the file is empty. */
    assert_int_equal(begin("r", 0, -1, &err), 0);
    assert_int_equal(jl_rejects_piece(&r, JL_SPAN("la"), true, false, "in", &why, &err), 0);
    assert_int_equal(jl_rejects_piece(&r, JL_SPAN("st"), false, true, "in", &why, &err), -1);
    assert_int_equal(jl_rejects_close(&r, &err), 0);
    is = scratch_read("r", NULL);
    assert_true(jl_span_eq(jl_buf_span(&is), JL_SPAN("last\n")));
    jl_buf_free(&is);
    assert_int_equal(begin("r", -1, -1, &err), 0);
    assert_int_equal(jl_rejects_close(&r, &err), 0);
    is = scratch_read("r", NULL);
    assert_int_equal(is.n, 0);
    jl_buf_free(&is);
    assert_int_equal(scratch_count(), before);
}

static void file_is(const char *path, const char *text) {
    jl_buf is = scratch_read(path, NULL);
    assert_true(jl_span_eq(jl_buf_span(&is), jl_span_of(text)));
    jl_buf_free(&is);
}

/* Also of the line that ends the run, of one in pieces, and with or without --rejects. */
static void reasons_stand_line_for_line(void **state) {
    (void)state;
    static const char *const input = "a folder with a name so long that messages shorten it, which would be of no use "
                                     "to a program that has to find the file again/\"jobs\".jsonl";
    jl_err err = {0}, why = {.class = JL_DATA, .line = 17, .byte = 3, .text = "no \x1b good"};
    jl_err_place(&why, input, 17);
    for (int with = 0; with < 4; with++) {
        const bool kept = with & 1, borne = with & 2;
        run = (jl_run){.quiet = true,
                       .rejects = kept ? "r" : NULL,
                       .reasons = "w",
                       .max_rejects = {borne ? 1 : -1, -1},
                       .lines_in = 9};
        assert_int_equal(jl_rejects_open(&r, &run, &err), 0);
        int lines = 0;
        assert_int_equal(jl_rejects_piece(&r, JL_SPAN("a"), true, false, input, &why, &err), kept || borne ? 0 : -1);
        lines++;
        if (kept || borne) {
            assert_int_equal(jl_rejects_piece(&r, JL_SPAN("b"), false, true, input, &why, &err), 0);
            why.line = 18;
            assert_int_equal(jl_rejects_add(&r, JL_SPAN("c"), input, &why, &err), borne ? -1 : 0);
            why.line = 17;
            lines++;
        }
        assert_int_equal(run.rejected, lines);
        assert_int_equal(jl_rejects_close(&r, &err), 0);
        assert_int_equal(jl_rejects_close(&r, &err), 0); /* harmless */
        char want[1024] = "";
        for (int i = 0; i < lines; i++)
            snprintf(
                want + strlen(want), sizeof want - strlen(want),
                "{\"input\":\"a folder with a name so long that messages shorten it, which would be of no use to a "
                "program that has to find the file again/\\\"jobs\\\".jsonl\",\"line\":%d,\"byte\":3,"
                "\"reason\":\"no \\u001b good\"}\n",
                17 + i);
        file_is("w", want);
        if (kept)
            file_is("r", "ab\nc\n");
    }
    assert_int_equal(unlink("r") | unlink("w"), 0);
}

static void two_outputs_are_two_files(void **state) {
    (void)state;
    static const struct {
        const char *output, *rejects, *reasons, *want;
    } cases[] = {
        {"x", "x", NULL, "-o and --rejects name the same file: x"},
        {"x", NULL, "x", "-o and --reasons name the same file: x"},
        {NULL, "x", "x", "--rejects and --reasons name the same file: x"},
        {"y", "there", "./there", "--rejects and --reasons name the same file: ./there"},
        {"y", "x", "no/such/folder", "cannot create a file beside 'no/such/folder': No such file or directory"},
    };
    scratch_write("there", JL_SPAN(""));
    int before = scratch_count();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jl_err err = {0};
        run = (jl_run){.quiet = true,
                       .output = cases[i].output,
                       .rejects = cases[i].rejects,
                       .reasons = cases[i].reasons,
                       .max_rejects = {-1, -1}};
        assert_int_equal(jl_rejects_open(&r, &run, &err), -1);
        assert_string_equal(err.text, cases[i].want);
        assert_int_equal(scratch_count(), before);
    }
    assert_int_equal(unlink("there"), 0);
}

static void a_file_that_cannot_be_written(void **state) {
    (void)state;
    static char large[400000];
    jl_err err;
    assert_int_equal(begin("no/such/folder", -1, -1, &err), -1);
    assert_int_equal(err.class, JL_CANTCREAT);

    for (size_t n = 1; n <= sizeof large; n += sizeof large - 1) { /* found out at the end, or at once */
        scratch_write("r", JL_SPAN("old"));
        int before = scratch_count();
        assert_int_equal(begin("r", -1, -1, &err), 0);
        int full = open("/dev/full", O_WRONLY);
        assert_int_equal(dup2(full, r.lines.file.fd), r.lines.file.fd);
        close(full);
        assert_int_equal(reject((jl_span){large, n}, &err), n == 1 ? 0 : -1);
        assert_int_equal(jl_rejects_close(&r, n == 1 ? &err : NULL), -1);
        assert_int_equal(err.class, JL_IO);
        assert_string_equal(err.text, "r: write failed: No space left on device");
        jl_buf is = scratch_read("r", NULL); /* what is not whole is not put in place */
        assert_true(jl_span_eq(jl_buf_span(&is), JL_SPAN("old")));
        jl_buf_free(&is);
        assert_int_equal(scratch_count(), before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bad_line_is_borne_unless_asked_for), cmocka_unit_test(so_many_and_no_more),
        cmocka_unit_test(a_share_is_judged_at_the_end),          cmocka_unit_test(bytes_are_kept),
        cmocka_unit_test(reasons_stand_line_for_line),           cmocka_unit_test(two_outputs_are_two_files),
        cmocka_unit_test(a_file_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
