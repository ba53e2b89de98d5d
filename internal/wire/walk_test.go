package wire

import (
	"bytes"
	"slices"
)

// A kind is a row of the table of frames in SPEC.md: how to read what follows
// the type byte. read gets the frame and the rest of its packet.
type kind struct {
	name string
	read func(b []byte) (fields, int)
}

// kindOf finds the kind of a frame by its type as an endpoint does; false for
// types that are unknown or reserved.
func kindOf(t byte) (kind, bool) {
	switch {
	case t >= TypeRunLong:
		return kind{"RUN", readRun}, true
	case t >= TypeFragment:
		return kind{"FRAGMENT", readFragment}, true
	case t >= TypeAck:
		return kind{"ACK", readAck}, true
	}
	switch t {
	case TypePadding:
		return kind{"PADDING", readPadding}, true
	case TypePing:
		return kind{"PING", func([]byte) (fields, int) { return ping{}, 1 }}, true
	case TypeHello:
		return kind{"HELLO", readHello}, true
	case TypeSkip:
		return kind{"SKIP", readSkip}, true
	case TypeWindow:
		return kind{"WINDOW", readLimit}, true
	case TypeBlocked:
		return kind{"BLOCKED", readLimit}, true
	case TypeStored:
		return kind{"STORED", readStored}, true
	case TypeRepair:
		return kind{"REPAIR", readRepair}, true
	case TypeRebuilt:
		return kind{"REBUILT", readRebuilt}, true
	case TypePathChallenge:
		return kind{"PATH_CHALLENGE", readPathChallenge}, true
	case TypePathResponse:
		return kind{"PATH_RESPONSE", readPathResponse}, true
	case TypePathStatus:
		return kind{"PATH_STATUS", readPathStatus}, true
	case TypeHold:
		return kind{"HOLD", readHold}, true
	case TypeClose:
		return kind{"CLOSE", readClose}, true
	case TypeDraining:
		return kind{"DRAINING", readDraining}, true
	case TypeCloseAck:
		return kind{"CLOSE_ACK", func([]byte) (fields, int) { return closeAck{}, 1 }}, true
	}
	return kind{}, false
}

// consumeFrame reads the first frame of b, which is not empty.
func consumeFrame(b []byte) (name string, f fields, n int) {
	k, ok := kindOf(b[0])
	if !ok {
		return "", nil, -1
	}
	f, n = k.read(b)
	return k.name, f, n
}

// walk reads a whole packet and reports whether all of it was well-formed.
func walk(packet []byte, visit func(name string, f fields, frame []byte)) bool {
	for len(packet) > 0 {
		name, f, n := consumeFrame(packet)
		if n < 0 {
			return false
		}
		visit(name, f, packet[:n])
		packet = packet[n:]
	}
	return true
}

func readPadding(b []byte) (fields, int) {
	if len(bytes.Trim(b, "\x00")) > 0 {
		return nil, -1
	}
	return padding{len(b) - 1}, len(b)
}

func readHello(b []byte) (fields, int) {
	body, n := ConsumeBytes(b[1:])
	if n < 0 {
		return nil, -1
	}
	h, ok := ConsumeHello(body)
	if !ok {
		return nil, -1
	}
	return fieldsOfHello(&h), n + 1
}

func fieldsOfHello(h *Hello) helloFields {
	out := helloFields{MinVersion: h.MinVersion, MaxVersion: h.MaxVersion}
	if h.MinVersion > Version || h.MaxVersion < Version {
		return out
	}
	rest := helloRest{h.Digest, h.Instance, h.Capabilities, h.Clock, h.LargestDatagram,
		h.AckHoldMillis, h.SilenceSeconds, h.DefaultWindow, []windowField{}, nil, nil, nil}
	for _, w := range h.Windows {
		rest.Windows = append(rest.Windows, windowField(w))
	}
	if h.Limits != (Limits{}) {
		rest.Limits = ptr(limitsField(h.Limits))
	}
	for _, l := range h.ChannelLimits {
		rest.ChannelLimits = append(rest.ChannelLimits, channelLimitsField(l))
	}
	for _, v := range h.Schemas[:h.Schemas.Len()] {
		rest.Schemas = append(rest.Schemas, schemaField(v))
	}
	out.helloRest = &rest
	return out
}

func readSkip(b []byte) (fields, int) {
	channel, first, count, n := ConsumeSkip(b)
	if n < 0 {
		return nil, -1
	}
	out := skipFields{channel, first, nil}
	for range count {
		v, m := ConsumeUvarint(b[n:])
		if m < 0 || v > MaxTotal {
			return nil, -1
		}
		out.Lengths = append(out.Lengths, int(v))
		n += m
	}
	return out, n
}

func readLimit(b []byte) (fields, int) {
	channel, limit, n := ConsumeLimit(b)
	return limitFields{channel, limit, b[0] == TypeBlocked}, n
}

func readStored(b []byte) (fields, int) {
	channel, ids, n := ConsumeStored(b)
	return storedFields{channel, idsOf(ids)}, n
}

func readRepair(b []byte) (fields, int) {
	r, p, n := ConsumeRepair(b)
	return repairFields{r.Channel, uint16(r.Newest), r.Row, r.Mask, r.ToEnd, p}, n
}

func readRebuilt(b []byte) (fields, int) {
	channel, newest, mask, n := ConsumeRebuilt(b)
	return rebuiltFields{channel, uint16(newest), mask}, n
}

func readHold(b []byte) (fields, int) {
	serial, millis, n := ConsumeHold(b)
	return holdFields{serial, millis}, n
}

func readPathChallenge(b []byte) (fields, int) {
	token, n := ConsumePathChallenge(b)
	return tokenFields{token, false}, n
}

func readPathResponse(b []byte) (fields, int) {
	token, n := ConsumePathResponse(b)
	return tokenFields{token, true}, n
}

func readPathStatus(b []byte) (fields, int) {
	s, n := ConsumePathStatus(b)
	return pathStatusFields{s.Path, s.Serial, uint8(s.State), s.Weight}, n
}

func readDraining(b []byte) (fields, int) {
	state, n := ConsumeDraining(b)
	return drainingFields{state}, n
}

func readClose(b []byte) (fields, int) {
	c, n := ConsumeClose(b)
	out := closeFields{Code: uint32(c.Code), Text: string(c.Text), Rows: []rowField{}}
	for row := range slices.Chunk(c.Rows, ChannelRowSize) {
		switch RowFlags(row) {
		case RowOfForm:
			out.Forms = append(out.Forms, formField(ConsumeFormRow(row)))
		case RowOfVersion:
			out.Versions = append(out.Versions, schemaField(ConsumeVersionRow(row)))
		default:
			out.Rows = append(out.Rows, rowField(ConsumeChannelRow(row)))
		}
	}
	return out, n
}

func readAck(b []byte) (fields, int) {
	var a Ack
	n := ConsumeAck(b, &a)
	return fieldsOfAck(&a), n
}

func fieldsOfAck(a *Ack) ackFields {
	out := ackFields{Largest: uint32(a.Largest), Wide: a.Wide, Hold: a.Hold / 1000}
	if a.HasPath {
		out.Path = &a.Path
	}
	if a.HasClock {
		out.Clock = &a.Clock
	}
	if a.HasECN {
		out.ECN = &ecnField{a.ECT, a.CE}
	}
	for _, r := range a.Ranges {
		out.Ranges = append(out.Ranges, [2]uint64{r.Newest, r.Oldest})
	}
	return out
}

func readRun(b []byte) (fields, int) {
	run, n := ConsumeRun(b)
	if n < 0 {
		return nil, -1
	}
	out := runFields{Channel: run.Channel, Wide: run.Wide, optionFields: optionFieldsOf(run.Options, run.Back, run.Index)}
	if run.HasIDs {
		first := uint32(run.First)
		out.First = &first
	}
	for range run.Count {
		if run.Options&OptionKeyed != 0 {
			key, size := ConsumeUvarint(b[n:])
			if size < 0 {
				return nil, -1
			}
			out.Keys = append(out.Keys, keyField(key))
			n += size
		}
		m, size := ConsumeBytes(b[n:])
		if size < 0 {
			return nil, -1
		}
		out.Messages = append(out.Messages, m)
		n += size
	}
	return out, n
}

func readFragment(b []byte) (fields, int) {
	f, p, n := ConsumeFragment(b)
	out := fragmentFields{f.Channel, uint32(f.ID), f.Wide, f.Offset, f.Total, f.Length < 0, f.Stored, p,
		optionFieldsOf(f.Options, f.Back, f.Index), nil}
	if f.Options&OptionKeyed != 0 {
		out.Key = (*keyField)(&f.Key)
	}
	return out, n
}
