/* What a posting's text says about sponsoring visas. */
#ifndef JL_JOB_VISA_H
#define JL_JOB_VISA_H

#include "job/facts.h"

/* English sentences with "sponsor" in them: JL_NO when one of them says that visas or applicants are not sponsored, JL_YES when one
   offers it, JL_UNTOLD when none says either ("executive sponsor", "Will you require sponsorship?"). `text` may be a raw JSON
   string: only the escapes \n and \r matter, which end a sentence. Linear time. */
jl_tri jl_visa_told(jl_span text);

#endif
