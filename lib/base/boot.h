/* The clock that all processes of a machine share whoever sets its wall clock: time since the machine was started. */
#ifndef JL_BASE_BOOT_H
#define JL_BASE_BOOT_H

#include <stdint.h>

#define JL_BOOT_SIZE 64

/* Nanoseconds of CLOCK_BOOTTIME; goes on while the machine is suspended. */
int64_t jl_boot_now(void);
/* Which start of the machine that is; a time written under another id says nothing any more. "" where there is none to
   read: then every time counts as of this start. */
void jl_boot_id(char id[JL_BOOT_SIZE]);

#endif
