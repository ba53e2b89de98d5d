package gen

import (
	"fmt"
	"strconv"
	"strings"
)

// A tag is what a struct tag says of a field, or of the keys or elements of one.
//
//	tw:"0..1000"             an integer in this range
//	tw:"-512..512/0.01"      a float in steps of 0.01
//	tw:"max=32,each:0..9"    32 elements at most, each from 0 to 9
type tag struct {
	text    string
	leave   bool    // -
	lo, hi  string  // of a range; empty: none
	step    string  // of a range
	numbers [4]int  // by number, 0: not said
	flags   flagSet // by flag
	since   int
	until   int
	key     *tag // nil: nothing is said
	each    *tag
}

// A number is an option with a number.
type number uint8

const (
	maxNumber number = iota
	unitNumber
	quatNumber
	angleNumber
)

var numberNames = [...]string{"max", "unit", "quat", "angle"}

// A flag is an option that is there or not.
type flag uint8

const (
	enumFlag flag = iota
	halfFlag
	optFlag
	viewFlag
	clampFlag
)

var flagNames = [...]string{"enum", "half", "opt", "view", "clamp"}

type flagSet uint8

func (s flagSet) has(f flag) bool { return s&(1<<f) != 0 }

// A tagFault is what is wrong with a tag.
type tagFault struct{ why, want string }

func faultOf(want, format string, args ...any) *tagFault {
	return &tagFault{fmt.Sprintf(format, args...), want}
}

// parseTag reads the text of a tag. Numbers may be names of constants, which value finds.
func parseTag(text string, value func(name string) (string, bool)) (*tag, *tagFault) {
	t := &tag{text: text}
	if text == "-" {
		t.leave = true
		return t, nil
	}
	if text == "" {
		return t, nil
	}
	for option := range strings.SplitSeq(text, ",") {
		if fault := t.option(strings.TrimSpace(option), value); fault != nil {
			return nil, fault
		}
	}
	return t, nil
}

// option reads one option of a tag.
func (t *tag) option(o string, value func(string) (string, bool)) *tagFault {
	if rest, ok := strings.CutPrefix(o, "each:"); ok {
		return partOf(&t.each, rest, value)
	}
	if rest, ok := strings.CutPrefix(o, "key:"); ok {
		return partOf(&t.key, rest, value)
	}
	if lo, hi, ok := strings.Cut(o, ".."); ok {
		return t.limits(lo, hi, value)
	}
	if name, n, ok := strings.Cut(o, "="); ok {
		return t.number(name, n, value)
	}
	for f, name := range flagNames {
		if o == name {
			if t.flags.has(flag(f)) {
				return faultOf("it once", "%s is there twice", o)
			}
			t.flags |= 1 << f
			return nil
		}
	}
	return faultOf(options, "there is no option %q", o)
}

// options is what a tag may hold.
const options = `a range such as 0..1000 or -512..512/0.01, max=N, enum, half, unit=N, quat=N, angle=N, opt, view, ` +
	`clamp, since=N, until=N, key: or each: before one of them, or "-" alone`

// partOf reads an option of keys or elements.
func partOf(of **tag, o string, value func(string) (string, bool)) *tagFault {
	if *of == nil {
		*of = new(tag)
	}
	if strings.HasPrefix(o, "since=") || strings.HasPrefix(o, "until=") {
		return faultOf("it without key: or each:", "%s is of whole fields", o)
	}
	return (*of).option(o, value)
}

// limits reads a range.
func (t *tag) limits(lo, hi string, value func(string) (string, bool)) *tagFault {
	if t.lo != "" {
		return faultOf("one", "there are two ranges")
	}
	hi, step, stepped := strings.Cut(hi, "/")
	for _, s := range []*string{&lo, &hi, &step} {
		*s = resolve(*s, value)
	}
	if lo == "" || hi == "" || stepped && step == "" {
		return faultOf("lo..hi, or lo..hi/step", "a range has an end that is missing")
	}
	t.lo, t.hi, t.step = lo, hi, step
	return nil
}

// mostNumber is the most that a number of a tag may be: 16 MiB is far more than a message takes.
const mostNumber = 1 << 24

func (t *tag) number(name, text string, value func(string) (string, bool)) *tagFault {
	n, err := strconv.Atoi(resolve(text, value))
	if err != nil || n <= 0 || n > mostNumber {
		return faultOf("a number from 1 to 16777216, or a constant of the package that is one", "%s is %q", name, text)
	}
	of := (*int)(nil)
	switch name {
	case "since":
		of = &t.since
	case "until":
		of = &t.until
	}
	for i, known := range numberNames {
		if name == known {
			of = &t.numbers[i]
		}
	}
	switch {
	case of == nil:
		return faultOf(options, "there is no option %q", name+"=")
	case *of != 0:
		return faultOf("it once", "%s is there twice", name)
	}
	*of = n
	return nil
}

// resolve puts the value of a constant in the place of its name.
func resolve(s string, value func(string) (string, bool)) string {
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-")
	if v, ok := value(strings.TrimPrefix(s, "-")); ok {
		if negative {
			return "-" + v
		}
		return v
	}
	return s
}
