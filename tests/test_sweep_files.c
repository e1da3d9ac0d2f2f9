/* The files of sweeps: shards joined to the whole, and files that are not what they should be. */
#include "sweep_sample.h"

TestSuite(sweep_files, .init = program_enter, .fini = program_leave, .timeout = 300);

/* ---- parts ----------------------------------------------------------------------------------------------------- */

Test(sweep_files, joined_is_whole)
{
    const carrynet_engine_options reference = on_reference();
    static const char *const names[] = {"p1.csv", "p2.csv", "p3.csv", "p4.csv", "p5.csv"};
    struct sample sample;
    sample_init(&sample);
    sample.spec.seeds = 1;
    run_into("whole.csv", &sample.spec, &reference, 0);
    for (uint32_t shards = 1; shards <= 5; ++shards) { /* of 4 rows: the fifth has none */
        const char *backwards[5];
        for (uint32_t i = 0; i < shards; ++i) {
            sample.spec.shard = i + 1;
            sample.spec.shards = shards;
            run_into(names[i], &sample.spec, &reference, 0);
            backwards[shards - 1 - i] = names[i];
        }
        MUST(carrynet_sweep_merge("joined.csv", backwards, shards));
        expect_same("whole.csv", "joined.csv");
        char *times = program_file("joined.times.csv", NULL);
        size_t lines = 0;
        for (const char *p = times; (p = strchr(p, '\n')) != NULL; ++p)
            ++lines;
        cr_expect_eq(lines, 5, "%s", times);
        free(times);
    }
    /* p1 to p4 of 5 hold all rows; without the third one is missing, with the whole all are there twice. */
    const char *const gap[] = {"p1.csv", "p2.csv", "p4.csv"}, *const twice[] = {"whole.csv", "p2.csv"};
    const char *const empty[] = {"p5.csv"};
    cr_expect_eq(carrynet_sweep_merge("no.csv", gap, 3), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "1 of 4 rows is in none of the files, the first is row 3");
    cr_expect_eq(carrynet_sweep_merge("no.csv", twice, 2), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "row 2 is in whole.csv and in p2.csv");
    cr_expect_eq(carrynet_sweep_merge("no.csv", empty, 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "has no row");
    sample.spec.settings.seed = 4;
    sample.spec.shard = sample.spec.shards = 1;
    run_into("other.csv", &sample.spec, &reference, 0);
    const char *const others[] = {"p1.csv", "other.csv"};
    cr_expect_eq(carrynet_sweep_merge("no.csv", others, 2), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "seed is 3 in p1.csv, 4 in other.csv; only parts of one sweep can be joined");
    cr_expect_neq(access("no.csv", F_OK), 0);
}

/* ---- files that are not what they should be -------------------------------------------------------------------- */

/* Replaces the first `from` behind the header by `to` and writes the file. */
static void forge(const char *path, const char *text, const char *from, const char *to)
{
    const char *at = strstr(strchr(text, '\n'), from);
    cr_assert_not_null(at, "no '%s'", from);
    const size_t before = (size_t)(at - text), size = strlen(text) - strlen(from) + strlen(to);
    char *forged = malloc(size + 1);
    (void)snprintf(forged, size + 1, "%.*s%s%s", (int)before, text, to, at + strlen(from));
    program_write(path, forged, size);
    free(forged);
}

Test(sweep_files, refuses_forged_files)
{
    static const struct {
        const char *from, *to, *says;
    } forgeries[] = {
        {"\n1,", "\n2,", "column seed is 3 in the file, 4 by these options; it was changed"},
        {"\n1,", "\n0,", "line 2: row must be from 1 to of"},
        {"\n1,", "\n9,", "line 2: row must be from 1 to of"},
        {"\n1,", "\n,", "line 2: column row is '', must be a whole number"},
        {"\n1,", "\n-1,", "line 2: column row is '-1'"},
        {"\n1,", "\n 1,", "column row is ' 1'"},
        {"\n1,2,", "\n1,99999999,", "line 2: of is more than a sweep can have"},
        {"\n1,2,", "\n1,3,", "column of is 3 in the file, 2 by these options"},
        {",add,", ",mul,", "column task is 'mul', must be the name of a task"},
        {",add,4,", ",add,1,", "line 2: bits is 1, must be 2 to 1000000"},
        {",add,4,", ",add,5,", "column bits is 5 in the file, 4 by these options"},
        {",add,4,2,0,", ",add,4,1025,0,", "line 2: hidden"},
        {",add,4,2,0,", ",add,4,4294967296,0,", "column hidden is '4294967296', must be a whole number below 2^32"},
        {",add,4,2,0,", ",add,4,2,2,", "column bias is '2', must be 0 or 1"},
        {",fp32,", ",fp16,", "column precision is 'fp16', must be fp32 or fp64"},
        {",fp32,16,", ",fp32,0,", "line 2: batch is 0"},
        {",cross-entropy,", ",crossentropy,", "column loss is"},
        {",adam,", ",adamw,", "column optimizer is"},
        {",constant,", ",linear,", "column schedule is"},
        {",0.05,", ",nan,", "column lr is 'nan', must be a decimal number"},
        {",0.05,", ",inf,", "column lr is 'inf'"},
        {",0.05,", ",1e999,", "column lr is '1e999'"},
        {",0.05,", ",0x1p-4,", "column lr is '0x1p-4'"},
        {",0.05,", ",-1,", "line 2: lr is -1, must be 9.094947018e-13 to 1048576"},
        {",0.05,", ",0.06,", "column lr is 0.06 in the file, 0.05 by these options"},
        {",0.05,", ",,", "column lr is ''"},
        {",250,1," DEFAULTS ",", ",250,2," DEFAULTS ",",
         "column arithmetic is '2', must be 1, the version that this program computes"},
        {",250,1," DEFAULTS ",", ",250,1,0,", "column defaults is 0 in the file, " DEFAULTS " by these options"},
        {",add,", ",add", "column task is 'add4'"},
        {",1e-08,0,0,1,3,10,250,1," DEFAULTS ",0,250,4000,", ",", "line 2 has fewer than 29 columns"},
        {",add,", ",add,add,", "column bits is 'add'"},
        {"\n2,", ",7\n2,", "line 2 has more than 29 columns"},
        {"\n2,", "\r\r\n2,", "must be 16 hexadecimal digits"},
        {"\n2,", "\n\n2,", "line 3 has fewer than 29 columns"},
        {",add,",
         ",aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,",
         "column task is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...', must be shorter"},
        {",4000,", ",4001,", "line 2: sequences is not updates times batch"},
    };
    const carrynet_engine_options reference = on_reference();
    struct sample sample;
    size_t size = 0;
    sample_init(&sample);
    sample.spec.seeds = 2;
    sample.spec.hidden_count = sample.spec.rate_count = 1;
    run_into("whole.csv", &sample.spec, &reference, 0);
    char *text = program_file("whole.csv", &size);
    carrynet_sweep *sweep = make(&sample.spec);
    cr_assert_not_null(strstr(text, ",0,250,4000,"), "the first row should not become exact:\n%s", text);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; ++i) {
        forge("forged.csv", text, forgeries[i].from, forgeries[i].to);
        cr_expect_eq(carrynet_sweep_load(sweep, "forged.csv"), CARRYNET_ERROR_FORMAT, "not refused: %s",
                     forgeries[i].says);
        EXPECT_SAYS(carrynet_message(), forgeries[i].says);
        EXPECT_SAYS(carrynet_message(), "forged.csv: ");
        cr_expect_eq(carrynet_sweep_count(sweep).finished, 0u, "a refused file was taken up: %s", forgeries[i].says);
    }
    /* Cut anywhere but behind a line, and with any byte replaced by one that stands nowhere in such a file. */
    for (size_t cut = 0; cut < size; ++cut) {
        program_write("cut.csv", text, cut);
        const bool whole_lines = cut > 0 && text[cut - 1] == '\n';
        cr_expect_eq(carrynet_sweep_load(sweep, "cut.csv") == CARRYNET_OK, whole_lines, "cut to %zu bytes", cut);
        char kept = text[cut];
        text[cut] = cut % 2 == 0 ? '\0' : '\xff';
        program_write("bad.csv", text, size);
        cr_expect_eq(carrynet_sweep_load(sweep, "bad.csv"), CARRYNET_ERROR_FORMAT, "byte %zu", cut);
        text[cut] = kept;
    }
    cr_expect_eq(carrynet_sweep_load(sweep, "nowhere.csv"), CARRYNET_ERROR_IO);
    cr_expect_eq(carrynet_sweep_load(sweep, "."), CARRYNET_ERROR_IO);
    carrynet_sweep_free(sweep);

    /* A file need not be of a sweep that is at hand to be seen through. */
    carrynet_sweep_row *row = malloc(sizeof *row);
    forge("forged.csv", text, "\n2,", "\n1,");
    cr_expect_eq(carrynet_sweep_read(row, "forged.csv", 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "line 3: row 1 comes after row 1; the lines are out of order");
    forge("forged.csv", text, "\n2,2,", "\n2,3,");
    cr_expect_eq(carrynet_sweep_read(row, "forged.csv", 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "line 3 is of another sweep than the lines before");

    /* Another program has saved it; or it is in other words, which only a reader of one row takes. */
    static const char *const starts[][2] = {{"\xff\xfer\0o\0w\0", "is UTF-16"},
                                            {"row;of;sweep", "no commas between"},
                                            {",row,of", "index=False"},
                                            {"", "it is empty"}};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; ++i) {
        program_write("start.csv", starts[i][0], strlen(starts[i][0]));
        cr_expect_eq(carrynet_sweep_read(row, "start.csv", 1), CARRYNET_ERROR_FORMAT);
        EXPECT_SAYS(carrynet_message(), starts[i][1]);
    }
    FILE *windows = fopen("windows.csv", "wb");
    cr_assert_not_null(windows);
    (void)fputs("\xef\xbb\xbf", windows);
    for (const char *p = text; *p != '\0'; ++p)
        (void)fputs(*p == '\n' ? "\r\n" : (const char[]){*p, '\0'}, windows);
    cr_assert_eq(fclose(windows), 0);
    MUST(carrynet_sweep_read(row, "windows.csv", 2));
    cr_expect_eq(row->row, 2u);
    MUST(carrynet_sweep_merge("unix.csv", (const char *const[]){"windows.csv"}, 1));
    char *plain = program_file("unix.csv", NULL);
    cr_expect_str_eq(plain, text, "the joined table is as a sweep writes it");
    free(plain);
    const char *const forged_part[] = {"forged.csv"};
    forge("forged.csv", text, ",0.05,", ",5e-2,");
    MUST(carrynet_sweep_read(row, "forged.csv", 1));
    cr_expect_eq(carrynet_sweep_merge("no.csv", forged_part, 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "forged.csv: line 2: column lr is not as a sweep writes it");

    /* Of another sweep, and of another shard. */
    sample.spec.sequences = 4016;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(),
                "whole.csv: line 2: column max_updates is 250 in the file, 251 by these options; give "
                "the options that it was made with, or another -o");
    carrynet_sweep_free(sweep);
    sample.spec.sequences = 4000;
    sample.spec.hidden_count = 2; /* the first rows are the same */
    sample.spec.seeds = 1;
    forge("forged.csv", text, strchr(strchr(text, '\n') + 1, '\n'), "\n");
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "forged.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "forged.csv: is of another sweep");
    carrynet_sweep_free(sweep);
    sample.spec.hidden_count = 1;
    sample.spec.seeds = 2;
    sample.spec.shards = 2;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "row 2 belongs to shard 2 of 2, not to 1");
    carrynet_sweep_free(sweep);

    cr_expect_eq(carrynet_sweep_read(row, "whole.csv", 3), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "row 3 is not in it; the sweep has rows 1 to 2");
    MUST(carrynet_sweep_read(row, "whole.csv", 2));
    cr_expect_eq(row->settings.seed, 4u);
    free(row);

    program_write("whole.times.csv", "row,seconds\n2,1\n1,1\n", 20);
    sample.spec.shards = 1;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "whole.times.csv: line 3 is not a later row");
    carrynet_sweep_free(sweep);
    free(text);
}
