// Package flat has the five messages of the benchmarks as FlatBuffers' compiler writes them.
package flat
