// What symbols_test.cc must find: functions that other files may have too.
inline float shared_inline(float x) { return x + 1; }

template <class T>
T shared_template(T x) {
  return x + 2;
}

float seen_by_the_linker(float x) { return shared_inline(x) + shared_template(x); }
