package picture

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/endpoint"
)

// played plays a scene. What its picture claims is asserted on the timeline.
func played(t *testing.T, name string) *Timeline {
	t.Helper()
	s, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	line, err := s.Play()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// sees wants the receiving game to have seen these, in this order, and nothing else.
func (t *Timeline) sees(tb testing.TB, want ...string) {
	tb.Helper()
	if got := t.Seen(); !slices.Equal(got, want) {
		tb.Errorf("the game sees %v, want %v", got, want)
	}
}

// fates wants the receipts to read like this; NotKnown stands for the bare word.
func (t *Timeline) fates(tb testing.TB, want map[string]string) {
	tb.Helper()
	for i := range t.Messages {
		m := &t.Messages[i]
		got := m.Fate.String()
		if m.Fate == endpoint.Lost {
			got = m.Why.String()
		}
		expected, ok := want[m.Cue.Label]
		if !ok {
			expected = "Delivered"
		}
		if got != expected || m.Told == never {
			tb.Errorf("%s is %s, want %s", m.Cue.Label, got, expected)
		}
	}
}

// waits wants exactly these messages to have waited for their turn.
func (t *Timeline) waits(tb testing.TB, want ...string) {
	tb.Helper()
	var got []string
	for i := range t.Messages {
		if m := &t.Messages[i]; t.Waited(m) {
			got = append(got, m.Cue.Label)
		}
	}
	if !slices.Equal(got, want) {
		tb.Errorf("%v waited, want %v", got, want)
	}
}

// again wants exactly these messages to have been in more than one packet.
func (t *Timeline) again(tb testing.TB, want ...string) {
	tb.Helper()
	var got []string
	for i := range t.Messages {
		if t.Times(i) > 1 {
			got = append(got, t.Messages[i].Cue.Label)
		}
	}
	if !slices.Equal(got, want) {
		tb.Errorf("%v were sent again, want %v", got, want)
	}
}

// skips returns the messages that the receiver was told not to wait for.
func (t *Timeline) skips() (labels []string) {
	for i := range t.Packets {
		for _, f := range t.Packets[i].Frames {
			if f.Kind == Skip {
				labels = append(labels, t.Messages[f.Message].Cue.Label)
			}
		}
	}
	return labels
}

// firsts draws the fates of the packets that brought messages 1 to 7 first: x for lost, ~ for
// overtaken.
func (t *Timeline) firsts() string {
	var b strings.Builder
	for i := range 7 {
		p := t.first(i)
		switch {
		case p.Arrived == never:
			b.WriteByte('x')
		case i < 6 && t.first(i+1).Arrived < p.Arrived:
			b.WriteByte('~')
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}

func (t *Timeline) first(i int) *Packet {
	for k := range t.Packets {
		if t.Packets[k].carries(i) {
			return &t.Packets[k]
		}
	}
	return &Packet{}
}

// TestSameLoss: the pictures that show one message in each turn compare, because the same
// packets are lost and overtaken in each.
func TestSameLoss(t *testing.T) {
	for _, name := range strings.Fields("unreliable unreliable-latest reliable-unordered reliable-latest reliable-ordered " +
		"group droppable key time-to-live giving-up") {
		line := played(t, name)
		if got := line.firsts(); got != "..x.~.." {
			t.Errorf("%s: packets %s", name, got)
		}
	}
}

func TestUnreliable(t *testing.T) {
	line := played(t, "unreliable")
	line.sees(t, "1", "2", "4", "6", "5", "7")
	line.fates(t, map[string]string{"3": "not known"})
	line.waits(t)
	line.again(t)
}

func TestUnreliableLatest(t *testing.T) {
	line := played(t, "unreliable-latest")
	line.sees(t, "1", "2", "4", "6", "7")
	line.fates(t, map[string]string{"3": "not known"})
	line.waits(t)
	line.again(t)
	if line.Find("5").Stored == never {
		t.Error("5 did not arrive")
	}
}

func TestReliableUnordered(t *testing.T) {
	line := played(t, "reliable-unordered")
	line.sees(t, "1", "2", "4", "6", "5", "7", "3")
	line.fates(t, nil)
	line.waits(t)
	line.again(t, "3")
}

func TestReliableLatest(t *testing.T) {
	line := played(t, "reliable-latest")
	line.sees(t, "1", "2", "4", "6", "7")
	line.fates(t, map[string]string{"3": "superseded"})
	line.waits(t)
	line.again(t)
	if skips := line.skips(); !slices.Equal(skips, []string{"3"}) {
		t.Errorf("SKIP of %v, want one of 3, which gives its credit back", skips)
	}
}

func TestReliableOrdered(t *testing.T) {
	line := played(t, "reliable-ordered")
	line.sees(t, "1", "2", "3", "4", "5", "6", "7")
	line.fates(t, nil)
	line.waits(t, "4", "5", "6", "7")
	line.again(t, "3")
	if line.Find("4").Seen != line.Find("3").Seen || line.Find("7").Stored > line.Find("3").Stored {
		t.Error("3 is not what the others wait for")
	}
}

// TestRepair: 3 comes with the sum behind it, is told Delivered, and is not sent again.
func TestRepair(t *testing.T) {
	line := played(t, "repair")
	line.sees(t, "1", "2", "3", "4", "5", "6", "7")
	line.fates(t, nil)
	line.again(t)
	three, four := line.Find("3"), line.Find("4")
	if !line.Lost(2) || three.Stored != four.Stored || three.Seen != four.Seen {
		t.Errorf("3: %+v, 4: %+v", three, four)
	}
}

// TestGroup: 4 and 5 overtake 3, nothing overtakes the group.
func TestGroup(t *testing.T) {
	line := played(t, "group")
	line.sees(t, "1", "2", "4", "5", "3", "6", "7")
	line.fates(t, nil)
	line.waits(t, "6", "7")
	line.again(t, "3")
}

// TestDroppable: 3 is lost and 5 late, and nothing waits for either.
func TestDroppable(t *testing.T) {
	line := played(t, "droppable")
	line.sees(t, "1", "2", "4", "6", "7")
	line.fates(t, map[string]string{"3": "not known"})
	line.waits(t)
	line.again(t)
	if line.Find("5").Stored == never {
		t.Error("5 did not arrive")
	}
}

// TestKey: no value of B supersedes A2, and B3 is stale all the same.
func TestKey(t *testing.T) {
	line := played(t, "key")
	line.sees(t, "A1", "B1", "B2", "B4", "B5", "A2")
	line.fates(t, nil)
	line.again(t, "A2")
}

// TestReplaced: of the values that wait only the newest is ever sent.
func TestReplaced(t *testing.T) {
	line := played(t, "replaced")
	line.sees(t, "1", "2", "3", "6", "8", "9")
	line.fates(t, map[string]string{"4": "replaced", "5": "replaced", "7": "replaced"})
	line.neverSent(t, "4", "5", "7")
	if line.Find("4").Told != line.Find("5").Sent+int64(turn) {
		t.Error("the receipt of 4 did not come in the turn after that which replaced it")
	}
}

// TestDropOldest: the queue has room for two; the oldest makes room for a third.
func TestDropOldest(t *testing.T) {
	line := played(t, "drop-oldest")
	line.sees(t, "1", "2", "3", "5", "6", "8", "9")
	line.fates(t, map[string]string{"4": "dropped", "7": "dropped"})
	line.neverSent(t, "4", "7")
}

// TestRefuse: a third message is refused, and the game is told when there is room again.
func TestRefuse(t *testing.T) {
	line := played(t, "refuse")
	line.sees(t, "1", "2", "3", "4", "5", "7", "8")
	line.fates(t, map[string]string{"6": "NoEvent", "9": "NoEvent"})
	line.neverSent(t, "6", "9")
	if !line.Find("6").Refused || !line.Find("9").Refused || line.Find("7").Refused {
		t.Error("6 and 9 should be refused, and no other")
	}
	if n := line.Notes; len(n) != 2 || n[0].Text != "Writable" || n[0].At <= line.Find("6").Sent || n[1].At <= line.Find("9").Sent {
		t.Errorf("%+v, want Writable twice", n)
	}
}

// neverSent wants exactly these messages to have been in no packet.
func (t *Timeline) neverSent(tb testing.TB, want ...string) {
	tb.Helper()
	var got []string
	for i := range t.Messages {
		if t.Times(i) == 0 {
			got = append(got, t.Messages[i].Cue.Label)
		}
	}
	if !slices.Equal(got, want) {
		tb.Errorf("%v were never sent, want %v", got, want)
	}
}

// TestTimeToLive: 3 is not sent again, and the others wait for the word only.
func TestTimeToLive(t *testing.T) {
	line := played(t, "time-to-live")
	line.sees(t, "1", "2", "4", "5", "6", "7")
	line.fates(t, map[string]string{"3": "expired"})
	line.again(t)
	if skips := line.skips(); !slices.Equal(skips, []string{"3"}) {
		t.Errorf("SKIP of %v", skips)
	}
	if early, late := line.Find("4").Seen, played(t, "reliable-ordered").Find("4").Seen; late-early != int64(40*ms) {
		t.Errorf("4 is seen at %d, with resending at %d", early, late)
	}
}

func TestGivingUp(t *testing.T) {
	line := played(t, "giving-up")
	line.sees(t, "1", "2", "4", "5", "6", "7", "8", "9", "10")
	line.fates(t, map[string]string{"3": "gave up"})
	line.again(t, "3")
	if n := line.Times(2); n != 2 {
		t.Errorf("3 was sent %d times, want 2", n)
	}
	if skips := line.skips(); !slices.Equal(skips, []string{"3"}) {
		t.Errorf("SKIP of %v", skips)
	}
}

// TestFragments: one of four pieces is lost, and it alone is sent again; the small messages
// do not wait for it.
func TestFragments(t *testing.T) {
	line := played(t, "fragments")
	line.sees(t, "2", "3", "4", "1")
	line.fates(t, nil)
	var pieces []string
	var hole, again [2]int // bytes
	for i := range line.Packets {
		p := &line.Packets[i]
		for k := range p.Frames {
			f := &p.Frames[k]
			if repeated, lost := line.Again(p, f); repeated {
				if again[1] == 0 {
					again[0] = f.From
				}
				if again[1] = f.To; !lost {
					t.Errorf("%d to %d again, which was not lost", f.From, f.To)
				}
			} else if f.Kind == Piece {
				pieces = append(pieces, fmt.Sprint(f.From, f.To))
				if p.Arrived == never {
					hole = [2]int{f.From, f.To}
				}
			}
		}
	}
	if len(pieces) != 4 || again != hole {
		t.Errorf("pieces %v, %v was lost, %v went again", pieces, hole, again)
	}
}

// TestLargeValues: nothing of 7 leaves before 1 is through, and nothing at all of those between.
func TestLargeValues(t *testing.T) {
	line := played(t, "large-values")
	line.sees(t, "1", "7")
	line.fates(t, map[string]string{"2": "replaced", "3": "replaced", "4": "replaced", "5": "replaced", "6": "replaced"})
	line.neverSent(t, "2", "3", "4", "5", "6")
	if began, through := line.first(6).Sent, line.Find("1").Stored; began < through {
		t.Errorf("7 began at %d, 1 was there at %d", began, through)
	}
	if again := line.Times(0); again != 6 {
		t.Errorf("1 went in %d packets, want five and one again", again)
	}
}

// TestCredit: no more than the window holds is under way while the game does not read.
func TestCredit(t *testing.T) {
	line := played(t, "credit")
	line.sees(t, "1", "2", "3", "4", "5", "6", "7", "8", "9")
	line.fates(t, nil)
	line.waits(t, "2", "3", "4")
	window := 4
	for i := range line.Packets {
		p := &line.Packets[i]
		started, taken := 0, 0
		for m := range line.Messages {
			if line.first(m).Sent <= p.Sent {
				started++
			}
			if line.Messages[m].Seen < p.Sent {
				taken++
			}
		}
		if started > taken+window {
			t.Errorf("at %d: %d messages started, %d taken", p.Sent, started, taken)
		}
	}
}

// TestDrain: what was sent gets through, nothing more is accepted, and only then both ends know.
func TestDrain(t *testing.T) {
	line := played(t, "drain")
	line.sees(t, "1", "2", "3", "4", "5", "6", "7")
	line.fates(t, map[string]string{"8": "NoEvent"})
	line.neverSent(t, "8")
	if !line.Find("8").Refused {
		t.Error("8 was accepted")
	}
	var texts []string
	for _, n := range line.Notes {
		texts = append(texts, n.Text)
	}
	if want := []string{"Drain", "Closed, 0 left", "Closed"}; !slices.Equal(texts, want) {
		t.Fatalf("notes %q, want %q", texts, want)
	}
	if closed := line.Notes[1].At; closed < line.Find("3").Told || closed < line.Notes[0].At {
		t.Errorf("closed at %d", closed)
	}
}

// TestHold: the sender, once it has heard, sends no message before the silence is over; then
// everything gets through.
func TestHold(t *testing.T) {
	line := played(t, "hold")
	line.sees(t, "1", "2", "3", "4", "5", "6", "7", "8")
	line.fates(t, nil)
	s, _ := Find("hold")
	heard := int64(never)
	for i := range line.Packets {
		p := &line.Packets[i]
		if slices.Contains(p.Frames, Frame{Kind: Hold}) {
			heard = min(heard, p.Arrived)
		}
		if !p.FromPeer && p.Sent > heard && p.Sent < int64(s.away[1]) && !p.Quiet() {
			t.Errorf("%+v was sent to somebody on hold", p)
		}
		if p.FromPeer && p.Sent > int64(s.away[0]) && p.Sent < int64(s.away[1]) {
			t.Errorf("%+v was sent by somebody who was not called", p)
		}
	}
	if heard == never {
		t.Error("no HOLD")
	}
	if m := line.Find("8"); m.Sent <= heard || m.Seen < int64(s.away[1]) {
		t.Errorf("8 was sent at %d, before HOLD was heard, or seen at %d", m.Sent, m.Seen)
	}
}

// TestShares: while all have something to send, the weights hold; what has priority gets all
// that it sends; nobody starves.
func TestShares(t *testing.T) {
	line := played(t, "shares")
	const span = 500 * int64(ms)
	shots, world, files := line.Arrived(1, span, 6), line.Arrived(2, span, 6), line.Arrived(3, span, 6)
	for k := range shots {
		if ratio := float64(world[k]) / float64(files[k]); ratio < 2.6 || ratio > 3.4 {
			t.Errorf("in half second %d: world %d, files %d", k, world[k], files[k])
		}
	}
	if sent, quiet := 50*800*97/100, shots[0]+shots[1]+shots[5]; shots[2]+shots[3]+shots[4] < sent || quiet != 0 {
		t.Errorf("of the shots %v arrived", shots)
	}
	if world[3] > world[1]*7/10 {
		t.Errorf("world did not give way: %v", world)
	}
}
