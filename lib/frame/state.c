/* Where a piece of state lives: option, environment, or the user's own folder. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/url.h"
#include "frame/run.h"
#include "frame/secret.h"

/* mkdir -p with mode 0700, for the folders that are new. `path` is absolute and changed while this runs. */
static int make_folders(char *path, jl_err *err) {
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return jl_err_errno(err, JL_CANTCREAT, errno, "cannot create the folder '%s'", path);
        if (!slash)
            return 0;
        *slash = '/';
    }
}

/* $XDG_STATE_HOME, else ~/.local/state; the XDG Base Directory Specification says that a relative path counts as
   none. */
static int default_folder(const char *name, char *folder, size_t size, jl_err *err) {
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    bool xdg = state && state[0] == '/';
    if (!xdg && (!home || home[0] != '/')) {
        return jl_err_set(err, JL_CONFIG,
                          "neither XDG_STATE_HOME nor HOME is set: say where '%s' is kept, for example "
                          "with sqlite:PATH",
                          name);
    }
    int n = snprintf(folder, size, "%s%s/jobline", xdg ? state : home, xdg ? "" : "/.local/state");
    if (n < 0 || (size_t)n >= size)
        return jl_err_set(err, JL_CONFIG, "the path of the folder for state is too long");
    return 0;
}

static int default_url(const char *name, bool makes_folder, jl_url *url, jl_err *err) {
    char folder[sizeof url->path - 256];
    if (default_folder(name, folder, sizeof folder, err) != 0 || (makes_folder && make_folders(folder, err) != 0))
        return -1;
    *url = (jl_url){.scheme = "sqlite"};
    int n = snprintf(url->path, sizeof url->path, "%s/%s.db", folder, name);
    return n > 0 && (size_t)n < sizeof url->path ? 0 : jl_err_set(err, JL_USAGE, "the name '%s' is too long", name);
}

int jl_run_state_folder(const jl_url *url, jl_err *err) {
    char folder[sizeof url->path - 256];
    jl_err ignored = {0};
    if (strcmp(url->scheme, "sqlite") != 0 || default_folder(url->path, folder, sizeof folder, &ignored) != 0)
        return 0;
    size_t n = strlen(folder);
    bool inside = strncmp(url->path, folder, n) == 0 && url->path[n] == '/' && !strchr(url->path + n + 1, '/');
    return inside ? make_folders(folder, err) : 0;
}

/* `where` names the source in messages. */
static int parse_named(const char *where, jl_span text, jl_url *url, jl_err *err) {
    jl_err reason = {0};
    if (jl_url_parse(text, url, &reason) != 0)
        return jl_err_set(err, reason.class, "%s: %s", where, reason.text);
    return 0;
}

static int from_file(const char *where, const char *path, jl_url *url, jl_err *err) {
    jl_buf text = {0};
    int result = jl_secret_read(path, true, &text, err);
    if (result == 0)
        result = parse_named(where, jl_buf_span(&text), url, err);
    if (text.p)
        explicit_bzero(text.p, text.cap);
    jl_buf_free(&text);
    return result;
}

int jl_run_state_url(const jl_run *run, const char *option, bool from_argv, const char *env, const char *name,
                     jl_url *url, jl_err *err) {
    const char *variable = env ? getenv(env) : NULL;
    bool in_argv = option && from_argv && option != variable;
    const char *text = option ? option : variable && *variable ? variable : NULL;
    if (!text)
        return default_url(name, !run->no_state_folder, url, err);
    const char *where = in_argv || !env ? name : env;
    if (text[0] == '@')
        return from_file(where, text + 1, url, err);
    if (parse_named(where, jl_span_of(text), url, err) != 0)
        return -1;
    if (!jl_url_secret(url))
        return 0;
    jl_secret_held();
    if (in_argv) {
        jl_url_wipe(url);
        return jl_err_set(err, JL_USAGE,
                          "everybody can see a password on a command line: put the URL into %s%sa file that "
                          "only you can read, given as @FILE",
                          env ? env : "", env ? ", or into " : "");
    }
    return 0;
}
