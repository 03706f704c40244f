/* What people wrote down: the latest first, each with what it is tied to. */

#include "html_parts.h"

void html_notes(struct buffer *out, const struct value *document)
{
    static const char *const ties[] = {"variant", "segment", "step"};
    const struct value *notes = member(document, "notes");
    if (!notes || notes->kind != VALUE_LIST || !notes->count)
        return;
    html_words(out, "<section id=\"notes\" aria-labelledby=\"notes-title\">\n"
                    "<h2 id=\"notes-title\">Notes</h2>\n<ul class=\"notes\">\n");
    for (size_t i = notes->count; i-- > 0;) {
        const struct value *note = &notes->items[i];
        struct slice day = member_text(note, "time");
        day.size = day.size > 10 ? 10 : day.size;
        html_words(out, "<li><small>");
        html_safe(out, day);
        html_words(out, ", ");
        html_safe_name(out, member_text(note, "source"));
        for (size_t k = 0; k < sizeof ties / sizeof *ties; k++)
            if (member_text(note, ties[k]).size) {
                buffer_format(out, ", %s ", ties[k]);
                html_safe_name(out, member_text(note, ties[k]));
            }
        html_words(out, "</small><p dir=\"auto\">");
        html_safe(out, member_text(note, "text"));
        html_words(out, "</p></li>\n");
    }
    html_words(out, "</ul>\n</section>\n");
}
