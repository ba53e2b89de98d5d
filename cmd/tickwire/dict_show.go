package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// A dictShowCmd is `tickwire dict show`.
type dictShowCmd struct {
	File  string   `arg:"" help:"A dictionary that dict train has written."`
	Try   []string `placeholder:"MESSAGES" help:"Recorded messages, files or folders: tell what it saves of them."`
	Lines bool     `help:"The files of --try are text, with a message in each line."`
}

// Help is called by kong.
func (*dictShowCmd) Help() string { return recordedHelp }

// Run is called by kong.
func (c *dictShowCmd) Run() error { return c.run(os.Stdout) }

// shownEnd is how much is shown of a dictionary.
const shownEnd = 240

func (c *dictShowCmd) run(out io.Writer) error {
	d, err := readDictionary(c.File)
	if err != nil {
		return err
	}
	content := d.Bytes()
	end := content[max(0, len(content)-shownEnd):]
	fmt.Fprintf(out, "%s: dictionary %08x, %d bytes\n", c.File, d.ID(), len(content))
	fmt.Fprintf(out, "its end, where what is found most stands:\n  %s\n", strconv.QuoteToASCII(string(end)))
	if len(c.Try) == 0 {
		return nil
	}
	lists, err := recorded(c.Try, c.Lines)
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	return tellSaved(out, d, slices.Concat(lists...))
}
