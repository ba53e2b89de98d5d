package codec

import (
	"slices"

	"github.com/tickwire/tickwire/bench/typed"
	"google.golang.org/protobuf/proto"
)

func protoCases(p *protos) []Case {
	return slices.Concat(
		inProto(0, &p.input), inProto(1, &p.entity), inProto(2, &p.snapshot), inProto(3, &p.chat), inProto(4, &p.inventory))
}

// inProto is a message by both libraries.
func inProto[M typed.VTMessage](message int, m *M) []Case {
	same := func(a, b *M) bool { return proto.Equal(*a, *b) }
	return []Case{
		newCase(of("vtprotobuf", message), m, typed.VTProtobuf[M](), same),
		newCase(of("protobuf", message), m, typed.Protobuf[M](), same),
	}
}
