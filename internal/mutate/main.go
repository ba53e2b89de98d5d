// The command mutate asks what the tests of a package would notice: it changes operators, constants,
// conditions and statements, one at a time, and runs the tests that come by. What no test notices
// is printed, to be given a test, or a reason in reasons.txt.
//
//	go run ./internal/mutate                            # 1000 mutants of endpoint and netcode
//	go run ./internal/mutate --samples 200 --seed 7 netcode
//	go run ./internal/mutate --file data.go --samples 0 netcode # all places of one file
//	go run ./internal/mutate --file way.go --skip 'Alloc|Long|House' . # of the root
//
// All sampled mutants are compiled into one test program, from copies that the go command reads
// instead of the files (its -overlay), and a number in the environment chooses one of them. So there
// is one build for a package, not one for each mutant. Every test runs once, alone, to see which
// mutants it comes by; a mutant is then tried against those tests only, in processes with limits of
// time and memory, and first against those that have caught most in their time.
//
// Verdicts are kept in a file. A run that was cut short goes on where it was, and after a change of
// tests alone only survivors are tried again.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

// options are what the command line says.
type options struct {
	seed    uint64
	samples int    // over all packages; 0 takes every place
	file    string // only places of files of this name
	skip    string // tests that are not asked
	beside  string // a package whose tests are asked too
	out     string // the verdicts
	list    bool   // print the sample, and try nothing
	packs   []string
}

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 1, "which sample")
	flag.IntVar(&o.samples, "samples", 1000, "mutants over all packages, each as many as it is large; 0: one at every place")
	flag.StringVar(&o.file, "file", "", "only of this file of the packages")
	flag.StringVar(&o.skip, "skip", "", "do not ask the tests that this expression finds: a quick run first, and the survivors once more without it")
	flag.StringVar(&o.beside, "beside", "", "a folder whose tests are asked about what survives, and behind a colon which of them: internal/workload:Table")
	flag.StringVar(&o.out, "out", "bin/mutants.jsonl", "where the verdicts are kept")
	flag.BoolVar(&o.list, "list", false, "print the sample, and try nothing")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "mutate [flags] [folder of a package ...]: what would the tests of a package notice?")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.packs = flag.Args()
	if len(o.packs) == 0 {
		o.packs = []string{"endpoint", "netcode"}
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.samples < 0 {
		return fmt.Errorf("--samples is %d: want 1 or more, or 0 for every place", o.samples)
	}
	reasons, err := readReasons(reasonsText)
	if err != nil {
		return err
	}
	var packs []*pack
	for _, dir := range o.packs {
		p, err := load(strings.TrimPrefix(dir, "./"))
		if err != nil {
			return err
		}
		p.keep(o.file)
		if err := errors.Join(p.leaveOut(o.skip), p.ask(o.beside)); err != nil {
			return err
		}
		packs = append(packs, p)
	}
	sample(packs, o.samples, o.seed)
	if o.list {
		for _, p := range packs {
			for _, m := range p.mutants {
				fmt.Println(m)
			}
		}
		return nil
	}
	kept, err := openVerdicts(o.out)
	if err != nil {
		return err
	}
	defer kept.close()
	var all report
	for _, p := range packs {
		if err := p.try(kept, os.Stderr); err != nil {
			return fmt.Errorf("%s: %w", p.dir, err)
		}
		all.add(p, reasons)
	}
	all.print(os.Stdout)
	return kept.close()
}
