/* Writes a cover as a certificate (host/verify/CERTIFICATE.md). */
#ifndef PROVE_CERTIFICATE_WRITE_H
#define PROVE_CERTIFICATE_WRITE_H

#include "platform/platform.h"
#include "prove/cover.h"

/*
 * Adds the certificate of a whole cover to text. It has the cells that the start leads to, numbered in the order in
 * which their trees name them. MEMORY.
 */
carrynet_status certificate_write(sys_text *text, const struct cover *cover, const char *network_digest,
                                  carrynet_bounds bounds);

#endif
