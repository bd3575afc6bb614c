/* The scale of seniority: which values are answers. */
#ifndef JL_SENIOR_SCALE_H
#define JL_SENIOR_SCALE_H

#include "jsonl/path.h"
#include "jsonl/rec.h"

/* 1 <= min <= max <= 255. Zero cannot be on a scale: the model's protocol leaves zeros off the wire, so that they mean
   "no answer". */
typedef struct jl_scale {
    uint8_t min, max;
} jl_scale;

#define JL_SCALE_DEFAULT ((jl_scale){1, 7})

/* Parses "MIN-MAX" into a jl_scale: the `call` of a --scale option. -1: JL_USAGE. */
int jl_scale_parse(void *scale, const char *text, jl_err *err);

/* The answer that a member's raw value is: digits within the scale. 0 for anything else, 5.0 and "5" too. */
uint8_t jl_scale_answer(jl_scale scale, jl_span token);
/* The same of a record's field. */
uint8_t jl_scale_field(jl_scale scale, const jl_rec *rec, size_t field);

/* Writes the value as raw JSON to `text`; the span is over it. */
jl_span jl_scale_token(uint8_t value, char text[4]);

/* -1 (JL_USAGE) unless the key is made of exactly the NAMEs company and title. */
int jl_pair_check(const jl_keyspec *spec, jl_err *err);
/* A pair that can be asked about: both members are strings. `first` is what jl_want_key returned. */
static inline bool jl_pair_usable(const jl_rec *rec, size_t first) {
    return rec->has_key && rec->field[first].type == JL_STRING && rec->field[first + 1].type == JL_STRING;
}

#endif
