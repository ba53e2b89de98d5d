package swarm

import "github.com/tickwire/tickwire/netcode"

// A Seal is what tokens ask for: how packets are protected. How long the keys
// live is Game.EpochPackets. The zero value asks for nothing.
type Seal struct {
	Suite          netcode.Suite
	TagBytes       int
	ForwardSecrecy bool
}

// ask has a token ask for it.
func (s Seal) ask(cfg *netcode.MintConfig) {
	cfg.Suite, cfg.TagBytes, cfg.ForwardSecrecy = s.Suite, s.TagBytes, s.ForwardSecrecy
}

// addSeal chooses the protection of a scenario, and epochs that are so short that keys change
// as often as they may.
func (s *Scenario) addSeal(g generator) {
	s.Seal.Suite = netcode.Suite(g.IntN(4)) // 0: the usual
	if s.Seal.Suite == netcode.SuiteSignedOnly {
		s.Seal.TagBytes = netcode.MinTagBytes + g.IntN(25)
	}
	s.Seal.ForwardSecrecy = g.IntN(2) == 0
	s.Game.EpochPackets = []int{0, 1, 5, 100}[g.IntN(4)]
}
