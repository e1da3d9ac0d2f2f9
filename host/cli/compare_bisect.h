/* What `compare --bisect` says about the case that differs. */
#ifndef CLI_COMPARE_BISECT_H
#define CLI_COMPARE_BISECT_H

#include <carrynet/carrynet.h>
#include <jansson.h>

/*
 * Looks for the difference of a case, writes the folder (NULL: bisect-CASE here), and says what came out: as text, or
 * into *object where that is not NULL (the caller's; null where no launch by itself differs).
 */
carrynet_status compare_bisect(json_t **object, size_t index, const carrynet_engine_options *options,
                               const char *folder);

#endif
