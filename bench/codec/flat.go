package codec

import (
	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/bench/messages"
	"github.com/tickwire/tickwire/bench/messages/flat"
)

func flatCases(p *plain) []Case {
	const name = "FlatBuffers"
	return []Case{
		newCase(of(name, 0), &p.input, inFlat(buildInput, readInput), equal),
		newCase(of(name, 1), &p.entity, inFlat(buildEntity, readEntity), equal),
		newCase(of(name, 2), &p.snapshot, inFlat(buildSnapshot, readSnapshot), (*messages.Snapshot).Equal),
		newCase(of(name, 3), &p.chat, inFlat(buildChat, readChat), (*messages.Chat).Equal),
		newCase(of(name, 4), &p.inventory, inFlat(newInventoryBuilder().build, readInventory), (*messages.Inventory).Equal),
	}
}

// inFlat has a builder that is used again. FlatBuffers' Go library checks nothing that it reads: bytes that
// are not what they should be make it panic, so its times lack what the others spend on that. Fields are read
// one by one: a composite literal is made elsewhere and copied, which takes it a sixth longer.
func inFlat[T any](build func(b *flatbuffers.Builder, v *T) flatbuffers.UOffsetT, read func(v *T, buf []byte)) tickwire.Codec[T] {
	builder := flatbuffers.NewBuilder(0)
	return tickwire.Codec[T]{
		Append: func(v *T, _ []byte) ([]byte, error) {
			builder.Reset()
			builder.Finish(build(builder, v))
			return builder.FinishedBytes(), nil
		},
		Decode: func(v *T, buf []byte) error {
			read(v, buf)
			return nil
		},
	}
}

func buildInput(b *flatbuffers.Builder, v *messages.Input) flatbuffers.UOffsetT {
	flat.InputStart(b)
	flat.InputAddMove(b, flat.CreateMove(b, v.Tick, v.MoveX, v.MoveY, v.Yaw, v.Pitch, v.Buttons, v.Fire))
	return flat.InputEnd(b)
}

func readInput(v *messages.Input, buf []byte) {
	var in flat.Input
	var m flat.Move
	in.Init(buf, flatbuffers.GetUOffsetT(buf))
	in.Move(&m)
	v.Tick, v.Buttons, v.MoveX, v.MoveY = m.Tick(), m.Buttons(), m.MoveX(), m.MoveY()
	v.Yaw, v.Pitch, v.Fire = m.Yaw(), m.Pitch(), m.Fire()
}

func buildBody(b *flatbuffers.Builder, v *messages.Entity) flatbuffers.UOffsetT {
	return flat.CreateBody(b, v.X, v.Y, v.Z, v.VX, v.VY, v.Rotation[0], v.Rotation[1], v.Rotation[2], v.Rotation[3],
		v.ID, v.Kind, v.Team, v.Health, v.Crouched, v.Carried)
}

func readBody(v *messages.Entity, body *flat.Body) {
	v.ID, v.Kind, v.Team = body.Id(), body.Kind(), body.Team()
	v.X, v.Y, v.Z = body.X(), body.Y(), body.Z()
	v.VX, v.VY = body.Vx(), body.Vy()
	v.Rotation[0], v.Rotation[1], v.Rotation[2], v.Rotation[3] = body.Rx(), body.Ry(), body.Rz(), body.Rw()
	v.Health, v.Crouched, v.Carried = body.Health(), body.Crouched(), body.Carried()
}

func buildEntity(b *flatbuffers.Builder, v *messages.Entity) flatbuffers.UOffsetT {
	flat.EntityStart(b)
	flat.EntityAddBody(b, buildBody(b, v))
	return flat.EntityEnd(b)
}

func readEntity(v *messages.Entity, buf []byte) {
	var e flat.Entity
	var body flat.Body
	e.Init(buf, flatbuffers.GetUOffsetT(buf))
	e.Body(&body)
	readBody(v, &body)
}

func buildSnapshot(b *flatbuffers.Builder, v *messages.Snapshot) flatbuffers.UOffsetT {
	flat.SnapshotStartEntitiesVector(b, len(v.Entities))
	for i := len(v.Entities) - 1; i >= 0; i-- {
		buildBody(b, &v.Entities[i])
	}
	entities := b.EndVector(len(v.Entities))
	flat.SnapshotStart(b)
	flat.SnapshotAddTick(b, v.Tick)
	flat.SnapshotAddAck(b, v.Ack)
	flat.SnapshotAddEntities(b, entities)
	return flat.SnapshotEnd(b)
}

func readSnapshot(v *messages.Snapshot, buf []byte) {
	var s flat.Snapshot
	var body flat.Body
	s.Init(buf, flatbuffers.GetUOffsetT(buf))
	v.Tick, v.Ack = s.Tick(), s.Ack()
	v.Entities = resize(v.Entities, s.EntitiesLength())
	for i := range v.Entities {
		s.Entities(&body, i)
		readBody(&v.Entities[i], &body)
	}
}

func buildChat(b *flatbuffers.Builder, v *messages.Chat) flatbuffers.UOffsetT {
	text := b.CreateString(v.Text)
	flat.ChatStart(b)
	flat.ChatAddFrom(b, v.From)
	if v.To != nil {
		flat.ChatAddTo(b, *v.To)
	}
	flat.ChatAddRoom(b, v.Room)
	flat.ChatAddAt(b, v.At)
	flat.ChatAddText(b, text)
	return flat.ChatEnd(b)
}

func readChat(v *messages.Chat, buf []byte) {
	var c flat.Chat
	c.Init(buf, flatbuffers.GetUOffsetT(buf))
	v.From, v.To, v.Room, v.At, v.Text = c.From(), c.To(), c.Room(), c.At(), string(c.Text())
}

// resize makes it n long, in the memory that it has if that is enough.
func resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	return make([]T, n)
}
