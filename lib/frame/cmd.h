/* The lookup that is a command at the other end of a pipe. */
#ifndef JL_FRAME_CMD_H
#define JL_FRAME_CMD_H

#include "frame/run.h"
#include "jsonl/path.h"
#include "lookup/lookup.h"

typedef struct jl_cmd_options {
    char *const *argv;        /* NULL-terminated */
    const jl_keyspec *key;    /* of the records that are asked about */
    const jl_names *answer;   /* what its replies carry, in the order of the answer's values */
    size_t first_key;         /* in the records that are asked about */
    uint64_t max_line;        /* of its replies */
    int64_t stall;            /* ns after which a command that answers nothing while the window is full is ended */
    const char *const *unset; /* environment variables kept from the command (secrets), NULL-terminated; may be NULL */
} jl_cmd_options;

/* Starts the command: one line of key members per question goes to its stdin; its stdout gives lines with the key and
   the answer, in any order. NULL with JL_USAGE when it cannot be run. A reply with the key and no answer is JL_REFUSED:
   the command passed the key back, and its status says whether for good. A key without a reply when the command has
   ended is JL_UNANSWERED. verdict(): JL_OK; the command's status when 64 to 78; else JL_SOFTWARE. */
jl_lookup *jl_cmd_open(jl_run *run, const jl_cmd_options *options, jl_err *err);

#endif
