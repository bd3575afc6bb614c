/* The headers that cmocka.h asks its users to include before it, in its order. */
#ifndef JL_TESTS_CMOCKA_ALL_H
#define JL_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
