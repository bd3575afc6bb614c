/* posix_spawn reports a command that cannot be run before anything has been read. */
#include "frame/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pipe this large holds what a block of lines asks. */
#define PIPE_SIZE (1 << 20)

extern char **environ;

/* A copy of the environment without the names in `unset`; the strings stay where they are. */
static char **child_environment(const char *const *unset) {
    size_t n = 0;
    while (environ[n])
        n++;
    char **env = malloc((n + 1) * sizeof *env);
    if (!env)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool drop = false;
        for (const char *const *name = unset; name && *name; name++) {
            size_t length = strlen(*name);
            drop = drop || (strncmp(environ[i], *name, length) == 0 && environ[i][length] == '=');
        }
        if (!drop)
            env[kept++] = environ[i];
    }
    env[kept] = NULL;
    return env;
}

static int child_spawn(jl_child *c, char *const *argv, char **env, int in, int out) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return rc;
    }
    sigset_t as_before;
    (void)sigemptyset(&as_before);
    (void)sigaddset(&as_before, SIGPIPE); /* jl_main ignores it, and exec would hand that on */
    if (in >= 0)
        rc = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (rc == 0 && out >= 0)
        rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(&attributes, &as_before);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (rc == 0)
        rc = posix_spawnp(&c->pid, argv[0], &actions, &attributes, argv, env);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

int jl_child_start(jl_child *c, char *const *argv, bool take_stdout, const char *const *unset, jl_err *err) {
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    char **env = child_environment(unset);
    *c = (jl_child){.to = -1, .from = -1, .name = argv[0]};
    if (!env)
        return jl_err_nomem(err);
    int rc = pipe2(in, O_CLOEXEC) != 0 || (take_stdout && pipe2(out, O_CLOEXEC) != 0) ? errno : 0;
    if (rc == 0) {
        (void)fcntl(in[1], F_SETPIPE_SZ, PIPE_SIZE);
        rc = child_spawn(c, argv, env, in[0], out[1]);
    }
    free(env);
    if (in[0] >= 0)
        (void)close(in[0]);
    if (out[1] >= 0)
        (void)close(out[1]);
    if (rc == 0) {
        c->to = in[1];
        c->from = out[0];
        return 0;
    }
    c->pid = 0;
    if (in[1] >= 0)
        (void)close(in[1]);
    if (out[0] >= 0)
        (void)close(out[0]);
    return jl_err_errno(err, JL_USAGE, rc, "cannot run '%s'", argv[0]);
}

int jl_child_start_here(jl_child *c, char *const *argv, const char *const *unset, jl_err *err) {
    char **env = child_environment(unset);
    *c = (jl_child){.to = -1, .from = -1, .name = argv[0]};
    if (!env)
        return jl_err_nomem(err);
    int rc = child_spawn(c, argv, env, -1, -1);
    free(env);
    if (rc == 0)
        return 0;
    c->pid = 0;
    return jl_err_errno(err, JL_USAGE, rc, "cannot run '%s'", argv[0]);
}

jl_class jl_child_wait(jl_child *c, jl_err *err) {
    if (c->to >= 0)
        (void)close(c->to);
    if (c->from >= 0)
        (void)close(c->from);
    c->to = c->from = -1;
    if (c->pid == 0)
        return JL_OK;
    int status;
    pid_t ended;
    do
        ended = waitpid(c->pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    c->pid = 0;
    jl_class class = JL_SOFTWARE;
    if (ended < 0) {
        (void)jl_err_errno(err, class, errno, "cannot wait for '%s'", c->name);
        return class;
    }
    if (WIFSIGNALED(status)) {
        (void)jl_err_set(err, class, "'%s' was killed by signal %d (%s)", c->name, WTERMSIG(status),
                         strsignal(WTERMSIG(status)));
        return class;
    }
    int code = WEXITSTATUS(status);
    if (code == 0)
        return JL_OK;
    if (code >= JL_USAGE && code <= JL_CONFIG)
        class = (jl_class)code;
    (void)jl_err_set(err, class, "'%s' ended with status %d", c->name, code);
    return class;
}
