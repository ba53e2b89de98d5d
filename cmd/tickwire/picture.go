package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tickwire/tickwire/internal/picture"
)

//go:generate go run . picture --out ../../docs/pictures

// A pictureCmd is `tickwire picture`: it plays short scenes of two endpoints over a simulated
// link in virtual time, and draws what happened.
type pictureCmd struct {
	Names []string `arg:"" optional:"" help:"Which pictures. Without any: all of them, or, without --out, a list."`
	Out   string   `placeholder:"FOLDER" help:"Write each picture to a file there, such as docs/pictures. Without it one picture is printed."`
	Seed  uint64   `placeholder:"N" help:"Another seed for the link, to see other packets get lost; 0: the one that shows what the picture is about."`
}

// Validate is called by kong after parsing.
func (c *pictureCmd) Validate() error {
	var errs []error
	for _, name := range c.Names {
		_, err := picture.Find(name)
		errs = append(errs, err)
	}
	if c.Out == "" && len(c.Names) > 1 {
		errs = append(errs, fmt.Errorf("%d pictures: say in which --out folder, or name one", len(c.Names)))
	}
	return errors.Join(errs...)
}

// Run is called by kong.
func (c *pictureCmd) Run() error { return c.run(os.Stdout) }

func (c *pictureCmd) run(out io.Writer) error {
	scenes, err := c.scenes()
	if err != nil {
		return err
	}
	for _, s := range scenes {
		if c.Out == "" && len(c.Names) == 0 {
			fmt.Fprintf(out, "%-20s %s: %s\n", s.Name, s.Title, s.Note)
			continue
		}
		if c.Seed != 0 {
			s.Seed, s.Note = c.Seed, fmt.Sprintf("the same script with seed %d", c.Seed)
		}
		svg, err := s.Draw()
		if err != nil {
			return err
		}
		if err := c.write(out, s.Name+".svg", svg); err != nil {
			return err
		}
	}
	return nil
}

// scenes are those that were asked for.
func (c *pictureCmd) scenes() ([]picture.Scene, error) {
	if len(c.Names) == 0 {
		return picture.Scenes(), nil
	}
	var scenes []picture.Scene
	for _, name := range c.Names {
		s, err := picture.Find(name)
		if err != nil {
			return nil, err
		}
		scenes = append(scenes, s)
	}
	return scenes, nil
}

func (c *pictureCmd) write(out io.Writer, name string, svg []byte) error {
	if c.Out == "" {
		_, err := out.Write(svg)
		return err
	}
	path := filepath.Join(c.Out, name)
	if err := os.WriteFile(path, svg, 0o644); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	_, err := fmt.Fprintln(out, path)
	return err
}
