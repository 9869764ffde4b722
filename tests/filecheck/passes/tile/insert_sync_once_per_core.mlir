// RUN: cimc-opt %s -p "insert-sync{overlap=false}" | filecheck %s
// A map written by two sweeps of one core, read by two sweeps of another: the reader
// waits once, for the later writer, and its second sweep need not wait again.

%x = tile.feature_map "x" of "in" role "input" : !tile.feature_map<4x4x2xi8>
%y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
%z = tile.feature_map "z" of "again" role "output" : !tile.feature_map<4x4x2xi8>
// CHECK: %[[S:.*]] = tile.sequence 0 -> 1
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 2>
// CHECK-NOT: tile.signal
tile.sweep "copy" core 0 rows <0 : 2> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}
// CHECK: tile.sweep "copy" core 0 rows <2 : 4>
// CHECK: tile.store
// CHECK-NEXT: tile.signal %[[S]]{{$}}
tile.sweep "copy" core 0 rows <2 : 4> columns <0 : 4> {
  %b = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  tile.store %b, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}
// CHECK: tile.sweep "again" core 1 rows <0 : 2>
// CHECK-NEXT: tile.await %[[S]]{{$}}
tile.sweep "again" core 1 rows <0 : 2> columns <0 : 4> {
  %c = tile.window %y <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}
// CHECK: tile.sweep "again" core 1 rows <2 : 4>
// CHECK-NOT: tile.await
tile.sweep "again" core 1 rows <2 : 4> columns <0 : 4> {
  %d = tile.window %y <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  tile.store %d, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}
