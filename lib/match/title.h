/* Titles of jobs as occupations that can be compared. */
#ifndef JL_MATCH_TITLE_H
#define JL_MATCH_TITLE_H

#include "match/vocabulary.h"

#define JL_TITLE_PARTS 12

typedef struct jl_title_part {
    uint64_t word;  /* the same for spellings of one word */
    float weight;   /* what it says: 0.6 for "engineer", 1 for a field, less for
                     what stands far behind */
    uint8_t family; /* 0 = none */
    bool head, general, known;
} jl_title_part;

typedef struct jl_title {
    jl_title_part part[JL_TITLE_PARTS];
    size_t n;
    uint8_t level; /* 1 to 7 by its words, 0: they say none */
} jl_title;

/* Words of rank ("Senior", "II"), of employment ("Remote", "m/w/d") and of
 * grammar are no parts. */
void jl_title_read(const jl_vocabulary *v, jl_span text, jl_title *title);

/* 0: nothing in common; 1: the same occupation. The mean, over the words of
   both by weight, of how well each is met by the other's best: 1 the same word,
   0.55 two occupations of one family ("server" and "bartender"), 0.45 another
   pair of one family ("backend" and "developer"), 0.75 an occupation and a general one ("developer" and "engineer"). Words that go with every
   field (engineer, manager) alone make no likeness: without any other pair that
   is met the mean counts a third, 0.6 where one title has no other words. -1: one of them has no parts. */
double jl_title_likeness(const jl_title *a, const jl_title *b);

/* True when the text names an occupation; `*end` is the offset behind the first
 * one's last word. */
bool jl_title_names(const jl_vocabulary *v, jl_span text, size_t *begin, size_t *end);

#endif
