package tickwire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/tickwire/tickwire/internal/wire"
)

// A Kind is one of the types of a [Registry], and its number. T is the interface that they all
// have. [KindOf] and [KindWith] make one.
type Kind[T any] struct {
	number int
	goes   reflect.Type // the type of a value
	write  func(v T, dst []byte, version int) ([]byte, error)
	read   func(v *T, b []byte, version int) error
	schema []string
	vers   bool // write cares for the version
	err    error
}

// mostKind is the largest number of a Kind.
const mostKind = 16383

// KindOf gives type V a number, 0 to 16383, of which those below 128 take a byte. V writes and reads
// itself as a type of NewChannel does, or is a pointer to one that does.
func KindOf[T, V any](number int) Kind[T] { return kindOf[T](number, formOf[V]()) }

// KindWith gives a number to a type that a Codec writes and reads.
func KindWith[T, V any](number int, codec Codec[V]) Kind[T] { return kindOf[T](number, codec.form()) }

func kindOf[T, V any](number int, f *form[V]) Kind[T] {
	values := &sync.Pool{New: func() any { return new(V) }} // what is in an interface cannot be decoded into
	k := Kind[T]{number: number, goes: reflect.TypeFor[V](), schema: f.schema, vers: f.versioned, err: f.err}
	if !k.goes.AssignableTo(reflect.TypeFor[T]()) {
		k.err = &CodecError{Type: typeName[T](), Why: fmt.Sprintf("%v is none", k.goes), Want: "types that implement it"}
	}
	k.write = func(v T, dst []byte, version int) ([]byte, error) {
		p := values.Get().(*V)
		defer putBack(values, p)
		*p = any(v).(V)
		return f.write(p, dst, version)
	}
	k.read = func(v *T, b []byte, version int) error {
		p := values.Get().(*V)
		defer putBack(values, p)
		if before, ok := any(*v).(V); ok {
			*p = before
		}
		if err := f.read(p, b, version); err != nil {
			return err
		}
		*v = any(*p).(T)
		return nil
	}
	return k
}

// putBack gives back what nothing is kept in.
func putBack[V any](values *sync.Pool, p *V) {
	var zero V
	*p = zero
	values.Put(p)
}

// Registry is the Codec of a channel that carries several types, as an interface T that all of them
// have: the number of the type goes in front of each message.
//
//	var commands = tickwire.NewChannelWith(cfg, tickwire.Registry(
//		tickwire.KindOf[Command, Join](1),
//		tickwire.KindOf[Command, *Build](2),
//	))
//
// Who receives switches over the type of the value. A number that this end does not have is a
// *[DecodeError] that wraps an *[UnknownKindError], and is counted in ConnStats. A value of another
// type cannot be sent, nor can nil: that is an UnknownKindError too.
//
// A value that is received costs an allocation, that of the interface. ReceiveInto spares it for a
// pointer, if the message before was of the same type.
func Registry[T any](kinds ...Kind[T]) Codec[T] {
	kinds = slices.SortedStableFunc(slices.Values(kinds), func(a, b Kind[T]) int { return a.number - b.number })
	r := &registry[T]{kinds: kinds, places: make(map[reflect.Type]int, len(kinds))}
	f := &form[T]{write: r.write, read: r.read, schema: r.schema(), err: r.check()}
	for i := range kinds {
		r.places[kinds[i].goes] = i
		f.versioned = f.versioned || kinds[i].vers
	}
	return Codec[T]{own: f}
}

// A registry finds a Kind by its number, and by the type of a value. It does not change.
type registry[T any] struct {
	kinds  []Kind[T] // by number
	places map[reflect.Type]int
}

// An UnknownKindError says that a channel's [Registry] does not have the number of a message, or the
// type of a value.
type UnknownKindError struct {
	Number uint64 // of a message
	Type   string // of a value; empty of a message
}

// Error tells which.
func (e *UnknownKindError) Error() string {
	if e.Type != "" {
		return fmt.Sprintf("tickwire: the channel's Registry has no Kind of type %s", e.Type)
	}
	return fmt.Sprintf("tickwire: the channel's Registry has no Kind %d: the peer has another one", e.Number)
}

func (r *registry[T]) write(v *T, dst []byte, version int) ([]byte, error) {
	i, ok := r.places[reflect.TypeOf(*v)]
	if !ok {
		return dst, &UnknownKindError{Type: fmt.Sprintf("%T", *v)}
	}
	k := &r.kinds[i]
	return k.write(*v, wire.AppendUvarint(dst, uint64(k.number)), version)
}

func (r *registry[T]) read(v *T, b []byte, version int) error {
	number, n := wire.ConsumeUvarint(b)
	if n < 0 {
		return errNoNumber
	}
	i, ok := slices.BinarySearchFunc(r.kinds, number, func(k Kind[T], number uint64) int { return k.number - int(min(number, mostKind+1)) })
	if !ok {
		return &UnknownKindError{Number: number}
	}
	return r.kinds[i].read(v, b[n:], version)
}

var errNoNumber = fmt.Errorf("tickwire: the message does not begin with the number of a Kind")

// check names the first Kind that cannot be.
func (r *registry[T]) check() error {
	of := reflect.TypeFor[T]()
	if of.Kind() != reflect.Interface {
		return &CodecError{Type: of.String(), Why: "a Registry has several types", Want: "an interface that they implement"}
	}
	if len(r.kinds) == 0 {
		return &CodecError{Type: of.String(), Why: "its Registry is empty", Want: "at least one Kind"}
	}
	for i, k := range r.kinds {
		same := func(o Kind[T]) bool { return o.goes == k.goes || o.number == k.number }
		switch {
		case k.err != nil:
			return k.err
		case k.number < 0 || k.number > mostKind:
			return &CodecError{of.String(), fmt.Sprintf("%v has number %d", k.goes, k.number), "0 to 16383"}
		case slices.ContainsFunc(r.kinds[:i], same):
			return &CodecError{of.String(), fmt.Sprintf("%v, number %d, is there twice", k.goes, k.number), "a number for each type"}
		}
	}
	return nil
}

// name is that of the type, without its package, which other languages do not know.
func (k *Kind[T]) name() string {
	t := k.goes
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// schema is the form of the channel's messages, if that of any of its types is known: of the others
// the name.
func (r *registry[T]) schema() []string {
	newest := 0
	for _, k := range r.kinds {
		newest = max(newest, len(k.schema))
	}
	var texts []string
	for version := range newest {
		lines := []string{reflect.TypeFor[T]().Name()}
		for _, k := range r.kinds {
			text := k.name()
			if n := len(k.schema); n > 0 {
				text = strings.ReplaceAll(k.schema[min(version, n-1)], "\n", "; ")
			}
			lines = append(lines, fmt.Sprintf("%d %s", k.number, text))
		}
		texts = append(texts, strings.Join(lines, "\n"))
	}
	return texts
}
