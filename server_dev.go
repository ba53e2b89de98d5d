package tickwire

import (
	"io"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
)

// checkDevelopment refuses to show a server without a backend to the world.
func (s *Server) checkDevelopment() error {
	if !s.cfg.Development {
		return nil
	}
	for _, p := range s.ports {
		a := p.socket.LocalAddr()
		if a.IsValid() && !sheltered(a.Addr()) && !s.cfg.DevelopmentPublic {
			return config.Wrong("Development", "true on "+a.String(), "a loopback or private address to listen on, or "+
				"a backend's PrivateKey instead; DevelopmentPublic: true if you know what you do")
		}
	}
	return nil
}

// develop makes a key for a server without a backend, loudly.
func (s *Server) develop() error {
	if !s.cfg.Development {
		return nil
	}
	if s.cfg.PrivateKey.IsZero() {
		var key [netcode.KeyBytes]byte
		if _, err := io.ReadFull(s.random.source(), key[:]); err != nil {
			return err
		}
		s.cfg.PrivateKey = netcode.KeyFrom(key)
		if s.cfg.MaxTokenLifetime == 0 {
			s.cfg.MaxTokenLifetime = -1 // nobody has a token for a key that was just made
		}
	}
	s.cfg.Logger.Warn(
		"INSECURE: development mode lets anybody in who gets a token from this process")
	return nil
}

// sheltered reports whether an address cannot be reached from the Internet.
func sheltered(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// ErrNotDevelopment is what DevToken returns without ServerConfig.Development.
var ErrNotDevelopment = config.Wrong("Development", false,
	"true for tokens without a backend; else mint them with package netcode")

// DevToken mints a connect token for this server, for a player with the given
// id, from 1. It takes the place of a login backend while a game is being written, needs
// ServerConfig.Development, and may be called from any goroutine. After Close the error is ErrClosed.
func (s *Server) DevToken(clientID uint64) ([]byte, error) {
	if !s.cfg.Development {
		return nil, ErrNotDevelopment
	}
	if s.posted.isClosed() { // k.closed belongs to the owner
		return nil, ErrClosed
	}
	if clientID == 0 {
		return nil, config.Wrong("clientID", clientID, "the player's number, from 1: 0 is what nobody has set")
	}
	unix := time.Now().Unix()
	if s.simulated {
		unix = s.unix.Load()
	}
	if s.cfg.MaxTokenLifetime >= 0 { // tokens of the very second of the start would be refused
		unix = max(unix, s.base.Unix()+1)
	}
	cfg := netcode.MintConfig{
		ProtocolID: s.cfg.ProtocolID,
		Key:        s.cfg.PrivateKey,
		ClientID:   clientID,
		Lifetime:   max(s.cfg.MaxTokenLifetime, 0),
		Timeout:    s.cfg.DevelopmentTimeout,
		Random:     s.cfg.Random,
	}
	if s.cfg.DevelopmentToken != nil {
		s.cfg.DevelopmentToken(&cfg)
	}
	tokens, err := netcode.MintTokenList(time.Unix(unix, 0), cfg, perServer(s.cfg.PublicAddresses)...)
	if err != nil {
		return nil, err
	}
	return tokens.Append(nil), nil
}

// perServer puts each address into a token of its own, as many as a list holds.
func perServer(addresses []netip.AddrPort) (servers [][]netip.AddrPort) {
	for _, a := range addresses[:min(len(addresses), netcode.MaxListTokens)] {
		servers = append(servers, []netip.AddrPort{a})
	}
	return servers
}
