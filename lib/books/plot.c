/* Lengths made visible: in columns of a terminal, in user units of SVG. */
#include "base/num.h"
#include "books/plot.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- terminal ---- */

static double bounded(double share) {
    return share > 0 ? share < 1 ? share : 1 : 0; /* a NaN is no share */
}

static int repeat(const char *text, size_t n, jl_buf *out, jl_err *err) {
    for (size_t i = 0; i < n; i++)
        if (jl_buf_add(out, jl_span_of(text), err) != 0)
            return -1;
    return 0;
}

int jl_plot_bar(double share, size_t width, bool blocks, const char *fill, jl_buf *out, jl_err *err) {
    /* Unicode, Block Elements: U+2588 is a full block, U+2589 to U+258F are seven eighths down to one. */
    static const char *const part[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    size_t parts = blocks ? 8 : 1;
    double exact = bounded(share) * (double)(width * parts);
    size_t n = (size_t)(exact + 0.5);
    if (n == 0 && exact > 0)
        n = 1;
    size_t whole = n / parts, rest = n % parts;
    if (repeat(blocks ? "█" : "#", whole, out, err) != 0 || repeat(part[rest], rest > 0, out, err) != 0)
        return -1;
    return fill ? repeat(fill, width - whole - (rest > 0), out, err) : 0;
}

/* ---- SVG ---- */

#define PICTURE 800.0 /* its width in user units */
#define LEFT 84.0     /* of the plotting area when values follow in time */
#define RIGHT 24.0
#define TOP 64.0
#define RUNNING 200.0 /* height of the running sum, */
#define BETWEEN 44.0  /* of the gap below it, */
#define BARS 130.0    /* of the bars */
#define BOTTOM 44.0
#define NAMES 200.0 /* width of the names beside lying bars */
#define LINE 26.0   /* height of a lying bar with its gap */
#define NAME_SHOWN 28

/* A picture being written. The first failure is kept and ends all further work. */
typedef struct sketch {
    jl_buf *out;
    jl_err *err;
    bool failed;
} sketch;

static void put(sketch *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(sketch *s, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text)
        n = 0; /* all formats are short, and texts go through put_text */
    s->failed = s->failed || jl_buf_add(s->out, (jl_span){text, (size_t)n}, s->err) != 0;
}

static void put_span(sketch *s, jl_span text) {
    s->failed = s->failed || jl_buf_add(s->out, text, s->err) != 0;
}

/* Text as XML wants it, of at most `most` characters. */
static void put_text(sketch *s, const char *text, size_t most) {
    char safe[1024];
    (void)jl_err_escape(jl_span_of(text), safe, sizeof safe);
    size_t shown = 0;
    for (const char *c = safe; *c; c++) {
        shown += ((unsigned char)*c & 0xc0) != 0x80;
        if (shown > most) {
            put(s, "…");
            return;
        }
        switch (*c) {
        case '&':
            put_span(s, JL_SPAN("&amp;"));
            break;
        case '<':
            put_span(s, JL_SPAN("&lt;"));
            break;
        case '>':
            put_span(s, JL_SPAN("&gt;"));
            break;
        case '"':
            put_span(s, JL_SPAN("&quot;"));
            break;
        default:
            put_span(s, (jl_span){c, 1});
        }
    }
}

static void head(sketch *s, const jl_plot *p, double height) {
    put(s,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
        "role=\"img\" aria-label=\"",
        PICTURE, height, PICTURE, height);
    put_text(s, p->title, SIZE_MAX);
    /* No CSS variables: few viewers besides browsers know them. */
    put_span(s,
             JL_SPAN("\">\n<style>\n"
                     "text{font:12px sans-serif;fill:#1f2328}.faint{fill:#656d76}.title{font-size:16px;font-weight:600}"
                     ".right{text-anchor:end}.middle{text-anchor:middle}\n"
                     ".page{fill:#fff}.bar{fill:#2f6fb2}.area{fill:#2f6fb2;fill-opacity:.2}"
                     ".sum{fill:none;stroke:#2f6fb2;stroke-width:2}.grid{stroke:#d8dee4}"
                     ".limit{stroke:#b3261e;stroke-dasharray:6 4}.mark{stroke:#656d76;stroke-dasharray:2 4}\n"
                     "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}.page{fill:#0d1117}"
                     ".bar,.area{fill:#6cb0f5}.sum{stroke:#6cb0f5}.grid{stroke:#30363d}.limit{stroke:#ff8a80}"
                     ".mark{stroke:#9198a1}}\n</style>\n"));
    put(s, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n<text class=\"title\" x=\"24\" y=\"28\">", PICTURE,
        height);
    put_text(s, p->title, 90);
    put(s, "</text>\n<text class=\"faint\" x=\"24\" y=\"46\">");
    put_text(s, p->subtitle, 120);
    put(s, "</text>\n");
}

static int64_t whole(double value) {
    return (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static double largest(const jl_plot *p) {
    double most = 0;
    for (size_t i = 0; i < p->n; i++)
        most = p->value[i].value > most ? p->value[i].value : most;
    return most > 0 ? most : 1;
}

/* A level with its figure at the left. */
static void level(sketch *s, const char *class, double y, double value) {
    char number[32];
    put(s, "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", class, LEFT, PICTURE - RIGHT, y, y);
    put(s, "<text class=\"faint right\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", LEFT - 8, y + 4,
        jl_num_text(whole(value), number));
}

static double place(const jl_plot *p, size_t i) {
    size_t places = p->places > p->n ? p->places : p->n;
    return LEFT + (PICTURE - LEFT - RIGHT) * (double)i / (double)(places ? places : 1);
}

static void running_sum(sketch *s, const jl_plot *p) {
    double bottom = TOP + RUNNING, most = p->limit > 0 ? p->limit : 1, sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        sum += p->value[i].value + p->value[i].beside;
        most = sum > most ? sum : most;
    }
    double scale = RUNNING / most / 1.05;
    level(s, "grid", bottom, 0);
    for (size_t i = 0; i < p->marks && p->limit > 0; i++)
        level(s, "mark", bottom - p->limit * p->mark[i] / 100 * scale, p->limit * p->mark[i] / 100);
    if (p->limit > 0)
        level(s, "limit", bottom - p->limit * scale, p->limit);
    for (int outline = 0; outline < 2; outline++) {
        put(s, "<path class=\"%s\" d=\"M%.1f %.1f", outline ? "sum" : "area", LEFT, bottom);
        sum = 0;
        for (size_t i = 0; i < p->n; i++) {
            sum += p->value[i].value + p->value[i].beside;
            put(s, "L%.1f %.1f", place(p, i + 1), bottom - (sum > 0 ? sum : 0) * scale);
        }
        if (!outline)
            put(s, "V%.1fZ", bottom);
        put(s, "\"/>\n");
    }
}

static void standing_bars(sketch *s, const jl_plot *p) {
    double bottom = TOP + RUNNING + BETWEEN + BARS, most = largest(p), gap = place(p, 1) - place(p, 0);
    size_t step = gap < 22 ? 4 : gap < 44 ? 2 : 1; /* names that fit side by side */
    char number[32];
    level(s, "grid", bottom, 0);
    level(s, "grid", bottom - BARS, most);
    for (size_t i = 0; i < p->n; i++) {
        double height = p->value[i].value > 0 ? p->value[i].value / most * BARS : 0;
        put(s, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
            place(p, i) + gap * 0.1, bottom - height, gap * 0.8, height);
        put_text(s, p->value[i].name, 64);
        put(s, ": %s ", jl_num_text(whole(p->value[i].value), number));
        put_text(s, p->unit, 32);
        put(s, "</title></rect>\n");
        if (i % step)
            continue;
        const char *name = p->value[i].name;
        put(s, "<text class=\"faint middle\" x=\"%.1f\" y=\"%.1f\">", place(p, i) + gap / 2, bottom + 18);
        put_text(s, strlen(name) == strlen("2026-11-22") ? name + 5 : name, 10);
        put(s, "</text>\n");
    }
}

static void lying_bars(sketch *s, const jl_plot *p) {
    double most = largest(p), room = PICTURE - NAMES - RIGHT - 90;
    char number[32];
    for (size_t i = 0; i < p->n; i++) {
        double y = TOP + LINE * (double)i, value = p->value[i].value;
        put(s, "<text class=\"right\" x=\"%.1f\" y=\"%.1f\">", NAMES - 8, y + 15);
        put_text(s, p->value[i].name[0] ? p->value[i].name : "-", NAME_SHOWN);
        put(s, "</text><rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", NAMES, y + 2,
            value > 0 ? value / most * room : 0, LINE - 8);
        put(s, "<text class=\"faint\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
            NAMES + (value > 0 ? value / most * room : 0) + 8, y + 15, jl_num_text(whole(value), number));
    }
}

int jl_plot_svg(const jl_plot *p, jl_buf *out, jl_err *err) {
    sketch s = {.out = out, .err = err};
    if (p->running) {
        head(&s, p, TOP + RUNNING + BETWEEN + BARS + BOTTOM);
        running_sum(&s, p);
        standing_bars(&s, p);
    } else {
        head(&s, p, TOP + LINE * (double)p->n + BOTTOM / 2);
        lying_bars(&s, p);
    }
    put(&s, "</svg>\n");
    return s.failed ? -1 : 0;
}
