package wire

import "encoding/binary"

// Repair computes in GF(2^8), the field of 256 elements that the polynomial 0x11D
// makes: a byte is a polynomial over GF(2), to add is XOR, to multiply is to multiply
// and take the rest of a division by x^8 + x^4 + x^3 + x^2 + 1.

// products is the table of multiplication, reciprocals what gives 1 with each but zero.
var products, reciprocals = func() (table [256][256]byte, inverse [256]byte) {
	for a := range 256 {
		for b := range 256 {
			table[a][b] = product(byte(a), byte(b))
			if table[a][b] == 1 {
				inverse[a] = byte(b)
			}
		}
	}
	return table, inverse
}()

// product multiplies bit by bit.
func product(a, b byte) (sum byte) {
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			sum ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1D
	}
	return sum
}

// MulAdd adds c times src to dst, which is as long or longer.
func MulAdd(dst, src []byte, c byte) {
	switch c {
	case 0:
		return
	case 1:
		addTo(dst, src)
		return
	}
	row := &products[c]
	dst = dst[:len(src)]
	for len(src) >= 8 {
		s := binary.LittleEndian.Uint64(src)
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(dst)^
			(uint64(row[byte(s)])|uint64(row[byte(s>>8)])<<8|
				uint64(row[byte(s>>16)])<<16|uint64(row[byte(s>>24)])<<24|
				uint64(row[byte(s>>32)])<<32|uint64(row[byte(s>>40)])<<40|
				uint64(row[byte(s>>48)])<<48|uint64(row[byte(s>>56)])<<56))
		src, dst = src[8:], dst[8:]
	}
	for i, v := range src {
		dst[i] ^= row[v]
	}
}

// addTo adds src to dst, which is as long or longer.
func addTo(dst, src []byte) {
	dst = dst[:len(src)]
	for len(src) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(dst)^binary.LittleEndian.Uint64(src))
		src, dst = src[8:], dst[8:]
	}
	for i, v := range src {
		dst[i] ^= v
	}
}

// Scale multiplies all of b by c.
func Scale(b []byte, c byte) {
	row := &products[c]
	for i, v := range b {
		b[i] = row[v]
	}
}

// Reciprocal is what gives 1 with c, which is not 0.
func Reciprocal(c byte) byte { return reciprocals[c] }

// Coefficient is what a message is multiplied with in a sum (SPEC.md, 6.9): y / (row + y),
// where y, from 128 on, stands for the id. That is the Cauchy matrix 1 / (row + y), of which
// each square part can be inverted, with its columns scaled so that row 0 is the XOR.
func Coefficient(row uint8, id uint64) byte {
	y := byte(id) | 0x80
	return products[y][reciprocals[row^y]]
}
