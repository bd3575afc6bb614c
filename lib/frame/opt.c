/* The parser of command lines: GNU style, driven by tables alone. */
#include "frame/opt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/near.h"
#include "base/num.h"
#include "frame/parse.h"
#include "jsonl/in.h"

/* The longest line that the scanners can address is 2^32 - 1 bytes; this leaves room for padding. */
#define MAX_LINE_LIMIT (UINT64_C(2) << 30)

#define THREADS_LIMIT 256

/* Of the common options, a program without lines has those that need none. */
static bool has_common(const jl_prog *prog, const jl_opt *o) {
    static const char *const telling[] = {"output", "stats", "metrics"};
    if (!prog->no_filter || (o->letter && strchr("hVqv", o->letter)))
        return true;
    for (size_t i = 0; prog->tells && o->name && i < sizeof telling / sizeof *telling; i++)
        if (strcmp(o->name, telling[i]) == 0)
            return true;
    return false;
}

void jl_parse_init(jl_parse *p, const jl_prog *prog, jl_run *run) {
    *p = (jl_parse){.prog = prog, .run = run, .show = JL_SHOW_NOTHING};
    run->prog = prog;
    run->max_line = JL_MAX_LINE_DEFAULT;
    run->threads = 1;
    run->max_rejects = (jl_share){-1, -1};
    run->progress = JL_WHEN_NEVER;

    const jl_opt common[JL_COMMON_OPTIONS] = {
        {.letter = 'h',
         .name = "help",
         .arg = "WHAT?",
         .kind = JL_OPT_CHOICE,
         .to = &p->show,
         .words = "text|options|verbs|program",
         .help = "show this help; the other words give tables for tools"},
        {.letter = 'V',
         .name = "version",
         .kind = JL_OPT_FLAG,
         .to = &p->version,
         .help = "show the version and what it is built with"},
        {.letter = 'q', .name = "quiet", .kind = JL_OPT_FLAG, .to = &run->quiet, .help = "print errors, no warnings"},
        {.letter = 'v',
         .name = "verbose",
         .kind = JL_OPT_FLAG,
         .to = &run->verbose,
         .help = "say what is used, and at the end what was done"},
        {.letter = 'o',
         .name = "output",
         .arg = "FILE",
         .kind = JL_OPT_TEXT,
         .to = &run->output,
         .complete = JL_COMPLETE_FILE,
         .help = "write to FILE, which appears whole or not at all [stdout]"},
        {.name = "rejects",
         .arg = "FILE",
         .kind = JL_OPT_TEXT,
         .to = &run->rejects,
         .complete = JL_COMPLETE_FILE,
         .help = "put bad lines into FILE and go on [the first one ends the run]"},
        {.name = "reasons",
         .arg = "FILE",
         .kind = JL_OPT_TEXT,
         .to = &run->reasons,
         .complete = JL_COMPLETE_FILE,
         .help = "say in FILE, as a line of JSON each, where the bad lines stood and why they are bad"},
        {.name = "max-rejects",
         .arg = "N[%]",
         .kind = JL_OPT_SHARE,
         .to = &run->max_rejects,
         .help = "end with status 65 when more lines are bad; without --rejects they are dropped"},
        {.name = "max-line",
         .arg = "SIZE",
         .kind = JL_OPT_SIZE,
         .to = &run->max_line,
         .min = 1,
         .max = MAX_LINE_LIMIT,
         .help = "a longer line is a bad line [16M]"},
        {.name = "threads",
         .arg = "N",
         .kind = JL_OPT_NUMBER,
         .to = &run->threads,
         .min = 1,
         .max = THREADS_LIMIT,
         .help = "scan the input on N threads; the order of the lines stays [1]"},
        {.name = "stats",
         .arg = "FILE",
         .kind = JL_OPT_TEXT,
         .to = &run->stats,
         .complete = JL_COMPLETE_FILE,
         .help = "append the figures of the run to FILE as a line of JSON"},
        {.name = "metrics",
         .arg = "FILE",
         .kind = JL_OPT_TEXT,
         .to = &run->metrics,
         .complete = JL_COMPLETE_FILE,
         .help = "write the figures of the run to FILE for Prometheus"},
        {.name = "progress",
         .arg = "WHEN?",
         .kind = JL_OPT_CHOICE,
         .to = &run->progress,
         .words = "auto|always|never",
         .help = "show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]"},
    };
    size_t n = 0;
    for (size_t i = 0; i < JL_COMMON_OPTIONS; i++)
        if (has_common(prog, &common[i]))
            p->common[n++] = common[i];
}

static bool is_end(const jl_opt *o) {
    return o->letter == 0 && o->name == NULL;
}

static size_t own_count(const jl_parse *p) {
    size_t n = 0;
    while (p->prog->opts && !is_end(&p->prog->opts[n]))
        n++;
    return n;
}

const jl_opt *jl_parse_opt(const jl_parse *p, size_t i) {
    size_t own = own_count(p);
    const jl_opt *o = i < own ? &p->prog->opts[i] : &p->common[i - own];
    return i < JL_OPTIONS_MAX && (i < own || !is_end(o)) ? o : NULL;
}

bool jl_parse_is_common(const jl_parse *p, size_t i) {
    return i >= own_count(p);
}

const jl_opt *jl_parse_files_option(const jl_parse *p) {
    const jl_opt *o;
    for (size_t i = 0; p->prog->files_when && (o = jl_parse_opt(p, i)); i++)
        if (o->given == p->prog->files_when || o->to == p->prog->files_when)
            return o;
    return NULL;
}

bool jl_parse_reads_stdin(const jl_parse *p) {
    const jl_prog *prog = p->prog;
    return !prog->no_input && !prog->no_filter && !(p->verb && p->verb->takes_no_input) &&
           !(prog->no_input_when && *prog->no_input_when) && p->run->n_operands == 0;
}

/* A usage error that ends with the advice to read the help. */
static int usage(const jl_parse *p, jl_err *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int usage(const jl_parse *p, jl_err *err, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    return jl_err_set(err, JL_USAGE, "%s; try '%s --help'", text, p->prog->name);
}

/* "--key", or "-k" for one that has no long form; `text` holds 64 bytes. */
static const char *shown(const jl_opt *o, char *text) {
    if (o->name)
        snprintf(text, 64, "--%s", o->name);
    else
        snprintf(text, 64, "-%c", o->letter);
    return text;
}

/* Is `word` one of "a|b|c"? Its index, or -1. */
static int word_index(const char *words, jl_span word) {
    int index = 0;
    for (const char *w = words; w; index++) {
        size_t n = strcspn(w, "|");
        if (jl_span_eq((jl_span){w, n}, word))
            return index;
        w = w[n] ? w + n + 1 : NULL;
    }
    return -1;
}

/* The long name that was probably meant: one that begins so, else one at most two edits away. NULL: none. */
static const char *nearest(const jl_parse *p, jl_span name) {
    const char *best = NULL;
    size_t best_distance = name.n < 4 ? 2 : 3; /* to be undercut */
    const jl_opt *o;
    for (size_t i = 0; (o = jl_parse_opt(p, i)); i++) {
        if (!o->name)
            continue;
        size_t far =
            name.n >= 3 && strncmp(o->name, name.p, name.n) == 0 ? 0 : jl_near_distance(name, jl_span_of(o->name));
        if (far < best_distance) {
            best = o->name;
            best_distance = far;
        }
    }
    return best;
}

static int unknown_option(const jl_parse *p, jl_span name, jl_err *err) {
    const char *meant = nearest(p, name);
    int n = (int)(name.n < 100 ? name.n : 100);
    if (meant)
        return usage(p, err, "unknown option '--%.*s' (did you mean '--%s'?)", n, name.p, meant);
    return usage(p, err, "unknown option '--%.*s'", n, name.p);
}

static int add_text(jl_texts *list, const char *text, jl_err *err) {
    const char **grown = realloc(list->text, (list->n + 1) * sizeof *grown);
    if (!grown)
        return jl_err_nomem(err);
    grown[list->n] = text;
    *list = (jl_texts){grown, list->n + 1};
    return 0;
}

static int set_size(const jl_opt *o, const char *text, jl_err *err) {
    uint64_t bytes;
    if (jl_num_size(jl_span_of(text), &bytes, err) != 0)
        return -1;
    if (bytes < o->min)
        return jl_err_set(err, JL_USAGE, "'%.100s' is less than %llu", text, (unsigned long long)o->min);
    if (o->max && bytes > o->max)
        return jl_err_set(err, JL_USAGE, "'%.100s' is more than %llu", text, (unsigned long long)o->max);
    *(uint64_t *)o->to = bytes;
    return 0;
}

static int set_choice(const jl_opt *o, const char *text, jl_err *err) {
    int index = text ? word_index(o->words, jl_span_of(text)) : 0;
    if (index < 0)
        return jl_err_set(err, JL_USAGE, "'%.100s' is none of %s", text, o->words);
    *(int *)o->to = index;
    return 0;
}

/* Stores a value; `text` is NULL for flags and where an optional value was left out. */
static int set_value(const jl_opt *o, const char *text, jl_err *err) {
    switch (o->kind) {
    case JL_OPT_FLAG:
    case JL_OPT_REST:
        *(bool *)o->to = true;
        return 0;
    case JL_OPT_TEXT:
        *(const char **)o->to = text ? text : "";
        return 0;
    case JL_OPT_LIST:
        return add_text(o->to, text ? text : "", err);
    case JL_OPT_NUMBER:
        return jl_num_u64(jl_span_of(text), o->min, o->max ? o->max : UINT64_MAX, o->to, err);
    case JL_OPT_SIZE:
        return set_size(o, text ? text : "", err);
    case JL_OPT_TIME:
        return jl_num_duration(jl_span_of(text), o->to, err);
    case JL_OPT_CHOICE:
        return set_choice(o, text, err);
    case JL_OPT_SHARE: {
        jl_share *share = o->to;
        return jl_num_share(jl_span_of(text), &share->count, &share->percent, err);
    }
    case JL_OPT_CALL:
        return o->call(o->to, text, err);
    }
    return jl_err_set(err, JL_SOFTWARE, "an option table has an unknown kind");
}

/* set_value with the option's (or the variable's) name in front of its complaint. */
static int set_named(const jl_parse *p, const jl_opt *o, const char *name, const char *text, jl_err *err) {
    if (set_value(o, text, err) == 0)
        return 0;
    if (!err || err->class == JL_SOFTWARE)
        return -1;
    jl_class class = err->class;
    char reason[sizeof err->text];
    memcpy(reason, err->text, sizeof reason);
    usage(p, err, "%s: %s", name, reason);
    err->class = class;
    return -1;
}

static bool takes_value(const jl_opt *o) {
    return o->kind != JL_OPT_FLAG && o->kind != JL_OPT_REST;
}

static bool value_optional(const jl_opt *o) {
    size_t n = o->arg ? strlen(o->arg) : 0;
    return n > 0 && o->arg[n - 1] == '?';
}

/* The state of one pass over argv. */
typedef struct scan {
    jl_parse *p;
    char **argv;
    int argc;
    int next;        /* the argument to look at next */
    bool no_options; /* "--" has passed, or the first word of a COMMAND */
    bool literal;    /* "--" has passed: no operand is a verb any more */
} scan;

/* Option `i` has been met, with what was attached to it (NULL: nothing); takes the next argument when it needs one. */
static int meet(scan *s, size_t i, const char *attached, jl_err *err) {
    jl_parse *p = s->p;
    const jl_opt *o = jl_parse_opt(p, i);
    char name[64];
    shown(o, name);
    if (attached && !takes_value(o))
        return usage(p, err, "option '%s' takes no value", name);
    if (!attached && takes_value(o) && !value_optional(o)) {
        if (s->next == s->argc)
            return usage(p, err, "option '%s' needs a value: %s", name, o->arg ? o->arg : "VALUE");
        attached = s->argv[s->next++];
    }
    if (set_named(p, o, name, attached, err) != 0)
        return -1;
    p->given[i] = true;
    if (o->given)
        *o->given = true;
    if (o->kind == JL_OPT_REST) {
        p->run->rest = s->argv + s->next; /* argv ends with NULL */
        s->next = s->argc;
    }
    return 0;
}

static int meet_long(scan *s, const char *text, jl_err *err) {
    const char *equals = strchr(text, '=');
    jl_span name = {text, equals ? (size_t)(equals - text) : strlen(text)};
    const jl_opt *o;
    for (size_t i = 0; (o = jl_parse_opt(s->p, i)); i++)
        if (o->name && jl_span_eq(jl_span_of(o->name), name))
            return meet(s, i, equals ? equals + 1 : NULL, err);
    return unknown_option(s->p, name, err);
}

static bool letter_index(const jl_parse *p, char letter, size_t *i) {
    const jl_opt *o;
    for (*i = 0; (o = jl_parse_opt(p, *i)); ++*i)
        if (o->letter == letter)
            return true;
    return false;
}

static bool ended(const jl_parse *p) {
    return p->show != JL_SHOW_NOTHING || p->version;
}

/* "-abc", "-xVALUE", "-x": the text behind the dash. */
static int meet_letters(scan *s, const char *text, jl_err *err) {
    for (const char *c = text; *c && !ended(s->p); c++) {
        size_t i;
        if (!letter_index(s->p, *c, &i))
            return usage(s->p, err, "unknown option '-%c'", *c);
        const jl_opt *o = jl_parse_opt(s->p, i);
        if (takes_value(o) && !value_optional(o))
            return meet(s, i, c[1] ? c + 1 : NULL, err);
        /* A rest option takes whole arguments only. */
        if (o->kind == JL_OPT_REST && c[1])
            return usage(s->p, err, "option '-%c' must be the last of its cluster", *c);
        if (meet(s, i, NULL, err) != 0)
            return -1;
    }
    return 0;
}

static const jl_verb *find_verb(const jl_prog *prog, const char *name) {
    for (const jl_verb *v = prog->verbs; v && v->name; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

/* Do the operands met so far begin a COMMAND, whose options are its own? */
static bool begins_command(const jl_parse *p) {
    if (p->verb)
        return p->verb->takes_command;
    return p->prog->takes_command && !(p->prog->files_when && *p->prog->files_when);
}

/* A file that somebody gives a program to read has mostly a dot, a slash or a digit in its name. */
static bool looks_like_verb(const char *text) {
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
    return n > 2 && text[n] == '\0';
}

static int refuse_verb(const scan *s, const char *text, jl_err *err) {
    char list[160] = "";
    size_t used = 0;
    for (const jl_verb *v = s->p->prog->verbs; v && v->name && used + 40 < sizeof list; v++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.32s", used ? ", " : "", v->name);
    return usage(s->p, err, "'%.100s' is neither a verb nor a file; the verbs: %s", text, list);
}

/* The first operand was meant to be a verb if it is nearly one, or looks like one, and no file; where there are no files, in any
   case. */
static int check_typo(const scan *s, const char *text, jl_err *err) {
    bool files = !s->p->prog->no_filter;
    for (const jl_verb *v = s->literal ? NULL : s->p->prog->verbs; v && v->name; v++)
        if (jl_near_distance(jl_span_of(text), jl_span_of(v->name)) <= 2 && !(files && access(text, F_OK) == 0))
            return usage(s->p, err, "'%.100s' is %s (did you mean '%s'?)", text,
                         files ? "neither a verb nor a file" : "no verb", v->name);
    if (files && !s->literal && looks_like_verb(text) && access(text, F_OK) != 0)
        return refuse_verb(s, text, err);
    return 0;
}

static int take_operand(scan *s, char *text, jl_err *err) {
    jl_parse *p = s->p;
    if (!p->verb && p->prog->verbs) {
        p->verb = s->literal ? NULL : find_verb(p->prog, text);
        if (p->verb)
            return 0;
        if (check_typo(s, text, err) != 0)
            return -1;
        p->verb = p->prog->verbs;
    }
    p->run->operand[p->run->n_operands++] = text;
    if (begins_command(p))
        s->no_options = true;
    return 0;
}

static int scan_args(scan *s, jl_err *err) {
    while (s->next < s->argc && !ended(s->p)) {
        char *text = s->argv[s->next++];
        if (s->no_options || text[0] != '-' || text[1] == '\0') {
            if (take_operand(s, text, err) != 0)
                return -1;
        } else if (strcmp(text, "--") == 0) {
            s->no_options = true;
            s->literal = true;
        } else if ((text[1] == '-' ? meet_long(s, text + 2, err) : meet_letters(s, text + 1, err)) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Values from the environment for what the command line left open. An empty variable counts as none. */
static int fill_from_environment(jl_parse *p, jl_err *err) {
    const jl_opt *o;
    for (size_t i = 0; (o = jl_parse_opt(p, i)); i++) {
        const char *text = o->env && !p->given[i] ? getenv(o->env) : NULL;
        if (!text || !*text || (o->verbs && p->verb && word_index(o->verbs, jl_span_of(p->verb->name)) < 0))
            continue;
        if (o->kind == JL_OPT_FLAG && strcmp(text, "0") == 0)
            continue;
        if (set_named(p, o, o->env, text, err) != 0)
            return -1;
    }
    return 0;
}

static int check_verb(const jl_parse *p, jl_err *err) {
    const jl_opt *o;
    for (size_t i = 0; p->verb && (o = jl_parse_opt(p, i)); i++) {
        if (p->given[i] && o->verbs && word_index(o->verbs, jl_span_of(p->verb->name)) < 0) {
            char name[64];
            return usage(p, err, "option '%s' is not for '%s', only for %s", shown(o, name), p->verb->name, o->verbs);
        }
    }
    return 0;
}

int jl_parse_check(const jl_parse *p, jl_err *err) {
    const jl_run *run = p->run;
    if (p->verb && p->verb->takes_no_input && run->n_operands)
        return usage(p, err, "'%s' takes no operand such as '%.100s'", p->verb->name, run->operand[0]);
    if (begins_command(p) && run->n_operands == 0) {
        const jl_opt *files = p->verb ? NULL : jl_parse_files_option(p);
        char name[64];
        if (files)
            return usage(p, err, "a COMMAND is missing (or the option %s)", shown(files, name));
        return usage(p, err, "a COMMAND is missing");
    }
    if (run->rest && !run->rest[0])
        return usage(p, err, "a COMMAND is missing at the end");
    return 0;
}

int jl_parse_args(jl_parse *p, int argc, char **argv, jl_err *err) {
    p->run->operand = calloc((size_t)argc + 1, sizeof *p->run->operand);
    if (!p->run->operand)
        return jl_err_nomem(err);
    scan s = {.p = p, .argv = argv, .argc = argc, .next = argc > 0};
    if (scan_args(&s, err) != 0)
        return -1;
    if (ended(p))
        return 0;
    if (!p->verb)
        p->verb = p->prog->verbs;
    p->run->verb = p->verb ? p->verb->name : NULL;
    if (check_verb(p, err) != 0 || fill_from_environment(p, err) != 0)
        return -1;
    return 0;
}

void jl_parse_free(jl_parse *p) {
    const jl_opt *o;
    for (size_t i = 0; (o = jl_parse_opt(p, i)); i++) {
        if (o->kind == JL_OPT_LIST) {
            jl_texts *list = o->to;
            free(list->text);
            *list = (jl_texts){0};
        }
    }
    free(p->run->operand);
    p->run->operand = NULL;
    p->run->n_operands = 0;
}
