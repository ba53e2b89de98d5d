//go:build unix

package web

import (
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// atWork is how long the process has been at work, in its own code and in the kernel's.
func atWork() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestLongStrangers: what one costs who begins something without a token, by each way that there is.
func TestLongStrangers(t *testing.T) {
	for _, c := range []struct {
		kind       string
		strangers  int
		goroutines float64
		bytes      int
		cpu        time.Duration
	}{
		{"silent", 100, 1, 16 << 10, 5 * time.Millisecond},
		{"idle", 100, 2, 24 << 10, 10 * time.Millisecond},
		{"want", rtcPerSource - 1, 12, 192 << 10, 20 * time.Millisecond},
		{"quic", quicWary, 8, 128 << 10, 20 * time.Millisecond},
		{"session", quicWary, goroutinesPerSession, 128 << 10, 30 * time.Millisecond},
	} {
		t.Run(c.kind, func(t *testing.T) {
			s := listen(t, Config{HandshakeTimeout: -1})
			bring(t, s.URL(), c.kind, 1)() // what is made once
			time.Sleep(time.Second)
			bytes, goroutines := used()
			cpu := atWork()
			leave := bring(t, s.URL(), c.kind, c.strangers)
			spent := (atWork() - cpu) / time.Duration(c.strangers)
			bytesNow, goroutinesNow := used()
			memory := (bytesNow - bytes) / c.strangers
			running := float64(goroutinesNow-crowdPipes-goroutines) / float64(c.strangers)
			t.Logf("each: %d bytes, %.1f goroutines, %v of CPU", memory, running, spent.Round(time.Microsecond))
			if memory > c.bytes || running > c.goroutines || spent > c.cpu {
				t.Errorf("want at most %d bytes, %.1f goroutines, %v", c.bytes, c.goroutines, c.cpu)
			}
			leave()
		})
	}
}

// TestLongChurn: what it costs that somebody comes and goes without end, as long as he may, and beyond Config.RatePerAddress.
func TestLongChurn(t *testing.T) {
	const strangers = 8
	for _, c := range []struct {
		kind            string
		served, refused time.Duration
	}{
		{"silent", 5 * time.Millisecond, time.Millisecond},
		{"idle", 10 * time.Millisecond, time.Millisecond},
		{"session", 30 * time.Millisecond, 15 * time.Millisecond},
	} {
		t.Run(c.kind, func(t *testing.T) {
			spend := func(s *Socket) time.Duration {
				answerAll(s)
				cpu := atWork()
				bring(t, s.URL(), "churn-"+c.kind, strangers)()
				return (atWork() - cpu) / (strangers * churnOfEach)
			}
			free, held := listen(t, Config{RatePerAddress: -1, MaxPerAddress: -1}), owing(t, Config{MaxPerAddress: -1})
			served, refused := spend(free), spend(held)
			n := held.Stats().Refused.TooOften + held.udp.stats().Refused
			t.Logf("each: %v of CPU, and %v once there were too many; %d were refused", served.Round(time.Microsecond), refused.Round(time.Microsecond), n)
			if served > c.served || refused > c.refused {
				t.Errorf("want at most %v and %v", c.served, c.refused)
			}
			if free.Stats().Refused.TooOften != 0 || n < strangers*churnOfEach/2 { // some are told, and do not ask
				t.Errorf("of those who may come %d were refused; of the others %d", free.Stats().Refused.TooOften, n)
			}
		})
	}
}

// TestLongJunk: what a datagram of strangers costs on the port of the game, with package web and by UDP alone.
func TestLongJunk(t *testing.T) {
	for kind := range junk {
		alone, _ := costOfJunk(t, kind, false)
		shared, st := costOfJunk(t, kind, true)
		t.Logf("%s: %v by UDP alone, %v with package web: %.2f times as much; %+v", kind, alone, shared, float64(shared)/float64(alone), st)
		if shared > 15*alone {
			t.Errorf("%s: one costs %v, by UDP alone %v", kind, shared, alone)
		}
	}
}

func costOfJunk(t *testing.T, kind string, browsers bool) (each time.Duration, st UDPStats) {
	u, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if browsers {
		w, err := New(u, Config{NoListen: true}) // the TCP port of that number may be somebody's
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		defer func() { st = w.Stats().UDP }()
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for ds := make([]transport.Datagram, 64); ; {
			if _, err := u.Wait(time.Time{}); err != nil {
				return
			}
			_, _ = u.Read(ds)
		}
	}()
	came := func() uint64 { st := u.Stats(); return st.Received + st.Diverted }
	cpu := atWork()
	bring(t, u.LocalAddr().String(), "junk-"+kind, 2)()
	spent, n := atWork()-cpu, came()
	u.Close()
	<-read
	if n < junkOfEach/2 {
		t.Fatalf("%d datagrams came", n)
	}
	return spent / time.Duration(n), st
}
