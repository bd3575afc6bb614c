/* Blocks into lines: however the bytes arrive, the lines are the same. */
#include "unit/cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "chance.h"
#include "jsonl/in.h"
#include "scratch.h"

/* What a reader saw: for each line "<number><kind><content>\n", where kind is '.' or, for one longer than max_line,
   '!'. */
static void note(jl_buf *seen, uint64_t number, char kind, jl_span content) {
    assert_int_equal(jl_buf_addf(seen, NULL, "%d%c", (int)number, kind), 0);
    assert_int_equal(jl_buf_add(seen, content, NULL), 0);
    assert_int_equal(jl_buf_addc(seen, '\n', NULL), 0);
}

/* The same, by splitting the whole text. */
static jl_buf model(jl_span text, size_t max_line) {
    jl_buf seen = {0};
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        text = (jl_span){text.p + 3, text.n - 3};
    for (uint64_t number = 1; text.n > 0; number++) {
        const char *lf = memchr(text.p, '\n', text.n);
        size_t n = lf ? (size_t)(lf - text.p) : text.n;
        note(&seen, number, n > max_line ? '!' : '.', (jl_span){text.p, n});
        n += lf != NULL;
        text = (jl_span){text.p + n, text.n - n};
    }
    return seen;
}

typedef struct reader {
    jl_in in;
    jl_buf seen, piece;
    uint64_t long_number;
    bool in_long;
    chance *c;
} reader;

static void read_one(reader *r) {
    jl_span block = jl_in_lines(&r->in);
    assert_int_equal(block.p[block.n - 1], '\n');
    for (size_t i = 0; i < JL_PAD; i++) /* readable, as a sanitizer knows */
        (void)*(volatile const char *)(block.p + block.n + i);
    const char *lf = memchr(block.p, '\n', block.n);
    size_t n = (size_t)(lf - block.p);
    note(&r->seen, r->in.line, n > r->in.max_line ? '!' : '.', (jl_span){block.p, n});
    jl_in_take(&r->in, n + 1, 1);
}

/* Takes what is there: all of it, or (where chance is given) some of it. */
static void read_some(reader *r) {
    for (;;) {
        while (jl_in_lines(&r->in).n > 0) {
            if (r->c && !r->in.eof && chance_below(r->c, 4) == 0)
                return;
            read_one(r);
        }
        jl_span piece;
        bool last;
        if (!jl_in_long(&r->in, &piece, &last))
            return;
        if (!r->in_long)
            r->long_number = r->in.line - (last ? 1 : 0);
        assert_null(memchr(piece.p ? piece.p : "", '\n', piece.n));
        assert_int_equal(jl_buf_add(&r->piece, piece, NULL), 0);
        r->in_long = !last;
        if (last) {
            assert_int_equal(r->in.line, r->long_number + 1);
            assert_true(r->piece.n > r->in.max_line);
            note(&r->seen, r->long_number, '!', jl_buf_span(&r->piece));
            jl_buf_clear(&r->piece);
        }
    }
}

static void read_end(reader *r, jl_span text) {
    jl_buf want = model(text, r->in.max_line);
    read_some(r);
    assert_true(r->in.eof);
    assert_false(r->in_long);
    assert_int_equal(jl_in_lines(&r->in).n, 0);
    assert_int_equal(r->in.bytes, text.n);
    bool bom = text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0;
    assert_int_equal(r->in.boms, bom);
    assert_int_equal(jl_in_fill(&r->in, NULL), 0);
    if (!jl_span_eq(jl_buf_span(&r->seen), jl_buf_span(&want)))
        fail_msg("max_line %d: saw <%.*s> of <%.*s>", (int)r->in.max_line, (int)r->seen.n, r->seen.p, (int)text.n,
                 text.p);
    jl_in_close(&r->in);
    jl_buf_free(&r->seen);
    jl_buf_free(&r->piece);
    jl_buf_free(&want);
}

/* Feeds the text so that each read(2) gets exactly text[cut[i-1]..cut[i]]. */
static void feed(jl_span text, const size_t *cut, size_t cuts, uint64_t max_line, chance *c) {
    int fd[2];
    reader r = {.c = c};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
    assert_int_equal(jl_in_from(&r.in, fd[0], "text", max_line, NULL), 0);
    size_t at = 0;
    for (size_t i = 0; i <= cuts; i++) {
        size_t to = i < cuts ? cut[i] : text.n;
        if (to == at)
            continue; /* an empty packet would be the end */
        assert_int_equal(write(fd[1], text.p + at, to - at), to - at);
        assert_int_equal(jl_in_fill(&r.in, NULL), 1);
        read_some(&r);
        at = to;
    }
    close(fd[1]);
    assert_int_equal(jl_in_fill(&r.in, NULL), 0);
    read_end(&r, text);
    close(fd[0]);
}

#define TEXT(literal)                                                                                                  \
    { (literal), sizeof(literal) - 1 }
static const jl_span texts[] = {
    TEXT(""),
    TEXT("\n"),
    TEXT("\n\n\n"),
    TEXT("a"),
    TEXT("a\n"),
    TEXT("a\r\nb\r\n"),
    TEXT("a\r"),
    TEXT("\xef\xbb\xbf"),
    TEXT("\xef\xbb\xbf\n"),
    TEXT("\xef\xbb\xbf{}"),
    TEXT("\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n"),
    TEXT("\xef\xbb\xbf\xef\xbb\xbf{}\n"),
    TEXT("\xef\xbb"),
    TEXT("\xef\xbb{}\n"),
    TEXT("\xef\n\xbb\xbf\n"),
    TEXT("{}\n\xef\xbb\xbf\n"),
    TEXT("a\0b\n\0\n\0"),
    TEXT("123456789\n1\n1234\n"),
    TEXT("1\n123456789\n1234"),
    TEXT("1\n12345\n123456789"),
    TEXT("123456789\n123456789\n123456789\n"),
    TEXT("123456789\n\n123456789\n\n"),
    TEXT("\xef\xbb\xbf"
         "123456789\n1\n"),
    TEXT("1234\n12345\n123456\n1234567\n"),
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Every text, whole, with every one and two cuts, byte by byte; at every limit for a line. */
static void every_way_to_cut(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(texts); t++) {
        for (uint64_t max_line = 3; max_line <= 10; max_line++) {
            size_t each[64], n = texts[t].n;
            feed(texts[t], NULL, 0, max_line, NULL);
            for (size_t i = 0; i < n; i++)
                each[i] = i;
            feed(texts[t], each, n, max_line, NULL);
            for (size_t i = 1; i < n; i++)
                for (size_t j = i; j < n; j++)
                    feed(texts[t], (size_t[]){i, j}, 2, max_line, NULL);
        }
    }
}

static void random_texts_in_random_cuts(void **state) {
    (void)state;
    chance c = chance_seeded();
    static char text[20000];
    for (size_t round = chance_rounds(600); round > 0; round--) {
        size_t n = chance_below(&c, chance_below(&c, 2) ? 60 : sizeof text), cut[200], cuts = chance_below(&c, 50);
        size_t lf = 2 + chance_below(&c, 40);
        for (size_t i = 0; i < n; i++)
            text[i] = chance_below(&c, lf) ? "a{\r\0\xef\xbb\xbf\"x"[chance_below(&c, 9)] : '\n';
        if (n >= 3 && chance_below(&c, 3) == 0)
            memcpy(text, "\xef\xbb\xbf", 3);
        for (size_t i = 0, at = 0; i < cuts; i++) {
            if (at < n)
                at += chance_below(&c, chance_below(&c, 2) ? n - at : 5 < n - at ? 5 : n - at);
            cut[i] = at;
        }
        feed((jl_span){text, n}, cut, cuts, 3 + chance_below(&c, 80), chance_below(&c, 2) ? &c : NULL);
    }
}

/* Lines around the size of a block and of the buffer, from a file. */
static void lines_larger_than_a_block(void **state) {
    (void)state;
    const size_t mib = 1 << 20;
    const size_t size[] = {mib - 1, mib, mib + 1, 2 * mib, 3 * mib + 17, 4 * mib};
    const size_t limit[] = {100, mib - 1, mib, mib + 1, 3 * mib + 16, 3 * mib + 17, 4 * mib};
    char *text = malloc(14 * mib);
    assert_non_null(text);
    for (size_t s = 0; s < COUNT(size); s++) {
        size_t n = 0;
        for (int i = 0; i < 3; i++) {
            memset(text + n, 'a' + i, size[s]);
            n += size[s];
            text[n++] = '\n';
            memcpy(text + n, "b\n\n", 3);
            n += 3;
        }
        jl_span whole = {text, n - (s % 2 ? 0 : 4)}; /* sometimes no LF at the end */
        scratch_write("large", whole);
        for (size_t l = 0; l < COUNT(limit); l++) {
            reader r = {0};
            assert_int_equal(jl_in_open(&r.in, "large", limit[l], NULL), 0);
            assert_int_equal(r.in.size, whole.n);
            while (jl_in_fill(&r.in, NULL) == 1)
                read_some(&r);
            assert_true(r.in.cap <= limit[l] + 2 * mib + JL_PAD + 1);
            read_end(&r, whole);
        }
    }
    free(text);
}

static pid_t in_a_child(void (*body)(int fd), int fd[2]) {
    fflush(NULL);
    assert_int_equal(pipe(fd), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fd[0]);
        body(fd[1]);
        _exit(0);
    }
    close(fd[1]);
    return pid;
}

static void put(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0)
            _exit(1);
        p += done;
        n -= (size_t)done;
    }
}

#define HUGE_LINE ((size_t)40 << 20)

static void write_huge(int fd) {
    static char x[65536];
    memset(x, 'x', sizeof x);
    put(fd, "first\n", 6);
    for (int lines = 0; lines < 2; lines++) {
        for (size_t i = 0; i < HUGE_LINE / sizeof x; i++)
            put(fd, x, sizeof x);
        put(fd, "\nlast\n", 6);
    }
}

static void a_huge_line_passes_in_bounded_memory(void **state) {
    (void)state;
    int fd[2];
    pid_t pid = in_a_child(write_huge, fd);
    jl_in in;
    assert_int_equal(jl_in_from(&in, fd[0], "huge", JL_MAX_LINE_DEFAULT, NULL), 0);
    size_t huge = 0, lines = 0, ends = 0;
    int got;
    do {
        jl_span piece;
        bool last, more;
        got = jl_in_fill(&in, NULL);
        assert_in_range(got, 0, 1);
        do {
            for (jl_span block = jl_in_lines(&in); block.n; block = jl_in_lines(&in)) {
                const char *want = lines == 0 ? "first\n" : "last\n";
                assert_memory_equal(block.p, want, strlen(want));
                static const uint64_t number[] = {1, 3, 5};
                assert_int_equal(in.line, number[lines++]);
                jl_in_take(&in, strlen(want), 1);
            }
            more = jl_in_long(&in, &piece, &last);
            if (more) {
                huge += piece.n;
                ends += last;
            }
        } while (more);
        assert_true(in.cap <= JL_MAX_LINE_DEFAULT + (2 << 20) + JL_PAD + 1);
    } while (got == 1);
    assert_int_equal(huge, 2 * HUGE_LINE);
    assert_int_equal(lines, 3);
    assert_int_equal(ends, 2);
    jl_in_close(&in);
    close(fd[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void what_cannot_be_read(void **state) {
    (void)state;
    jl_err err = {0};
    jl_in in;
    assert_int_equal(jl_in_open(&in, "no/such/file", 100, &err), -1);
    assert_int_equal(err.class, JL_NOINPUT);
    assert_string_equal(err.text, "no/such/file: No such file or directory");
    assert_int_equal(jl_in_open(&in, ".", 100, &err), -1);
    assert_int_equal(err.class, JL_NOINPUT);
    assert_string_equal(err.text, ".: is a directory");
    jl_in_close(&in); /* harmless */
    int folder = open(".", O_RDONLY);
    assert_int_equal(jl_in_from(&in, folder, "stdin", 100, &err), -1);
    assert_int_equal(err.class, JL_NOINPUT);
    close(folder);

    int fd = open("w", O_WRONLY | O_CREAT, 0666);
    assert_int_equal(jl_in_from(&in, fd, "w", 100, &err), 0);
    assert_int_equal(jl_in_fill(&in, &err), -1);
    assert_int_equal(err.class, JL_IO);
    assert_string_equal(err.text, "w: read failed: Bad file descriptor");
    jl_in_close(&in);
    assert_int_equal(fcntl(fd, F_GETFD), 0); /* still the caller's */
    close(fd);
}

static void a_file_that_shrinks_just_ends(void **state) {
    (void)state;
    const size_t n = 3 << 20;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, 'x', n);
    for (size_t i = 1000; i < n; i += 1001)
        text[i] = '\n';
    scratch_write("shrinks", (jl_span){text, n});
    reader r = {0};
    assert_int_equal(jl_in_open(&r.in, "shrinks", 2000, NULL), 0);
    assert_int_equal(jl_in_fill(&r.in, NULL), 1);
    read_some(&r);
    assert_int_equal(truncate("shrinks", 10), 0);
    assert_int_equal(jl_in_fill(&r.in, NULL), 0);
    read_end(&r, (jl_span){text, (size_t)r.in.bytes}); /* the line that was cut is the last, and has got an LF */
    free(text);
}

static void nothing_there_now(void **state) {
    (void)state;
    int fd[2];
    reader r = {0};
    assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
    assert_int_equal(jl_in_from(&r.in, fd[0], "pipe", 100, NULL), 0);
    assert_int_equal(jl_in_fill(&r.in, NULL), -2);
    put(fd[1], "a\nb", 3);
    assert_int_equal(jl_in_fill(&r.in, NULL), 1);
    assert_int_equal(jl_in_fill(&r.in, NULL), -2);
    assert_int_equal(jl_in_lines(&r.in).n, 2); /* not lost by a fill in vain */
    read_some(&r);
    close(fd[1]);
    assert_int_equal(jl_in_fill(&r.in, NULL), 0);
    read_end(&r, JL_SPAN("a\nb"));
    close(fd[0]);
}

static int answer_signals_to;
static void on_signal(int number) {
    (void)number;
    if (write(answer_signals_to, "line\n", 5) != 5)
        abort();
}

/* The handler writes the line that the interrupted read has waited for. */
static void a_signal_interrupts(void **state) {
    (void)state;
    int fd[2];
    jl_in in;
    struct sigaction action = {.sa_handler = on_signal}, before;
    assert_int_equal(pipe(fd), 0);
    answer_signals_to = fd[1];
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(jl_in_from(&in, fd[0], "pipe", 100, NULL), 0);
    pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (;;) {
            usleep(1000);
            if (getppid() != parent || kill(parent, SIGUSR1) != 0)
                _exit(0);
        }
    }
    int got;
    do {
        got = jl_in_fill(&in, NULL);
        assert_true(got == 1 || got == -2);
        jl_in_take(&in, jl_in_lines(&in).n, jl_in_lines(&in).n / 5);
    } while (got == 1);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_int_equal(jl_in_fill(&in, NULL), 1);
    assert_memory_equal(jl_in_lines(&in).p, "line\n", 5);
    jl_in_close(&in);
    close(fd[0]);
    close(fd[1]);
}

static void stdin_stays_open(void **state) {
    (void)state;
    jl_in in;
    assert_int_equal(jl_in_open(&in, "-", 100, NULL), 0);
    assert_string_equal(in.name, "stdin");
    jl_in_close(&in);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_cut),          cmocka_unit_test(random_texts_in_random_cuts),
        cmocka_unit_test(lines_larger_than_a_block), cmocka_unit_test(a_huge_line_passes_in_bounded_memory),
        cmocka_unit_test(what_cannot_be_read),       cmocka_unit_test(a_file_that_shrinks_just_ends),
        cmocka_unit_test(nothing_there_now),         cmocka_unit_test(a_signal_interrupts),
        cmocka_unit_test(stdin_stays_open),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
