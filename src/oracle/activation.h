// Activation functions of feed-forward networks and gates in double.
#pragma once

#include "graph/op.h"
#include "oracle/rounding.h"

namespace crossval {

/// act(gate) · up; `up` is 1 where the network has no gate.
double activate(Activation kind, GeluRounding rounding, double gate, double up);

double sigmoid_of(double x);

double gate_of(GateKind kind, double g);

}  // namespace crossval
