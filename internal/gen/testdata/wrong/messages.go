package wrong

import (
	"net/url"
	"time"
)

//tickwire:message
type Wrong struct {
	Endless  string          // want "it has no limit" "max=N, in bytes"
	List     []int           // want "it has no limit" "max=N, in elements"
	Table    map[string]int  // want "it has no limit" "max=N, in entries"
	Backward int             `tw:"9..1"`     // want "the range 9..1 is empty" "the smaller one first"
	Small    int8            `tw:"0..300"`   // want "a int8 has no values as far as 0..300" "-128..127"
	Stepless float32         `tw:"0..1"`     // want "has no step" "lo..hi/step"
	Steps    int             `tw:"0..1/0.5"` // want "is no range of integers" "lo..hi"
	Typo     int             `tw:"rang=3"`   // want "there is no option" "a range such as"
	Lost     bool            `tw:"half"`     // want "half means nothing for a bool" "left out"
	hidden   int             // want "it is not exported" "an exported name"
	Chan     chan int        // want "a chan int cannot be sent" "docs/messages.md lists"
	Foreign  url.URL         // want "how it is read and written" "max=N"
	Self     *Node           // want "" ""
	Err      error           // want "error is an interface of another package" "of this package"
	Any      Loose           // want "nothing says what can be in it" "//tickwire:union A B C"
	Aim      [2]float32      `tw:"unit=9"`                   // want "unit is for directions" "three floats"
	Wait     time.Duration   `tw:"0s..1s"`                   // want "is no range of durations" "0s..10s/1ms"
	Late     bool            `tw:"since=3,until=2"`          // want "until is not above since" "the first version"
	Twice    int             `tw:"0..1,0..2"`                // want "there are two ranges" "one"
	Keyed    map[float64]int `tw:"max=2"`                    // want "no key that has an order" "keys that are bools"
	Clamped  map[int]int     `tw:"max=2,key:0..9,key:clamp"` // want "may be clamped to one" "without clamp"
	Twofold  **int           // want "a pointer to a pointer" "one of them"
	Uneven   float32         `tw:"0..1/0.4"`       // want "is 2.5 steps" "divides"
	Fine     float32         `tw:"0..1024/0.0001"` // want "cannot tell steps" "float64"
	Turn     float32         `tw:"angle=32"`       // want "angle=32" "2 to 24"
	Lonely   Only            `tw:"enum"`           // want "nothing to send" "two at least"
	NoConst  Bare            `tw:"enum"`           // want "has no constants" "constants of the type"
	Half     Mixed           // want "names structs and pointers to structs" "pointers, or none"
	Aimed    Shot            // want "Arrow does not implement Shot" "//tickwire:union *Arrow"
	Missed   Miss            // want "*Arrow does not implement Miss" "its methods"
}

//tickwire:union *Arrow Node
type Mixed interface{ mixed() }

//tickwire:union Arrow
type Shot interface{ shot() }

//tickwire:union *Arrow
type Miss interface{ miss() }

type Arrow struct{ Far uint8 }

func (*Arrow) shot()  {}
func (*Arrow) mixed() {}

type Node struct {
	Next *Node // want "it contains itself" "ids in place of pointers"
}

type Loose interface{ loose() }

type Bare int

type Only int

const One Only = 1

//tickwire:message
type Number int // want "is no struct" "a struct"

//tickwire:message
type Clash struct { // want "it has a CopyFrom" "another name"
	CopyFrom int
}

type Vague struct {
	X float32
	Y int
}

//tickwire:message
type Aims struct {
	Mixed Vague                  `tw:"unit=9"` // want "is no direction" "floats of one type"
	Flat  struct{ X, Y float32 } `tw:"unit=9"` // want "unit is for directions" "three floats"
}
