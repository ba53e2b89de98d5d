package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tickwire/tickwire/bench/report"
)

// A tableCmd is `peers table`.
type tableCmd struct {
	Files    []string `arg:"" type:"existingfile" help:"Raw lines."`
	Pictures bool     `help:"Show the pictures that peers plot draws into the same folder."`
	Brief    bool     `help:"The tables at a glance, and where it was measured."`
	Into     string   `placeholder:"FILE" type:"existingfile" help:"Put them into a page, between the lines <!-- peers --> and <!-- /peers -->, in place of what is there."`
}

// Run is called by kong.
func (c *tableCmd) Run() error { return c.run(os.Stdout) }

func (c *tableCmd) run(out io.Writer) error {
	lines, err := readAll(c.Files)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if c.Brief {
		err = report.Brief(&b, lines)
	} else {
		err = report.Table(&b, lines, c.Pictures)
	}
	if err != nil {
		return err
	}
	if c.Into == "" {
		_, err = out.Write(b.Bytes())
		return err
	}
	if err := report.PutInto(c.Into, "peers", b.String()); err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	return nil
}

// A plotCmd is `peers plot`.
type plotCmd struct {
	Files []string `arg:"" type:"existingfile" help:"Raw lines."`
	Out   string   `default:"." type:"existingdir" help:"Folder for the pictures."`
}

// Run is called by kong.
func (c *plotCmd) Run() error {
	lines, err := readAll(c.Files)
	if err != nil {
		return err
	}
	names, err := report.Plot(c.Out, lines)
	for _, name := range names {
		fmt.Println(name)
	}
	return err
}

// readAll reads the lines of all files.
func readAll(files []string) ([]report.Line, error) {
	var all []report.Line
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		lines, err := report.Read(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, lines...)
	}
	return all, nil
}
