package wire

import "testing"

// hotFrames are the frames that most packets hold, with their bytes.
func hotFrames() (ack Ack, ackBytes []byte, run Run, runBytes []byte, fragment Fragment, fragmentBytes []byte) {
	ack = Ack{Largest: 1 << 20, Wide: true, Hold: 5_000_000, HasClock: true, Clock: 77}
	for i := range uint64(MaxAckRanges) {
		ack.Ranges = append(ack.Ranges, AckRange{300 * i, 300*i + 200})
	}
	run = Run{Channel: 300, HasIDs: true, Wide: true, First: 1 << 20, Count: 4}
	fragment = Fragment{Channel: 300, ID: 1 << 20, Wide: true, Offset: 4096, Length: 64}
	ackBytes, runBytes = AppendAck(nil, &ack), AppendRun(nil, &run)
	for range run.Count {
		runBytes = AppendBytes(runBytes, make([]byte, 16))
	}
	fragmentBytes = append(AppendFragment(nil, &fragment), make([]byte, fragment.Length)...)
	return
}

func TestNoAllocs(t *testing.T) {
	ack, ackBytes, run, runBytes, fragment, fragmentBytes := hotFrames()
	buf, into := make([]byte, 0, 1500), Ack{Ranges: make([]AckRange, 0, MaxAckRanges)}
	for name, do := range map[string]func() bool{
		"AppendAck":       func() bool { return len(AppendAck(buf, &ack)) == len(ackBytes) },
		"ConsumeAck":      func() bool { return ConsumeAck(ackBytes, &into) == len(ackBytes) },
		"AppendRun":       func() bool { return len(AppendRun(buf, &run)) == RunHeaderLen(&run) },
		"ConsumeRun":      func() bool { return consumeAll(runBytes) == len(runBytes) },
		"AppendFragment":  func() bool { return len(AppendFragment(buf, &fragment))+64 == len(fragmentBytes) },
		"ConsumeFragment": func() bool { _, p, n := ConsumeFragment(fragmentBytes); return len(p) == 64 && n == len(fragmentBytes) },
	} {
		ok := true
		if allocs := testing.AllocsPerRun(100, func() { ok = do() && ok }); allocs != 0 || !ok {
			t.Errorf("%s: %v allocations, right: %v", name, allocs, ok)
		}
	}
}

// consumeAll reads a run and its messages and returns how many bytes they are.
func consumeAll(b []byte) int {
	run, n := ConsumeRun(b)
	for range run.Count {
		_, size := ConsumeBytes(b[n:])
		n += size
	}
	return n
}

func BenchmarkAppendAck(b *testing.B) {
	ack, ackBytes, _, _, _, _ := hotFrames()
	buf := make([]byte, 0, 1500)
	b.SetBytes(int64(len(ackBytes)))
	b.ReportAllocs()
	for b.Loop() {
		AppendAck(buf, &ack)
	}
}

func BenchmarkConsumeAck(b *testing.B) {
	_, ackBytes, _, _, _, _ := hotFrames()
	var into Ack
	b.SetBytes(int64(len(ackBytes)))
	b.ReportAllocs()
	for b.Loop() {
		ConsumeAck(ackBytes, &into)
	}
}

func BenchmarkAppendRun(b *testing.B) {
	_, _, run, runBytes, _, _ := hotFrames()
	buf, message := make([]byte, 0, 1500), make([]byte, 16)
	b.SetBytes(int64(len(runBytes)))
	b.ReportAllocs()
	for b.Loop() {
		out := AppendRun(buf, &run)
		for range run.Count {
			out = AppendBytes(out, message)
		}
	}
}

func BenchmarkConsumeRun(b *testing.B) {
	_, _, _, runBytes, _, _ := hotFrames()
	b.SetBytes(int64(len(runBytes)))
	b.ReportAllocs()
	for b.Loop() {
		consumeAll(runBytes)
	}
}
