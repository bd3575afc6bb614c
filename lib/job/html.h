/* Text out of HTML. */
#ifndef JL_JOB_HTML_H
#define JL_JOB_HTML_H

#include "base/buf.h"

/* Appends what a reader would see of `html`, as UTF-8: tags and comments gone; script, style, template, noscript, head,
   title, svg, iframe, textarea, select, object and canvas gone with their content; block elements and <br> end lines,
   paragraphs, headings and tables leave a line empty; list items begin with "- "; table cells part by a space;
   character references decoded, numeric ones too; white space as a browser would show it. Ill-formed HTML gives some
   text, never an error; linear time whatever comes. -1: memory ran out. */
int jl_html_text(jl_span html, jl_buf *out, jl_err *err);

/* Appends `text` with its character references decoded and nothing else changed. */
int jl_html_decode(jl_span text, jl_buf *out, jl_err *err);

/* The content of the next <script> whose type is `type` (case does not matter), from *at on; *at moves behind it.
   False: there is none. Reading all of them takes linear time. Start with *at = 0. */
bool jl_html_script(jl_span html, const char *type, size_t *at, jl_span *content);

#endif
