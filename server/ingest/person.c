/* Implementation of include/ingest/person.h. */

#include "ingest/person.h"

#include "base/json.h"
#include "ingest/intake.h"
#include "ties.h"

#define JOINED_MAX 1000 /* of an account with many members the first are told */

enum { GROUP_EXPOSURES, GROUP_TRAITS, GROUP_OUTCOMES, GROUP_COUNT };

static const char *const group_names[GROUP_COUNT] = {"exposures", "traits", "outcomes"};

struct joined {
    enum unit_kind kind;
    struct slice id;
};

struct gathering {
    const struct person_question *question;
    struct ties ties;
    struct arena arena;
    struct joined *joined;
    size_t joined_count;
    struct buffer groups[GROUP_COUNT];
    uint64_t next; /* 0: the journal was read to its end */
    bool found;
};

static bool is_visitor(const struct gathering *gathering, struct slice id)
{
    bool found = false;
    for (size_t i = 0; id.size && !found && i < gathering->ties.count; i++)
        found = slice_equal(gathering->ties.items[i].visitor, id);
    return found;
}

static bool is_of_person(const struct gathering *gathering, const struct message *message)
{
    struct slice id = gathering->question->id;
    switch (gathering->question->kind) {
    case UNIT_ACCOUNT: return slice_equal(message->account, id);
    case UNIT_ANONYMOUS:
        return slice_equal(message->anonymous, id) || slice_equal(message->previous, id);
    case UNIT_USER:
        return slice_equal(message->user, id) ||
               (slice_is_empty(message->user) && is_visitor(gathering, message->anonymous));
    case UNIT_KIND_COUNT: break;
    }
    return false;
}

static void joined_add(struct gathering *gathering, enum unit_kind kind, struct slice id)
{
    const struct person_question *question = gathering->question;
    if (slice_is_empty(id) || (kind == question->kind && slice_equal(id, question->id)))
        return;
    for (size_t i = 0; i < gathering->joined_count; i++)
        if (gathering->joined[i].kind == kind && slice_equal(gathering->joined[i].id, id))
            return;
    if (gathering->joined_count < JOINED_MAX)
        gathering->joined[gathering->joined_count++] =
            (struct joined){.kind = kind, .id = arena_copy(&gathering->arena, id)};
}

static int group_of(const struct message *message)
{
    if (message->type == MESSAGE_EXPOSURE)
        return GROUP_EXPOSURES;
    bool is_about = message->type == MESSAGE_IDENTIFY || message->type == MESSAGE_GROUP ||
                    message->type == MESSAGE_ALIAS;
    return is_about ? GROUP_TRAITS : GROUP_OUTCOMES;
}

static enum status gathering_visit(void *context, const struct record *record, struct error *error)
{
    struct gathering *gathering = context;
    struct message message;
    if (record->damaged || record->kind != RECORD_MESSAGE || record->flags & RECORD_SCRUBBED ||
        message_read(record->body, &message, NULL) || !is_of_person(gathering, &message))
        return STATUS_OK;
    size_t size = 0;
    for (size_t i = 0; i < GROUP_COUNT; i++)
        size += gathering->groups[i].size;
    if (size >= gathering->question->size_max) {
        gathering->next = record->sequence;
        return STATUS_CONFLICT;
    }
    gathering->found = true;
    joined_add(gathering, UNIT_USER, message.user);
    joined_add(gathering, UNIT_ANONYMOUS, message.anonymous);
    joined_add(gathering, UNIT_ANONYMOUS, message.previous);
    joined_add(gathering, UNIT_ACCOUNT, message.account);
    struct buffer *group = &gathering->groups[group_of(&message)];
    if (group->size)
        buffer_add_byte(group, ',');
    return intake_write_message(group, record, error);
}

static enum status gathering_read(struct journal *journal, struct gathering *gathering,
                                  struct error *error)
{
    const struct person_question *question = gathering->question;
    struct erasure_row row = {.key = {.kind = (uint8_t)question->kind}, .request = UINT64_MAX};
    struct journal_scan scan = {
        .from = question->from, .visit = gathering_visit, .context = gathering};
    row.key.hash = hash_keyed(question->secret, (unsigned char)question->kind, question->id);
    gathering->joined = ARENA_ARRAY(&gathering->arena, JOINED_MAX, struct joined);
    if (!gathering->joined)
        return FAIL(error, STATUS_NO_MEMORY, "unit", 0, "no memory");
    enum status status = ties_find(journal, question->secret, &row, 1, &gathering->ties, error);
    for (size_t i = 0; i < gathering->ties.count; i++)
        joined_add(gathering, UNIT_ANONYMOUS, gathering->ties.items[i].visitor);
    if (!status)
        status = journal_scan(journal, &scan, error);
    return status == STATUS_CONFLICT && gathering->next ? STATUS_OK : status;
}

static void gathering_write(const struct gathering *gathering, struct buffer *out)
{
    const struct person_question *question = gathering->question;
    buffer_format(out, "{\"kind\":\"%s\",\"unit\":", unit_kind_text(question->kind));
    json_write_text(out, question->id);
    buffer_add(out, SLICE(",\"joined\":["));
    for (size_t i = 0; i < gathering->joined_count; i++) {
        const struct joined *joined = &gathering->joined[i];
        buffer_format(out, "%s{\"kind\":\"%s\",\"unit\":", i ? "," : "",
                      unit_kind_text(joined->kind));
        json_write_text(out, joined->id);
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        buffer_format(out, ",\"%s\":[", group_names[i]);
        buffer_add(out, buffer_slice(&gathering->groups[i]));
        buffer_add_byte(out, ']');
    }
    if (gathering->next)
        buffer_format(out, ",\"next\":%llu}", (unsigned long long)gathering->next);
    else
        buffer_add(out, SLICE(",\"next\":null}"));
}

enum status person_write(struct journal *journal, const struct person_question *question,
                         struct buffer *out, bool *found, struct error *error)
{
    struct gathering gathering = {.question = question};
    enum status status = gathering_read(journal, &gathering, error);
    for (size_t i = 0; !status && i < GROUP_COUNT; i++)
        status = buffer_status(&gathering.groups[i], error);
    if (!status && gathering.arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "unit", 0, "no memory");
    if (!status) {
        *found = gathering.found || question->from > 1;
        gathering_write(&gathering, out);
        status = buffer_status(out, error);
    }
    for (size_t i = 0; i < GROUP_COUNT; i++)
        buffer_done(&gathering.groups[i]);
    ties_done(&gathering.ties);
    arena_done(&gathering.arena);
    return status;
}
