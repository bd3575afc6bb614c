/* What --help and --version print: width, alignment, style, and the tables for tools. */
#include "unit/cmocka_all.h"

#include "frame/parse.h"

static bool flag;
static const char *text;
static int choice;
static bool files;
static jl_texts list;

static const jl_opt opts[] = {
    {.letter = 'k',
     .name = "key",
     .arg = "KEY",
     .kind = JL_OPT_TEXT,
     .to = &text,
     .help = "the members that make the key [company,title]"},
    {.letter = 'n', .arg = "N", .kind = JL_OPT_TEXT, .to = &text, .help = "a letter only"},
    {.name = "a-rather-long-name",
     .arg = "PLACEHOLDER",
     .kind = JL_OPT_TEXT,
     .to = &text,
     .help = "explained on a line of its own, at such length that the explanation has to be wrapped more than once, "
             "which it is between words",
     .env = "JOBLINE_RATHER_LONG",
     .complete = JL_COMPLETE_HOST},
    {.name = "missing",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &choice,
     .words = "keep|null",
     .help = "tab\there",
     .verbs = "get|put"},
    {.letter = 't',
     .name = "table",
     .arg = "FILE",
     .kind = JL_OPT_LIST,
     .to = &list,
     .given = &files,
     .complete = JL_COMPLETE_FILE,
     .help = "a table"},
    {.name = "then",
     .arg = "COMMAND...",
     .kind = JL_OPT_REST,
     .to = &flag,
     .complete = JL_COMPLETE_COMMAND,
     .help = "c"},
    JL_OPT_END,
};
static const jl_verb verbs[] = {
    {.name = "get", .help = "the default"},
    {.name = "fill", .help = "asks a command", .takes_command = true},
    {.name = "stat", .help = "tells", .takes_no_input = true},
    {0},
};
static const char *const synopsis[] = {
    "[-k KEY] [FILE...]",
    "[-k KEY] [--missing=keep|null] [--a-rather-long-name=PLACEHOLDER] [-n N] fill COMMAND [ARG...]", NULL};

static void versions(void (*say)(void *to, const char *line), void *to) {
    say(to, "sqlite 3");
    say(to, "redis 7");
    say(to, "xxhash 0.8.1");
    say(to, "redis 7"); /* as two back ends of one library would */
}

static const jl_prog prog = {
    .name = "jl-test",
    .about = "Something short.",
    .synopsis = synopsis,
    .opts = opts,
    .verbs = verbs,
    .versions = versions,
    .takes_command = true,
    .files_when = &files,
};
static const jl_prog bare = {.name = "bare", .about = "", .no_filter = true};

typedef int maker(const jl_parse *p, jl_buf *out, jl_err *err);

static int styled_help(const jl_parse *p, jl_buf *out, jl_err *err) {
    return jl_help_text(p, true, out, err);
}
static int plain_help(const jl_parse *p, jl_buf *out, jl_err *err) {
    return jl_help_text(p, false, out, err);
}
static int plain_usage(const jl_parse *p, jl_buf *out, jl_err *err) {
    return jl_help_usage(p, false, out, err);
}

static const char *made(const jl_prog *of, maker *make) {
    static char got[1 << 14];
    jl_run run = {0};
    jl_parse p;
    jl_parse_init(&p, of, &run);
    jl_buf out = {0};
    jl_err err = {0};
    assert_int_equal(make(&p, &out, &err), 0);
    assert_true(out.n < sizeof got);
    memcpy(got, out.p, out.n);
    got[out.n] = '\0';
    jl_buf_free(&out);
    jl_parse_free(&p);
    return got;
}

static void assert_has(const char *haystack, const char *needle) {
    if (!strstr(haystack, needle))
        fail_msg("»%s« is not in:\n%s", needle, haystack);
}

static void text_is_laid_out(void **state) {
    (void)state;
    const char *got = made(&prog, plain_help);
    assert_int_equal(strncmp(got, "Usage: jl-test [-k KEY] [FILE...]\n       jl-test [-k KEY]", 57), 0);
    assert_has(got, "\n  -k, --key=KEY             the members that make the key [company,title]\n");
    assert_has(got, "\n  -n N                      a letter only\n");
    assert_has(got, "\n      --a-rather-long-name=PLACEHOLDER\n                            explained on");
    assert_has(got, "[$JOBLINE_RATHER_LONG]\n");
    assert_has(got, "here (keep|null)\n");
    assert_null(strstr(got, "(auto|always|never)")); /* the explanation names them */
    assert_has(got, "\n      --then COMMAND...     c\n");
    assert_has(got, "\n      --progress[=WHEN]     show");
    assert_has(got, "\n  -o, --output=FILE         write");
    assert_has(got, "\n  get       the default\n  fill      asks a command\n");
    assert_has(got, "jl-test(1)");
    assert_has(got, "75 try again");
    for (const char *line = got; *line;) {
        size_t n = strcspn(line, "\n");
        if (n > 80 || (n > 0 && line[n - 1] == ' '))
            fail_msg("%zu columns, or a blank at the end: %.*s", n, (int)n, line);
        line += n + 1;
    }
}

static void style_changes_no_text(void **state) {
    (void)state;
    char plain[1 << 14];
    strcpy(plain, made(&prog, plain_help));
    const char *styled = made(&prog, styled_help);
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strchr(styled, '\x1b'));
    char stripped[1 << 14];
    char *to = stripped;
    for (const char *c = styled; *c; c++)
        if (*c == '\x1b')
            c += strcspn(c, "m");
        else
            *to++ = *c;
    *to = '\0';
    assert_string_equal(stripped, plain);
}

static void usage_is_short(void **state) {
    (void)state;
    assert_has(made(&prog, plain_usage), "Try 'jl-test --help'.\n");
    assert_has(made(&bare, plain_usage), "Usage: bare\n");
}

/* Every line has the columns that the first one names. */
static void tables_have_their_columns(void **state) {
    (void)state;
    maker *const makers[] = {jl_help_options, jl_help_verbs, jl_help_program};
    static const jl_prog *const progs[] = {&prog, &bare};
    for (size_t i = 0; i < 6; i++) {
        const char *table = made(progs[i % 2], makers[i / 2]);
        assert_int_equal(table[0], '#');
        int columns = 0;
        for (const char *c = table; *c != '\n'; c++)
            columns += *c == '\t';
        int here = 0;
        for (const char *c = table; *c; c++) {
            here += *c == '\t';
            if (*c == '\n') {
                assert_int_equal(here, columns);
                here = 0;
            }
        }
    }
    const char *options = made(&prog, jl_help_options);
    assert_has(options, "\nk\tkey\tKEY\ttext\t\tnone\t\tthe members that make the key [company,title]\town\t\n");
    assert_has(options, "\n\tmissing\tWHAT\tchoice\tkeep|null\tnone\tget|put\ttab here\town\t\n");
    assert_has(options, "\tJOBLINE_RATHER_LONG\n");
    assert_has(options, "\no\toutput\tFILE\ttext\t\tfile\t\t");
    assert_has(options, "\n\tprogress\tWHEN?\tchoice\tauto|always|never\t");
    assert_string_equal(made(&prog, jl_help_verbs), "#name\toperands\thelp\nget\tfile\tthe default\n"
                                                    "fill\tcommand\tasks a command\nstat\tnone\ttells\n");
    assert_has(made(&prog, jl_help_program), "\njl-test\tSomething short.\t" JL_VERSION "\tcommand\t-t|--table\n");
    assert_has(made(&bare, jl_help_program), "\nbare\t\t" JL_VERSION "\tnone\t\n");
}

static void version_names_what_is_built_in(void **state) {
    (void)state;
    assert_string_equal(made(&prog, jl_help_version),
                        "jl-test (jobline) " JL_VERSION "\nsqlite 3\nredis 7\nxxhash 0.8.1\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_laid_out),
        cmocka_unit_test(style_changes_no_text),
        cmocka_unit_test(usage_is_short),
        cmocka_unit_test(tables_have_their_columns),
        cmocka_unit_test(version_names_what_is_built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
