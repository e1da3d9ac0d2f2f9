/*
 * oneDNN's vanilla RNN primitive with the logistic activation: forward training and backward, float32. Biases and
 * initial state are passed as zeros: without biases oneDNN refuses, without an initial state dw_hh is wrong.
 *
 *     onednn_rnn [--hidden H] [--bits T] [--batch B] [--threads N] [--windows W] [--seconds S] [--wait]
 *     onednn_rnn --check < CASE
 *
 * The program measures less than a training step, to the peer's advantage: no problems, no output unit, no loss, no
 * packing of new weights, no update. The batch is split in the fastest way: over threads here or in oneDNN, in blocks
 * of sequences.
 *
 * CASE is numbers: H T B, x [T][2][B], target [T][B], w_xh [2][H], w_hh [H][H], w_hy [H]. The output is the gradients
 * of w_xh, w_hh and w_hy: squared error, summed over the batch, descent direction; this program computes the output
 * unit.
 *
 *     g++ -O2 -fopenmp onednn_rnn.cpp -o onednn_rnn -ldnnl
 */
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

using dnnl::memory;
using tag = memory::format_tag;

static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);

static memory::desc describe(const memory::dims &dims, tag format)
{
    return memory::desc(dims, memory::data_type::f32, format);
}

static float *values(const memory &array)
{
    return static_cast<float *>(array.get_data_handle());
}

static size_t count(const memory &array)
{
    return array.get_desc().get_size() / sizeof(float);
}

/* A block of sequences with all that its passes need. Arrays: x [T][B][2], h and dh [T][B][H], weights as in CASE. */
struct Recurrence {
    dnnl::stream stream{engine};
    memory x, h, dh, w_xh, w_hh, d_w_xh, d_w_hh;
    memory packed_w_xh, packed_w_hh, back_w_xh, back_w_hh;
    dnnl::primitive forward_pass, backward_pass;
    std::unordered_map<int, memory> forward_arrays, backward_arrays;

    Recurrence(int hidden, int steps, int batch)
    {
        const auto logistic = dnnl::algorithm::eltwise_logistic;
        const auto direction = dnnl::rnn_direction::unidirectional_left2right;
        const memory::desc none, x_desc = describe({steps, batch, 2}, tag::tnc),
                                 h_desc = describe({steps, batch, hidden}, tag::tnc);
        const memory::desc b_desc = describe({1, 1, 1, hidden}, tag::ldgo);
        const memory::desc h_0_desc = describe({1, 1, batch, hidden}, tag::ldnc);
        const memory::dims xh = {1, 1, 2, 1, hidden}, hh = {1, 1, hidden, 1, hidden};
        const memory::desc xh_any = describe(xh, tag::any), hh_any = describe(hh, tag::any);
        const memory::desc xh_desc = describe(xh, tag::ldigo), hh_desc = describe(hh, tag::ldigo);
        dnnl::primitive_attr attributes; /* the library's own scratchpad belongs to the thread that makes a primitive */
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
        const dnnl::vanilla_rnn_forward::primitive_desc forward(engine, dnnl::prop_kind::forward_training, logistic,
                                                                direction, x_desc, h_0_desc, xh_any, hh_any, b_desc,
                                                                h_desc, none, attributes);
        const dnnl::vanilla_rnn_backward::primitive_desc backward(
            engine, dnnl::prop_kind::backward, logistic, direction, x_desc, h_0_desc, xh_any, hh_any, b_desc, h_desc,
            none, x_desc, h_0_desc, xh_desc, hh_desc, b_desc, h_desc, none, forward, attributes);
#else
        const dnnl::vanilla_rnn_forward::primitive_desc forward({dnnl::prop_kind::forward_training, logistic, direction,
                                                                 x_desc, h_0_desc, xh_any, hh_any, b_desc, h_desc,
                                                                 none},
                                                                attributes, engine);
        const dnnl::vanilla_rnn_backward::primitive_desc backward(
            {dnnl::prop_kind::backward, logistic, direction, x_desc, h_0_desc, xh_any, hh_any, b_desc, h_desc, none,
             x_desc, h_0_desc, xh_desc, hh_desc, b_desc, h_desc, none},
            attributes, engine, forward);
#endif
        x = memory(x_desc, engine);
        h = memory(h_desc, engine);
        dh = memory(h_desc, engine);
        w_xh = memory(xh_desc, engine);
        w_hh = memory(hh_desc, engine);
        d_w_xh = memory(xh_desc, engine);
        d_w_hh = memory(hh_desc, engine);
        packed_w_xh = memory(forward.weights_layer_desc(), engine);
        packed_w_hh = memory(forward.weights_iter_desc(), engine);
        back_w_xh = memory(backward.weights_layer_desc(), engine);
        back_w_hh = memory(backward.weights_iter_desc(), engine);
        const memory workspace(forward.workspace_desc(), engine), dx(x_desc, engine), b(b_desc, engine),
            db(b_desc, engine);
        const memory h_0(h_0_desc, engine), dh_0(h_0_desc, engine);
        for (const auto &zeros : {b, h_0})
            std::fill_n(values(zeros), count(zeros), 0.0f);
        const memory forward_scratch(forward.scratchpad_desc(), engine),
            backward_scratch(backward.scratchpad_desc(), engine);
        forward_pass = dnnl::vanilla_rnn_forward(forward);
        backward_pass = dnnl::vanilla_rnn_backward(backward);
        forward_arrays = {{DNNL_ARG_SRC_LAYER, x},
                          {DNNL_ARG_WEIGHTS_LAYER, packed_w_xh},
                          {DNNL_ARG_WEIGHTS_ITER, packed_w_hh},
                          {DNNL_ARG_BIAS, b},
                          {DNNL_ARG_SRC_ITER, h_0},
                          {DNNL_ARG_DST_LAYER, h},
                          {DNNL_ARG_WORKSPACE, workspace}};
        backward_arrays = forward_arrays;
        forward_arrays[DNNL_ARG_SCRATCHPAD] = forward_scratch;
        backward_arrays[DNNL_ARG_SCRATCHPAD] = backward_scratch;
        backward_arrays[DNNL_ARG_WEIGHTS_LAYER] = back_w_xh;
        backward_arrays[DNNL_ARG_WEIGHTS_ITER] = back_w_hh;
        backward_arrays[DNNL_ARG_DIFF_SRC_LAYER] = dx;
        backward_arrays[DNNL_ARG_DIFF_WEIGHTS_LAYER] = d_w_xh;
        backward_arrays[DNNL_ARG_DIFF_WEIGHTS_ITER] = d_w_hh;
        backward_arrays[DNNL_ARG_DIFF_BIAS] = db;
        backward_arrays[DNNL_ARG_DIFF_SRC_ITER] = dh_0;
        backward_arrays[DNNL_ARG_DIFF_DST_LAYER] = dh;
    }

    void pack()
    {
        for (auto [plain, packed] :
             {std::pair(w_xh, packed_w_xh), {w_xh, back_w_xh}, {w_hh, packed_w_hh}, {w_hh, back_w_hh}})
            dnnl::reorder(plain, packed).execute(stream, plain, packed);
        stream.wait();
    }

    void forward()
    {
        forward_pass.execute(stream, forward_arrays);
        stream.wait();
    }

    void backward()
    {
        for (const auto &gradient : {d_w_xh, d_w_hh}) /* the primitive adds to them */
            std::fill_n(values(gradient), count(gradient), 0.0f);
        backward_pass.execute(stream, backward_arrays);
        stream.wait();
    }
};

static int check()
{
    int hidden = 0, steps = 0, batch = 0;
    std::cin >> hidden >> steps >> batch;
    Recurrence net(hidden, steps, batch);
    const int sequences = steps * batch;
    std::vector<float> target(sequences), w_hy(hidden), d_w_hy(hidden);
    for (int t = 0; t < steps; ++t)
        for (int operand = 0; operand < 2; ++operand)
            for (int b = 0; b < batch; ++b)
                std::cin >> values(net.x)[(t * batch + b) * 2 + operand];
    for (float &value : target)
        std::cin >> value;
    for (const auto &weights : {net.w_xh, net.w_hh})
        for (size_t i = 0; i < count(weights); ++i)
            std::cin >> values(weights)[i];
    for (float &value : w_hy)
        std::cin >> value;
    if (!std::cin)
        return 2;
    net.pack();
    net.forward();
    for (int i = 0; i < sequences; ++i) {
        const float *h = values(net.h) + i * hidden;
        float z = 0;
        for (int j = 0; j < hidden; ++j)
            z += h[j] * w_hy[j];
        const float y = 1 / (1 + std::exp(-z)), dy = (target[i] - y) * y * (1 - y);
        for (int j = 0; j < hidden; ++j) {
            values(net.dh)[i * hidden + j] = dy * w_hy[j];
            d_w_hy[j] += dy * h[j];
        }
    }
    net.backward();
    for (const auto &gradient : {net.d_w_xh, net.d_w_hh})
        for (size_t i = 0; i < count(gradient); ++i)
            std::printf("%.9g\n", values(gradient)[i]);
    for (const float value : d_w_hy)
        std::printf("%.9g\n", value);
    return 0;
}

/* Workers: threads of this program, each with its own blocks and with its part of the threads in oneDNN. */
struct Setting {
    int workers, block;
};

class Bench
{
  public:
    Bench(int hidden, int steps, int threads, Setting setting)
        : threads_(threads / setting.workers), block_(setting.block)
    {
        for (int i = 0; i < setting.workers; ++i) {
            nets_.emplace_back(hidden, steps, setting.block);
            Recurrence &net = nets_.back();
            for (size_t j = 0; j < count(net.x); ++j)
                values(net.x)[j] = static_cast<float>(std::rand() & 1);
            for (const auto &array : {net.w_xh, net.w_hh, net.dh})
                for (size_t j = 0; j < count(array); ++j)
                    values(array)[j] = 2.0f * static_cast<float>(std::rand()) / static_cast<float>(RAND_MAX) - 1.0f;
            net.pack();
        }
    }

    /* Sequences a second. */
    double window(double seconds)
    {
        using clock = std::chrono::steady_clock;
        const auto start = clock::now();
        const auto elapsed = [start] { return std::chrono::duration<double>(clock::now() - start).count(); };
        std::vector<double> sequences(nets_.size());
        std::vector<std::thread> workers;
        for (size_t i = 0; i < nets_.size(); ++i)
            workers.emplace_back([&, i] {
                omp_set_num_threads(threads_);
                do {
                    nets_[i].forward();
                    nets_[i].backward();
                    sequences[i] += block_;
                } while (elapsed() < seconds);
            });
        for (auto &worker : workers)
            worker.join();
        double sum = 0;
        for (const double part : sequences)
            sum += part;
        return sum / elapsed();
    }

  private:
    int threads_, block_;
    std::vector<Recurrence> nets_;
};

int main(int argc, char **argv)
{
    std::map<std::string, double> option = {
        {"--hidden", 16}, {"--bits", 8},    {"--batch", 4096}, {"--threads", omp_get_num_procs()},
        {"--windows", 5}, {"--seconds", 1}, {"--wait", 0}};
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--check")
            return check();
        if (!option.count(name) || (name != "--wait" && i + 1 == argc)) {
            std::fprintf(stderr, "onednn_rnn: what is %s?\n", argv[i]);
            return 2;
        }
        option[name] = name == "--wait" ? 1 : std::atof(argv[++i]);
    }
    const int hidden = static_cast<int>(option["--hidden"]), steps = static_cast<int>(option["--bits"]);
    const int batch = static_cast<int>(option["--batch"]), threads = static_cast<int>(option["--threads"]);
    const double seconds = option["--seconds"];

    std::set<std::pair<int, int>> settings;
    for (const int workers : {1, threads})
        for (const int block : {64, 256, 1024, 4096, 16384})
            settings.emplace(workers, std::min(block, batch / workers));
    Setting best{};
    double best_speed = 0;
    for (const auto &[workers, block] : settings) {
        Bench bench(hidden, steps, threads, {workers, block});
        bench.window(seconds / 20);
        const double speed = bench.window(seconds / 4);
        if (speed > best_speed) {
            best_speed = speed;
            best = {workers, block};
        }
    }
    Bench bench(hidden, steps, threads, best);
    const auto line = [&](std::vector<double> windows) {
        std::string list;
        for (const double speed : windows)
            list += (list.empty() ? "" : ", ") + std::to_string(speed);
        std::sort(windows.begin(), windows.end());
        std::printf("{\"peer\": \"oneDNN\", \"hidden\": %d, \"bits\": %d, \"batch\": %d, \"threads\": %d, "
                    "\"sequences_per_second\": %s, \"windows\": [%s], \"version\": \"oneDNN %d.%d.%d, forward and "
                    "backward alone\", "
                    "\"setting\": {\"workers\": %d, \"block\": %d, \"batch\": %d}}\n",
                    hidden, steps, batch, threads,
                    windows.empty() ? "null" : std::to_string(windows[windows.size() / 2]).c_str(), list.c_str(),
                    dnnl_version()->major, dnnl_version()->minor, dnnl_version()->patch, best.workers, best.block,
                    batch);
        std::fflush(stdout);
    };
    bench.window(seconds / 4);
    if (option["--wait"] != 0) {
        line({});
        for (std::string text; std::getline(std::cin, text);)
            line({bench.window(seconds)});
    } else {
        std::vector<double> windows;
        for (int i = 0; i < static_cast<int>(option["--windows"]); ++i)
            windows.push_back(bench.window(seconds));
        line(windows);
    }
    return 0;
}
