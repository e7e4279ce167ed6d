package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/igdkit/igdkit/emulator"
)

var update = flag.Bool("update", false, "write schema.json anew")

// The schema is made of the Go types and their comments: go test ./scenarios -run JSONSchema -update
func TestJSONSchema(t *testing.T) {
	g := &generator{names: map[reflect.Type]string{}, defs: object{}, comments: commentsOf(t, ".", "../emulator")}
	root := g.structure(reflect.TypeFor[Scenario](), false)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "fakeigd scenario, schema 1"
	root["required"] = []string{"schema"}
	root["oneOf"] = []any{object{"required": []string{"devices"}}, object{"required": []string{"quirk"}}}
	root["properties"].(object)["schema"] = object{"const": Schema, "description": "version of the language"}
	root["$defs"] = g.defs
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(root); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), string(JSONSchema())); diff != "" {
		t.Errorf("schema.json is stale: go test ./scenarios -run JSONSchema -update\n%s", diff)
	}
}

// compiled is schema.json as a validator that knows nothing of this package.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return compile(t, json.RawMessage(JSONSchema()))
}

func compile(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is n as encoding/json would have it.
func (n *node) plain() any {
	switch n.kind {
	case mapping:
		m := object{}
		for i, k := range n.keys {
			m[k.value] = n.items[i].plain()
		}
		return m
	case list:
		all := []any{}
		for _, item := range n.items {
			all = append(all, item.plain())
		}
		return all
	}
	switch n.tag {
	case "!!bool":
		return n.value == "true"
	case "!!int", "!!float":
		if _, err := strconv.ParseFloat(n.value, 64); err == nil {
			return json.Number(n.value)
		}
	}
	return n.value
}

// Every built-in file is right for the schema too, and so is what it is composed to.
func TestJSONSchemaTakes(t *testing.T) {
	s := compiled(t)
	for _, name := range Names() {
		text, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := whole.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{text, resolved} {
			if err := s.Validate(read(name, text, &problems{}).plain()); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
}

// What is wrong by its keys, types and words is wrong for the schema as well.
func TestJSONSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for _, text := range []string{
		"devices: {igd: 1}",
		"schema: 2\ndevices: {igd: 1}",
		"schema: 1",
		"schema: 1\ndevices: {igd: 1}\nquirk: {}",
		"schema: 1\ndevices: {igd: 1}\nnmae: x",
		"schema: 1\ndevices: {igd: one}",
		"schema: 1\ndevices: {igd: 1, external_ip: 192.0.2.1}",
		"schema: 1\ndevices: {igd: 1, external-ip: here}",
		"schema: 1\ndevices: {igd: 1, nat: symetric}",
		"schema: 1\ndevices: {igd: 1}\nverdict: open",
		"schema: 1\ndevices: {igd: 1}\nverdict: refused:12",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forwrd, do: {drop: true}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, do: {dorp: true}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, do: {drop: 1}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, do: {drop: true, close: fin}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, do: {close: quickly}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, when: {windows: {gap: 1m}}, do: {drop: true}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, when: {after: soon}, do: {drop: true}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, if: {size: 3}, do: {drop: true}}}",
		"schema: 1\ndevices: {igd: 1, faults: {on: forward, if: {via: cable}, do: {drop: true}}}",
		"schema: 1\ndevices: {igd: 1, quirks: [{a: {}, b: {}}]}",
		"schema: 1\ndevices: {igd: 1, quirks: [[a]]}",
		"schema: 1\ndevices: {igd: 1}\ntimeline: {at: 1h}",
		"schema: 1\ndevices: {igd: 1}\nexpect: {calls: X, at-least: some}",
		"schema: 1\nquirk: {igd: 1}",
		"- schema: 1",
	} {
		if s, err := Parse("f.yaml", []byte(text)); err == nil {
			t.Errorf("Parse takes %q: %+v", text, s)
		}
		if err := s.Validate(read("f.yaml", []byte(text), &problems{}).plain()); err == nil {
			t.Errorf("the schema takes %q", text)
		}
	}
}

// A word is right for the schema exactly if its type reads it. Types without a list or a pattern of their own take any text there.
func TestWordSchemas(t *testing.T) {
	samples := []string{
		"1s", "1.5h", "7d", "1h30m", "0", "5s..10s", "5s..", "-1s", "1", "x", "ef bb bf", "ef b", "0.5", "10%", "x%",
		"random", "1900", "70000", "soap.AddPortMapping", "soap.add", "view.external-ip", "forward", "opens", "refused:718", "refused:12",
		"192.0.2.1", "2001:db8::1", "192.0.2.256", "fin", "up", "501", "501 Table full !", "12", "any", "accepted", "AddPortMapping#2",
		"symmetric", "symetric", "eim/apdf,timeout=1m30s,hairpin=external", "eim/xxx", "full-cone,parity", "full-cone,ports=", "rfc4787,refresh=both",
	}
	g := &generator{names: map[reflect.Type]string{}, defs: object{}}
	g.structure(reflect.TypeFor[Scenario](), false)
	if len(g.words) < 20 {
		t.Fatalf("only %d types of words", len(g.words))
	}
	for typ, schema := range g.words {
		s := compile(t, schema)
		exact := !reflect.DeepEqual(schema, anyText())
		all := samples
		if list, ok := reflect.Zero(typ).Interface().(choices); ok {
			all = slices.Concat(samples, list.Choices())
		}
		taken := 0
		for _, sample := range all {
			n := read("word", []byte(sample), &problems{})
			if _, number := n.plain().(json.Number); number && typ == reflect.TypeFor[emulator.Bytes]() {
				continue // for an editor, digits alone have to stand in quotes
			}
			ok := reads(typ, sample)
			if valid := s.Validate(n.plain()) == nil; ok && !valid || exact && valid && !ok {
				t.Errorf("%v: %q: read %v, valid %v", typ, sample, ok, valid)
			}
			if ok {
				taken++
			}
		}
		if taken == 0 || exact && taken == len(all) {
			t.Errorf("%v takes %d of %d samples: none tells the schema from another", typ, taken, len(all))
		}
	}
}
