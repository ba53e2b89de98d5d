package gen

import (
	"math/big"
)

// A Package is what the messages of a Go package are made of, each type after those that it
// contains.
type Package struct {
	Name    string
	Structs []*Struct
	Imports []Import // the packages whose types are named
	Facts   []string // what tags and enums took of constants, as conditions
}

// An Import is a package by the name that it has in what is generated.
type Import struct{ Name, Path string }

// A Struct is a message, or something that messages contain.
type Struct struct {
	Name    string
	Doc     string // the first paragraph of its comment
	Message bool   // marked by //tickwire:message
	Fields  []*Field
	Source  []SourceField // all that the Go struct has
	LeftOut bool          // some of them are no Fields
}

// A SourceField is one of a Go struct, as its source has it.
type SourceField struct {
	Name     string
	Type     string
	Embedded bool
}

// A Field is one of a Struct, as it goes over the wire.
type Field struct {
	Name         string
	Doc          string // its comment
	Type         *Type
	Since, Until int // schema versions between which it is there; 0: no bound
}

// A Kind is the form that a value has on the wire.
type Kind uint8

// The kinds. What else is needed of a Type is said behind each.
const (
	Bool      Kind = iota
	Ranged         // integer: Lo, Hi
	Varint         // integer without a range: Bits, Signed
	Byte           // uint8, int8 as they are
	EnumKind       // Lo, Hi, Enum
	Float          // all bits: Bits
	Quantized      // float: From, To, Step
	Half
	Unit       // Bits an axis; bits of the float in Width; Parts
	Quaternion // likewise
	Angle      // Bits a turn
	String     // Max, View
	Bytes      // Max, View
	Array      // Len, Elem
	Slice      // Max, Elem
	Map        // Max, Key, Elem
	Optional   // a pointer: Elem
	Default    // the zero value is left out: Elem
	StructKind // Struct
	UnionKind  // Union
	Custom     // has AppendBits and ReadBits
	Binary     // has AppendBinary and UnmarshalBinary: Max
	Duration   // Lo, Hi in units of Step
	Addr
	AddrPort
)

// A Type is a Kind with what belongs to it.
type Type struct {
	Kind     Kind
	Go       string // as the package's source names it
	Signed   bool
	Bits     int
	Width    int // of the Go number, in bits
	Lo, Hi   *big.Int
	From, To float64
	Step     float64
	Unit     int64 // of a Duration, in nanoseconds
	Max, Len int
	Clamp    bool
	View     bool
	Key      *Type
	Elem     *Type
	Struct   *Struct
	Union    *Union
	Enum     *Enum
	Own      *Own     // of a Custom and a Binary
	Parts    []string // of a Unit and a Quaternion, behind the value: "[0]", or ".X"
}

// An Own is what a type that writes itself can do besides.
type Own struct {
	Comparable bool   // by ==
	Equal      string // it has such a method, of "value" or "pointer"
	CopyFrom   bool   // it has such a method, of a pointer
	Shares     bool   // what is assigned shares memory with what it was assigned from
}

// A Union is an interface that has one of some types, in the order of the wire.
type Union struct {
	Name     string
	Doc      string
	Members  []*Struct
	Pointers bool // it has pointers to them
}

// member is a type of the union, as the interface has it.
func (u *Union) member(s *Struct) string {
	if u.Pointers {
		return "*" + s.Name
	}
	return s.Name
}

// An Enum is a named integer type with its constants.
type Enum struct {
	Name      string
	Doc       string
	Constants []Constant
}

// A Constant is one value of an Enum.
type Constant struct {
	Name  string
	Value *big.Int
}

// diff is how far two numbers are apart.
func diff(lo, hi *big.Int) uint64 { return new(big.Int).Sub(hi, lo).Uint64() }
