// RUN: not cimc-opt %s -p "recycle-buffers{release_rows=0}" | filecheck %s
// RUN: not cimc-opt %s -p "recycle-buffers{sums=0}" | filecheck %s

// CHECK: release_rows and sums must be at least 1
builtin.module {
}
