/*
 * The door to libfyaml: a YAML text becomes a tree of nodes with places.
 *
 * We read libfyaml's events, not its documents: a document refuses repeated keys by itself and
 * reads no further, resolves aliases, and is built before we could count nodes and levels.  From
 * events we see anchors, tags, directives and a second document, and refuse each at its place.
 *
 * Places come from the offsets in bytes of libfyaml's marks (0.7.12).  A quoted scalar is marked
 * one byte after its quote, an anchor, an alias or a tag after its sign: one is taken off where
 * that byte is there.
 */

#include "parse.h"

#include "base/limits.h"

#include <libfyaml.h>

struct yaml {
    struct parser *parser;
    struct document *document;
    struct fy_parser *reader;
    size_t nodes;
    size_t reached;     /* where the last event that has a token ends */
    size_t told_before; /* diagnostics of other files */
    bool stopped;       /* nothing more is read */
    bool is_bad;        /* told of syntax: the file says nothing */
};

/* One syntax error ends the file, and nothing else is said of it. */
static void stop_at(struct yaml *yaml, size_t offset, const char *why)
{
    diagnostics_cut(yaml->parser->found, yaml->told_before);
    yaml->is_bad = true;
    fault(yaml->parser, document_place(yaml->document, offset, offset + 1), "syntax", "%s", why);
    yaml->stopped = true;
}

/* Where a token begins; `signs` are bytes that belong to it but are before its mark. */
static size_t token_start(const struct yaml *yaml, struct fy_token *token, const char *signs)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    struct slice text = yaml->document->text;
    if (!mark || mark->input_pos > text.size)
        return text.size;
    size_t at = mark->input_pos;
    if (at && strchr(signs, text.data[at - 1]))
        at--;
    return at;
}

static size_t token_end(const struct yaml *yaml, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_end_mark(token) : NULL;
    size_t size = yaml->document->text.size;
    return mark && mark->input_pos <= size ? mark->input_pos : size;
}

static void refuse(struct yaml *yaml, struct fy_token *token, const char *signs, const char *what)
{
    if (!token)
        return;
    size_t from = token_start(yaml, token, signs);
    fault(yaml->parser, document_place(yaml->document, from, token_end(yaml, token)),
          "not-supported", "%s", what);
}

static void refuse_properties(struct yaml *yaml, struct fy_token *anchor, struct fy_token *tag)
{
    refuse(yaml, anchor, "&", "anchors are not supported: write the value out");
    refuse(yaml, tag, "!", "tags are not supported: each key has its type");
}

static struct fy_event *event_next(struct yaml *yaml)
{
    struct fy_event *event = yaml->stopped ? NULL : fy_parser_parse(yaml->reader);
    const struct fy_mark *end = event ? fy_event_end_mark(event) : NULL;
    if (end && end->input_pos <= yaml->document->text.size)
        yaml->reached = end->input_pos;
    return event;
}

/* The `:` or `?` of a key without a text, which has no token: the next sign after what was read.
 * A quote there is the last one's closing quote. */
static size_t sign_next(const struct yaml *yaml)
{
    struct slice text = yaml->document->text;
    size_t at = yaml->reached;
    while (at < text.size && strchr(" \t\r\n,\"'#", text.data[at])) {
        bool is_comment = text.data[at] == '#';
        while (is_comment && at < text.size && text.data[at] != '\n')
            at++;
        at += at < text.size;
    }
    return at;
}

/* libfyaml's first error, where it stopped. */
static void syntax_tell(struct yaml *yaml, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *error;
    do /* not its warnings, such as of a directive */
        error = fy_diag_errors_iterate(diag, &iterator);
    while (error && error->type < FYET_ERROR);
    struct document *document = yaml->document;
    if (!error) {
        stop_at(yaml, document->text.size, "this cannot be read as YAML");
        return;
    }
    size_t line = error->line > 0 ? (size_t)error->line : 1;
    if (line > document->line_count) { /* the end of a last line that has no line end */
        stop_at(yaml, document->text.size, error->msg);
        return;
    }
    size_t at = document->line_starts[line - 1];
    for (int column = 1; column < error->column && at < document->text.size; column++)
        if (document->text.data[at] == '\n' || text_next(document->text, &at) < 0)
            break;
    char quote = at ? document->text.data[at - 1] : (char)0;
    if ((quote == '"' || quote == '\'') && strstr(error->msg, "without closing quote"))
        at--;
    stop_at(yaml, at, error->msg);
}

/* What a scalar says, in scratch.  Chunk by chunk: fy_token_get_text leaks a quoted text with ten
 * escapes side by side (0.7.12). */
static struct slice token_text(struct yaml *yaml, struct fy_token *token)
{
    struct buffer text = {0};
    const struct fy_iter_chunk *chunk = NULL;
    int failed = 0;
    struct fy_token_iter *iterator = fy_token_iter_create(token);
    while (iterator && (chunk = fy_token_iter_chunk_next(iterator, chunk, &failed)))
        buffer_add(&text, (struct slice){.data = chunk->str, .size = chunk->len});
    fy_token_iter_destroy(iterator);
    struct slice copy = arena_copy(&yaml->parser->scratch, buffer_slice(&text));
    yaml->parser->scratch.failed |= text.failed || failed || !iterator;
    buffer_done(&text);
    return copy;
}

/* The sign of a block scalar that is an item: it is marked at the line below.  Elsewhere the key
 * that holds it is shown, and `from` does not matter. */
static size_t block_sign(const struct yaml *yaml, size_t from)
{
    struct slice text = yaml->document->text;
    size_t at = from ? from - 1 : 0;
    while (at && text.data[at - 1] != '\n')
        at--;
    while (at < from && strchr("- \t", text.data[at]))
        at++;
    return at < from && strchr("|>", text.data[at]) ? at : from;
}

static void scalar_read(struct yaml *yaml, const struct fy_event *event, struct node *node)
{
    struct fy_token *token = event->scalar.value;
    refuse_properties(yaml, event->scalar.anchor, event->scalar.tag);
    node->kind = NODE_SCALAR;
    if (!token)
        return; /* no value: no place of its own */
    node->text = token_text(yaml, token);
    enum fy_scalar_style style = fy_token_scalar_style(token);
    bool is_quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    bool is_block = style == FYSS_LITERAL || style == FYSS_FOLDED;
    node->style = is_quoted ? STYLE_QUOTED : is_block ? STYLE_BLOCK : STYLE_PLAIN;
    size_t from = token_start(yaml, token, is_quoted ? "'\"" : "");
    size_t to = token_end(yaml, token) + is_quoted;
    from = is_block ? block_sign(yaml, from) : from;
    if (node->text.size || is_quoted)
        node->place = document_place(yaml->document, from, to);
    if (!slice_is_utf8(node->text))
        stop_at(yaml, from, "this text holds NUL or half of a surrogate pair");
}

static bool node_read(struct yaml *yaml, const struct fy_event *event, unsigned depth,
                      struct node *node);

/* Whether a pair with this key is kept; tells why not. */
static bool key_kept(struct yaml *yaml, const struct node *key, size_t offset)
{
    if (key->kind == NODE_REFUSED)
        return false;
    if (key->kind == NODE_SCALAR && !key->place.line) {
        offset = sign_next(yaml);
        fault(yaml->parser, document_place(yaml->document, offset, offset + 1), "not-supported",
              "a key is a plain or quoted word; here is none");
        return false;
    }
    if (key->kind != NODE_SCALAR || key->style == STYLE_BLOCK) {
        fault(yaml->parser, document_place(yaml->document, offset, offset + 1), "not-supported",
              "a key is a plain or quoted word, not %s",
              key->kind == NODE_SCALAR ? "a block of text" : node_kind_text(key));
        return false;
    }
    if (key->style == STYLE_PLAIN && slice_equals(key->text, "<<")) {
        fault(yaml->parser, key->place, "not-supported",
              "'<<' is not supported: write the keys out");
        return false;
    }
    return true;
}

static size_t event_offset(const struct yaml *yaml, const struct fy_event *event)
{
    struct fy_token *token = NULL;
    if (event->type == FYET_SCALAR)
        token = event->scalar.value;
    else if (event->type == FYET_ALIAS)
        token = event->alias.anchor;
    else if (event->type == FYET_SEQUENCE_START)
        token = event->sequence_start.sequence_start;
    else if (event->type == FYET_MAPPING_START)
        token = event->mapping_start.mapping_start;
    return token_start(yaml, token, "");
}

/* Reads up to the end event; the children of a mapping are keys and values in turn. */
static void children_read(struct yaml *yaml, unsigned depth, enum fy_event_type end,
                          struct node *node)
{
    struct children children = {0};
    bool is_mapping = node->kind == NODE_MAPPING, keep_pair = true;
    for (size_t i = 0;; i++) {
        struct fy_event *event = event_next(yaml);
        if (!event || event->type == end) {
            fy_parser_event_free(yaml->reader, event);
            break;
        }
        bool is_key = is_mapping && i % 2 == 0;
        struct node child = {0};
        size_t offset = event_offset(yaml, event);
        bool good = node_read(yaml, event, depth, &child);
        fy_parser_event_free(yaml->reader, event);
        if (!good)
            break;
        if (is_key)
            keep_pair = key_kept(yaml, &child, offset);
        node->is_partial |= !keep_pair;
        struct node *added = keep_pair ? children_add(yaml->parser, &children) : NULL;
        if (added)
            *added = child;
    }
    children_close(yaml->parser, &children, node);
}

static bool node_read(struct yaml *yaml, const struct fy_event *event, unsigned depth,
                      struct node *node)
{
    if (++yaml->nodes > FILE_NODES_MAX) {
        stop_at(yaml, event_offset(yaml, event), "the file holds more than 10000 values");
        return false;
    }
    bool is_list = event->type == FYET_SEQUENCE_START,
         is_mapping = event->type == FYET_MAPPING_START;
    if ((is_list || is_mapping) && depth >= FILE_DEPTH_MAX) {
        stop_at(yaml, event_offset(yaml, event), "lists and mappings are more than 64 levels deep");
        return false;
    }
    if (is_list) {
        refuse_properties(yaml, event->sequence_start.anchor, event->sequence_start.tag);
        node->kind = NODE_LIST;
        children_read(yaml, depth + 1, FYET_SEQUENCE_END, node);
    } else if (is_mapping) {
        refuse_properties(yaml, event->mapping_start.anchor, event->mapping_start.tag);
        node->kind = NODE_MAPPING;
        children_read(yaml, depth + 1, FYET_MAPPING_END, node);
    } else if (event->type == FYET_SCALAR) {
        scalar_read(yaml, event, node);
    } else {
        node->kind = NODE_REFUSED;
        if (event->type == FYET_ALIAS)
            refuse(yaml, event->alias.anchor, "*",
                   "aliases are not supported: write the value out");
    }
    return !yaml->stopped;
}

/* Any line that begins with `%`: no value can begin there, and libfyaml passes over what it does
 * not know, wherever it stands. */
static void directives_check(struct yaml *yaml)
{
    struct slice text = yaml->document->text;
    for (size_t i = 0; i < yaml->document->line_count; i++) {
        size_t at = yaml->document->line_starts[i];
        if (at == text.size || text.data[at] != '%')
            continue;
        fault(yaml->parser, document_place(yaml->document, at, text.size), "not-supported",
              "directives are not supported: every file is YAML 1.2");
        return;
    }
}

/* At its `---`; where there is none, at its first value. */
static void second_refuse(struct yaml *yaml, struct fy_event *start)
{
    struct fy_token *token = start->document_start.document_start;
    struct fy_event *next = token ? NULL : event_next(yaml);
    size_t from = token ? token_start(yaml, token, "") : yaml->document->text.size;
    if (next)
        from = event_offset(yaml, next);
    fault(yaml->parser, document_place(yaml->document, from, from + (token ? 3 : 1)),
          "not-supported", "a second document is not supported: one file, one document");
    fy_parser_event_free(yaml->reader, next);
    yaml->stopped = true;
}

static void stream_read(struct yaml *yaml)
{
    size_t documents = 0;
    struct fy_event *event;
    while ((event = event_next(yaml))) {
        bool is_start = event->type == FYET_DOCUMENT_START;
        bool is_node = event->type == FYET_SCALAR || event->type == FYET_ALIAS ||
                       event->type == FYET_SEQUENCE_START || event->type == FYET_MAPPING_START;
        if (is_start && ++documents > 1) {
            second_refuse(yaml, event);
        } else if (is_start) {
            directives_check(yaml);
        } else if (is_node) {
            node_read(yaml, event, 0, &yaml->document->root);
            yaml->document->has_root = true;
        }
        fy_parser_event_free(yaml->reader, event);
    }
}

static struct fy_diag *diag_make(void)
{
    struct fy_diag_cfg options;
    fy_diag_cfg_default(&options);
    options.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&options);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

void yaml_read(struct parser *parser, struct document *document)
{
    struct yaml yaml = {
        .parser = parser, .document = document, .told_before = parser->found->count};
    if (document->text.size == 0)
        return; /* libfyaml takes no empty text, such as what is left of a byte order mark */
    struct fy_diag *diag = diag_make();
    struct fy_parse_cfg options = {
        .flags = FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                 FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_DISABLE_DEPTH_LIMIT,
        .diag = diag,
    };
    yaml.reader = diag ? fy_parser_create(&options) : NULL;
    if (!yaml.reader || fy_parser_set_string(yaml.reader, document->text.data, document->text.size))
        parser->scratch.failed = true;
    else
        stream_read(&yaml);
    if (yaml.reader && !yaml.stopped && fy_parser_get_stream_error(yaml.reader))
        syntax_tell(&yaml, diag);
    if (yaml.is_bad)
        document->has_root = false;
    fy_parser_destroy(yaml.reader);
    fy_diag_destroy(diag);
}
