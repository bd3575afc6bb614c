/* Adopts differences in an order in which a crash leaves nothing that a second run would not mend. */
#include "base/num.h"
#include "books/sync.h"

#include <inttypes.h>

#include "base/clock.h"
#include "books/journal.h"
#include "books/plot.h"
#include "jsonl/write.h"

static uint32_t uncertain_calls(const jl_account *a) {
    uint32_t n = 0;
    for (size_t i = 0; i < a->holds; i++)
        n += a->hold[i].state == JL_HOLD_UNCERTAIN;
    return n;
}

/* At what they were charged, so that no sum changes. Those that somebody has settled meanwhile stay as they are. */
static int settle_uncertain(jl_ledger *l, const jl_account *a, const char *by, uint32_t *settled, jl_err *err) {
    for (size_t i = 0; i < a->holds; i++) {
        const jl_hold *h = &a->hold[i];
        if (h->state != JL_HOLD_UNCERTAIN)
            continue;
        jl_settle settle = {.id = h->id,
                            .to = JL_HOLD_SETTLED,
                            .cost = h->worst,
                            .outcome = JL_CALL_NEUTRAL,
                            .by = by,
                            .endpoint = h->endpoint,
                            .user = h->user,
                            .worst = h->worst};
        jl_settled result;
        if (l->ops->settle(l, &settle, &result, err) != 0)
            return -1;
        *settled += result.before == JL_HOLD_UNCERTAIN;
    }
    return 0;
}

/* Ends the walk at the first call that has ended, for its sending. */
static int find_ended(void *self, const jl_event *e, jl_err *err) {
    bool *found = self;
    bool by_sync = strcmp(e->note, "sync") == 0;
    bool unsent = e->kind == JL_EVENT_VOID && strcmp(e->note, "lease") == 0;
    bool ends = e->kind == JL_EVENT_SETTLE || e->kind == JL_EVENT_VOID || e->kind == JL_EVENT_UNCERTAIN;
    if (!ends || by_sync || unsent)
        return 0;
    *found = true;
    return jl_err_set(err, JL_SOFTWARE, "enough of the journal");
}

/* Has a call ended in the last `settled` ns? */
static int ended_lately(jl_ledger *l, const jl_account *now, int64_t settled, bool *lately, jl_err *err) {
    uint64_t from;
    jl_err why = {0};
    *lately = false;
    if (settled <= 0)
        return 0;
    if (jl_journal_seek(l, now->seq, now->now_ms - settled / JL_MILLISECOND, &from, err) != 0)
        return -1;
    if (l->ops->journal(l, from, find_ended, lately, &why) == 0 || *lately)
        return 0;
    if (err)
        *err = why;
    return -1;
}

/* What is to become of the difference. It is not adopted into another period than that which it was found in, and a
   decrease not while the provider may not have counted all calls. */
static int decide(jl_ledger *l, const jl_account *then, int64_t settled, jl_sync *s, jl_err *err) {
    jl_account now = {0};
    bool lately = false;
    if (l->ops->look(l, &now, err) != 0)
        return -1;
    int rc = s->difference < 0 ? ended_lately(l, &now, settled, &lately, err) : 0;
    s->live = now.live > then->live ? now.live : then->live;
    if (strcmp(now.period, then->period) != 0)
        s->end = JL_SYNC_NEW_PERIOD;
    else if (s->difference < 0 && s->live > 0)
        s->end = JL_SYNC_CALLS_OUT;
    else if (lately)
        s->end = JL_SYNC_CALLS_LATE;
    jl_account_free(&now);
    return rc;
}

int jl_sync_adopt(jl_ledger *l, const jl_account *then, int64_t used, int64_t settled, bool dry_run, jl_sync *s,
                  jl_err *err) {
    *s = (jl_sync){.used = used,
                   .spent = then->spent,
                   .difference = used - then->spent,
                   .live = then->live,
                   .uncertain = uncertain_calls(then),
                   .end = dry_run ? JL_SYNC_DRY : JL_SYNC_ADOPTED};
    if (!dry_run && decide(l, then, settled, s, err) != 0)
        return -1;
    if (s->end != JL_SYNC_ADOPTED)
        return 0;
    /* First the money: if this is all that happens, the calls are still uncertain, and the next sync finds no
       difference and settles them. */
    if (s->difference != 0 && l->ops->adjust(l, s->difference, "sync", err) != 0)
        return -1;
    return settle_uncertain(l, then, "sync", &s->settled, err);
}

int jl_sync_reset(jl_ledger *l, int64_t *taken, jl_err *err) {
    jl_account a = {0};
    uint32_t settled = 0;
    if (l->ops->look(l, &a, err) != 0)
        return -1;
    /* First the calls: one that was voided later would take off what is gone already. */
    int rc = settle_uncertain(l, &a, "person", &settled, err);
    if (rc == 0 && a.spent != 0)
        rc = l->ops->adjust(l, -a.spent, "reset", err);
    *taken = a.spent;
    jl_account_free(&a);
    return rc;
}

/* ---- as text ---- */

static const struct {
    const char *name, *sentence;
} ends[] = {
    [JL_SYNC_ADOPTED] = {"adopted", "adopted"},
    [JL_SYNC_DRY] = {"dry-run", "not adopted (--dry-run)"},
    [JL_SYNC_CALLS_OUT] = {"calls-out", "not adopted, as calls are out whose cost may not be counted yet"},
    [JL_SYNC_CALLS_LATE] = {"calls-late", "not adopted, as a call has ended lately (--settled), whose cost may not be "
                                          "counted yet"},
    [JL_SYNC_NEW_PERIOD] = {"new-period", "not adopted, as a new period has begun"},
};

int jl_sync_text(const jl_sync *s, jl_buf *out, jl_err *err) {
    char used[32], spent[32], difference[32];
    if (jl_buf_addf(out, err, "provider    %s used\nledger      %s spent\ndifference  %s%s, %s\n",
                    jl_num_text(s->used, used), jl_num_text(s->spent, spent), s->difference > 0 ? "+" : "",
                    jl_num_text(s->difference, difference), ends[s->end].sentence) != 0)
        return -1;
    return s->uncertain ? jl_buf_addf(out, err, "uncertain   %" PRIu32 " call%s, %" PRIu32 " settled\n", s->uncertain,
                                      s->uncertain == 1 ? "" : "s", s->settled)
                        : 0;
}

int jl_sync_json(const jl_sync *s, const char *provider, jl_buf *out, jl_err *err) {
    return jl_write_open(out, err) != 0 || jl_write_text(out, "provider", jl_span_of(provider), err) != 0 ||
                   jl_write_i64(out, "used", s->used, err) != 0 || jl_write_i64(out, "spent", s->spent, err) != 0 ||
                   jl_write_i64(out, "difference", s->difference, err) != 0 ||
                   jl_write_u64(out, "live", s->live, err) != 0 ||
                   jl_write_raw(out, "adopted", s->end == JL_SYNC_ADOPTED ? JL_SPAN("true") : JL_SPAN("false"), err) !=
                       0 ||
                   jl_write_text(out, "end", jl_span_of(ends[s->end].name), err) != 0 ||
                   jl_write_u64(out, "uncertain", s->uncertain, err) != 0 ||
                   jl_write_u64(out, "settled", s->settled, err) != 0 || jl_write_close(out, err) != 0 ||
                   jl_buf_addc(out, '\n', err) != 0
               ? -1
               : 0;
}
