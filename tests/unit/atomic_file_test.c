/* Files that appear whole or not at all, also when something fails on the way. */
#include "unit/cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "capture.h"

static char folder[64];

static int enter(void **state) {
    (void)state;
    strcpy(folder, "/tmp/jobline-atomic.XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", folder, folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static const char *get(const char *path) {
    static char text[4096];
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static int entries(const char *path) {
    DIR *d = opendir(path);
    assert_non_null(d);
    int n = -2; /* . and .. */
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void write_text(const jl_atomic *f, const char *text) {
    assert_int_equal(write(f->fd, text, strlen(text)), strlen(text));
}

static void appears_on_commit_only(void **state) {
    (void)state;
    jl_atomic f;
    jl_err err = {0};
    assert_int_equal(jl_atomic_open(&f, "out", &err), 0);
    assert_true(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
    write_text(&f, "new\n");
    assert_null(get("out"));
    assert_int_equal(entries("."), 1);
    assert_int_equal(jl_atomic_commit(&f, "", &err), 0);
    assert_string_equal(get("out"), "new\n");
    assert_int_equal(entries("."), 1);
    assert_int_equal(f.fd, -1);
    jl_atomic_abandon(&f);
    assert_string_equal(get("out"), "new\n");
}

static void abandon_leaves_the_old_one(void **state) {
    (void)state;
    put("out", "old");
    jl_atomic f;
    assert_int_equal(jl_atomic_open(&f, "out", NULL), 0);
    write_text(&f, "new");
    assert_string_equal(get("out"), "old");
    jl_atomic_abandon(&f);
    jl_atomic_abandon(&f);
    assert_string_equal(get("out"), "old");
    assert_int_equal(entries("."), 1);
    jl_atomic zero = {0};
    jl_atomic_abandon(&zero);
    assert_true(fcntl(0, F_GETFD) >= 0); /* stdin is still open */
}

static void partial_goes_beside(void **state) {
    (void)state;
    put("out", "old");
    jl_atomic f;
    assert_int_equal(jl_atomic_open(&f, "out", NULL), 0);
    write_text(&f, "some");
    assert_int_equal(jl_atomic_commit(&f, ".partial", NULL), 0);
    assert_string_equal(get("out"), "old");
    assert_string_equal(get("out.partial"), "some");
    assert_int_equal(entries("."), 2);
}

static void modes(void **state) {
    (void)state;
    mode_t mask = umask(027);
    struct stat is;
    jl_atomic f;
    assert_int_equal(jl_atomic_open(&f, "fresh", NULL), 0);
    assert_int_equal(jl_atomic_commit(&f, "", NULL), 0);
    assert_int_equal(stat("fresh", &is), 0);
    assert_int_equal(is.st_mode & 07777, 0640);

    put("old", "");
    assert_int_equal(chmod("old", 0604), 0);
    assert_int_equal(jl_atomic_open(&f, "old", NULL), 0);
    assert_int_equal(jl_atomic_commit(&f, "", NULL), 0);
    assert_int_equal(stat("old", &is), 0);
    assert_int_equal(is.st_mode & 07777, 0604);
    umask(mask);
}

static void links_stay(void **state) {
    (void)state;
    struct stat is;
    assert_int_equal(mkdir("far", 0700), 0);
    put("far/target", "old");
    assert_int_equal(symlink("far/target", "link"), 0);
    assert_int_equal(symlink("../link", "far/link2"), 0);
    jl_atomic f;
    assert_int_equal(jl_atomic_open(&f, "far/link2", NULL), 0);
    write_text(&f, "new");
    assert_int_equal(entries("far"), 3); /* the temporary file is where the target is */
    assert_int_equal(jl_atomic_commit(&f, "", NULL), 0);
    assert_string_equal(get("far/target"), "new");
    assert_int_equal(lstat("link", &is), 0);
    assert_true(S_ISLNK(is.st_mode));
    assert_int_equal(lstat("far/link2", &is), 0);
    assert_true(S_ISLNK(is.st_mode));

    /* A link to nothing yet. */
    assert_int_equal(symlink("far/later", "dangling"), 0);
    assert_int_equal(jl_atomic_open(&f, "dangling", NULL), 0);
    write_text(&f, "late");
    assert_int_equal(jl_atomic_commit(&f, "", NULL), 0);
    assert_string_equal(get("far/later"), "late");

    jl_err err = {0};
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(jl_atomic_open(&f, "loop", &err), -1);
    assert_int_equal(err.class, JL_CANTCREAT);
}

static void cannot_create(void **state) {
    (void)state;
    jl_atomic f;
    jl_err err = {0};
    static const char *const paths[] = {"no/such/folder", ".", "", "file/below"};
    put("file", "x");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(jl_atomic_open(&f, paths[i], &err), -1);
        assert_int_equal(err.class, JL_CANTCREAT);
        assert_int_equal(f.fd, -1);
        assert_null(f.path);
    }
    assert_int_equal(entries("."), 1);
}

static void long_names_fit(void **state) {
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    jl_atomic f;
    assert_int_equal(jl_atomic_open(&f, name, NULL), 0);
    write_text(&f, "x");
    assert_int_equal(jl_atomic_commit(&f, "", NULL), 0);
    assert_string_equal(get(name), "x");
}

static void failing_rename(void **state) {
    (void)state;
    jl_atomic f;
    jl_err err = {0};
    assert_int_equal(jl_atomic_open(&f, "out", &err), 0);
    assert_int_equal(mkdir("out", 0700), 0);
    assert_int_equal(jl_atomic_commit(&f, "", &err), -1);
    assert_int_equal(err.class, JL_IO);
    assert_int_equal(entries("."), 1); /* no temporary file is left */
    assert_int_equal(f.fd, -1);
}

static void failing_fsync(void **state) {
    (void)state;
    put("out", "old");
    jl_atomic f;
    jl_err err = {0};
    assert_int_equal(jl_atomic_open(&f, "out", &err), 0);
    write_text(&f, "new");
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(dup2(fd[1], f.fd), f.fd); /* can be closed, but not synced */
    assert_int_equal(jl_atomic_commit(&f, "", &err), -1);
    assert_int_equal(err.class, JL_IO);
    assert_string_equal(get("out"), "old");
    assert_int_equal(entries("."), 1);
    close(fd[0]);
    close(fd[1]);
}

static void full_disk(void **state) {
    (void)state;
    put("out", "old");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit was;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    const struct rlimit small = {.rlim_cur = 2, .rlim_max = was.rlim_max};
    jl_atomic f;
    assert_int_equal(jl_atomic_open(&f, "out", NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(write(f.fd, "new", 3), 2);
    assert_int_equal(write(f.fd, "w", 1), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    jl_atomic_abandon(&f);
    assert_string_equal(get("out"), "old");
    assert_int_equal(entries("."), 1);
}

static void devices_are_written_as_they_stand(void **state) {
    (void)state;
    struct stat before;
    struct stat after;
    jl_atomic f;
    jl_err err = {0};
    assert_int_equal(stat("/dev/full", &before), 0);
    assert_int_equal(jl_atomic_open(&f, "/dev/full", &err), 0);
    assert_int_equal(write(f.fd, "x", 1), -1);
    assert_int_equal(jl_atomic_commit(&f, ".partial", &err), 0);
    assert_int_equal(stat("/dev/full", &after), 0);
    assert_true(S_ISCHR(after.st_mode) && before.st_ino == after.st_ino);

    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(jl_atomic_open(&f, "pipe", &err), 0);
    write_text(&f, "through");
    assert_int_equal(jl_atomic_commit(&f, "", &err), 0);
    char text[16] = "";
    assert_int_equal(read(reader, text, sizeof text), 7);
    close(reader);
}

static int append_to_stdout(void *self) {
    (void)self;
    int fd = open("log", O_WRONLY | O_APPEND);
    jl_atomic f;
    if (dup2(fd, 1) != 1 || jl_atomic_open(&f, "/dev/stdout", NULL) != 0 || write(f.fd, "new", 3) != 3)
        return 1;
    return jl_atomic_commit(&f, "", NULL) == 0 ? 0 : 2;
}

static void what_the_shell_opened_is_not_replaced(void **state) {
    (void)state;
    static capture c;
    put("log", "old ");
    capture_run(&c, NULL, append_to_stdout, NULL);
    assert_int_equal(c.status, 0);
    assert_string_equal(get("log"), "old new");
}

/* In a process that is not root's: for root every folder can be listed. */
static int write_blindly(void *self) {
    (void)self;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    jl_atomic f;
    if (mkdir("blind", 0300) != 0 || opendir("blind") || jl_atomic_open(&f, "blind/out", NULL) != 0)
        return 2;
    return jl_atomic_commit(&f, "", NULL) == 0 && access("blind/out", F_OK) == 0 ? 0 : 3;
}

static void a_folder_that_cannot_be_listed(void **state) {
    (void)state;
    static capture c;
    assert_int_equal(chmod(".", 0777), 0);
    capture_run(&c, NULL, write_blindly, NULL);
    assert_int_equal(c.status, 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(appears_on_commit_only),
        IN_FOLDER(abandon_leaves_the_old_one),
        IN_FOLDER(partial_goes_beside),
        IN_FOLDER(modes),
        IN_FOLDER(links_stay),
        IN_FOLDER(cannot_create),
        IN_FOLDER(long_names_fit),
        IN_FOLDER(failing_rename),
        IN_FOLDER(failing_fsync),
        IN_FOLDER(full_disk),
        IN_FOLDER(devices_are_written_as_they_stand),
        IN_FOLDER(what_the_shell_opened_is_not_replaced),
        IN_FOLDER(a_folder_that_cannot_be_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
