/*
 * A task's table as a file that people write: the JSON of task_json.c, one field per line and one row of the table per
 * line.
 */
#include "model/file_kind.h"
#include "model/task_json.h"
#include <string.h>

static const uint64_t LARGEST = 1024 * 1024; /* bytes; a full table with room for blanks takes a twentieth */

/* Names of tasks become names of files and fields of tables. */
static carrynet_status check_name(const char *name, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (name[0] == '-' || name[0] == '.' || name[strspn(name, plain)] != '\0')
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: task: name is '%s', but must be of letters, digits, '-', '_' and '.', and begin with "
                        "neither '-' nor '.'",
                        path, name);
    return CARRYNET_OK;
}

carrynet_status carrynet_task_read(carrynet_task *task, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    carrynet_status status = sys_read_text(&text, &size, path, LARGEST);
    if (status != CARRYNET_OK)
        return status;
    if (size > 0 && strchr("{[ \t\r\n\xef", text[0]) == NULL &&
        file_kind_refuse(path, "a task's table", text, size) != CARRYNET_OK)
        status = CARRYNET_ERROR_FORMAT;
    else if (strlen(text) != size)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: is no JSON: it has a zero byte", path);
    else if ((status = task_from_json(task, text)) != CARRYNET_OK)
        status = sys_fail(status, "%s: %s", path, carrynet_message());
    if (status == CARRYNET_OK)
        status = check_name(task->name, path);
    sys_free(text);
    return status;
}

carrynet_status carrynet_task_text(char **text, const carrynet_task *task)
{
    char *line = NULL;
    sys_text folded = {0};
    unsigned depth = 0;
    size_t line_start = 0, column = 0; /* of the rows of a table */
    bool quoted = false;
    *text = NULL;
    carrynet_status status = task_to_json(&line, task);
    if (status != CARRYNET_OK)
        return status;
    for (const char *p = line; *p != '\0'; ++p) {
        sys_text_append(&folded, p, 1);
        if (*p == '\\' && quoted) {
            sys_text_append(&folded, ++p, 1);
            continue;
        }
        quoted = *p == '"' ? !quoted : quoted;
        if (quoted)
            continue;
        if ((*p == '{' || *p == '[') && ++depth == 2)
            column = folded.size - line_start;
        else if (*p == '}' || *p == ']')
            --depth;
        if (*p == ',' && (depth == 1 || (depth == 2 && p[1] == '['))) {
            sys_text_add(&folded, "\n");
            line_start = folded.size;
            sys_text_add(&folded, "%*s", depth == 1 ? 1 : (int)column, "");
        } else if (*p == ',' || *p == ':')
            sys_text_add(&folded, " ");
    }
    sys_text_add(&folded, "\n");
    sys_free(line);
    status = folded.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "task: no memory for the table")
                           : sys_allocate(text, folded.size + 1, 1);
    if (status == CARRYNET_OK)
        memcpy(*text, folded.data, folded.size);
    sys_text_free(&folded);
    return status;
}

void carrynet_task_text_free(char *text)
{
    sys_free(text);
}
