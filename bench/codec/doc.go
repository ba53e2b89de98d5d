// Package codec measures what tickwire's generated code makes of five messages beside what other formats
// make of them: bytes, and the time and the allocations to write them and to read every field into a
// struct that is used again. The command of the same name makes a table and a picture of it.
//
//	values.go   the values, in the types of each format
//	case.go     a message in a format
//	structs.go  formats of plain structs: tickwire, msgp, CBOR, gob, JSON
//	proto.go    protobuf, by vtprotobuf and by the official library
//	flat.go     FlatBuffers
//	measure.go  times and allocations
//	table.go    the page's table
//	plot.go     the page's picture
package codec
