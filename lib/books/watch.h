/* What somebody has to be told once: thresholds that were crossed, breakers that opened, calls that are uncertain. */
#ifndef JL_BOOKS_WATCH_H
#define JL_BOOKS_WATCH_H

#include "base/buf.h"
#include "gate/ledger.h"

#define JL_WATCH_BACK_MS (INT64_C(7) * 86400 * 1000) /* what is older than that is nobody's news */

typedef enum jl_notice_kind { JL_NOTICE_ALERT = 1, JL_NOTICE_BREAKER, JL_NOTICE_UNCERTAIN } jl_notice_kind;

typedef struct jl_notice {
    char key[80]; /* names it: what has the same key is the same news. Room for a word and ':' before it in a ledger */
    jl_notice_kind kind;
    char period[JL_PERIOD_SIZE]; /* of an alert */
    int percent;                 /* of an alert: the threshold */
    int64_t spent, budget;       /* of an alert */
    char why[16];                /* of an opening: "failures", "quota", "person" */
    int64_t at_ms;               /* of an opening: when, since 1970 */
    char id[JL_HOLD_ID_SIZE];    /* of an uncertain call */
    char endpoint[JL_ENDPOINT_MAX + 1], user[JL_USER_MAX + 1];
    int64_t credits; /* that it was charged */
} jl_notice;

typedef struct jl_watch {
    jl_notice *notice; /* owned */
    size_t n;
} jl_watch;

/* Thresholds of the current period, and of the one before while that ended less than JL_WATCH_BACK_MS ago; the calls
   that are uncertain now. */
int jl_watch_account(jl_watch *w, const jl_account *a, jl_err *err);
/* Takes the next entry of the journal (`self` is the jl_watch): openings. Begin at JL_WATCH_BACK_MS before now. */
int jl_watch_event(void *self, const jl_event *e, jl_err *err);
/* Both, out of a ledger. */
int jl_watch_look(jl_watch *w, jl_ledger *l, jl_err *err);
void jl_watch_free(jl_watch *w);

/* Has a notice told once in one way ("print", "run", "webhook"), which each have marks of their own in the ledger: claims it for
   `lease` ns, which is longer than `how` takes, calls `how`, and notes whether that went well; if not, whoever comes next
   tells it. Returns 1: told; 0: it was told before, or somebody is at it, or `how` has failed, with `why` filled; -1: the
   ledger failed. */
int jl_watch_tell(jl_ledger *l, const jl_notice *n, const char *way, int64_t lease,
                  int (*how)(void *self, const jl_notice *n, jl_err *err), void *self, jl_err *why, jl_err *err);
/* The two steps alone, for what is told together: 1 = the caller has it now. */
int jl_watch_claim(jl_ledger *l, const jl_notice *n, const char *way, int64_t lease, jl_err *err);
int jl_watch_told(jl_ledger *l, const jl_notice *n, const char *way, bool done, jl_err *err);

/* "alert", "breaker", "uncertain". */
const char *jl_notice_word(jl_notice_kind k);
/* One sentence without LF. */
int jl_notice_text(const jl_notice *n, const char *provider, jl_buf *out, jl_err *err);
/* One JSON object without LF: "notice", "provider", "text" and what belongs to its kind. */
int jl_notice_json(const jl_notice *n, const char *provider, jl_buf *out, jl_err *err);

#endif
