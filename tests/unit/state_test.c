/* Where state lives, and secrets that are kept. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/url.h"
#include "capture.h"
#include "frame/run.h"

static char folder[64];

static int enter(void **state) {
    (void)state;
    strcpy(folder, "/tmp/jobline-state.XXXXXX");
    unsetenv("JLT_URL");
    unsetenv("CREDENTIALS_DIRECTORY");
    unsetenv("JLT_KEY");
    unsetenv("XDG_STATE_HOME");
    return mkdtemp(folder) && chdir(folder) == 0 && setenv("HOME", folder, 1) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text, mode_t mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static jl_run run;
static jl_err err;
static jl_url url;

/* The URL as messages show it, or "!CLASS". */
static const char *settled(const char *option, bool from_argv) {
    static char shown[1200];
    err = (jl_err){0};
    if (jl_run_state_url(&run, option, from_argv, "JLT_URL", "cache", &url, &err) != 0)
        snprintf(shown, sizeof shown, "!%d", err.class);
    else
        jl_url_show(&url, shown, sizeof shown);
    return shown;
}

static const char *in_folder(const char *format) {
    static char text[256];
    snprintf(text, sizeof text, format, folder);
    return text;
}

static void the_order_of_sources(void **state) {
    (void)state;
    char expected[256];
    snprintf(expected, sizeof expected, "sqlite:%s/.local/state/jobline/cache.db", folder);
    assert_string_equal(settled(NULL, false), expected);
    setenv("JLT_URL", "", 1);
    assert_string_equal(settled(NULL, false), expected);
    setenv("JLT_URL", "redis://env:1/0", 1);
    assert_string_equal(settled(NULL, false), "redis://env:1/0");
    assert_string_equal(settled("redis://argv:2/0", true), "redis://argv:2/0");
    unsetenv("JLT_URL");

    setenv("XDG_STATE_HOME", in_folder("%s/xdg"), 1);
    snprintf(expected, sizeof expected, "sqlite:%s/xdg/jobline/cache.db", folder);
    assert_string_equal(settled(NULL, false), expected);
    setenv("XDG_STATE_HOME", "relative", 1);
    snprintf(expected, sizeof expected, "sqlite:%s/.local/state/jobline/cache.db", folder);
    assert_string_equal(settled(NULL, false), expected);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_string_equal(settled(NULL, false), "!78");
    assert_non_null(strstr(err.text, "sqlite:PATH"));
}

static void folders_are_made_for_the_user_alone(void **state) {
    (void)state;
    mode_t mask = umask(0);
    settled(NULL, false);
    umask(mask);
    struct stat is;
    assert_int_equal(stat(".local/state/jobline", &is), 0);
    assert_int_equal(is.st_mode & 0777, 0700);
    assert_int_equal(stat(".local", &is), 0);
    assert_int_equal(is.st_mode & 0777, 0700);
    assert_int_equal(access(".local/state/jobline/cache.db", F_OK), -1);

    put("occupied", "", 0600);
    setenv("XDG_STATE_HOME", in_folder("%s/occupied"), 1);
    assert_string_equal(settled(NULL, false), "!73");
}

static void passwords_in_argv_are_refused(void **state) {
    (void)state;
    assert_string_equal(settled("redis://u:hunter@h/0", true), "!64");
    assert_non_null(strstr(err.text, "JLT_URL"));
    assert_non_null(strstr(err.text, "@FILE"));
    assert_null(strstr(err.text, "hunter"));
    assert_null(memmem(&url, sizeof url, "hunter", 6));
    assert_string_equal(settled("postgres://h/d?password=hunter", true), "!64");
    assert_null(strstr(err.text, "hunter"));

    setenv("JLT_URL", "redis://u:hunter@h/0", 1);
    assert_string_equal(settled(NULL, false), "redis://h/0");
    assert_string_equal(url.pass, "hunter");
    /* The option table read the variable for the program, which then cannot tell. */
    assert_string_equal(settled(getenv("JLT_URL"), true), "redis://h/0");
    assert_string_equal(settled("redis://u:hunter@h/0", false), "redis://h/0");
}

static void mistakes_name_their_source(void **state) {
    (void)state;
    assert_string_equal(settled("nonsense", true), "!64");
    assert_non_null(strstr(err.text, "cache: this is not a URL"));
    setenv("JLT_URL", "redis://hunter:x", 1);
    assert_string_equal(settled(NULL, false), "!64");
    assert_non_null(strstr(err.text, "JLT_URL: "));
    assert_null(strstr(err.text, "hunter"));
}

/* As systemd hands them over: readable for the group as far as the mode tells, in a folder for the service alone. */
static void a_url_from_a_credential(void **state) {
    (void)state;
    assert_int_equal(mkdir("credentials", 0700), 0);
    put("credentials/url", "redis://u:hunter@h/7\n", 0440);
    put("elsewhere", "redis://u:hunter@h/7\n", 0440);
    assert_string_equal(settled("@credentials/url", true), "!77"); /* it is no credential yet */
    setenv("CREDENTIALS_DIRECTORY", in_folder("%s/credentials"), 1);
    static const mode_t modes[] = {0400, 0440, 0600, 0640}, folders[] = {0500, 0550, 0700};
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
        assert_int_equal(chmod("credentials/url", modes[m]), 0);
        for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
            assert_int_equal(chmod("credentials", folders[f]), 0);
            url.pass[0] = '\0';
            assert_string_equal(settled("@credentials/url", true), "redis://h/7");
            assert_string_equal(url.pass, "hunter");
            setenv("JLT_URL", in_folder("@%s/credentials/url"), 1);
            assert_string_equal(settled(NULL, false), "redis://h/7");
            unsetenv("JLT_URL");
        }
    }
    assert_string_equal(settled("@elsewhere", true), "!77");
    assert_string_equal(settled("@credentials/../elsewhere", true), "!77");
    assert_int_equal(chmod("credentials", 0755), 0);
    assert_string_equal(settled("@credentials/url", true), "!77");
    assert_int_equal(chmod("credentials", 0700), 0);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_string_equal(settled("@credentials/url", true), "!77");
}

static void a_url_from_a_file(void **state) {
    (void)state;
    put("private", "redis://u:hunter@h/7\n", 0600);
    assert_string_equal(settled("@private", true), "redis://h/7");
    assert_string_equal(url.pass, "hunter");
    setenv("JLT_URL", "@private", 1);
    assert_string_equal(settled(NULL, false), "redis://h/7");
    static const mode_t open_modes[] = {0640, 0604, 0644, 0660, 0601};
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        assert_int_equal(chmod("private", open_modes[i]), 0);
        assert_string_equal(settled("@private", true), "!77");
        assert_string_equal(settled(NULL, false), "!77");
        assert_non_null(strstr(err.text, "chmod 600"));
    }
    assert_string_equal(settled("@missing", true), "!66");
    put("empty", "\n", 0600);
    assert_string_equal(settled("@empty", true), "!78");
    put("bad", "redis://u:hunter%@h", 0600);
    assert_string_equal(settled("@bad", true), "!64");
    assert_null(strstr(err.text, "hunter"));
    assert_string_equal(settled("@.", true), "!74");
    assert_string_equal(settled("@/dev/zero", true), "!78");
}

/* --- Secrets --------------------------------------------------------------------------------------------------- */

static jl_buf secret;

static const char *found(const char *file, const char *name, const char *env) {
    static char text[256];
    jl_buf_free(&secret);
    err = (jl_err){0};
    if (jl_run_secret(file, name, env, &secret, &err) != 0) {
        assert_int_equal(secret.n, 0);
        snprintf(text, sizeof text, "!%d", err.class);
    } else {
        snprintf(text, sizeof text, "%.*s", (int)secret.n, secret.p);
    }
    jl_buf_free(&secret);
    return text;
}

static void secrets_and_where_they_come_from(void **state) {
    (void)state;
    assert_string_equal(found(NULL, "key", "JLT_KEY"), "!77");
    assert_non_null(strstr(err.text, "--key-file"));
    assert_non_null(strstr(err.text, "JLT_KEY"));

    setenv("JLT_KEY", "from-env", 1);
    assert_int_equal(mkdir("creds", 0700), 0);
    put("creds/key", "from-creds\n", 0440);
    setenv("CREDENTIALS_DIRECTORY", in_folder("%s/creds"), 1);
    put("file", "from-file\r\n", 0600);

    assert_string_equal(found("file", "key", "JLT_KEY"), "from-file");
    assert_string_equal(found(NULL, "key", "JLT_KEY"), "from-creds");
    assert_string_equal(getenv("JLT_KEY"), "from-env");
    const char *bytes = getenv("JLT_KEY");
    assert_string_equal(found(NULL, "other", "JLT_KEY"), "from-env");
    assert_null(getenv("JLT_KEY"));
    assert_string_equal(bytes, ""); /* where /proc/PID/environ would show it */
    assert_string_equal(found(NULL, "other", "JLT_KEY"), "!77");
    assert_string_equal(found(NULL, NULL, NULL), "!77");

    assert_int_equal(chmod("file", 0644), 0);
    assert_string_equal(found("file", "key", "JLT_KEY"), "!77");
    assert_string_equal(found("missing", "key", "JLT_KEY"), "!66");
    put("empty", "", 0600);
    assert_string_equal(found("empty", NULL, NULL), "!78");
    put("inner", "a\nb\n", 0600);
    assert_string_equal(found("inner", NULL, NULL), "a\nb");
}

static int dumps(void *self) {
    char *value = self;
    if (prctl(PR_SET_DUMPABLE, 1) != 0) /* the tests before this one have changed it */
        return 2;
    if (value)
        setenv("JLT_URL", value, 1);
    settled(NULL, false);
    return prctl(PR_GET_DUMPABLE) != 0;
}

static void who_holds_a_secret_dumps_no_core(void **state) {
    (void)state;
    static capture c;
    char with[] = "redis://:hunter@h";
    char without[] = "redis://h";
    capture_run(&c, NULL, dumps, with);
    assert_int_equal(c.status, 0);
    capture_run(&c, NULL, dumps, without);
    assert_int_equal(c.status, 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_order_of_sources),
        IN_FOLDER(folders_are_made_for_the_user_alone),
        IN_FOLDER(passwords_in_argv_are_refused),
        IN_FOLDER(mistakes_name_their_source),
        IN_FOLDER(a_url_from_a_file),
        IN_FOLDER(a_url_from_a_credential),
        IN_FOLDER(secrets_and_where_they_come_from),
        IN_FOLDER(who_holds_a_secret_dumps_no_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
