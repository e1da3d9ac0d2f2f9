/* The message for an invalid command line, with the same wording for every command. */
#include "cli/console.h"
#include "cli/options.h"

int arguments_wrong(const cli_arguments *arguments, const char *format, ...)
{
    char text[4000];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(text, sizeof text, format, values);
    va_end(values);
    console_error("%s: %s\nSee `carrynet %s --help`.", arguments->command->name, text, arguments->command->name);
    return EXIT_CODE_USAGE;
}
