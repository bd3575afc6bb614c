/* What a posting says about pay: amounts, currency, period. */
#ifndef JL_JOB_SALARY_H
#define JL_JOB_SALARY_H

#include "job/job.h"

/* Unknown parts are empty: nothing is made up, converted or annualised. */
typedef struct jl_salary {
    char min[32], max[32]; /* plain JSON numbers: digits, perhaps a point and digits; never zero */
    char currency[4];      /* ISO 4217 */
    const char *period;    /* static, one of hour, day, week, two_weeks, month, year; NULL = unknown */
} jl_salary;

/* The period that a source's word or code stands for: YEARLY, ANNUAL, PER_YEAR, "a year", HOURLY, "/hr", DAILY, WEEKLY,
   BIWEEKLY, MONTHLY, …, and the codes of USAJOBS (PA, PH, PD, PM, BW). NULL: none that is known; so are USAJOBS' WC
   (without compensation), PW (piece work), SY (school year), FB (fee basis). Static. */
const char *jl_salary_period(jl_span text);

/* An amount as a number or as the text of one: "134751.0", "120000", "$120,000.50", "120k", "€ 45 000". The spelling of
   a plain number stays. False: no amount, zero, negative, more than 24 digits before the point, or one that is written
   in no way known here ("1,23", "1.234.567", "1e5"). */
bool jl_salary_amount(jl_span text, char amount[32]);

/* A currency by its ISO code in any case, or by a symbol that only one currency has: "€", "£", "US$", "CA$", "₹". "$"
   alone is several: false. */
bool jl_salary_currency(jl_span text, char currency[4]);

/* Fills what is unknown from a sentence: "$120k - $150k a year", "From £30,000 per annum", "Up to $25 an hour".
   Nothing is taken out of one that has other than one or two amounts, two currencies, two periods, neither currency
   nor period, or an amount that can be read in two ways ("45.000 €"). "From" gives min alone, "Up to" max alone, one
   amount gives both. */
void jl_salary_sentence(jl_span text, jl_salary *salary);

/* The currency of the country that a site's host belongs to ("uk.indeed.com", "www.glassdoor.de", "www.indeed.com" →
   USD); "" when it is not known. For callers that want a guess; static. */
const char *jl_salary_currency_of_host(jl_span host);

/* Sets salary_min … salary_period. Amounts that stand the wrong way round change places; currency and period without an
   amount set nothing. */
int jl_salary_put(const jl_salary *salary, jl_job *job, jl_err *err);

#endif
