package scenarios

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// object is a JSON object; encoding/json sorts its keys.
type object = map[string]any

// generator makes a schema of Go types.
type generator struct {
	names    map[reflect.Type]string // of structs, in defs
	defs     object
	words    map[reflect.Type]object // of types that read themselves
	comments map[string]string       // "Type" and "Type.Field"
}

// of is the schema of t. listed tells that a value stands in a list, where nothing that is required may come from a profile.
func (g *generator) of(t reflect.Type, listed bool) object {
	if t.Kind() == reflect.Pointer {
		return g.of(t.Elem(), listed)
	}
	if t == reflect.TypeFor[Use]() {
		return anyOf(anyText(), object{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": object{"type": "object"}})
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return g.word(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return g.reference(t, listed)
	case reflect.Slice:
		item := g.of(t.Elem(), listed || !composed(t.Elem()))
		return anyOf(item, object{"type": "array", "items": item})
	case reflect.Map:
		return object{"type": "object", "additionalProperties": g.of(t.Elem(), listed)}
	case reflect.String:
		return anyText()
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return object{"type": "integer", "minimum": 0, "maximum": uint64(1)<<t.Bits() - 1}
	case reflect.Uint, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	}
	panic(fmt.Sprintf("no schema for %v", t))
}

// word is the schema of a text that reads itself.
func (g *generator) word(t reflect.Type) object {
	if s, ok := g.words[t]; ok {
		return s
	}
	s, ok := wordSchemas()[t]
	if list, chosen := reflect.Zero(t).Interface().(choices); !ok && chosen {
		s = object{"enum": list.Choices()}
		if reads(t, "501") { // a rule of the policy: a word, or an error
			s = anyOf(s, object{"type": "integer", "minimum": 400, "maximum": 999}, pattern(`[4-9][0-9]{2} .*`))
		}
	} else if !ok {
		s = anyText()
	}
	if g.words == nil {
		g.words = map[reflect.Type]object{}
	}
	g.words[t] = s
	return s
}

func reads(t reflect.Type, text string) bool {
	return reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}

// reference defines the struct t once.
func (g *generator) reference(t reflect.Type, listed bool) object {
	key, suffix := t, ""
	if listed {
		key, suffix = reflect.SliceOf(t), "Item"
	}
	name, ok := g.names[key]
	if !ok {
		name = t.Name()
		if g.defs[name] != nil {
			name += suffix
		}
		if g.defs[name] != nil {
			panic("two types are called " + name)
		}
		g.names[key], g.defs[name] = name, object{} // before its fields, which may lead back
		g.defs[name] = g.structure(t, listed)
	}
	return object{"$ref": "#/$defs/" + name}
}

func (g *generator) structure(t reflect.Type, listed bool) object {
	properties := object{}
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	var required, verbs []string
	for _, f := range fieldsOf(t) {
		p := g.of(f.typ, listed)
		if about := g.comments[f.owner.Name()+"."+f.name]; about != "" {
			described := object{"description": about}
			for k, v := range p {
				described[k] = v
			}
			p = described
		}
		properties[f.key] = p
		if f.required && listed {
			required = append(required, f.key)
		}
		if f.verb {
			verbs = append(verbs, f.key)
		}
	}
	if len(required) > 0 {
		s["required"] = required
	}
	var pairs []any
	for i, a := range verbs {
		for _, b := range verbs[:i] {
			pairs = append(pairs, object{"required": []string{a, b}})
		}
	}
	if len(pairs) > 0 {
		s["not"] = object{"anyOf": pairs}
	}
	if about := g.comments[t.Name()]; about != "" {
		s["description"] = about
	}
	if short, ok := scalarField(t); ok {
		value := g.of(short.typ, listed)
		about := s["description"]
		delete(s, "description")
		s = anyOf(value, s)
		if about != nil {
			s["description"] = about
		}
	}
	return s
}

func anyOf(all ...object) object { return object{"anyOf": all} }

// anyText is what a text may be written as: 1.0 and true are texts as well where one is wanted.
func anyText() object { return object{"type": []string{"string", "number", "boolean"}} }

func pattern(expression string) object {
	return object{"type": "string", "pattern": "^(" + expression + ")$"}
}

// wordSchemas are those of texts that are no lists of words. TestWordSchemas holds them to what the types read.
func wordSchemas() map[reflect.Type]object {
	const duration = `([0-9]+(\.[0-9]*)?|\.[0-9]+)d|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+|0`
	span := pattern(fmt.Sprintf(`(%[1]s)(\.\.(%[1]s))?`, duration))
	const octet = `(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	zero := object{"const": 0}
	hexadecimal := pattern(`(\s*[0-9a-fA-F]\s*[0-9a-fA-F])*\s*`)
	layers := object{"enum": emulator.Layer("").Choices()}
	return map[reflect.Type]object{
		reflect.TypeFor[emulator.Duration]():   anyOf(pattern(duration), zero),
		reflect.TypeFor[emulator.Span]():       anyOf(span, zero),
		reflect.TypeFor[emulator.Bytes]():      hexadecimal,
		reflect.TypeFor[emulator.Chance]():     anyOf(object{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, pattern(`(100|[0-9]?[0-9])(\.[0-9]+)?%|(0?\.[0-9]+|1)`)),
		reflect.TypeFor[emulator.PortChoice](): anyOf(object{"type": "integer", "minimum": 1, "maximum": 65535}, object{"const": "random"}),
		reflect.TypeFor[emulator.Layer]():      anyOf(layers, pattern(`(soap|view)\.[A-Z].*`)),
		reflect.TypeFor[Verdict]():             anyOf(object{"enum": slices.DeleteFunc(Verdict("").Choices(), func(s string) bool { return strings.HasPrefix(s, refused) })}, pattern(refused+`[4-9][0-9]{2}`)),
		reflect.TypeFor[nat.Behaviour]():       pattern(behaviours()),
		reflect.TypeFor[netip.Addr]():          pattern(octet + `(\.` + octet + `){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%.+)?`),
	}
}

// behaviours is an expression for what nat.Parse reads, but for settings that do not go together.
func behaviours() string {
	const also = `none|no-nat|cone|restricted-cone|address-restricted|port-restricted-cone|firewall|udp-blocked|1:1`
	const settings = `ports=(preserve|sequential|random|overload)|parity|timeout=([0-9]+(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h))+|refresh=(out|in|both)|hairpin=(none|internal|external)`
	return fmt.Sprintf(`(%s|%s|(eim|adm|apdm|plain|one-to-one)/(eif|adf|apdf))(,(%s))*`, strings.Join(nat.Names(), "|"), also, settings)
}

// commentsOf are the comments of types and fields in the packages of dirs, in one line each, in words that fit a file: what is nil in
// Go is left out there.
func commentsOf(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	plain := strings.NewReplacer("nil: ", "left out: ", `"": `, "left out: ", "zero: ", "left out: ", "\n", " ", "[", "", "]", "")
	list := regexp.MustCompile(`\n\t`)
	all := map[string]string{}
	add := func(name string, groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if text := list.ReplaceAllString(strings.TrimSpace(g.Text()), "; "); text != "" {
				all[name] = plain.Replace(text)
			}
		}
	}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				decl, ok := d.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, spec := range decl.Specs {
					typ, ok := spec.(*ast.TypeSpec)
					if !ok || !typ.Name.IsExported() {
						continue
					}
					add(typ.Name.Name, decl.Doc, typ.Doc)
					if s, ok := typ.Type.(*ast.StructType); ok {
						for _, field := range s.Fields.List {
							for _, name := range field.Names {
								add(typ.Name.Name+"."+name.Name, field.Doc, field.Comment)
							}
						}
					}
				}
			}
		}
	}
	return all
}
