/* The document's member `notes`: what people tied to the experiment, beside its numbers. */

#include "document_parts.h"

#include "analysis/notes.h"

/* The latest ones: a report is read, not searched; GET /v1/notes has all. */
#define DOCUMENT_NOTES_MAX 500

struct value notes_value(struct view_transaction *transaction, const struct study *study)
{
    struct arena *arena = study->arena;
    struct value list = value_list();
    struct note *notes = NULL;
    size_t count = 0;
    if (view_notes(transaction, arena, study->options->experiment, &notes, &count, NULL))
        return value_null();
    for (size_t i = count > DOCUMENT_NOTES_MAX ? count - DOCUMENT_NOTES_MAX : 0; i < count; i++) {
        struct value object = value_object();
        value_add(arena, &object, "time", time_value(arena, notes[i].time_ms));
        value_add(arena, &object, "source", text_value(arena, notes[i].source));
        value_add(arena, &object, "variant", text_value(arena, notes[i].variant));
        value_add(arena, &object, "segment", text_value(arena, notes[i].segment));
        value_add(arena, &object, "step", text_value(arena, notes[i].step));
        value_add(arena, &object, "text", text_value(arena, notes[i].text));
        value_append(arena, &list, object);
    }
    return list;
}
