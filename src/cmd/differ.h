/* `workers`: what is to be said of modules below the table - those that are not the same everywhere, and broken ones. */
#ifndef CMD_DIFFER_H
#define CMD_DIFFER_H

#include "base/json.h"
#include "cmd/out.h"

struct differ;

struct differ *differ_new(void);
void differ_free(struct differ **d);
/* A row of `workers`. */
void differ_see(struct differ *d, const struct json_node *row);
/* One note for each module that differs, one for each that is broken; nothing when all is well. */
void differ_tell(const struct differ *d, struct out *o);

#endif
