// exp with the same bits on every host: C libraries differ in the last one.
#pragma once

namespace crossval {

/// e^x for x <= 0, within 2 ulp while the result is normal; 0 below the smallest double. Made of
/// exactly rounded operations only.
double portable_exp(double x);

}  // namespace crossval
