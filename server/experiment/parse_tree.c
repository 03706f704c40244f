/*
 * What both readers of text share: children whose number is not known, and the pass over the whole
 * tree that gives each node its holder and the place where its faults are shown.
 *
 * grammar.md, 1, Places: a list, a mapping, an empty value or a block scalar is shown at the key
 * that holds it; as an item of a list, at its first scalar.  So a missing key is shown at the key
 * that owns the mapping, in an item at the item's first key, at the top at the file's first key:
 * all of it is the place of the mapping.
 */

#include "parse.h"

#include <assert.h>

struct node *children_add(struct parser *parser, struct children *children)
{
    if (children->count == children->capacity) {
        size_t capacity = children->capacity ? children->capacity * 2 : 8;
        struct node *nodes = ARENA_ARRAY(&parser->scratch, capacity, struct node);
        if (!nodes)
            return NULL;
        if (children->count)
            memcpy(nodes, children->nodes, children->count * sizeof *nodes);
        children->nodes = nodes;
        children->capacity = capacity;
    }
    return &children->nodes[children->count++];
}

void children_close(struct parser *parser, const struct children *children, struct node *node)
{
    assert(node->kind == NODE_LIST || node->kind == NODE_MAPPING);
    size_t count = node->kind == NODE_LIST ? children->count : children->count / 2;
    node->count = count;
    if (node->kind == NODE_LIST) {
        node->items = children->nodes;
        return;
    }
    node->pairs = ARENA_ARRAY(&parser->scratch, count, struct pair);
    if (!node->pairs)
        node->count = 0;
    for (size_t i = 0; i < node->count; i++)
        node->pairs[i] =
            (struct pair){.key = children->nodes[2 * i], .value = children->nodes[2 * i + 1]};
}

static const struct place *first_scalar(const struct node *node)
{
    while (node->count && node->kind != NODE_SCALAR)
        node = node->kind == NODE_LIST ? &node->items[0] : &node->pairs[0].key;
    return node->kind == NODE_SCALAR && node->place.line ? &node->place : NULL;
}

/* Tells of keys that came before and closes the gaps.  Quadratic, in at most FILE_NODES_MAX. */
static void repeated_drop(struct parser *parser, struct node *mapping)
{
    size_t kept = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        const struct node *key = &mapping->pairs[i].key;
        size_t before = 0;
        while (before < kept && !slice_equal(mapping->pairs[before].key.text, key->text))
            before++;
        if (before == kept) {
            mapping->pairs[kept++] = mapping->pairs[i];
            continue;
        }
        fault(parser, key->place, "repeated-key", "'%.*s' is given twice, first in line %u",
              SLICE_ARGS(shown(parser, key->text)), mapping->pairs[before].key.place.line);
    }
    mapping->count = kept;
}

/* `at` is where a fault of something without a place of its own is shown. */
static void finish(struct parser *parser, struct node *node, const struct node *holder,
                   bool is_item, struct place at)
{
    node->holder = holder;
    if (node->kind == NODE_SCALAR || node->kind == NODE_REFUSED) {
        bool is_shown_at_key = node->style == STYLE_BLOCK && !is_item;
        if (is_shown_at_key || node->place.line == 0)
            node->place = at;
        return;
    }
    const struct place *first = is_item ? first_scalar(node) : NULL;
    node->place = first ? *first : at;
    if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->count; i++)
            finish(parser, &node->items[i], holder, true, node->place);
        return;
    }
    repeated_drop(parser, node);
    for (size_t i = 0; i < node->count; i++) {
        struct pair *pair = &node->pairs[i];
        pair->key.holder = holder;
        finish(parser, &pair->value, &pair->key, false, pair->key.place);
    }
}

void tree_finish(struct parser *parser, struct node *root)
{
    finish(parser, root, NULL, true, (struct place){.line = 1, .column = 1, .width = 1});
}

const struct node *node_member(const struct node *mapping, const char *key)
{
    for (size_t i = 0; mapping->kind == NODE_MAPPING && i < mapping->count; i++)
        if (slice_equals(mapping->pairs[i].key.text, key))
            return &mapping->pairs[i].value;
    return NULL;
}

const char *node_kind_text(const struct node *node)
{
    static const char *const texts[] = {[NODE_SCALAR] = "a scalar",
                                        [NODE_LIST] = "a list",
                                        [NODE_MAPPING] = "a mapping",
                                        [NODE_REFUSED] = "nothing"};
    return texts[node->kind];
}

struct slice node_name(const struct node *node)
{
    return node->holder ? node->holder->text : SLICE("the file");
}
