// RUN: not cimc-opt %s -p "recycle-buffers{slack=0}" | filecheck %s
// RUN: not cimc-opt %s -p "recycle-buffers{vectors=0}" | filecheck %s

// CHECK: slack and vectors must be at least 1
builtin.module {
}
