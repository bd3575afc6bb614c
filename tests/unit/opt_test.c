/* The parser, case by case, with programs that exist only here. */
#include "unit/cmocka_all.h"

#include "frame/parse.h"

/* Everything that the option tables below can fill. */
static struct {
    bool flag, other, ping, rest, table_given;
    const char *key, *cache;
    jl_texts table;
    uint64_t number, size;
    int64_t time;
    int missing, when;
    jl_share share;
    char called[32];
} v;

static int call(void *to, const char *text, jl_err *err) {
    if (text && strcmp(text, "bad") == 0)
        return jl_err_set(err, JL_CONFIG, "'%s' is bad", text);
    snprintf(to, sizeof v.called, "%s", text ? text : "(none)");
    return 0;
}

static const jl_opt opts[] = {
    {.letter = 'f', .name = "flag", .kind = JL_OPT_FLAG, .to = &v.flag, .env = "JLT_FLAG"},
    {.letter = 'g', .kind = JL_OPT_FLAG, .to = &v.other},
    {.letter = 'k', .name = "key", .arg = "KEY", .kind = JL_OPT_TEXT, .to = &v.key},
    {.letter = 'C', .name = "cache", .arg = "URL", .kind = JL_OPT_TEXT, .to = &v.cache, .env = "JLT_CACHE"},
    {.letter = 't', .name = "table", .arg = "TABLE", .kind = JL_OPT_LIST, .to = &v.table, .given = &v.table_given},
    {.letter = 'n',
     .name = "number",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &v.number,
     .min = 1,
     .max = 100,
     .env = "JLT_NUMBER"},
    {.name = "size", .arg = "SIZE", .kind = JL_OPT_SIZE, .to = &v.size, .min = 10, .max = 2048},
    {.name = "time", .arg = "TIME", .kind = JL_OPT_TIME, .to = &v.time},
    {.name = "missing", .arg = "WHAT", .kind = JL_OPT_CHOICE, .to = &v.missing, .words = "keep|null|fail"},
    {.letter = 'w', .name = "when", .arg = "WHEN?", .kind = JL_OPT_CHOICE, .to = &v.when, .words = "auto|always"},
    {.name = "share", .arg = "N[%]", .kind = JL_OPT_SHARE, .to = &v.share},
    {.letter = 'c', .name = "call", .arg = "X?", .kind = JL_OPT_CALL, .to = v.called, .call = call},
    {.name = "misses", .arg = "FILE", .kind = JL_OPT_TEXT, .to = &v.key, .verbs = "get|fill", .env = "JLT_MISSES"},
    {.name = "then", .arg = "COMMAND...", .kind = JL_OPT_REST, .to = &v.rest},
    JL_OPT_END,
};
static const jl_verb verbs[] = {
    {.name = "get"},
    {.name = "put"},
    {.name = "fill", .takes_command = true},
    {.name = "stat", .takes_no_input = true},
    {0},
};

static const jl_prog plain = {.name = "plain", .opts = opts};
static const jl_prog verbal = {.name = "verbal", .opts = opts, .verbs = verbs};
static const jl_prog runner = {.name = "runner", .opts = opts, .takes_command = true, .files_when = &v.table_given};
static const jl_prog starter = {.name = "starter", .opts = opts, .takes_command = true};

/* `want` lists what differs from the defaults: values as "name=value", then the verb as "verb", operands in brackets,
   the rest in braces; or "!CLASS text" for an error (the text is its beginning). */
typedef struct opt_case {
    const jl_prog *prog;
    const char *args; /* words separated by one space; '_' stands for an empty word */
    const char *env;  /* "NAME=value" or NULL */
    const char *want;
} opt_case;

static void show(const jl_run *run, char *to, size_t size) {
    jl_buf b = {0};
#define ADD(condition, ...) (void)((condition) && jl_buf_addf(&b, NULL, __VA_ARGS__))
    ADD(v.flag, "flag ");
    ADD(v.other, "other ");
    ADD(v.key, "key=%s ", v.key);
    ADD(v.cache, "cache=%s ", v.cache);
    for (size_t i = 0; i < v.table.n; i++)
        ADD(true, "table=%s ", v.table.text[i]);
    ADD(v.number != 7, "number=%d ", (int)v.number);
    ADD(v.size, "size=%d ", (int)v.size);
    ADD(v.time, "time=%lld ", (long long)v.time);
    ADD(v.missing, "missing=%d ", v.missing);
    ADD(v.when != 9, "when=%d ", v.when);
    ADD(v.share.count >= 0, "count=%d ", (int)v.share.count);
    ADD(v.share.percent >= 0, "percent=%.1f ", v.share.percent);
    ADD(v.called[0], "called=%s ", v.called);
    ADD(v.rest, "then ");
    ADD(run->quiet, "quiet ");
    ADD(run->verbose, "verbose ");
    ADD(run->output, "output=%s ", run->output);
    ADD(run->rejects, "rejects=%s ", run->rejects);
    ADD(run->reasons, "reasons=%s ", run->reasons);
    ADD(run->max_rejects.count >= 0, "max-rejects=%d ", (int)run->max_rejects.count);
    ADD(run->max_line != 16 << 20, "max-line=%d ", (int)run->max_line);
    ADD(run->progress != JL_WHEN_NEVER, "progress=%d ", run->progress);
    ADD(run->verb, "%s ", run->verb);
    for (size_t i = 0; i < run->n_operands; i++)
        ADD(true, "[%s] ", run->operand[i]);
    assert_null(run->operand[run->n_operands]);
    for (char **r = run->rest; r && *r; r++)
        ADD(true, "{%s} ", *r);
#undef ADD
    snprintf(to, size, "%.*s", (int)(b.n ? b.n - 1 : 0), b.p ? b.p : "");
    jl_buf_free(&b);
}

static void check_case(const opt_case *c) {
    char words[512];
    char *argv[64] = {(char *)"prog"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", c->args);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    static const char *const variables[] = {"JLT_FLAG", "JLT_CACHE", "JLT_NUMBER", "JLT_MISSES"};
    for (size_t i = 0; i < 4; i++)
        unsetenv(variables[i]);
    char env[128];
    if (c->env) {
        snprintf(env, sizeof env, "%s", c->env);
        char *value = strchr(env, '=');
        *value++ = '\0';
        setenv(env, value, 1);
    }
    memset(&v, 0, sizeof v);
    v.number = 7;
    v.when = 9;
    v.share = (jl_share){-1, -1};

    jl_run run = {0};
    jl_parse p;
    jl_err err = {0};
    jl_parse_init(&p, c->prog, &run);
    char got[1024];
    if (jl_parse_args(&p, argc, argv, &err) != 0 || jl_parse_check(&p, &err) != 0) {
        snprintf(got, sizeof got, "!%d %s", err.class, err.text);
        size_t n = strlen(c->want); /* the advice at the end need not be repeated in each case */
        if (c->want[0] == '!' && n < strlen(got)) {
            assert_string_equal(got + strlen(got) - strlen(" --help'"), " --help'");
            got[n] = '\0';
        }
    } else {
        show(&run, got, sizeof got);
    }
    if (strcmp(got, c->want) != 0)
        fail_msg("%s %s\n  got:    %s\n  wanted: %s", c->prog->name, c->args, got, c->want);
    jl_parse_free(&p);
}

static void cases(void **state) {
    (void)state;
    static const opt_case all[] = {
        /* Forms. */
        {&plain, "", NULL, ""},
        {&plain, "-f", NULL, "flag"},
        {&plain, "--flag", NULL, "flag"},
        {&plain, "-fg", NULL, "flag other"},
        {&plain, "-fgk x", NULL, "flag other key=x"},
        {&plain, "-fkx", NULL, "flag key=x"},
        {&plain, "-kfg", NULL, "key=fg"},
        {&plain, "-k=x", NULL, "key==x"},
        {&plain, "-k x", NULL, "key=x"},
        {&plain, "--key x", NULL, "key=x"},
        {&plain, "--key=x", NULL, "key=x"},
        {&plain, "--key=a=b", NULL, "key=a=b"},
        {&plain, "--key=", NULL, "key="},
        {&plain, "--key _", NULL, "key="},
        {&plain, "-k _", NULL, "key="},
        {&plain, "--key --flag", NULL, "key=--flag"},
        {&plain, "-k -f", NULL, "key=-f"},
        {&plain, "-k --", NULL, "key=--"},
        {&plain, "-k a --key=b", NULL, "key=b"},
        {&plain, "-t a --table b -tc", NULL, "table=a table=b table=c"},
        /* Operands: anywhere, "-" is one, "--" ends options. */
        {&plain, "a -f b", NULL, "flag [a] [b]"},
        {&plain, "- -f", NULL, "flag [-]"},
        {&plain, "-- -f --", NULL, "[-f] [--]"},
        {&plain, "a -- -f", NULL, "[a] [-f]"},
        {&plain, "_", NULL, "[]"},
        /* Kinds. */
        {&plain, "-n 5 --size 1K --time 20ms --share 5", NULL, "number=5 size=1024 time=20000000 count=5"},
        {&plain, "--share 0.5%", NULL, "percent=0.5"},
        {&plain, "--missing null", NULL, "missing=1"},
        {&plain, "--when", NULL, "when=0"},
        {&plain, "--when always", NULL, "when=0 [always]"},
        {&plain, "--when=always", NULL, "when=1"},
        {&plain, "-wf", NULL, "flag when=0"},
        {&plain, "-w always", NULL, "when=0 [always]"},
        {&plain, "--call x", NULL, "called=(none) [x]"},
        {&plain, "--call=x", NULL, "called=x"},
        {&plain, "--call=", NULL, ""},
        {&plain, "a --then b -f -- --key", NULL, "then [a] {b} {-f} {--} {--key}"},
        {&plain, "-f a --then -x", NULL, "flag then [a] {-x}"},
        /* The common options. */
        {&plain, "-qvo out --rejects=r --reasons=w --max-rejects 3 --max-line 1M --progress", NULL,
         "quiet verbose output=out rejects=r reasons=w max-rejects=3 max-line=1048576 progress=0"},
        {&plain, "--progress=always", NULL, "progress=1"},
        {&plain, "--progress --progress=never", NULL, ""},
        /* Mistakes. */
        {&plain, "--foo", NULL, "!64 unknown option '--foo'; try 'plain --help'"},
        {&plain, "-x", NULL, "!64 unknown option '-x'; try 'plain --help'"},
        {&plain, "-fx", NULL, "!64 unknown option '-x'; try"},
        {&plain, "---", NULL, "!64 unknown option '---'; try"},
        {&plain, "--=x", NULL, "!64 unknown option '--'; try"},
        {&plain, "--flg", NULL, "!64 unknown option '--flg' (did you mean '--flag'?); try"},
        {&plain, "--mising=keep", NULL, "!64 unknown option '--mising' (did you mean '--missing'?); try"},
        {&plain, "--tabel x", NULL, "!64 unknown option '--tabel' (did you mean '--table'?); try"},
        {&plain, "--progres", NULL, "!64 unknown option '--progres' (did you mean '--progress'?); try"},
        {&plain, "--max-r 1", NULL, "!64 unknown option '--max-r' (did you mean '--max-rejects'?); try"},
        {&plain, "--\x1b[31m", NULL, "!64 unknown option '--\\x1b[31m'; try"},
        {&plain, "-k", NULL, "!64 option '--key' needs a value: KEY; try"},
        {&plain, "--key", NULL, "!64 option '--key' needs a value: KEY; try"},
        {&plain, "--flag=1", NULL, "!64 option '--flag' takes no value; try"},
        {&plain, "--flag=", NULL, "!64 option '--flag' takes no value; try"},
        {&plain, "-n 0", NULL, "!64 --number: '0' is not a whole number from 1 to 100; try"},
        {&plain, "-n5x", NULL, "!64 --number: '5x' is not a whole number from 1 to 100; try"},
        {&plain, "--number=", NULL, "!64 --number: '' is not a whole number from 1 to 100; try"},
        {&plain, "--size 9", NULL, "!64 --size: '9' is less than 10; try"},
        {&plain, "--size 4K", NULL, "!64 --size: '4K' is more than 2048; try"},
        {&plain, "--time 1y", NULL, "!64 --time: '1y' is not a time such as 20ms, 1.5s, 10m or 2h; try"},
        {&plain, "--missing=nul", NULL, "!64 --missing: 'nul' is none of keep|null|fail; try"},
        {&plain, "--missing=", NULL, "!64 --missing: '' is none of keep|null|fail; try"},
        {&plain, "--missing=keep|null", NULL, "!64 --missing: 'keep|null' is none of keep|null|fail; try"},
        {&plain, "--share 101%", NULL, "!64 --share: '101%' is neither a count nor a share such as 0.1%; try"},
        {&plain, "--call=bad", NULL, "!78 --call: 'bad' is bad; try"},
        {&plain, "--then", NULL, "!64 a COMMAND is missing at the end; try"},
        {&plain, "--max-line=3G", NULL, "!64 --max-line: '3G' is more than 2147483648; try"},
        {&plain, "--max-line=0", NULL, "!64 --max-line: '0' is less than 1; try"},
        /* The environment: for what was not given; an empty variable is none; mistakes name the variable. */
        {&plain, "", "JLT_CACHE=u", "cache=u"},
        {&plain, "-C x", "JLT_CACHE=u", "cache=x"},
        {&plain, "-C _", "JLT_CACHE=u", "cache="},
        {&plain, "", "JLT_CACHE=", ""},
        {&plain, "", "JLT_FLAG=1", "flag"},
        {&plain, "", "JLT_FLAG=0", ""},
        {&plain, "", "JLT_NUMBER=8", "number=8"},
        {&plain, "", "JLT_NUMBER=x", "!64 JLT_NUMBER: 'x' is not a whole number from 1 to 100; try"},
        {&plain, "-n 3", "JLT_NUMBER=x", "number=3"},
        /* Verbs: the first operand, else the first of the table; options before and behind. */
        {&verbal, "", NULL, "get"},
        {&verbal, "get a", NULL, "get [a]"},
        {&verbal, "a get", NULL, "get [a] [get]"},
        {&verbal, "put get", NULL, "put [get]"},
        {&verbal, "-f put -g a -k x", NULL, "flag other key=x put [a]"},
        {&verbal, "-- put", NULL, "get [put]"},
        {&verbal, "put -- put -f", NULL, "put [put] [-f]"},
        {&verbal, "-k put get", NULL, "key=put get"},
        {&verbal, "-f fill -g cmd -f x --key", NULL, "flag other fill [cmd] [-f] [x] [--key]"},
        {&verbal, "fill -- cmd -f", NULL, "fill [cmd] [-f]"},
        {&verbal, "fill -- -cmd", NULL, "fill [-cmd]"},
        {&verbal, "fill fill", NULL, "fill [fill]"},
        {&verbal, "fill", NULL, "!64 a COMMAND is missing; try"},
        {&verbal, "stat", NULL, "stat"},
        {&verbal, "stat -f", NULL, "flag stat"},
        {&verbal, "stat x", NULL, "!64 'stat' takes no operand such as 'x'; try"},
        {&verbal, "--misses=m", NULL, "key=m get"},
        {&verbal, "--misses=m get", NULL, "key=m get"},
        {&verbal, "--misses=m fill c", NULL, "key=m fill [c]"},
        {&verbal, "put --misses=m", NULL, "!64 option '--misses' is not for 'put', only for get|fill; try"},
        {&verbal, "--misses=m put", NULL, "!64 option '--misses' is not for 'put', only for get|fill; try"},
        {&verbal, "put", "JLT_MISSES=m", "put"},
        {&verbal, "get", "JLT_MISSES=m", "key=m get"},
        /* A COMMAND keeps its options, unless an option has made the operands files. */
        {&runner, "-f cmd -f --key x", NULL, "flag [cmd] [-f] [--key] [x]"},
        {&runner, "cmd --help", NULL, "[cmd] [--help]"},
        {&runner, "cmd -t x", NULL, "[cmd] [-t] [x]"},
        {&runner, "-- -cmd", NULL, "[-cmd]"},
        {&runner, "-t x a -f b", NULL, "flag table=x [a] [b]"},
        {&runner, "-t x", NULL, "table=x"},
        {&runner, "", NULL, "!64 a COMMAND is missing (or the option --table); try"},
        {&starter, "-f", NULL, "!64 a COMMAND is missing; try"},
        {&starter, "-t x a -f", NULL, "table=x [a] [-f]"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        check_case(&all[i]);
}

static void help_and_version_end_the_scan(void **state) {
    (void)state;
    static const struct {
        const char *first, *second;
        int show;
        bool version;
    } all[] = {
        {"--help", "--foo", JL_SHOW_TEXT, false},
        {"-h", "--foo", JL_SHOW_TEXT, false},
        {"-fhx", "--foo", JL_SHOW_TEXT, false},
        {"--help=options", "--foo", JL_SHOW_OPTIONS, false},
        {"--help=verbs", "--foo", JL_SHOW_VERBS, false},
        {"--help=program", "--foo", JL_SHOW_PROGRAM, false},
        {"--version", "--foo", JL_SHOW_NOTHING, true},
        {"-Vx", "--foo", JL_SHOW_NOTHING, true},
        {"fill", "-h", JL_SHOW_TEXT, false},
        {"stat", "-V", JL_SHOW_NOTHING, true},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *argv[] = {(char *)"verbal", (char *)all[i].first, (char *)all[i].second, NULL};
        jl_run run = {0};
        jl_parse p;
        jl_err err = {0};
        jl_parse_init(&p, &verbal, &run);
        assert_int_equal(jl_parse_args(&p, 3, argv, &err), 0);
        assert_int_equal(p.show, all[i].show);
        assert_int_equal(p.version, all[i].version);
        jl_parse_free(&p);
    }
}

static void no_argv_at_all(void **state) {
    (void)state;
    char *argv[] = {NULL};
    jl_run run = {0};
    jl_parse p;
    jl_parse_init(&p, &plain, &run);
    assert_int_equal(jl_parse_args(&p, 0, argv, NULL), 0);
    assert_int_equal(run.n_operands, 0);
    jl_parse_free(&p);
}

static void who_reads_stdin(void **state) {
    (void)state;
    static const jl_prog server = {.name = "server", .no_input = true};
    static const jl_prog tool = {.name = "tool", .no_filter = true};
    static const jl_opt ping[] = {{.name = "ping", .kind = JL_OPT_FLAG, .to = &v.ping}, JL_OPT_END};
    static const jl_prog pinger = {.name = "pinger", .opts = ping, .no_input_when = &v.ping};
    static const struct {
        const jl_prog *prog;
        const char *arg;
        bool reads;
    } all[] = {
        {&plain, NULL, true},   {&plain, "a", false},       {&plain, "-", false},    {&plain, "-f", true},
        {&verbal, "get", true}, {&verbal, "stat", false},   {&verbal, "fill", true}, {&server, NULL, false},
        {&tool, NULL, false},   {&pinger, "--ping", false}, {&pinger, NULL, true},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *argv[] = {(char *)"x", (char *)all[i].arg, NULL};
        jl_run run = {0};
        jl_parse p;
        v.ping = false;
        jl_parse_init(&p, all[i].prog, &run);
        assert_int_equal(jl_parse_args(&p, all[i].arg ? 2 : 1, argv, NULL), 0);
        assert_int_equal(jl_parse_reads_stdin(&p), all[i].reads);
        jl_parse_free(&p);
    }
}

static void a_program_without_lines_has_four_common_options(void **state) {
    (void)state;
    static const jl_prog tool = {.name = "tool", .no_filter = true};
    jl_run run = {0};
    jl_parse p;
    jl_parse_init(&p, &tool, &run);
    char letters[8] = "";
    const jl_opt *o;
    for (size_t i = 0; (o = jl_parse_opt(&p, i)); i++) {
        assert_true(jl_parse_is_common(&p, i));
        letters[i] = o->letter;
    }
    assert_string_equal(letters, "hVqv");
    jl_parse_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(help_and_version_end_the_scan),
        cmocka_unit_test(no_argv_at_all),
        cmocka_unit_test(who_reads_stdin),
        cmocka_unit_test(a_program_without_lines_has_four_common_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
