/* Tickets: answers by number, compared with a plain table. */
#include "unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "chance.h"
#include "frame/tickets.h"

enum { MOST = 100000 };

static struct {
    int state;
    char text[24];
} is[MOST];

static jl_answer some_answer(chance *c, char text[24]) {
    jl_answer a = {JL_FOUND + (jl_state)chance_below(c, 4), {NULL, 0}};
    if (a.state == JL_FOUND)
        a.value =
            (jl_span){text, (size_t)snprintf(text, 24, "%.*s", (int)chance_below(c, 24),
                                             chance_below(c, 2) ? "\"a text of some length" : "7654321012345678")};
    return a;
}

static void as_a_table(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t round = chance_rounds(20); round > 0; round--) {
        jl_err err = {0};
        jl_tickets *t = jl_tickets_new(&err);
        assert_non_null(t);
        uint64_t first = 0, next = 0;
        while (next < MOST) {
            assert_int_equal(jl_tickets_next(t), next);
            size_t n = chance_below(&c, chance_below(&c, 2) ? 3 : 30000);
            n = n < MOST - next ? n : MOST - next;
            assert_int_equal(jl_tickets_add(t, n, &err), 0);
            for (size_t i = 0; i < n; i++)
                is[next++].state = JL_PENDING;
            for (size_t i = chance_below(&c, 2 * n + 1); i > 0; i--) { /* also ones that nobody has */
                char text[24] = "";
                uint64_t ticket = chance_below(&c, next + 100);
                jl_answer a = some_answer(&c, text);
                assert_int_equal(jl_tickets_answer(t, ticket, a, &err), 0);
                if (ticket < next && is[ticket].state == JL_PENDING) {
                    is[ticket].state = (int)a.state;
                    snprintf(is[ticket].text, sizeof is[ticket].text, "%.*s", (int)a.value.n, text);
                }
            }
            for (uint64_t ticket = first; ticket < next; ticket += 1 + chance_below(&c, 9)) {
                jl_answer a = jl_tickets_look(t, ticket);
                assert_int_equal(a.state, is[ticket].state);
                if (a.state != JL_FOUND)
                    continue;
                assert_int_equal(a.value.n, strlen(is[ticket].text));
                assert_memory_equal(a.value.p, is[ticket].text, a.value.n);
            }
            if (chance_below(&c, 3) == 0) {
                first += chance_below(&c, next - first + 1);
                jl_tickets_forget(t, first);
            }
        }
        jl_tickets_forget(t, next);
        assert_int_equal(jl_tickets_next(t), next);
        jl_tickets_free(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_a_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
