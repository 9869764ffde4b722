// RUN: cimc-opt %s -p "insert-sync{part=9 finest_part=1}" | filecheck %s

// The reader of a core that has twice as much to do has time for parts of one position.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<16x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<16x8x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 16> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<16x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<16x8x2xi8>
  }
  tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 2x1 stride 2x1> : !tile.feature_map<16x8x2xi8> -> vector<4xi8>
    %c = tile.max %b segments 2 : vector<4xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}

// CHECK: tile.sweep "copy" core 0 rows <0 : 16> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 1{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: tile.await %0 every 8 by 8{{$}}
// CHECK-NEXT: tile.await %0 every 1{{$}}
// CHECK-NEXT: %b = tile.window
