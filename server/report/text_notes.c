/* Notes as text: the latest first, each with what it is tied to. */

#include "text_parts.h"

#define NOTES_SHOWN 20

static void note_tie(struct buffer *line, const struct value *note, const char *member_name)
{
    struct slice text = member_text(note, member_name);
    if (text.size)
        buffer_format(line, ", %s %.*s", member_name, SLICE_ARGS(text));
}

static void text_note(struct painter *painter, const struct value *note)
{
    struct buffer line = {0};
    struct slice day = member_text(note, "time");
    if (day.size > 10)
        day.size = 10;
    buffer_add(&line, member_text(note, "source"));
    note_tie(&line, note, "variant");
    note_tie(&line, note, "segment");
    note_tie(&line, note, "step");
    buffer_add(&line, SLICE(": "));
    buffer_add(&line, member_text(note, "text"));
    paint_text(painter, SLICE("  "));
    paint_text(painter, day);
    paint_to(painter, 14);
    paint_wrapped(painter, buffer_slice(&line), 14);
    buffer_done(&line);
}

void text_notes(struct painter *painter, const struct value *document)
{
    const struct value *notes = member(document, "notes");
    if (!notes || notes->kind != VALUE_LIST || !notes->count)
        return;
    text_heading(painter, "Notes");
    paint_end(painter);
    for (size_t i = 0; i < notes->count && i < NOTES_SHOWN; i++)
        text_note(painter, &notes->items[notes->count - 1 - i]);
    if (notes->count > NOTES_SHOWN) {
        paint_format(painter, "  and %zu older ones", notes->count - NOTES_SHOWN);
        paint_end(painter);
    }
}
