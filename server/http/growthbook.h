#ifndef HTTP_GROWTHBOOK_H
#define HTTP_GROWTHBOOK_H

struct catalogue;
struct service;

/* Says in the log which experiments of a catalogue that goes into service the GrowthBook payload
 * leaves out, and why. Nothing while the payload is off. */
void growthbook_log(const struct service *service, const struct catalogue *catalogue);

#endif
