package main

import (
	"fmt"
	"io"
	"os"

	"github.com/tickwire/tickwire/compress"
)

// A dictTrainCmd is `tickwire dict train`.
type dictTrainCmd struct {
	From  []string `arg:"" name:"messages" help:"Recorded messages: files or folders."`
	Out   string   `short:"o" required:"" placeholder:"FILE" help:"Where the dictionary goes; a file that is there is replaced."`
	Bytes int      `default:"16384" help:"How large it becomes at most: 256 to 65536."`
	Lines bool     `help:"The files are text, with a message in each line."`
}

// Help is called by kong.
func (*dictTrainCmd) Help() string {
	return recordedHelp + " The last fifth of each file or folder is not learned: on it it is measured what the dictionary saves. Record several matches: what is learned of one is found again in itself. " +
		"In the program: b, err := os.ReadFile(FILE); dictionary, err := compress.ParseDictionary(b)."
}

// Validate is called by kong after parsing.
func (c *dictTrainCmd) Validate() error {
	if c.Bytes < 256 || c.Bytes > compress.MostDictionaryBytes {
		return fmt.Errorf("--bytes is %d: want 256 to 65536", c.Bytes)
	}
	return nil
}

// Run is called by kong.
func (c *dictTrainCmd) Run() error { return c.run(os.Stdout) }

func (c *dictTrainCmd) run(out io.Writer) error {
	lists, err := recorded(c.From, c.Lines)
	if err != nil {
		return err
	}
	learned, unseen := lastFifths(lists)
	d, err := compress.Train(learned, compress.TrainConfig{MaxBytes: c.Bytes})
	if err != nil {
		return fmt.Errorf("%d messages from %s: %w", len(learned)+len(unseen), c.From[0], err)
	}
	b, err := d.AppendBinary(nil)
	if err == nil {
		err = os.WriteFile(c.Out, b, 0o666)
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	fmt.Fprintf(out, "%s: dictionary %08x, %d bytes, learned from %d messages\n\n", c.Out, d.ID(), len(d.Bytes()), len(learned))
	return tellSaved(out, d, unseen)
}

// lastFifths sets the last fifth of each list aside: messages in a row resemble each other more than
// those of another match will.
func lastFifths(lists [][][]byte) (others, last [][]byte) {
	for _, messages := range lists {
		cut := len(messages) - len(messages)/5
		others, last = append(others, messages[:cut]...), append(last, messages[cut:]...)
	}
	return others, last
}

// A saving is what messages come to with a Config.
type saving struct {
	name   string
	cfg    compress.Config
	bytes  int
	asIs   int // messages that went as they are
	before int
}

// savings are what messages come to without the dictionary and with it.
func savings(d *compress.Dictionary, messages [][]byte) ([]saving, error) {
	all := []saving{
		{name: "without a dictionary"},
		{name: "with it", cfg: compress.Config{Dictionary: d}},
		{name: "with it, Small", cfg: compress.Config{Dictionary: d, Effort: compress.Small}},
	}
	for i := range all {
		s := &all[i]
		by, err := compress.New(s.cfg)
		if err != nil {
			return nil, err
		}
		var b []byte
		for _, m := range messages {
			b = by.AppendCompressed(b[:0], m)
			s.before += len(m)
			if s.bytes += len(b); len(b) > len(m) {
				s.asIs++
			}
		}
	}
	return all, nil
}

// tellSaved prints what a dictionary saves of messages.
func tellSaved(out io.Writer, d *compress.Dictionary, messages [][]byte) error {
	all, err := savings(d, messages)
	if err != nil {
		return err
	}
	before := all[0].before
	fmt.Fprintf(out, "of %d messages that it has not learned, %d bytes each:\n", len(messages), before/max(1, len(messages)))
	best := before
	for _, s := range all {
		fmt.Fprintf(out, "  %-22s %9d of %d bytes, %5.1f %%; %d go as they are\n", s.name, s.bytes, before, percent(s.bytes, before), s.asIs)
		best = min(best, s.bytes)
	}
	if best*20 > before*19 {
		fmt.Fprintln(out, "\nThat is less than a twentieth: leave these messages as they are.")
	}
	return nil
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
