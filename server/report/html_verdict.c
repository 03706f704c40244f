/* What a reader needs in ten seconds: the verdict in words, its sign, what to do, and whether it
 * can be trusted.  A sign is a shape before it is a colour. */

#include "html_parts.h"

#define CIRCLE "<circle cx=\"12\" cy=\"12\" r=\"10\"/>"
#define OCTAGON "<path d=\"M8 2h8l6 6v8l-6 6H8l-6-6V8z\"/>"

static const struct {
    const char *code, *label, *look, *sign, *todo;
} verdicts[] = {
    {"not_started", "Not started", "note", CIRCLE "<path d=\"M10 8v8l6-4z\"/>",
     "Nothing to do yet: nobody has met a variant."},
    {"keep_running", "Keep running", "note", CIRCLE "<path d=\"M12 6v6l4 3\"/>", "Let it run."},
    {"ship", "Ship", "good", CIRCLE "<path d=\"M7 12l4 4 6-8\"/>",
     "Give this variant to everybody, then take the experiment out of the code."},
    {"stop_harm", "Stop: harm", "bad", OCTAGON "<path d=\"M8 8l8 8M16 8l-8 8\"/>",
     "Stop it now: go back to the control."},
    {"no_difference", "No difference", "warn", CIRCLE "<path d=\"M7 10h10M7 14h10\"/>",
     "Keep what is cheaper to keep: none is better by as much as was planned for."},
    {"inconclusive", "Inconclusive", "warn", CIRCLE "<path d=\"M9 9a3 3 0 1 1 3 4v1M12 17v1\"/>",
     "It has not told. Decide without it, or plan a larger one."},
    {"do_not_trust", "Do not trust", "bad",
     "<path d=\"M12 3l10 18H2z\"/><path d=\"M12 10v5M12 18v1\"/>",
     "Read no result below before what is wrong is found."},
};

static bool has_flag(const struct value *verdict, const char *flag)
{
    const struct value *flags = member(verdict, "flags");
    for (size_t i = 0; flags && i < flags->count; i++)
        if (slice_equals(flags->items[i].text, flag))
            return true;
    return false;
}

/* There are three ways to keep running: units come, nobody comes any more, it is paused. */
static const char *running_todo(const struct value *document)
{
    struct slice status = member_text(document, "status"), end = member_text(document, "end");
    if (slice_equals(status, "paused"))
        return "It is paused: let it run on, or stop it.";
    if (slice_equals(status, "stopped") ||
        (end.size && slice_compare(end, member_text(document, "as_of")) <= 0))
        return "Wait for the result: nobody new comes.";
    return has_flag(member(document, "verdict"), "harms")
               ? "Take out the variant that harms; let the others run."
               : "Let it run.";
}

static void html_trust_line(struct buffer *out, const struct value *document)
{
    struct slice state = member_text(member(document, "health"), "state");
    html_words(out, "<p class=\"trust-line\">Can it be trusted? <a href=\"#trust\">");
    if (slice_equals(state, "alarm"))
        html_words(out, "No");
    else if (!text_is_exposed(document))
        html_words(out, "There is nothing to judge yet");
    else
        html_words(out, slice_equals(state, "warn") ? "Yes, with a look at this" : "Yes");
    html_words(out, "</a></p>\n");
}

void html_verdict(struct buffer *out, const struct value *document)
{
    const struct value *verdict = member(document, "verdict");
    struct slice code = member_text(verdict, "code"), variant = member_text(verdict, "variant");
    const char *todo = NULL;
    size_t at = 0;
    while (at + 1 < sizeof verdicts / sizeof *verdicts && !slice_equals(code, verdicts[at].code))
        at++;
    buffer_format(out,
                  "<section class=\"verdict %s\" id=\"verdict\" "
                  "aria-labelledby=\"verdict-title\">\n<svg class=\"sign\" viewBox=\"0 0 24 24\" "
                  "aria-hidden=\"true\" focusable=\"false\">%s</svg>\n<div>\n"
                  "<h2 id=\"verdict-title\">%s",
                  verdicts[at].look, verdicts[at].sign, verdicts[at].label);
    if (variant.size) {
        html_words(out, " ");
        html_safe_name(out, variant);
    }
    html_words(out, "</h2>\n<p class=\"sentence\" dir=\"auto\">");
    html_safe(out, member_text(verdict, "text"));
    todo = verdicts[at].todo;
    if (slice_equals(code, "keep_running"))
        todo = running_todo(document);
    buffer_format(out, "</p>\n<p class=\"todo\">%s</p>\n", todo);
    html_trust_line(out, document);
    html_words(out, "</div>\n</section>\n");
}
