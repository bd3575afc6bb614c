/* The words of English job titles that say something about seniority. */
#ifndef JL_SENIOR_WORDS_H
#define JL_SENIOR_WORDS_H

#include <stdint.h>

#include "base/span.h"

/* What a word does in a title; classify.h has the rules. */
typedef enum jl_word_kind {
    JL_WORD_PLAIN = 0, /* says nothing */
    JL_WORD_ROLE,      /* an occupation; `level` is its own */
    JL_WORD_MAKER,     /* the same, of those that have "staff" as a rank: engineers, designers, … */
    JL_WORD_SUPPORT,   /* a supporting occupation: decides at the end of a part */
    JL_WORD_ASSISTANT, /* one too; in front of another word it takes one off */
    JL_WORD_WORKER,    /* an occupation, in a shop a supporting one */
    JL_WORD_MEMBER,    /* the same of teams, and a rank of boards */
    JL_WORD_ENTRY,     /* intern, trainee: always level 1 */
    JL_WORD_STUDENT,   /* student, graduate: level 1 in some company */
    JL_WORD_JUNIOR,
    JL_WORD_UNDER,     /* deputy: takes one off a rank */
    JL_WORD_ASSOCIATE, /* in front of a rank like deputy, at the end an occupation */
    JL_WORD_STEP,      /* raises an occupation by `level` */
    JL_WORD_SENIOR,    /* one of them, unless of senior living */
    JL_WORD_LEAD,      /* one of them, unless of lead generation */
    JL_WORD_STAFF,     /* one of them in front of makers */
    JL_WORD_PRINCIPAL, /* one of them in front of something, a rank at the end */
    JL_WORD_MASTER,    /* one of them in front of something, an occupation at the end */
    JL_WORD_SCOPE,     /* regional, global: may stand before a rank without being its speciality */
    JL_WORD_RANK,      /* a rank of `level` at the front or the end of a part */
    JL_WORD_SUPERIOR,  /* a rank of `level` anywhere: superintendent, supervisor */
    JL_WORD_CHIEF,
    JL_WORD_OFFICER,
    JL_WORD_LETTERS, /* CEO and its like */
    JL_WORD_EXECUTIVE,
    JL_WORD_PRESIDENT,
    JL_WORD_VICE,
    JL_WORD_VP, /* a vice president of `level` */
    JL_WORD_DIRECTOR,
    JL_WORD_MANAGER,
    JL_WORD_MANAGING,
    JL_WORD_GENERAL,
    JL_WORD_COUNSEL,
    JL_WORD_HEAD,
    JL_WORD_PARTNER,
    JL_WORD_OWNER,
    JL_WORD_OPERATOR,
    JL_WORD_CONTROLLER,
    JL_WORD_BOARD,
    JL_WORD_NUMERAL, /* II, 3: `level` is its value */
    JL_WORD_THING,   /* what products, processes and partners in business are: makes owner and partner an occupation */
    JL_WORD_MONEY,   /* financial, corporate: makes a controller a rank */
    JL_WORD_GRADE,   /* shift, tier, class: the number behind it is no numeral of seniority */
    JL_WORD_SHOP,    /* store, warehouse: the same of numbers, and an associate there is a supporting occupation */
    JL_WORD_PROGRAM, /* program, recruiter: an intern in front of it is what the work is about */
    JL_WORD_CARE,    /* living, citizens: what follows "senior" when it is an age */
    JL_WORD_GENERATION, /* what follows "lead" when it is a customer */
    JL_WORD_SCHOOL,     /* what follows "graduate" when the work is for graduates */
    JL_WORD_START,      /* Head Start */
    JL_WORD_TEAM,
    JL_WORD_FIRST, /* the "entry" of "entry level" */
    JL_WORD_LEVEL,
    JL_WORD_TRAINING,
    JL_WORD_OFFICE,
    JL_WORD_OF,
    JL_WORD_FIELD, /* for, in, at, with: what follows is the field of the work */
    JL_WORD_TO,
    JL_WORD_AND
} jl_word_kind;

typedef struct jl_word {
    const char *text; /* in lower case */
    uint8_t kind;     /* jl_word_kind */
    uint8_t level;
} jl_word;

/* The word, which is given in lower case; NULL when it says nothing. Static; any thread. */
const jl_word *jl_word_find(jl_span text);

#endif
