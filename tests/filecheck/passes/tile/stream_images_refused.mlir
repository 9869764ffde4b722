// RUN: not cimc-opt %s -p "stream-images{images=0}" | filecheck %s
// RUN: not cimc-opt %s -p "stream-images{images=2}" | filecheck %s --check-prefix=LATE

// CHECK: images must be at least 1
// LATE: the module has sequences already: stream-images comes before insert-sync
builtin.module {
  %s = tile.sequence 0 -> 1 : !tile.sequence
}
