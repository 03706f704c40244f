#ifndef HTTP_SERVICE_H
#define HTTP_SERVICE_H

/*
 * The whole service in one process (architecture 14): store, catalogue, journal writer, fold
 * thread, report pool, acceptor and workers.  Opened in that order, closed in reverse.
 *
 *     service_run(&options, &error)     returns after a drain (SIGTERM, SIGINT) with STATUS_OK
 */

#include "base/asset.h"
#include "base/log.h"
#include "base/status.h"

struct service_options {
    const char *const *listen; /* "127.0.0.1:8400", "[::1]:0", "unix:PATH" */
    size_t listen_count;
    const char *store;
    const char *experiments;
    const char *keys;           /* the file of keys */
    bool keys_are_named;        /* it was asked for, and has to be there */
    bool public_metrics;        /* /metrics asks nobody for a key */
    unsigned workers;           /* 0: one a core */
    int ready_fd;               /* -1: none; the same lines as standard output go there */
    size_t map_size;            /* of the state; 0: the default */
    int64_t journal_file_bytes; /* 0: the default */
    int64_t retention_ms;       /* messages received longer ago may be dropped; 0: none */
    int64_t drain_timeout_ms;
    bool watch;                      /* the experiments folder */
    bool growthbook;                 /* the SDK payload is served */
    bool pseudonymous;               /* of a store that is made; one that is there is as it is */
    const char *private_names;       /* with commas between */
    bool keeps_declared;             /* of traits those that a definition reads, else all */
    const char *const *cors_origins; /* "https://app.example", "*"; none by default */
    size_t cors_origin_count;
    const char *const *trusted_proxies; /* "10.0.0.0/8", "unix" */
    size_t trusted_proxy_count;
    const char *tls_certificate, *tls_key; /* PEM files, both or neither */
    const char *rate_limit;                /* "1000/s" per key and address; "0" or NULL: none */
    const char *version;
    const struct asset *assets; /* served under their paths (base/asset.h); NULL: none */
    /* Told each address once all listen, on the main thread; NULL: nobody. */
    void (*listening)(void *context, const char *address);
    void *context; /* of `listening` */
};

/* INVALID (exit 2) for a listener off loopback while there are no keys. Prints
 * `listening on HOST:PORT` a line each on standard output; logs on standard error. */
MUST_CHECK enum status service_run(const struct service_options *options, struct error *error);

#endif
