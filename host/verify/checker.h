/* One certificate, read, against one network. */
#ifndef VERIFY_CHECKER_H
#define VERIFY_CHECKER_H

#include "verify/certificate.h"

/* DEVICE, naming this host, where its arithmetic is not that of the bounds. */
carrynet_status verify_host(void);

/*
 * As carrynet_verify, of the certificate that was read from `text`. digest: the network's; NULL: there is no such network
 * in the model, which rejects.
 */
carrynet_status verify_certificate(carrynet_checked *checked, const struct certificate *certificate, const char *text,
                                   const carrynet_model *model, size_t network, const char *digest,
                                   const carrynet_task *task);

#endif
