/* Towns that people commute between. */
#ifndef JL_MATCH_METRO_H
#define JL_MATCH_METRO_H

#include "job/facts.h"

/* The metropolitan area that a place (jl_facts_place) is in; 0: of none that is known. A large city is known by its name
 * alone, its suburbs with their state. The areas are those of the U.S. Office of Management and Budget, their larger
 * towns alone. */
unsigned jl_metro_of(const uint32_t place[JL_FACTS_PLACES]);

#endif
