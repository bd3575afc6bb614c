/* HTTP for an event loop: each request is sent at most once, each reply is bounded in size and time. */
#ifndef JL_WIRE_HTTP_H
#define JL_WIRE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

/* libcurl, loaded when the first client is opened (late.h). What is done here that libcurl does not do by itself:

   Sent at most once. libcurl sends a request again, silently, when it went out over a connection that was kept from an
   earlier one and that ended before a byte of the reply came, and when an HTTP/2 server says that it has refused it
   (Curl_retry_request in its lib/transfer.c; there is no option against it up to 8.21). But the server may have carried
   it out. Here the callback that libcurl makes before each sending (CURLOPT_PREREQFUNCTION) lets the first pass and
   refuses the second: the call ends as JL_HTTP_LOST. So that this is rare, connections that were idle for more than
   about three seconds are not used again, and two calls never share a connection at the same time, not even with
   HTTP/2: what breaks breaks for one.

   Not sent is certain. The same callback tells a request of which nothing was sent from one that may have arrived. It
   also refuses one that would leave after its deadline.

   What has come is not thrown away. The deadline of a call is kept here, not by libcurl, which ends a call that is
   driven too late although its reply lies in the socket (multi_runsingle in its lib/multi.c). However late
   jl_http_collect is called, because the process stood still or the caller was busy: first all that has arrived is
   read, then calls end whose time is up. (How much can arrive meanwhile is the kernel's to say, see tcp_rmem in tcp(7):
   some 60 KB at least, and what the reader has shown to be worth giving room for.) What trickles in does not put off the
   end, nor does a server that sends without end, for more than a second of work.

   Never done: redirects are not followed, cookies are not kept, .netrc is not read, nothing but http and https is
   spoken, certificates are always verified, "Expect: 100-continue" is not sent (it costs a second where a server does
   not know it). Names are resolved on threads of libcurl's.

   The environment's http_proxy, https_proxy, all_proxy, no_proxy are honoured as libcurl does, except that what goes to
   this very machine (jl_http_private) goes there directly. For https a proxy sees the host's name, nothing else.

   One thread at a time. */
typedef struct jl_http jl_http;

/* Texts are copied. */
typedef struct jl_http_options {
    size_t in_flight;        /* calls at once, at most, each over a connection of its own; at least 1 */
    int64_t connect_timeout; /* ns for name, connection, TLS together; 0 = 30 s */
    const char *user_agent;  /* NULL = none is sent */
    const char *ca_file;     /* certificates, PEM; NULL = the system's */
} jl_http_options;

/* All is copied by jl_http_start. The copies, and whatever libcurl makes of them, are wiped when the memory is given
   back, after the call or with its connection; only HTTP/2's table of headers (nghttp2's) is not. */
typedef struct jl_http_request {
    const char *method;        /* "GET" (without body) or "POST" */
    const char *url;           /* http or https, without user and password; everything escaped that has to be */
    const char *const *header; /* "Name: value", NULL-terminated; NULL = none. Content-Type is the caller's to say */
    jl_span body;
    int64_t timeout; /* ns for the whole call, > 0; it never ends earlier for want of time, nor later than the first
                        jl_http_collect from then on */
    size_t max_body; /* bytes of the reply's body at most, decompressed; memory for them is taken as they come */
    uint64_t ticket; /* the caller's, handed back with the reply */
} jl_http_request;

typedef enum jl_http_end {
    JL_HTTP_REPLY =
        1, /* a whole reply, whatever its status. Without a stated length a body ends where its connection does */
    JL_HTTP_NOT_SENT, /* no byte of the request was sent: the name, the connection, TLS, a proxy failed, or took too long */
    JL_HTTP_LOST,     /* something was sent, no whole reply came: it may have been carried out */
    JL_HTTP_TIMEOUT,  /* the same, for want of time */
    JL_HTTP_TOO_LARGE /* the body is longer than max_body: cut off there, the connection too */
} jl_http_end;

/* Valid during the call that hands it over. */
typedef struct jl_http_reply {
    uint64_t ticket;
    jl_http_end end;
    int status;      /* 200 to 999; 0 when no final response has begun. May be there with any end but NOT_SENT */
    jl_span body;    /* whole with REPLY, else what had come. JL_PAD (jsonl/json.h) readable bytes behind it */
    jl_span header;  /* the final response's header lines with their CRLF, without the status line; of what is longer
                        than 64 KiB, the lines before that */
    const char *why; /* a sentence, NULL with REPLY; neither the URL's path or query nor a header stands in it */
    int64_t took;    /* ns since the start */
} jl_http_reply;

/* NULL: JL_USAGE when the library is not installed or too old, JL_NOINPUT when ca_file cannot be read, JL_SOFTWARE. */
jl_http *jl_http_open(const jl_http_options *options, jl_err *err);
/* Calls in flight are cut off; nobody hears of them again, though they may be carried out. Accepts NULL. */
void jl_http_close(jl_http *h);

/* From here on exactly one reply comes through jl_http_collect, unless the client is closed before. Waits for nothing;
   the first byte leaves in jl_http_collect. -1, and no reply comes: JL_USAGE for a request that cannot be meant (its
   message shows neither URL nor header); JL_SOFTWARE when in_flight calls are outstanding (nothing is queued here: a
   queue would eat the caller's lease unseen), or memory ran out. */
int jl_http_start(jl_http *h, const jl_http_request *request, jl_err *err);
/* Started, and not handed over yet. */
size_t jl_http_outstanding(const jl_http *h);

/* For poll(): readable when jl_http_collect has something to do; it also wants to be called at the deadline (monotonic
   ns; -1 = no date; one that has passed = at once). Both may change with each start and collect. */
int jl_http_fd(const jl_http *h);
int64_t jl_http_deadline(const jl_http *h);
/* Does what can be done without waiting. A reply that has arrived in full by now is handed over as JL_HTTP_REPLY,
   however late it is; then what is overdue ends. `take` gets each reply that is there; its place is free by then, so it may
   start another call, but neither collect nor close. -1: `take` failed (its reply counts as handed over, the others
   come with the next collect), or JL_SOFTWARE. */
int jl_http_collect(jl_http *h, int (*take)(void *self, const jl_http_reply *reply, jl_err *err), void *self,
                    jl_err *err);

/* For a program that makes one call: starts it and waits for its reply, which `take` gets. Nothing else may be
   outstanding. -1: as start and collect; JL_TEMPFAIL when a stop was asked meanwhile (base/stop.h): the call is cut off,
   without a reply. */
int jl_http_once(jl_http *h, const jl_http_request *request,
                 int (*take)(void *self, const jl_http_reply *reply, jl_err *err), void *self, jl_err *err);

/* The value of the last header of this name, in any case, without white space around it. 0: found; -1: there is none. */
int jl_http_header(const jl_http_reply *reply, const char *name, jl_span *value);
/* How long the server wants to be left alone (Retry-After, RFC 9110, 10.2.3), ns: 0 = it says nothing that can be read; an
   hour for all that is longer, or a number of nobody knows what. A date is reckoned from the reply's own. */
#define JL_HTTP_PAUSE_MOST (3600 * JL_SECOND)
int64_t jl_http_pause(const jl_http_reply *reply);
/* Appends `text` as a part of a query: all but A-Z a-z 0-9 - . _ ~ becomes %XX. */
int jl_http_escape(jl_buf *out, jl_span text, jl_err *err);
/* True when nobody in between can read what is sent there: https, or http to this very machine (localhost, 127.0.0.0/8,
   [::1]). A key goes nowhere else. False for whatever is no such URL beyond doubt. */
bool jl_http_private(const char *url);

/* "libcurl 7.88.1", the version that this was built for. Static. */
const char *jl_http_version(void);

#endif
