package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// What a value of a flag must look like is said in the words of our other errors, with an
// example, where the parser would repeat those of packages time and strconv.

func durationOf(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time: want one such as 10s, 500ms or 1h", text)
	}
	return d, nil
}

func numberOf(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no such number: want 0 or more, such as 7 or 0x1234", text)
	}
	return n, nil
}

func countOf(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number: want one such as 16", text)
	}
	return n, nil
}

func shareOf(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number: want one such as 0.05", text)
	}
	return x, nil
}

// valueMappers are the parser's readers of durations, of seeds and ids, and of other numbers.
func valueMappers() kong.Option {
	return kong.OptionFunc(func(k *kong.Kong) error {
		durations := reader(func(text string, target reflect.Value) error {
			d, err := durationOf(text)
			target.SetInt(int64(d))
			return err
		})
		numbers := reader(func(text string, target reflect.Value) error {
			n, err := numberOf(text)
			target.SetUint(n)
			return err
		})
		counts := reader(func(text string, target reflect.Value) error {
			n, err := countOf(text)
			target.SetInt(n)
			return err
		})
		shares := reader(func(text string, target reflect.Value) error {
			x, err := shareOf(text)
			target.SetFloat(x)
			return err
		})
		for _, option := range []kong.Option{
			kong.TypeMapper(reflect.TypeFor[time.Duration](), durations),
			kong.KindMapper(reflect.Uint64, numbers), kong.KindMapper(reflect.Int, counts), kong.KindMapper(reflect.Float64, shares),
		} {
			if err := option.Apply(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// reader takes one word of the command line.
func reader(set func(text string, target reflect.Value) error) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		word, err := ctx.Scan.PopValue(ctx.Value.Name)
		if err != nil {
			return err
		}
		return set(fmt.Sprint(word.Value), target)
	}
}

// bare leaves out which package an error is of: who types a flag has named none.
func bare(err error) error {
	if err == nil {
		return nil
	}
	for _, room := range []string{"simnet", "workload", "udp", "picture"} {
		if text, ok := strings.CutPrefix(err.Error(), room+": "); ok {
			return &saying{text, err}
		}
	}
	return err
}

// A saying is an error in other words.
type saying struct {
	text string
	error
}

func (s *saying) Error() string { return s.text }

func (s *saying) Unwrap() error { return s.error }
