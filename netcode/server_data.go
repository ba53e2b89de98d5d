package netcode

// handleData opens a DATA packet.
func (s *Server) handleData(from Source, b, reply []byte) Event {
	if len(b) < 1+connectionIDBytes+1+MinTagBytes {
		return dropped(DropTooShort)
	}
	id := b[1 : 1+connectionIDBytes]
	if id[0] != s.cfg.Shard {
		return dropped(DropOtherShard)
	}
	seat := s.seats.find(id)
	if seat == nil || seat.state != seatOurs {
		ev := dropped(DropUnknownID)
		ev.Reply = s.sayGone(&from, b, reply)
		return ev
	}
	path := id[connectionIDBytes-1] & pathMask
	moved := from != seat.on(path)
	if moved {
		if drop := s.adm.gate.passMoved(s.now, &from); drop != DropNone {
			return dropped(drop)
		}
	}
	number, frames, drop := seat.opener.open(s.now, b, connectionIDBytes, path)
	if drop != DropNone {
		if moved && drop == DropForged {
			s.adm.gate.charge(s.now, &from)
		}
		return dropped(drop)
	}
	ev := Event{Kind: EventPacket, Seat: seat}
	if seat.coming != nil {
		if ev = s.resumed(&from, seat, b, reply); ev.Kind != EventResumed {
			return ev
		}
	}
	ev.Path, ev.Number, ev.Frames, ev.Moved = path, number, frames, moved
	if !seat.confirmed {
		s.confirm(seat)
		ev.First = true
	}
	return ev
}

// sayGone hints that nobody has the connection that a datagram named, if there were not too
// many such hints.
func (s *Server) sayGone(from *Source, b, reply []byte) []byte {
	if g := &s.adm.gate; !g.hint(s.now, from, &g.gone) {
		return nil
	}
	s.counters.Gones++
	return appendGone(reply, b)
}

// confirm notes that the client holds the keys. Its token admits nothing from
// here on.
func (s *Server) confirm(seat *Seat) {
	seat.confirmed = true
	seat.accept = nil
	if seat.counted {
		s.adm.settled(seat.clientID)
	}
	if seat.token != nil {
		s.adm.consume(seat.token)
		seat.token = nil
	}
}

// Settled notes where the owner has proven the client to be on a path below
// [MaxPaths]: by a challenge that came back from there (SPEC.md, 7.15). Packets that
// come from there have not moved. A seat that is plain, or not confirmed, is where
// the handshake says.
func (s *Server) Settled(seat *Seat, path uint8, at Source) {
	if seat.state == seatOurs && seat.confirmed {
		seat.settle(path, at)
	}
}

// Release ends a seat: the owner has said or heard goodbye and every repeated
// one. The slot rests for ten seconds before it is given again.
func (s *Server) Release(now int64, seat *Seat) {
	if seat.state == seatFree {
		return
	}
	s.leave(seat)
	s.seats.put(seat, now)
}

// leave takes a seat out of all tables but that of ids.
func (s *Server) leave(seat *Seat) {
	s.unwatch(seat)
	s.notWaiting(seat)
	if s.plain[seat.Source()] == seat {
		delete(s.plain, seat.Source())
	}
	s.uncount(seat)
	if seat.token != nil {
		s.adm.consume(seat.token)
		seat.token = nil
	}
	seat.state = seatLeaving
}

// Leave says that a client's connection is over, so that another may come in
// its place, while the seat's keys still serve to say goodbye. Release follows.
func (s *Server) Leave(seat *Seat) { s.uncount(seat) }

// uncount takes the seat's client off the list of who is connected.
func (s *Server) uncount(seat *Seat) {
	if !seat.counted {
		return
	}
	seat.counted = false
	s.adm.connected--
	if s.adm.clients[seat.clientID] == seat {
		delete(s.adm.clients, seat.clientID)
		s.adm.left(seat.clientID)
	}
}
