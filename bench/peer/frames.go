package peer

import (
	"bufio"
	"encoding/binary"
	"io"
	"sync"
)

// Frames carry messages over a stream of bytes: a length of two bytes, whose highest bit is the
// lane, and the message. What is sent waits until Flush, or until 16 KiB wait.
type Frames struct {
	mu   sync.Mutex
	w    *bufio.Writer
	head [2]byte
}

const (
	framesBuffer = 16 << 10
	laneBit      = 15
)

// NewFrames writes to w.
func NewFrames(w io.Writer) *Frames { return &Frames{w: bufio.NewWriterSize(w, framesBuffer)} }

// Send queues a message of at most 32767 bytes.
func (f *Frames) Send(lane Lane, msg []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	binary.LittleEndian.PutUint16(f.head[:], uint16(lane)<<laneBit|uint16(len(msg)))
	if _, err := f.w.Write(f.head[:]); err != nil {
		return err
	}
	_, err := f.w.Write(msg)
	return err
}

// Flush writes what waits.
func (f *Frames) Flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.w.Flush()
}

// ReadFrames hands over each message that comes in, until r fails.
func ReadFrames(r io.Reader, took func(Lane, []byte)) error {
	in := bufio.NewReaderSize(r, framesBuffer)
	var head [2]byte
	msg := make([]byte, 1<<laneBit)
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		h := binary.LittleEndian.Uint16(head[:])
		n := int(h &^ (1 << laneBit))
		if _, err := io.ReadFull(in, msg[:n]); err != nil {
			return err
		}
		took(Lane(h>>laneBit), msg[:n])
	}
}
