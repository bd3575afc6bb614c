/* The table of endpoints, in the words of the settings. */
#include "hasdata/prices.h"

#include <inttypes.h>
#include <stdio.h>

#include "hasdata/hasdata.h"

int jl_hasdata_prices(int (*each)(void *self, const char *change, jl_err *err), void *self, jl_err *err) {
    char change[JL_ENDPOINT_MAX + 64];
    const jl_hasdata_endpoint *e;
    for (size_t i = 0; (e = jl_hasdata_endpoint_at(i)) != NULL; i++) {
        (void)snprintf(change, sizeof change, "price.%s=%" PRIu64 ":%" PRIu64, e->name, e->normal, e->worst);
        if (each(self, change, err) != 0)
            return -1;
    }
    return 0;
}
