/* Implementation of html.h. */

#include "base/html.h"

/* The bytes at the start of `text` that are no text, or turn what stands beside it around; 0: none.
 * What a name itself reads like, from right to left, <bdi> takes care of. */
static size_t harmful_size(struct slice text)
{
    static const struct slice marks[] = {
        SLICE_INIT("\xd8\x9c"),     SLICE_INIT("\xe2\x80\x8e"), SLICE_INIT("\xe2\x80\x8f"),
        SLICE_INIT("\xe2\x80\xaa"), SLICE_INIT("\xe2\x80\xab"), SLICE_INIT("\xe2\x80\xac"),
        SLICE_INIT("\xe2\x80\xad"), SLICE_INIT("\xe2\x80\xae"), SLICE_INIT("\xe2\x81\xa6"),
        SLICE_INIT("\xe2\x81\xa7"), SLICE_INIT("\xe2\x81\xa8"), SLICE_INIT("\xe2\x81\xa9"),
    };
    unsigned char first = (unsigned char)text.data[0];
    if ((first < 0x20 && first != '\n' && first != '\t') || first == 0x7f)
        return 1;
    if (first == 0xc2 && text.size > 1 && (unsigned char)text.data[1] < 0xa0)
        return 2;
    for (size_t i = 0; first >= 0x80 && i < sizeof marks / sizeof *marks; i++)
        if (slice_starts_with(text, marks[i]))
            return marks[i].size;
    return 0;
}

static struct slice entity_of(char byte)
{
    switch (byte) {
    case '&': return SLICE("&amp;");
    case '<': return SLICE("&lt;");
    case '>': return SLICE("&gt;");
    case '"': return SLICE("&quot;");
    case '\'': return SLICE("&#39;");
    default: return (struct slice){0};
    }
}

void html_safe(struct buffer *out, struct slice text)
{
    size_t plain = 0;
    while (plain < text.size) {
        struct slice rest = slice_from(text, plain);
        size_t harmful = harmful_size(rest);
        struct slice instead = harmful ? SLICE("\xef\xbf\xbd") : entity_of(rest.data[0]);
        if (!instead.size) {
            plain++;
            continue;
        }
        buffer_add(out, (struct slice){.data = text.data, .size = plain});
        buffer_add(out, instead);
        text = slice_from(rest, harmful ? harmful : 1);
        plain = 0;
    }
    buffer_add(out, text);
}

void html_safe_name(struct buffer *out, struct slice name)
{
    buffer_add(out, SLICE("<bdi>"));
    html_safe(out, name);
    buffer_add(out, SLICE("</bdi>"));
}
