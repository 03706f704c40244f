/* Implementation of html.h. */

#include "base/html.h"

/* What stands for a byte; empty: itself. */
static struct slice html_escape(unsigned char byte)
{
    switch (byte) {
    case '&': return SLICE("&amp;");
    case '<': return SLICE("&lt;");
    case '>': return SLICE("&gt;");
    case '"': return SLICE("&quot;");
    case '\'': return SLICE("&#39;");
    default: break;
    }
    bool is_control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
    return is_control ? SLICE("\xef\xbf\xbd") : (struct slice){0};
}

void html_text(struct buffer *out, struct slice text)
{
    size_t begin = 0;
    for (size_t i = 0; i < text.size; i++) {
        struct slice escape = html_escape((unsigned char)text.data[i]);
        if (!escape.size)
            continue;
        buffer_add(out, (struct slice){.data = text.data + begin, .size = i - begin});
        buffer_add(out, escape);
        begin = i + 1;
    }
    if (begin < text.size)
        buffer_add(out, slice_from(text, begin));
}

void html_name(struct buffer *out, struct slice name)
{
    buffer_add(out, SLICE("<bdi>"));
    html_text(out, name);
    buffer_add(out, SLICE("</bdi>"));
}
