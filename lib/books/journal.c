/* A journal is sorted by time, so that it can be searched. */
#include "books/journal.h"

#include "base/clock.h"
#include "jsonl/write.h"

struct look_at {
    int64_t at_ms;
    bool seen;
};

/* Ends the walk at the first entry. */
static int first_time(void *self, const jl_event *e, jl_err *err) {
    struct look_at *look = self;
    look->at_ms = e->at_ms;
    look->seen = true;
    return jl_err_set(err, JL_SOFTWARE, "enough of the journal");
}

int jl_journal_time(jl_ledger *l, uint64_t seq, int64_t *at_ms, jl_err *err) {
    struct look_at look = {.at_ms = INT64_MAX};
    jl_err why = {0};
    if (l->ops->journal(l, seq, first_time, &look, &why) != 0 && !look.seen) {
        if (err)
            *err = why;
        return -1;
    }
    *at_ms = look.at_ms;
    return 0;
}

int jl_journal_seek(jl_ledger *l, uint64_t last, int64_t at_ms, uint64_t *from, jl_err *err) {
    uint64_t low = 1, high = last + 1; /* what is looked for stands at low or behind it, at high or before it */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t found;
        if (jl_journal_time(l, middle, &found, err) != 0)
            return -1;
        if (found >= at_ms)
            high = middle;
        else
            low = middle + 1;
    }
    *from = low;
    return 0;
}

int jl_journal_json(const jl_event *e, jl_buf *out, jl_err *err) {
    char at[21];
    jl_clock_rfc3339(e->at_ms * JL_MILLISECOND, at);
    return jl_write_open(out, err) != 0 || jl_write_u64(out, "seq", e->seq, err) != 0 ||
                   jl_write_text(out, "at", jl_span_of(at), err) != 0 ||
                   jl_write_text(out, "event", jl_span_of(jl_event_name(e->kind)), err) != 0 ||
                   jl_write_text(out, "id", jl_span_of(e->id), err) != 0 ||
                   jl_write_text(out, "endpoint", jl_span_of(e->endpoint), err) != 0 ||
                   jl_write_text(out, "user", jl_span_of(e->user), err) != 0 ||
                   jl_write_i64(out, "credits", e->credits, err) != 0 ||
                   jl_write_text(out, "period", jl_span_of(e->period), err) != 0 ||
                   jl_write_text(out, "reach", jl_span_of(e->reach), err) != 0 ||
                   jl_write_text(out, "note", jl_span_of(e->note), err) != 0 || jl_write_close(out, err) != 0
               ? -1
               : 0;
}

int jl_journal_violation(uint64_t seq, const char *sentence, jl_buf *out, jl_err *err) {
    return jl_write_open(out, err) != 0 || jl_write_u64(out, "seq", seq, err) != 0 ||
                   jl_write_text(out, "violation", jl_span_of(sentence), err) != 0 || jl_write_close(out, err) != 0 ||
                   jl_buf_addc(out, '\n', err) != 0
               ? -1
               : 0;
}
