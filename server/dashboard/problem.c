/* The page of a request that can't be answered: what is wrong, in words, and the ways on. */

#include "parts.h"

static const struct {
    int status;
    const char *advice; /* markup */
} advices[] = {
    {401, "<p>Reload the page, and give an analyst\xe2\x80\x99s key as the password; any user name "
          "will do. <code>gangway key add --role analyst</code> makes one.</p>\n"},
    {403, "<p>Pages are for keys of the roles analyst and admin.</p>\n"},
    {503, "<p>Try again in a moment.</p>\n"},
};

void dashboard_problem(struct buffer *out, int status, struct slice title, struct slice detail,
                       struct slice nearest)
{
    buffer_format(out, "<div class=\"problem\">\n<p class=\"eyebrow\">%d</p>\n<h1>", status);
    html_safe(out, title);
    markup_add(out, "</h1>\n<p dir=\"auto\" class=\"hostile\">");
    html_safe(out, detail);
    markup_add(out, "</p>\n");
    if (nearest.size) {
        markup_add(out, "<p>Did you mean <a href=\"/experiments/");
        url_text(out, nearest, true);
        markup_add(out, "\">");
        html_safe_name(out, nearest);
        markup_add(out, "</a>?</p>\n");
    }
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (advices[i].status == status)
            markup_add(out, advices[i].advice);
    markup_add(out, "<p><a href=\"/\">All experiments</a></p>\n</div>\n");
}
