package codec_test

import (
	"testing"

	"github.com/tickwire/tickwire/codec"
)

var sinkU uint64
var sinkQ [4]float64

func BenchmarkPieces(b *testing.B) {
	b.Run("quat", func(b *testing.B) {
		q := [4]float64{0.1, 0.2, 0.3, 0.9}
		for i := 0; i < b.N; i++ {
			q[0] += 1e-9
			sinkU += codec.Quat(q, 10)
		}
	})
	b.Run("fromquat", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			q, _ := codec.FromQuat(uint64(i)&0xffffffff, 10)
			sinkQ[0] += q[0] + q[1] + q[2] + q[3]
		}
	})
	b.Run("half", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			sinkU += uint64(codec.Half(float32(i)))
		}
	})
	b.Run("fromhalf", func(b *testing.B) {
		var f float32
		for i := 0; i < b.N; i++ {
			f += codec.FromHalf(uint16(i))
		}
		sinkQ[1] += float64(f)
	})
	b.Run("quantize", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			sinkU += codec.Quantize(float64(i&255), -512, 100)
		}
	})
	buf := make([]byte, 100)
	b.Run("bits", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			w := writer(buf[:0], 64)
			for j := range uint64(8) {
				w.Bits(j, 53)
			}
			buf, _ = w.Finish()
		}
	})
	b.Run("readbits", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			r := reader(buf[:53])
			for range uint64(8) {
				sinkU += r.Bits(53)
			}
			if r.Finish("x") != nil {
				b.Fatal()
			}
		}
	})
	b.Run("varint", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			w := writer(buf[:0], 64)
			for j := range uint32(8) {
				w.Varint32(j << j)
			}
			buf, _ = w.Finish()
		}
	})
	b.Run("readvarint", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			r := reader(buf[:16])
			for range uint64(8) {
				sinkU += uint64(r.Varint32("x"))
			}
		}
	})
	b.Run("string", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			w := writer(buf[:0], 64)
			w.Bits(1, 1)
			w.String("x", "Bow of the marsh", 32)
			buf, _ = w.Finish()
		}
	})
	b.Run("readstring", func(b *testing.B) {
		s := ""
		for i := 0; i < b.N; i++ {
			r := reader(buf)
			r.Bits(1)
			s = r.String("x", s, 32)
		}
	})
}
