// The command sweep shows what the constants of package endpoint are worth: it builds the package
// with other values of one of them, through an overlay that leaves the files as they are, plays the
// same links with each, and draws what came out.
//
//	go run ./internal/sweep                    # which constants there are
//	go run ./internal/sweep --out docs/pictures   # all of them, in some minutes
//	go run ./internal/sweep --seeds 20 ownBytes
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/internal/picture"
	"github.com/tickwire/tickwire/internal/workload"
)

func main() {
	out := flag.String("out", "", "folder for the pictures; without it, and without names, a list")
	seeds := flag.Int("seeds", 5, "runs of each, of which the median counts")
	play := flag.Bool("play", false, "play with the values that this program was built with, and print the figures")
	flag.Parse()
	if err := run(*out, flag.Args(), *seeds, *play); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}

func run(out string, names []string, seeds int, play bool) error {
	if out == "" && len(names) == 0 {
		for _, s := range sweeps {
			fmt.Printf("%-12s %s\n", s.name, s.title)
		}
		return nil
	}
	if seeds < 1 {
		return fmt.Errorf("--seeds is %d: want at least 1", seeds)
	}
	chosen, err := find(names)
	if err != nil {
		return err
	}
	for _, s := range chosen {
		if play {
			err = s.play(os.Stdout, seeds)
		} else {
			err = s.sweep(out, seeds)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// find returns the sweeps of those names; without any, all.
func find(names []string) ([]sweep, error) {
	if len(names) == 0 {
		return sweeps, nil
	}
	var chosen []sweep
	for _, name := range names {
		i := slices.IndexFunc(sweeps, func(s sweep) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no sweep is called %q: go run ./internal/sweep lists them", name)
		}
		chosen = append(chosen, sweeps[i])
	}
	return chosen, nil
}

// play prints the figures of each line, from the constants that were built in.
func (s *sweep) play(w io.Writer, seeds int) error {
	var points [][2]float64
	for _, l := range s.lines {
		var p [2]float64
		for i, f := range s.figures {
			var results []workload.Result
			for seed := range seeds {
				cell := l.cells[min(i, len(l.cells)-1)]
				cell.Seed = uint64(seed + 1)
				r, err := cell.Run()
				if err != nil {
					return err
				}
				results = append(results, r)
			}
			p[i] = workload.Summarize(f, results).Median
		}
		points = append(points, p)
	}
	return json.NewEncoder(w).Encode(points)
}

// sweep builds and plays each value, prints the figures, and draws them.
func (s *sweep) sweep(out string, seeds int) error {
	dir, err := os.MkdirTemp("", "sweep")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	plot := picture.Plot{Title: s.title, Axis: s.axis, Mark: s.now}
	plot.Note = fmt.Sprintf("go run ./internal/sweep --seeds %d %s. The upright line is what is in use, %v", seeds, s.name, s.now)
	for i, f := range s.figures {
		panel := picture.Panel{Name: strings.TrimSuffix(s.panels[i]+", "+f.Unit, ", ")}
		for _, l := range s.lines {
			panel.Lines = append(panel.Lines, picture.Line{Name: l.name})
		}
		plot.Panels = append(plot.Panels, panel)
	}
	fmt.Printf("%s\n%10s", s.title, s.name)
	for _, l := range s.lines {
		fmt.Printf("  %20s", l.name)
	}
	fmt.Println()
	for _, v := range s.values {
		points, err := s.with(dir, v, seeds)
		if err != nil {
			return err
		}
		fmt.Printf("%10v", v)
		for i, p := range points {
			fmt.Printf("  %10s%10s", s.figures[0].Format(p[0]), s.figures[1].Format(p[1]))
			for k := range plot.Panels {
				line := &plot.Panels[k].Lines[i]
				line.Points = append(line.Points, picture.Point{X: v, Y: p[k]})
			}
		}
		fmt.Println()
	}
	if out == "" {
		return nil
	}
	for i := range plot.Panels {
		plot.Panels[i].Least = lowerEdge(plot.Panels[i].Lines)
	}
	return os.WriteFile(filepath.Join(out, "constant-"+s.name+".svg"), plot.Draw(), 0o644)
}

// lowerEdge is 0, or a round number below points that are all nearly the same.
func lowerEdge(lines []picture.Line) float64 {
	least, most := math.Inf(1), 0.0
	for _, l := range lines {
		for _, at := range l.Points {
			least, most = min(least, at.Y), max(most, at.Y)
		}
	}
	if math.IsInf(most, 1) || least < most*9/10 {
		return 0
	}
	return math.Floor(least/5) * 5
}

// with builds this program with another value of the constant, and has it play.
func (s *sweep) with(dir string, v float64, seeds int) (points [][2]float64, err error) {
	source, err := filepath.Abs(s.file)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return nil, fmt.Errorf("run it from the root of the repository: %w", err)
	}
	altered, err := s.alter(text, v)
	if err != nil {
		return nil, err
	}
	replaced, overlay, program := filepath.Join(dir, "altered.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program")
	instead, err := json.Marshal(map[string]map[string]string{"Replace": {source: replaced}})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(replaced, altered, 0o644), os.WriteFile(overlay, instead, 0o644)); err != nil {
		return nil, err
	}
	if text, err := exec.Command("go", "build", "-overlay", overlay, "-o", program, "./internal/sweep").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("with %v it does not build: %w\n%s", v, err, text)
	}
	var complaint bytes.Buffer
	cmd := exec.Command(program, "--play", "--seeds", fmt.Sprint(seeds), s.name)
	cmd.Stderr = &complaint
	answer, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("with %v: %w\n%s", v, err, complaint.String())
	}
	err = json.Unmarshal(answer, &points)
	return points, err
}

// alter puts another value into the source of the constant.
func (s *sweep) alter(text []byte, v float64) ([]byte, error) {
	places := s.where.FindAllSubmatchIndex(text, -1)
	if len(places) != 1 {
		return nil, fmt.Errorf("%s has %d places that look like %v: want one", s.file, len(places), s.where)
	}
	from, to := places[0][2], places[0][3]
	return bytes.Join([][]byte{text[:from], []byte(s.expr(v)), text[to:]}, nil), nil
}
