/* HTML read as a browser without style sheets would show it, in one forward pass. */
#include "job/html.h"

#include <stdint.h>

#include "job/space.h"

/* ---- character references ---- */

/* U+00A0 … U+00FF by their names in HTML 4. */
static const char *const latin[96] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",
    "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",
    "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",
    "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute",
    "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave",
    "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

static const struct reference {
    const char *name;
    uint32_t code;
} references[] = {
    {"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},
    {"apos", '\''},     {"AMP", '&'},       {"LT", '<'},        {"GT", '>'},
    {"QUOT", '"'},      {"ndash", 0x2013},  {"mdash", 0x2014},  {"lsquo", 0x2018},
    {"rsquo", 0x2019},  {"sbquo", 0x201a},  {"ldquo", 0x201c},  {"rdquo", 0x201d},
    {"bdquo", 0x201e},  {"bull", 0x2022},   {"hellip", 0x2026}, {"prime", 0x2032},
    {"Prime", 0x2033},  {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"euro", 0x20ac},
    {"trade", 0x2122},  {"larr", 0x2190},   {"rarr", 0x2192},   {"minus", 0x2212},
    {"le", 0x2264},     {"ge", 0x2265},     {"ne", 0x2260},     {"asymp", 0x2248},
    {"infin", 0x221e},  {"check", 0x2713},  {"star", 0x2606},   {"ensp", 0x2002},
    {"emsp", 0x2003},   {"thinsp", 0x2009}, {"zwnj", 0x200c},   {"zwj", 0x200d},
    {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},  {"scaron", 0x161},
    {"Yuml", 0x178},    {"fnof", 0x192},    {"dagger", 0x2020}, {"Dagger", 0x2021},
    {"permil", 0x2030}, {"tab", '\t'},      {"Tab", '\t'},      {"NewLine", '\n'},
    {"nbsp", 0xa0},     {"comma", ','},     {"period", '.'},    {"colon", ':'},
    {"semi", ';'},      {"excl", '!'},      {"quest", '?'},     {"lpar", '('},
    {"rpar", ')'},      {"sol", '/'},       {"num", '#'},       {"dollar", '$'},
    {"percnt", '%'},    {"ast", '*'},       {"plus", '+'},      {"commat", '@'},
    {"lowbar", '_'},    {"hyphen", 0x2010}, {"zwsp", 0x200b},   {"ZeroWidthSpace", 0x200b},
};

#define REFERENCE_MAX 16

static uint32_t named(jl_span name) {
    for (size_t i = 0; i < sizeof references / sizeof *references; ++i)
        if (jl_span_eq(name, jl_span_of(references[i].name)))
            return references[i].code;
    for (uint32_t i = 0; i < 96; ++i)
        if (jl_span_eq(name, jl_span_of(latin[i])))
            return 0xa0 + i;
    return 0;
}

/* What browsers make of numbers that are no characters (HTML, "numeric character reference end state"). */
static uint32_t repaired(uint32_t code) {
    static const uint16_t windows[32] = {0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                         0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
                                         0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                         0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};
    if (code >= 0x80 && code <= 0x9f)
        return windows[code - 0x80];
    bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
    return control || code == 0x7f || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0xfffd : code;
}

static unsigned digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 32;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* "#8217;" or "#x2019;" behind the ampersand; the length, 0 = it is none. */
static size_t numeric(jl_span text, uint32_t *code) {
    bool hex = text.n > 1 && (text.p[1] | 32) == 'x';
    unsigned base = hex ? 16 : 10;
    size_t start = hex ? 2 : 1;
    size_t i = start;
    uint32_t sum = 0;
    for (; i < text.n && digit_value(text.p[i]) < base; ++i)
        if (sum <= 0x10ffff)
            sum = sum * base + digit_value(text.p[i]);
    if (i == start)
        return 0;
    *code = repaired(sum);
    return i + (i < text.n && text.p[i] == ';');
}

/* The length of the reference at `text`, which begins with an ampersand; 0: it stands for itself, *code stays. */
static size_t reference(jl_span text, uint32_t *code) {
    jl_span rest = {text.p + 1, text.n - 1};
    if (rest.n && rest.p[0] == '#') {
        size_t n = numeric(rest, code);
        return n ? n + 1 : 0;
    }
    size_t n = 0;
    while (n < rest.n && n < REFERENCE_MAX && rest.p[n] != ';')
        ++n;
    if (n == rest.n || n == REFERENCE_MAX)
        return 0;
    uint32_t found = named((jl_span){rest.p, n});
    if (!found)
        return 0;
    *code = found;
    return n + 2;
}

static size_t utf8_of(uint32_t code, char to[4]) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(code | (n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0));
    return n;
}

int jl_html_decode(jl_span text, jl_buf *out, jl_err *err) {
    while (text.n > 0) {
        const char *amp = memchr(text.p, '&', text.n);
        size_t plain = amp ? (size_t)(amp - text.p) : text.n;
        uint32_t code = '&';
        char utf8[4];
        if (jl_buf_add(out, (jl_span){text.p, plain}, err))
            return -1;
        text = (jl_span){text.p + plain, text.n - plain};
        if (text.n == 0)
            break;
        size_t n = reference(text, &code);
        if (jl_buf_add(out, (jl_span){utf8, utf8_of(code, utf8)}, err))
            return -1;
        n += n == 0;
        text = (jl_span){text.p + n, text.n - n};
    }
    return 0;
}

/* ---- tags ---- */

typedef struct tag {
    char name[16]; /* lower case; "" when it is longer than any that matters */
    bool closing;  /* </name> */
    bool whole;    /* <name/> */
    jl_span text;  /* between '<' and '>' */
} tag;

static bool letter(char c) {
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* The '>' that ends the tag which begins at `p`, behind '<'; `end` when there is none: then nothing behind it shows. */
static const char *tag_end(const char *p, const char *end) {
    char quote = 0;
    for (; p < end; ++p)
        if (quote)
            quote = *p == quote ? 0 : quote;
        else if (*p == '>')
            return p;
        else if ((*p == '"' || *p == '\'') && p[-1] == '=')
            quote = *p;
    return end;
}

/* Reads the tag at `p`, which is '<' and begins one; returns the byte behind it. */
static const char *read_tag(const char *p, const char *end, tag *t) {
    const char *close = tag_end(p + 1, end);
    *t = (tag){.text = {p + 1, (size_t)(close - p - 1)}};
    t->closing = t->text.n && t->text.p[0] == '/';
    t->whole = t->text.n && close[-1] == '/';
    size_t n = 0;
    for (const char *q = p + 1 + t->closing; q < close && (letter(*q) || (*q >= '0' && *q <= '9') || *q == '-'); ++q) {
        if (n == sizeof t->name - 1) {
            n = 0;
            break;
        }
        t->name[n++] = *q >= 'A' && *q <= 'Z' ? (char)(*q + 32) : *q;
    }
    t->name[n] = '\0';
    return close + (close < end);
}

/* The '<' of the next "</name"; `end` when there is none. */
static const char *find_closing(const char *p, const char *end, const char *name) {
    size_t n = strlen(name);
    while (p < end) {
        p = memchr(p, '<', (size_t)(end - p));
        if (!p)
            break;
        if ((size_t)(end - p) >= n + 2 && p[1] == '/') {
            size_t i = 0;
            while (i < n && (p[2 + i] | 32) == name[i])
                ++i;
            if (i == n && !((size_t)(end - p) > n + 2 && letter(p[2 + n])))
                return p;
        }
        ++p;
    }
    return end;
}

static bool listed(const char *name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; ++i)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}
#define LISTED(name, list) listed(name, list, sizeof(list) / sizeof *(list))

/* How many line ends a tag asks for at least. */
static int lines_of(const char *name) {
    static const char *const two[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "hr", "pre"};
    static const char *const single[] = {
        "div",    "section", "article",  "header",  "footer",  "main",    "aside",  "nav",    "ul",      "ol",
        "dl",     "dt",      "dd",       "li",      "tr",      "form",    "figure", "option", "address", "figcaption",
        "legend", "body",    "fieldset", "caption", "summary", "details", "html",   "button", "label"};
    return LISTED(name, two) ? 2 : LISTED(name, single) ? 1 : 0;
}

static bool hides_content(const tag *t) {
    static const char *const hidden[] = {"script", "style",  "template", "noscript", "head",   "title",
                                         "svg",    "iframe", "textarea", "select",   "object", "canvas"};
    return !t->closing && !t->whole && t->name[0] && LISTED(t->name, hidden);
}

/* ---- text ---- */

/* What is owed before the next visible character. */
typedef struct writer {
    jl_buf *out;
    size_t start; /* of the text in `out` */
    int lines;    /* line ends, at most 2 */
    bool space, bullet;
    jl_err *err;
} writer;

static int put_visible(writer *w, jl_span text) {
    bool first = w->out->n == w->start;
    for (int i = 0; i < w->lines && !first; ++i)
        if (jl_buf_addc(w->out, '\n', w->err))
            return -1;
    bool at_line_start = first || w->lines > 0;
    if (w->bullet && jl_buf_add(w->out, JL_SPAN("- "), w->err))
        return -1;
    if (w->space && !at_line_start && !w->bullet && jl_buf_addc(w->out, ' ', w->err))
        return -1;
    w->lines = 0;
    w->space = w->bullet = false;
    return jl_buf_add(w->out, text, w->err);
}

/* Text without tags and references. */
static int put_text(writer *w, jl_span text) {
    while (text.n > 0) {
        size_t space = jl_space_at(text);
        size_t n = space;
        if (space) {
            w->space = true;
        } else {
            while (n < text.n && !jl_space_at((jl_span){text.p + n, text.n - n}))
                ++n;
            if (put_visible(w, (jl_span){text.p, n}))
                return -1;
        }
        text = (jl_span){text.p + n, text.n - n};
    }
    return 0;
}

static void ask_lines(writer *w, int lines) {
    if (w->lines < lines)
        w->lines = lines;
}

static void show_tag(writer *w, const tag *t) {
    if (strcmp(t->name, "br") == 0) {
        w->lines += w->lines < 2;
        return;
    }
    ask_lines(w, lines_of(t->name));
    if (strcmp(t->name, "li") == 0)
        w->bullet = !t->closing;
    if (strcmp(t->name, "td") == 0 || strcmp(t->name, "th") == 0)
        w->space = true;
}

/* Behind a comment, declaration or processing instruction at `p`. What is not closed hides the rest. */
static const char *behind_declaration(const char *p, const char *end) {
    bool comment = end - p >= 4 && memcmp(p, "<!--", 4) == 0;
    const char *close = comment ? memmem(p + 4, (size_t)(end - p - 4), "-->", 3) : memchr(p, '>', (size_t)(end - p));
    return close ? close + (comment ? 3 : 1) : end;
}

/* One '<' and what it begins; returns the byte behind, NULL: memory ran out. */
static const char *markup(writer *w, const char *p, const char *end) {
    char next = end - p > 1 ? p[1] : ' ';
    if (next == '!' || next == '?')
        return behind_declaration(p, end);
    if (!letter(next) && !(next == '/' && end - p > 2 && letter(p[2])))
        return put_visible(w, (jl_span){p, 1}) ? NULL : p + 1;
    tag t;
    p = read_tag(p, end, &t);
    show_tag(w, &t);
    return hides_content(&t) ? find_closing(p, end, t.name) : p;
}

static const char *ampersand(writer *w, const char *p, const char *end) {
    uint32_t code = '&';
    char utf8[4];
    size_t n = reference((jl_span){p, (size_t)(end - p)}, &code);
    return put_text(w, (jl_span){utf8, utf8_of(code, utf8)}) ? NULL : p + (n ? n : 1);
}

int jl_html_text(jl_span html, jl_buf *out, jl_err *err) {
    writer w = {.out = out, .start = out->n, .err = err};
    const char *p = html.p;
    const char *end = html.p + html.n;
    while (p < end) {
        const char *plain = p;
        while (p < end && *p != '<' && *p != '&')
            ++p;
        if (put_text(&w, (jl_span){plain, (size_t)(p - plain)}))
            return -1;
        if (p < end)
            p = *p == '<' ? markup(&w, p, end) : ampersand(&w, p, end);
        if (!p)
            return -1;
    }
    return 0;
}

/* ---- scripts ---- */

static bool same(jl_span text, const char *lower) {
    if (text.n != strlen(lower))
        return false;
    for (size_t i = 0; i < text.n; ++i)
        if ((text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]) != lower[i])
            return false;
    return true;
}

/* The value at the beginning of `text`, quoted or not. */
static jl_span attribute_value(jl_span text) {
    text = jl_space_trim(text);
    if (text.n && (text.p[0] == '"' || text.p[0] == '\'')) {
        const char *close = memchr(text.p + 1, text.p[0], text.n - 1);
        size_t n = close ? (size_t)(close - text.p - 1) : text.n - 1;
        return jl_space_trim((jl_span){text.p + 1, n});
    }
    size_t n = 0;
    while (n < text.n && !jl_space_at((jl_span){text.p + n, text.n - n}))
        ++n;
    return (jl_span){text.p, n};
}

static bool has_type(jl_span inside, const char *type) {
    for (size_t i = 1; i + 5 <= inside.n; ++i) {
        if (!same((jl_span){inside.p + i, 4}, "type") || letter(inside.p[i - 1]) || inside.p[i - 1] == '-')
            continue;
        jl_span rest = jl_space_trim((jl_span){inside.p + i + 4, inside.n - i - 4});
        return rest.n && rest.p[0] == '=' && same(attribute_value((jl_span){rest.p + 1, rest.n - 1}), type);
    }
    return false;
}

bool jl_html_script(jl_span html, const char *type, size_t *at, jl_span *content) {
    const char *end = html.p + html.n;
    const char *p = html.p + *at;
    while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
        tag t = {.name = ""};
        if (end - p > 7 && same((jl_span){p + 1, 6}, "script"))
            p = read_tag(p, end, &t);
        else
            ++p;
        if (strcmp(t.name, "script") != 0)
            continue;
        const char *close = find_closing(p, end, "script");
        *content = (jl_span){p, (size_t)(close - p)};
        *at = (size_t)(close - html.p);
        if (has_type(t.text, type))
            return true;
        p = close;
    }
    *at = html.n;
    return false;
}
