// Package pb has the five messages of the benchmarks as protoc-gen-go and vtprotobuf write them.
package pb
