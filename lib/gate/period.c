/* Where billing periods begin, reckoned in days of the calendar. */
#include "gate/period.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define LAST_SECOND INT64_C(253402300799) /* of the year 9999: names have four digits for it */

static int days_of_month(int year, int month) { /* from 1 */
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int first_day(int year, int month, int anchor) {
    int days = days_of_month(year, month);
    return anchor < days ? anchor : days;
}

static void write_digits(char *to, int value, int n) {
    for (int i = n - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
}

static int read_digits(const char *from, int n) {
    int value = 0;
    for (int i = 0; i < n; i++)
        value = value * 10 + (from[i] - '0');
    return value;
}

static int64_t midnight(int year, int month, int day) {
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return timegm(&t);
}

void jl_period_of(int64_t seconds, int anchor, char period[JL_PERIOD_SIZE]) {
    time_t at = seconds < 0 ? 0 : seconds > LAST_SECOND ? LAST_SECOND : seconds;
    struct tm t = {0};
    (void)gmtime_r(&at, &t);
    int year = t.tm_year + 1900;
    int month = t.tm_mon + 1;
    if (t.tm_mday < first_day(year, month, anchor) && --month == 0) {
        month = 12;
        year--;
    }
    memcpy(period, "0000-00-00", JL_PERIOD_SIZE);
    write_digits(period, year, 4);
    write_digits(period + 5, month, 2);
    write_digits(period + 8, first_day(year, month, anchor), 2);
}

int64_t jl_period_start(const char *period) {
    return midnight(read_digits(period, 4), read_digits(period + 5, 2), read_digits(period + 8, 2));
}

int64_t jl_period_end(const char *period, int anchor) {
    int year = read_digits(period, 4);
    int month = read_digits(period + 5, 2);
    /* Later in the same month only when the anchor was another one when the period began. */
    if (first_day(year, month, anchor) <= read_digits(period + 8, 2) && ++month == 13) {
        month = 1;
        year++;
    }
    return midnight(year, month, first_day(year, month, anchor));
}
