package endpoint

import "testing"

// TestBuffersInUse: the bytes handed out are counted by what they take, not by what was asked
// for, and come back to nothing.
func TestBuffersInUse(t *testing.T) {
	for limit, want := range map[int]int{0: 64 + 1024 + 3<<20, -1: 1 + 1000 + 3<<20} {
		p := NewBuffers(limit)
		var all [][]byte
		for _, n := range []int{0, 1, 1000, 3 << 20} {
			all = append(all, p.fetch(n))
		}
		if st := p.Stats(); st.BytesInUse != want || st.InUse != 3 || st.Fetched != 3 {
			t.Errorf("limit %d: %+v, want %d bytes in 3 buffers", limit, st, want)
		}
		for _, b := range all {
			p.release(b)
		}
		if st := p.Stats(); st.BytesInUse != 0 || st.InUse != 0 || st.FreeBytes > want {
			t.Errorf("limit %d: %+v after all came back", limit, st)
		}
		if p.release(p.fetch(1000)); limit == 0 && p.Stats().Allocated != 3 {
			t.Errorf("%+v: a free buffer was not used again", p.Stats())
		}
	}
}
