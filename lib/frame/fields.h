/* The options -k and -a, which mean the same in every program. */
#ifndef JL_FRAME_FIELDS_H
#define JL_FRAME_FIELDS_H

#include "frame/opt.h"
#include "jsonl/path.h"

#define JL_FIELDS_KEY "company,title"
#define JL_FIELDS_ANSWER "seniority"

/* What a program looks for in each line. Zero-initialise; the options fill the texts. */
typedef struct jl_fields {
    const char *key_text, *answer_text; /* as typed; NULL = the default */
    jl_keyspec key;
    jl_names answer;
    jl_want *want;
    size_t first_key;    /* the key members' indices in jl_rec.field, in the order typed */
    size_t first_answer; /* those of the answer's members; none for a program without -a */
} jl_fields;

/* Rows for the option table. `help` of -a differs with what the program does to the member. */
#define JL_FIELDS_OPT_KEY(fields)                                                                                      \
    {                                                                                                                  \
        .letter = 'k', .name = "key-paths", .arg = "NAME=PATH,...", .kind = JL_OPT_TEXT, .to = &(fields).key_text,     \
        .help = "the members that make the key [" JL_FIELDS_KEY "]"                                                    \
    }
#define JL_FIELDS_OPT_ANSWER(fields, placeholder, text)                                                                \
    {                                                                                                                  \
        .letter = 'a', .name = "answer", .arg = (placeholder), .kind = JL_OPT_TEXT, .to = &(fields).answer_text,       \
        .help = (text)                                                                                                 \
    }

/* Parses and compiles what the options said; `answers`: with -a. -1: JL_USAGE, or memory ran out. */
int jl_fields_open(jl_fields *f, bool answers, jl_err *err);
void jl_fields_close(jl_fields *f);

#endif
