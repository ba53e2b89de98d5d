// Package typed takes messages of other formats over typed channels, by their own libraries: protobuf,
// msgpack, CBOR and JSON. Each of its functions is a tickwire.Codec in a few lines, to be copied into
// a game that has such messages already.
package typed
