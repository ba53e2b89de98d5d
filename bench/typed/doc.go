// Package typed takes messages of other formats over typed channels, by their own libraries: protobuf,
// msgpack, CBOR and JSON. Each of its functions is a tickwire.Codec in a few lines, to be copied into
// a game that has such messages already.
//
//	codecs.go   the codecs
//	chat.go     a message, and what msgp makes of it
//	chat.proto  the same message, and what protoc-gen-go and vtprotobuf make of it
package typed
