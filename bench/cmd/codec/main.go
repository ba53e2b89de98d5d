// The command codec measures what tickwire's generated code makes of five messages of a game beside
// protobuf, msgpack, CBOR, FlatBuffers, gob and JSON, and puts a table into a page and a picture
// beside it.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/bench/codec"
	"github.com/tickwire/tickwire/bench/report"
)

// A cli is the command line.
type cli struct {
	For     time.Duration `default:"20ms" help:"How long each function has in a round, in time of the processor."`
	Rounds  int           `default:"9" help:"Rounds, of which the medians count."`
	Into    string        `placeholder:"FILE" type:"existingfile" help:"Put the table into a page, between the lines <!-- codec --> and <!-- /codec -->. Without it: print it."`
	Picture string        `placeholder:"FILE" help:"Draw the picture there."`
}

func main() {
	k := kong.Parse(new(cli), kong.Name("codec"))
	k.FatalIfErrorf(k.Run())
}

// Run is called by kong.
func (c *cli) Run() error {
	if c.Rounds < 1 || c.For <= 0 {
		return fmt.Errorf("--rounds %d, --for %s: both are to be above zero", c.Rounds, c.For)
	}
	rows, err := codec.Measure(codec.TheValues(), codec.Plan{Rounds: c.Rounds, Turn: c.For})
	if err != nil {
		return err
	}
	return errors.Join(c.draw(rows), c.show(codec.Table(rows)+"\n"+c.conditions()))
}

// conditions says where and how it was measured.
func (c *cli) conditions() string {
	m := report.ThisMachine()
	return fmt.Sprintf("Measured %s by `make codec` on %s, %d cores, %s, %s; medians of %d rounds of %s each, load of the machine %.1f.\n",
		time.Now().UTC().Format(time.DateOnly), m.Processor, m.Cores, m.Kernel, m.Go, c.Rounds, c.For, report.Load())
}

func (c *cli) draw(rows []codec.Row) error {
	if c.Picture == "" {
		return nil
	}
	var b bytes.Buffer
	if err := codec.Plot(&b, rows); err != nil {
		return err
	}
	return os.WriteFile(c.Picture, b.Bytes(), 0o644)
}

func (c *cli) show(table string) error {
	if c.Into == "" {
		_, err := os.Stdout.WriteString(table)
		return err
	}
	if err := report.PutInto(c.Into, "codec", table); err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	return nil
}
