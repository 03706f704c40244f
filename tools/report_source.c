/* Opens store, journal and view in that order; says what to run where no state has been made. */

#include "report_source.h"

#include "meter.h"

void report_source_close(struct report_source *source)
{
    view_end(source->transaction);
    view_release(source->view);
    if (source->journal)
        journal_close(source->journal);
    if (source->store_is_open)
        store_close(&source->store);
}

enum status report_source_open_view(const char *path, bool is_shown, struct report_source *source,
                                    struct error *error)
{
    *source = (struct report_source){0};
    enum status status = store_open(&source->store, path, STORE_READ, error);
    if (status)
        return status;
    source->store_is_open = true;
    source->store.observer = meter_observer(is_shown);
    meter_wait("read", is_shown);
    status = journal_open(&source->store, &(struct journal_options){0}, &source->journal, error);
    if (!status)
        status = view_open(&source->store, &source->view, error);
    if (status == STATUS_NOT_FOUND) {
        *error = (struct error){0};
        status = FAIL(error, STATUS_STORAGE, path, 0,
                      "nothing has been read from this journal yet: run 'gangway rebuild'");
    }
    return status;
}

enum status report_source_open(const char *path, bool is_shown, struct report_source *source,
                               struct error *error)
{
    enum status status = report_source_open_view(path, is_shown, source, error);
    return status ? status : view_begin(source->view, &source->transaction, error);
}
