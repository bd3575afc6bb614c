/* An account with a provider, as it stands in a ledger: settings, sums, holds. */
#ifndef JL_GATE_ACCOUNT_H
#define JL_GATE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "gate/period.h"

#define JL_PROVIDER_MAX 64
#define JL_ENDPOINT_MAX 64
#define JL_USER_MAX 128
#define JL_NOTICE_MAX 96
#define JL_PRICES_MAX 64
#define JL_ALERTS_MAX 8
#define JL_CREDITS_MAX INT64_C(1000000000000) /* of any setting or cost: sums stay exact in a double */

typedef struct jl_price {
    char endpoint[JL_ENDPOINT_MAX + 1];
    int64_t normal, worst; /* credits; 0 <= normal <= worst */
} jl_price;

/* The settings, by the names under which people set them:

     budget              credits a period                                             200000
     anchor              day of the month on which a period begins, 1 to 31           1
     concurrency         calls at once, 1 to 10000                                    15
     rate                calls a second, fractions allowed; 0 = no limit              0
     burst               calls that may come at once within the rate, >= 1            1
     timeout             of a call, a duration of at most 2d                          300s
     grace               added to it makes the lease of a call that was sent; 2d most 30s
     hold                lease of a hold that was not sent; 2d at most                60s
     alerts              percents of the budget, rising, "70,90"; "" = none           70,90
     user-cap            credits a user may spend in a period; 0 = no limit           0
     priority-share      percent of the budget that only priority calls may use       0
     breaker-rate        percent of failures among the window's calls that opens it   50
     breaker-window      calls that it looks back on, 1 to 1000                       50
     breaker-calls       with fewer calls in the window it stays closed, unless full  10
     breaker-cooldown    from open to half-open, a duration                           60s
     breaker-probes      calls at once, and successes wanted, while half-open         1
     price.ENDPOINT      NORMAL or NORMAL:WORST; "" takes the entry away              (none: the program knows its own)
*/
typedef struct jl_settings {
    int64_t budget;
    int anchor;
    int concurrency;
    double rate;
    int burst;
    int64_t timeout, grace, hold; /* ns */
    int alert[JL_ALERTS_MAX];
    size_t alerts;
    int64_t user_cap;
    int priority_share;
    int breaker_rate, breaker_window, breaker_calls, breaker_probes;
    int64_t breaker_cooldown; /* ns */
    jl_price price[JL_PRICES_MAX];
    size_t prices;
} jl_settings;

typedef enum jl_breaker_state { JL_BREAKER_CLOSED = 0, JL_BREAKER_OPEN, JL_BREAKER_HALF_OPEN } jl_breaker_state;
typedef enum jl_breaker_why { JL_OPEN_FAILURES = 0, JL_OPEN_QUOTA, JL_OPEN_PERSON } jl_breaker_why;

typedef struct jl_hold {
    char id[33];
    char endpoint[JL_ENDPOINT_MAX + 1];
    char user[JL_USER_MAX + 1];
    int state; /* jl_hold_state: RESERVED, SENT or UNCERTAIN */
    bool priority, probe;
    int64_t normal, worst;
    int64_t age;   /* ns since it was reserved */
    int64_t lease; /* ns until its lease ends; of an UNCERTAIN one 0 */
    char period[JL_PERIOD_SIZE], reach[JL_PERIOD_SIZE];
} jl_hold;

/* What was spent in a period, by all and by each user. */
typedef struct jl_period_sum {
    char period[JL_PERIOD_SIZE];
    char user[JL_USER_MAX + 1];
    int64_t spent;
} jl_period_sum;

/* A hold that was settled or is void: kept so that it is not settled twice. */
typedef struct jl_ended {
    char id[33];
    int state; /* jl_hold_state: SETTLED or VOID */
    int64_t charged;
    char period[JL_PERIOD_SIZE];
} jl_ended;

typedef struct jl_account {
    jl_settings settings;
    char period[JL_PERIOD_SIZE]; /* the current one */
    char next[JL_PERIOD_SIZE];   /* the one behind it */
    int64_t now_ms;              /* the ledger's clock, since 1970 */
    int64_t spent;               /* in this period, credits; with `uncertain` */
    int64_t held;                /* worst cases of the live holds that reach this period */
    int64_t carried;             /* of UNCERTAIN holds of an earlier period that reach this one */
    int64_t uncertain;           /* of spent: what UNCERTAIN holds were charged */
    uint32_t live;               /* RESERVED and SENT holds */
    jl_breaker_state breaker;
    jl_breaker_why why;       /* of an open or half-open one */
    int64_t breaker_wait;     /* ns until an open one becomes half-open; -1 = until it is closed by hand */
    uint32_t calls, failures; /* in the breaker's window */
    uint32_t probes_well;     /* successes since it is half-open */
    uint64_t seq;             /* of the journal's last entry */
    jl_hold *hold;            /* live and UNCERTAIN ones, by age; owned */
    size_t holds;
    jl_period_sum
        *sum; /* of each period with the user "" = all; of the current and the previous period also by user; owned */
    size_t sums;
    jl_ended *ended; /* of this and the previous period; made by a replay for restore(), never by look(); owned */
    size_t endings;
} jl_account;

void jl_account_default(jl_settings *s);
void jl_account_free(jl_account *a);
/* What the current period has to bear: spent + held + carried. */
int64_t jl_account_committed(const jl_account *a);

/* Changes one setting from "NAME=VALUE". -1 (JL_USAGE): no such name, a value out of its range or that does not go with
   the others (normal > worst). */
int jl_account_set(jl_settings *s, const char *change, jl_err *err);
/* Writes settings as the texts that jl_account_set takes: one NAME=VALUE a call, all of them in a fixed order. */
int jl_account_each(const jl_settings *s, int (*each)(void *self, const char *name, const char *value, jl_err *err),
                    void *self, jl_err *err);
/* NULL: no such entry. */
const jl_price *jl_account_price(const jl_settings *s, const char *endpoint);

#endif
