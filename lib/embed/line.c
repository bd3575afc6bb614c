/* The texts of a job line, decoded. */
#include "embed/line.h"

#include "job/job.h"
#include "job/space.h"

enum { PARTS = 6 };

static const jl_job_name listing_names[] = {JL_JOB_TITLE, JL_JOB_COMPANY, JL_JOB_LOCATION, JL_JOB_SNIPPET,
                                            JL_JOB_DESCRIPTION};

static void parts_of(const jl_embed_text *text, jl_span part[PARTS]) {
    part[0] = text->title;
    part[1] = text->company;
    part[2] = text->location;
    part[3] = text->skills;
    part[4] = text->snippet;
    part[5] = text->body;
}

/* The room for what is decoded was made before, so that no text moves. */
static void read_text(jl_embed_line *l, const jl_rec *rec, const jl_field *f, jl_span *text) {
    if (f->type != JL_STRING)
        return;
    jl_span token = {rec->line + f->off, f->len};
    if (f->plain) {
        *text = (jl_span){token.p + 1, token.n - 2};
        return;
    }
    char *to = l->bytes.p + l->bytes.n, *end = jl_json_decode_to(token, to);
    *text = (jl_span){to, (size_t)(end - to)};
    l->bytes.n += text->n;
}

int jl_embed_line_read(jl_embed_line *l, const jl_rec *rec, size_t first, jl_stage stage, jl_err *err) {
    jl_span *to[] = {&l->text.title, &l->text.company, &l->text.location, &l->text.snippet, &l->text.body};
    size_t n = stage == JL_STAGE_FULL ? 5 : 4, room = JL_PAD;
    l->text = (jl_embed_text){0};
    jl_buf_clear(&l->bytes);
    for (size_t i = 0; i < n; i++)
        room += rec->field[first + listing_names[i]].len;
    if (jl_buf_reserve(&l->bytes, room, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        read_text(l, rec, &rec->field[first + listing_names[i]], to[i]);
    return 0;
}

void jl_embed_line_free(jl_embed_line *l) {
    jl_buf_free(&l->bytes);
}

bool jl_embed_text_empty(const jl_embed_text *text) {
    jl_span part[PARTS];
    parts_of(text, part);
    for (size_t i = 0; i < PARTS; i++)
        if (jl_space_trim(part[i]).n > 0)
            return false;
    return true;
}

int jl_embed_text_join(const jl_embed_text *text, jl_buf *out, jl_err *err) {
    jl_span part[PARTS];
    size_t start = out->n;
    parts_of(text, part);
    for (size_t i = 0; i < PARTS; i++) {
        if (jl_space_trim(part[i]).n == 0)
            continue;
        if ((out->n > start && jl_buf_addc(out, '\n', err) != 0) || jl_buf_add(out, part[i], err) != 0)
            return -1;
    }
    return 0;
}
