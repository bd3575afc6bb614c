/* The texts that --help and --version print, made from the option table. */
#include <stdio.h>

#include "frame/parse.h"

#define WIDTH 80
#define HELP_COLUMN 28 /* where the explanations begin */

static const char *const kind_names[] = {
    [JL_OPT_FLAG] = "flag", [JL_OPT_TEXT] = "text", [JL_OPT_LIST] = "list",     [JL_OPT_NUMBER] = "number",
    [JL_OPT_SIZE] = "size", [JL_OPT_TIME] = "time", [JL_OPT_CHOICE] = "choice", [JL_OPT_SHARE] = "share",
    [JL_OPT_CALL] = "call", [JL_OPT_REST] = "rest",
};

static const char *const complete_names[] = {
    [JL_COMPLETE_NONE] = "none",
    [JL_COMPLETE_FILE] = "file",
    [JL_COMPLETE_COMMAND] = "command",
    [JL_COMPLETE_HOST] = "host",
};

/* A text being laid out. The first failure is kept and ends all further work, so that callers check once. */
typedef struct page {
    jl_buf *out;
    jl_err *err;
    bool styled;
    bool failed;
    size_t column; /* of the next character; style sequences have no width */
} page;

static void put(page *g, const char *text, size_t n) {
    if (!g->failed) {
        g->failed = jl_buf_add(g->out, (jl_span){text, n}, g->err) != 0;
        for (size_t i = 0; i < n; i++)
            g->column = text[i] == '\n' ? 0 : g->column + (((unsigned char)text[i] & 0xc0) != 0x80);
    }
}

static void put_text(page *g, const char *text) {
    put(g, text, strlen(text));
}

static void bold(page *g, const char *text) {
    size_t column = g->column;
    if (g->styled) {
        put_text(g, "\x1b[1m");
        g->column = column;
    }
    put_text(g, text);
    if (g->styled) {
        column = g->column;
        put_text(g, "\x1b[0m");
        g->column = column;
    }
}

static void indent(page *g, size_t column) {
    while (g->column < column && !g->failed)
        put(g, " ", 1);
}

/* Words of `text` from the present column on, further lines indented to `left`. */
static void wrap(page *g, const char *text, size_t left) {
    bool first = true;
    while (*text && !g->failed) {
        size_t n = strcspn(text, " ");
        if (!first && g->column + 1 + n > WIDTH) {
            put(g, "\n", 1);
            indent(g, left);
        } else if (!first) {
            put(g, " ", 1);
        }
        put(g, text, n);
        first = false;
        text += n + strspn(text + n, " ");
    }
}

static void heading(page *g, const char *text) {
    put(g, "\n", 1);
    bold(g, text);
    put(g, "\n", 1);
}

static void usage_lines(page *g, const jl_prog *prog) {
    static const char *const none[] = {"", NULL};
    const char *const *line = prog->synopsis ? prog->synopsis : none;
    for (size_t i = 0; line[i]; i++) {
        if (i == 0)
            bold(g, "Usage:");
        indent(g, strlen("Usage: "));
        bold(g, prog->name);
        put(g, " ", line[i][0] != '\0');
        wrap(g, line[i], strlen("Usage: ") + strlen(prog->name) + 1);
        put(g, "\n", 1);
    }
}

/* "-o, --output=FILE", "    --progress[=WHEN]", "-x N". */
static void option_names(page *g, const jl_opt *o) {
    char text[128];
    indent(g, 2);
    if (o->letter) {
        const char letter[] = {'-', o->letter, '\0'};
        bold(g, letter);
        put_text(g, o->name ? ", " : "");
    }
    if (o->name) {
        indent(g, 6);
        snprintf(text, sizeof text, "--%s", o->name);
        bold(g, text);
    }
    if (o->kind == JL_OPT_REST) {
        put_text(g, o->arg ? " " : " COMMAND [ARG...]");
        put_text(g, o->arg ? o->arg : "");
    } else if (o->arg) {
        size_t n = strlen(o->arg);
        bool optional = n > 0 && o->arg[n - 1] == '?';
        snprintf(text, sizeof text, "%s%s%.*s%s", optional ? "[" : "", o->name ? "=" : " ", (int)(optional ? n - 1 : n),
                 o->arg, optional ? "]" : "");
        put_text(g, text);
    }
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* True when the word stands in the text, outside of the brackets that have the default. */
static bool has_word(const char *text, const char *word, size_t n) {
    const char *end = text + strcspn(text, "[");
    for (const char *p = text; p + n <= end; p++)
        if (strncmp(p, word, n) == 0 && !is_letter(p[n]) && (p == text || !is_letter(p[-1])))
            return true;
    return false;
}

/* The explanation of a choice often says what can be chosen. */
static bool names_words(const jl_opt *o) {
    for (const char *word = o->words; *word;) {
        size_t n = strcspn(word, "|");
        if (!has_word(o->help ? o->help : "", word, n))
            return false;
        word += n + (word[n] == '|');
    }
    return true;
}

/* One that is not broken over two lines. */
static void add_word(page *g, const char *before, const char *word, const char *after) {
    char text[128];
    snprintf(text, sizeof text, "%s%s%s", before, word, after);
    if (g->column + 1 + strlen(text) > WIDTH) {
        put(g, "\n", 1);
        indent(g, HELP_COLUMN);
    } else {
        put(g, " ", 1);
    }
    put_text(g, text);
}

static void option(page *g, const jl_opt *o) {
    option_names(g, o);
    if (g->column + 2 > HELP_COLUMN)
        put(g, "\n", 1);
    indent(g, HELP_COLUMN);
    wrap(g, o->help ? o->help : "", HELP_COLUMN);
    if (o->words && !names_words(o))
        add_word(g, "(", o->words, ")");
    if (o->env)
        add_word(g, "[$", o->env, "]");
    put(g, "\n", 1);
}

static void options(page *g, const jl_parse *p, bool common) {
    const jl_opt *o;
    bool first = true;
    for (size_t i = 0; (o = jl_parse_opt(p, i)); i++) {
        if (jl_parse_is_common(p, i) != common)
            continue;
        if (first)
            heading(g, common ? "Common options:" : "Options:");
        first = false;
        option(g, o);
    }
}

static void verbs(page *g, const jl_prog *prog) {
    for (const jl_verb *v = prog->verbs; v && v->name; v++) {
        if (v == prog->verbs)
            heading(g, "Verbs (the first one is the default):");
        indent(g, 2);
        bold(g, v->name);
        put(g, "  ", 2);
        indent(g, 12);
        wrap(g, v->help ? v->help : "", 12);
        put(g, "\n", 1);
    }
}

int jl_help_text(const jl_parse *p, bool styled, jl_buf *out, jl_err *err) {
    page g = {.out = out, .err = err, .styled = styled};
    usage_lines(&g, p->prog);
    wrap(&g, p->prog->about ? p->prog->about : "", 0);
    put(&g, "\n", 1);
    options(&g, p, false);
    verbs(&g, p->prog);
    options(&g, p, true);

    char text[256];
    snprintf(text, sizeof text, "The manual is %s(1); jobline(7) explains records, keys and chains.", p->prog->name);
    put(&g, "\n", 1);
    wrap(&g, text, 0);
    put(&g, "\n", 1);
    wrap(&g,
         "Exit status: 0 done, 64 usage, 65 bad input, 66 no input, 69 service away, 70 command failed, 73 and 74 "
         "output or disk, 75 try again, 77 credentials, 78 configuration.",
         0);
    put(&g, "\n", 1);
    return g.failed ? -1 : 0;
}

int jl_help_usage(const jl_parse *p, bool styled, jl_buf *out, jl_err *err) {
    page g = {.out = out, .err = err, .styled = styled};
    usage_lines(&g, p->prog);
    char text[160];
    snprintf(text, sizeof text, "Input is expected from a file or a pipe. Try '%s --help'.\n", p->prog->name);
    put_text(&g, text);
    return g.failed ? -1 : 0;
}

/* One cell and what ends it; tabs and newlines cannot stand in a table. */
static void cell(page *g, const char *text, char end) {
    for (const char *c = text ? text : ""; *c; c++)
        put(g, *c == '\t' || *c == '\n' ? " " : c, 1);
    put(g, &end, 1);
}

int jl_help_options(const jl_parse *p, jl_buf *out, jl_err *err) {
    page g = {.out = out, .err = err};
    put_text(&g, "#letter\tname\targ\tkind\twords\tcomplete\tverbs\thelp\tscope\tenv\n");
    const jl_opt *o;
    for (size_t i = 0; (o = jl_parse_opt(p, i)); i++) {
        const char letter[] = {o->letter, '\0'};
        cell(&g, letter, '\t');
        cell(&g, o->name, '\t');
        cell(&g, o->arg, '\t');
        cell(&g, kind_names[o->kind], '\t');
        cell(&g, o->words, '\t');
        cell(&g, complete_names[o->complete], '\t');
        cell(&g, o->verbs, '\t');
        cell(&g, o->help, '\t');
        cell(&g, jl_parse_is_common(p, i) ? "common" : "own", '\t');
        cell(&g, o->env, '\n');
    }
    return g.failed ? -1 : 0;
}

int jl_help_verbs(const jl_parse *p, jl_buf *out, jl_err *err) {
    page g = {.out = out, .err = err};
    put_text(&g, "#name\toperands\thelp\n");
    for (const jl_verb *v = p->prog->verbs; v && v->name; v++) {
        cell(&g, v->name, '\t');
        cell(&g, v->takes_command ? "command" : v->takes_no_input ? "none" : "file", '\t');
        cell(&g, v->help, '\n');
    }
    return g.failed ? -1 : 0;
}

int jl_help_program(const jl_parse *p, jl_buf *out, jl_err *err) {
    page g = {.out = out, .err = err};
    const jl_prog *prog = p->prog;
    const jl_opt *files = jl_parse_files_option(p);
    char names[128] = "";
    if (files) {
        snprintf(names, sizeof names, "%s%.1s%s%s%s", files->letter ? "-" : "", files->letter ? &files->letter : "",
                 files->letter && files->name ? "|" : "", files->name ? "--" : "", files->name ? files->name : "");
    }
    put_text(&g, "#name\tabout\tversion\toperands\tfiles_when\n");
    cell(&g, prog->name, '\t');
    cell(&g, prog->about, '\t');
    cell(&g, JL_VERSION, '\t');
    cell(&g, prog->takes_command ? "command" : prog->no_input || prog->no_filter ? "none" : "file", '\t');
    cell(&g, names, '\n');
    return g.failed ? -1 : 0;
}

/* A line that is already there (two back ends of one library) is not repeated. */
static void say(void *to, const char *line) {
    page *g = to;
    jl_buf whole = {0};
    bool there = jl_buf_addf(&whole, NULL, "\n%s\n", line) == 0 && g->out->n > 0 &&
                 memmem(g->out->p, g->out->n, whole.p, whole.n) != NULL;
    jl_buf_free(&whole);
    if (!there) {
        put_text(g, line);
        put(g, "\n", 1);
    }
}

int jl_help_version(const jl_parse *p, jl_buf *out, jl_err *err) {
    page g = {.out = out, .err = err};
    put_text(&g, p->prog->name);
    put_text(&g, " (jobline) " JL_VERSION "\n");
    if (p->prog->versions)
        p->prog->versions(say, &g);
    return g.failed ? -1 : 0;
}
