/*
 * What a file is, where another was expected: import, models, certificates, checkpoints and tasks name it by its first
 * bytes, and say what to do. Files that begin like another but are what was asked for are read.
 */
#include "foreign_files.h"
#include "model/file_kind.h"
#include <carrynet/model.h>
#include <carrynet/verify.h>

TestSuite(file_kinds, .init = foreign_enter, .fini = foreign_leave);

#define BYTES(text) (text), sizeof(text) - 1

static const struct sample {
    const char *bytes;
    size_t size;
    const char *name, *cure;
} samples[] = {
    {BYTES("\x89HDF\r\n\x1a\n\0\0\0\0\0"), "an HDF5 file (Keras, h5py)", "for w in model.weights"},
    {BYTES("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."), "a file of an old torch.save",
     "net.state_dict()"},
    {BYTES("\x80\x02}q\0."), "a pickle", "only Python can read it"},
    {BYTES("\x80\x04\x95\x10\0\0\0\0\0\0\0}"), "a pickle", "only Python can read it"},
    {BYTES("\x80\x05\x95\x10\0\0\0\0\0\0\0}"), "a pickle", "only Python can read it"},
    {BYTES("(dp0\nVw_xh\np1\n"), "a pickle", "only Python can read it"},
    {BYTES("\x93NUMPY\1\0v\0{'descr'"), "a lone NumPy array", "numpy.savez writes several"},
    {BYTES("MATLAB 5.0 MAT-file, Platform: GLNXA64"), "a MATLAB file", "scipy.io.loadmat"},
    {BYTES("MATLAB 7.3 MAT-file, Platform"), "a MATLAB file (HDF5)", "h5py"},
    {BYTES("\x08\x07\x12\x07pytorch"), "an ONNX file", "onnx.numpy_helper"},
    {BYTES("\x08\x08:\x80\x01"), "an ONNX file", "onnx.numpy_helper"},
    {BYTES("\x08\x01\x12\x90\x10"), "a SavedModel of TensorFlow", "for w in model.weights"},
    {BYTES("\x1c\0\0\0TFL3\0\0"), "a TensorFlow Lite file", "load it in Python"},
    {BYTES("GGUF\3\0\0\0"), "a GGUF file", "save its arrays"},
    {BYTES("model_checkpoint_path: \"ckpt-1\"\n"), "an index of TensorFlow's checkpoints", "for w in model.weights"},
    {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"), "a pointer of Git LFS",
     "git lfs pull"},
    {BYTES("\n\n  <!DOCTYPE html><html>"), "a web page", "download the file itself"},
    {BYTES("<HTML>404"), "a web page", "download the file itself"},
    {BYTES("\xef\xbb\xbf<?xml version='1.0'?>"), "XML", "download the file itself"},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0"), "a gzip", "unpack it first"},
    {BYTES("\x28\xb5\x2f\xfd\0\0\0\0"), "a file packed by zstd", "unpack it first"},
    {BYTES("\xfd"
           "7zXZ\0\0\0"),
     "a file packed by xz", "unpack it first"},
    {BYTES("BZh91AY&SY"), "a file packed by bzip2", "unpack it first"},
    {BYTES("7z\xbc\xaf\x27\x1c\0\4"), "a 7z archive", "unpack it first"},
    {BYTES("\x78\x9c\x4b\x4c\4\0\2m"), "a file packed by zlib (joblib)", "load it in Python"},
    {BYTES("PK\3\4\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl...."),
     "a file of torch.save", "net.state_dict()"},
    {BYTES("PK\3\4\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0d\0\0\0metadata.json{}"), "a Keras archive",
     "for w in model.weights"},
    {BYTES("\x7f"
           "ELF\2\1\1\0\0"),
     "a program", ""},
    {BYTES("%PDF-1.7\n"), "a PDF", ""},
    {BYTES("\xff\xfew\0_\0x\0"), "text in UTF-16", "let the program write the file itself"},
    {BYTES("{\"w_xh\": [[1, 2]]}"), "JSON", "save its arrays by numpy.savez"},
    {BYTES("[[1, 2], [3, 4]]"), "JSON", "save its arrays by numpy.savez"},
    {BYTES("1.5 2.5\n3.5 4.5\n"), "a text file", ""},
    {BYTES(""), "an empty file", "was it written or downloaded to its end?"},
    {BYTES("carrynet checkpoint 1\n\0\0\0"), "a checkpoint of Carrynet's", "carrynet train"},
    {BYTES("carrynet certificate 1\n"), "a certificate of Carrynet's", "carrynet verify MODEL CERTIFICATE"},
    {BYTES("{\"settings\": {\"task\": \"add\"}}\n"), "a log of `carrynet train --log`", "carrynet plot"},
    {BYTES("{\"name\": \"add\",\n \"inputs\": 2}"), "a task's table", "--task"},
    {BYTES("row,of,sweep,task\n"), "the results of a sweep", "carrynet report"},
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static void write_bytes(const char *bytes, size_t size)
{
    MUST(sys_write_file(path, (const void *const[]){bytes}, &size, 1));
}

static void expect_says(carrynet_status status, const char *wanted, const struct sample *sample)
{
    char says[128];
    (void)snprintf(says, sizeof says, "not %s but %s", wanted, sample->name);
    cr_expect_eq(status, CARRYNET_ERROR_FORMAT, "for %s", sample->name);
    cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
    cr_expect_not_null(strstr(carrynet_message(), sample->cure), "no '%s' in: %s", sample->cure, carrynet_message());
    cr_expect_not_null(strstr(carrynet_message(), path), "no name of the file in: %s", carrynet_message());
}

Test(file_kinds, in_place_of_a_network)
{
    for (size_t i = 0; i < SAMPLES; ++i) {
        carrynet_model *model = NULL;
        write_bytes(samples[i].bytes, samples[i].size);
        expect_says(carrynet_import(&model, NULL, path, &(carrynet_import_options){0}), "a safetensors or NPZ file",
                    &samples[i]);
        expect_says(carrynet_model_load(&model, path), "a safetensors file", &samples[i]);
        cr_expect_null(model);
    }
}

Test(file_kinds, bytes_further_on)
{
    char tar[1024] = "w_xh.npy";
    memcpy(tar + 257, "ustar", 5);
    write_bytes(tar, sizeof tar);
    carrynet_model *model = NULL;
    expect_says(carrynet_model_load(&model, path), "a safetensors file",
                &(struct sample){.name = "a tar archive", .cure = "unpack it first"});
    char block[1024] = "";
    memcpy(block + 512, "\x89HDF\r\n\x1a\n", 8);
    write_bytes(block, sizeof block);
    expect_says(carrynet_model_load(&model, path), "a safetensors file",
                &(struct sample){.name = "an HDF5 file (h5py, MATLAB)", .cure = "with h5py"});
}

/* A model needs to be there for a certificate to be read. */
Test(file_kinds, in_place_of_a_certificate_or_a_task)
{
    struct made made = {0};
    carrynet_model *model = NULL;
    carrynet_verified verified;
    carrynet_task task;
    add(&made, "w_xh", 2, 3, 0);
    add(&made, "w_hh", 3, 3, 0);
    add(&made, "w_hy", 3, 1, 0);
    write_npz(&made);
    MUST(carrynet_import(&model, NULL, path, &(carrynet_import_options){0}));
    for (size_t i = 0; i < SAMPLES; ++i) {
        if (samples[i].size == 0 || strstr(samples[i].name, "certificate") != NULL)
            continue;
        write_bytes(samples[i].bytes, samples[i].size);
        const carrynet_status status = carrynet_verify_file(&verified, model, NULL, path);
        if (samples[i].bytes[0] == '\xff') { /* its reader says which characters those are, and what to do */
            cr_expect_eq(status, CARRYNET_ERROR_FORMAT);
            cr_expect_not_null(strstr(carrynet_message(), "is UTF-16"), "%s", carrynet_message());
            carrynet_verified_free(&verified);
            continue;
        }
        if (strncmp(samples[i].bytes, "carrynet", 8) != 0)
            expect_says(status, "a certificate", &samples[i]);
        carrynet_verified_free(&verified);
        if (samples[i].bytes[0] != '{' && samples[i].bytes[0] != '[' && samples[i].bytes[0] != '\n' &&
            samples[i].bytes[0] != '\xef')
            expect_says(carrynet_task_read(&task, path), "a task's table", &samples[i]);
    }
    /* A model for a certificate, as when the two are in the wrong order. */
    MUST(carrynet_model_save(model, path));
    expect_says(carrynet_verify_file(&verified, model, NULL, path), "a certificate",
                &(struct sample){.name = "a safetensors file, as models are", .cure = ""});
    carrynet_verified_free(&verified);
    carrynet_model_free(model);
}

/* Foreign networks in place of models: import makes models of them. */
Test(file_kinds, import_is_named)
{
    struct made made = {0};
    carrynet_model *model = NULL;
    add(&made, "w_xh", 2, 3, 0);
    write_npz(&made);
    cr_expect_eq(carrynet_model_load(&model, path), CARRYNET_ERROR_FORMAT);
    cr_expect_not_null(
        strstr(carrynet_message(), "not a safetensors file but an NPZ file (numpy.savez); `carrynet import`"));
    write_safetensors(&made);
    cr_expect_eq(carrynet_model_load(&model, path), CARRYNET_ERROR_FORMAT);
    cr_expect_not_null(strstr(carrynet_message(), "format is not carrynet; `carrynet import` makes a model"));
}

/* Lengths of safetensors headers that begin like other files: a pickle, a zip, ONNX. */
Test(file_kinds, headers_of_odd_lengths)
{
    static const uint32_t lengths[] = {0x0280, 0x0480, 0x4b50, 0x0708, 0x8b1f};
    static char bytes[0x9000];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; ++i)
        for (int blanks = 0; blanks < 2; ++blanks) {
            carrynet_model *model = NULL;
            memset(bytes, ' ', sizeof bytes);
            memset(bytes, 0, 8);
            bytes[0] = (char)(lengths[i] & 0xff);
            bytes[1] = (char)(lengths[i] >> 8);
            memcpy(bytes + 8 + (blanks ? 3 : 0), "{\"__metadata__\":null}", 21);
            write_bytes(bytes, lengths[i] + 8);
            cr_expect_eq(carrynet_import(&model, NULL, path, &(carrynet_import_options){0}), CARRYNET_ERROR_FORMAT);
            cr_expect_not_null(strstr(carrynet_message(), "found: no array"), "%s", carrynet_message());
        }
}
