/* Decides what a bad line means for the run. */
#include "frame/rejects.h"

#include <inttypes.h>
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

int jl_rejects_open(jl_rejects *r, jl_run *run, jl_err *err) {
    memset(r, 0, sizeof *r);
    r->run = run;
    r->file.fd = -1;
    r->tolerant = run->rejects || run->max_rejects.count >= 0 || run->max_rejects.percent >= 0;
    if (!run->rejects)
        return 0;
    if (run->output && same_file(run->output, run->rejects))
        return jl_err_set(err, JL_USAGE, "-o and --rejects name the same file: %s", run->rejects);
    if (jl_atomic_open(&r->file, run->rejects, err) != 0)
        return -1;
    if (jl_out_open(&r->out, r->file.fd, run->rejects, err) != 0) {
        jl_atomic_abandon(&r->file);
        return -1;
    }
    r->open = true;
    return 0;
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
    if (r->told++ < TOLD_AT_MOST)
        jl_run_warn(run, "%s:%" PRIu64 ": byte %" PRIu64 ": %s%s", why->file, why->line, why->byte, why->text,
                    r->told == TOLD_AT_MOST ? " (further bad lines are only counted)" : "");
    return 0;
}

int jl_rejects_piece(jl_rejects *r, jl_span piece, bool first, bool last, const jl_err *why, jl_err *err) {
    if (r->open && (jl_out_add(&r->out, piece, err) != 0 || (last && jl_out_add(&r->out, JL_SPAN("\n"), err) != 0)))
        return -1;
    return jl_rejects_judges(r, first, last) ? rejects_count(r, why, err) : 0;
}

int jl_rejects_add(jl_rejects *r, jl_span line, const jl_err *why, jl_err *err) {
    return jl_rejects_piece(r, line, true, true, why, err);
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
    if (!r->open)
        return 0;
    int rc = jl_out_flush(&r->out, err);
    jl_out_free(&r->out);
    if (rc == 0)
        rc = jl_atomic_commit(&r->file, "", err);
    else
        jl_atomic_abandon(&r->file);
    r->open = false;
    return rc;
}
