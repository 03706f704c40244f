/* Implementation of html.h. */

#include "base/html.h"

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

/* What a name itself reads like, from right to left, <bdi> takes care of. */
void html_safe(struct buffer *out, struct slice text)
{
    size_t plain = 0;
    while (plain < text.size) {
        struct slice rest = slice_from(text, plain);
        size_t harmful = slice_harmful_size(rest);
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
