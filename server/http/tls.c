/* Implementation of tls.h. */

#include "tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    const char *certificate, *key;
    pthread_mutex_t lock; /* of `settings`, which a reload changes under the workers */
    SSL_CTX *settings;
};

/* The first cause: what OpenSSL adds later is where it was noticed. */
static const char *reason_of(char *room, size_t size)
{
    unsigned long code = ERR_get_error();
    const char *text =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    if (!text) {
        ERR_error_string_n(code, room, size);
        text = room;
    }
    ERR_clear_error();
    return text;
}

/* A key under a passphrase is not asked for: no command asks a question. */
static int no_passphrase(char *room, int size, int is_writing, void *context)
{
    (void)room;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

/* ALPN (RFC 7301): HTTP/1.1 for a client that offers it among others. */
static int choose_protocol(SSL *session, const unsigned char **chosen, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *match;
    (void)session;
    (void)context;
    if (SSL_select_next_proto(&match, size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

static void settings_choose(SSL_CTX *settings)
{
    SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
    /* Renegotiation lets a client make the server work; an end without close_notify is common, and
     * HTTP says itself how long a message is. */
    SSL_CTX_set_options(settings, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                      SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Tickets resume sessions; nothing is kept here.  Idle connections give their buffers back. */
    SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(settings, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(settings, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(settings, no_passphrase);
}

static enum status settings_read(const struct tls *tls, SSL_CTX **settings, struct error *error)
{
    char room[256];
    ERR_clear_error();
    SSL_CTX *made = SSL_CTX_new(TLS_server_method());
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for TLS");
    settings_choose(made);
    const char *where = NULL;
    if (SSL_CTX_use_certificate_chain_file(made, tls->certificate) != 1)
        where = tls->certificate;
    else if (SSL_CTX_use_PrivateKey_file(made, tls->key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(made) != 1)
        where = tls->key;
    if (where) {
        SSL_CTX_free(made);
        return FAIL(error, STATUS_STORAGE, where, 0, "TLS: %s", reason_of(room, sizeof room));
    }
    *settings = made;
    return STATUS_OK;
}

enum status tls_new(const char *certificate, const char *key, struct tls **tls, struct error *error)
{
    if (!certificate || !key)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "--tls-cert and --tls-key are given both or not at all");
    struct tls *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for TLS");
    made->certificate = certificate;
    made->key = key;
    pthread_mutex_init(&made->lock, NULL);
    enum status status = settings_read(made, &made->settings, error);
    if (status)
        tls_free(made);
    else
        *tls = made;
    return status;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->settings);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

enum status tls_reload(struct tls *tls, struct error *error)
{
    SSL_CTX *settings;
    enum status status = settings_read(tls, &settings, error);
    if (status)
        return status;
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->settings;
    tls->settings = settings;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* sessions hold their own reference */
    return STATUS_OK;
}

struct bufferevent *tls_stream(struct tls *tls, struct event_base *base, int fd)
{
    pthread_mutex_lock(&tls->lock);
    SSL *session = SSL_new(tls->settings);
    pthread_mutex_unlock(&tls->lock);
    if (!session)
        return NULL;
    struct bufferevent *stream =
        bufferevent_openssl_socket_new(base, fd, session, BUFFEREVENT_SSL_ACCEPTING,
                                       BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (!stream) {
        SSL_free(session);
        return NULL;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}

void tls_say_goodbye(struct bufferevent *stream)
{
    SSL *session = bufferevent_openssl_get_ssl(stream);
    if (!SSL_is_init_finished(session) || (SSL_get_shutdown(session) & SSL_SENT_SHUTDOWN))
        return;
    ERR_clear_error();
    SSL_shutdown(session);
    ERR_clear_error();
}
