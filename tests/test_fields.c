/*
 * The table of the fields of the settings (host/model/fields.c): places without gaps, every value through text and back in every medium,
 * ranges, and that a field is where its key says.
 */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static carrynet_settings defaults(void)
{
    carrynet_settings s;
    carrynet_settings_init(&s, carrynet_task_at(0));
    return s;
}

Test(fields, places_have_no_gaps)
{
    size_t fields = 0;
    while (carrynet_field_at(fields) != NULL)
        ++fields;
    for (int m = 0; m < CARRYNET_MEDIA; ++m) {
        size_t keys = 0, places = 0;
        for (size_t i = 0; i < fields; ++i)
            keys += carrynet_field_at(i)->in[m].key != NULL;
        while (carrynet_field_in((carrynet_medium)m, (unsigned)places + 1) != NULL)
            ++places;
        cr_expect_eq(keys, places, "medium %d has %zu keys, %zu places", m, keys, places);
    }
    cr_expect_null(carrynet_field_in(CARRYNET_MEDIUM_CSV, 0));
}

Test(fields, keys_differ)
{
    const carrynet_field *a, *b;
    for (size_t i = 0; (a = carrynet_field_at(i)) != NULL; ++i) {
        cr_expect_eq(carrynet_field_find(a->key), a);
        for (size_t k = 0; k < i; ++k) {
            b = carrynet_field_at(k);
            cr_expect(a->offset != b->offset && strcmp(a->key, b->key) != 0, "%s and %s", a->key, b->key);
        }
    }
    cr_expect_null(carrynet_field_find("rates"));
}

/* An option is named as its key in JSON, and takes nothing that the field refuses. */
Test(fields, options)
{
    const carrynet_field *f;
    for (size_t i = 0; (f = carrynet_field_at(i)) != NULL; ++i) {
        const carrynet_field_option *option = &f->option;
        char key[32];
        if (option->name == NULL)
            continue;
        (void)snprintf(key, sizeof key, "%s", option->name);
        for (char *p = key; *p != '\0'; ++p)
            *p = (char)(*p == '-' ? '_' : *p);
        cr_expect_str_eq(key, f->in[CARRYNET_MEDIUM_JSON].key);
        cr_expect(option->heading != NULL && option->meaning != NULL, "%s", key);
        cr_expect_eq(option->argument == NULL, f->kind == CARRYNET_FIELD_FLAG, "%s", key);
        cr_expect(option->most == 0 || (option->least >= f->least && option->most <= f->most), "%s", key);
    }
}

/* Another value of a field than the default, in its range. */
static void set_other(carrynet_settings *s, const carrynet_field *f)
{
    const double least = f->least > 0 ? f->least : 0x1p-20;
    if (f->kind == CARRYNET_FIELD_NAME)
        carrynet_field_set_number(s, f, f->names[carrynet_field_number(s, f) == f->names[0].value].value);
    else if (f->kind == CARRYNET_FIELD_FLAG)
        carrynet_field_set_number(s, f, carrynet_field_number(s, f) == 0);
    else if (f->kind == CARRYNET_FIELD_REAL)
        carrynet_field_set_number(s, f, least * 1.7 < f->most ? least * 1.7 : f->most);
    else
        carrynet_field_set_count(s, f, f->kind == CARRYNET_FIELD_U64 && f->most > 0x1p60 ? UINT64_MAX : 7);
}

Test(fields, values_survive_their_text)
{
    const carrynet_settings before = defaults();
    const carrynet_field *f;
    for (size_t i = 0; (f = carrynet_field_at(i)) != NULL; ++i)
        for (int m = 0; m < CARRYNET_MEDIA; ++m) {
            char text[CARRYNET_FIELD_TEXT], again[CARRYNET_FIELD_TEXT];
            carrynet_settings wrote = before, got = before;
            set_other(&wrote, f);
            cr_expect(memcmp(&wrote, &before, sizeof wrote) != 0, "%s", f->key);
            (void)carrynet_field_text(text, &wrote, f, (carrynet_medium)m);
            cr_expect_null(carrynet_field_read(&got, f, text, (carrynet_medium)m), "%s: '%s'", f->key, text);
            cr_expect(memcmp(&wrote, &got, sizeof wrote) == 0, "%s: '%s'", f->key, text);
            cr_expect_str_eq(carrynet_field_text(again, &got, f, (carrynet_medium)m), text);
            cr_expect_not_null(carrynet_field_read(&got, f, "", (carrynet_medium)m), "%s", f->key);
            cr_expect_not_null(carrynet_field_read(&got, f, "0x1", (carrynet_medium)m), "%s", f->key);
            cr_expect_not_null(carrynet_field_read(&got, f, "-", (carrynet_medium)m), "%s", f->key);
        }
}

Test(fields, ranges)
{
    const carrynet_field *f;
    for (size_t i = 0; (f = carrynet_field_at(i)) != NULL; ++i) {
        carrynet_settings s = defaults();
        cr_expect_eq(carrynet_field_check(&s, f), CARRYNET_OK, "%s: %s", f->key, carrynet_message());
        if (f->kind == CARRYNET_FIELD_NAME) {
            carrynet_field_set_number(&s, f, 99);
            cr_expect_eq(carrynet_field_check(&s, f), CARRYNET_ERROR_ARGUMENT, "%s", f->key);
        }
        if (f->kind != CARRYNET_FIELD_REAL)
            continue;
        const double wrong[] = {NAN,
                                INFINITY,
                                -1,
                                nextafter(f->most, INFINITY),
                                f->traits & CARRYNET_FIELD_BELOW ? f->most : NAN,
                                f->least > 0 ? nextafter(f->least, 0) : NAN,
                                f->traits & CARRYNET_FIELD_FLOORED ? nextafter(0x1p-30, 0) : NAN};
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; ++k) {
            carrynet_field_set_number(&s, f, wrong[k]);
            cr_expect_eq(carrynet_field_check(&s, f), CARRYNET_ERROR_ARGUMENT, "%s = %a", f->key, wrong[k]);
            cr_expect_not_null(strstr(carrynet_message(), f->key), "%s", carrynet_message());
        }
        carrynet_field_set_number(&s, f, f->traits & CARRYNET_FIELD_BELOW ? nextafter(f->most, 0) : f->most);
        cr_expect_eq(carrynet_field_check(&s, f), CARRYNET_OK, "%s: %s", f->key, carrynet_message());
    }
}
