package endpoint

import "iter"

// Turns iterates the paths whose turn it is to send. Ask for a packet on each with AppendPacket;
// the iteration ends when every path was asked and had nothing:
//
//	for path := range e.Turns(now) {
//		number := e.NextNumber(path)
//		…
//		packet = e.AppendPacket(now, path, number, header, room)
//		to, also := e.Routes()
//		…
//	}
func (e *Endpoint) Turns(now int64) iter.Seq[uint8] {
	return func(yield func(path uint8) bool) { e.turns(now, yield) }
}

func (e *Endpoint) turns(now int64, yield func(path uint8) bool) {
	for sent := e.stats.PacketsSent; yield(0) && e.stats.PacketsSent != sent; {
		sent = e.stats.PacketsSent
	}
}
