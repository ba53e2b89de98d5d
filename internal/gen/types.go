package gen

import (
	"fmt"
	"go/token"
	"go/types"
	"math"
	"math/big"
	"strconv"
)

// typeOf finds the form on the wire of a Go type with a tag; nil if there is none, which is told.
func (b *builder) typeOf(what string, t types.Type, g *tag, at token.Pos) *Type {
	u := &use{builder: b, what: what, tag: g, at: at, taken: make(map[string]bool)}
	if g.flags.has(optFlag) {
		u.taken["opt"] = true
		return u.optional(t)
	}
	r := u.plain(t)
	if r != nil {
		u.leftovers(t)
	}
	return r
}

// A use is a type where it stands, with what its tag says. What of the tag was taken is noted, so
// that what means nothing for the type is a mistake, and not passed over.
type use struct {
	*builder
	what  string
	tag   *tag
	at    token.Pos
	taken map[string]bool
	bad   bool
}

func (u *use) wrong(why, want string) *Type {
	if !u.bad {
		u.mistake(u.at, u.what, why, want)
	}
	u.bad = true
	return nil
}

func (u *use) wrongf(want, format string, args ...any) *Type {
	return u.wrong(fmt.Sprintf(format, args...), want)
}

func (u *use) flag(f flag) bool {
	u.taken[flagNames[f]] = true
	return u.tag.flags.has(f)
}

func (u *use) number(n number) int {
	u.taken[numberNames[n]] = true
	return u.tag.numbers[n]
}

func (u *use) ranged() bool {
	u.taken["range"] = true
	return u.tag.lo != ""
}

// leftovers tells of options that mean nothing for the type.
func (u *use) leftovers(t types.Type) {
	if u.bad {
		return
	}
	mean := func(option string) { u.wrongf("it left out", "%s means nothing for a %s", option, u.show(t)) }
	if u.tag.lo != "" && !u.taken["range"] {
		mean("a range")
	}
	for f, name := range flagNames {
		if u.tag.flags.has(flag(f)) && !u.taken[name] {
			mean(name)
		}
	}
	for n, name := range numberNames {
		if u.tag.numbers[n] != 0 && !u.taken[name] {
			mean(name)
		}
	}
	if u.tag.key != nil && !u.taken["key"] {
		mean("key:")
	}
	if u.tag.each != nil && !u.taken["each"] {
		mean("each:")
	}
}

// optional is a value whose zero is left out.
func (u *use) optional(t types.Type) *Type {
	if _, ok := t.Underlying().(*types.Pointer); ok {
		return u.wrong("a pointer is optional by itself", "opt left out")
	}
	rest := *u.tag
	rest.flags &^= 1 << optFlag
	elem := u.typeOf(u.what, t, &rest, u.at)
	if elem == nil {
		return nil
	}
	if elem.Kind == UnionKind { // nil is one of its cases
		elem.Kind, elem.Max = UnionKind, 1
		return elem
	}
	if !types.Comparable(t) {
		return u.wrongf("a pointer to it, which may be nil", "a %s cannot be compared with its zero value", u.show(t))
	}
	return &Type{Kind: Default, Go: u.show(t), Elem: elem}
}

// plain is a type without opt.
func (u *use) plain(t types.Type) *Type {
	switch known := u.show(t); known {
	case "time.Duration":
		return u.duration()
	case "netip.Addr":
		return &Type{Kind: Addr, Go: known}
	case "netip.AddrPort":
		return &Type{Kind: AddrPort, Go: known}
	}
	if s, ok := t.Underlying().(*types.Struct); ok && u.tag.numbers[unitNumber]+u.tag.numbers[quatNumber] > 0 {
		return u.vector(s, u.show(t))
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if r, done := u.named(named); done {
			return r
		}
	}
	shown := u.show(t)
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return u.basic(t, shown)
	case *types.Pointer:
		if _, twice := t.Elem().Underlying().(*types.Pointer); twice {
			return u.wrong("a pointer to a pointer cannot be sent", "one of them")
		}
		elem := u.typeOf(u.what, t.Elem(), u.rest(), u.at)
		if elem == nil {
			return nil
		}
		return &Type{Kind: Optional, Go: shown, Elem: elem}
	case *types.Array:
		return u.array(t, shown)
	case *types.Slice:
		return u.slice(t, shown)
	case *types.Map:
		return u.mapping(t, shown)
	}
	return u.wrongf("one of the types that docs/messages.md lists, or a type with AppendBinary and UnmarshalBinary",
		"a %s cannot be sent", shown)
}

// rest hands the whole tag on to what a pointer points to.
func (u *use) rest() *tag {
	for _, all := range [][]string{flagNames[:], numberNames[:], {"range", "key", "each"}} {
		for _, name := range all {
			u.taken[name] = true
		}
	}
	return u.tag
}

// basic is a number, a bool or a string.
func (u *use) basic(t *types.Basic, shown string) *Type {
	switch info := t.Info(); {
	case info&types.IsBoolean != 0:
		return &Type{Kind: Bool, Go: shown}
	case info&types.IsInteger != 0:
		return u.integer(t, shown)
	case info&types.IsFloat != 0:
		return u.float(t, shown)
	case info&types.IsString != 0:
		return u.text(String, shown)
	}
	return u.wrongf("bool, an integer, a float or a string", "a %s cannot be sent", shown)
}

func (u *use) text(k Kind, shown string) *Type {
	n := u.number(maxNumber)
	if n == 0 {
		return u.wrong("it has no limit, so a peer could make it as long as he likes", "max=N, in bytes")
	}
	return &Type{Kind: k, Go: shown, Max: n, View: u.flag(viewFlag)}
}

// sizes of the integers, in bits; int and uint have 64 on the wire, so that all systems agree.
var sizes = map[types.BasicKind]int{
	types.Int8: 8, types.Int16: 16, types.Int32: 32, types.Int64: 64, types.Int: 64,
	types.Uint8: 8, types.Uint16: 16, types.Uint32: 32, types.Uint64: 64, types.Uint: 64,
}

func (u *use) integer(t *types.Basic, shown string) *Type {
	n, ok := sizes[t.Kind()]
	if !ok {
		return u.wrongf("an integer type with a size", "a %s cannot be sent", shown)
	}
	r := &Type{Kind: Varint, Go: shown, Bits: n, Width: n, Signed: t.Info()&types.IsUnsigned == 0}
	if !u.ranged() {
		if n == 8 {
			r.Kind = Byte
		}
		return r
	}
	r.Kind, r.Clamp = Ranged, u.flag(clampFlag)
	var fine [2]bool
	r.Lo, fine[0] = new(big.Int).SetString(u.tag.lo, 10)
	r.Hi, fine[1] = new(big.Int).SetString(u.tag.hi, 10)
	least, most := limitsOf(n, r.Signed)
	switch {
	case !fine[0] || !fine[1] || u.tag.step != "":
		return u.wrongf("whole numbers, or constants of the package, as lo..hi", "%q is no range of integers", u.tag.text)
	case r.Lo.Cmp(r.Hi) >= 0:
		return u.wrongf("the smaller one first", "the range %v..%v is empty", r.Lo, r.Hi)
	case r.Lo.Cmp(least) < 0 || r.Hi.Cmp(most) > 0:
		return u.wrongf(fmt.Sprintf("one within %v..%v, or a larger type", least, most), "a %s has no values as far as %v..%v", shown, r.Lo, r.Hi)
	}
	return r
}

// limitsOf are the least and the largest value of an integer type.
func limitsOf(bits int, signed bool) (least, most *big.Int) {
	one := big.NewInt(1)
	if signed {
		half := new(big.Int).Lsh(one, uint(bits-1))
		return new(big.Int).Neg(half), new(big.Int).Sub(half, one)
	}
	return new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, uint(bits)), one)
}

func (u *use) float(t *types.Basic, shown string) *Type {
	width := 64
	if t.Kind() == types.Float32 {
		width = 32
	}
	switch n := u.number(angleNumber); {
	case n != 0:
		return u.bits(&Type{Kind: Angle, Go: shown, Bits: n, Width: width}, "angle", 24+8*(width/64))
	case u.flag(halfFlag):
		return &Type{Kind: Half, Go: shown, Width: width}
	case !u.ranged():
		return &Type{Kind: Float, Go: shown, Bits: width, Width: width}
	}
	r := &Type{Kind: Quantized, Go: shown, Width: width, Clamp: u.flag(clampFlag)}
	var errs [3]error
	r.From, errs[0] = strconv.ParseFloat(u.tag.lo, 64)
	r.To, errs[1] = strconv.ParseFloat(u.tag.hi, 64)
	r.Step, errs[2] = strconv.ParseFloat(u.tag.step, 64)
	switch {
	case u.tag.step == "":
		return u.wrongf("lo..hi/step, such as -512..512/0.01", "%q has no step: how exact need it be?", u.tag.text)
	case errs != [3]error{}:
		return u.wrongf("numbers, or constants of the package, as lo..hi/step", "%q is no range of floats", u.tag.text)
	case !(r.From < r.To):
		return u.wrongf("the smaller one first", "the range %v..%v is empty", r.From, r.To)
	case !(r.Step > 0) || r.Step > r.To-r.From || (r.To-r.From)/r.Step >= 1<<53:
		return u.wrongf("one above 0 by which the range is divided into less than 2^53", "its step is %v", r.Step)
	}
	return u.stepped(r)
}

// stepped checks that each code of a range is read as a number that has this code.
func (u *use) stepped(r *Type) *Type {
	least := max(math.Abs(r.From), math.Abs(r.To)) * finest[r.Width]
	steps := (r.To - r.From) / r.Step
	switch {
	case r.Step < least:
		return u.wrongf(fmt.Sprintf("%.1g or more, or a float64", least), "a %s cannot tell steps of %v apart", r.Go, r.Step)
	case math.Abs(steps-math.Round(steps)) > steps*1e-9:
		return u.wrongf("one that divides it", "the range %v..%v is %.4g steps of %v", r.From, r.To, steps, r.Step)
	}
	return r
}

// finest is the smallest step of a float of so many bits, of its largest number.
var finest = map[int]float64{32: 1.0 / (1 << 22), 64: 1.0 / (1 << 48)}

// bits checks a number of bits.
func (u *use) bits(t *Type, name string, most int) *Type {
	if t.Bits < 2 || t.Bits > most {
		return u.wrongf(fmt.Sprintf("2 to %d bits", most), "%s=%d", name, t.Bits)
	}
	return t
}

// duration has a range in units of its step, or is a varint of nanoseconds.
func (u *use) duration() *Type {
	r := &Type{Kind: Duration, Go: "time.Duration", Signed: true, Bits: 64, Width: 64, Unit: 1}
	if !u.ranged() {
		return r
	}
	lo, ok1 := parseDuration(u.tag.lo)
	hi, ok2 := parseDuration(u.tag.hi)
	step, ok3 := parseDuration(u.tag.step)
	switch {
	case !ok1 || !ok2 || !ok3:
		return u.wrongf("durations, as 0s..10s/1ms", "%q is no range of durations", u.tag.text)
	case lo >= hi || step <= 0 || (hi-lo)%step != 0:
		return u.wrongf("the smaller one first, and a range that is a multiple of the step", "%q", u.tag.text)
	}
	r.Unit, r.Clamp = step, u.flag(clampFlag)
	r.Lo, r.Hi = big.NewInt(lo), big.NewInt(hi)
	return r
}

// array is one of some elements, or a vector that is a direction or a rotation.
func (u *use) array(t *types.Array, shown string) *Type {
	n := int(t.Len())
	if elem, ok := t.Elem().Underlying().(*types.Basic); ok && elem.Info()&types.IsFloat != 0 {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf("[%d]", i)
		}
		if r := u.direction(parts, elem.Kind(), shown); r != nil || u.bad {
			return r
		}
	}
	elem := u.elem(t.Elem())
	if elem == nil {
		return nil
	}
	return &Type{Kind: Array, Go: shown, Len: n, Elem: elem}
}

// direction is a direction or a rotation, if the tag says so.
func (u *use) direction(parts []string, elem types.BasicKind, shown string) *Type {
	width := 64
	if elem == types.Float32 {
		width = 32
	}
	if bits := u.number(unitNumber); bits != 0 {
		if len(parts) != 3 {
			return u.wrongf("three floats, in an array or a struct", "unit is for directions, and this is a %s", shown)
		}
		return u.bits(&Type{Kind: Unit, Go: shown, Bits: bits, Width: width, Parts: parts}, "unit", 22+2*(width/64))
	}
	if bits := u.number(quatNumber); bits != 0 {
		if len(parts) != 4 {
			return u.wrongf("four floats: x, y, z, w, in an array or a struct", "quat is for rotations, and this is a %s", shown)
		}
		return u.bits(&Type{Kind: Quaternion, Go: shown, Bits: bits, Width: width, Parts: parts}, "quat", 18)
	}
	return nil
}

// vector is a direction or a rotation in a struct of floats.
func (u *use) vector(t *types.Struct, shown string) *Type {
	kind, parts := types.Invalid, []string(nil)
	for f := range t.Fields() {
		b, ok := f.Type().Underlying().(*types.Basic)
		if !ok || b.Info()&types.IsFloat == 0 || !f.Exported() || kind != types.Invalid && kind != b.Kind() {
			return u.wrongf("fields that are exported floats of one type", "a %s is no direction and no rotation", shown)
		}
		kind, parts = b.Kind(), append(parts, "."+f.Name())
	}
	return u.direction(parts, kind, shown)
}

// elem is the type of elements.
func (u *use) elem(t types.Type) *Type { return u.part("each", u.tag.each, t) }

func (u *use) part(name string, g *tag, t types.Type) *Type {
	u.taken[name] = true
	if g == nil {
		g = new(tag)
	}
	r := u.typeOf(u.what+" ("+name+")", t, g, u.at)
	if r == nil {
		u.bad = true
	}
	return r
}

func (u *use) slice(t *types.Slice, shown string) *Type {
	if elem, ok := t.Elem().(*types.Basic); ok && elem.Kind() == types.Uint8 && u.tag.each == nil {
		return u.text(Bytes, shown)
	}
	n := u.number(maxNumber)
	if n == 0 {
		return u.wrong("it has no limit, so a peer could make it as long as he likes", "max=N, in elements")
	}
	elem := u.elem(t.Elem())
	if elem == nil {
		return nil
	}
	return &Type{Kind: Slice, Go: shown, Max: n, Elem: elem}
}

func (u *use) mapping(t *types.Map, shown string) *Type {
	n := u.number(maxNumber)
	if n == 0 {
		return u.wrong("it has no limit, so a peer could make it as large as he likes", "max=N, in entries")
	}
	key := u.part("key", u.tag.key, t.Key())
	elem := u.elem(t.Elem())
	if key == nil || elem == nil {
		return nil
	}
	switch key.Kind {
	case Ranged, Varint, Byte, EnumKind, String, Bool:
	default:
		return u.wrongf("keys that are bools, integers, strings or enums", "a %s is no key that has an order", key.Go)
	}
	switch {
	case key.Clamp:
		return u.wrong("two keys may be clamped to one", "key: without clamp")
	case key.View:
		return u.wrong("a key that is a view would change in the map", "key: without view")
	}
	return &Type{Kind: Map, Go: shown, Max: n, Key: key, Elem: elem}
}
