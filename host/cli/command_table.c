/*
 * The table of commands: name, operands, help text. A new command needs a row here, two declarations in options.h, and
 * a file of its own with its options.
 */
#include "cli/console.h"
#include "cli/options.h"
#include <string.h>

static const char *const train_examples[] = {"carrynet train",
                                             "carrynet train --task sub --seed 7",
                                             "carrynet train --task mine.json",
                                             "carrynet train --updates 200 --device cpu -o a.safetensors",
                                             "carrynet train --nets 9 --bits 16 --log run.jsonl",
                                             NULL};
static const char *const sweep_examples[] = {"carrynet sweep --hidden 2,3,4,8 --seeds 100 -o widths.csv",
                                             "carrynet sweep --random 50 --lr 0.001..1 --optimizer sgd,adam --dry-run",
                                             "carrynet sweep --hidden 2,3,4,8 --seeds 100 --shard 2/3 -o part2.csv",
                                             NULL};
static const char *const merge_examples[] = {"carrynet merge part1.csv part2.csv part3.csv -o widths.csv", NULL};
static const char *const reproduce_examples[] = {"carrynet reproduce widths.csv 17 -o best.safetensors",
                                                 "carrynet reproduce widths.csv 17 --device reference", NULL};
static const char *const eval_examples[] = {"carrynet eval add.safetensors", "carrynet eval add.safetensors --bits 64",
                                            "carrynet eval add.safetensors --lengths 8,16,32,64",
                                            "carrynet eval add.safetensors --proof add.safetensors.cert", NULL};
static const char *const run_examples[] = {"carrynet run add.safetensors 93 38",
                                           "printf '93 + 38\\n5 7\\n' | carrynet run add.safetensors", NULL};
static const char *const show_examples[] = {"carrynet show add.safetensors 93 38",
                                            "carrynet show add.safetensors 93 38 --json", NULL};
static const char *const devices_examples[] = {"carrynet devices", "carrynet devices --dump-kernels kernels", NULL};
static const char *const doctor_examples[] = {"carrynet doctor", "carrynet doctor > report.txt",
                                              "carrynet doctor --json", NULL};
static const char *const compare_examples[] = {"carrynet compare", "carrynet compare --device 0:0 --kernel-shape cpu",
                                               "carrynet compare --device gpu --bisect -o report", NULL};
static const char *const replay_examples[] = {"carrynet replay --list", "carrynet replay 000",
                                              "carrynet replay 000 --updates 100000 --against transcript.txt",
                                              "carrynet replay --all --device cpu", NULL};
static const char *const bench_examples[] = {"carrynet bench",
                                             "carrynet bench --hidden 16 --bits 8 --batch 16384 --threads 1",
                                             "carrynet bench --hidden 64 --bits 32 --batch 4096 --json", NULL};
static const char *const plot_examples[] = {
    "carrynet plot results.csv -o results.svg", "carrynet plot results.csv --chart map --where batch=64 -o map.png",
    "carrynet plot results.csv --by optimizer --chart curve -o curve.svg", "carrynet plot run.jsonl -o run.svg", NULL};
static const char *const report_examples[] = {"carrynet report add.safetensors",
                                              "carrynet report run.jsonl add.safetensors -o report.html", NULL};
static const char *const task_examples[] = {"carrynet task", "carrynet task add --json > mine.json",
                                            "carrynet task mine.json --dot | dot -Tsvg > mine.svg",
                                            "carrynet task --equal add mine.json", NULL};
static const char *const prove_examples[] = {"carrynet prove add.safetensors",
                                             "carrynet prove add.safetensors --by all --states 50000000",
                                             "carrynet prove many.safetensors -o many.cert --json", NULL};
static const char *const verify_examples[] = {"carrynet verify add.safetensors add.safetensors.cert", NULL};
static const char *const import_examples[] = {"carrynet import rnn.safetensors --cell tanh -o rnn-model.safetensors",
                                              "carrynet import net.npz --map w_xh=A.T,w_hh=B.T,w_hy=C.T -o model",
                                              "carrynet import weights.npz --task sub -o sub.safetensors", NULL};
static const char *const states_examples[] = {"carrynet states add.safetensors -o h.npz",
                                              "carrynet states add.safetensors --bits 32 --problems 100 -o h.npz",
                                              NULL};
static const char *const export_examples[] = {"carrynet export add.safetensors -o add.onnx",
                                              "carrynet export add.safetensors -o add.npz",
                                              "carrynet export many.safetensors --net 3 -o adder.c", NULL};
static const char *const demo_examples[] = {"carrynet demo", "carrynet demo --plain --device reference", NULL};
static const char *const help_examples[] = {"carrynet help train", NULL};

/* ---- help, which is about the table itself ----------------------------------------------------------------------- */

static const char *command_offer(size_t index);
static int command_help(const cli_arguments *arguments);

const cli_command command_table[] = {
    {.name = "demo",
     .operands = "",
     .summary = "see in ten seconds what this is",
     .text =
         "Trains a network and replays from inside how it learns to add; shows one sum bit by bit; proves the network "
         "right for numbers of every length; refutes its twin, which is right on every sum that it was tested on; "
         "and trains once more on another device, which gives the same weights. Writes no file.",
     .example = demo_examples,
     .options = demo_options,
     .run = command_demo},
    {.name = "train",
     .operands = "",
     .summary = "train a network until every sum is right, and save it",
     .text = "Trains a small recurrent network that reads two binary numbers bit by bit, lowest bit first, and writes "
             "their sum, or learns another --task. It stops when every sum is right, checks them all once more and "
             "saves the model. Ctrl-C stops early and saves what there is.",
     .example = train_examples,
     .options = train_options,
     .run = command_train,
     .on_ranks = true},
    {.name = "eval",
     .operands = "MODEL",
     .least = 1,
     .most = 1,
     .files = 1,
     .missing = "the name of a model file is missing",
     .summary = "count the wrong sums of a saved network",
     .text = "Checks a saved network on every problem, or on a fixed set where there are too many, also for longer "
             "numbers than it was trained on. Exit code 1 if any is wrong.",
     .example = eval_examples,
     .options = eval_options,
     .run = command_eval},
    {.name = "prove",
     .operands = "MODEL",
     .least = 1,
     .most = 1,
     .files = 1,
     .missing = "the name of a model file is missing",
     .summary = "prove a saved network right for numbers of every length",
     .text = "Says PROVED for every length, and writes a certificate that `carrynet verify` checks; or REFUTED, with a "
             "wrong sum; or UNKNOWN, which is neither. A verdict does not depend on the machine, nor on time but by "
             "--seconds. Exit code 0, 1 if refuted, 5 if unknown; of several networks the worst.",
     .example = prove_examples,
     .options = prove_options,
     .run = command_prove,
     .on_ranks = true},
    {.name = "verify",
     .operands = "MODEL CERTIFICATE",
     .least = 2,
     .most = 2,
     .files = 2,
     .missing = "it needs a model file and a certificate, such as add.safetensors add.safetensors.cert",
     .summary = "check a certificate that `prove` has written",
     .text =
         "Checks every certificate of a file for the network of the model that it names, with the code of the small "
         "program carrynet-verify, which shares nothing with the prover. Exit code 1 if one is rejected, or if a "
         "network has none.",
     .example = verify_examples,
     .options = verify_options,
     .run = command_verify},
    {.name = "run",
     .operands = "MODEL [NUMBER ...]",
     .least = 1,
     .most = SIZE_MAX,
     .files = 1,
     .missing = "the name of a model file is missing",
     .summary = "let a saved network add two numbers",
     .text = "Prints the network's answer and nothing else. The numbers are decimal and of any length. Without them, "
             "reads a problem a line from standard input: `93 + 38` or `93 38`; a task of one operand has one number.",
     .example = run_examples,
     .options = run_options,
     .run = command_run},
    {.name = "show",
     .operands = "MODEL NUMBER ...",
     .least = 2,
     .most = SIZE_MAX,
     .files = 1,
     .missing = "it needs a model file and the numbers, such as add.safetensors 93 38",
     .summary = "watch a saved network work, bit by bit",
     .text =
         "Shows one problem step by step, lowest bit first: the bits of the numbers, the carry that an adder keeps, or "
         "the state of another task, after the step, the hidden units from 0 (low) to 1 (high), the output y, and the "
         "bit that it stands for.",
     .example = show_examples,
     .options = show_options,
     .run = command_show},
    {.name = "replay",
     .operands = "[NAME]",
     .most = 1,
     .offer = replay_offer,
     .summary = "run the NumPy scripts that Carrynet comes from, to the byte",
     .text =
         "Trains as one of five documents does: one problem at a time, in 64-bit floating point, with NumPy's random "
         "numbers. Standard output is what the document's script prints, byte for byte; all else goes to standard "
         "error. Exit code 1 if a transcript differs.",
     .example = replay_examples,
     .options = replay_options,
     .run = command_replay},
    {.name = "sweep",
     .operands = "",
     .summary = "train many networks that differ, into a table of results",
     .text =
         "Trains a network for every combination of the lists, each with COUNT seeds, and writes a table (CSV): a "
         "row a network, with its settings, whether it became exact and when, and a digest of its weights. Equal "
         "sweeps give equal files, on every device. Ctrl-C saves the rows that are finished; --resume goes on. "
         "Networks of one shape train together, up to 16384 of them, or 1024 where each has much to do, and are saved "
         "when all of them are done: a kill without warning loses what trained together, and what was finished in "
         "the ten seconds or so before.",
     .example = sweep_examples,
     .options = sweep_options,
     .run = command_sweep,
     .on_ranks = true},
    {.name = "merge",
     .operands = "PART [PART ...]",
     .least = 1,
     .most = SIZE_MAX,
     .files = SIZE_MAX,
     .missing = "the names of the parts are missing, such as part1.csv part2.csv",
     .summary = "join the tables of a sweep's shards",
     .text =
         "Joins what `carrynet sweep --shard I/N` wrote, I from 1 to N. The result is the table of the whole sweep, "
         "byte for byte. The parts are read strictly; that a row's settings lead to its results is proved by `carrynet "
         "reproduce` alone.",
     .example = merge_examples,
     .options = merge_options,
     .run = command_merge},
    {.name = "reproduce",
     .operands = "CSV ROW",
     .least = 2,
     .most = 2,
     .files = 1,
     .missing = "it needs a table of results and the number of a row, such as sweep.csv 17",
     .summary = "train one row of a table again, and compare",
     .text = "Trains the network of one row again, on any device, saves it, and compares with what the row says, down "
             "to the digest of the weights. Exit code 1 if it differs.",
     .example = reproduce_examples,
     .options = reproduce_options,
     .run = command_reproduce},
    {.name = "devices",
     .operands = "",
     .summary = "list the OpenCL devices and what they can do",
     .text = "Lists the OpenCL devices with what matters here, and whether each passes the start-up check, so that it "
             "gives the same bits as every other.",
     .example = devices_examples,
     .options = devices_options,
     .run = command_devices},
    {.name = "doctor",
     .operands = "",
     .summary = "say what works here, what does not, and what to install",
     .text = "Prints what a report of an error needs: versions, processor and limits, the OpenCL drivers and whether "
             "each can be opened, platforms, a short check of every device against plain C, the folder of compiled "
             "kernels, environment variables; and what to do where something is missing. The first time, drivers "
             "compile kernels for some seconds. Exit code 3 if no OpenCL device works.",
     .example = doctor_examples,
     .options = doctor_options,
     .run = command_doctor},
    {.name = "compare",
     .operands = "",
     .summary = "compare a device with plain C, bit by bit",
     .text = "Runs every case on an OpenCL device and in plain C and counts the equal bits. The digests are the same "
             "on every machine, so that two can be compared by eye. Exit code 1 if a bit differs; --bisect then looks "
             "for the kernel and "
             "the value where the device first goes another way, and writes a program that shows it alone.",
     .example = compare_examples,
     .options = compare_options,
     .run = command_compare,
     .on_ranks = true},
    {.name = "bench",
     .operands = "",
     .summary = "measure how fast a device trains, against its own peak",
     .text =
         "Measures training steps (problems, forward, backward, gradient, update) in windows, and in the same process "
         "the most fused multiply-adds that the same threads reach. Without --hidden, --bits, --batch or --nets it "
         "runs a table of shapes.",
     .example = bench_examples,
     .options = bench_options,
     .run = command_bench,
     .on_ranks = true},
    {.name = "plot",
     .operands = "FILE",
     .least = 1,
     .most = 1,
     .files = 1,
     .missing = "the name of a file is missing: of a sweep, of a training's log, of a bench, or of states",
     .summary = "draw sweeps, the course of a training, benches, hidden states",
     .text = "Draws, with gnuplot, what carrynet sweep found (CSV): shares of networks that became exact, and what it "
             "took, where networks that did not count as infinite; or what carrynet train --log wrote: loss and "
             "shares over the updates; or what carrynet bench --json measured; or what carrynet states wrote (NPZ): "
             "states by a linear probe and the logit. A sweep that was interrupted is drawn as far as it went. Seconds "
             "come from the file beside the results, results.times.csv for results.csv.",
     .example = plot_examples,
     .options = plot_options,
     .run = command_plot},
    {.name = "report",
     .operands = "MODEL [LOG]",
     .least = 1,
     .most = 2,
     .files = 2,
     .missing = "the name of a model file is missing",
     .summary = "write a page about a saved network, which runs in it",
     .text = "Writes one HTML file that needs nothing else: the settings, the course of the training if LOG has it "
             "(train --log), samples, every problem checked as by `eval`, the verdict of `prove`, the hidden states, "
             "and the network itself, to be tried step by step. The two files may be named in either order.",
     .example = report_examples,
     .options = report_options,
     .run = command_report},
    {.name = "task",
     .operands = "[TASK [TASK]]",
     .most = 2,
     .files = 2,
     .summary = "print, draw, shrink and compare the tables of tasks",
     .text = "Prints the table of a task, which is a bit automaton: for each state and each symbol (a bit of every "
             "operand) the next state and the output bits. TASK is a built-in task or a file; without one, the "
             "built-in tasks are listed. What --json prints is the form of such a file, to be changed and given to "
             "`carrynet train --task FILE`.",
     .example = task_examples,
     .options = task_options,
     .run = command_task},
    {.name = "states",
     .operands = "MODEL",
     .output = "-o FILE.npz",
     .least = 1,
     .most = 1,
     .files = 1,
     .missing = "the name of a model file is missing",
     .summary = "write what goes on inside a saved network, for NumPy",
     .text =
         "Writes an NPZ file, which numpy.load opens: for S problems of T steps, lowest bit first, the hidden values "
         "h [S,T,H] after each step and h_0 [H] before the first, the inputs x [S,T,I], the outputs y [S,T,O] and "
         "what they should be, target [S,T,O], the state [S,T] of the task's automaton before each step (for add "
         "the carry), and the numbers, operands [S,I].",
     .example = states_examples,
     .options = states_options,
     .run = command_states},
    {.name = "import",
     .operands = "FILE",
     .output = "-o MODEL",
     .least = 1,
     .most = 1,
     .files = 1,
     .missing = "the name of a file is missing: safetensors, or NPZ (numpy.savez)",
     .summary = "make a model of a network from PyTorch or NumPy",
     .text =
         "Makes a model file of a network that was trained elsewhere. Reads safetensors and NPZ files with w_xh [I,H], "
         "w_hh [H,H], w_hy [H,O], and b_h, b_y, h_0 where there are any, after any prefix; or with the names of one "
         "nn.RNN of PyTorch's and a linear head (weight_ih_l0, ..., fc.weight), of Keras (kernel, recurrent_kernel), "
         "of "
         "Flax (i/kernel, h/kernel), or of well-known scripts (Wxh, Whh, Why; Wax, Waa, Wya; synapse_0; U, W, V); "
         "or arr_0, arr_1, ... of numpy.savez; for other names use --map. Optimizer and training state is ignored. The "
         "network "
         "must read numbers lowest bit first, a bit of a as input 0 and of b as input 1, and write a 1 where its "
         "output, "
         "before a sigmoid, is above 0, or of two outputs for a bit the second above the first. A cell of tanh becomes "
         "one of sigmoid.",
     .example = import_examples,
     .options = import_options,
     .run = command_import},
    {.name = "export",
     .operands = "MODEL",
     .output = "-o FILE",
     .least = 1,
     .most = 1,
     .files = 1,
     .missing = "the name of a model file is missing",
     .summary = "take a saved network to ONNX, to NumPy, or to C",
     .text = "Writes one network as a file for other tools: .onnx, a graph for ONNX Runtime and its like, time and "
             "batch of any size; .npz, arrays for numpy.load; .c, one C99 file without dependencies, which computes "
             "the same bits as Carrynet and whose functions are named after the file. All read and write the least "
             "significant bit first.",
     .example = export_examples,
     .options = export_options,
     .run = command_export},
    {.name = "help",
     .operands = "[COMMAND]",
     .most = 1,
     .offer = command_offer,
     .summary = "say more about a command",
     .text = "The same as COMMAND --help.",
     .example = help_examples,
     .run = command_help},
};

const size_t command_table_size = sizeof command_table / sizeof command_table[0];

const cli_command *command_find(const char *name)
{
    if (strcmp(name, "remake") == 0) /* an alias: its name before */
        name = "reproduce";
    const char *names[sizeof command_table / sizeof command_table[0]];
    for (size_t i = 0; i < command_table_size; ++i) {
        if (strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
        names[i] = command_table[i].name;
    }
    sys_text message = {0};
    console_unknown(&message, "command", name, names, command_table_size);
    console_error("%s", message.data != NULL ? message.data : name);
    sys_text_free(&message);
    return NULL;
}

static const char *command_offer(size_t index)
{
    return index < command_table_size ? command_table[index].name : NULL;
}

static int command_help(const cli_arguments *arguments)
{
    if (arguments->operand_count == 0) {
        help_program(stdout, command_table, command_table_size);
        return EXIT_CODE_DONE;
    }
    const cli_command *command = command_find(arguments->operands[0]);
    if (command == NULL)
        return EXIT_CODE_USAGE;
    help_command(stdout, command);
    return EXIT_CODE_DONE;
}
