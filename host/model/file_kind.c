/*
 * Identifies a file by its first bytes: formats of other programs and Carrynet's own. A row has the bytes, their
 * offset, what such a file is called, and advice for its owner (NULL where none is needed).
 */
#include "model/file_kind.h"
#include <string.h>

#define HDF "\x89HDF\r\n\x1a\n"
#define KERAS                                                                                                          \
    "load it in Python and save its arrays, numpy.savez(\"net.npz\", **{getattr(w, \"path\", w.name): w.numpy() "      \
    "for w in model.weights})"
#define TORCH "numpy.savez(\"net.npz\", **{k: v.numpy() for k, v in net.state_dict().items()})"
#define ARRAYS "save its arrays by numpy.savez or as safetensors"
#define NPZ "an NPZ file (numpy.savez)"
#define ZIP "a zip"
#define UNPACK "unpack it first"
#define PICKLE "only Python can read it; load it there and " ARRAYS
#define DOWNLOAD "download the file itself"

static const struct kind {
    size_t offset;
    const char *magic;
    size_t length; /* bytes of magic; 0: it is a text, in any case of letters, after blanks */
    const char *name, *cure;
} kinds[] = {
    {0, HDF, 8, "an HDF5 file (Keras, h5py)", KERAS},
    {0, "MATLAB 7.3 MAT-file", 19, "a MATLAB file (HDF5)", "load it in Python with h5py and " ARRAYS},
    {512, HDF, 8, "an HDF5 file (h5py, MATLAB)", "load it in Python with h5py and " ARRAYS},
    {0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14, "a file of an old torch.save",
     "load it in Python and save its arrays, " TORCH},
    {0, "\x80\x02", 2, "a pickle (joblib, torch.save)", PICKLE},
    {0, "\x80\x03", 2, "a pickle (joblib, torch.save)", PICKLE},
    {0, "\x80\x04", 2, "a pickle (joblib, torch.save)", PICKLE},
    {0, "\x80\x05", 2, "a pickle (joblib, torch.save)", PICKLE},
    {0, "\x93NUMPY", 6, "a lone NumPy array",
     "numpy.savez writes several under their names, which are needed: numpy.savez(\"net.npz\", w_xh=..., w_hh=..., "
     "w_hy=...)"},
    {0, "MATLAB 5.0 MAT-file", 19, "a MATLAB file", "load it in Python, scipy.io.loadmat, and " ARRAYS},
    {0, "carrynet checkpoint ", 20, "a checkpoint of Carrynet's", "`carrynet train --resume` goes on from it"},
    {0, "\x78\x9c", 2, "a file packed by zlib (joblib)", "load it in Python and " ARRAYS},
    {0, "GGUF", 4, "a GGUF file", ARRAYS},
    {4, "TFL3", 4, "a TensorFlow Lite file", "load it in Python and " ARRAYS},
    {0, "PAR1", 4, "a Parquet file", ARRAYS},
    {0, "ARROW1", 6, "an Arrow file", ARRAYS},
    {0, "SQLite format 3", 16, "an SQLite database", NULL},
    {0, "\x1f\x8b", 2, "a gzip", UNPACK},
    {0, "\x28\xb5\x2f\xfd", 4, "a file packed by zstd", UNPACK},
    {0,
     "\xfd"
     "7zXZ",
     6, "a file packed by xz", UNPACK},
    {0, "BZh", 3, "a file packed by bzip2", UNPACK},
    {0, "\x04\x22\x4d\x18", 4, "a file packed by lz4", UNPACK},
    {0, "7z\xbc\xaf\x27\x1c", 6, "a 7z archive", UNPACK},
    {0, "Rar!\x1a\x07", 6, "a RAR archive", UNPACK},
    {257, "ustar", 5, "a tar archive", UNPACK},
    {0, "%PDF-", 5, "a PDF", NULL},
    {0, "\x89PNG", 4, "a picture", NULL},
    {0, "\xff\xd8\xff", 3, "a picture", NULL},
    {0,
     "\x7f"
     "ELF",
     4, "a program", NULL},
    {0, "\xff\xfe", 2, "text in UTF-16, as PowerShell's > writes it", "let the program write the file itself"},
    {0, "(dp", 0, "a pickle (joblib, torch.save)", PICKLE},
    {0, "(lp", 0, "a pickle (joblib, torch.save)", PICKLE},
    {0, "ccopy_reg", 0, "a pickle (joblib, torch.save)", PICKLE},
    {0, "version https://git-lfs", 0, "a pointer of Git LFS, which stands for the file",
     "fetch it with `git lfs pull`"},
    {0, "<!doctype html", 0, "a web page", DOWNLOAD},
    {0, "<html", 0, "a web page", DOWNLOAD},
    {0, "<head", 0, "a web page", DOWNLOAD},
    {0, "<?xml", 0, "XML", DOWNLOAD},
    {0, "model_checkpoint_path:", 0, "an index of TensorFlow's checkpoints", KERAS},
    {0, "carrynet certificate", 0, "a certificate of Carrynet's", "`carrynet verify MODEL CERTIFICATE` checks it"},
    {0, "{\"settings\":", 0, "a log of `carrynet train --log`", "`carrynet plot` draws it"},
    {0, "{\"name\":", 0, "a task's table", "--task takes it"},
    {0, "row,", 0, "the results of a sweep", "`carrynet plot` and `carrynet report` take them"},
    {0, "{", 0, "JSON", "JSON has no standard form for weights; " ARRAYS},
    {0, "[", 0, "JSON", "JSON has no standard form for weights; " ARRAYS},
};

enum { START = 512, KINDS = sizeof kinds / sizeof kinds[0], LENGTH = 8 };

/* Bytes of a byte order mark and blanks. */
static size_t blanks(const char *bytes, size_t size)
{
    size_t i = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < size && bytes[i] != '\0' && strchr(" \t\r\n", bytes[i]) != NULL)
        ++i;
    return i;
}

static bool begins_with(const char *bytes, size_t size, const char *word)
{
    for (; *word != '\0'; ++word, ++bytes, --size)
        if (size == 0 || (*bytes >= 'A' && *bytes <= 'Z' ? *bytes - 'A' + 'a' : *bytes) != *word)
            return false;
    return true;
}

/* Whether the first bytes can be of a text: no control characters but blanks. */
static bool is_text(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size && i < START; ++i)
        if (((unsigned char)bytes[i] < ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n' &&
             bytes[i] != '\f') ||
            bytes[i] == 127)
            return false;
    return true;
}

bool file_kind_is_safetensors(const char *bytes, size_t size)
{
    size_t brace = LENGTH;
    while (brace < size && bytes[brace] != '\0' && strchr(" \t\r\n", bytes[brace]) != NULL)
        ++brace;
    return brace < size && bytes[brace] == '{' && memcmp(bytes + LENGTH / 2, "\0\0\0", LENGTH / 2) == 0;
}

bool file_kind_is_zip(const char *bytes, size_t size)
{
    /* "PK" can also be the length of a safetensors header. */
    return size >= 2 && memcmp(bytes, "PK", 2) == 0 && !file_kind_is_safetensors(bytes, size);
}

/* A zip, by the name of its first entry. */
static void zip_kind(struct kind *found, const char *bytes, size_t size)
{
    enum { NAME_LENGTH = 26, NAME = 30 };
    static const struct {
        const char *end, *name, *cure;
    } entries[] = {
        {".npy", NPZ, "`carrynet import` makes a model of it"},
        {".pkl", "a file of torch.save", "only Python can read it; load it there and save its arrays, " TORCH},
        {"metadata.json", "a Keras archive", KERAS},
        {"config.json", "a Keras archive", KERAS},
        {".h5", "a Keras archive", KERAS},
        {"[Content_Types].xml", "a document of an office program", NULL},
        {"mimetype", "a document of an office program", NULL},
    };
    *found = (struct kind){.name = ZIP, .cure = UNPACK};
    if (size < NAME)
        return;
    const size_t length = (unsigned char)bytes[NAME_LENGTH] + 256u * (unsigned char)bytes[NAME_LENGTH + 1];
    for (size_t i = 0; i < sizeof entries / sizeof entries[0] && length <= size - NAME; ++i) {
        const size_t end = strlen(entries[i].end);
        if (length >= end && memcmp(bytes + NAME + length - end, entries[i].end, end) == 0) {
            *found = (struct kind){.name = entries[i].name, .cure = entries[i].cure};
            return;
        }
    }
}

bool file_kind_is_npz(const char *bytes, size_t size)
{
    struct kind found;
    if (size < 4 || !file_kind_is_zip(bytes, size))
        return false;
    zip_kind(&found, bytes, size);
    return strcmp(found.name, NPZ) == 0 || strcmp(found.name, ZIP) == 0; /* its directory says more of the latter */
}

/* ONNX and TensorFlow begin with field 1, a version, and then another field of the message. */
static bool protobuf_kind(struct kind *found, const char *bytes, size_t size)
{
    if (size < 3 || bytes[0] != 8 || bytes[1] < 1 || bytes[1] > 32 || (bytes[2] & 7) != 2 ||
        (unsigned char)bytes[2] < 0x12)
        return false;
    if (bytes[1] == 1 && bytes[2] == 0x12)
        *found = (struct kind){.name = "a SavedModel of TensorFlow", .cure = KERAS};
    else
        *found =
            (struct kind){.name = "an ONNX file",
                          .cure = "read its initializers in Python and save them, numpy.savez(\"net.npz\", **{t.name: "
                                  "onnx.numpy_helper.to_array(t) for t in onnx.load(FILE).graph.initializer})"};
    return true;
}

static bool find_kind(struct kind *found, const char *bytes, size_t size)
{
    const size_t begin = blanks(bytes, size);
    if (size == 0) {
        *found = (struct kind){.name = "an empty file", .cure = "was it written or downloaded to its end?"};
        return true;
    }
    if (file_kind_is_safetensors(bytes, size)) {
        *found = (struct kind){.name = "a safetensors file, as models are"};
        return true;
    }
    if (file_kind_is_zip(bytes, size)) {
        zip_kind(found, bytes, size);
        return size >= 4;
    }
    for (size_t i = 0; i < KINDS; ++i) {
        const struct kind *kind = &kinds[i];
        if (kind->length == 0
                ? begins_with(bytes + begin, size - begin, kind->magic) && is_text(bytes + begin, size - begin)
                : size >= kind->offset + kind->length && memcmp(bytes + kind->offset, kind->magic, kind->length) == 0) {
            *found = *kind;
            return true;
        }
    }
    if (protobuf_kind(found, bytes, size))
        return true;
    /* Letters to begin with, or any bytes could be a text in some encoding. */
    *found = (struct kind){.name = "a text file"};
    for (size_t i = 0; i < size && i < LENGTH; ++i)
        if ((unsigned char)bytes[i] > '~')
            return false;
    return is_text(bytes, size);
}

carrynet_status file_kind_refuse(const char *path, const char *wanted, const char *bytes, size_t size)
{
    struct kind found;
    if (!find_kind(&found, bytes, size))
        return CARRYNET_OK;
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: not %s but %s%s%s", path, wanted, found.name,
                    found.cure != NULL ? "; " : "", found.cure != NULL ? found.cure : "");
}
