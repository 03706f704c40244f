/*
 * The hand-written part of the commands' pages: what an exit status means there, and examples.
 * A row a command, in the order of --help; the first example stands in --help too (80 columns).
 * Options, files and the environment are never told here: those come from the option tables.
 */

#include "manual.h"

#include <string.h>

/* Formulas and their sources: stats/README.md, a file a method. */
static const struct manual_term report_terms[] = {
    {"Verdict", "What to do, then why: the first row that holds of a fixed table, read on the "
                "registered plan. The flags behind it never change it."},
    {"units", "Those whose window for the metric is over. A value is a numerator over a "
              "denominator: the page (--format html) has both, and the definition, under 'How "
              "these figures came about'."},
    {"change, interval", "Against the control, in points for shares. An interval is read once, on "
                         "the final set (rates by Miettinen and Nurminen, means by Welch or by "
                         "accounts); an anytime interval holds however often one looks."},
    {"p adj., p now", "p adj. is corrected for all that is compared: goals by Holm, secondary "
                      "metrics as declared. p now is that of today's units."},
    {"lift", "The change as a part of the control's value."},
    {"adjusted for", "Compared among units alike in these traits, which were known before the "
                     "exposure: narrower where they explain something. It decides; the unadjusted "
                     "change stands beside it."},
    {"found early", "What a change probably is that was found before the final set: chance helped "
                    "it to be found."},
    {"by SEGMENT", "The change of each value as measured, then drawn toward the whole as far as "
                   "chance explains it, with the interval of that. Believe that values differ "
                   "where the line says so."},
    {"mean days without it", "The area above the curve of a time to an event up to the end of the "
                             "window; its p is the log-rank test's."},
    {"read otherwise", "The same change without what might have made it: adjustment, the cap, the "
                       "units that met two variants, one half of the cohorts."},
    {"guardrail", "Passed: at worst it is inside its margin. Harmed: it is worse, beyond chance. "
                  "Open: neither is known yet."},
    {NULL, NULL}};

static const struct manual_term core_terms[] = {
    {"Association", "Who acts may be who would have stayed anyway. Effects stand at the end: what "
                    "experiments that have a conversion on the action did to it and to retention."},
    {"back, did it", "Of who did it before the landmark, the share that came back after it; beside "
                     "it the same of the others."},
    {"risk ratio, phi, AUC",
     "One share over the other; the correlation of the two yes-or-noes; how "
     "well the number of different actions parts who stays from who "
     "leaves (DeLong)."},
    {"p", "Of all actions in all segments together, corrected by Benjamini and Hochberg."},
    {"Time", "The journal is read for it: about 3 s of processor time for a million messages."},
    {NULL, NULL}};

static const struct manual_term explain_terms[] = {
    {"within", "The part of the change that is there because the same kind of user had another "
               "rate (Kitagawa)."},
    {"mix", "The part that is there because other users came."},
    {"weight", "Of a mean, a ratio, an nps and breadth: the part that is there because the same "
               "kind brought more or less of what is divided by."},
    {"time_to", "The mean of days within the window without the event."},
    {"No cause", "The parts are counts and add up to the change, whatever made it; in brackets "
                 "their 95% intervals."},
    {"Time", "Of everyone the journal is read for it: about 3 s of processor time for a million "
             "messages. Of an experiment its sums are read, at once."},
    {NULL, NULL}};

static const struct manual manuals[] = {
    {.command = "serve",
     .trouble = "2 where a listener off loopback is asked for and there are no keys; 3 where an\n"
                "address or the store is in use, and where the files have errors and the journal\n"
                "has no good version of them. SIGTERM and SIGINT end it with 0 after requests\n"
                "under way are answered; a second one ends it at once.",
     .examples = {{"The examples, on loopback, without keys:",
                   "gangway serve --experiments experiments --store store"},
                  {"On the network, with keys and TLS:",
                   "gangway serve --listen 0.0.0.0:8443 --tls-cert cert --tls-key key"},
                  {"For a proxy on the same machine:",
                   "gangway serve --listen unix:/run/gangway.sock --trusted-proxy unix"}}},
    {.command = "validate",
     .answer_no = "files have errors, or warnings with --strict",
     .examples = {{"Every mistake of every file of a folder:", "gangway validate experiments"},
                  {"In GitHub's checks, warnings refused:",
                   "gangway validate --strict --format github"},
                  {"With what a store never got, and what would break:",
                   "gangway validate experiments --store store"}}},
    {.command = "diff",
     .answer_no = "a change breaks a running experiment whose phase is not raised",
     .examples = {{"What a branch changes:", "gangway diff main:experiments experiments"},
                  {"Two folders, for a program:", "gangway diff old new --format json"}}},
    {.command = "new",
     .examples = {{"A file to begin with:",
                   "gangway new shorter-tour > experiments/shorter-tour.yaml"},
                  {"Whole accounts randomised together:", "gangway new team-tour --unit account"}}},
    {.command = "assign",
     .answer_no = "with --check, the unit is not in the experiment",
     .trouble = "2 where a line of standard input is no id; the others are answered.",
     .examples = {{"One unit, and why:",
                   "gangway assign crm-first-run --unit u-17 --trait role=owner --explain"},
                  {"Many, an id a line:", "gangway assign crm-first-run --format csv < ids"},
                  {"As it will be:", "gangway assign crm-first-run --unit u-17 --at 2026-12-01"}}},
    {.command = "plan",
     .examples = {{"By what the file expects:", "gangway plan crm-first-run"},
                  {"Of a smaller difference and more traffic:",
                   "gangway plan crm-first-run --lift 5% --units-per-week 4000"}}},
    {.command = "simulate",
     .examples = {{"What the report will say, and when:", "gangway simulate crm-first-run"},
                  {"If the truth is half of what is expected:",
                   "gangway simulate crm-first-run --effect 5%"},
                  {"With what is known of a guardrail, for a program:",
                   "gangway simulate crm-first-run --baseline gave_up=4% --format json"}}},
    {.command = "report",
     .answer_no = "with --check, the verdict is stop_harm or do_not_trust",
     .terms = report_terms,
     .examples = {{"The report, on the terminal:", "gangway report crm-first-run --store store"},
                  {"As it was a week ago:", "gangway report crm-first-run --as-of -7d"},
                  {"For a program, whole or not at all:",
                   "gangway report crm-first-run --format json --output report.json"},
                  {"A table for R or pandas:",
                   "gangway report crm-first-run --format csv --table results"}}},
    {.command = "core-actions",
     .terms = core_terms,
     .examples = {{"Which early actions go with staying:", "gangway core-actions --store store"}}},
    {.command = "explain",
     .trouble = "2 of a retention_curve, which is many numbers, and of breadth without an\n"
                "experiment, where nobody's account is known.",
     .terms = explain_terms,
     .examples = {{"Why a metric moved between cohorts:",
                   "gangway explain activated --from 2026-10-01 --to 2026-11-01"},
                  {"The same of an experiment, by its variants:",
                   "gangway explain activated --from 2026-10-01 --to 2026-11-01 \\\n"
                   "    --experiment crm-first-run --segment variant"}}},
    {.command = "import",
     .answer_no = "lines were rejected",
     .examples = {{"A file of messages, a line each:",
                   "gangway import messages.ndjson --store store"},
                  {"What another store has:",
                   "gangway export --store old | gangway import - --store new"},
                  {"To a running server, with the key in GANGWAY_KEY:",
                   "gangway import messages.ndjson --url http://127.0.0.1:8400"}}},
    {.command = "export",
     .examples = {{"The journal, as `import` takes it:", "gangway export --output journal.ndjson"},
                  {"The units of an experiment, for R:",
                   "gangway export --table units --experiment crm-first-run --format csv"},
                  {"The integers that a report is formed from:", "gangway export --table cube"}}},
    {.command = "rebuild",
     .examples = {{"The state anew, with no server on the store:",
                   "gangway rebuild --store store"}}},
    {.command = "verify",
     .answer_no = "something differs, or a checksum does not fit",
     .examples = {{"Beside a running server:", "gangway verify --store store"}}},
    {.command = "backup",
     .examples = {{"A new folder:", "gangway backup /backups/2026-11-24 --store store"},
                  {"With the state, to be back sooner:",
                   "gangway backup /backups/2026-11-24 --with-state"}}},
    {.command = "restore",
     .trouble = "3 where the store has anything in it, a file does not fit the manifest, or the\n"
                "backup was made by a newer format.",
     .examples = {{"A new store of a backup:", "gangway restore /backups/2026-11-24 --store store"},
                  {"With those erased since erased again:",
                   "gangway restore /backups/2026-11-01 --erasures /backups/2026-11-24"}}},
    {.command = "erase",
     .answer_no = "nothing is stored of that unit",
     .trouble = "2 without --yes.",
     .examples = {{"A user, with the visitors tied to them:",
                   "gangway erase user:u-17 --yes --store store"},
                  {"By a running server, and for good, with the key in GANGWAY_KEY:",
                   "gangway erase user:u-17 --suppress --yes --url http://127.0.0.1:8400"}}},
    {.command = "compact",
     .examples = {{"After erasures, with no server on the store:",
                   "gangway compact --store store"}}},
    {.command = "key",
     .trouble = "2 where a name is taken or not known.",
     .examples = {{"A key for a front end; it is printed once:",
                   "gangway key add --role client --name web"},
                  {"A new one, the old one good for a week:", "gangway key rotate web --grace 7d"},
                  {"The door shut at once:", "gangway key revoke web"}}},
    {.command = "calc",
     .trouble = "2 where a line is wrong; the others are answered.",
     .examples = {{"The families:", "gangway calc --list"},
                  {"Does a split fit its weights?",
                   "echo '{\"counts\":[50,61],\"weights\":[1,1]}' | gangway calc srm_chisq_gof"}}},
    {.command = "demo",
     .examples = {{"Everything at work:", "gangway demo"},
                  {"On any free port:", "gangway demo --listen 127.0.0.1:0"}}},
    {.command = "help",
     .trouble = "2 for a command that there is not.",
     .examples = {{"All there is to say of a command:", "gangway help report"},
                  {"Every key of an experiment:", "gangway help experiments"},
                  {"Its page, without installing it:",
                   "gangway help --man report | man --local-file -"},
                  {"Every page into a folder:", "gangway help --man --output man1"}}},
    {.command = "completion",
     .examples = {{"In bash, for this shell:", "source <(gangway completion bash)"},
                  {"In zsh, for good, with that folder in fpath:",
                   "gangway completion zsh > ~/.zsh/_gangway"}}},
    {.command = NULL},
};

const struct manual *manual_of(const char *command)
{
    for (const struct manual *manual = manuals; manual->command; manual++)
        if (strcmp(manual->command, command) == 0)
            return manual;
    return NULL;
}
