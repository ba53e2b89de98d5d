package endpoint

import "testing"

// TestStatesByName goes through all states: what is asked of them does not hang on their order.
func TestStatesByName(t *testing.T) {
	for s, want := range map[state][3]bool{ // live, talks, ended
		stateMeeting:   {false, true, false},
		stateOpen:      {true, true, false},
		stateAway:      {true, false, false},
		stateClosing:   {false, false, true},
		stateTombstone: {false, false, true},
		stateDead:      {false, false, true},
	} {
		if got := [3]bool{s.live(), s.talks(), s.ended()}; got != want {
			t.Errorf("state %d: %v, want %v", s, got, want)
		}
	}
}
