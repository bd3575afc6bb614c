/* dlopen, dlsym, a message that helps. */
#include "wire/late.h"

#include <dlfcn.h>
#include <stdio.h>

static int late_fail(const jl_late *late, const char *why, jl_err *err) {
    return jl_err_set(err, JL_USAGE, "%s cannot be used (%s): install %s (Debian's package %s)", late->what, why,
                      late->soname, late->package);
}

int jl_late_load(jl_late *late, jl_err *err) {
    if (late->loaded)
        return 0;
    void *library = dlopen(late->soname, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        return late_fail(late, why ? why : "it cannot be loaded", err);
    }
    for (size_t i = 0; i < late->n; i++) {
        late->call[i] = dlsym(library, late->name[i]);
        if (!late->call[i]) {
            char why[128];
            (void)snprintf(why, sizeof why, "it has no %s", late->name[i]);
            (void)dlclose(library);
            return late_fail(late, why, err);
        }
    }
    late->loaded = true;
    return 0;
}
