// RUN: not cimc-opt %s -p "insert-sync{overlap=false}" | filecheck %s

// CHECK: error[E074]: -p: pass 'insert-sync' failed: layers that run one after another need whole feature maps: no recycle-buffers before insert-sync{overlap=false}
%y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<8x8x2xi8>
