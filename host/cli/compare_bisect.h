/* The output of `compare --bisect` for a case that differs. */
#ifndef CLI_COMPARE_BISECT_H
#define CLI_COMPARE_BISECT_H

#include <carrynet/carrynet.h>
#include <jansson.h>

/*
 * Locates the difference of a case, writes the folder (NULL: bisect-CASE here) and reports the result: as text, or into
 * *object if `object` is not NULL (the caller frees it; null if no single launch differs).
 */
carrynet_status compare_bisect(json_t **object, size_t index, const carrynet_engine_options *options,
                               const char *folder);

#endif
