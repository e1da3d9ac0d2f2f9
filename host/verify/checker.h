/* Checks one certificate that has been read against one network. */
#ifndef VERIFY_CHECKER_H
#define VERIFY_CHECKER_H

#include "verify/certificate.h"

/* DEVICE, naming this host, if its arithmetic is not the one that the bounds assume. */
carrynet_status verify_host(void);

/*
 * As carrynet_verify, for the certificate that was read from `text`. digest: the network's; NULL: the model has no such
 * network, which rejects the certificate.
 */
carrynet_status verify_certificate(carrynet_checked *checked, const struct certificate *certificate, const char *text,
                                   const carrynet_model *model, size_t network, const char *digest,
                                   const carrynet_task *task);

#endif
