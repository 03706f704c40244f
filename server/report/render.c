/* The table of formats: adding one is a row here and a file beside. */

#include "report/render.h"

#include "render_parts.h"

const struct render_format render_formats[] = {
    {.name = "json", .content_type = "application/json", .render = render_json},
    {.name = "text", .content_type = "text/plain; charset=utf-8", .render = render_text},
    {.name = "csv", .content_type = "text/csv; charset=utf-8", .render = render_csv},
    {.name = "html", .content_type = "text/html; charset=utf-8", .render = render_html},
    {.name = NULL},
};

const struct render_format *render_format_find(struct slice name)
{
    for (const struct render_format *format = render_formats; format->name; format++)
        if (slice_equals(name, format->name))
            return format;
    return NULL;
}
