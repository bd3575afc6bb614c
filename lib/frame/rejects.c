/* Decides what a bad line means for the run. */
#include "frame/rejects.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TOLD_AT_MOST 10 /* warnings; the count of all stands in the summary */

/* Two outputs in one file would overwrite each other. */
static bool same_file(const char *a, const char *b) {
    struct stat one, other;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static int check_names(const jl_run *run, jl_err *err) {
    const struct {
        const char *option, *path;
    } file[] = {{"-o", run->output}, {"--rejects", run->rejects}, {"--reasons", run->reasons}};
    const size_t n = sizeof file / sizeof *file;
    for (size_t b = 1; b < n; b++)
        for (size_t a = 0; a < b; a++)
            if (file[a].path && file[b].path && same_file(file[a].path, file[b].path))
                return jl_err_set(err, JL_USAGE, "%s and %s name the same file: %s", file[a].option, file[b].option,
                                  file[b].path);
    return 0;
}

static int aside_open(jl_aside *a, const char *path, jl_err *err) {
    if (!path)
        return 0;
    if (jl_atomic_open(&a->file, path, err) != 0)
        return -1;
    if (jl_out_open(&a->out, a->file.fd, path, err) != 0) {
        jl_atomic_abandon(&a->file);
        return -1;
    }
    a->open = true;
    return 0;
}

static int aside_close(jl_aside *a, bool keep, jl_err *err) {
    if (!a->open)
        return 0;
    a->open = false;
    int rc = keep ? jl_out_flush(&a->out, err) : 0;
    jl_out_free(&a->out);
    if (rc == 0 && keep)
        return jl_atomic_commit(&a->file, "", err);
    jl_atomic_abandon(&a->file);
    return rc;
}

int jl_rejects_open(jl_rejects *r, jl_run *run, jl_err *err) {
    memset(r, 0, sizeof *r);
    r->run = run;
    r->lines.file.fd = r->reasons.file.fd = -1;
    r->tolerant = run->rejects || run->max_rejects.count >= 0 || run->max_rejects.percent >= 0;
    if (check_names(run, err) != 0 || aside_open(&r->lines, run->rejects, err) != 0)
        return -1;
    if (aside_open(&r->reasons, run->reasons, err) != 0) {
        (void)aside_close(&r->lines, false, NULL);
        return -1;
    }
    return 0;
}

static int write_reason(jl_rejects *r, const char *input, const jl_err *why, jl_err *err) {
    if (!r->reasons.open)
        return 0;
    jl_buf_clear(&r->text);
    return jl_write_open(&r->text, err) || jl_write_text(&r->text, "input", jl_span_of(input), err) ||
                   jl_write_u64(&r->text, "line", why->line, err) || jl_write_u64(&r->text, "byte", why->byte, err) ||
                   jl_write_text(&r->text, "reason", jl_span_of(why->text), err) || jl_write_close(&r->text, err)
               ? -1
               : jl_out_line(&r->reasons.out, jl_buf_span(&r->text), err);
}

/* Counts the line; says whether the run can bear it. */
static int rejects_count(jl_rejects *r, const jl_err *why, jl_err *err) {
    jl_run *run = r->run;
    run->rejected++;
    if (!r->tolerant) {
        *err = *why;
        return -1;
    }
    if (run->max_rejects.count >= 0 && run->rejected > (uint64_t)run->max_rejects.count) {
        *err = *why;
        (void)jl_err_set(err, JL_DATA, "%s (more than --max-rejects=%" PRId64 ")", why->text, run->max_rejects.count);
        jl_err_place(err, why->file, why->line);
        err->byte = why->byte;
        return -1;
    }
    if (r->told++ < TOLD_AT_MOST) {
        char byte[40] = ""; /* what is wrong with a record as a whole has none */
        if (why->byte)
            (void)snprintf(byte, sizeof byte, "byte %" PRIu64 ": ", why->byte);
        jl_run_warn(run, "%s:%" PRIu64 ": %s%s%s", why->file, why->line, byte, why->text,
                    r->told == TOLD_AT_MOST ? " (further bad lines are only counted)" : "");
    }
    return 0;
}

int jl_rejects_piece(jl_rejects *r, jl_span piece, bool first, bool last, const char *input, const jl_err *why,
                     jl_err *err) {
    if (r->lines.open &&
        (jl_out_add(&r->lines.out, piece, err) != 0 || (last && jl_out_add(&r->lines.out, JL_SPAN("\n"), err) != 0)))
        return -1;
    if (!jl_rejects_judges(r, first, last))
        return 0;
    return write_reason(r, input, why, err) == 0 ? rejects_count(r, why, err) : -1;
}

int jl_rejects_add(jl_rejects *r, jl_span line, const char *input, const jl_err *why, jl_err *err) {
    return jl_rejects_piece(r, line, true, true, input, why, err);
}

int jl_rejects_share(const jl_rejects *r, jl_err *err) {
    const jl_run *run = r->run;
    double allowed = run->max_rejects.percent;
    if (allowed < 0 || (double)run->rejected * 100 <= allowed * (double)run->lines_in)
        return 0;
    return jl_err_set(err, JL_DATA, "%" PRIu64 " of %" PRIu64 " lines are bad, more than --max-rejects=%g%%",
                      run->rejected, run->lines_in, allowed);
}

int jl_rejects_close(jl_rejects *r, jl_err *err) {
    int lines = aside_close(&r->lines, true, err);
    int reasons = aside_close(&r->reasons, true, lines == 0 ? err : NULL);
    jl_buf_free(&r->text);
    return lines == 0 ? reasons : lines;
}
