package swarm

import "github.com/tickwire/tickwire/compress"

// addCompression has some channels compress their messages. The byte more that a message may have on
// the way has room in the tightest window.
func (s *Scenario) addCompression(g generator) {
	by, err := compress.New(compress.Config{MinBytes: 8, ZstdBytes: 1024})
	if err != nil {
		panic(err) // not possible: the Config is constant
	}
	for i := range s.Channels {
		ch := &s.Channels[i]
		if g.IntN(5) > 0 {
			continue
		}
		ch.Compression = by
		if ch.WindowBytes > 0 {
			ch.WindowBytes++
		}
		if ch.MaxQueuedBytes > 0 {
			ch.MaxQueuedBytes++
		}
	}
}
