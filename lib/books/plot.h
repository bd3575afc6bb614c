/* Bars, of block characters for a terminal or as a picture in SVG. */
#ifndef JL_BOOKS_PLOT_H
#define JL_BOOKS_PLOT_H

#include "base/buf.h"

/* Appends a bar of share (0 to 1) of `width` columns: of eighths of blocks, or of '#' when `blocks` is false. Whatever is
   above 0 shows at least the smallest mark. `fill`: NULL, or what the rest of the width is filled with. */
int jl_plot_bar(double share, size_t width, bool blocks, const char *fill, jl_buf *out, jl_err *err);

typedef struct jl_plot_value {
    const char *name;
    double value;
    double beside; /* with `running`: in the running sum, and not in the bar */
} jl_plot_value;

/* Borrowed; texts may come from anywhere. */
typedef struct jl_plot {
    const char *title, *subtitle;
    const char *unit; /* "credits" */
    const jl_plot_value *value;
    size_t n;
    bool running;    /* values follow each other in time: above them their running sum stands, against `limit` */
    double limit;    /* with `running`: a line there; 0 = none */
    const int *mark; /* with `limit`: further lines, percents of it */
    size_t marks;
    size_t places; /* with `running`: room for so many values, at least n */
} jl_plot;

/* Appends a picture that needs nothing but itself, for light and dark pages. */
int jl_plot_svg(const jl_plot *p, jl_buf *out, jl_err *err);

#endif
