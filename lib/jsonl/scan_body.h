/* The scanner itself, compiled once for each vector level by the file that includes it.
 *
 * One forward pass, byte by byte between tokens and a vector at a time inside strings. Every function is inlined into
 * the two entry points at the end, so the `end` that is NULL for lines disappears from their code: a line needs no
 * bound because its LF is no legal byte anywhere inside it, neither in a string nor as white space.
 *
 * The includer defines
 *   SCAN(name)             the name with the level's suffix
 *   STEP                   bytes looked at by the next two, at most 64
 *   quotes_at(p)           bit i = p[i] is a quote, i < STEP
 *   odd_at(p)              bit i = p[i] is a backslash or a control character
 *   digit_run(p)           how many of p[0..15] are digits from the front
 *   same_token(p, seen)    p begins with seen->token
 * and may define HAVE_BLOCKS, when STEP is 64, with
 *   block_of(p)            what the bytes there are
 *   equal(p, c), digit(p)  bit i = p[i] is c, is a digit
 */
#define ALWAYS static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)

/* The escapes of two bytes, by the second. */
static const unsigned char simple_escape[256] = {
    ['"'] = 2, ['\\'] = 2, ['/'] = 2, ['b'] = 2, ['f'] = 2, ['n'] = 2, ['r'] = 2, ['t'] = 2};

static __attribute__((noinline, cold)) const char *fail(jl_fault *fault, const char *at, const char *text) {
    fault->at = at;
    fault->text = text;
    return NULL;
}

ALWAYS unsigned char byte_at(const char *p, const char *end) {
    return end && p >= end ? 0 : (unsigned char)*p;
}

ALWAYS const char *space(const char *p, const char *end) {
    for (;; ++p) {
        unsigned char c = byte_at(p, end);
        if (LIKELY(c > ' ') || !(c == ' ' || c == '\t' || c == '\r' || (end && c == '\n')))
            return p;
    }
}

/* At `at` a line or text is over, be it for a CR before the LF. */
static bool over(const char *at, const char *end) {
    return end ? at >= end : *at == '\n' || (*at == '\r' && at[1] == '\n');
}

static __attribute__((noinline, cold)) const char *bad_string(const char *open, const char *at, const char *end,
                                                              jl_fault *fault) {
    if (over(at, end))
        return fail(fault, open, "unterminated string");
    return fail(fault, at, "a raw control character in a string");
}

static __attribute__((noinline)) size_t long_escape(const char *open, const char *p, const char *end, jl_fault *fault) {
    size_t n = jl_scan_unicode_escape(p, fault);
    if (over(p + 1, end) || (end && p + n > end)) {
        fail(fault, open, "unterminated string");
        return 0;
    }
    return n;
}

/* 6 when there is \uXXXX at `p`, no surrogate; else 0. */
ALWAYS size_t unit_escape(const char *p) {
    int code = p[1] == 'u' ? jl_scan_hex4(p + 2) : -1;
    return code >= 0 && code >> 11 != 0xd800 >> 11 ? 6 : 0;
}

/* `p` is a backslash. Returns the length of the escape or 0. */
ALWAYS size_t escape(const char *open, const char *p, const char *end, jl_fault *fault) {
    size_t n = simple_escape[(unsigned char)p[1]];
    if (!LIKELY(n))
        n = unit_escape(p);
    if (!LIKELY(n) || (end && p + n > end))
        n = long_escape(open, p, end, fault);
    return n;
}

#ifdef HAVE_BLOCKS

/* The bytes behind a backslash that is not escaped itself. *open: whether the block before ended with one, then whether
   this does. Backslashes come in runs; adding the first of a run to the run carries to the bit behind it, so whether
   that is an even or an odd place tells how long the run was (G. Langdale and D. Lemire, "Parsing Gigabytes of JSON per
   Second", The VLDB Journal 28, 2019). */
ALWAYS uint64_t escaped_bytes(uint64_t slash, uint64_t *open) {
    const uint64_t even = UINT64_C(0x5555555555555555);
    slash &= ~*open;
    uint64_t follows = slash << 1 | *open;
    uint64_t odd_starts = slash & ~even & ~follows;
    uint64_t ends;
    *open = __builtin_add_overflow(odd_starts, slash, &ends);
    return (even ^ ends << 1) & follows;
}

/* The rest of a string that is long and has escapes. Where the next ones are cannot be foreseen, so the simple ones
   are checked without a branch. */
static __attribute__((noinline)) const char *string_rest(const char *open, const char *p, const char *end,
                                                         jl_fault *fault) {
    uint64_t pending = 0;
    for (;;) {
        if (end && p >= end)
            return bad_string(open, end, end, fault);
        jl_scan_block b = block_of(p);
        uint64_t escaped = escaped_bytes(b.slash, &pending);
        uint64_t stop = (b.quote | b.control) & ~escaped;
        if (end && end - p < 64)
            stop |= ~UINT64_C(0) << (end - p);
        uint64_t before = (stop - 1) & ~stop;
        uint64_t unusual = escaped & ~b.simple & before;
        if (unusual) {
            p += __builtin_ctzll(unusual) - 1;
            do {
                size_t n = escape(open, p, end, fault);
                if (n == 0)
                    return NULL;
                p += n;
            } while (*p == '\\' && !(end && p >= end));
            pending = 0;
            continue;
        }
        if (stop) {
            p += __builtin_ctzll(stop);
            return *p == '"' && !(end && p >= end) ? p + 1 : bad_string(open, p, end, fault);
        }
        p += 64;
    }
}

#endif

/* `open` is the opening quote. Clears *plain when it meets an escape. */
ALWAYS const char *string(const char *open, const char *end, bool *plain, jl_fault *fault) {
    const char *p = open + 1;
    bool escapes __attribute__((unused)) = false;
    for (;;) {
        if (end && p >= end)
            return bad_string(open, end, end, fault);
        /* The end is reckoned from the quotes alone: what comes next waits for that. */
        uint64_t quote = quotes_at(p);
        uint64_t odd = odd_at(p);
        if (LIKELY(quote) && LIKELY(!(odd & (quote - 1) & ~quote))) {
            p += __builtin_ctzll(quote);
            return end && p >= end ? bad_string(open, end, end, fault) : p + 1;
        }
        for (uint64_t found = quote | odd; found;) {
            size_t i = (size_t)__builtin_ctzll(found);
            if (LIKELY(p[i] == '"'))
                return end && p + i >= end ? bad_string(open, end, end, fault) : p + i + 1;
            if (p[i] != '\\' || (end && p + i >= end))
                return bad_string(open, p + i, end, fault);
            size_t n = escape(open, p + i, end, fault);
            if (n == 0)
                return NULL;
            *plain = false;
            escapes = true;
            i += n;
            if (i >= STEP) {
                p += i - STEP;
                break;
            }
            found &= ~UINT64_C(0) << i;
        }
        p += STEP;
#ifdef HAVE_BLOCKS
        if (escapes)
            return string_rest(open, p, end, fault);
#endif
    }
}

ALWAYS const char *digits(const char *p, const char *end) {
    for (;;) {
        size_t n = digit_run(p);
        p += n;
        if (end && p >= end)
            return end;
        if (LIKELY(n < 16))
            return p;
    }
}

ALWAYS const char *number(const char *p, const char *end, jl_fault *fault) {
    /* Flags and codes have one digit, so has a fraction before its point: guessing so lets the processor run ahead. */
    if (!end && *p != '-' && (p[1] == ',' || p[1] == '}' || p[1] == ']'))
        return p + 1;
    p += *p == '-';
    const char *q = !end && p[1] == '.' && *p >= '0' && *p <= '9' ? p + 1 : digits(p, end);
    if (q <= p)
        return fail(fault, p, "expected a digit");
    if (*p == '0' && q > p + 1)
        return fail(fault, p, "a number with a leading zero");
    if (byte_at(q, end) == '.') {
        p = q + 1;
        q = end && p >= end ? p : digits(p, end);
        if (q == p)
            return fail(fault, p, "expected a digit");
    }
    if ((byte_at(q, end) | 0x20) == 'e') {
        p = q + 1;
        p += byte_at(p, end) == '+' || byte_at(p, end) == '-';
        q = end && p >= end ? p : digits(p, end);
        if (q == p)
            return fail(fault, p, "expected a digit");
    }
    return q;
}

/* What is no string and no container. */
ALWAYS const char *scalar(const char *p, const char *end, jl_type *type, jl_fault *fault) {
    const char *q;
    switch (byte_at(p, end)) {
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        *type = JL_NUMBER;
        return number(p, end, fault);
    case 't':
        *type = JL_TRUE;
        q = memcmp(p, "true", 4) == 0 ? p + 4 : NULL;
        break;
    case 'f':
        *type = JL_FALSE;
        q = memcmp(p, "false", 5) == 0 ? p + 5 : NULL;
        break;
    case 'n':
        *type = JL_NULL;
        q = memcmp(p, "null", 4) == 0 ? p + 4 : NULL;
        break;
    default:
        q = NULL;
    }
    return q && !(end && q > end) ? q : fail(fault, p, "expected a value");
}

#ifdef HAVE_BLOCKS

/* The bits below the lowest one of `mask`; all when there is none. */
ALWAYS uint64_t below(uint64_t mask) {
    return (mask - 1) & ~mask;
}

/* The bits up to the highest one of `mask`, which has one. */
ALWAYS uint64_t up_to(uint64_t mask) {
    return ~UINT64_C(0) >> __builtin_clzll(mask);
}

/* What of the 64 bytes at `p` stands before the end of the text. */
ALWAYS uint64_t within(const char *p, const char *end) {
    return end && end - p < 64 ? (UINT64_C(1) << (end - p)) - 1 : ~UINT64_C(0);
}

/* The bytes right behind the runs of digits that begin at `starts`: adding carries through a run. */
ALWAYS uint64_t behind(uint64_t digits, uint64_t starts) {
    return (digits + starts) & ~digits;
}

/* An array of many small values costs more by deciding about each than by the bytes. Those of three kinds are read 64
   bytes at a time instead, all values of a block at once in words that have a bit for each byte: numbers, literals, and
   strings without escapes, each with its comma and at most one space behind that. `p` is at a value. All return the
   length of what they could read, which ends behind a comma; 0 leaves what is there, be it right or wrong, to the slow
   way. */
ALWAYS size_t numbers_ahead(const char *p, const char *end) {
    uint64_t digits = digit(p);
    uint64_t comma = equal(p, ',');
    uint64_t space = equal(p, ' ');
    uint64_t minus = equal(p, '-');
    uint64_t sign = minus | equal(p, '+');
    uint64_t dot = equal(p, '.');
    uint64_t e = equal(p, 'e') | equal(p, 'E');
    comma &= below(~(digits | comma | space | sign | dot | e)) & within(p, end);
    if (!comma)
        return 0;
    uint64_t region = up_to(comma);
    uint64_t next = comma << 1;
    digits &= region;
    uint64_t wrong = space & region & ~next;
    /* Each step takes all numbers one part further: the sign, the integer, the fraction, the exponent. */
    uint64_t at = (next | 1) & region;
    at = (at & space) << 1 | (at & ~space);
    at = (at & minus) << 1 | (at & ~minus);
    wrong |= (at & ~digits) | ((at & equal(p, '0')) << 1 & digits);
    uint64_t done = behind(digits, at);
    at = (done & dot) << 1;
    wrong |= at & ~digits;
    done = (done & ~dot) | behind(digits, at);
    at = (done & e) << 1;
    at = (at & sign) << 1 | (at & ~sign);
    wrong |= at & ~digits;
    done = (done & ~e) | behind(digits, at);
    wrong |= done ^ comma;
    return wrong ? 0 : 64 - (size_t)__builtin_clzll(comma);
}

ALWAYS size_t literals_ahead(const char *p, const char *end) {
    uint64_t e = equal(p, 'e');
    uint64_t l = equal(p, 'l');
    uint64_t u = equal(p, 'u');
    uint64_t is_true = equal(p, 't') & equal(p, 'r') >> 1 & u >> 2 & e >> 3;
    uint64_t is_false = equal(p, 'f') & equal(p, 'a') >> 1 & l >> 2 & equal(p, 's') >> 3 & e >> 4;
    uint64_t is_null = equal(p, 'n') & u >> 1 & l >> 2 & l >> 3;
    uint64_t comma = equal(p, ',') & within(p, end);
    uint64_t space = equal(p, ' ');
    if (!comma)
        return 0;
    uint64_t region = up_to(comma);
    uint64_t next = comma << 1;
    uint64_t at = (next | 1) & region;
    at = (at & space) << 1 | (at & ~space);
    uint64_t done = (at & (is_true | is_null)) << 4 | (at & is_false) << 5;
    return done == comma ? 64 - (size_t)__builtin_clzll(comma) : 0;
}

ALWAYS size_t strings_ahead(const char *p, const char *end) {
    jl_scan_block b = block_of(p);
    uint64_t space = equal(p, ' ');
    /* Each bit the sum of all up to it: set from an opening quote on up to before the closing one. */
    uint64_t inside = b.quote;
    for (unsigned shift = 1; shift < 64; shift *= 2)
        inside ^= inside << shift;
    uint64_t close = b.quote & ~inside;
    uint64_t comma = equal(p, ',') & close << 1 & below(b.slash | b.control) & within(p, end);
    if (!comma)
        return 0;
    uint64_t region = up_to(comma);
    uint64_t next = comma << 1;
    uint64_t gap = next & space;
    uint64_t wrong = ~inside & ~(close | comma | gap) & region;
    wrong |= b.quote & inside & ~(1 | (next & ~gap) | gap << 1) & region;
    wrong |= ~b.quote & 1;
    return wrong ? 0 : 64 - (size_t)__builtin_clzll(comma);
}

/* As many of the values that begin at `p` as can be read so. */
static __attribute__((noinline)) const char *values_ahead(const char *p, const char *end) {
    size_t n;
    do {
        unsigned char c = byte_at(p, end);
        n = c == '"'             ? strings_ahead(p, end)
            : c < 'A'            ? numbers_ahead(p, end)
            : c > 'a' && c < 'z' ? literals_ahead(p, end)
                                 : 0;
        p = space(p + n, end);
    } while (n >= 32);
    return p;
}

/* Where so many values of an array have come, more are likely; where they could not be read so, neither will the next
   ones. */
#define FEW 3
#define PATIENCE 16

#endif

/* Skips a container without recursion: one bit for each open one says whether it is an object. `depth` is its own. */
ALWAYS const char *container(const char *p, const char *end, size_t depth, jl_fault *fault) {
    uint64_t objects[JL_DEPTH_MAX / 64 + 1];
    const size_t outermost = depth;
    bool plain = true;
    jl_type type;
    bool object;
    int run __attribute__((unused)) = 0;

open:
    if (depth > JL_DEPTH_MAX)
        return fail(fault, p, "nested deeper than 1024");
    object = *p == '{';
    objects[depth / 64] = (objects[depth / 64] & ~(UINT64_C(1) << depth % 64)) | (uint64_t)object << depth % 64;
    p = space(p + 1, end);
    if (byte_at(p, end) == (object ? '}' : ']'))
        goto close;
    if (!object)
        goto value;

name:
    if (byte_at(p, end) != '"')
        return fail(fault, p, "expected a member name");
    p = string(p, end, &plain, fault);
    if (!p)
        return NULL;
    p = space(p, end);
    if (byte_at(p, end) != ':')
        return fail(fault, p, "expected ':'");
    p = space(p + 1, end);

value:
    switch (byte_at(p, end)) {
    case '"':
        p = string(p, end, &plain, fault);
        break;
    case '{':
    case '[':
        ++depth;
        goto open;
    default:
        p = scalar(p, end, &type, fault);
    }
    if (!p)
        return NULL;

after:
    p = space(p, end);
    if (byte_at(p, end) == ',') {
        p = space(p + 1, end);
        if (object)
            goto name;
#ifdef HAVE_BLOCKS
        if (++run >= FEW) {
            const char *from = p;
            p = values_ahead(p, end);
            run = p == from ? -PATIENCE : FEW;
        }
#endif
        goto value;
    }
    if (byte_at(p, end) != (object ? '}' : ']'))
        return fail(fault, p, object ? "expected ',' or '}'" : "expected ',' or ']'");

close:
    ++p;
    if (depth == outermost)
        return p;
    --depth;
    object = objects[depth / 64] >> depth % 64 & 1;
    goto after;
}

static __attribute__((noinline)) const char *line_container(const char *p, size_t depth, jl_fault *fault) {
    return container(p, NULL, depth, fault);
}

/* Does that name, in that place, come now? */
ALWAYS bool foreseen(const jl_name_seen *seen, uint64_t place, const char *p) {
    return seen->place == place && same_token(p, seen);
}

/* Does the other name that came after `before` come now? It stays in the second place, lest an odd line now and then
   make the usual ones odd, until the first has not come for a while. Returns it or 0. */
ALWAYS uint32_t other_name(jl_shape *shape, jl_name_seen *before, uint64_t place, const char *p) {
    uint32_t name = before->next[1];
    if (!foreseen(jl_shape_at(shape, name), place, p))
        return 0;
    if (++before->away > 3) {
        before->next[1] = before->next[0];
        before->next[0] = name;
    }
    return name;
}

/* Finds the next name where the guesses failed; it becomes shape->last. Returns the first byte behind its colon that is
   no space, or the '}' that ends the object instead, or NULL. */
static __attribute__((noinline)) const char *next_name(jl_shape *shape, const jl_node *node, uint64_t place,
                                                       const char *start) {
    jl_fault *fault = &shape->fault;
    const char *p = space(start, NULL);
    bool first = place & 1;
    if (*p == '}')
        return p;
    if (!first) {
        if (*p != ',')
            return fail(fault, p, "expected ',' or '}'");
        p = space(p + 1, NULL);
    }
    if (*p != '"')
        return fail(fault, p, first ? "expected a member name or '}'" : "expected a member name");
    bool plain = true;
    const char *name = p;
    p = string(p, NULL, &plain, fault);
    if (!p)
        return NULL;
    jl_span token = {name, (size_t)(p - name)};
    p = space(p, NULL);
    if (*p != ':')
        return fail(fault, p, "expected ':'");
    p = space(p + 1, NULL);
    if (*p == '}')
        return fail(fault, p, "expected a value");
    shape->last = jl_shape_name(shape, node, place, token, plain, start, (size_t)(p - start));
    return p;
}

/* A wanted member has the value that ends before `end`. What stood under the same name before counts no more, nor
   does what stood inside it. */
ALWAYS void found(const jl_node *node, jl_field *field, const char *line, const char *p, const char *end, jl_type type,
                  bool plain) {
    for (size_t i = 0; i < node->fields; ++i)
        field[node->field[i]] =
            (jl_field){.off = (uint32_t)(p - line), .len = (uint32_t)(end - p), .type = type, .plain = plain};
    for (size_t i = 0; i < node->belows; ++i)
        field[node->below[i]].type = JL_ABSENT;
}

ALWAYS void closed(const jl_node *node, jl_field *field, const char *line, const char *end) {
    for (size_t i = 0; i < node->fields; ++i)
        field[node->field[i]].len = (uint32_t)(end - line) - field[node->field[i]].off;
}

/* Wanted objects inside wanted objects need no stack: the trie knows the way back. */
const char *SCAN(jl_scan_line)(const jl_want *want, jl_shape *shape, const char *brace, jl_field *field, jl_rec *rec) {
    const char *line = rec->line;
    jl_fault *fault = &shape->fault;
    const jl_node *node = &want->root;
    uint64_t place = node->id * 2 + 1;
    size_t depth = 1;
    uint32_t last = shape->last;
    const char *p = brace + 1;
    for (size_t i = 0; i < want->fields; ++i)
        field[i] = (jl_field){0};

    for (;;) {
        jl_name_seen *before = jl_shape_at(shape, last);
        const jl_name_seen *seen = jl_shape_at(shape, before->next[0]);
        if (LIKELY(foreseen(seen, place, p))) {
            last = before->next[0];
            before->away = 0;
            p += seen->n;
        } else if ((last = other_name(shape, before, place, p))) {
            seen = jl_shape_at(shape, last);
            p += seen->n;
        } else {
            if (*p != '}')
                p = next_name(shape, node, place, p);
            if (!p)
                return NULL;
            if (*p == '}') { /* which no value begins with */
                ++p;
                last = (uint32_t)((char *)before - (char *)shape->seen);
                if (!node->parent)
                    break;
                closed(node, field, line, p);
                node = node->parent;
                place = node->id * 2;
                --depth;
                continue;
            }
            last = shape->last;
            before->next[before->next[0] != 0] = last;
            seen = jl_shape_at(shape, last);
        }
        place &= ~UINT64_C(1);
        const jl_node *child = seen->child;

        if (!LIKELY((unsigned char)*p > ' ')) /* more space than last time */
            p = space(p, NULL);
        const char *start = p;
        bool plain = true;
        jl_type type = JL_STRING;
        if (LIKELY(*p == '"')) {
            p = string(p, NULL, &plain, fault);
        } else if (*p == '{' || *p == '[') {
            type = *p == '{' ? JL_OBJECT : JL_ARRAY;
            if (child && child->children && type == JL_OBJECT) {
                if (++depth > JL_DEPTH_MAX)
                    return fail(fault, p, "nested deeper than 1024");
                found(child, field, line, p, p, type, true);
                node = child;
                place = node->id * 2 + 1;
                ++p;
                continue;
            }
            p = line_container(p, depth + 1, fault);
        } else {
            p = scalar(p, NULL, &type, fault);
        }
        if (!p)
            return NULL;
        if (child)
            found(child, field, line, start, p, type, plain);
    }

    shape->last = last;
    rec->close = (uint32_t)(p - 1 - line);
    rec->empty = place & 1;
    p = space(p, NULL);
    if (*p != '\n')
        return fail(fault, p, "bytes after the object");
    rec->len = (uint32_t)(p - line);
    return p;
}

const char *SCAN(jl_scan_value)(const char *p, const char *end, jl_type *type, jl_fault *fault) {
    bool plain = true;
    switch (byte_at(p, end)) {
    case '"':
        *type = JL_STRING;
        return string(p, end, &plain, fault);
    case '{':
    case '[':
        *type = *p == '{' ? JL_OBJECT : JL_ARRAY;
        return container(p, end, 1, fault);
    default:
        return scalar(p, end, type, fault);
    }
}

#undef ALWAYS
#undef LIKELY
