package scenarios

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/words"
)

// Decode reads one value of the scenario language out of YAML or JSON: an emulator.Fault, say, or a list of
// emulator.Expectation. name is what errors call the text; all are *InvalidError, with everything that is wrong.
func Decode[T any](name string, data []byte) (T, error) {
	v, _, err := DecodeText[T](name, data)
	return v, err
}

// Text is a text that [DecodeText] has read. It knows where everything stands.
type Text struct {
	name string
	root *node
}

// DecodeText is [Decode] for who finds out later that what was read cannot be.
func DecodeText[T any](name string, data []byte) (T, *Text, error) {
	var v, zero T
	var ps problems
	n := read(name, data, &ps)
	if n != nil {
		d := decoder{problems: &ps}
		d.decode(n, reflect.ValueOf(&v).Elem())
	}
	if err := ps.err(name); err != nil {
		return zero, nil, err
	}
	return v, &Text{name, n}, nil
}

// Invalid tells where in the text problems stand: it is an *InvalidError, nil without any.
func (s *Text) Invalid(all ...emulator.Problem) error {
	var c composer
	c.problemsOf(s.root, nil, all)
	return c.problems.err(s.name)
}

// choices is implemented by values that are one word out of a list: what may be suggested for a word that is not.
type choices interface{ Choices() []string }

// nodeDecoder is implemented by the values of this package that take more than one form.
type nodeDecoder interface{ decodeNode(d *decoder, n *node) }

// maxDecoded bounds what the parts of a scenario may add up to, in keys and values: a profile counts once for each device.
const maxDecoded = 1_000_000

// decoder makes Go values of nodes. It goes on after a problem, so that all are found at once.
type decoder struct {
	problems *problems
	partial  bool // what is not in a list may lack required keys: a profile may have them
	listed   bool // in a list
	count    int
}

func (d *decoder) decode(n *node, v reflect.Value) {
	if d.count++; d.count > maxDecoded {
		if d.count == maxDecoded+1 {
			d.problems.at(n, "", "the scenario holds more than %d keys and values with all that it names", maxDecoded)
		}
		return
	}
	if n.bad && n.kind == scalar {
		return // anchors, tags and missing values have been reported
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch to := v.Addr().Interface().(type) {
	case nodeDecoder:
		to.decodeNode(d, n)
		return
	case encoding.TextUnmarshaler:
		if n.kind != list || v.Kind() != reflect.Slice {
			d.text(n, v, to)
			return
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Slice:
		items := n.list()
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		listed := d.listed
		d.listed = listed || !composed(v.Type().Elem())
		for i, item := range items {
			d.decode(item, v.Index(i))
		}
		d.listed = listed
	case reflect.Map:
		d.dictionary(n, v)
	default:
		d.plain(n, v)
	}
}

// composed reports whether the items of a list are put together with others before they are whole.
func composed(t reflect.Type) bool { return t == reflect.TypeFor[Device]() }

func (d *decoder) structure(n *node, v reflect.Value) {
	if n.kind != mapping {
		short, ok := scalarField(v.Type())
		switch {
		case ok && n.kind == scalar:
			d.decode(n, v.FieldByIndex(short.index))
		case ok:
			d.problems.at(n, "", "%s must be one value or hold keys and values", subject(n))
		default:
			d.problems.at(n, "", "%s must hold keys and values", subject(n))
		}
		return
	}
	fields := fieldsOf(v.Type())
	verb := ""
	for i, k := range n.keys {
		at := slices.IndexFunc(fields, func(f field) bool { return f.key == k.value })
		if at < 0 {
			n.bad = true
			meant := words.Nearest(k.value, keysOf(fields))
			if meant != "" {
				n.meant = append(n.meant, meant)
			}
			d.problems.add(k.place, k.path().String(), meant, "unknown key %q%s", shorten(k.value), within(k.parent))
			continue
		}
		f := fields[at]
		if f.verb && verb != "" {
			n.bad = true
			d.problems.add(k.place, k.path().String(), "", "%s has %s already: %s cannot happen as well", subject(n), verb, f.key)
		} else if f.verb {
			verb = f.key
		}
		d.decode(n.items[i], v.FieldByIndex(f.index))
	}
	for _, f := range fields {
		if f.required && (d.listed || !d.partial) && n.get(f.key) == nil && !slices.Contains(n.meant, f.key) {
			n.meant = append(n.meant, f.key)
			d.problems.at(n, "", "%s is missing%s", f.key, within(n))
		}
	}
}

func (d *decoder) dictionary(n *node, v reflect.Value) {
	if n.kind != mapping {
		d.problems.at(n, "", "%s must hold keys and values", subject(n))
		return
	}
	t := v.Type()
	v.Set(reflect.MakeMapWithSize(t, len(n.keys)))
	for i, k := range n.keys {
		key := reflect.New(t.Key()).Elem()
		if number := *k; key.CanInt() || key.CanUint() {
			number.tag = "!!int" // JSON has it in quotes
			d.decode(&number, key)
		} else {
			d.decode(k, key)
		}
		item := reflect.New(t.Elem()).Elem()
		d.decode(n.items[i], item)
		v.SetMapIndex(key, item)
	}
}

func (d *decoder) text(n *node, v reflect.Value, to encoding.TextUnmarshaler) {
	if n.kind != scalar {
		d.problems.at(n, "", "%s must be one value", subject(n))
		return
	}
	err := to.UnmarshalText([]byte(n.value))
	if err == nil {
		return
	}
	suggestion := ""
	if list, ok := to.(choices); ok {
		suggestion = words.Nearest(n.value, list.Choices())
	}
	if v.Type() == reflect.TypeFor[netip.Addr]() { // whose own words are for programmers
		err = fmt.Errorf("%q is no IP address, such as 192.0.2.1", shorten(n.value))
	}
	said, _ := strings.CutPrefix(err.Error(), "nat: ") // the package's own name says nothing here
	v.SetZero()
	d.problems.at(n, suggestion, "%s: %s", subject(n), said)
}

// plain covers the kinds that are one value and no text of their own.
func (d *decoder) plain(n *node, v reflect.Value) {
	if n.kind != scalar {
		d.problems.at(n, "", "%s must be one value", subject(n))
		return
	}
	want := ""
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.value)
	case reflect.Bool:
		if is := strings.ToLower(n.value); n.tag == "!!bool" && (is == "true" || is == "false") {
			v.SetBool(is == "true")
		} else {
			want = "true or false"
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.value, base(n.value), v.Type().Bits())
		if want = wholeNumber(n, err, bounds(v.Type())); want == "" {
			v.SetInt(i)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(n.value, base(n.value), v.Type().Bits())
		if want = wholeNumber(n, err, bounds(v.Type())); want == "" {
			v.SetUint(u)
		}
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.value, v.Type().Bits())
		if err != nil || n.tag != "!!int" && n.tag != "!!float" {
			want = "a number"
		} else {
			v.SetFloat(f)
		}
	default:
		want = fmt.Sprintf("of a type that the language has (%v is not)", v.Type())
	}
	if want != "" {
		d.problems.at(n, "", "%s must be %s, not %q", subject(n), want, shorten(n.value))
	}
}

// wholeNumber is what n should have been, empty when it is right.
func wholeNumber(n *node, err error, bounds string) string {
	switch {
	case n.tag != "!!int":
		return "a whole number"
	case err != nil:
		return "a whole number" + bounds
	}
	return ""
}

// bounds names the limits of small and unsigned numbers, which are those of a field of the protocol.
func bounds(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf(" from 0 to %d", uint64(1)<<t.Bits()-1)
	case reflect.Uint, reflect.Uint64:
		return " from 0"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return fmt.Sprintf(" from %d to %d", -int64(1)<<(t.Bits()-1), int64(1)<<(t.Bits()-1)-1)
	}
	return ""
}

// base is 0 where a number says its base, as 0x1f does. YAML 1.2 takes 010 for ten.
func base(s string) int {
	s = strings.TrimLeft(s, "+-")
	if len(s) > 1 && s[0] == '0' && strings.ContainsRune("xob", rune(s[1])) {
		return 0
	}
	return 10
}
