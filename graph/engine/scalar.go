package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Scalar says how a scalar of Go type T is written and read: the functions that
// gqlgen.yml names for it.
type Scalar struct {
	Marshal   any // func(T) graphql.Marshaler or func(T) graphql.ContextMarshaler
	Unmarshal any // func(any) (T, error) or func(context.Context, any) (T, error)
	// Append is optional and much quicker than Marshal: func(b []byte, v T) []byte
	// appends the same JSON as Marshal writes, and nothing at all for null. It
	// must not panic.
	Append any

	codec *codec
}

// ScalarOf makes a Scalar without reflection on each value. app may be nil.
func ScalarOf[T any](marshal func(T) graphql.Marshaler, unmarshal func(any) (T, error), app func([]byte, T) []byte) Scalar {
	c := &codec{goType: reflect.TypeFor[T]()}
	if app != nil {
		c.append = func(b []byte, p place) []byte { return app(b, *(*T)(p)) }
	}
	c.marshal = func(p place) any { return marshal(*(*T)(p)) }
	c.unmarshal = func(_ context.Context, v any) (reflect.Value, error) {
		t, err := unmarshal(v)
		return reflect.ValueOf(&t).Elem(), err
	}
	return Scalar{Marshal: marshal, Unmarshal: unmarshal, codec: c}
}

// Text makes a Scalar of texts of which the empty one is null, and the others are
// written as they are: the quickest there is.
func Text(marshal func(string) graphql.Marshaler, unmarshal func(any) (string, error)) Scalar {
	s := ScalarOf(marshal, unmarshal, nil)
	s.codec.kind = leafText
	return s
}

// NeverNull says of a Scalar of ScalarOf with app that app appends something for every
// value. Where the schema allows no null, the values are then not looked at before
// they are written.
func (s Scalar) NeverNull() Scalar {
	if s.codec != nil && s.codec.append != nil {
		c := *s.codec
		c.kind = leafSure
		s.codec = &c
	}
	return s
}

// codec is a Scalar made ready. It serves every Go type with the same
// underlying type, which is what gqlgen's conversions allow.
type codec struct {
	goType    reflect.Type
	kind      leafKind // of the quick kinds, or leafAppend, leafSure, leafMarshal
	append    func(b []byte, p place) []byte
	marshal   func(p place) any
	unmarshal func(ctx context.Context, v any) (reflect.Value, error)
}

var (
	marshalerType    = reflect.TypeFor[graphql.Marshaler]()
	ctxMarshalerType = reflect.TypeFor[graphql.ContextMarshaler]()
	contextType      = reflect.TypeFor[context.Context]()
	errorType        = reflect.TypeFor[error]()
	anyType          = reflect.TypeFor[any]()
	bytesType        = reflect.TypeFor[[]byte]()
)

// ready checks the functions of a Scalar and makes its codec.
func (s Scalar) ready() (*codec, error) {
	if s.codec != nil {
		return s.codec.settle(), nil
	}
	m := reflect.ValueOf(s.Marshal)
	if m.Kind() != reflect.Func || m.Type().NumIn() != 1 || m.Type().NumOut() != 1 ||
		!m.Type().Out(0).Implements(marshalerType) && !m.Type().Out(0).Implements(ctxMarshalerType) {
		return nil, errors.New("its Marshal must be func(T) graphql.Marshaler or func(T) graphql.ContextMarshaler")
	}
	c := &codec{goType: m.Type().In(0)}
	c.marshal = func(p place) any { return m.Call([]reflect.Value{valueOf(c.goType, p)})[0].Interface() }
	// The types that real schemas use are called directly.
	switch f := s.Marshal.(type) {
	case func(string) graphql.Marshaler:
		c.marshal = func(p place) any { return f(*(*string)(p)) }
	case func(time.Time) graphql.Marshaler:
		c.marshal = func(p place) any { return f(*(*time.Time)(p)) }
	}
	if s.Append != nil {
		a := reflect.ValueOf(s.Append)
		if want := reflect.FuncOf([]reflect.Type{bytesType, c.goType}, []reflect.Type{bytesType}, false); a.Type() != want {
			return nil, fmt.Errorf("its Append must be %s", want)
		}
		c.append = func(b []byte, p place) []byte {
			return a.Call([]reflect.Value{reflect.ValueOf(b), valueOf(c.goType, p)})[0].Bytes()
		}
		switch f := s.Append.(type) {
		case func([]byte, string) []byte:
			c.append = func(b []byte, p place) []byte { return f(b, *(*string)(p)) }
		case func([]byte, time.Time) []byte:
			c.append = func(b []byte, p place) []byte { return f(b, *(*time.Time)(p)) }
		}
	}
	var err error
	c.unmarshal, err = unmarshalFunc(s.Unmarshal, c.goType)
	return c.settle(), err
}

func (c *codec) settle() *codec {
	if c.kind == leafMarshal && c.append != nil {
		c.kind = leafAppend
	}
	return c
}

func unmarshalFunc(f any, want reflect.Type) (func(context.Context, any) (reflect.Value, error), error) {
	u := reflect.ValueOf(f)
	if u.Kind() == reflect.Func {
		t := u.Type()
		n := t.NumIn()
		if t.NumOut() == 2 && t.Out(0) == want && t.Out(1) == errorType &&
			(n == 1 && t.In(0) == anyType || n == 2 && t.In(0) == contextType && t.In(1) == anyType) {
			return func(ctx context.Context, v any) (reflect.Value, error) {
				in := []reflect.Value{reflect.ValueOf(&v).Elem()}
				if n == 2 {
					in = []reflect.Value{reflect.ValueOf(ctx), in[0]}
				}
				out := u.Call(in)
				err, _ := out[1].Interface().(error)
				return out[0], err
			}, nil
		}
	}
	return nil, fmt.Errorf("its Unmarshal must be func(any) (%s, error), with or without a context before", want)
}

func builtin[T any](kind leafKind, unmarshal func(any) (T, error)) *codec {
	return &codec{goType: reflect.TypeFor[T](), kind: kind, unmarshal: func(_ context.Context, v any) (reflect.Value, error) {
		t, err := unmarshal(v)
		return reflect.ValueOf(&t).Elem(), err
	}}
}

func quoted[T int | uint](unmarshal func(any) (T, error)) *codec {
	c := builtin(leafAppend, unmarshal)
	c.append = func(b []byte, p place) []byte {
		b = append(b, '"')
		b = fmt.Append(b, *(*T)(p))
		return append(b, '"')
	}
	return c
}

func float() *codec {
	c := builtin(leafMarshal, graphql.UnmarshalFloat)
	c.marshal = func(p place) any { return floating(*(*float64)(p)) }
	return c
}

// floating is a number that may have no JSON form.
type floating float64

// MarshalGQLContext writes the number in gqlgen's form.
func (f floating) MarshalGQLContext(_ context.Context, w io.Writer) error {
	if math.IsInf(float64(f), 0) || math.IsNaN(float64(f)) {
		return errors.New("cannot marshal infinite no NaN float values")
	}
	var room [32]byte
	_, err := w.Write(strconv.AppendFloat(room[:0], float64(f), 'g', -1, 64))
	return err
}

// builtins are the scalars of the specification and those gqlgen adds, each
// with the Go kinds it can be bound to. The order is the order of preference.
func builtins() map[string][]*codec {
	free := func(marshal func(p place) any, c *codec) *codec {
		c.marshal = marshal
		return c
	}
	ints := []*codec{
		builtin(leafInt, graphql.UnmarshalInt), builtin(leafInt64, graphql.UnmarshalInt64),
		builtin(leafInt32, graphql.UnmarshalInt32), builtin(leafInt16, graphql.UnmarshalInt16),
		builtin(leafInt8, graphql.UnmarshalInt8), builtin(leafUint, graphql.UnmarshalUint),
		builtin(leafUint64, graphql.UnmarshalUint64), builtin(leafUint32, graphql.UnmarshalUint32),
		builtin(leafUint16, graphql.UnmarshalUint16), builtin(leafUint8, graphql.UnmarshalUint8),
	}
	return map[string][]*codec{
		"String":  {builtin(leafString, graphql.UnmarshalString)},
		"ID":      {builtin(leafString, graphql.UnmarshalID), quoted(graphql.UnmarshalIntID), quoted(graphql.UnmarshalUintID)},
		"Int":     ints,
		"Int64":   ints[:2],
		"Boolean": {builtin(leafBool, graphql.UnmarshalBoolean)},
		"Float":   {float()},
		"Time":    {builtin(leafTime, graphql.UnmarshalTime)},
		"Map": {free(func(p place) any { return jsonValue{*(*map[string]any)(p)} },
			builtin(leafMarshal, graphql.UnmarshalMap))},
		"Any": {free(func(p place) any { return jsonValue{*(*any)(p)} },
			builtin(leafMarshal, graphql.UnmarshalAny))},
	}
}

// jsonValue is a free value.
type jsonValue struct{ v any }

// MarshalGQLContext writes the value as encoding/json has it.
func (j jsonValue) MarshalGQLContext(_ context.Context, w io.Writer) error {
	b, err := json.Marshal(j.v)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// zeroNil returns the marshal function of a Go type that can be nil: nil is
// null.
func zeroNil(t reflect.Type, marshal func(p place) any) func(p place) any {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Interface:
		return func(p place) any {
			if valueOf(t, p).IsNil() {
				return nil
			}
			return marshal(p)
		}
	}
	return marshal
}
