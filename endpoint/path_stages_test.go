package endpoint

import (
	"testing"
	"time"
)

// mayFollow is the table above stage: what each can become, itself aside.
var mayFollow = map[stage][]stage{
	stageClosed:    {stageOpening, stageAsked, stageFailed},
	stageAsked:     {stageWell, stageClosed, stageOpening, stageAsked},
	stageOpening:   {stageWell, stageClosed},
	stageWell:      {stageSuspect, stageFailed, stageClosed},
	stageSuspect:   {stageDead, stageWell, stageFailed, stageClosed},
	stageDead:      {stageWell, stageFailed, stageClosed},
	stageFailed:    {stageWell, stageReopening, stageClosed},
	stageReopening: {stageWell, stageFailed, stageClosed},
}

// reaches reports whether a stage can become another one by some steps.
func (s stage) reaches(to stage, steps int) bool {
	if s == to {
		return true
	}
	for _, next := range mayFollow[s] {
		if steps > 0 && next.reaches(to, steps-1) {
			return true
		}
	}
	return false
}

// rows are what brings path 1 of twoPaths from one stage to the next at end 0, and what the owner hears of
// it.
type rows []struct {
	name string
	from stage
	do   func(s *stream)
	to   stage
	told PathState // PathNone: nothing
}

// TestStages plays the rows of the table that an owner, or the loss of a way, can bring about.
func TestStages(t *testing.T) {
	dead := func(s *stream, probes int64) {
		s.ways[1].dead, s.ways[0].dead = true, true
		s.runStage(s.ends[0].path(1).probeTimeout(0) * probes / 2)
	}
	for _, r := range (rows{
		{"a suspect", stageWell, func(s *stream) { dead(s, 3) }, stageSuspect, PathNone},
		{"dead", stageWell, func(s *stream) { dead(s, 8) }, stageDead, PathSilent},
		{"lives again", stageDead, func(s *stream) { s.ways[1].dead = false; s.runStage(5 * second) }, stageWell, PathActive},
		{"another is well", stageWell, func(s *stream) { s.ways[1].dead = true; s.runStage(second) }, stageFailed, PathFailed},
		{"its carrier is gone", stageWell, func(s *stream) { s.ends[0].PathDied(s.now, 1) }, stageFailed, PathFailed},
		{"its carrier is gone, and again", stageWell, func(s *stream) { s.ends[0].PathDied(s.now, 1); s.events(0); s.ends[0].PathDied(s.now, 1) }, stageFailed, PathNone},
		{"the peer goes on there", stageWell, func(s *stream) { s.ends[0].PathDied(s.now, 1); s.runStage(second / 5) }, stageWell, PathMoved},
		{"given up", stageWell, func(s *stream) { s.ends[0].ClosePath(s.now, 1) }, stageClosed, PathClosed},
		{"given up by the peer", stageWell, func(s *stream) { s.ends[1].ClosePath(s.now, 1); s.runStage(second / 2) }, stageClosed, PathClosed},
		{"led elsewhere", stageWell, func(s *stream) { s.lead(2); s.runStage(second / 5) }, stageWell, PathActive},
		{"failed, and asked", stageFailed, func(s *stream) { s.ways[1].dead = false; s.runStage(6 * second) }, stageWell, PathActive},
		{"failed, and led elsewhere", stageFailed, func(s *stream) { s.lead(2); s.runStage(second / 5) }, stageWell, PathActive},
		{"failed, and led nowhere", stageFailed, func(s *stream) { s.lead(2); s.ways[2].dead = true }, stageReopening, PathNone},
		{"nobody there", stageReopening, func(s *stream) { s.runStage(3 * second) }, stageFailed, PathFailed},
		{"failed, and given up", stageFailed, func(s *stream) { s.ends[0].ClosePath(s.now, 1) }, stageClosed, PathClosed},
		{"opened again", stageClosed, func(s *stream) { s.again(false); s.runStage(second / 5) }, stageWell, PathActive},
		{"opened in vain", stageClosed, func(s *stream) { s.again(true); s.runStage(3 * second) }, stageClosed, PathClosed},
		{"its carrier is gone before", stageOpening, func(s *stream) { s.ends[0].PathDied(s.now, 1) }, stageClosed, PathClosed},
	}) {
		t.Run(r.name, func(t *testing.T) {
			s := staged(t, r.from)
			s.events(0)
			r.do(s)
			if got := s.ends[0].path(1).stage; got != r.to {
				t.Errorf("from stage %d to %d, want %d", r.from, got, r.to)
			}
			told := PathNone
			for _, ev := range s.events(0) {
				if ev.Kind == PathChanged && ev.Path == 1 {
					told = ev.State
				}
			}
			if told != r.told {
				t.Errorf("the owner heard %v, want %v", told, r.told)
			}
		})
	}
}

// staged is two paths of which the second one is in a stage.
func staged(t *testing.T, in stage) *stream {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.runStage(second)
	switch in {
	case stageDead:
		s.ways[0].dead, s.ways[1].dead = true, true
		s.runStage(second)
	case stageFailed:
		s.ways[1].dead = true
		s.runStage(second)
	case stageReopening:
		s.ways[1].dead = true
		s.runStage(second)
		s.lead(2)
		s.ways[2].dead = true
	case stageClosed, stageOpening:
		s.ends[0].ClosePath(s.now, 1)
		s.runStage(second)
	}
	if in == stageOpening {
		s.again(true)
	}
	if p := s.ends[0].path(1); p.stage != in {
		t.Fatalf("stage %d, want %d", p.stage, in)
	}
	return s
}

// lead leads path 1 over a new way.
func (s *stream) lead(route Route) {
	s.addWay(route, route, 20*time.Millisecond)
	if err := s.ends[0].SetPath(s.now, 1, PathConfig{Route: route}); err != nil {
		s.t.Fatal(err)
	}
}

// again opens path 1 again over a new way.
func (s *stream) again(dead bool) {
	s.addWay(9, 9, 20*time.Millisecond).dead = dead
	if id, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 9}); id != 1 || err != nil {
		s.t.Fatal(id, err)
	}
}

// runStage lets time pass in which both ends speak, and wants each step of both to be in the table.
func (s *stream) runStage(d int64) {
	s.t.Helper()
	for until := s.now + d; s.now < until; {
		var before [2]stage
		for end, e := range s.ends {
			before[end] = e.path(1).stage
			s.send(end, chanOf(Unreliable), message(1, 40))
			s.send(end, chanOf(ReliableUnordered), message(1, 40))
		}
		s.run(2 * time.Millisecond)
		for end, e := range s.ends {
			if now := e.path(1).stage; !before[end].reaches(now, 2) {
				s.t.Errorf("end %d: from stage %d to %d", end, before[end], now)
			}
			for _, d := range deliveries {
				s.received(end, chanOf(d))
			}
		}
	}
}

// TestSilenceStepByStep: what owes answers is a suspect when the fifth packet waits for a probe timeout, or the first for one and a half, or
// for one where there is no other path, and dead after three, to the nanosecond, since the first packet and not since the last.
func TestSilenceStepByStep(t *testing.T) {
	for _, packets := range []int{1, 4, 5, 9} {
		for _, alone := range []bool{true, false} {
			const apart = 2 * time.Millisecond
			s := newMesh(t, channels(), 20*time.Millisecond, 1)
			if !alone {
				s.addWay(1, 1, 20*time.Millisecond)
				s.openPath(PathConfig{Route: 1, Use: UseReserve})
			}
			s.run(4500 * time.Millisecond) // and no probe of its size is under way
			path := s.ends[0].path(0)
			s.ways[0].dead = true
			since := s.now
			for n := range packets {
				s.send(0, chanOf(Unreliable), []byte("x"))
				s.run(min(apart, time.Duration(packets-1-n)*apart))
			}
			pto := path.probeTimeout(0)
			if path.owedSince() != since {
				t.Fatalf("an answer is owed since %d, want %d", path.owedSince(), since)
			}
			suspect, end := pto+pto/2, stageFailed
			switch {
			case alone:
				suspect, end = pto, stageDead
			case packets > 4:
				suspect = 4*int64(apart) + pto
			}
			for _, c := range []struct {
				after int64
				want  stage
			}{{suspect - 1, stageWell}, {suspect, stageSuspect}, {3*pto - 1, stageSuspect}, {3 * pto, end}} {
				s.run(time.Duration(since + c.after - s.now))
				s.ends[0].HandleTimeout(s.now)
				if path.stage != c.want {
					t.Errorf("%d packets, alone %v, %v after them, a probe timeout being %v: stage %d, want %d", packets, alone, time.Duration(c.after), time.Duration(pto), path.stage, c.want)
				}
			}
		}
	}
}

// TestSetPathToTheSame: who sets what is set already tells the peer nothing; no weight is a weight of one.
func TestSetPathToTheSame(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.runStage(second)
	p := s.ends[0].path(1)
	for _, c := range []struct {
		cfg  PathConfig
		tell uint64
	}{{PathConfig{Route: 1}, 0}, {PathConfig{Route: 1, Weight: 1}, 0}, {PathConfig{Route: 1, Weight: 2}, 1}, {PathConfig{Route: 1, Weight: 2}, 0}, {PathConfig{Route: 1, Weight: 2, Use: UseReserve}, 1}} {
		before := p.serial
		if err := s.ends[0].SetPath(s.now, 1, c.cfg); err != nil || p.serial-before != c.tell {
			t.Errorf("%+v: %v, told %d times", c.cfg, err, p.serial-before)
		}
		s.runStage(second / 10)
	}
}

// TestSlowPathMayBeSilent: beside one that is well a path that repairs losses itself fails after as long as
// a connection may be silent, ten seconds at most, but no sooner than after three probe timeouts.
func TestSlowPathMayBeSilent(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Reliable: true})
	s.runStage(second)
	s.ways[1].dead = true
	s.runStage(second)
	ps, p := s.ends[0].paths, s.ends[0].path(1)
	if p.stage != stageDead {
		t.Fatalf("stage %d", p.stage)
	}
	for timeout, want := range map[time.Duration]int64{
		time.Hour: 10 * second, 11 * time.Second: 10 * second, 4 * time.Second: 4 * second, time.Millisecond: 3 * p.probeTimeout(0),
	} {
		ps.timeout = timeout
		if after := p.silenceAt() - p.owedSince(); after != want {
			t.Errorf("a timeout of %v: it fails after %v, want %v", timeout, time.Duration(after), time.Duration(want))
		}
	}
}

// TestRetriesGetRarer: a path that failed is asked after 1, 2, … and each five seconds.
func TestRetriesGetRarer(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	s.ways[1].dead = true
	s.play(time.Second)
	if s.state(0, 1) != PathFailed {
		t.Fatalf("path 1 is %v", s.state(0, 1))
	}
	began := s.ends[0].PathStats(1).PacketsSent
	s.run(30 * time.Second)
	if n := s.ends[0].PathStats(1).PacketsSent - began; n < 7 || n > 9 {
		t.Errorf("%d packets in half a minute", n)
	}
	s.settle(time.Second)
}
