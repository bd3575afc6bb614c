/* What has to succeed in a test, with the error's own words when it does not. */
#ifndef JL_TESTS_WELL_H
#define JL_TESTS_WELL_H

#include "unit/cmocka_all.h"

#include "base/err.h"

static inline void well(int rc, const jl_err *err) {
    if (rc != 0)
        fail_msg("%d: %s", (int)err->class, err->text);
}

#endif
