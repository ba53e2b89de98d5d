package tickwire

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// logging is a server of which only the log works.
func logging() (*Server, *bytes.Buffer) {
	log := new(bytes.Buffer)
	s := new(Server)
	s.cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	return s, log
}

// TestLogOfPlayers: of what players can cause as often as they like, as comebacks without room for
// another ticket, the log has a line at once, others ever more seldom, and how many there were.
func TestLogOfPlayers(t *testing.T) {
	s, log := logging()
	for range 3600 * 20 { // twenty a second, for an hour
		s.notice(noticeTicket, slog.LevelWarn, "no resume ticket", "client", 7)
		s.now += int64(time.Second) / 20
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 7 { // after 0, 1, 3, 7, 15, 31 and 47 minutes
		t.Fatalf("%d lines:\n%s", len(lines), log)
	}
	if strings.Contains(lines[0], "untold") || !strings.Contains(lines[1], "untold=1199") || !strings.Contains(lines[2], "untold=2399") {
		t.Errorf("it does not say how many there were between:\n%s", log)
	}
	t.Log("# another kind is none of that, and a quiet one begins anew")
	log.Reset()
	s.notice(noticeAddresses, slog.LevelWarn, "addresses not told")
	s.now += int64(2 * mostNoticeWait)
	s.notice(noticeTicket, slog.LevelWarn, "no resume ticket") // the last of the hour were kept back
	s.now += int64(mostNoticeWait)
	s.notice(noticeTicket, slog.LevelWarn, "no resume ticket")
	s.now += int64(leastNoticeWait)
	s.notice(noticeTicket, slog.LevelWarn, "no resume ticket")
	if n := strings.Count(log.String(), "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, log)
	}
}

// TestLogOfStrangers: times that nobody has sealed are no complaint, and leave the line to those that
// somebody has; and what is kept back makes nothing.
func TestLogOfStrangers(t *testing.T) {
	for _, why := range []netcode.Drop{netcode.DropExpired, netcode.DropTooEarly, netcode.DropTooLong} {
		s, log := logging()
		for range 1000 {
			s.noticeDrop(netcode.Event{Drop: why}, transport.Path{})
		}
		if log.Len() > 0 {
			t.Errorf("%v of nobody: %s", why, log)
		}
		s.noticeDrop(netcode.Event{Drop: why, Opened: true}, transport.Path{})
		if n := strings.Count(log.String(), "\n"); n != 1 || strings.Contains(log.String(), "untold") {
			t.Errorf("%v of a backend: %d lines: %s", why, n, log)
		}
	}
	s, _ := logging()
	s.noticeDrop(netcode.Event{Drop: netcode.DropTokenForged}, transport.Path{})
	if n := testing.AllocsPerRun(100, func() { s.noticeDrop(netcode.Event{Drop: netcode.DropTokenForged}, transport.Path{}) }); n != 0 {
		t.Errorf("a line that is kept back makes %v", n)
	}
}
