/* The calls of libcurl that are in use, made through pointers into a library that is loaded late (late.h); included by
   wire/http.c alone. */
#ifndef JL_WIRE_HTTP_CALLS_H
#define JL_WIRE_HTTP_CALLS_H

/* Its macros that check the types of options stand where ours have to. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "wire/late.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85 or newer is needed"
#endif

#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

#define CURL_CALLS(X)                                                                                                  \
    X(curl_easy_cleanup)                                                                                               \
    X(curl_easy_getinfo)                                                                                               \
    X(curl_easy_init)                                                                                                  \
    X(curl_easy_reset)                                                                                                 \
    X(curl_easy_setopt)                                                                                                \
    X(curl_easy_strerror)                                                                                              \
    X(curl_global_init_mem)                                                                                            \
    X(curl_multi_add_handle)                                                                                           \
    X(curl_multi_cleanup)                                                                                              \
    X(curl_multi_info_read)                                                                                            \
    X(curl_multi_init)                                                                                                 \
    X(curl_multi_remove_handle)                                                                                        \
    X(curl_multi_setopt)                                                                                               \
    X(curl_multi_socket_action)                                                                                        \
    X(curl_multi_strerror)                                                                                             \
    X(curl_slist_append)                                                                                               \
    X(curl_slist_free_all)                                                                                             \
    X(curl_version_info)

static const char *const curl_names[] = {CURL_CALLS(JL_LATE_NAME)};

static union {
    struct {
        CURL_CALLS(JL_LATE_POINTER)
    };
    void *all[sizeof curl_names / sizeof *curl_names];
} curl;

static jl_late curl_library = {.what = "libcurl",
                               .soname = JL_SONAME,
                               .package = JL_PACKAGE,
                               .name = curl_names,
                               .call = curl.all,
                               .n = sizeof curl_names / sizeof *curl_names};

#define curl_easy_cleanup(...) curl.curl_easy_cleanup(__VA_ARGS__)
#define curl_easy_getinfo(...) curl.curl_easy_getinfo(__VA_ARGS__)
#define curl_easy_init(...) curl.curl_easy_init(__VA_ARGS__)
#define curl_easy_reset(...) curl.curl_easy_reset(__VA_ARGS__)
#define curl_easy_setopt(...) curl.curl_easy_setopt(__VA_ARGS__)
#define curl_easy_strerror(...) curl.curl_easy_strerror(__VA_ARGS__)
#define curl_global_init_mem(...) curl.curl_global_init_mem(__VA_ARGS__)
#define curl_multi_add_handle(...) curl.curl_multi_add_handle(__VA_ARGS__)
#define curl_multi_cleanup(...) curl.curl_multi_cleanup(__VA_ARGS__)
#define curl_multi_info_read(...) curl.curl_multi_info_read(__VA_ARGS__)
#define curl_multi_init(...) curl.curl_multi_init(__VA_ARGS__)
#define curl_multi_remove_handle(...) curl.curl_multi_remove_handle(__VA_ARGS__)
#define curl_multi_setopt(...) curl.curl_multi_setopt(__VA_ARGS__)
#define curl_multi_socket_action(...) curl.curl_multi_socket_action(__VA_ARGS__)
#define curl_multi_strerror(...) curl.curl_multi_strerror(__VA_ARGS__)
#define curl_slist_append(...) curl.curl_slist_append(__VA_ARGS__)
#define curl_slist_free_all(...) curl.curl_slist_free_all(__VA_ARGS__)
#define curl_version_info(...) curl.curl_version_info(__VA_ARGS__)

#endif
