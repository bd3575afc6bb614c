/* From a URL to the table of jobs that its scheme names. */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"

/* Schemes that a reader of the manual may try although this program was not built with them. */
static const char *const known[] = {"sqlite",  "postgres", "postgresql", "redis",   "redis+unix", "mysql", "mariadb",
                                    "mongodb", "file",     "s3",         "parquet", "duckdb",     NULL};

static bool is_known(const char *scheme) {
    for (const char *const *k = known; *k; k++)
        if (strcmp(*k, scheme) == 0)
            return true;
    return false;
}

static int refuse_scheme(const jl_jobs_opener *const *openers, const char *scheme, jl_err *err) {
    char list[128] = "";
    for (size_t used = 0; *openers && used + 34 < sizeof list; openers++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.32s:", used ? " " : "", (*openers)->scheme);
    if (is_known(scheme))
        return jl_err_set(err, JL_USAGE, "%s: is not supported by this build, which has: %s", scheme, list);
    return jl_err_set(err, JL_USAGE, "%s: is not a scheme known here; this build has: %s", scheme, list);
}

static unsigned mode_of(const jl_url *url) {
    struct stat st;
    return strcmp(url->scheme, "sqlite") == 0 && stat(url->path, &st) == 0 ? st.st_mode & 0666 : 0;
}

jl_jobs *jl_jobs_open(const jl_jobs_opener *const *openers, const jl_url *url, int64_t patience, jl_err *err) {
    for (const jl_jobs_opener *const *o = openers; *o; o++)
        if (strcmp((*o)->scheme, url->scheme) == 0) {
            jl_jobs *s = (*o)->open(url, patience, err);
            if (s)
                s->mode = mode_of(url);
            return s;
        }
    (void)refuse_scheme(openers, url->scheme, err);
    return NULL;
}

/* ---- the side file ---- */

/* A model's name is printable ASCII, but a file's name has no slash and does not begin with what hides it. */
static int add_model(jl_buf *path, const char *model, jl_err *err) {
    for (const char *c = model; *c; c++) {
        bool plain = *c != '/' && *c != '%' && *c > ' ' && *c < 0x7f;
        if ((plain ? jl_buf_addc(path, *c, err) : jl_buf_addf(path, err, "%%%02X", (unsigned)(unsigned char)*c)) != 0)
            return -1;
    }
    return jl_buf_add(path, JL_SPAN(".index"), err);
}

/* $XDG_CACHE_HOME, else ~/.cache; the XDG Base Directory Specification says that a relative path counts as none. */
static int cache_folder(jl_buf *path, jl_err *err) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache && cache[0] == '/')
        return jl_buf_addf(path, err, "%s", cache);
    if (home && home[0] == '/')
        return jl_buf_addf(path, err, "%s/.cache", home);
    return jl_err_set(err, JL_CONFIG, "neither XDG_CACHE_HOME nor HOME is set: there is no place for the index");
}

/* Whoever writes there later says why it cannot be done. */
static int make_folder(jl_buf *path, jl_err *err) {
    const char *text = jl_buf_text(path, err);
    if (!text)
        return -1;
    (void)mkdir(text, 0700);
    return 0;
}

/* What tells two stores of servers apart; the password does not, and stays out of names. */
static int add_store(jl_buf *path, const jl_url *url, jl_err *err) {
    jl_buf name = {0};
    int rc = jl_buf_addf(&name, err, "%s@%s:%u/%s?%s|%s", url->user, url->host, (unsigned)url->port, url->path,
                         jl_url_secret(url) ? "" : url->query, url->hosts);
    if (rc == 0)
        rc = jl_buf_addf(path, err, "/jobs-%016llx.", (unsigned long long)jl_digest(jl_buf_span(&name), 0));
    jl_buf_free(&name);
    return rc;
}

static int server_path(jl_buf *path, const jl_url *url, jl_err *err) {
    if (cache_folder(path, err) != 0 || make_folder(path, err) != 0 ||
        jl_buf_add(path, JL_SPAN("/jobline"), err) != 0 || make_folder(path, err) != 0)
        return -1;
    return add_store(path, url, err);
}

char *jl_jobs_index_path(const jl_url *url, const char *model, jl_err *err) {
    jl_buf path = {0};
    bool file = strcmp(url->scheme, "sqlite") == 0;
    int rc = file ? jl_buf_addf(&path, err, "%s.", url->path) : server_path(&path, url, err);
    if (rc == 0 && add_model(&path, model, err) == 0 && jl_buf_text(&path, err))
        return path.p;
    jl_buf_free(&path);
    return NULL;
}
