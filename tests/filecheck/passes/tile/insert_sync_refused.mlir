// RUN: not cimc-opt %s -p "insert-sync{scheme=\"sequential\"}" --split-input-file | filecheck %s

// CHECK: error[E074]: -p: pass 'insert-sync' failed: cores that run one after another need whole buffers: no recycle-buffers before insert-sync{scheme=sequential}
%y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<8x8x2xi8>

// -----
// CHECK: error[E074]: -p: pass 'insert-sync' failed: cores that run one after another need whole buffers: no recycle-buffers before insert-sync{scheme=sequential}
%s = tile.partial_sums "conv" ring 3 : !tile.partial_sums<8x8x2xi32>

// -----
// CHECK: error[E074]: -p: pass 'insert-sync' failed: the module has sequences already
%s = tile.sequence 0 -> 1 : !tile.sequence
