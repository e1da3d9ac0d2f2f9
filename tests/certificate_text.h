/*
 * An adder made by hand, whose margins are known by hand, and its certificate.
 *
 * Units count: with s = a + b + carry, unit k of 0, 1, 2 says s > k. Unit 1 is the next carry and the only one that is
 * read: z_k = 40 (a + b + h_1) - 40 k - 20. The output is 8 (h_0 - h_1 + h_2) - 4: +-4 where the units are 0 or 1.
 * A cell a state: h_1 within 1/16 of the state, the others anywhere, so that |z_k| >= 17.5.
 */
#ifndef CERTIFICATE_TEXT_H
#define CERTIFICATE_TEXT_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static inline void put_value(carrynet_model *model, carrynet_parameter parameter, size_t index, double value)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const size_t at = carrynet_shape_tensor(&settings->shape, parameter).offset + index;
    if (settings->precision == CARRYNET_FP32)
        ((float *)carrynet_model_values(model))[at] = (float)value;
    else
        ((double *)carrynet_model_values(model))[at] = value;
}

static inline carrynet_model *hand_made_adder(carrynet_precision precision)
{
    const carrynet_task *add = NULL;
    carrynet_settings settings;
    carrynet_model *model = NULL;
    cr_assert_eq(carrynet_task_find(&add, "add"), CARRYNET_OK);
    carrynet_settings_init(&settings, add);
    settings.shape.hidden = 3;
    settings.shape.bias = true;
    settings.precision = precision;
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_OK, "%s", carrynet_message());
    for (size_t j = 0; j < 3; ++j) {
        put_value(model, CARRYNET_W_XH, j, 40);
        put_value(model, CARRYNET_W_XH, 3 + j, 40);
        put_value(model, CARRYNET_W_HH, 3 + j, 40);
        put_value(model, CARRYNET_B_H, j, -40 * (double)j - 20);
        put_value(model, CARRYNET_W_HY, j, j == 1 ? -8 : 8);
    }
    put_value(model, CARRYNET_B_Y, 0, -4);
    return model;
}

/* Replaces the last line by the digest of what is before it. */
static inline void seal(char *text, size_t capacity)
{
    char digest[SYS_SHA256];
    char *last = strstr(text, "\ndigest ");
    const size_t body = last == NULL ? strlen(text) : (size_t)(last + 1 - text);
    (void)sys_sha256(digest, (const void *const[]){text}, &body, 1);
    (void)snprintf(text + body, capacity - body, "digest %s\n", digest);
}

enum { CERTIFICATE_ROOM = 4096 };

static inline void hand_made_certificate(char text[CERTIFICATE_ROOM], const carrynet_model *model, size_t network)
{
    char digest[CARRYNET_DIGEST_TEXT];
    cr_assert_eq(carrynet_network_digest(digest, model, network), CARRYNET_OK);
    (void)snprintf(text, CERTIFICATE_ROOM,
                   "carrynet certificate 1\narithmetic 1\nnetwork %s\ntask 2 1 2 0\n"
                   "state 0 next 0 0 0 1 out 0 1 1 0\nstate 1 next 0 1 1 1 out 1 0 0 1\nhidden 3\nbases 1\nbasis 0\n"
                   "0x1p+2 0x0p+0 0x0p+0\n0x0p+0 0x1p-2 0x0p+0\n0x0p+0 0x0p+0 0x1p+2\ncells 2\n"
                   "cell 0 0 0x1p-2 0x1p-1 0x0p+0 0x1p-1\ncell 1 0 0x1p-2 0x1p-1 0x1p+0 0x1p-1\n"
                   "tree * 0 0 0 1\ntree * 0 0 0 1\ntree * 0 1 1 1\n",
                   digest);
    seal(text, CERTIFICATE_ROOM);
}

#endif
