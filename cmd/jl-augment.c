/* jl-augment adds members to every line, looked up by key in tables or asked of a command.

   Contract: every line goes out, in input order, with the members of -a set and every other byte as it was; a line
   without an answer goes out too. The command gets each distinct key once, as a line of key members, and may answer in
   any order. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "frame/cmd.h"
#include "frame/fields.h"
#include "frame/filter.h"
#include "frame/prog.h"
#include "frame/table.h"
#include "jsonl/splice.h"

#define FIELDS_MAX 64

enum missing { MISSING_KEEP, MISSING_NULL, MISSING_FAIL };

static struct augment {
    jl_run *run;
    jl_fields fields;
    jl_texts table;
    bool from_table;
    const char *input;
    uint64_t window;
    int64_t stall;
    int missing;

    jl_member member[FIELDS_MAX];
    uint64_t answered, unanswered, without_key, table_keys, table_without;
} a = {.window = UINT64_C(256) << 20, .stall = 60 * JL_SECOND};

static const jl_opt options[] = {
    JL_FIELDS_OPT_KEY(a.fields),
    JL_FIELDS_OPT_ANSWER(a.fields, "FIELD,...", "the members to set, at the top level [" JL_FIELDS_ANSWER "]"),
    {.letter = 't',
     .name = "table",
     .arg = "TABLE",
     .kind = JL_OPT_LIST,
     .to = &a.table,
     .complete = JL_COMPLETE_FILE,
     .given = &a.from_table,
     .help = "lines that carry the key and the answer; - is stdin; may be repeated"},
    {.letter = 'i',
     .name = "input",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &a.input,
     .complete = JL_COMPLETE_FILE,
     .help = "read the lines from FILE when a COMMAND answers [stdin]"},
    {.name = "window",
     .arg = "SIZE",
     .kind = JL_OPT_SIZE,
     .to = &a.window,
     .min = 1,
     .help = "bytes that may wait for the COMMAND's answers [256M]"},
    {.name = "stall",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &a.stall,
     .help = "end the COMMAND's input when the window is full and nothing has come for TIME [60s]"},
    {.name = "missing",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &a.missing,
     .words = "keep|null|fail",
     .help = "lines without an answer: keep as they are, add null, or fail [keep]"},
    JL_OPT_END,
};

static int look(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    (void)err;
    if (rec->has_key)
        return JL_ASK;
    a.without_key++;
    return JL_PASS;
}

/* The raw values of an answer (lookup.h), one for each member; an absent one is an empty text. */
static void split(jl_span text, jl_span *value, size_t n) {
    if (n == 1) {
        value[0] = text;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *lf = text.n ? memchr(text.p, '\n', text.n) : NULL;
        size_t length = lf ? (size_t)(lf - text.p) : text.n;
        value[i] = (jl_span){text.p, length};
        size_t skip = length + (lf != NULL);
        text = (jl_span){text.p + skip, text.n - skip};
    }
}

static int answer(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    size_t n = a.fields.answer.n, set = 0;
    jl_span value[FIELDS_MAX]; /* the first n are set */
    if (known->state == JL_FOUND) {
        a.answered++;
        split(known->value, value, n);
    } else {
        if (a.missing == MISSING_FAIL)
            return jl_err_set(err, JL_TEMPFAIL, "no answer for this line's key");
        a.unanswered++;
        memset(value, 0, n * sizeof *value);
    }
    for (size_t i = 0; i < n; i++) {
        size_t field = a.fields.first_answer + i;
        if (value[i].n == 0 && a.missing == MISSING_NULL && rec->field[field].type == JL_ABSENT)
            value[i] = JL_SPAN("null");
        if (value[i].n > 0)
            a.member[set++] = (jl_member){a.fields.answer.token[i], value[i], field};
    }
    if (set == 0)
        return jl_filter_pass(rec, out, err);
    return jl_splice(out, rec, a.member, set, err) == 0 ? JL_PASS : -1;
}

static int verdict(void *self, jl_err *err) {
    (void)self;
    if (a.unanswered == 0)
        return 0;
    return jl_err_set(err, JL_TEMPFAIL, "%" PRIu64 " of %" PRIu64 " lines have no answer", a.unanswered,
                      a.run->lines_in);
}

static int check_usage(const jl_run *r, jl_err *err) {
    bool table_is_stdin = false, input_is_stdin = r->n_operands == 0;
    if (a.from_table && a.input)
        return jl_err_set(err, JL_USAGE, "-i goes with a COMMAND; with -t the input files are operands");
    if (!a.from_table && r->n_operands == 0)
        return jl_err_set(err, JL_USAGE, "give a table with -t, or a COMMAND that answers");
    if (a.fields.answer.n > FIELDS_MAX)
        return jl_err_set(err, JL_USAGE, "-a takes at most %d members", FIELDS_MAX);
    for (size_t i = 0; i < a.table.n; i++)
        table_is_stdin = table_is_stdin || strcmp(a.table.text[i], "-") == 0;
    for (size_t i = 0; i < r->n_operands; i++)
        input_is_stdin = input_is_stdin || strcmp(r->operand[i], "-") == 0;
    if (table_is_stdin && input_is_stdin)
        return jl_err_set(err, JL_USAGE, "-t - takes the table from stdin: name the input file");
    return 0;
}

static jl_lookup *open_lookup(jl_run *r, jl_err *err) {
    if (a.from_table) {
        jl_table_options table = {a.table.text, a.table.n, &a.fields.key, &a.fields.answer, r->max_line};
        jl_lookup *lookup = jl_table_open(&table, &a.table_without, err);
        if (lookup)
            a.table_keys = jl_table_keys(lookup);
        return lookup;
    }
    jl_cmd_options command = {
        .argv = r->operand,
        .key = &a.fields.key,
        .answer = &a.fields.answer,
        .first_key = a.fields.first_key,
        .max_line = r->max_line,
        .stall = a.stall,
    };
    return jl_cmd_open(r, &command, err);
}

static int run(jl_run *r, jl_err *err) {
    a.run = r;
    jl_run_counter(r, "answered", &a.answered, true);
    jl_run_counter(r, "unanswered", &a.unanswered, true);
    jl_run_counter(r, "no_key", &a.without_key, false);
    jl_run_counter(r, "table_keys", &a.table_keys, false);
    jl_run_counter(r, "table_lines_without_answer", &a.table_without, false);
    char *const from_file[] = {(char *)a.input, NULL};
    int rc = -1;
    jl_lookup *lookup = NULL;
    if (jl_fields_open(&a.fields, true, err) == 0 && check_usage(r, err) == 0)
        lookup = open_lookup(r, err);
    if (lookup) {
        jl_filter filter = {
            .want = a.fields.want,
            .key = &a.fields.key,
            .first_key = a.fields.first_key,
            .lookup = lookup,
            .remember = !a.from_table,
            .window = a.window,
            .inputs = a.from_table ? r->operand : from_file,
            .look = look,
            .answer = answer,
            .verdict = verdict,
        };
        rc = jl_filter_run(r, &filter, err);
        lookup->ops->close(lookup);
    }
    jl_fields_close(&a.fields);
    return rc;
}

static const char *const synopsis[] = {
    "[-k KEY] [-a FIELD,...] -t TABLE... [FILE...]",
    "[-k KEY] [-a FIELD,...] [-i FILE] [--window=SIZE] COMMAND [ARG...]",
    NULL,
};

static const jl_prog prog = {
    .name = "jl-augment",
    .about = "add a member to every line, looked up by key in a table or asked of a command",
    .synopsis = synopsis,
    .opts = options,
    .takes_command = true,
    .files_when = &a.from_table,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
