/* Everything: train recurrent networks that add, in large batches, with the same bits on every device. */
#ifndef CARRYNET_H
#define CARRYNET_H

#include <carrynet/comm.h>
#include <carrynet/compare.h>
#include <carrynet/device.h>
#include <carrynet/engine.h>
#include <carrynet/evaluate.h>
#include <carrynet/export.h>
#include <carrynet/fields.h>
#include <carrynet/import.h>
#include <carrynet/linear_probe.h>
#include <carrynet/model.h>
#include <carrynet/net.h>
#include <carrynet/operands.h>
#include <carrynet/problem.h>
#include <carrynet/profile.h>
#include <carrynet/prove.h>
#include <carrynet/replay.h>
#include <carrynet/settings.h>
#include <carrynet/states.h>
#include <carrynet/status.h>
#include <carrynet/sweep.h>
#include <carrynet/task.h>
#include <carrynet/train.h>
#include <carrynet/verify.h>

#endif
