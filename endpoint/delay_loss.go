package endpoint

// A lossJudge tells losses that a path has anyway from those that come because too much is sent,
// which a queue of few packets, or a policer, shows by nothing else. The first stay when less is
// sent, the others do not; so the packets of looks, which are sent more slowly, are counted apart.
type lossJudge struct {
	usual, looks share
	recent       share // since it was judged last
	tolerated    int64 // the share of losses that says nothing, in 1024ths
	ours         bool  // losses went away when less was sent
}

// A share counts bytes that were lost and acknowledged; the older ones count for less and less.
type share struct{ lost, all int64 }

const (
	// firstTolerated is what counts as the path's own losses before there was a look: three of
	// eight. Wireless links lose a third at their worst; with a quarter a stream of 60 messages a
	// second over a path of 200 ms that loses a quarter has a p99 of 458 ms in place of 83, since
	// its repair has no room.
	firstTolerated = 384
	// slackTolerated is added to what is known: with fewer losses there is nothing to gain by
	// being slower (BBRv3 takes 2 %, too).
	slackTolerated = 20
)

// add counts; half of what is older is forgotten beyond a number of packets.
func (s *share) add(lost, acked, packets int64) {
	s.lost += lost
	s.all += lost + acked
	if s.all > packets*packetBytes {
		s.lost, s.all = s.lost/2, s.all/2
	}
}

// part is the share of losses, in 1024ths.
func (s *share) part() int64 { return max(0, s.lost) * 1024 / max(s.all, 1) }

// add counts packets that were sent in a look, or not, and before the rate was lowered last, or
// not: of the former it is known already.
func (j *lossJudge) add(lost, acked int64, looking, known bool) {
	if !known {
		j.recent.add(lost, acked, 1<<20)
	}
	if looking {
		j.looks.add(lost, acked, 512)
	} else {
		j.usual.add(lost, acked, 512)
	}
}

// doubtful reports whether so much gets lost that a look should show why.
func (j *lossJudge) doubtful() bool {
	return j.usual.all >= 64*packetBytes && j.usual.part() > slackTolerated
}

// judge draws the conclusion of the looks so far; false if they were too short to show twenty
// losses.
func (j *lossJudge) judge() bool {
	usual, looks := j.usual.part(), j.looks.part()
	switch {
	case j.looks.all*usual < 20*1024*packetBytes:
		return false
	case looks < usual/8:
		j.tolerated, j.ours = looks+slackTolerated, true
	default:
		j.tolerated, j.ours = max(usual, looks)*3/2+slackTolerated, false
	}
	return true
}

// crowded reports at the end of a round whether more gets lost than the path loses anyway, and which
// part of the rate, in 1024ths, would have come through all the same.
func (j *lossJudge) crowded() (part int64, crowded bool) {
	if j.recent.all < 64*packetBytes {
		return 1024, false
	}
	lost := j.recent.part()
	j.recent = share{}
	return (1024 - lost) * 1024 / (1024 - min(j.tolerated, 768)), lost > j.tolerated
}

// carried is the rate that came through at the narrowest place, of which some got lost behind it.
func (j *lossJudge) carried(p pace) int64 {
	return min(p.passed, p.delivered*1024/(1024-min(j.tolerated, 768)))
}
