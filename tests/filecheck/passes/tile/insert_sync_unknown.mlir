// RUN: not cimc-opt %s -p "insert-sync{scheme=\"random\"}" | filecheck %s

builtin.module {
}

// CHECK: error[E074]: -p: pass 'insert-sync' failed: scheme must be one of sequential, linear, cyclic, auto, not 'random'
